"""What a killed training goes on from: its state as the bytes of tensors and plain values."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from rebal_core.model import Memory

#: Seconds between two checkpoints.
SAVE_EVERY = 20.0


@dataclass
class Kept:
    """A memory, and what was found in it, until it has been taken up."""

    memory: Memory | None
    state: dict[str, Any] | None
    saved: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, memory: Memory | None) -> Kept:
        """Open a memory."""
        return cls(memory, _opened(memory))

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep a state, where it is time to."""
        if self.memory is None or time.monotonic() - self.saved < SAVE_EVERY:
            return
        buffer = io.BytesIO()
        torch.save(dict(state), buffer)
        self.memory.save({"state": np.frombuffer(buffer.getbuffer(), dtype=np.uint8)})
        self.saved = time.monotonic()


def _opened(memory: Memory | None) -> dict[str, Any] | None:
    found = None if memory is None else memory.load()
    if found is None or "state" not in found:
        return None
    # Not pickle of any kind: tensors and plain values alone. The GPU may be gone by now.
    file = io.BytesIO(found["state"].tobytes())
    state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    return state
