"""The engine's process: ``python -m rebal_core.experiment.daemon HOME [HANDLE]``.

Started by whoever needs it (:func:`rebal_core.experiment.client.ensure_engine`), on its own from
then on. It ends when it has been idle for long, when newer code waits, or when its home is gone.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from rebal_core.experiment.dispatch import Dispatcher

log = logging.getLogger("rebal.engine")

REFUSED = 3
#: It served, and a fault of ours ended it.
FAULT = 4
TURN_SECONDS = 0.1
#: After so long without work a pause is used: by then the page that asked for the last has been
#: drawn.
REST_SECONDS = 3.0
#: Pause after the store refused to write (disk full, or locked for very long).
REPAIR_SECONDS = 2.0
#: How long the cluster may take to come up.
START_SECONDS = 120.0
#: How long an orderly end may take.
CLOSE_SECONDS = 8.0

#: One thread a worker, before any library counts the cores; see the design's engine section.
_LIBRARIES = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "NUMBA")
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in _LIBRARIES}


def main(home: Path, handle: int | None = None) -> int:
    """Run the engine of a home until it ends; return the exit code.

    ``handle`` is the open file of the home's lock, where the one who started us has taken it.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    from rebal_core.experiment.lock import EngineLock
    from rebal_core.store.home import Home

    if not home.is_dir():
        return REFUSED  # deleted since somebody asked for an engine
    path = Home(home).lock
    lock = EngineLock(path) if handle is None else EngineLock.inherited(path, handle)
    if handle is None and not lock.take(patience=1.0):
        log.info("another engine serves %s", home)
        return REFUSED
    os.environ.update(
        ONE_THREAD, REBAL_HOME=str(home.absolute()), DASK_LOGGING__DISTRIBUTED="error"
    )
    lock.tell({"pid": os.getpid()})
    # Imported with the lock in hand: a refused engine costs nothing.
    from rebal_core.experiment.dispatch import Dispatcher
    from rebal_core.experiment.engine import Engine
    from rebal_core.experiment.machine import gpu_count, worker_count
    from rebal_core.experiment.version import stamp
    from rebal_core.scratch import sweep
    from rebal_core.store.store import Store
    from rebal_core.wording import UserError

    outside = os.environ.get("REBAL_SCHEDULER")
    workers, gpus = (0, 0) if outside else (worker_count(), gpu_count())
    try:
        store = Store(home)
        with _not_for_ever():
            engine = Engine(store.home.path, workers, gpus)
    except UserError as error:
        log.error(error)
        return 1
    dispatcher = Dispatcher(store, engine, stamp())
    about = {"pid": os.getpid(), "version": stamp(), "workers": workers, "gpus": gpus}
    log.info("up with %s workers and %s GPUs", workers, gpus)

    def serve() -> None:
        # Until here there is nothing to put in order, and a request to end simply ends it.
        signal.signal(signal.SIGTERM, _raise_exit)
        lock.tell({**about, "scheduler": outside or None, "started": time.time()})
        _serve(dispatcher, lock.holds)

    _until_the_end(serve, (dispatcher.stop, engine.close, sweep, store.close))


def _until_the_end(serve: Callable[[], None], closing: Sequence[Callable[[], None]]) -> NoReturn:
    """Serve, put everything in order whatever happened, and end with what the next one must know.

    The process ends with 0, or with :data:`FAULT`.
    """
    from rebal_core.store.database import HomeGone

    code = FAULT
    try:
        serve()
        code = 0
    except SystemExit:
        log.info("asked to stop")
        code = 0
    except Exception:
        log.exception("ends on a fault; the next engine goes on")
    # Whatever hangs from here on must not keep the lock: workers die with this process.
    threading.Timer(CLOSE_SECONDS, os._exit, [code]).start()
    for close in closing:
        try:
            close()
        except HomeGone:
            pass
        except (Exception, SystemExit):  # what comes after it must be closed too
            log.exception("while ending")
    log.info("ended")
    os._exit(code)


@contextmanager
def _not_for_ever() -> Iterator[None]:
    """End this process where a cluster does not come up: it must not keep the lock."""
    hung = threading.Timer(START_SECONDS, os._exit, [1])
    hung.daemon = True
    hung.start()
    yield
    hung.cancel()


def _serve(dispatcher: Dispatcher, at_home: Callable[[], bool]) -> None:
    from sqlalchemy.exc import OperationalError

    from rebal_core.experiment.machine import idle_seconds, imports_ahead
    from rebal_core.store.database import DiskFull, HomeGone

    patience, ahead = idle_seconds(), imports_ahead()
    last_busy = time.monotonic()
    while at_home():
        try:
            dispatcher.turn(TURN_SECONDS)
        except HomeGone as error:
            log.info("%s", error)
            return
        except (OperationalError, DiskFull):
            if at_home():
                log.exception("the store refuses; trying again")
                time.sleep(REPAIR_SECONDS)
            continue
        if not dispatcher.idle:
            last_busy = time.monotonic()
        elif time.monotonic() - last_busy > patience:
            log.info("idle for %s s", patience)
            return
        elif dispatcher.outdated:
            log.info("newer code waits")
            return
        elif ahead and time.monotonic() - last_busy > REST_SECONDS:
            dispatcher.cluster.rest()


def _raise_exit(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *map(int, sys.argv[2:])))
