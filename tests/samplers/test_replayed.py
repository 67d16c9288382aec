"""Our draws, handed to imbalanced-learn, give its rows: so steps, order and neighbours are its."""

from __future__ import annotations

import imblearn.over_sampling
import imblearn.under_sampling
import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from rebal_core.rows import Layout, TypedRows
from rebal_core.samplers import ADASYN, ENN, SMOTE, BorderlineSMOTE, Graphs, fold_of, nearest
from rebal_core.samplers.tomek import Tomek

SIZES = (300, 60, 25)


def table(seed: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return three classes that overlap; no two distances from a row are as good as equal."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(SIZES)), SIZES)
    rng.shuffle(y)
    X = rng.normal(size=(len(y), width)) + 0.7 * y[:, None]
    gaps = np.sort(cdist(X, X), axis=1)
    assert (np.diff(gaps, axis=1) > 1e-9 * gaps[:, 1:]).all(), "no ties"
    return X, y


class Replayed(np.random.RandomState):
    """A RandomState that answers imbalanced-learn from our own generator.

    Towards a row of another class we draw the step, then the part of it that is gone. It asks for
    the part last and as one number, and a half and twice our step are as good: exactly so, since
    both are powers of two.
    """

    def __init__(self, seed: int, crossing: np.ndarray | None = None) -> None:
        super().__init__(0)
        self.source = np.random.default_rng(seed)
        self.crossing = crossing
        self.at = 0

    def randint(self, low, high, size):
        return self.source.integers(low, high, size)

    def choice(self, a, size):
        return self.source.integers(0, a, size)

    def uniform(self, low=0.0, high=1.0, size=None):
        if (low, high) == (0.0, 0.5):
            return np.full(size, 0.5)
        count = np.atleast_1d(size)[0]
        steps = self.source.random(count, dtype=np.float32)
        self.source.random(count)  # the choice of the parent that gives the categories
        if self.crossing is not None:
            here = self.crossing[self.at : self.at + count]
            self.at += count
            half = np.float32(0.5) * self.source.random(here.sum(), dtype=np.float32)
            steps[here] *= half
            steps[here] *= 2
        return steps.astype(np.float64).reshape(size)


PAIRS = {
    "smote": (SMOTE(random_state=7), imblearn.over_sampling.SMOTE()),
    "smote of nine": (SMOTE(9, random_state=7), imblearn.over_sampling.SMOTE(k_neighbors=9)),
    "borderline-1": (BorderlineSMOTE(random_state=7), imblearn.over_sampling.BorderlineSMOTE()),
    "borderline-2": (
        BorderlineSMOTE(kind="borderline-2", random_state=7),
        imblearn.over_sampling.BorderlineSMOTE(kind="borderline-2"),
    ),
    "adasyn": (ADASYN(random_state=7), imblearn.over_sampling.ADASYN()),
}


@pytest.mark.parametrize("width", [4, 14])
@pytest.mark.parametrize("name", PAIRS)
def test_the_rows_are_imbalanced_learn_s(name, width) -> None:
    X, y = table(width, width)
    ours, theirs = PAIRS[name]
    seed = np.random.RandomState(7).randint(2**31)
    crossing = None
    if ours.crosses:
        recipe = recipe_on(ours, X, y, seed)
        made = recipe.mate >= 0
        crossing = (y[recipe.mate] != y[recipe.base])[made]
        assert 0.2 < crossing.mean() < 0.9
        assert (recipe.step[made][crossing] < 0.5).all()
    expected, labels = theirs.set_params(random_state=Replayed(seed, crossing)).fit_resample(X, y)
    got, got_labels = ours.fit_resample(X, y)
    assert len(got) > len(X) + 300
    assert np.array_equal(got, expected)
    assert np.array_equal(got_labels, labels)
    assert hasattr(ours, "sample_indices_") == hasattr(theirs, "sample_indices_")


def recipe_on(sampler, X, y, seed):
    names = tuple(f"x{j}" for j in range(X.shape[1]))
    codes = np.zeros((len(X), 0), dtype=np.int32)
    rows = TypedRows(X.astype(np.float32), codes, y, Layout(numbers=names, players=names))
    return sampler.recipe(fold_of(rows, seed, Graphs(X, y)))


@pytest.mark.parametrize("width", [3, 11])
def test_of_equal_distances_another_row_may_be_taken_and_the_counts_stay(width) -> None:
    """With ties scikit-learn's own searches differ; distances do not, and classes hardly."""
    rng = np.random.default_rng(width)
    y = np.repeat([0, 1], [1700, 300])
    X = rng.normal(size=(len(y), width)) + 1.5 * y[:, None]
    copied = rng.choice(len(y), 800, replace=False)
    source = rng.integers(0, len(y), 800)
    X[copied], y[copied] = X[source], y[source]
    theirs = NearestNeighbors(n_neighbors=6).fit(X)
    gaps, near = theirs.kneighbors(X)
    np.testing.assert_allclose(nearest(X, 5)[0], gaps[:, 1:], rtol=0, atol=1e-9)
    assert (near[:, 1:] != nearest(X, 5)[1]).any(axis=1).mean() > 0.2, "other rows"
    pairs = [
        (SMOTE(random_state=0), imblearn.over_sampling.SMOTE(random_state=0)),
        (BorderlineSMOTE(random_state=0), imblearn.over_sampling.BorderlineSMOTE(random_state=0)),
        (ENN(classes="others"), imblearn.under_sampling.EditedNearestNeighbours()),
        (Tomek(), imblearn.under_sampling.TomekLinks()),
    ]
    for ours, other in pairs:
        got, expected = (np.bincount(s.fit_resample(X, y)[1]) for s in (ours, other))
        np.testing.assert_allclose(got, expected, rtol=0.01)


def test_handed_our_neighbours_imbalanced_learn_makes_our_rows_with_ties_too() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [300, 80])
    X = rng.integers(0, 3, size=(len(y), 4)) + 0.5 * y[:, None]
    ours, seed = SMOTE(random_state=7), np.random.RandomState(7).randint(2**31)

    class Handed(NearestNeighbors):
        """Answers with the rows themselves, then our neighbours of them."""

        def kneighbors(self, points, return_distance=False):
            return np.column_stack([np.arange(len(points)), nearest(points, 5)[1]])

    theirs = imblearn.over_sampling.SMOTE(k_neighbors=Handed(n_neighbors=6))
    theirs.set_params(random_state=Replayed(seed))
    assert np.array_equal(ours.fit_resample(X, y)[0], theirs.fit_resample(X, y)[0])
