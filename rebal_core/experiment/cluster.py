"""Where workers come from: started here, or found at the scheduler that somebody else started."""

# mypy: disable-error-code="no-untyped-call"
# (Dask tells its types but not those of its calls.)

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from distributed import Client, Nanny, Scheduler, SpecCluster
from distributed.security import Security

from rebal_core.wording import UserError

log = logging.getLogger(__name__)


def local_cluster(home: Path, workers: int, gpus: int, security: Security) -> SpecCluster:
    """Return workers on this computer, under certificates that only this process has."""
    common = {
        "nthreads": 1,
        "host": "127.0.0.1",
        "security": security,
        "memory_limit": 0,
        "local_directory": str(home / "tmp"),
        "dashboard_address": "127.0.0.1:0",
    }
    specs: dict[str, Any] = {}
    for number in range(workers):
        options = {**common, "env": {"CUDA_VISIBLE_DEVICES": ""}}
        specs[f"cpu-{number}"] = {"cls": Nanny, "options": options}
    for number in range(gpus):
        options = {**common, "env": {"CUDA_VISIBLE_DEVICES": str(number)}, "resources": {"GPU": 1}}
        specs[f"gpu-{number}"] = {"cls": Nanny, "options": options}
    scheduler = {
        "cls": Scheduler,
        "options": {
            "host": "127.0.0.1",
            "port": 0,
            "protocol": "tls://",
            "security": security,
            "dashboard": False,
            "dashboard_address": "127.0.0.1:0",
        },
    }
    return SpecCluster(workers=specs, scheduler=scheduler, security=security, silence_logs=40)


def leave_only(mark: Path) -> None:
    """Put a file into the home by which workers know that they see this home and no other."""
    mark.parent.mkdir(exist_ok=True)
    for old in mark.parent.glob("seen-*"):
        old.unlink(missing_ok=True)
    mark.touch()


def connect(address: str, security: Security) -> Client:
    """Return a client of another's scheduler, which then treats our tasks as our own does.

    Raises
    ------
    UserError
        When it cannot be used.
    """
    try:
        client = Client(address, security=security, set_as_default=False, timeout=10)
        client.run_on_scheduler(_settle)
    except Exception as error:
        log.exception("connecting to %s", address)
        raise UserError(
            "The scheduler {address} of REBAL_SCHEDULER cannot be used ({error}); give "
            "it this version of Rebal, and this computer its certificates.",
            address=address,
            error=type(error).__name__,
        ) from error
    return client


def _settle(dask_scheduler: Scheduler) -> None:
    dask_scheduler.allowed_failures = 0
    # A worker inside C code may say nothing for long.
    dask_scheduler.worker_ttl = 10.0**9
