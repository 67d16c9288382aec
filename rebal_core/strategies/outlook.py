"""What a strategy will do to the rows of each class, told before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence

from rebal_core.samplers.base import counts_after
from rebal_core.strategies.base import FoldFacts, Strategy
from rebal_core.wording import Unsuitable

_DIRECTIONS = {"over": "over", "combined": "over", "under": "under"}


def rows_after(strategy: Strategy, counts: Sequence[int]) -> tuple[int, ...]:
    """Return the rows of each class after a strategy, with the parameters that it holds.

    Cleaning, which depends on where the rows lie, is not foreseen.

    Parameters
    ----------
    strategy : Strategy
    counts : sequence of int
        Rows of each class now.

    Raises
    ------
    Unsuitable
        When a class is asked for a number of rows that this strategy cannot give it.
    """
    direction = _DIRECTIONS.get(strategy.family)
    if strategy.sampler is None or direction is None:
        return tuple(counts)
    ratio, asked = (strategy.params.get(name) for name in ("ratio", "counts"))
    return counts_after(tuple(counts), ratio or 1.0, direction, asked)  # type: ignore[arg-type]


def rows_left(strategy: Strategy, facts: FoldFacts) -> int:
    """Return how many rows a strategy leaves a classifier to learn from in a training part.

    A number that a class was asked for and cannot have is refused where it is asked; here the
    class is taken as it is.
    """
    counts = [int(n * facts.training + 1e-9) for n in facts.counts]
    try:
        return sum(rows_after(strategy, counts))
    except Unsuitable:
        return sum(counts)


def origin_of_rows(strategy: Strategy) -> str:
    """Return the origin of the rows that a strategy makes, a name of ``rows.ORIGINS``."""
    if not strategy.makes_rows or _DIRECTIONS.get(strategy.family) != "over":
        return "original"
    return "interpolated" if "k_neighbors" in strategy.params else "duplicate"
