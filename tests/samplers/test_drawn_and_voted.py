"""Noise, Gaussians, votes, support vectors and clusters, each by its definition."""

from __future__ import annotations

import imblearn.over_sampling
import numpy as np
import pandas as pd
import pytest
from imblearn.metrics.pairwise import ValueDifferenceMetric
from scipy.spatial.distance import cdist
from sklearn.svm import SVC

from rebal_core.data.preparing.preparation import Preparation
from rebal_core.facts import TableFacts
from rebal_core.rows import INTERPOLATED, ORIGINS, Layout, Recipe, TypedRows
from rebal_core.samplers import MGS, ROSE, SMOTE, SVMSMOTE, KMeansSMOTE, fold_of
from rebal_core.samplers.border import others_near
from rebal_core.samplers.kmeans_smote import sparse_shares
from rebal_core.samplers.nominal import SMOTEN, SMOTENC, alike, value_shares, voted
from rebal_core.schema import Column, Schema


def rows_of(sizes=(200, 40), width: int = 3, seed: int = 0, apart: float = 1.0) -> TypedRows:
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(sizes)), sizes)
    rng.shuffle(y)
    names = tuple(f"x{j}" for j in range(width))
    return TypedRows(
        numbers=(rng.normal(size=(len(y), width)) * (1 + np.arange(width)) + apart * y[:, None])
        .astype(np.float32),
        codes=np.column_stack([rng.integers(-1, 3, len(y)), (rng.random(len(y)) < 0.2) + y])
        .astype(np.int32),
        y=y,
        layout=Layout(numbers=names, codes=("c", "d"), cardinalities=(3, 4), players=names),
    )  # fmt: skip


def made_of(sampler, rows: TypedRows, seed: int = 0) -> tuple[Recipe, TypedRows, np.ndarray]:
    recipe = sampler.recipe(fold_of(rows, seed))
    return recipe, rows.made(recipe), np.flatnonzero(recipe.origin != 0)


def test_rose_is_the_smoothed_bootstrap_of_the_paper() -> None:
    rows = rows_of((30_000, 50))
    recipe, made, new = made_of(ROSE(), rows)
    noise = made.numbers[new] - rows.numbers[recipe.base[new]]
    own = rows.numbers[rows.y == 1]
    width = (4 / ((3 + 2) * 50)) ** (1 / (3 + 4)) * own.std(axis=0)
    np.testing.assert_allclose(noise.std(axis=0), width, rtol=0.02)
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.03)
    np.testing.assert_array_equal(made.codes[new], rows.codes[recipe.base[new]])
    still = made_of(ROSE(shrinkage=0), rows)
    np.testing.assert_array_equal(still[1].numbers[still[2]], rows.numbers[still[0].base[still[2]]])
    # Wrong forms: one noise for all columns; the spread of the whole table.
    assert np.ptp(noise.std(axis=0)) > 1
    assert abs(rows.numbers.std(axis=0) - own.std(axis=0)).max() > 0.05


class Replayed(np.random.RandomState):
    """Answers imbalanced-learn with our rows and our noise."""

    def __init__(self, seed: int) -> None:
        super().__init__(0)
        self.source = np.random.default_rng(seed)

    def choice(self, a, size, replace):
        return a[self.source.integers(0, len(a), size)]

    def randn(self, *shape):
        return self.source.standard_normal(shape, dtype=np.float32).astype(np.float64)


def test_rose_is_imbalanced_learn_s_but_for_the_rows_that_count() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [150, 40])
    X = rng.normal(size=(190, 4)) * [1, 5, 0.1, 2]
    ours, labels = ROSE(random_state=3).fit_resample(X, y)
    # It takes the rows of all classes for n, so its noise is narrower by this.
    factor = (190 / 40) ** (1 / 8)
    theirs = imblearn.over_sampling.RandomOverSampler(
        shrinkage=factor, random_state=Replayed(np.random.RandomState(3).randint(2**31))
    )
    expected, expected_labels = theirs.fit_resample(X, y)
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(labels, expected_labels)


@pytest.mark.parametrize("k", [4, 30])
def test_gaussian_smote_draws_from_the_density_of_the_neighbours(k) -> None:
    rows = rows_of((20_000, 40))
    recipe, made, new = made_of(MGS(n_neighbors=k), rows)
    own = np.flatnonzero(rows.y == 1)
    centre = own[7]
    gaps = np.linalg.norm(fold_of(rows, 0).neighbors.space[own] -
                          fold_of(rows, 0).neighbors.space[centre], axis=1)  # fmt: skip
    group = rows.numbers[own[np.argsort(gaps)[: k + 1]]].astype(float)
    mine = made.numbers[new][recipe.base[new] == centre]
    assert len(mine) > 400
    error = np.sqrt(np.diag(np.cov(group.T, bias=True)) / len(mine))
    assert (abs(mine.mean(axis=0) - group.mean(axis=0)) < 5 * error).all()
    spread = np.cov(group.T, bias=True)
    np.testing.assert_allclose(np.cov(mine.T), spread, atol=0.3 * np.trace(spread) / 3)
    np.testing.assert_array_equal(made.codes[new], rows.codes[recipe.base[new]])


def test_gaussian_smote_takes_as_many_neighbours_as_columns() -> None:
    for width, expected in ((3, 5), (12, 12), (60, 60)):
        rows = rows_of((100, 80), width)
        step = MGS()
        assert step._near(fold_of(rows, 0), 1).shape == (80, expected)
        wide = step._near(fold_of(rows, 0), 1)
        space = fold_of(rows, 0).neighbors.space
        own = np.flatnonzero(rows.y == 1)
        gaps = cdist(space[own], space[own])
        np.fill_diagonal(gaps, np.inf)
        np.testing.assert_array_equal(wide, own[np.argsort(gaps, axis=1)[:, :expected]])


def test_plain_smote_all_but_copies_where_rows_are_many() -> None:
    """The ratio of the distance to the nearest real row to that between real rows (the paper's)."""
    ratios = {}
    for size in (60, 2_000):
        rows = rows_of((2 * size, size), 2)
        own = rows.numbers[rows.y == 1]
        apart = cdist(own[:500], own).mean()
        for sampler in (SMOTE(), MGS(n_neighbors=40)):
            _, made, new = made_of(sampler, rows)
            gap = cdist(made.numbers[new][:500], own).min(axis=1).mean()
            ratios[type(sampler).__name__, size] = gap / apart
    assert ratios["SMOTE", 2_000] < 0.3 * ratios["SMOTE", 60]
    assert ratios["SMOTE", 2_000] < 0.03
    assert ratios["MGS", 2_000] > 1.2 * ratios["SMOTE", 2_000]


def test_votes_are_those_of_most() -> None:
    codes = np.array([[0], [0], [1], [2], [2]], dtype=np.int32)
    rng = np.random.default_rng(0)
    assert voted(codes, np.array([[0, 1, 2]]), rng).tolist() == [[0]]
    tied = voted(codes, np.tile([0, 1, 2, 3, 4], (4000, 1)), rng)[:, 0]
    assert np.bincount(tied).tolist() == pytest.approx([2000, 0, 2000], abs=150), "a fair draw"


def test_smotenc_votes_among_the_neighbours_of_its_own_metric() -> None:
    rows = rows_of((120, 40))
    recipe, made, new = made_of(SMOTENC(), rows)
    own = np.flatnonzero(rows.y == 1)
    median = np.median(rows.numbers[own].std(axis=0))
    far = cdist(rows.numbers[own], rows.numbers[own], "sqeuclidean")
    for j in range(2):
        far += median**2 * (rows.codes[own, j][:, None] != rows.codes[own, j])
    np.fill_diagonal(far, np.inf)
    near = own[np.argsort(far, axis=1)[:, :5]]
    place = np.searchsorted(own, recipe.base[new])
    assert (near[place] == recipe.mate[new][:, None]).any(axis=1).all()
    for j in range(2):
        votes = rows.codes[near[place], j]
        counts = (votes[:, :, None] == votes[:, None]).sum(axis=2)
        got = (votes == made.codes[new, j][:, None]).sum(axis=1)
        np.testing.assert_array_equal(got, counts.max(axis=1), "what most of them have")
    base, mate = rows.numbers[recipe.base[new]], rows.numbers[recipe.mate[new]]
    np.testing.assert_array_equal(made.numbers[new], base + recipe.step[new, None] * (mate - base))
    # Wrong form: SMOTE on one-hot columns gives parts of values.
    hot = np.eye(4)[rows.codes[:, 0] + 1]
    parts = hot[recipe.base[new]] + recipe.step[new, None] * (
        hot[recipe.mate[new]] - hot[recipe.base[new]]
    )
    assert ((parts > 0.01) & (parts < 0.99)).any(axis=1).mean() > 0.2


def test_voted_rows_go_to_files_between_their_parents() -> None:
    schema = Schema((
        Column("amount", "number"), Column("age", "number", fill="indicator"),
        Column("device", "category"), Column("label", "category", "target"),
    ))  # fmt: skip
    rng = np.random.default_rng(0)
    table = pd.DataFrame({
        "amount": 1e9 + rng.normal(size=60), "age": rng.integers(20, 80, 60).astype(float),
        "device": rng.choice(["a", "b", None], 60), "label": ["x"] * 45 + ["y"] * 15,
    })  # fmt: skip
    table.loc[::4, "age"] = np.nan
    y = (table["label"] == "y").to_numpy().astype(int)
    preparation, rows = Preparation.fit(table, y, schema, seed=0)
    for sampler in (SMOTENC(), SMOTEN()):
        recipe, made, _new = made_of(sampler, rows)
        file = preparation.restore(table, recipe, np.arange(60))
        old = table["amount"].to_numpy()
        want = recipe.between(old)
        np.testing.assert_array_equal(file["amount"], want, "as float64, not as the model saw it")
        named = preparation.categories.inverse(made.codes)["device"]
        assert [None if pd.isna(v) else v for v in file["device"]] == named
        assert file["age"].isna().any()
        parents = file["_parents"].tolist()
        assert all(len(p) == (2 if isinstance(sampler, SMOTENC) else 0) for p in parents[60:])
    assert rows.take(np.array([0])).made(Recipe.kept(np.array([0]), rows.y[:1])).codes.shape[1] == 1


def test_values_are_near_where_their_class_shares_are() -> None:
    rows = rows_of((90, 30, 12))
    shares = value_shares(rows, 3)
    known = ValueDifferenceMetric(n_categories=[4, 5]).fit(rows.codes + 1, rows.y)
    own = np.flatnonzero(rows.y == 1)
    far = known.pairwise(rows.codes[own] + 1)
    np.fill_diagonal(far, np.inf)
    expected = np.argsort(far, axis=1, kind="stable")[:, :5]
    near = alike(rows.codes[own], shares, 5)
    np.testing.assert_allclose(
        np.take_along_axis(far, near, 1), np.take_along_axis(far, expected, 1), atol=1e-12
    )
    # Wrong form: distances between the codes themselves.
    codes = cdist(rows.codes[own], rows.codes[own])
    np.fill_diagonal(codes, np.inf)
    wrong = np.argsort(codes, axis=1, kind="stable")[:, :5]
    assert np.take_along_axis(far, wrong, 1).sum() > 1.2 * np.take_along_axis(far, near, 1).sum()


def test_smoten_makes_whole_rows_of_votes() -> None:
    rows = rows_of((90, 30, 12))
    recipe, made, new = made_of(SMOTEN(), rows)
    np.testing.assert_array_equal(made.numbers, rows.numbers[recipe.base], "numbers are copied")
    assert made.codes[new].min() >= -1
    for label in (1, 2):
        here = new[recipe.label[new] == label]
        assert set(made.codes[here, 0]) <= set(rows.codes[rows.y == label, 0])
    recipe, made, new = made_of(SMOTEN(k_neighbors=29), rows)
    own = rows.codes[rows.y == 1, 1]
    common = np.bincount(own).argmax()
    assert (made.codes[new][recipe.label[new] == 1, 1] == common).all(), "all of them vote"


def test_a_voted_row_outlives_a_second_step() -> None:
    rows = rows_of((60, 20))
    for sampler in (SMOTENC(), SMOTEN()):
        first = sampler.recipe(fold_of(rows, 0))
        middle = rows.made(first)
        steps = (SMOTE(counts={0: 90}), SMOTENC(counts={0: 90}), SMOTEN(counts={1: 90}))
        seconds = [step.recipe(fold_of(middle, 1)) for step in steps]
        for second in (Recipe.copies(np.arange(70, 110), middle.y), *seconds):
            told = second.after(first, middle)
            np.testing.assert_array_equal(rows.made(told).codes, middle.made(second).codes)
            np.testing.assert_allclose(
                rows.made(told).numbers, middle.made(second).numbers, atol=1e-6
            )
            assert told.drawn is None or (np.diff(told.drawn.at) > 0).all()


def test_svm_smote_goes_out_where_it_is_safe() -> None:
    rows = rows_of((300, 60), apart=1.5)
    fold = fold_of(rows, 0)
    recipe = SVMSMOTE().recipe(fold)
    made = recipe.mate >= 0
    space = fold.neighbors.space
    support = SVC().fit(space, rows.y).support_
    assert set(recipe.base[made]) <= set(support[rows.y[support] == 1])
    others = others_near(fold, recipe.base[made], 1, 10)
    assert (others < 1).all(), "noise is left out"
    steps = recipe.step[made]
    assert (steps[others >= 0.5] >= 0).all()
    assert (steps[others < 0.5] <= 0).all()
    assert (steps >= -0.5).all()
    assert 0.2 < (others >= 0.5).mean() < 0.8
    far = SVMSMOTE().recipe(fold_of(rows_of((90, 30), apart=50.0), 0))
    assert np.bincount(far.label).tolist() == [90, 90], "all from one side"
    assert not far.notes


def test_k_means_smote_makes_what_is_asked_for_inside_clusters() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 1], [400, 30, 30])
    X = rng.normal(size=(460, 2)) * np.repeat([3, 0.2, 1.5], [400, 30, 30])[:, None]
    X += np.repeat([[0, 0], [30, 0], [0, 30]], [400, 30, 30], axis=0)
    for asked in (101, 257, 400):
        got, labels = KMeansSMOTE(counts={1: asked}, random_state=0).fit_resample(X, y)
        assert np.bincount(labels).tolist() == [400, asked]
        new = got[460:]
        dense = np.linalg.norm(new - [30, 0], axis=1) < 8
        sparse = np.linalg.norm(new - [0, 30], axis=1) < 8
        assert (dense ^ sparse).all(), "no bridge between clusters"
        assert sparse.sum() > 5 * dense.sum(), "the sparse one gets the more"
        theirs = imblearn.over_sampling.KMeansSMOTE(
            sampling_strategy={1: asked}, random_state=0, kmeans_estimator=8
        )
        assert len(theirs.fit_resample(X, y)[0]) >= 400 + asked


def test_k_means_smote_survives_rows_that_are_all_the_same() -> None:
    same = np.ones((6, 3))
    assert sparse_shares([same, same]).tolist() == [0.5, 0.5]
    assert sparse_shares([same, np.arange(18.0).reshape(6, 3)]).tolist() == [0, 1]
    wide = np.random.default_rng(0).normal(size=(50, 1600))
    assert np.isfinite(sparse_shares([1e3 * wide, wide])).all()
    X, y = np.r_[np.zeros((30, 2)), np.ones((8, 2))], np.repeat([0, 1], [30, 8])
    got, labels = KMeansSMOTE(random_state=0).fit_resample(X, y)
    assert np.bincount(labels).tolist() == [30, 30]
    assert (got[30:] == 1).all()
    assert np.isfinite(got).all()


def test_k_means_smote_falls_back_where_no_cluster_serves() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 2)), (np.arange(300) < 12).astype(int)
    with pytest.raises(RuntimeError, match="No clusters found"):
        imblearn.over_sampling.KMeansSMOTE(random_state=0).fit_resample(X, y)
    with pytest.warns(UserWarning, match="grown by plain SMOTE: no cluster holds"):
        _, labels = KMeansSMOTE(random_state=0).fit_resample(X, y)
    assert np.bincount(labels).tolist() == [288, 288]


def facts(rows: int, rarer: int, **more: int) -> TableFacts:
    plain = {"numbers": 3, "categories": 2, "texts": 0, "embeddings": 0, **more}
    return TableFacts(rows=rows, counts=(rows - rarer, rarer), **plain)


def test_what_does_not_serve_has_a_reason() -> None:
    assert "choose smote." in str(SMOTENC().limit(facts(900, 90, categories=0)))
    assert "choose smoten." in str(SMOTENC().limit(facts(900, 90, numbers=0)))
    assert "choose smote." in str(SMOTEN().limit(facts(900, 90, categories=0)))
    assert "choose smotenc." in str(SMOTEN().limit(facts(200_000, 90_000)))
    assert "choose borderline_smote." in str(SVMSMOTE().limit(facts(400_000, 900)))
    for sampler in (SMOTENC(), SMOTEN(), SVMSMOTE(), KMeansSMOTE(), ROSE(), MGS()):
        assert sampler.limit(facts(900, 90)) is None
        assert "random_over" in str(sampler.limit(facts(900, 1)))
        assert ORIGINS.index(sampler.makes) >= INTERPOLATED
        assert sampler.seconds(facts(9_000, 900)) < 60
