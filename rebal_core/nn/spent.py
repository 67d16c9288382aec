"""Where a network learns, and the memory that it takes there."""

from __future__ import annotations

import resource
import sys
from typing import Any

import torch

#: Bytes in which the system counts a process's memory.
_UNIT = 1 if sys.platform == "darwin" else 1024


def spent(device: torch.device) -> dict[str, Any]:
    """Return the ``device``, and the most ``memory`` in MB that this process has taken on it."""
    if device.type == "cuda":
        most = torch.cuda.max_memory_allocated(device)
    else:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT
    return {"device": device.type, "memory": round(most / 1e6)}
