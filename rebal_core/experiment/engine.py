"""Placement and transport by dask.distributed: this and :mod:`~.cluster` alone know of it.

Dask runs what we hand it on the worker that we name, and tells when that ended. Order, retries,
cancelling and everything that must survive a crash are ours (:mod:`~.dispatch`), because no engine
keeps them: Dask forgets its queue with its scheduler, and blames every task queued on a dead
worker for the death. So it never holds more than one task a worker, and never tries twice.
"""

# mypy: disable-error-code="no-untyped-call"
# (Dask tells its types but not those of its calls.)

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import dask
from distributed import CancelledError, Client, Future, KilledWorker, SpecCluster, get_worker
from distributed.core import rpc
from distributed.security import Security

from rebal_core.experiment.certificate import own_security
from rebal_core.experiment.cluster import connect, leave_only, local_cluster
from rebal_core.experiment.machine import imports_ahead
from rebal_core.experiment.task import Node, Place
from rebal_core.experiment.version import same_code
from rebal_core.experiment.worker import execute, get_ready_for_networks, introduce, warm_up
from rebal_core.wording import Text

log = logging.getLogger(__name__)

NOBODY = Text(
    "No worker is connected to the scheduler of REBAL_SCHEDULER; start one, and the run goes "
    "on by itself."
).render()
#: Above the 0.2 to 0.8 s that killing takes, below the 5 s in which a cancel must have worked.
KILL_SECONDS = 3.0

CONFIG: dict[str, Any] = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.worker-ttl": None,
    # Without these, /metrics and /info answer anyone, even with the dashboard switched off.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.daemon": True,
    "distributed.worker.profile.enabled": False,
    # Dask has freed memory go back to the system at every 64 kB: large arrays then come as new
    # pages each time, which took half the time of judging. The C library's own rule is enough.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
}


class Engine:
    """A cluster on this machine, or the one that ``REBAL_SCHEDULER`` names.

    Parameters
    ----------
    home : Path
        Home folder; workers keep their scratch files in ``tmp`` inside it.
    workers, gpus : int
        Processes without and with a GPU of their own.

    Raises
    ------
    UserError
        When the scheduler that was named cannot be used.
    """

    def __init__(self, home: Path, workers: int, gpus: int) -> None:
        dask.config.set(CONFIG)
        self._home = home
        self._ended: SimpleQueue[tuple[int, dict[str, Any]]] = SimpleQueue()
        self._reports: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._futures: dict[int, Future[Any]] = {}
        self._warm: dict[str, Future[Any]] = {}
        self._rested: dict[str, Future[Any]] = {}
        #: What each worker of another's scheduler cannot be given work for; None where it can.
        self._unfit: dict[str, str | None] = {}
        # Another home's engine may use the same scheduler, and number its attempts alike.
        self._mark = secrets.token_hex(4)
        address = os.environ.get("REBAL_SCHEDULER")
        self._cluster: SpecCluster | None = None
        self._scheduler: Any = None
        if address:
            # Certificates come from Dask's own configuration (distributed.comm.tls).
            self._security = Security()
            self._client = connect(address, self._security)
            self._seen = home / "tmp" / f"seen-{self._mark}"
            leave_only(self._seen)
        else:
            self._security = own_security()
            self._cluster = local_cluster(home, workers, gpus, self._security)
            self._scheduler = self._cluster.scheduler
            self._client = Client(self._cluster, set_as_default=False)
        self._client.subscribe_topic(self._mark, self._hear)

    def places(self) -> dict[str, Place]:
        """Workers that are connected now and fit for work, by name."""
        if self._scheduler is not None:
            states = [
                (w.name, w.address, w.nanny, w.resources)
                for w in list(self._scheduler.workers.values())
            ]
        else:
            found = self._client.scheduler_info()["workers"]
            states = [(w["name"], a, w["nanny"], w["resources"]) for a, w in found.items()]
        self._warm_up({address: str(name) for name, address, _, _ in states})
        return {
            str(name): Place(
                str(name),
                "gpu" if resources.get("GPU") else "cpu",
                address,
                nanny,
                occupied=address in self._rested and not self._rested[address].done(),
            )
            for name, address, nanny, resources in states
            if self._scheduler is not None or self._unfit.get(address, "") is None
        }

    def trouble(self) -> str | None:
        """Say why no worker of another's scheduler can be given work; None where one may be."""
        if self._scheduler is not None or set(self._warm) - set(self._unfit):
            return None
        told = sorted(reason for reason in self._unfit.values() if reason)
        return None if None in self._unfit.values() else (told or [NOBODY])[0]

    def rest(self) -> None:
        """Let one worker after the other get ready for networks; another stays free meanwhile."""
        if not all(future.done() for future in self._rested.values()):
            return
        addresses = [place.address for _, place in sorted(self.places().items(), reverse=True)]
        self._rested = {a: f for a, f in self._rested.items() if a in addresses}
        for address in addresses:
            if address not in self._rested:
                self._rested[address] = self._ask(get_ready_for_networks, address=address)
                return

    def _ask(self, function: Callable[..., Any], *args: Any, address: str) -> Future[Any]:
        """Let a worker do what is no task of a run."""
        key = f"{function.__name__}-{address}-{self._mark}"
        return self._client.submit(
            function, *args, key=key, workers=[address], retries=0, pure=False
        )

    def start(self, node: Node, attempt: int, flag: Path, place: Place) -> None:
        """Run a task on that worker; :meth:`ended` will tell its outcome."""
        future = self._client.submit(
            _run,
            str(self._home),
            asdict(node),
            str(flag),
            attempt,
            self._mark,
            key=f"{node.kind}-{node.key}-{attempt}-{self._mark}",
            workers=[place.address],
            allow_other_workers=False,
            resources={"GPU": 1} if node.seat == "gpu" else None,
            retries=0,
            pure=False,
        )
        self._futures[attempt] = future
        future.add_done_callback(lambda f: self._end(attempt, f))

    def ended(self, timeout: float) -> list[tuple[int, dict[str, Any]]]:
        """Return attempts that ended since, waiting for one at most ``timeout`` seconds.

        Each with what :func:`~.worker.execute` said, or the outcome ``died``, or ``stopped``
        (lost without a word: nobody is to blame).
        """
        found = []
        try:
            found.append(self._ended.get(timeout=timeout))
            while True:
                found.append(self._ended.get_nowait())
        except Empty:
            return found

    def reports(self) -> list[dict[str, Any]]:
        """Return the progress reports since: ``attempt, key, at, epoch, fraction, values``."""
        found = []
        while not self._reports.empty():
            found.append(self._reports.get())
        return found

    def kill(self, place: Place) -> None:
        """End a worker process, whatever it does, also inside C code; its nanny starts another."""
        try:
            self._client.sync(self._kill, place.nanny)
        except Exception as error:  # it may have gone by itself; `ended` tells what became of it
            log.warning("killing worker %s: %r", place.name, error)

    def lose(self, attempt: int) -> None:
        """Give up on an attempt whose worker has gone without a word."""
        future = self._futures.get(attempt)
        if future is not None and not future.done():
            future.cancel(force=True)

    def close(self) -> None:
        """End the workers (not those of another's scheduler)."""
        self._client.close(timeout=2)
        if self._cluster is not None:
            self._cluster.close(timeout=5)
        else:
            self._seen.unlink(missing_ok=True)

    def _warm_up(self, names: Mapping[str, str]) -> None:
        """Let each new worker process import what it will need; its first task comes after that.

        Those of another's scheduler say first whether they are fit for work.
        """
        if self._scheduler is not None and not imports_ahead():
            return
        for address in names.keys() - self._warm.keys():
            if self._scheduler is not None:
                self._warm[address] = self._ask(warm_up, address=address)
            else:
                future = self._ask(introduce, str(self._seen), same_code(), address=address)
                self._warm[address] = future
                name = names[address]
                future.add_done_callback(lambda f, a=address, n=name: self._judge(a, n, f))
        self._warm = {a: f for a, f in self._warm.items() if a in names}
        self._unfit = {a: why for a, why in self._unfit.items() if a in names}

    def _judge(self, address: str, name: str, future: Future[Any]) -> None:
        # Code so old that it cannot be asked is another version too.
        known = future.status == "finished"
        version, sees = future.result() if known else ("", True)
        reason = None
        if version != same_code():
            reason = Text(
                "The worker {name} runs another version of Rebal ({version}, not {own}) and gets "
                "no work; install this one there and start it again.",
                {"name": name, "version": version or "unknown", "own": same_code()},
            )
        elif not sees:
            reason = Text(
                "The worker {name} does not see the folder {home} and gets no work; share it "
                "with that computer under the same path and start the worker again.",
                {"name": name, "home": self._home},
            )
        if reason is not None:
            log.warning(reason.render())
        self._unfit[address] = None if reason is None else reason.render()

    def _end(self, attempt: int, future: Future[Any]) -> None:
        # Cancelled or lost without a word: it is to be tried again, and nobody is to blame.
        answer: dict[str, Any] = {"outcome": "stopped"}
        if future.status == "finished":
            # An answer lies on its worker; one that has gone since is waited for until `lose`.
            with contextlib.suppress(CancelledError, KilledWorker):
                answer = future.result()
        elif future.status == "error":
            answer = {"outcome": "died"}
            error = future.exception()
            if not isinstance(error, KilledWorker):
                log.error("attempt %s: %r", attempt, error)
        # Held no longer: Dask re-runs finished tasks whose worker dies while a future is held.
        future.release()
        self._futures.pop(attempt, None)
        self._ended.put((attempt, answer))

    def _hear(self, event: tuple[float, Mapping[str, Any]]) -> None:
        self._reports.put(dict(event[1]))

    async def _kill(self, nanny: str) -> None:
        arguments = self._security.get_connection_args("client")
        async with rpc(nanny, connection_args=arguments) as remote:
            await asyncio.wait_for(remote.kill(timeout=0.5, reason="cancel"), KILL_SECONDS)


def _run(home: str, node: Mapping[str, Any], flag: str, attempt: int, topic: str) -> dict[str, Any]:
    worker = get_worker()

    def report(values: dict[str, Any]) -> None:
        about = {"attempt": attempt, "key": node["key"], "at": time.time()}
        worker.log_event(topic, {**about, **values})

    return execute(home, node, flag, report)
