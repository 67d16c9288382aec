"""Frequent rows stay that forests find easy."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from rebal_core.classifiers.random_forest import TREES, grow_seconds
from rebal_core.facts import TableFacts
from rebal_core.rows import Floats, Recipe
from rebal_core.samplers.base import COUNTS, RATIO, Counts, ToCounts
from rebal_core.samplers.random import too_few_to_cut
from rebal_core.step import Fold
from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.wording import Text

#: Above this the forests take many minutes.
MOST_ROWS = 200_000
FOLDS = 5


class InstanceHardness(ToCounts):
    """Keep the rows of the more frequent classes that forests find easiest.

    Each row is judged by a forest that has not seen it.

    Parameters
    ----------
    n_estimators : int
        Trees of each of the five forests.
    ratio : float
        Rows of the rarest class per row of each more frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio. Of :meth:`fit_resample`: by the labels of y.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    References
    ----------
    Smith, Martinez & Giraud-Carrier (2014), An instance level analysis of data complexity, Machine
    Learning 95, 225-256.
    """

    slot = "under"
    direction = "under"
    parameters = (TREES, RATIO, COUNTS)
    goes = Text("rows that a model finds hardest")

    def __init__(
        self,
        n_estimators: int = 100,
        ratio: float = 1.0,
        counts: Counts = None,
        random_state: int | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.ratio = ratio
        self.counts = counts
        self.random_state = random_state

    def recipe(self, fold: Fold) -> Recipe:
        """Return the rows that are left, in their order."""
        chance = self._chance(fold)
        kept = []
        for label, size in enumerate(self.counts_after(fold.counts)):
            members = fold.members(label)
            kept.append(members[np.argsort(-chance[members], kind="stable")[:size]])
        return Recipe.kept(np.sort(np.concatenate(kept)), fold.rows.y)

    def _chance(self, fold: Fold) -> Floats:
        """Return the probability of each row's own class, of a forest that has not seen it."""
        rows, y, rng = fold.rows, fold.rows.y, fold.rng
        blocks = [rows.numbers, rows.codes, rows.text_dense]
        values = np.hstack([b for b in blocks if b is not None]).astype(np.float32)
        part = np.zeros(len(y), dtype=np.int64)
        for label in np.unique(y).tolist():  # as many rows of every class in each part
            members = rng.permutation(fold.members(label))
            part[members] = (np.arange(len(members)) + rng.integers(FOLDS)) % FOLDS
        chance = np.zeros(len(y))
        for number in range(FOLDS):
            test = part == number
            forest = RandomForestClassifier(
                self.n_estimators, n_jobs=1, random_state=int(rng.integers(2**31))
            )
            if not test.any() or test.all():
                continue
            forest.fit(values[~test], y[~test])
            proba = forest.predict_proba(values[test])
            place = np.searchsorted(forest.classes_, y[test])
            known = np.isin(y[test], forest.classes_)
            chance[np.flatnonzero(test)[known]] = proba[np.flatnonzero(known), place[known]]
        return chance

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of growing the forests."""
        return FOLDS * grow_seconds(facts, self.n_estimators)

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when next to nothing would be left, or the forests take too long."""
        if facts.rows > MOST_ROWS:
            return Text(
                "Instance hardness grows five forests before the model, which takes too long for "
                "{rows:,} rows (at most {most:,}); choose {strategy}.",
                {"rows": facts.rows, "most": MOST_ROWS, "strategy": "random_under"},
            )
        return too_few_to_cut(facts, dict(self.counts or ()))


instance_hardness = STRATEGIES.add(
    Strategy(
        name="instance_hardness",
        label="Instance hardness threshold",
        family="under",
        reference="Smith, Martinez & Giraud-Carrier (2014), An instance level analysis of data "
        "complexity, Machine Learning 95, 225-256",
        aliases=(
            "iht",
            "instance_hardness_threshold",
            "实例难度",
            "实例硬度阈值",
            "样本难度欠采样",
        ),
        about="The frequent rows stay that forests which have not seen them find easiest. Clears "
        "away what overlaps with the rare class.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Judging each row by a model that was fitted on it: every row then looks easy. "
        "And testing on what is left, from which the hard rows are gone.",
        steps=(InstanceHardness(),),
        fast={"n_estimators": 10},
    )
)
