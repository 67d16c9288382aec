"""Which task runs next, and what becomes of it: the part that must never lose work.

Everything that must survive is in the store or on disk before it is acted upon; what is in memory
here can be rebuilt from there at any time, and is, when an engine takes over from a dead one.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.exc import OperationalError

from rebal_core.experiment.cleanup import clear_unfinished, sweep, tidy
from rebal_core.experiment.live_run import LiveRun, fail_run, take_up
from rebal_core.experiment.machine import pause_seconds
from rebal_core.experiment.task import Node, Place
from rebal_core.scratch import sweep as sweep_scratch
from rebal_core.store.database import DiskFull
from rebal_core.store.ledger import Ledger
from rebal_core.store.store import Store
from rebal_core.wording import Text

#: A task that took its worker or the engine with it this often is given up.
DEATHS = 2
#: How long a task may take to stop by itself before its worker is ended.
GRACE_SECONDS = 1.0
#: How long a worker may be gone before the task on it is given up for lost.
LOST_SECONDS = 3.0

#: Stored in English, as all that a run tells of itself.
DISK_FULL = Text("The disk is full: free some space; the run goes on by itself.").render()
GPU_BUSY = Text("waiting for a GPU").render()
SECOND_TRY = Text("its process died; second try").render()
GAVE_UP = Text(
    "This step ended its process {times} times (out of memory, or a crash in native code) and "
    "was given up.",
    {"times": DEATHS},
).render()


class Cluster(Protocol):
    """What the dispatcher asks of :class:`rebal_core.experiment.engine.Engine`."""

    def places(self) -> dict[str, Place]:
        """Return the connected workers."""

    def trouble(self) -> str | None:
        """Say why there is no place where there may be none for long."""

    def rest(self) -> None:
        """Use a pause, in which nothing runs or waits, to get ready for what may come."""

    def start(self, node: Node, attempt: int, flag: Path, place: Place) -> None:
        """Run a task there."""

    def ended(self, timeout: float) -> list[tuple[int, dict[str, Any]]]:
        """Return the attempts that ended."""

    def reports(self) -> list[dict[str, Any]]:
        """Return the progress of running attempts."""

    def kill(self, place: Place) -> None:
        """End a worker."""

    def lose(self, attempt: int) -> None:
        """Give up an attempt."""


@dataclass
class Attempt:
    """A task on its worker."""

    node: Node
    place: Place
    flag: Path
    alone: bool = False
    asked: float | None = None
    missed: float | None = None
    killed: bool = False

    def overdue(self, now: float) -> bool:
        """Tell whether it was asked to stop long enough ago to be ended."""
        return not self.killed and self.asked is not None and now - self.asked >= GRACE_SECONDS


@dataclass
class Dispatcher:
    """Takes up runs, fills free workers, writes down what happens.

    Parameters
    ----------
    store : Store
        Where intents come from and progress goes to.
    cluster : Cluster
        Where tasks run.
    version : str
        Stamp of this code; see :func:`rebal_core.experiment.version.stamp`.
    outdated : bool
        True once a run of newer code waits: it is left to the next engine.
    """

    store: Store
    cluster: Cluster
    version: str
    outdated: bool = False
    jobs: dict[int, LiveRun] = field(default_factory=dict)
    running: dict[int, Attempt] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.store)
        # Which of them killed the last engine is unknown: each runs alone, so that an innocent
        # one is not blamed a second time for what another did.
        self._suspects = self.ledger.bury_orphans()
        self._before = set(self.ledger.live_runs())
        self._inbox: list[tuple[int, dict[str, Any]]] = []
        self._paused_until = 0.0
        self._waiting: set[str] = set()
        self._told: dict[int, str | None] = {}
        self._tidy = False
        for flag in self.store.home.flags.iterdir():
            flag.unlink()
        sweep_scratch()
        clear_unfinished(self.store.home)

    @property
    def idle(self) -> bool:
        """True when nothing runs and nothing waits."""
        return not self.jobs and not self.running

    def turn(self, timeout: float) -> None:
        """Do everything that is to be done now; wait at most ``timeout`` for something to end."""
        # Kept until written down: when the store refuses (disk full), the next turn tries again.
        self._inbox += self.cluster.ended(timeout)
        self.ledger.write_events(self._latest_reports())
        while self._inbox:
            self._settle(*self._inbox[0])
            self._inbox.pop(0)
        self._take_intents()
        self._stop_unwanted()
        self._fill_places()
        self._finish_jobs()
        if self.idle and not self._tidy:
            tidy(self.store, self.ledger)
        self._tidy = self.idle

    def stop(self) -> None:
        """Close the books of an orderly end: what still runs is not to blame."""
        for number in self.running:
            self.ledger.end_attempt(number, "stopped")

    # Intents -----------------------------------------------------------------------------------

    def _take_intents(self) -> None:
        live = self.ledger.live_runs()
        for run in [r for r in self.jobs if r not in live]:
            del self.jobs[run]
            self.ledger.skip_rest(run)
        for run, version in live.items():
            # Runs from before are ours whatever their version: this is the newest code there is.
            if version > self.version and run not in self._before:
                self.outdated = True
            elif run not in self.jobs:
                job = take_up(self.store, self.ledger, run, self._gpus())
                if job is not None:
                    self.jobs[run] = job
        for run, arms in self.ledger.stopped_arms().items():
            if run in self.jobs:
                for key in self.jobs[run].stop(arms):
                    self._mark([self.jobs[run]], key, state="skipped", detail=None)
        sweep(self.store, self.ledger, busy={a.node.key for a in self.running.values()})

    def _gpus(self) -> bool:
        return any(place.seat == "gpu" for place in self.cluster.places().values())

    # Outcomes ----------------------------------------------------------------------------------

    def _settle(self, number: int, answer: Mapping[str, Any]) -> None:
        attempt = self.running.get(number)
        if attempt is None:
            return
        key, outcome = attempt.node.key, answer["outcome"]
        if outcome == "died" and attempt.asked is not None:
            outcome = "cancelled"
        self.ledger.end_attempt(number, outcome)
        jobs = self._wanted_by(key)
        if outcome == "done":
            self._suspects.discard(key)
            for job in jobs:
                job.done.add(key)
            self._mark(jobs, key, state="done", seconds=answer["seconds"], detail=None)
            self._resume()
        elif outcome == "failed":
            self._fail(jobs, key, answer["error"], answer.get("incident"))
        elif outcome == "damaged":
            self._redo(jobs, key, answer)
        else:
            sweep_scratch()
            self.ledger.clear_events(key)
            for job in jobs:
                state = "queued" if key in job.open_keys() else "skipped"
                self._mark([job], key, state=state, detail=None)
            if outcome == "died":
                self._mourn(jobs, key)
            elif outcome == "full":
                self._pause()
        attempt.flag.unlink(missing_ok=True)
        del self.running[number]

    def _redo(self, jobs: list[LiveRun], key: str, answer: Mapping[str, Any]) -> None:
        """Have what a task needed made again, and the task wait for it."""
        for job in jobs:
            need = job.redo(answer["path"])
            if need is None:
                self._fail([job], key, answer["error"], None)
            else:
                for queued in (need, key):
                    self._mark([job], queued, state="queued", detail=None)

    def _mourn(self, jobs: list[LiveRun], key: str) -> None:
        if jobs and self.ledger.deaths(key, [j.run for j in jobs]) >= DEATHS:
            self._fail(jobs, key, GAVE_UP, None)
        else:
            self._mark(jobs, key, detail=SECOND_TRY)

    def _fail(self, jobs: list[LiveRun], key: str, error: str, incident: str | None) -> None:
        self._suspects.discard(key)
        for job in jobs:
            for lost in job.fail(key, error):
                self._mark([job], lost, state="failed", error=error, incident=incident, detail=None)

    def _pause(self) -> None:
        self._paused_until = time.monotonic() + pause_seconds()
        for run in self.jobs:
            self.ledger.set_run(run, detail=DISK_FULL)

    def _resume(self) -> None:
        if 0 < self._paused_until <= time.monotonic():
            self._paused_until = 0.0
            for run in self.jobs:
                self.ledger.set_run(run, detail=None)

    def _latest_reports(self) -> list[dict[str, Any]]:
        newest: dict[tuple[str, int], dict[str, Any]] = {}
        for report in self.cluster.reports():
            if report.pop("attempt") in self.running:
                newest[report["key"], report["epoch"]] = report
        return list(newest.values())

    # Starting and stopping ---------------------------------------------------------------------

    def _fill_places(self) -> None:
        places = self.cluster.places()
        self._miss_lost(places)
        if time.monotonic() < self._paused_until or any(a.alone for a in self.running.values()):
            return
        self._tell_trouble(None if places else self.cluster.trouble())
        taken = {a.place.name for a in self.running.values()}
        free = [p for name, p in places.items() if name not in taken]
        free.sort(key=lambda place: (place.occupied, place.name))
        waiting: set[str] = set()
        for job, node in list(self._ready()):
            if node.key in self._suspects:
                if not self.running and free:
                    self._try_suspect(job, node, free)
                return
            place = next((p for p in free if p.seat == node.seat), None)
            if place is not None:
                free.remove(place)
                self._start(job, node, place)
            elif node.seat == "gpu":
                waiting.add(node.key)
        self._tell_waiting(waiting)

    def _ready(self) -> Iterator[tuple[LiveRun, Node]]:
        # Somebody sits in front of a single task (an upload, an explanation): those go first.
        seen = {a.node.key for a in self.running.values()}
        found = []
        for job in sorted(self.jobs.values(), key=lambda j: (j.kind == "compare", j.run)):
            for node in job.ready():
                if node.key not in seen:
                    seen.add(node.key)
                    found.append((job, node))
        found = self._waiting_last(found)
        return iter(sorted(found, key=lambda pair: pair[1].key not in self._suspects))

    def _waiting_last(self, ready: list[tuple[LiveRun, Node]]) -> list[tuple[LiveRun, Node]]:
        """Put last what would wait for something that a task makes which runs, or stands before."""
        made = {attempt.node.shares for attempt in self.running.values()}
        now: list[tuple[LiveRun, Node]] = []
        later: list[tuple[LiveRun, Node]] = []
        for pair in ready:
            shared = pair[1].shares
            (later if shared and shared in made else now).append(pair)
            made.add(shared)
        return now + later

    def _try_suspect(self, job: LiveRun, node: Node, free: list[Place]) -> None:
        jobs = self._wanted_by(node.key)
        if self.ledger.deaths(node.key, [j.run for j in jobs]) >= DEATHS:
            self._fail(jobs, node.key, GAVE_UP, None)
            return
        place = next((p for p in free if p.seat == node.seat), None)
        if place is not None:
            self._start(job, node, place, alone=True)

    def _start(self, job: LiveRun, node: Node, place: Place, alone: bool = False) -> None:
        number = self.ledger.begin_attempt(job.run, node.key, place.name)
        flag = self.store.home.flags / f"{node.key}-{number}"
        self.running[number] = Attempt(node, place, flag, alone)
        # Started before anything is told: a store that refuses now must not leave it hanging.
        self.cluster.start(node, number, flag, place)
        now = time.time()
        for each in self._wanted_by(node.key):
            if each.started is None:
                self.ledger.set_run(each.run, state="running", started=now)
                each.started = now
        self._mark(self._wanted_by(node.key), node.key, state="running", detail=None)

    def _stop_unwanted(self) -> None:
        wanted = {key for job in self.jobs.values() for key in job.open_keys()}
        now = time.monotonic()
        for attempt in self.running.values():
            if attempt.asked is None and attempt.node.key not in wanted:
                attempt.asked = now
                with contextlib.suppress(OSError):  # disk full: then it is ended without asking
                    attempt.flag.touch()
            elif attempt.overdue(now):
                attempt.killed = True
                self.cluster.kill(attempt.place)

    def _miss_lost(self, places: Mapping[str, Place]) -> None:
        addresses = {place.address for place in places.values()}
        now = time.monotonic()
        for number, attempt in self.running.items():
            if attempt.place.address in addresses:
                attempt.missed = None
            elif attempt.missed is None:
                attempt.missed = now
            elif now - attempt.missed > LOST_SECONDS:
                self.cluster.lose(number)

    def _tell_waiting(self, waiting: set[str]) -> None:
        for key in waiting - self._waiting:
            self._mark(self._wanted_by(key), key, detail=GPU_BUSY)
        self._waiting = waiting

    def _tell_trouble(self, reason: str | None) -> None:
        for run in self.jobs:
            # What the last engine said of a run that was waiting need not be so any more.
            if self._told.get(run, "") != reason:
                self.ledger.set_run(run, detail=reason)
        self._told = dict.fromkeys(self.jobs, reason)

    # Ends --------------------------------------------------------------------------------------

    def _finish_jobs(self) -> None:
        for job in list(self.jobs.values()):
            if job.started is None and job.over:
                self.ledger.set_run(job.run, started=time.time())
            try:
                ended = job.finish(self.store, self.ledger)
            except (OSError, OperationalError, DiskFull):
                raise
            except Exception:
                fail_run(self.ledger, job.run)
                self.ledger.skip_rest(job.run)
                ended = True
            if ended:
                del self.jobs[job.run]

    def _wanted_by(self, key: str) -> list[LiveRun]:
        return [job for job in self.jobs.values() if key in job.nodes and key not in job.failed]

    def _mark(self, jobs: list[LiveRun], key: str, **values: Any) -> None:
        if jobs:
            self.ledger.set_task([job.run for job in jobs], key, **values)
