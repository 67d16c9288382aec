"""Rows are made between near rows of the same rare class."""

from rebal_core.samplers import SMOTE
from rebal_core.strategies.base import (
    COUNTS,
    RATIO,
    STRATEGIES,
    FoldFacts,
    Param,
    Strategy,
)

NEIGHBORS = Param("k_neighbors", 5, 1, 100, "How many near rows of the class may be a partner.")


def no_neighbours(facts: FoldFacts) -> str | None:
    """Tell when no rarer class has two rows to lie between."""
    smaller = sorted(facts.counts)[:-1]
    if max(smaller, default=0) < 2:
        return "Every rarer class has only one row, and SMOTE needs two; choose random_over."
    return None


smote = STRATEGIES.add(
    Strategy(
        name="smote",
        label="SMOTE",
        family="over",
        reference="Chawla et al. (2002), JAIR 16, 321-357",
        aliases=("近邻过采样", "合成少数类过采样"),
        about="New rows are made between near rows of a rare class. Bends the probabilities; the "
        "shift is undone, then they are recalibrated.",
        sampler=SMOTE(),
        parameters=(NEIGHBORS, RATIO, COUNTS),
        limit=no_neighbours,
    )
)
