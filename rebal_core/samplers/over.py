"""What samplers share that grow classes: all rows stay, and each class gets the rows it lacks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import numpy as np

from rebal_core.facts import TableFacts
from rebal_core.params import Number, Param
from rebal_core.rows import Ints, Recipe
from rebal_core.samplers.base import COUNTS, KEEP_PREVALENCE, RATIO, ToCounts
from rebal_core.samplers.chain import keeping_shares
from rebal_core.step import Fold
from rebal_core.wording import Text

#: Partners of plain SMOTE, where another way of growing a class gives up.
FALLBACK_NEIGHBORS = 5

K_NEIGHBORS = Number(
    "k_neighbors",
    "Neighbours k",
    "How many near rows of the class may be a partner.",
    5,
    1,
    100,
)


class OverSampler(ToCounts):
    """Base of samplers that grow classes; a subclass says in :meth:`grow` how one is grown.

    Attributes
    ----------
    fewest : int
        Rows that a class needs to be grown from; those of a smaller one are copied, with a note.
    why : Text
        Why :meth:`grow` may give up on a class.
    """

    slot = "over"
    direction = "over"
    parameters: ClassVar[tuple[Param, ...]] = (RATIO, COUNTS, KEEP_PREVALENCE)
    later: ClassVar[tuple[str, ...]] = (KEEP_PREVALENCE.name,)
    fewest: ClassVar[int] = 2
    why: ClassVar[Text] = Text("")
    keep_prevalence: bool

    @abstractmethod
    def grow(self, fold: Fold, label: int, size: int) -> Recipe | None:
        """Return so many rows more of one class; None where it takes plain SMOTE instead."""

    def grower(self, fold: Fold) -> Callable[[int, int], Recipe | None]:
        """Return :meth:`grow` of a fold; what is the same for all its classes is done here."""
        return partial(self.grow, fold)

    def instead(self, fold: Fold, label: int, size: int) -> Recipe:
        """Return rows by plain SMOTE, of a class on which :meth:`grow` gives up."""
        return between_neighbors(fold, label, FALLBACK_NEIGHBORS, size)

    def recipe(self, fold: Fold) -> Recipe:
        """Keep all rows and add the made ones, class by class."""
        y, now = fold.rows.y, np.array(fold.counts)
        after = np.array(self.counts_after(fold.counts))
        parts, grow = [Recipe.kept(np.arange(len(y)), y)], self.grower(fold)
        lonely, fallen = list[int](), list[int]()
        for label in np.flatnonzero(after > now).tolist():
            members, size = fold.members(label), int(after[label] - now[label])
            if len(members) < self.fewest:
                parts.append(Recipe.copies(np.resize(members, size), y))
                lonely.append(label)
                continue
            grown = grow(label, size)
            if grown is None:
                grown = self.instead(fold, label, size)
                fallen.append(label)
            parts.append(grown)
        made = Recipe.join(parts)
        made = made.noted(_lonely_note(fold, lonely)) if lonely else made
        made = made.noted(_fallen_note(fold, fallen, self.why)) if fallen else made
        return keeping_shares(made, fold.rows) if self.keep_prevalence else made

    def draw_settings(self) -> dict[str, Any]:
        """Return the settings that its rows follow from; how they weigh changes none."""
        return {k: v for k, v in self.settings().items() if k != KEEP_PREVALENCE.name}

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when no rarer class has the rows to make others from."""
        if max(sorted(facts.counts)[:-1], default=0) >= self.fewest:
            return None
        return Text(
            "Every rarer class has only one row, and two are needed to make others; choose "
            "{strategy}.",
            {"strategy": "random_over"},
        )


def between_neighbors(fold: Fold, label: int, k: int, size: int) -> Recipe:
    """Return rows between random rows of a class and one of their k nearest of the class."""
    _, mates = fold.neighbors.within(label, k)
    return between(fold, fold.members(label), np.asarray(mates), size)


def between(fold: Fold, bases: Ints, mates: Ints, size: int) -> Recipe:
    """Return rows between random bases and one of the mates of each.

    Parameters
    ----------
    bases : ndarray of shape (n,)
    mates : ndarray of shape (n, k)
    """
    row, column = np.divmod(fold.rng.integers(0, mates.size, size), mates.shape[1])
    return Recipe.pairs(bases[row], mates[row, column], fold.rows.y, fold.rng)


def _lonely_note(fold: Fold, labels: list[int]) -> Text:
    if len(labels) == 1:
        return Text(
            "“{cls}” has one training row, which was copied: there is no neighbour.",
            {"cls": fold.rows.reading.called(labels[0])},
        )
    return Text(
        "{classes} classes of one training row were copied: there is no neighbour.",
        {"classes": len(labels)},
    )


def _fallen_note(fold: Fold, labels: list[int], why: Text) -> Text:
    if len(labels) == 1:
        named = fold.rows.reading.called(labels[0])
        return Text("“{cls}” was grown by plain SMOTE: {why}.", {"cls": named, "why": why})
    return Text(
        "{classes} classes were grown by plain SMOTE: {why}.", {"classes": len(labels), "why": why}
    )
