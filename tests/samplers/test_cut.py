"""Undersampling that chooses its rows: imbalanced-learn's, the counts asked for, and the errors."""

from __future__ import annotations

import imblearn.under_sampling
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.ensemble import RandomForestClassifier
from test_cleaning import equal, three_classes, without_ties
from test_samplers import Replayed, imbalanced, recipe_of, rows_of

from rebal_core.rows import GENERATED, ORIGINAL
from rebal_core.samplers import fold_of, near_miss
from rebal_core.samplers.clusters import ClusterCentroids, ClusterUnder, clusters, shared_out
from rebal_core.samplers.condensed import CondensedNN, OneSidedSelection
from rebal_core.samplers.near_miss import NearMiss1, NearMiss2, NearMiss3, farthest
from rebal_core.strategies import STRATEGIES, TableFacts
from rebal_core.strategies.instance_hardness import InstanceHardness

CUTTERS = (
    NearMiss1(), NearMiss2(), NearMiss3(), ClusterCentroids(), ClusterUnder(),
    InstanceHardness(n_estimators=10),
)  # fmt: skip


@pytest.mark.parametrize("width", [3, 12])
@pytest.mark.parametrize("table", [imbalanced, three_classes])
@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.filterwarnings("ignore:The number of the samples to be selected:UserWarning")
@pytest.mark.filterwarnings("ignore:.*fewer than asked for are left:UserWarning")
def test_near_miss_is_imbalanced_learn_s(version, table, width) -> None:
    X, y = table(3, width)
    without_ties(X)
    ours = (NearMiss1, NearMiss2, NearMiss3)[version - 1]()
    assert equal(ours, imblearn.under_sampling.NearMiss(version=version), X, y)


@pytest.mark.filterwarnings("ignore:.*fewer than asked for are left:UserWarning")
def test_what_lies_around_no_rare_row_cannot_stay() -> None:
    rows = rows_of([300, 8])
    recipe = recipe_of(NearMiss3(n_candidates=1, ratio=0.1), rows)
    left = np.bincount(recipe.label)
    assert left[0] <= 8
    assert f"{80 - left[0]} rows fewer than asked for" in recipe.notes[0]
    assert not recipe_of(NearMiss3(n_candidates=100, ratio=0.5), rows).notes


def test_the_farthest_are_a_running_maximum(monkeypatch) -> None:
    """Never is a larger part of the matrix in memory than one block of each."""
    shapes = []

    def measured(a, b, metric):
        shapes.append((len(a), len(b)))
        return cdist(a, b, metric)

    monkeypatch.setattr(near_miss, "_BLOCK", 16)
    monkeypatch.setattr(near_miss, "cdist", measured)
    rng = np.random.default_rng(0)
    points, others = rng.normal(size=(50, 4)), rng.normal(size=(45, 4))
    expected = np.sort(cdist(points, others), axis=1)[:, -3:]
    np.testing.assert_array_equal(farthest(points, others, 3), expected)
    assert max(max(shape) for shape in shapes) == 16
    np.testing.assert_array_equal(farthest(points, others[:2], 3), np.sort(
        cdist(points, others[:2]), axis=1
    ))  # fmt: skip


@pytest.mark.parametrize("width", [3, 12])
@pytest.mark.parametrize("table", [imbalanced, three_classes])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (CondensedNN, imblearn.under_sampling.CondensedNearestNeighbour),
        (OneSidedSelection, imblearn.under_sampling.OneSidedSelection),
    ],
)
def test_condensing_is_imbalanced_learn_s(ours, theirs, table, width) -> None:
    X, y = table(4, width)
    # It mixes positions in a class with those in the table, unless the class comes first.
    X, y = X[y != 1 if y.max() == 2 else slice(None)], y[y != 1 if y.max() == 2 else slice(None)]
    order = np.argsort(y, kind="stable")
    X, y = X[order], np.minimum(y[order], 1)
    without_ties(X)
    seed = np.random.RandomState(7).randint(2**31)
    assert equal(ours(random_state=7), theirs(random_state=Replayed(seed)), X, y)


def test_what_condensing_keeps_tells_the_rest_apart() -> None:
    X, y = three_classes(2, 4)
    condensed = CondensedNN(random_state=0)
    condensed.fit_resample(X, y)
    kept = condensed.sample_indices_
    for label in (0, 1):
        known = kept[np.isin(y[kept], (label, 2))]
        rest = np.setdiff1d(np.flatnonzero(y == label), kept)
        nearest = known[cdist(X[rest], X[known]).argmin(axis=1)]
        assert (y[nearest] == label).all()
        assert len(rest) > 0


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.integers(1, 25), min_size=2, max_size=4),
    cutter=st.sampled_from([c for c in CUTTERS if not isinstance(c, InstanceHardness)]),
    ratio=st.floats(0.2, 1.0),
    seed=st.integers(0, 9),
)
def test_counts_asked_for(counts, cutter, ratio, seed) -> None:
    rows = rows_of(counts, seed)
    cutter = type(cutter)(ratio=ratio)
    recipe = recipe_of(cutter, rows, seed)
    after = cutter.counts_after(tuple(counts))
    made = np.bincount(recipe.label, minlength=len(counts))
    assert (made <= after).all()
    assert (made > 0).all()
    if cutter.foretells:
        assert tuple(made) == after
    if cutter.makes == "original":
        assert (np.diff(recipe.base) > 0).all()
    again = recipe_of(cutter, rows, seed)
    np.testing.assert_array_equal(recipe.base, again.base)


def test_centres_are_means_that_no_row_is() -> None:
    rows = rows_of([200, 40], width=4)
    recipe = recipe_of(ClusterCentroids(), rows)
    made = rows.made(recipe)
    new = recipe.origin == GENERATED
    assert new.sum() == 40
    assert (recipe.mate == -1).all()
    assert (recipe.origin[~new] == ORIGINAL).all()
    assert set(recipe.label[new]) == {0}
    centres, frequent = made.numbers[new], rows.numbers[rows.y == 0]
    fold = _fold(rows)
    groups = clusters(fold.neighbors.space[rows.y == 0], 40, fold.rng)
    for group in np.unique(groups):
        mean = frequent[groups == group].astype(np.float64).mean(axis=0)
        np.testing.assert_allclose(centres[group], mean, rtol=1e-5, atol=1e-6)
    groups = clusters(frequent, 5, np.random.default_rng(0))
    assert set(groups) == set(range(5))
    np.testing.assert_array_equal(groups, clusters(frequent, 5, np.random.default_rng(0)))


def test_equal_rows_have_centres_too() -> None:
    X, y = np.zeros((60, 3)), np.repeat([0, 1], [50, 10])
    got, labels = ClusterCentroids(random_state=0).fit_resample(X, y)
    assert np.bincount(labels).tolist() == [10, 10]
    assert not got.any()


@given(
    sizes=st.lists(st.integers(0, 50), min_size=1, max_size=8).filter(any),
    share=st.floats(0.01, 1),
)
def test_groups_give_in_proportion(sizes, share) -> None:
    total = round(sum(sizes) * share)
    parts = shared_out(np.array(sizes), total)
    assert parts.sum() == total
    assert (np.abs(parts - np.array(sizes) * total / sum(sizes)) < 1 + 1e-9).all()
    assert (parts <= sizes).all()


def test_as_large_a_part_of_every_cluster_stays() -> None:
    """As many rows of every cluster, as some have it, would change the shares inside the class."""
    rng = np.random.default_rng(0)
    place = np.repeat([0, 10, 20], [300, 90, 10])
    X = rng.normal(size=(440, 2)) + np.r_[place, np.full(40, 5)][:, None]
    y = np.repeat([0, 1], [400, 40])
    ours = ClusterUnder(n_clusters=3, random_state=0)
    ours.fit_resample(X, y)
    kept = ours.sample_indices_[y[ours.sample_indices_] == 0]
    assert np.bincount(place[kept] // 10).tolist() == [30, 9, 1]


def test_instance_hardness_judges_rows_by_what_has_not_seen_them() -> None:
    """A forest that has seen a row, as in the wrong form, finds every one easy."""
    rows = rows_of([180, 40], width=4)
    strange = np.flatnonzero(rows.y == 0)[:15]
    rows.numbers[rows.y == 1] += 3
    rows.numbers[strange] += 4
    recipe = recipe_of(InstanceHardness(30, counts={0: 165}), rows)
    assert len(np.intersect1d(recipe.base, strange)) <= 3
    forest = RandomForestClassifier(30, random_state=0).fit(rows.numbers, rows.y)
    seen = forest.predict_proba(rows.numbers)[np.arange(len(rows)), rows.y]
    assert (seen[strange] > 0.5).mean() > 0.8, "the wrong form"
    chance = InstanceHardness(30)._chance(_fold(rows))
    assert (chance[strange] < 0.5).mean() > 0.6


def _fold(rows):
    return fold_of(rows, 0)


@pytest.mark.parametrize(
    ("name", "facts", "words"),
    [
        ("near_miss_1", (3_000_000, 10_000), "choose random_under"),
        ("condensed_nn", (200_000, 1000), "at most 100,000"),
        ("one_sided_selection", (200_000, 1000), "at most 100,000"),
        ("cluster_centroids", (900_000, 30_000), "at most 20,000"),
        ("instance_hardness", (900_000, 30_000), "at most 200,000"),
        ("near_miss_3", (900, 3), "leave 6 of 903 rows"),
        ("cluster_under", (900, 3), "leave 6 of 903 rows"),
    ],
)
def test_too_many_and_too_few_rows_are_refused_in_a_sentence(name, facts, words) -> None:
    sized = TableFacts(sum(facts), facts, 12, 0, 0, 0)
    assert words in str(STRATEGIES[name].reason(sized))
    for step in STRATEGIES[name].steps:
        assert step.seconds(sized) > 0
