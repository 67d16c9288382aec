"""Outliers of each class: found as their references find them, and rare rows are not deleted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from sklearn.covariance import MinCovDet
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor
from test_samplers import recipe_of, rows_of

from rebal_core.rows import GENERATED, ORIGINAL, Recipe, TypedRows
from rebal_core.samplers import SMOTE, Graphs, run_steps
from rebal_core.samplers.outliers import (
    LESS,
    OutliersCentre,
    OutliersDensity,
    OutliersIsolation,
    centre_distances,
    local_outlier_factor,
)
from rebal_core.strategies import STRATEGIES, TableFacts

EVERY = (OutliersCentre(), OutliersIsolation(n_estimators=20), OutliersDensity())


def planted(seed: int = 0) -> tuple[TypedRows, np.ndarray]:
    """Return rows, and which of them were thrown far away: five of each class."""
    rows = rows_of([200, 60], seed, width=3)
    far = np.zeros(len(rows), dtype=bool)
    for label in (0, 1):
        far[np.flatnonzero(rows.y == label)[:5]] = True
    rows.numbers[far] += np.float32(12) * np.sign(rows.numbers[far])
    return rows, far


@pytest.mark.parametrize("sampler", EVERY, ids=lambda s: s.name)
def test_frequent_outliers_go_and_rare_ones_are_flagged(sampler) -> None:
    rows, far = planted()
    recipe = recipe_of(sampler, rows)
    kept = np.zeros(len(rows), dtype=bool)
    kept[recipe.base] = True
    assert not kept[far & (rows.y == 0)].any()
    assert kept[rows.y == 1].all(), "no rare row is deleted"
    flagged = recipe.base[recipe.flag]
    assert set(rows.y[flagged]) == {1}
    assert set(np.flatnonzero(far & (rows.y == 1))) <= set(flagged)
    assert (~kept).mean() < 0.2


@pytest.mark.parametrize("sampler", EVERY, ids=lambda s: s.name)
def test_each_action_does_what_it_says(sampler) -> None:
    rows, _far = planted()
    dropped = recipe_of(sampler, rows)
    gone = np.setdiff1d(np.arange(len(rows)), dropped.base)
    flagged = recipe_of(type(sampler)(action="flag"), rows)
    assert np.array_equal(flagged.base, np.arange(len(rows)))
    assert flagged.weight is None
    weighed = recipe_of(type(sampler)(action="weigh"), rows)
    replaced = recipe_of(type(sampler)(action="replace"), rows)
    if not isinstance(sampler, OutliersIsolation):  # of fewer trees here
        assert np.array_equal(np.flatnonzero(flagged.flag & (rows.y == 0)), gone)
        assert np.array_equal(np.flatnonzero(weighed.weight == LESS), gone)
    assert set(np.unique(weighed.weight)) == {LESS, 1.0}
    assert np.bincount(replaced.label).tolist() == [200, 60], "the class sizes stay"
    drawn = replaced.origin == GENERATED
    assert drawn.sum() == len(rows) - (replaced.origin == ORIGINAL).sum() > 0
    made = rows.made(replaced)
    assert np.abs(made.numbers[drawn]).max() < 8, "drawn from the rest of the class"
    assert not replaced.flag[drawn].any()
    everyone = recipe_of(type(sampler)(classes="all"), rows)
    assert np.bincount(everyone.label)[1] < 60


@settings(max_examples=25, deadline=None)
@given(
    counts=st.lists(st.integers(1, 40), min_size=2, max_size=4),
    sampler=st.sampled_from([OutliersCentre, OutliersDensity]),
    action=st.sampled_from(["flag", "weigh", "drop", "replace"]),
    classes=st.sampled_from(["others", "majority", "all"]),
    seed=st.integers(0, 9),
)
def test_no_class_is_lost(counts, sampler, action, classes, seed) -> None:
    rows = rows_of(counts, seed)
    recipe = recipe_of(sampler(action=action, classes=classes), rows, seed)
    after = np.bincount(recipe.label, minlength=len(counts))
    assert (after > 0).all()
    if action != "drop":
        assert after.tolist() == counts
    assert recipe.flag.shape == (len(recipe),)
    assert bool(recipe.notes) == any(n < 10 for n in counts)


def test_the_distance_is_that_of_the_robust_estimate() -> None:
    rng = np.random.default_rng(0)
    points = rng.multivariate_normal([1, 2, 3], [[2, 1, 0], [1, 2, 0], [0, 0, 9]], size=600)
    points[:60] += [0, 0, 40]
    squares, width = centre_distances(points)
    reference = MinCovDet(random_state=0).fit(points).mahalanobis(points)
    assert width == 3
    assert np.corrcoef(squares[60:], reference[60:])[0, 1] > 0.98
    limit = chi2.ppf(0.99, 3)
    assert (squares[:60] > limit).all()
    assert (squares[60:] > limit).mean() < 0.05
    # One centre and the plain covariance, as in articles: a tenth of outliers hides itself.
    centred = points - points.mean(axis=0)
    plain = np.einsum("ij,jk,ik->i", centred, np.linalg.inv(np.cov(points.T)), centred)
    assert (plain[:60] > limit).mean() < 0.9


@pytest.mark.parametrize("n", [12, 300])
def test_constant_collinear_and_many_columns_are_no_trouble(n) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 2))
    columns = [x, x[:, :1] * 2, np.ones((n, 1)), np.eye(n)[:, :1], rng.normal(size=(n, 200))]
    squares, width = centre_distances(np.hstack(columns))
    assert width == 203
    assert np.isfinite(squares).all()
    assert centre_distances(np.ones((n, 3)))[1] == 0
    assert not centre_distances(np.ones((n, 3)))[0].any()


def test_the_local_factor_is_scikit_learn_s() -> None:
    points = np.random.default_rng(0).normal(size=(150, 4))
    distances, positions = Graphs(points, np.zeros(150, dtype=np.int64)).within(0, 20)
    theirs = LocalOutlierFactor(n_neighbors=20).fit(points)
    ours = local_outlier_factor(distances, positions)
    np.testing.assert_allclose(ours, -theirs.negative_outlier_factor_, rtol=1e-9)
    assert np.array_equal(ours > 1.5, theirs.fit_predict(points) == -1)


def test_a_forest_of_all_rows_deletes_the_rare_class() -> None:
    """The wrong form: contamination 0.1 on all rows. A tenth goes always, of the rare more."""
    rng = np.random.default_rng(0)
    rows = rows_of([500, 25], width=3)
    rows.numbers[rows.y == 1] += np.float32(2.5) + rng.normal(size=(25, 3)).astype(np.float32)
    wrong = IsolationForest(contamination=0.1, random_state=0).fit_predict(rows.numbers) == -1
    assert wrong.mean() == pytest.approx(0.1, abs=0.01)
    assert wrong[rows.y == 1].mean() > 0.5
    for sampler in EVERY:
        assert np.bincount(recipe_of(sampler, rows).label)[1] == 25


def test_flags_follow_the_rows() -> None:
    rows, far = planted()
    steps = (OutliersDensity(action="flag"), SMOTE())
    both = run_steps(steps, rows, Graphs.of(rows), 2, lambda k: np.random.default_rng(k))
    single = both.origin == ORIGINAL
    assert both.flag[single][far].all()
    assert not both.flag[~single].any()
    back = Recipe.from_arrays(both.to_arrays())
    assert np.array_equal(back.flag, both.flag)
    assert np.array_equal(both.take(both.flag).flag, np.ones(both.flag.sum(), dtype=bool))
    plain = replace(both, flag=None)
    assert "flag" not in plain.to_arrays()
    joined = Recipe.join([plain, both])
    assert joined.flag.sum() == both.flag.sum()
    assert joined.after(Recipe.kept(np.arange(len(rows)), rows.y), rows).flag.sum() > 0


def test_no_number_is_no_distance() -> None:
    facts = TableFacts(900, (800, 100), 0, 3, 0, 0)
    assert "outliers_isolation" in str(STRATEGIES["outliers_centre"].reason(facts))
    assert STRATEGIES["outliers_isolation"].reason(facts) is None
    for sampler in EVERY:
        assert sampler.seconds(facts) > 0
