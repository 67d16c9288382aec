"""Random oversampling and undersampling."""

from __future__ import annotations

import numpy as np

from rebal_core.facts import TableFacts
from rebal_core.rows import Recipe
from rebal_core.samplers.base import Counts, ToCounts
from rebal_core.samplers.over import OverSampler
from rebal_core.step import Fold
from rebal_core.wording import Text

#: A class of fewer rows than this makes an undersampled set too small to learn from,
FEWEST = 5
#: unless that many rows of all classes are left, and half of the table.
FEWEST_LEFT = 20


class RandomOver(OverSampler):
    """Repeat rows of the rarer classes, drawn with replacement.

    Parameters
    ----------
    ratio : float
        Rows of each rarer class per row of the most frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio. Of :meth:`fit_resample`: by the labels of y.
    keep_prevalence : bool
        Whether all rows of a class share the weight that it had.
    random_state : int, optional
        For :meth:`fit_resample` alone.
    """

    makes = "duplicate"
    measures = False
    fewest = 1

    def __init__(
        self,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state

    def grow(self, fold: Fold, label: int, size: int) -> Recipe:
        """Return copies of rows of the class."""
        members = fold.members(label)
        return Recipe.copies(members[fold.rng.integers(0, len(members), size)], fold.rows.y)


class RandomUnder(ToCounts):
    """Keep a random part of the more frequent classes, drawn without replacement.

    Parameters
    ----------
    ratio : float
        Rows of the rarest class per row of each more frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio. Of :meth:`fit_resample`: by the labels of y.
    random_state : int, optional
        For :meth:`fit_resample` alone.
    """

    slot = "under"
    direction = "under"
    measures = False
    goes = Text("rows drawn by lot")

    def __init__(
        self, ratio: float = 1.0, counts: Counts = None, random_state: int | None = None
    ) -> None:
        self.ratio = ratio
        self.counts = counts
        self.random_state = random_state

    def recipe(self, fold: Fold) -> Recipe:
        """Keep rows in their order."""
        parts = [
            fold.rng.choice(fold.members(label), size=size, replace=False)
            for label, size in enumerate(self.counts_after(fold.counts))
        ]
        kept = Recipe.kept(np.sort(np.concatenate(parts)), fold.rows.y)
        if len(kept) == len(fold.rows) and fold.origin.any():
            return kept.noted(_idle_note())
        return kept

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when cutting every class to the rarest would leave next to nothing."""
        return too_few_to_cut(facts, dict(self.counts or ()))


def _idle_note() -> Text:
    return Text(
        "The undersampling left nothing out, because the step before it had balanced the classes "
        "as far: give the oversampling a smaller ratio than the undersampling."
    )


def too_few_to_cut(facts: TableFacts, asked: dict[int, int] | None = None) -> Text | None:
    """Tell when cutting every class to the rarest would leave next to nothing.

    Parameters
    ----------
    facts : TableFacts
    asked : mapping of label code to rows, optional
        What the user asks for is not ours to refuse: only the other classes are cut to the rarest.
    """
    asked = asked or {}
    rarest = min(n for n in facts.counts if n)
    unasked = [n for code, n in enumerate(facts.counts) if code not in asked]
    left = sum(asked.values()) + sum(min(n, rarest) for n in unasked)
    enough = left >= max(FEWEST_LEFT, facts.rows / 2)
    if rarest >= FEWEST or enough or max(unasked, default=0) <= rarest:
        return None
    return Text(
        "The rarest class has {rarest} rows, and cutting every class to that would leave {left} of "
        "{rows:,} rows; choose oversampling or class weights.",
        {"rarest": rarest, "left": left, "rows": facts.rows},
    )
