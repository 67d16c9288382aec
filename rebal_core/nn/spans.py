"""How long a network learns where nobody says; without torch, so that a page can tell it."""

from __future__ import annotations

#: Steps that an epoch has where it can, and the fewest rows of one.
_STEPS, _SMALLEST = 16, 32
#: Rows of a step where a table has fewer rows than these.
_SUITS, _LARGEST = ((10_000, 64), (200_000, 256)), 1024
#: Optimisers that see all rows at once and end by themselves, by their names.
AT_ONCE = ("lbfgs", "newton", "cg")


def batch(asked: int, n: int) -> int:
    """Return the rows of a step where n are learned from; 0 asks for what suits these."""
    usual = next((size for rows, size in _SUITS if n < rows), _LARGEST)
    return asked or min(usual, max(_SMALLEST, n // _STEPS))


def waits(asked: int, epochs: int) -> int:
    """Return the epochs without a gain before it ends; 0 asks for a third of all."""
    return asked or max(4, epochs // 3)


def at_most(epochs: int, *, held: bool, steps: bool) -> int:
    """Return the most epochs: steps need held rows to end by, and else take a third."""
    return epochs if held or not steps else max(1, epochs // 3)
