"""What the app and the command line ask of the engine; they never speak to Dask."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rebal_core.experiment.child import command, environment
from rebal_core.experiment.cleanup import sweep, tidy
from rebal_core.experiment.lock import EngineLock, is_held
from rebal_core.experiment.machine import require_settings
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.starts import note_end, require_hope
from rebal_core.experiment.version import stamp
from rebal_core.place import private
from rebal_core.store.database import DiskFull
from rebal_core.store.ledger import Ledger
from rebal_core.store.rows import RunRow
from rebal_core.store.store import Store
from rebal_core.wording import UserError

KINDS = (
    *("ingest", "profile", "judge", "explain", "synthetic", "rank"),
    *("export", "lists", "predict", "generate"),
)
LOG_BYTES = 5_000_000
LEAST_BYTES = 1_000_000
POLL_SECONDS = 0.2

_started: dict[Path, subprocess.Popen[bytes]] = {}
_began: dict[Path, float] = {}
#: Of this process's sessions one at a time looks after the engines that it started.
_looking = threading.Lock()


@dataclass(frozen=True)
class EngineStatus:
    """Whether an engine serves the home, and which; until it is up, its process alone is known."""

    up: bool
    pid: int | None = None
    version: str | None = None
    workers: int = 0
    gpus: int = 0
    scheduler: str | None = None
    started: float | None = None


def submit(store: Store, plan: Plan) -> int:
    """Hand in a comparison and return its number; an engine is started when none is up."""
    run = store.add_run("compare", plan.to_dict(), dataset=plan.dataset, version=stamp())
    ensure_engine(store)
    return run


def submit_task(
    store: Store, kind: str, params: Mapping[str, Any], dataset: str | None = None
) -> int:
    """Hand in a single task, one of :data:`KINDS`; return its run number."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is none of {KINDS}")
    run = store.add_run(kind, params, dataset=dataset, version=stamp())
    ensure_engine(store)
    return run


def cancel(store: Store, run: int) -> bool:
    """Cancel a run: shown at once, stopped within 5 s; True when it was still live."""
    return store.cancel_run(run)


def stop_arm(store: Store, run: int, arm: str) -> bool:
    """Go on without an arm, named as in the run's cells; True when it was still being computed.

    Its cells end as :func:`cancel` ends them; those that another arm or run wants go on.
    """
    return store.stop_arm(run, arm)


def wait(
    store: Store,
    run: int,
    on_progress: Callable[[RunRow], None] | None = None,
    timeout: float | None = None,
) -> RunRow:
    """Wait for the end of a run, starting the next engine whenever the last one died.

    Raises
    ------
    TimeoutError
        When it has not ended after ``timeout`` seconds; the run goes on.
    """
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        row = store.run(run)
        if on_progress is not None:
            on_progress(row)
        if not row.live:
            return row
        if end is not None and time.monotonic() > end:
            raise TimeoutError(f"Run {run} has not ended after {timeout} s.")
        ensure_engine(store)
        time.sleep(POLL_SECONDS)


def result(store: Store, run: int) -> Any:
    """Return what a finished single task answered.

    Raises
    ------
    UserError
        When the answer is damaged or gone.
    """
    try:
        text = (store.home.run_folder(run) / "result.json").read_text(encoding="utf-8")
        return json.loads(text)
    except (FileNotFoundError, ValueError):
        raise UserError(
            "The answer of task {run} is damaged or gone; ask for it again.", run=run
        ) from None


def delete_run(store: Store, run: int) -> None:
    """Delete a run and every result that no other run needs; its running cells end first."""
    store.hide_run(run)
    _sweep(store)


def delete_dataset(store: Store, identifier: str) -> None:
    """Delete a dataset with all its runs; their running cells end first."""
    store.hide_dataset(identifier)
    _sweep(store)


def _sweep(store: Store, patience: float = 10.0) -> None:
    """Wait until what was struck from the lists is gone; without an engine, remove it here."""
    ledger = Ledger(store)
    end = time.monotonic() + patience
    while ledger.doomed_runs() or ledger.doomed_datasets():
        lock = EngineLock(store.home.lock)
        if lock.take():
            try:
                sweep(store, ledger)
                tidy(store, ledger)
            finally:
                lock.release()
        elif time.monotonic() > end:
            return  # the engine still has it on its list
        else:
            time.sleep(0.05)


# The engine itself -----------------------------------------------------------------------------


def ensure_engine(store: Store) -> None:
    """Start an engine for this home unless one is up; cheap enough to call at every poll.

    Raises
    ------
    DiskFull
        When the home's disk has no room for what an engine writes when it starts.
    HomeGone
        When the home was deleted meanwhile; it is not made anew.
    UserError
        When one engine after the other failed.
    """
    store.database.require_same()
    if not is_held(store.home.lock):
        with _looking:
            _ensure(store)


def _ensure(store: Store) -> None:
    home = store.home.path
    starting = _started.get(home)
    if is_held(store.home.lock) or (starting is not None and starting.poll() is None):
        return
    require_settings()
    if starting is not None:
        note_end(home, starting.returncode, time.monotonic() - _began[home])
        del _started[home]
    require_hope(home, store.home.log)
    if shutil.disk_usage(home).free < LEAST_BYTES:
        raise DiskFull(
            "The disk that holds {home} is full: free some space and try again.", home=home
        )
    _trim_log(store.home.log)
    lock = EngineLock(store.home.lock)
    if not lock.take():
        return  # somebody else was faster
    try:
        _began[home] = time.monotonic()
        _started[home] = _start(store, lock)
    finally:
        lock.release()  # the engine holds it from its first moment


def _start(store: Store, lock: EngineLock) -> subprocess.Popen[bytes]:
    home = store.home.path
    with private(store.home.log).open("ab") as log:
        child = subprocess.Popen(
            command("rebal_core.experiment.daemon", str(home), str(lock.handle)),
            cwd=home,
            env=environment(home),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(lock.handle,),
        )
    lock.tell({"pid": child.pid})
    # Whoever started it reaps it, however long nobody asks for an engine.
    threading.Thread(target=child.wait, daemon=True).start()
    return child


def engine_status(store: Store) -> EngineStatus:
    """Tell whether an engine serves this home."""
    if not is_held(store.home.lock):
        return EngineStatus(up=False)
    with contextlib.suppress(ValueError):  # it has only just taken the lock
        return EngineStatus(up=True, **json.loads(store.home.lock.read_text()))
    return EngineStatus(up=True)


def stop_engine(store: Store, patience: float = 10.0) -> bool:
    """Stop the engine; its runs go on with the next one. False when none was up."""
    end = time.monotonic() + patience
    status = engine_status(store)
    while status.up and status.pid is None and time.monotonic() < end:
        time.sleep(0.01)  # it is just being started
        status = engine_status(store)
    if not status.up or status.pid is None:
        return False
    with contextlib.suppress(ProcessLookupError):  # it may end by itself meanwhile
        os.kill(status.pid, signal.SIGTERM)
        while engine_status(store).pid == status.pid:
            if time.monotonic() > end:
                os.kill(status.pid, signal.SIGKILL)
            time.sleep(0.05)
    return True


def _trim_log(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
