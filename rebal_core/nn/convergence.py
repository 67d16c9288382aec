"""Whether a training has come to its end, by the loss of each of its epochs."""

from __future__ import annotations

from collections.abc import Sequence

#: A loss that moved by more than this part of itself still moves.
STILL = 0.01
#: So of a solver: past this the answers hardly move, however long it seeks the last digits.
SOLVER_STILL = 1e-4


def still_falls(losses: Sequence[float], part: float = STILL) -> bool:
    """Tell whether the last tenth of all epochs lowered the loss by this part of it."""
    tail = max(1, len(losses) // 10)
    if len(losses) <= tail:
        return False
    before, after = min(losses[:-tail]), min(losses[-tail:])
    return before - after > part * abs(before)


def jumps(losses: Sequence[float]) -> bool:
    """Tell whether the loss ends above what it has been, of one that is the same every time."""
    return losses[-1] - min(losses) > STILL * abs(min(losses))
