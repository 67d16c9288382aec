"""What every command shares: parse, run, and turn what goes wrong into one sentence and a code."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import signal
import sys
import threading
import traceback
import uuid
import warnings
from collections.abc import Callable, Sequence
from types import FrameType

from rebal_core.cli.arguments import require_utf8
from rebal_core.cli.output import note
from rebal_core.cli.parser import build_parser
from rebal_core.place import exposed, home_path, is_home, private
from rebal_core.scratch import sweep
from rebal_core.trouble import sentence_of_fault
from rebal_core.wording import UserError

DONE, FAULT, USAGE, INTERRUPTED = 0, 1, 2, 130

#: Not empty once Ctrl-C came, and where the caller closed standard output.
_stopped: list[int] = []
_closed: list[bool] = []


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after ``rebal``; those of the process by default.

    Returns
    -------
    int
        0 done; 2 bad usage or bad input, told in one sentence on stderr; 1 a fault of ours (its
        trace is in the log of the home folder), or a comparison that could not be judged;
        130 after Ctrl-C.
    """
    _ready()
    with warnings.catch_warnings():
        # A library's warning is no sentence for the user; runs record their own as notes.
        warnings.simplefilter("ignore")
        try:
            code = _run(argv)
            sys.stdout.flush()
            return code
        except KeyboardInterrupt:
            return _end("Interrupted.", INTERRUPTED)
        except BrokenPipeError:
            # The reader (`| head`) has what it wants; keep the interpreter's last flush quiet.
            _to_nowhere(1)
            return DONE
        except Exception as error:
            if _stopped:
                return _end("Interrupted.", _stopped[0])
            known = sentence_of_fault(error)
            if isinstance(error, OSError) and error.filename is None:
                _to_nowhere(1)  # standard output may be what is full
            return _end(known.render(), USAGE) if known else _end(_incident(error), FAULT)


def _run(argv: Sequence[str] | None) -> int:
    arguments = build_parser().parse_args(argv)
    require_utf8(sys.argv[1:] if argv is None else argv)
    if _closed:
        raise UserError("Standard output is closed; send it somewhere, such as to /dev/null.")
    sweep()
    home = home_path()
    known = is_home(home)
    code = _command(arguments.command)(arguments)
    told = None if known or code else exposed(home)
    if told and not arguments.command.endswith(":app"):  # which says so at every start
        note(told.render())
    return code


def _ready() -> None:
    """Make sure that there are three standard files, and that every end is an orderly one."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # Else the next file opened, a database perhaps, would be taken for standard output.
            _to_nowhere(number)
    if sys.stdout is None:
        _closed.append(True)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    _stopped.clear()
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            if signal.getsignal(getattr(signal, name)) is signal.SIG_DFL:  # nohup ignores one
                signal.signal(getattr(signal, name), _leave)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _interrupt)


def _leave(number: int, _frame: FrameType | None) -> None:
    # What the command has lying about is removed on the way; `timeout` sends every signal twice.
    signal.signal(number, signal.SIG_IGN)
    _stopped.append(128 + number)
    raise SystemExit(128 + number)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # A library at work, or just being loaded, may make something else of it.
    _stopped.append(INTERRUPTED)
    raise KeyboardInterrupt


def _end(sentence: str, code: int) -> int:
    with contextlib.suppress(OSError, ValueError):
        note(sentence)
        return code
    _to_nowhere(2)
    return code


def _to_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)
    os.set_inheritable(number, True)


def _command(address: str) -> Callable[..., int]:
    module, function = address.split(":")
    command: Callable[..., int] = getattr(importlib.import_module(module), function)
    return command


def _incident(error: Exception) -> str:
    """Write the trace into the log; return the sentence that names it."""
    number = uuid.uuid4().hex[:8]
    trace = "".join(traceback.format_exception(error))
    try:
        from rebal_core.store.home import Home

        log = private(Home().path / "rebal.log")
        handler = logging.FileHandler(log, encoding="utf-8")
        logger = logging.Logger("rebal.cli")
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        logger.addHandler(handler)
        logger.error("incident %s: rebal %s\n%s", number, " ".join(sys.argv[1:]), trace)
        handler.close()
    except Exception:
        return f"Something went wrong on our side and no log could be written: {error!r}."
    return f"Something went wrong on our side (incident {number}); the details are in {log}."
