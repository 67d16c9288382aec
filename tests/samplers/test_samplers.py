"""Recipes: the counts asked for, parents of the right class, and imbalanced-learn's own rows."""

from __future__ import annotations

import pickle

import imblearn.combine
import imblearn.over_sampling
import imblearn.under_sampling
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from rebal_core.rows import DUPLICATE, INTERPOLATED, ORIGINAL, Layout, TypedRows
from rebal_core.samplers import (
    ADASYN,
    ENN,
    MGS,
    ROSE,
    SMOTE,
    SMOTEENN,
    SVMSMOTE,
    BorderlineSMOTE,
    KMeansSMOTE,
    OverSampler,
    RandomOver,
    RandomUnder,
    counts_after,
    fold_of,
)
from rebal_core.samplers.nominal import SMOTEN, SMOTENC
from rebal_core.wording import Unsuitable

SAMPLERS = [
    RandomOver(),
    RandomUnder(),
    SMOTE(),
    SMOTEENN(),
    BorderlineSMOTE(),
    BorderlineSMOTE(kind="borderline-2"),
    ADASYN(),
    ROSE(),
    MGS(),
    SMOTENC(),
    SMOTEN(),
    SVMSMOTE(),
    KMeansSMOTE(min_share=0.2),
]
#: Those that make exactly the rows asked for.
GROWING = [s for s in SAMPLERS if isinstance(s, OverSampler) and not isinstance(s, ADASYN)]


def rows_of(counts: list[int], seed: int = 0, width: int = 3) -> TypedRows:
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts)
    rng.shuffle(y)
    names = tuple(f"x{j}" for j in range(width))
    return TypedRows(
        numbers=(rng.normal(size=(len(y), width)) + y[:, None]).astype(np.float32),
        codes=rng.integers(-1, 3, size=(len(y), 1)).astype(np.int32),
        y=y,
        layout=Layout(numbers=names, codes=("c",), cardinalities=(3,), players=names),
    )


def recipe_of(sampler, rows: TypedRows, seed: int = 0):
    return sampler.recipe(fold_of(rows, seed))


counts_of = st.lists(st.integers(1, 30), min_size=2, max_size=5)


@settings(max_examples=60, deadline=None)
@given(counts=counts_of, ratio=st.floats(0.05, 1.0), seed=st.integers(0, 9))
def test_oversampling_makes_the_counts_asked_for(counts, ratio, seed) -> None:
    rows = rows_of(counts, seed)
    expected = [max(n, round(ratio * max(counts))) for n in counts]
    for sampler in (RandomOver(), SMOTE(), GROWING[seed % len(GROWING)]):
        recipe = recipe_of(clone(sampler).set_params(ratio=ratio), rows, seed)
        assert np.bincount(rows.y[recipe.base]).tolist() == expected
        assert recipe.base[: len(rows)].tolist() == list(range(len(rows)))
        assert (recipe.origin[: len(rows)] == ORIGINAL).all()
        assert (recipe.origin[len(rows) :] != ORIGINAL).all()


@settings(max_examples=60, deadline=None)
@given(counts=counts_of, ratio=st.floats(0.05, 1.0), seed=st.integers(0, 9))
def test_undersampling_keeps_the_counts_asked_for(counts, ratio, seed) -> None:
    rows = rows_of(counts, seed)
    recipe = recipe_of(RandomUnder(ratio), rows, seed)
    expected = [min(n, max(1, round(min(counts) / ratio))) for n in counts]
    assert np.bincount(rows.y[recipe.base]).tolist() == expected
    assert len(np.unique(recipe.base)) == len(recipe)
    assert (recipe.origin == ORIGINAL).all()


@settings(max_examples=60, deadline=None)
@given(
    counts=counts_of,
    sampler=st.sampled_from(SAMPLERS),
    k=st.integers(1, 6),
    seed=st.integers(0, 9),
)
def test_every_recipe_is_valid(counts, sampler, k, seed) -> None:
    rows = rows_of(counts, seed)
    if "k_neighbors" in sampler.get_params():
        sampler = clone(sampler).set_params(k_neighbors=k)
    recipe = recipe_of(sampler, rows, seed)
    size = len(rows)
    assert ((recipe.base >= 0) & (recipe.base < size)).all()
    assert ((recipe.mate >= -1) & (recipe.mate < size)).all()
    pairs = recipe.mate >= 0
    assert (recipe.label == rows.y[recipe.base]).all()
    assert sampler.crosses or (rows.y[recipe.base[pairs]] == rows.y[recipe.mate[pairs]]).all()
    assert (recipe.base[pairs] != recipe.mate[pairs]).all()
    assert (pairs == (recipe.origin == INTERPOLATED)).all()
    assert (recipe.step[~pairs] == 0).all()
    low, high = sampler.reach
    assert ((recipe.step >= low) & (recipe.step < high)).all()
    assert not recipe.pick[~pairs].any()
    assert set(np.unique(rows.y[recipe.base])) == set(np.unique(rows.y)), "no class is lost"


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: type(s).__name__)
def test_a_sampler_is_a_value(sampler) -> None:
    rows = rows_of([60, 12, 5])
    before = rows.numbers.copy(), rows.y.copy()
    first, second = recipe_of(sampler, rows, 4), recipe_of(clone(sampler), rows, 4)
    for name in ("base", "mate", "step", "pick", "origin", "label"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    np.testing.assert_array_equal(rows.numbers, before[0])
    np.testing.assert_array_equal(rows.y, before[1])
    other = recipe_of(sampler, rows, 5)
    assert (
        len(other) != len(first)
        or (other.base != first.base).any()
        or (other.step != first.step).any()
    )
    assert repr(pickle.loads(pickle.dumps(sampler))) == repr(sampler)


def test_explicit_counts_win() -> None:
    rows = rows_of([50, 20, 5])
    for asked in ({1: 33}, ((1, 33),)):
        grown = recipe_of(SMOTE(counts=asked, ratio=0.5), rows)
        assert np.bincount(rows.y[grown.base]).tolist() == [50, 33, 25]
    cut = recipe_of(RandomUnder(counts={0: 17}), rows)
    assert np.bincount(rows.y[cut.base]).tolist() == [17, 5, 5]
    with pytest.raises(Unsuitable, match="choose undersampling"):
        counts_after((50, 20), 1.0, "over", {0: 10})
    with pytest.raises(Unsuitable, match="choose oversampling"):
        counts_after((50, 20), 1.0, "under", {1: 30})


def test_a_class_that_the_fold_lacks_stays_away() -> None:
    assert counts_after((50, 0, 5), 1.0, "over", {1: 9}) == (50, 0, 50)
    assert counts_after((50, 0, 5), 1.0, "under") == (5, 0, 5)


def test_a_single_row_is_copied_and_told() -> None:
    rows = rows_of([20, 6, 1])
    recipe = recipe_of(SMOTE(), rows)
    alone = rows.y[recipe.base] == 2
    assert alone.sum() == 20
    assert (recipe.origin[alone] == DUPLICATE).sum() == 19
    assert "one training row" in recipe.notes[0]
    assert not recipe_of(SMOTE(), rows_of([20, 6, 2])).notes


def test_made_rows_take_categories_from_one_parent_and_numbers_from_both() -> None:
    rows = rows_of([60, 15])
    recipe = recipe_of(SMOTE(), rows)
    made = rows.made(recipe)
    new = np.flatnonzero(recipe.mate >= 0)
    a, b = rows.take(recipe.base[new]), rows.take(recipe.mate[new])
    np.testing.assert_array_equal(
        made.numbers[new], a.numbers + recipe.step[new, None] * (b.numbers - a.numbers)
    )
    np.testing.assert_array_equal(
        made.codes[new], np.where(recipe.pick[new, None], b.codes, a.codes)
    )
    assert 0.2 < recipe.pick[new].mean() < 0.8
    np.testing.assert_array_equal(made.numbers[: len(rows)], rows.numbers)


def test_the_user_s_weights_follow_the_parents() -> None:
    rows = rows_of([30, 6])
    weighted = TypedRows(rows.numbers, rows.codes, rows.y, rows.layout, weight=np.full(36, 2.5))
    assert (weighted.made(recipe_of(SMOTE(), weighted)).weight == 2.5).all()


class Replayed(np.random.RandomState):
    """A RandomState that answers imbalanced-learn from our own generator."""

    def __init__(self, seed: int) -> None:
        super().__init__(0)
        self.source = np.random.default_rng(seed)

    def randint(self, low, high, size):
        return self.source.integers(low, high, size)

    def uniform(self, size):
        steps = self.source.random(size, dtype=np.float32)
        self.source.random(size)  # the choice of the parent that gives the categories
        return steps.astype(np.float64)


def imbalanced(seed: int, width: int, n: int = 400):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.15).astype(int)
    return rng.normal(size=(n, width)) + 0.8 * y[:, None], y


@pytest.mark.parametrize("width", [4, 14])
def test_smote_is_byte_identical_to_imbalanced_learn(width) -> None:
    X, y = imbalanced(1, width)
    ours = SMOTE(random_state=7)
    got, labels = ours.fit_resample(X, y)
    seed = np.random.RandomState(7).randint(2**31)
    theirs = imblearn.over_sampling.SMOTE(random_state=Replayed(seed))
    expected, expected_labels = theirs.fit_resample(X, y)
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(labels, expected_labels)


def test_smote_lies_between_neighbours_that_scikit_learn_finds() -> None:
    X, y = imbalanced(2, 12)
    rare = X[y == 1]
    near = NearestNeighbors(n_neighbors=6, algorithm="brute").fit(rare).kneighbors(rare)[1][:, 1:]
    got, _ = SMOTE(random_state=0).fit_resample(X, y)
    made = got[len(X) :]
    pairs = [(i, j) for i in range(len(rare)) for j in near[i]]
    first, second = rare[[i for i, _ in pairs]], rare[[j for _, j in pairs]]
    along = second - first
    for row in made:
        u = np.einsum("ij,ij->i", row - first, along) / np.einsum("ij,ij->i", along, along)
        off = np.linalg.norm(first + u[:, None] * along - row, axis=1)
        best = off.argmin()
        assert off[best] < 1e-9
        assert -1e-9 <= u[best] <= 1


@pytest.mark.parametrize("width", [3, 12])
def test_cleaning_drops_the_rows_that_imbalanced_learn_drops(width) -> None:
    X, y = imbalanced(3, width)
    theirs = imblearn.under_sampling.EditedNearestNeighbours(sampling_strategy="all", n_neighbors=3)
    theirs.fit_resample(X, y)
    ours = ENN()
    ours.fit_resample(X, y)
    kept = ours.sample_indices_
    assert kept.tolist() == sorted(theirs.sample_indices_.tolist())
    assert 0 < len(kept) < len(X)


def test_smote_enn_is_imbalanced_learn_s() -> None:
    X, y = imbalanced(4, 5)
    got, labels = SMOTEENN(random_state=7).fit_resample(X, y)
    seed = np.random.RandomState(7).randint(2**31)
    smote = imblearn.over_sampling.SMOTE(random_state=Replayed(seed))
    # The two steps of its SMOTEENN, which would copy (and so reset) the replayed generator.
    clean = imblearn.combine.SMOTEENN()
    clean._validate_estimator()
    expected, expected_labels = clean.enn_.fit_resample(*smote.fit_resample(X, y))
    order, other = np.lexsort(got.T), np.lexsort(expected.T)
    np.testing.assert_array_equal(got[order], expected[other])
    np.testing.assert_array_equal(labels[order], expected_labels[other])


def test_random_samplers_make_imbalanced_learn_s_counts() -> None:
    rng = np.random.default_rng(0)
    y = rng.choice(["a", "b", "c"], p=[0.7, 0.2, 0.1], size=300)
    X = rng.normal(size=(300, 2))
    for ours, theirs in (
        (RandomOver(random_state=0), imblearn.over_sampling.RandomOverSampler(random_state=0)),
        (RandomUnder(random_state=0), imblearn.under_sampling.RandomUnderSampler(random_state=0)),
    ):
        got, expected = ours.fit_resample(X, y)[1], theirs.fit_resample(X, y)[1]
        assert (
            pd.Series(got).value_counts().to_dict() == pd.Series(expected).value_counts().to_dict()
        )


def test_samplers_work_in_a_pipeline_and_on_frames() -> None:
    X, y = imbalanced(5, 3)
    frame, label = pd.DataFrame(X, columns=["a", "b", "c"]), pd.Series(y, name="y")
    got, labels = SMOTE(random_state=0).fit_resample(frame, label)
    assert list(got.columns) == ["a", "b", "c"]
    assert labels.sum() * 2 == len(labels)
    model = make_pipeline(RandomUnder(random_state=0), LogisticRegression()).fit(frame, label)
    assert model.predict(frame).mean() > 0.2


def test_a_class_never_vanishes_in_the_cleaning() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    y = np.zeros(200, dtype=int)
    y[:2] = 1
    X[0], X[1] = [0, 0], [0.01, 0]  # inside the crowd, and no row is made
    rows = TypedRows(
        X.astype(np.float32),
        np.zeros((200, 0), dtype=np.int32),
        y,
        Layout(numbers=("a", "b"), players=("a", "b")),
    )
    recipe = recipe_of(SMOTEENN(ratio=0.001), rows)
    assert set(rows.y[recipe.base]) == {0, 1}
    assert "kept its own rows" in recipe.notes[0]
