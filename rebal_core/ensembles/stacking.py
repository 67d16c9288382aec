"""A model that learns from what other models say of rows that they have not seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

# Named one by one, so that a result knows which of them it depends on.
from rebal_core.classifiers import hist_gradient_boosting, logistic, random_forest
from rebal_core.classifiers.base import CLASSIFIERS, Classifier
from rebal_core.classifiers.encode import ordinal
from rebal_core.data.split import group_folds, time_blocks
from rebal_core.ensembles.model import learn, load_members, save_members
from rebal_core.facts import TableFacts
from rebal_core.model import Explains, FitJob, Model
from rebal_core.params import Choice, Number
from rebal_core.rows import Floats, Ints, TypedRows
from rebal_core.seeding import child_seed
from rebal_core.step import Ensemble
from rebal_core.wording import Text, Unsuitable, UserError

_BASES = {
    spec.name: spec
    for spec in (
        logistic.logistic,
        random_forest.random_forest,
        hist_gradient_boosting.hist_gradient_boosting,
    )
}
OVER = Choice(
    "over",
    "Models that are stacked",
    "What each of these says of rows that it has not seen is what the last model learns from.",
    "logistic+random_forest+hist_gradient_boosting",
    (
        ("logistic+random_forest+hist_gradient_boosting", "logistic, forest and boosting"),
        ("logistic+hist_gradient_boosting", "logistic and boosting"),
        ("logistic+random_forest", "logistic and forest"),
        ("random_forest+hist_gradient_boosting", "forest and boosting"),
    ),
)
FOLDS = Number(
    "folds",
    "Folds",
    "The training rows are split into so many; each model is fitted once for each, and once more.",
    5,
    2,
    20,
)
#: Probabilities below tell no more than this.
_LEAST = 1e-4


class Stacking(Ensemble):
    """Stack several classifiers; the last model is a logistic regression.

    Parameters
    ----------
    over : str
        Names of classifiers, joined by ``+``.
    folds : int
        Within the training rows.

    References
    ----------
    Wolpert (1992), Stacked generalization, Neural Networks 5, 241-259.
    """

    parameters = (OVER, FOLDS)

    def __init__(self, over: str = OVER.default, folds: int = 5) -> None:
        self.over = over
        self.folds = folds

    @property
    def _bases(self) -> list[Classifier]:
        return [_BASES[name] for name in self.over.split("+")]

    def build(self, base: Callable[[int], Model] | None, seed: int) -> StackingModel:
        """Return an unfitted model; it has classifiers of its own."""
        sets = [
            [spec.build(seed=child_seed(seed, spec.name, k)) for spec in self._bases]
            for k in range(self.folds + 1)
        ]
        return StackingModel(sets[0], sets[1:], child_seed(seed, "folds"))

    def prior(self, shares: Floats, counts: tuple[int, ...]) -> Floats:
        """Return the class shares: they stay."""
        return shares

    def fit_seconds(self, facts: TableFacts, base: Callable[[TableFacts], float]) -> float:
        """Return the seconds of all fits."""
        part = facts.of_training(1 - 1 / self.folds)
        return sum(
            self.folds * spec.seconds(part, spec.params) + spec.seconds(facts, spec.params)
            for spec in self._bases
        )

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when a fold could hold one class only."""
        return None if sum(n > 1 for n in facts.of_training().counts) > 1 else _too_few()


def _too_few() -> Text:
    return Text(
        "Stacking splits the training rows again, and needs two rows, groups or times of at least "
        "two classes for that; choose {strategy}.",
        {"strategy": "bagging"},
    )


@dataclass
class StackingModel:
    """Classifiers, and a logistic regression on the log-odds that they say.

    Parameters
    ----------
    members : list of Model
        Fitted on all rows.
    inner : list of list of Model
        The same for each fold within the rows; gone once the model is fitted.
    seed : int
        Of the folds.
    n_classes : int
        K, known after the fit.
    classes_ : ndarray of shape (k,), int64
        Labels of the rows that the last model learned from.
    coef_ : ndarray of shape (1 or k, members * (k - 1))
    intercept_ : ndarray of shape (1 or k,)
    """

    kind: ClassVar[str] = "stacking"
    explains: ClassVar[Explains] = "permutation"

    members: list[Model]
    inner: list[list[Model]] = field(default_factory=list, repr=False)
    seed: int = 0
    n_classes: int = 0
    classes_: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    coef_: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    intercept_: Floats = field(default_factory=lambda: np.zeros(0))

    def fit(self, job: FitJob) -> None:
        """Fit on folds, learn from what is said of the rest, then fit on all rows.

        The folds keep groups together and times in order, as far as the rows know of them.
        """
        rows, weight = job.rows, job.weight
        self.n_classes = job.n_classes
        splits = inner_splits(rows, len(self.inner), np.random.default_rng(self.seed))
        told = np.zeros((len(rows), len(self.members), self.n_classes))
        for (taught, rest), models in zip(splits, self.inner, strict=False):
            for j, model in enumerate(models):
                learn(model, job, taught, weight)
                told[rest, j] = model.predict_proba(rows.take(rest))
        seen = np.sort(np.concatenate([rest for _taught, rest in splits]))
        self.classes_ = np.unique(rows.y[seen])
        if len(self.classes_) < 2:
            raise Unsuitable("{reason}", reason=_too_few())
        last = LogisticRegression(max_iter=1000)
        weights = None if weight is None else weight[seen]
        last.fit(self._odds(told[seen]), rows.y[seen], sample_weight=weights)
        self.coef_, self.intercept_ = last.coef_, last.intercept_
        for member in self.members:
            member.fit(job)
        self.inner = []

    def predict_proba(self, rows: TypedRows) -> Floats:
        """Return probabilities over all K classes."""
        told = np.stack([member.predict_proba(rows) for member in self.members], axis=1)
        margin = self._odds(told) @ self.coef_.T + self.intercept_
        if margin.shape[1] == 1:
            margin = np.hstack([np.zeros_like(margin), margin])
        # Of classes that no fold asked about the members alone know.
        proba = told.mean(axis=1)
        proba[:, self.classes_] = 0.0
        proba[:, self.classes_] = softmax(margin, axis=1) * (1 - proba.sum(axis=1, keepdims=True))
        return np.asarray(proba)

    def _odds(self, told: Floats) -> Floats:
        """Return log-odds against the first class that there is, shape (n, members * (k - 1)).

        Parameters
        ----------
        told : ndarray of shape (n, members, K)
        """
        logs = np.log(np.maximum(told[:, :, self.classes_], _LEAST))
        return np.asarray((logs[:, :, 1:] - logs[:, :, :1]).reshape(len(told), -1))

    def save(self, folder: Path) -> dict[str, Any]:
        """Write every member into a folder of its own; the last model goes into JSON."""
        return {
            "n_classes": self.n_classes,
            "classes": self.classes_.tolist(),
            "coef": self.coef_.tolist(),
            "intercept": self.intercept_.tolist(),
            "members": save_members(self.members, folder),
        }

    @classmethod
    def load(
        cls, folder: Path, about: Mapping[str, Any], trusted: tuple[str, ...]
    ) -> StackingModel:
        """Rebuild what :meth:`save` wrote."""
        members = load_members(folder, about["members"], trusted)
        n_classes, classes = about["n_classes"], np.array(about["classes"], dtype=np.int64)
        coef = np.array(about["coef"], dtype=np.float64)
        intercept = np.array(about["intercept"], dtype=np.float64)
        outputs = 1 if len(classes) == 2 else len(classes)
        width = len(members) * (len(classes) - 1)
        if coef.shape != (outputs, width) or intercept.shape != (outputs,):
            raise ValueError("a last model of other models")
        if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
            raise ValueError("a last model without numbers")
        model = StackingModel(members, n_classes=n_classes)
        model.classes_, model.coef_, model.intercept_ = classes, coef, intercept
        return model


def inner_splits(rows: TypedRows, folds: int, rng: np.random.Generator) -> list[tuple[Ints, Ints]]:
    """Return which rows teach and which are asked, as a comparison would split the rows.

    With a time the rows asked are later than those that teach, and of other groups; with a group
    they are of other groups; else as :func:`inner_folds`. Splits of which one class alone would
    teach are left out.

    Raises
    ------
    Unsuitable
        When none is left.
    """
    groups, times = _groups(rows), rows.role("time")
    if times is not None and np.unique(times[times == times]).size > 1:
        block = time_blocks(np.nan_to_num(times, nan=-np.inf), folds + 1)
        found = [
            (np.flatnonzero(block < k), np.flatnonzero(block == k)) for k in range(1, folds + 1)
        ]
        if groups is not None:
            found = [(a[~np.isin(groups[a], groups[b])], b) for a, b in found]
    else:
        place = (
            inner_folds(rows, folds, rng) if groups is None else _apart(rows, groups, folds, rng)
        )
        found = [(np.flatnonzero(place != k), np.flatnonzero(place == k)) for k in range(folds)]
    found = [(a, b) for a, b in found if b.size and np.unique(rows.y[a]).size > 1]
    if not found:
        raise Unsuitable("{reason}", reason=_too_few())
    return found


def _groups(rows: TypedRows) -> Ints | None:
    """Return the group of each row; one without a group stands with its copies alone."""
    groups = rows.role("group")
    if groups is None:
        return None
    missing = np.isnan(groups)
    codes = np.where(missing, -1, groups).astype(np.int64)
    if missing.any():
        codes[missing] = codes.max() + 1 + _alike(rows)[0][missing]
    return np.asarray(codes)


def _apart(rows: TypedRows, groups: Ints, folds: int, rng: np.random.Generator) -> Ints:
    """Return folds of whole groups, as many as there are groups for; -1 only teaches."""
    for some in range(folds, 1, -1):
        with suppress(UserError):
            return group_folds(rows.y, some, groups, rng)
    raise Unsuitable("{reason}", reason=_too_few())


def _alike(rows: TypedRows) -> tuple[Ints, Ints]:
    """Return a number for each row, the same for copies, and the first row of each number."""
    values = np.ascontiguousarray(ordinal(rows) + np.float32(0))  # -0 is 0
    values = values.view(np.dtype((np.void, values.dtype.itemsize * values.shape[1])))[:, 0]
    _, first, which = np.unique(values, return_index=True, return_inverse=True)
    return which, first


def inner_folds(rows: TypedRows, folds: int, rng: np.random.Generator) -> Ints:
    """Return the fold of each row: as many of each class in each, and copies of a row together.

    A copy on the other side would make the model that learns by heart look best.
    """
    which, first = _alike(rows)
    place = np.zeros(len(first), dtype=np.int64)
    for label in np.unique(rows.y[first]):
        own = rng.permutation(np.flatnonzero(rows.y[first] == label))
        place[own] = (np.arange(len(own)) + rng.integers(folds)) % folds
    return np.asarray(place[which])


def _make(seed: int) -> StackingModel:
    return Stacking().build(None, seed)


stacked = CLASSIFIERS.add(
    Classifier(
        name="stacking",
        label="Stacked models",
        family="reference",  # nobody asks for it alone: the strategy brings it
        aliases=("stacked", "堆叠模型"),
        reference="Wolpert (1992), Stacked generalization, Neural Networks 5, 241-259",
        about="A logistic regression on what other models say of rows that they have not seen.",
        make=_make,
        explain="permutation",
    )
)
