"""What a strategy does to training rows: how many of each class, where, and from which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.experiment.estimate import resample_seconds
from rebal_core.facts import TableFacts
from rebal_core.params import Counts
from rebal_core.preview.part import MOST_ROWS, TrainingPart
from rebal_core.rows import (
    DUPLICATE,
    GENERATED,
    ORIGINAL,
    ORIGINS,
    REMOVED,
    Ints,
    Recipe,
    TypedRows,
)
from rebal_core.samplers.generators.base import Generator
from rebal_core.strategies import STRATEGIES, Strategy, resample, strategy_of, weighed
from rebal_core.strategies.provenance import fits, removed
from rebal_core.wording import Text, Unsuitable

#: Seconds that a preview may take, as its steps promise; of slower ones fewer rows are looked at.
PROMISED_SECONDS = 0.3
FEWEST_ROWS = 1_500
#: Rows after a strategy, at most, where that can be had by looking at fewer.
MOST_AFTER = 40_000


@dataclass(frozen=True)
class Effect:
    """What one strategy does to the training rows of one fold.

    Parameters
    ----------
    part : TrainingPart
        The rows before.
    arm : Arm
        The strategy with its settings, on a classifier that holds no rows out.
    recipe : Recipe
        How each row after comes from those before.
    foretold : tuple of K int, optional
        Rows of each class after it in the whole training part, where its steps say so beforehand.
    """

    part: TrainingPart
    arm: Arm
    recipe: Recipe
    foretold: tuple[int, ...] | None = None

    @property
    def strategy(self) -> Strategy:
        """The strategy with its settings."""
        return strategy_of(self.arm)

    @cached_property
    def rows(self) -> TypedRows:
        """The rows after, prepared."""
        return self.part.typed.made(self.recipe)

    @property
    def starved(self) -> list[int]:
        """Classes of which this sample holds too few rows to show what the comparison does."""
        return _starved(self.strategy, self.part.counts, self.part.whole)

    @property
    def gone(self) -> Ints:
        """Positions of the rows before that are not among those after."""
        return removed(self.arm, self.recipe)[0]

    def classes(self) -> pd.DataFrame:
        """Return what becomes of each class, in rows, the most frequent class first.

        Returns
        -------
        DataFrame
            ``label``, ``before``, ``after``; of those before ``kept`` and ``removed``, of those
            that stay ``flagged`` and ``lighter`` (than most of their class); and how many were made
            of each origin: ``duplicate``, ``interpolated``, ``generated``.
        """
        size, recipe = len(self.part.labels.classes), self.recipe
        own = recipe.origin == ORIGINAL

        def per_class(chosen: Any) -> Ints:
            return np.bincount(recipe.label[chosen], minlength=size)

        flag = np.zeros(len(recipe), dtype=bool) if recipe.flag is None else recipe.flag
        before, kept = np.array(self.part.counts), per_class(own)
        made = {
            ORIGINS[code]: per_class(recipe.origin == code) for code in range(DUPLICATE, REMOVED)
        }
        return pd.DataFrame(
            {
                "label": self.part.labels.classes,
                "before": before,
                "after": per_class(slice(None)),
                "kept": kept,
                "removed": np.bincount(self.part.typed.y[self.gone], minlength=size),
                "flagged": per_class(flag),
                "lighter": per_class(own & _lighter(recipe)),
                **{name: rows for name, rows in made.items() if rows.any()},
            }
        )

    def scaled_up(self) -> pd.DataFrame:
        """Return :meth:`classes`, told of the whole training part.

        Of a sample an estimate, but for what is known beforehand.
        """
        frame = self.classes()
        if not self.part.sampled:
            return frame
        factor = np.array(self.part.whole) / np.maximum(self.part.counts, 1)
        made = [name for name in ORIGINS[DUPLICATE:REMOVED] if name in frame]
        for name in frame.columns.drop(["label", *made]):
            frame[name] = np.rint(frame[name] * factor).astype(np.int64)
        after = frame["after"] if self.foretold is None else np.array(self.foretold)
        added = frame[made].sum(axis=1)
        frame["kept"] = np.where(added > 0, np.minimum(frame["kept"], after), after)
        frame["after"], frame["removed"] = after, frame["before"] - frame["kept"]
        left = after - frame["kept"]
        for name in made:
            frame[name] = np.rint(left * frame[name] / np.maximum(added, 1)).astype(np.int64)
        return frame

    def shares(self) -> pd.DataFrame:
        """Return the share of each class by the weights of its rows, before and after."""
        size = len(self.part.labels.classes)
        before = np.bincount(self.part.typed.y, self.part.typed.weight, minlength=size)
        after = np.bincount(self.rows.y, self.rows.weight, minlength=size)
        return pd.DataFrame(
            {
                "label": self.part.labels.classes,
                "before": before / before.sum(),
                "after": after / after.sum(),
            }
        )

    def takes(self) -> list[tuple[str, Text, Ints]]:
        """Return each step that took rows away: its name, which rows, and how many of each class.

        Returns
        -------
        list of (str, Text, ndarray of K int)
        """
        if self.recipe.removed_by is None:
            return []
        size, by = len(self.part.labels.classes), self.recipe.removed_by
        return [
            (step.name, step.goes, np.bincount(self.part.typed.y[by == place], minlength=size))
            for place, step in enumerate(self.strategy.samplers)
            if (by == place).any()
        ]

    def parents(self, row: int) -> tuple[Ints, str | None]:
        """Return the positions of the rows before that a row after comes from.

        Returns
        -------
        positions : ndarray of 0, 1 or 2 int
            None of a row that was drawn.
        fit : str or None
            From which fit it was drawn, where it was.
        """
        recipe = self.recipe
        if recipe.origin[row] == GENERATED:
            told = fits(self.arm, recipe.take(np.array([row])), self.part.labels.classes,
                        self.part.seed)  # fmt: skip
            return np.zeros(0, dtype=np.int64), told[0] if told else None
        pair = np.array([recipe.base[row], recipe.mate[row]])
        return pair[pair >= 0], None

    def restored(self, row: int) -> pd.Series:
        """Return a row after in the user's own columns."""
        one = self.recipe.take(np.array([row]))
        frame = self.part.preparation.restore(self.part.frame, one, self.part.rows)
        # Ours stand last; the user may have columns of the same names.
        return frame.iloc[0, : self.part.frame.shape[1]]


def _lighter(recipe: Recipe) -> NDArray[np.bool_]:
    """Tell which rows weigh less than most of their class."""
    if recipe.weight is None:
        return np.zeros(len(recipe), dtype=bool)
    usual = np.ones(int(recipe.label.max()) + 1)
    for label in np.unique(recipe.label).tolist():
        usual[label] = np.median(recipe.weight[recipe.label == label])
    return np.asarray(recipe.weight < usual[recipe.label] * (1 - 1e-9))


def effect_of(
    part: TrainingPart, strategy: str, params: Mapping[str, Any] | None = None
) -> Effect | None:
    """Return what a strategy does to training rows; None where it changes and weighs none.

    Parameters
    ----------
    part : TrainingPart
    strategy : str
        Registered name.
    params : mapping, optional
        What is set of it, as :class:`rebal_core.arm.Arm` holds it. Rows that a class was asked for
        are those of the whole training part; of a sample as large a part of them is made.

    Raises
    ------
    Unsuitable
        When these rows cannot be served.
    """
    spec = STRATEGIES[strategy]
    if not spec.changes_rows and spec.weights is None:
        return None
    set_to = {name: _thinned(spec, name, v, part) for name, v in (params or {}).items()}
    arm = Arm(strategy, holds_none_out(spec), tuple(sorted(set_to.items())))
    recipe = resample(arm, part.typed, part.graphs, seed=part.seed)
    size = len(part.labels.classes)
    recipe = weighed(arm, part.typed, recipe, seed=part.seed, n_classes=size)
    if recipe is None or not len(recipe):
        raise Unsuitable("Nothing would be left of the training rows; choose other settings.")
    return Effect(part, arm, recipe, _foretold(spec, params or {}, part))


def _foretold(
    spec: Strategy, params: Mapping[str, Any], part: TrainingPart
) -> tuple[int, ...] | None:
    """Return the rows of each class that a strategy says it leaves of the whole training part."""
    if not all(step.foretells for step in spec.samplers):
        return None
    arm = Arm(spec.name, holds_none_out(spec), tuple(sorted(params.items())))
    return strategy_of(arm).counts_after(part.whole)


def rows_to_look_at(
    strategy: str, facts: TableFacts, params: Mapping[str, Any] | None = None
) -> tuple[int, float]:
    """Return at how many training rows a preview looks, so that it is there at once.

    Parameters
    ----------
    strategy : str
        Registered name.
    facts : TableFacts
        Of the whole table.
    params : mapping, optional
        What is set of it, as :class:`rebal_core.arm.Arm` holds it.

    Returns
    -------
    rows : int
    seconds : float
        That the steps promise for so many; above :data:`PROMISED_SECONDS` even few are slow.
    """
    spec = STRATEGIES[strategy]
    asked = {n: v for n, v in (params or {}).items() if not isinstance(spec.parameters[n], Counts)}
    arm = Arm(strategy, holds_none_out(spec), tuple(sorted(asked.items())))
    rows = MOST_ROWS
    while True:
        part = _part(facts, rows)
        seconds = resample_seconds(arm, part, 1.0)
        seconds += 0.0 if spec.weights is None else spec.weights.seconds(part)
        few = strategy_of(arm).rows_left(part) <= MOST_AFTER
        if (few and seconds <= PROMISED_SECONDS) or rows <= FEWEST_ROWS:
            return rows, seconds
        if _starved(spec, _part(facts, rows // 2).counts, facts.counts):
            return rows, seconds
        rows //= 2


def _part(facts: TableFacts, rows: int) -> TableFacts:
    """Return what is known of so many rows, every class thinned alike."""
    counts = [min(n, -(-n * rows // facts.rows)) for n in facts.counts]
    return replace(facts.of_counts(counts), training=1.0)


def _starved(strategy: Strategy, now: Sequence[int], whole: Sequence[int]) -> list[int]:
    """Return the classes of which a sample leaves a step fewer rows than it wants.

    Other words, or another way to make rows, would then stand for what the comparison does.
    """
    learners = (step for step in strategy.samplers if isinstance(step, Generator))
    wants = max((step.plenty for step in learners), default=0)
    most = max(whole)  # the most frequent class grows by nothing
    pairs = enumerate(zip(now, whole, strict=True))
    return [k for k, (n, all_) in pairs if n < min(wants, all_) and all_ < most]


def holds_none_out(strategy: Strategy) -> str:
    """Return a classifier that the strategy serves and that holds no training rows out."""
    return next((c for c in strategy.serves if not CLASSIFIERS[c].holds_out), strategy.serves[0])


def _thinned(strategy: Strategy, name: str, value: Any, part: TrainingPart) -> Any:
    """Return rows that classes were asked for as large a part as the sample is of its class."""
    if not isinstance(strategy.parameters[name], Counts) or not value or not part.sampled:
        return value
    now, whole = part.counts, part.whole
    return tuple((k, max(1, round(n * now[k] / max(whole[k], 1)))) for k, n in value)
