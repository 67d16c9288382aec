"""A live run as the engine holds it: its tasks, which are done, which failed, what is open."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.exc import OperationalError

from rebal_core.data.dataset import Dataset
from rebal_core.experiment.graph import Graph, build, outcomes_of
from rebal_core.experiment.task import Node
from rebal_core.experiment.whole import all_whole
from rebal_core.store.database import DiskFull
from rebal_core.store.ledger import Ledger
from rebal_core.store.store import Store
from rebal_core.wording import Text, UserError

log = logging.getLogger(__name__)


@dataclass
class LiveRun:
    """One run.

    Parameters
    ----------
    run, kind : int, str
        As in the store.
    graph : Graph
        All its tasks.
    started : float or None
        When its first task was started, seconds since 1970.
    done : set of str
        Keys whose result is there.
    failed : dict of str to str
        Keys that failed in this run, and those that need them, with the reason.
    redone : set of str
        Keys whose result was there, turned out to be damaged, and is made again.
    stopped : set of str
        Names of arms that somebody stopped while the others go on.
    """

    run: int
    kind: str
    graph: Graph
    started: float | None = None
    done: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    redone: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)

    @property
    def nodes(self) -> dict[str, Node]:
        """Tasks by key, each after those it needs."""
        return self.graph.nodes

    @property
    def over(self) -> bool:
        """True when nothing is left to do."""
        return self.graph.last in self.done or self.graph.last in self.failed

    def open_keys(self) -> set[str]:
        """Keys that must still be done: of arms that can still finish, then the last task."""
        if self.over:
            return set()
        wanted = {self.graph.last}
        for name, keys in self.graph.arms.items():
            if name not in self.stopped and not any(key in self.failed for key in keys):
                wanted.update(key for key in keys if key not in self.done)
        for node in reversed(self.nodes.values()):
            if node.key in wanted:
                wanted.update(key for key in node.needs if key not in self.done)
        return wanted

    def ready(self) -> Iterator[Node]:
        """Tasks that could start now, in the order in which they should."""
        wanted = self.open_keys()
        for node in self.nodes.values():
            if node.key == self.graph.last and len(wanted) > 1:
                continue
            if node.key in wanted and self.done.issuperset(node.needs):
                if node.key == self.graph.last and self.graph.plan is not None:
                    node = replace(node, params=self._verdict_params())
                yield node

    def _verdict_params(self) -> dict[str, Any]:
        assert self.graph.plan is not None
        told = outcomes_of(self.graph, self.failed, self.stopped)
        seconds = max(0.0, time.time() - (self.started or time.time()))
        return {"run": self.run, "plan": self.graph.plan.to_dict(), "seconds": seconds, **told}

    def stop(self, arms: Collection[str]) -> set[str]:
        """Go on without some arms; return the keys that are not needed any more."""
        before = self.open_keys()
        self.stopped.update(arms)
        return before - self.open_keys()

    def redo(self, path: str) -> str | None:
        """Have a damaged result made again; return its key, or None where that was tried before."""
        key = next((node.key for node in self.nodes.values() if path in node.paths), None)
        if key is None or key in self.redone:
            return None
        self.redone.add(key)
        self.done.discard(key)
        return key

    def fail(self, key: str, reason: str) -> list[str]:
        """Note a failure and return the keys that fail with it."""
        lost = [key]
        for node in self.nodes.values():
            if node.key not in lost and any(need in lost for need in node.needs):
                lost.append(node.key)
        arms = self.graph.arms.values()
        self.failed.update(dict.fromkeys(lost, reason))
        if arms and all(any(k in self.failed for k in keys) for keys in arms):
            self.failed.setdefault(self.graph.last, f"Every arm failed; the first: {reason}")
        return lost

    def finish(self, store: Store, ledger: Ledger) -> bool:
        """Write the run's end into the store, if it has come; tell whether it has."""
        if not self.over:
            return False
        error = self.failed.get(self.graph.last)
        into = store.home.path / self.graph.into
        if error is None and self.kind == "ingest" and into.parent == store.home.datasets:
            store.add_dataset(Dataset.open(into))  # elsewhere it is a draft, in no list
        state = "done" if error is None else "failed"
        ledger.skip_rest(self.run)  # first: who sees the end of the run sees that of its tasks
        ledger.set_run(self.run, state=state, error=error, detail=None, finished=time.time())
        return True


def take_up(store: Store, ledger: Ledger, run: int, gpus: bool) -> LiveRun | None:
    """Make the job of a run that waits, or that another engine began; None when it cannot be."""
    try:
        row = store.run(run)
        job = LiveRun(run, row.kind, build(row, store, gpus), started=row.started)
        _catch_up(job, store, ledger)
    except (OSError, OperationalError, DiskFull):
        raise  # the disk is full or the store is busy: the next turn tries again
    except UserError as error:
        ledger.set_run(run, state="failed", error=str(error), finished=time.time())
    except Exception:
        fail_run(ledger, run)
    else:
        return job
    return None


def fail_run(ledger: Ledger, run: int) -> None:
    """Fail a run for a fault of ours that is being handled; its trace goes to the log."""
    incident = secrets.token_hex(4)
    log.exception("incident %s in run %s", incident, run)
    error = Text(
        "A fault of ours; its trace stands in the engine's log under incident {incident}.",
        {"incident": incident},
    )
    ledger.set_run(
        run, state="failed", error=error.render(), incident=incident, finished=time.time()
    )


def _catch_up(job: LiveRun, store: Store, ledger: Ledger) -> None:
    """Find what is done already, here or by another run, and what failed in this run."""
    nodes = job.nodes.values()
    job.done = {node.key for node in nodes if all_whole(store.home.path, node.paths)}
    known = ledger.known_tasks(job.run)

    def made(node: Node) -> str | None:
        return next((key for key in node.needs if job.nodes[key].kind == "resample"), None)

    if set(known) != set(job.nodes):
        seconds = ledger.past_seconds(job.done)
        rows = [
            {
                "key": node.key,
                "kind": node.kind,
                "path": node.path,
                "state": "done" if node.key in job.done else "queued",
                "seconds": seconds.get(node.key),
            }
            for node in nodes
        ]
        grid = [
            {"arm": arm, "repeat": repeat, "fold": fold, "key": node.key, "resampled": made(node)}
            for node in nodes
            for arm, repeat, fold in node.answers
        ]
        ledger.add_tasks(job.run, rows, grid)
        return
    for key, (state, error) in known.items():
        if state == "failed":
            job.fail(key, error or "")
        elif key in job.done and state != "done":
            ledger.set_task([job.run], key, state="done", detail=None)
        elif key not in job.done and state == "done":
            ledger.set_task([job.run], key, state="queued", detail=None)
