"""What several strategies would make of one class: the same rows, the same plane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rebal_core.arm import Arm
from rebal_core.experiment.estimate import resample_seconds
from rebal_core.facts import TableFacts
from rebal_core.preview.effect import holds_none_out
from rebal_core.preview.part import TrainingPart
from rebal_core.rows import DUPLICATE, ORIGINS
from rebal_core.samplers.base import COUNTS, RATIO
from rebal_core.strategies import STRATEGIES, Strategy, resample
from rebal_core.wording import Text, Unsuitable

#: Rows that each strategy is asked for, and rows of the other classes that it sees.
MADE, OTHERS = 300, 3_000


@dataclass(frozen=True)
class Panel:
    """What one strategy makes.

    Parameters
    ----------
    strategy : str
        Its name.
    marks : DataFrame
        ``x``, ``y`` and ``kind``, a word of :data:`rebal_core.rows.ORIGINS`, of the made rows.
    notes : tuple of str
        What it says of them.
    reason : Text or None
        Why there are none.
    """

    strategy: str
    marks: pd.DataFrame
    notes: tuple[str, ...] = ()
    reason: Text | None = None


def makers() -> Iterator[Strategy]:
    """Return the strategies that can be asked for rows of one class."""
    for spec in STRATEGIES:
        own = [step for step in spec.steps if step.slot == "over"]
        asked = {RATIO.name, COUNTS.name} <= set(spec.parameters)
        if len(own) == len(spec.steps) == 1 and asked and ORIGINS.index(spec.makes) > DUPLICATE:
            yield spec


def rows_for(part: TrainingPart, label: int, others: int = OTHERS) -> TrainingPart:
    """Return all rows of a class, and of the others as many as can be looked at."""
    y, lots = part.typed.y, part.lots
    rest = np.flatnonzero(y != label)
    kept = rest[np.argsort(lots[rest], kind="stable")[:others]]
    return part.some(np.sort(np.concatenate([np.flatnonzero(y == label), kept])))


def panel(part: TrainingPart, strategy: str, label: int, size: int = MADE) -> Panel:
    """Return what a strategy makes of one class, no row of any other.

    Parameters
    ----------
    part : TrainingPart
        As :func:`rows_for` gives it.
    strategy : str
        One of :func:`makers`.
    label : int
        Code of the class.
    size : int
        Rows to make.
    """
    nothing = pd.DataFrame({"x": [], "y": [], "kind": []})
    try:
        arm = _asked(strategy, part.counts, label, size)
        recipe = resample(arm, part.typed, part.graphs, seed=part.seed)
    except Unsuitable as error:
        return Panel(strategy, nothing, reason=error.text)
    assert recipe is not None
    made = recipe.take((recipe.origin > DUPLICATE) & (recipe.label == label))
    if not len(made):
        return Panel(strategy, nothing, recipe.notes)
    places = part.plane.place(part.typed.made(made))
    kinds = np.array(ORIGINS)[made.origin]
    marks = pd.DataFrame({"x": places[:, 0], "y": places[:, 1], "kind": kinds})
    return Panel(strategy, marks, recipe.notes)


def panel_seconds(counts: Sequence[int], strategy: str, label: int, facts: TableFacts) -> float:
    """Return the processor seconds that a panel promises to take.

    Parameters
    ----------
    counts : sequence of K int
        Rows of each class that it looks at.
    strategy : str
    label : int
    facts : TableFacts
        Of the whole table.
    """
    some = replace(facts.of_counts(counts), training=1.0)
    return resample_seconds(_asked(strategy, counts, label, MADE), some, 1.0)


def _asked(strategy: str, counts: Sequence[int], label: int, size: int) -> Arm:
    """Return a strategy that makes so many rows of one class, and none of any other."""
    asked = (("counts", ((label, counts[label] + size),)), ("ratio", RATIO.low))
    return Arm(strategy, holds_none_out(STRATEGIES[strategy]), asked)
