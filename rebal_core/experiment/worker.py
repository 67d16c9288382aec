"""What runs inside a worker: one task, begun and ended so that nothing is ever half done."""

from __future__ import annotations

import importlib
import logging
import math
import os
import pkgutil
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rebal_core.experiment.checkpoint import Checkpoint
from rebal_core.experiment.files import Damaged
from rebal_core.experiment.version import same_code
from rebal_core.experiment.whole import all_whole
from rebal_core.files import remove
from rebal_core.scratch import sweep
from rebal_core.trouble import FULL, sentence_of_fault
from rebal_core.wording import Text, UserError

log = logging.getLogger(__name__)

#: The function behind each kind of task, as ``module:name``: looked up in the worker only, so
#: that the engine stays small and no room below has to know of it.
TASKS: dict[str, str] = {
    "split": "rebal_core.experiment.tasks.split:split",
    "prepare": "rebal_core.experiment.tasks.learning:prepare",
    "resample": "rebal_core.experiment.tasks.learning:resample_rows",
    "cell": "rebal_core.experiment.tasks.learning:cell",
    "alarms": "rebal_core.experiment.tasks.judging:alarms",
    "decide": "rebal_core.experiment.tasks.judging:decide",
    "ingest": "rebal_core.experiment.tasks.ingest:ingest",
    "profile": "rebal_core.experiment.tasks.ingest:profile",
    "judge": "rebal_core.experiment.tasks.judge_again:judge",
    "explain": "rebal_core.experiment.tasks.explain:explain",
    "synthetic": "rebal_core.experiment.tasks.synthetic:synthetic",
    "rank": "rebal_core.experiment.tasks.ranking:rank",
    "export": "rebal_core.export.tasks:export",
    "predict": "rebal_core.export.tasks:predict",
    "lists": "rebal_core.export.tasks:lists",
    "generate": "rebal_core.export.tasks:generate",
}

#: What loads all that networks need, looked up like the tasks.
NETWORKS = "rebal_core.nn.training:load_ahead"
#: Memory to be free before anything is imported that may never be used.
SPARE_BYTES = 2e9
#: At most so often a second a task tells how far it is; of the epochs since, it tells each.
REPORTS_PER_SECOND = 5.0


class Cancelled(Exception):
    """The task was asked to stop and did."""


@dataclass
class Context:
    """What a task may ask of the engine.

    Parameters
    ----------
    home : Path
        The home folder; ``params`` name places inside it.
    result : Path
        Where the result must lie in the end, complete.
    flag : Path
        Exists once the task shall stop.
    report : callable
        Takes a mapping ``epoch, fraction, values``.
    checkpoint : Checkpoint or None
        Where the task may keep how far it is; cleared once it is done.
    """

    home: Path
    result: Path
    flag: Path
    report: Callable[[dict[str, Any]], None]
    checkpoint: Checkpoint | None = None
    _last: float = field(default=0.0, init=False)
    _untold: dict[int, dict[str, Any]] = field(default_factory=dict, init=False)

    def check(self) -> None:
        """Raise :class:`Cancelled` when the task shall stop; call it every epoch, fold, chunk."""
        if self.flag.exists():
            raise Cancelled

    def progress(
        self,
        fraction: float | None = None,
        *,
        epoch: int = 0,
        at_once: bool = False,
        **values: Any,
    ) -> None:
        """Tell how far the task is, and stop here when it shall.

        Parameters
        ----------
        fraction : float, optional
            0 to 1.
        epoch : int
            A report on the same epoch replaces the earlier one.
        at_once : bool
            Whether it is told without a pause, with all before it: the next report is far.
        **values : float, str or list
            What was measured in that epoch, by name; a number that is not finite is left out.
        """
        self.check()
        known = {n: v for n, v in values.items() if isinstance(v, str | list) or math.isfinite(v)}
        # Messages hold numbers of Python alone, none of NumPy's.
        known = {n: v.item() if hasattr(v, "item") else v for n, v in known.items()}
        part = None if fraction is None else float(fraction)
        self._untold[epoch] = {"epoch": epoch, "fraction": part, "values": known}
        now = time.monotonic()
        if now - self._last >= 1 / REPORTS_PER_SECOND or fraction == 1 or at_once:
            self._last = now
            for told in list(self._untold):
                self.report(self._untold.pop(told))


def execute(
    home: str,
    node: Mapping[str, Any],
    flag: str,
    report: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    """Run one task to its end; never raises.

    Returns
    -------
    dict
        ``outcome``: done, failed, cancelled or full; with ``error`` (a sentence) and ``incident``
        (a number under which the trace stands in the log) where it failed. Or damaged, with the
        ``path`` in the home of a result that it needs and that must be made again.
    """
    checkpoint = Checkpoint.of(Path(home), node["key"])
    context = Context(Path(home), Path(home) / node["path"], Path(flag), report, checkpoint)
    started = time.monotonic()
    sweep()  # whoever was at this task before may have been killed
    try:
        paths = [node["path"], *node.get("beside", ())]
        if not all_whole(context.home, paths):
            for path in paths:
                remove(context.home / path)
            context.check()
            _function(node["kind"])(node["params"], context)
        if not context.result.exists():
            raise RuntimeError(f"{node['kind']} left no result at {node['path']}")
        checkpoint.clear()
        answer: dict[str, Any] = {"outcome": "done"}
    except Cancelled:
        answer = {"outcome": "cancelled"}
    except Damaged as error:
        remove(error.path)
        path = error.path.relative_to(context.home).as_posix()
        answer = {"outcome": "damaged", "path": path, "error": str(error)}
    except UserError as error:
        answer = {"outcome": "failed", "error": str(error)}
    except Exception as error:
        answer = _fault(node, error)
    return {**answer, "seconds": time.monotonic() - started}


def warm_up() -> None:
    """Import what a comparison needs, so that its first task need not wait for it."""
    for kind in ("prepare", "cell", "decide"):
        _function(kind)


def get_ready_for_networks() -> None:
    """Import what a network needs beyond that, where the memory is there to spare.

    It is seconds and some 200 MB that whoever never trains a network need not have, so pauses are
    for it alone.
    """
    import psutil

    if psutil.virtual_memory().available >= SPARE_BYTES:
        pkgutil.resolve_name(NETWORKS)()


def introduce(mark: str, version: str) -> tuple[str, bool]:
    """Get ready on a computer that may be another.

    Parameters
    ----------
    mark : str
        A file that the engine has put into its home.
    version : str
        The engine's :func:`~.version.same_code`.

    Returns
    -------
    tuple of (str, bool)
        Version of the code here, and whether the home can be seen from here.
    """
    sees = Path(mark).exists()
    if sees and same_code() == version:
        warm_up()
    return same_code(), sees


def _function(kind: str) -> Callable[[Mapping[str, Any], Context], None]:
    table = dict(TASKS)
    extra = os.environ.get("REBAL_TASKS")  # a module with more TASKS: how tests put in fakes
    if extra:
        table |= importlib.import_module(extra).TASKS
    found: Callable[[Mapping[str, Any], Context], None] = pkgutil.resolve_name(table[kind])
    return found


def _fault(node: Mapping[str, Any], error: Exception) -> dict[str, Any]:
    told = sentence_of_fault(error)
    if told is not None:
        full = told.render() == FULL.render()
        return {"outcome": "full"} if full else {"outcome": "failed", "error": told.render()}
    incident = secrets.token_hex(4)
    log.exception("incident %s in %s %s", incident, node["kind"], node["key"])
    sentence = Text(
        "A fault of ours ({error}); its trace stands in the engine's log under incident "
        "{incident}.",
        {"error": type(error).__name__, "incident": incident},
    )
    return {"outcome": "failed", "error": sentence.render(), "incident": incident}
