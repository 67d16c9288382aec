"""What this machine has to offer, unless the environment says otherwise."""

from __future__ import annotations

import os
from pathlib import Path

from rebal_core.types import UserError


def worker_count() -> int:
    """Return how many worker processes there shall be: ``REBAL_WORKERS``, else one a core."""
    return _from_environment("REBAL_WORKERS", _cores(), least=1)


def gpu_count() -> int:
    """Return how many GPUs there are: ``REBAL_GPUS`` (they may be pretended), else the devices.

    NVIDIA's device files are counted, which costs nothing; asking torch would take seconds.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    devices = len(list(Path("/dev").glob("nvidia[0-9]*")))
    if visible is not None:
        devices = min(devices, len([v for v in visible.split(",") if v.strip() not in ("", "-1")]))
    return _from_environment("REBAL_GPUS", devices, least=0)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _from_environment(name: str, default: int, least: int) -> int:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or int(text) < least:
        raise UserError(f"{name} is “{text}”; set it to a whole number of at least {least}.")
    return int(text)
