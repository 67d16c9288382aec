"""SMOTE from the support vectors of a machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from rebal_core.facts import TableFacts
from rebal_core.params import Number
from rebal_core.rows import Ints, Recipe
from rebal_core.samplers.base import Counts
from rebal_core.samplers.border import M_NEIGHBORS, NearOthers, others_near
from rebal_core.samplers.over import K_NEIGHBORS, OverSampler, between
from rebal_core.step import Fold
from rebal_core.wording import Text

#: Processor seconds of the machine, of rows^2 x columns, and how many are too many.
SVM_SECONDS, MOST_SECONDS = 1e-9, 120.0


class SVMSMOTE(NearOthers):
    """SMOTE from the support vectors of a class.

    Where at least half of a support vector's near rows are of other classes, new rows lie between
    it and its partners; else they lie beyond it, away from its partners: so the class grows towards
    the border. One among other classes alone is noise.

    Parameters
    ----------
    k_neighbors : int
        Partners to choose from; a class of n rows has at most n - 1.
    m_neighbors : int
        Near rows of all classes that tell where a support vector lies.
    out_step : float
        How far beyond a row new ones may lie, in parts of the way to the partner.
    ratio : float
        Rows of each rarer class per row of the most frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio. Of :meth:`fit_resample`: by the labels of y.
    keep_prevalence : bool
        Whether all rows of a class share the weight that it had.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    Notes
    -----
    The machine has the defaults of scikit-learn's ``SVC``. Where all support vectors lie on one
    side, all rows are made from these (imbalanced-learn then makes about half of them); where all
    are noise, plain SMOTE makes them, and a note says so (imbalanced-learn raises).

    References
    ----------
    Nguyen, Cooper & Kamei (2011), Int. J. Knowledge Engineering and Soft Data Paradigms 3, 4-21.
    """

    parameters = (
        K_NEIGHBORS,
        M_NEIGHBORS,
        Number(
            "out_step",
            "Reach beyond a row",
            "How far beyond a row new ones may lie, in parts of the way to the partner.",
            0.5,
            0.0,
            1.0,
        ),
        *OverSampler.parameters,
    )
    why = Text("no support vector of it lies near its own class")

    def __init__(
        self,
        k_neighbors: int = 5,
        m_neighbors: int = 10,
        out_step: float = 0.5,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.k_neighbors = k_neighbors
        self.m_neighbors = m_neighbors
        self.out_step = out_step
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state

    @property
    def reach(self) -> tuple[float, float]:
        """From which step on a row may lie, and before which."""
        return -self.out_step, 1.0

    def grower(self, fold: Fold) -> Callable[[int, int], Recipe | None]:
        """Return how a class is grown, from the support vectors of one machine."""
        from sklearn.svm import SVC  # a slow import

        machine = SVC().fit(fold.neighbors.space, fold.rows.y)
        return partial(self._grow, fold, machine.support_.astype(np.int64))

    def grow(self, fold: Fold, label: int, size: int) -> Recipe | None:
        """Return rows between or beyond support vectors."""
        return self.grower(fold)(label, size)

    def _grow(self, fold: Fold, support: Ints, label: int, size: int) -> Recipe | None:
        own = support[fold.rows.y[support] == label]
        others = others_near(fold, own, label, self.m_neighbors)
        own, others = own[others < 1], others[others < 1]
        if not len(own):
            return None
        near = others >= 0.5
        inside = int(fold.rng.beta(10, 10) * (size + 1))
        inside = size if near.all() else inside if near.any() else 0
        made = [self._from(fold, label, own[near], inside, 1.0)]
        made.append(self._from(fold, label, own[~near], size - inside, -self.out_step))
        return Recipe.join(made)

    def _from(self, fold: Fold, label: int, bases: Ints, size: int, step: float) -> Recipe:
        if not size:
            return Recipe.kept(bases[:0], fold.rows.y)
        _, mates = fold.neighbors.within(label, self.k_neighbors)
        place = np.searchsorted(fold.members(label), bases)
        made = between(fold, bases, np.asarray(mates[place]), size)
        return replace(made, step=made.step * np.float32(step))

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of the machine, and of the searches."""
        return SVM_SECONDS * facts.rows**2 * facts.width + super().seconds(facts)

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell also when the machine would take too long."""
        if SVM_SECONDS * facts.rows**2 * facts.width > MOST_SECONDS:
            return Text(
                "A support vector machine takes too long for {rows:,} rows of {columns:,} columns; "
                "choose {strategy}.",
                {"rows": facts.rows, "columns": facts.width, "strategy": "borderline_smote"},
            )
        return super().limit(facts)
