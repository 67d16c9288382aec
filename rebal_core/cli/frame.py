"""What every command shares: parse, run, and turn what goes wrong into one sentence and a code."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import traceback
import uuid
import warnings
from collections.abc import Callable, Sequence

from rebal_core.cli.output import note
from rebal_core.cli.parser import build_parser
from rebal_core.types import UserError

DONE, FAULT, USAGE, INTERRUPTED = 0, 1, 2, 130


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
    with warnings.catch_warnings():
        # A library's warning is no sentence for the user; runs record their own as notes.
        warnings.simplefilter("ignore")
        try:
            arguments = build_parser().parse_args(argv)
            return _command(arguments.command)(arguments)
        except UserError as error:
            note(str(error))
            return USAGE
        except KeyboardInterrupt:
            note("Interrupted.")
            return INTERRUPTED
        except BrokenPipeError:
            # The reader (`| head`) has what it wants; keep the interpreter's last flush quiet.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return DONE
        except Exception as error:
            note(_incident(error))
            return FAULT


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

        log = Home().path / "rebal.log"
        handler = logging.FileHandler(log, encoding="utf-8")
        logger = logging.Logger("rebal.cli")
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        logger.addHandler(handler)
        logger.error("incident %s: rebal %s\n%s", number, " ".join(sys.argv[1:]), trace)
        handler.close()
    except Exception:
        return f"Something went wrong on our side and no log could be written: {error!r}."
    return f"Something went wrong on our side (incident {number}); the details are in {log}."
