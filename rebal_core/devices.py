"""Graphics processors that this process may see."""

from __future__ import annotations

import os
from pathlib import Path


def visible_gpus() -> int:
    """Return how many there are.

    NVIDIA's device files are counted, which costs nothing; asking torch would take seconds.
    """
    devices = len(list(Path("/dev").glob("nvidia[0-9]*")))
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return devices
    return min(devices, len([v for v in visible.split(",") if v.strip() not in ("", "-1")]))
