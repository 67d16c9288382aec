"""The neighbour search is exact, and its graphs speak of the whole fold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from rebal_core.rows import Layout, TypedRows
from rebal_core.samplers import (
    ADASYN,
    ENN,
    SMOTE,
    BorderlineSMOTE,
    Graphs,
    RandomOver,
    fold_of,
    nearest,
    neighbors,
    searching,
    space_of,
    tiles,
)
from rebal_core.samplers.condensed import CondensedNN, OneSidedSelection
from rebal_core.samplers.enn import AllKNN, NeighbourhoodCleaning, RepeatedENN
from rebal_core.samplers.near_miss import NearMiss1, NearMiss3
from rebal_core.samplers.pairs import by_pairs
from rebal_core.samplers.searching import nearest_of
from rebal_core.samplers.tiles import by_tiles
from rebal_core.samplers.tomek import Tomek


def by_hand(points: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    gaps = cdist(points, points)
    np.fill_diagonal(gaps, np.inf)
    order = np.argsort(gaps, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(gaps, order, axis=1), order


@pytest.mark.parametrize(("n", "d"), [(30, 2), (700, 5), (40, 12), (1500, 12), (2100, 30)])
def test_as_by_hand(n, d) -> None:
    points = np.random.default_rng(n + d).normal(size=(n, d))
    distances, positions = nearest(points, 5)
    expected, order = by_hand(points, 5)
    np.testing.assert_array_equal(positions, order)
    np.testing.assert_allclose(distances, expected, rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(2, 60),
    d=st.sampled_from([1, 3, 11]),
    k=st.integers(1, 8),
    seed=st.integers(0, 99),
)
def test_copies_and_ties(n, d, k, seed) -> None:
    points = np.random.default_rng(seed).integers(0, 3, size=(n, d)).astype(float)
    distances, positions = nearest(points, k)
    expected, _ = by_hand(points, min(k, n - 1))
    np.testing.assert_allclose(distances, expected, atol=1e-12)
    assert (positions != np.arange(n)[:, None]).all(), "a row is not its own neighbour"
    assert all(len(set(row)) == len(row) for row in positions.tolist())
    np.testing.assert_allclose(
        np.linalg.norm(points[positions] - points[:, None], axis=2), distances, atol=1e-12
    )


def test_many_ties_go_by_row_number_where_products_are_compared() -> None:
    points = np.random.default_rng(0).integers(0, 2, size=(1500, 10)).astype(float)
    _, positions = nearest(points, 4)
    # 1,024 places for 1,500 rows: more copies of a row than the search keeps aside.
    np.testing.assert_array_equal(positions, by_hand(points, 4)[1])


def test_float32_error_is_found_out(monkeypatch) -> None:
    """Rows that float32 cannot tell apart are compared in float64."""
    rng = np.random.default_rng(0)
    points = np.full((1300, 10), 0.0)
    points[:, 0] = np.where(np.arange(1300) < 650, -5000.0, 5000.0)
    points += rng.normal(scale=1e-2, size=points.shape)
    asked = []
    honest = tiles.by_all
    monkeypatch.setattr(
        tiles, "by_all", lambda p, q, k, own: asked.append(len(q)) or honest(p, q, k, own)
    )
    _, positions = nearest(points, 3)
    np.testing.assert_array_equal(positions, by_hand(points, 3)[1])
    assert sum(asked) > 0


def test_graphs_count_rows_of_the_whole_fold() -> None:
    rng = np.random.default_rng(0)
    points, y = rng.normal(size=(80, 3)), rng.integers(0, 3, 80)
    graphs = Graphs(points, y)
    for label in range(3):
        own = np.flatnonzero(y == label)
        distances, positions = graphs.within(label, 4)
        assert (y[positions] == label).all()
        expected, order = by_hand(points[own], 4)
        np.testing.assert_array_equal(positions, own[order])
        np.testing.assert_allclose(distances, expected)
    np.testing.assert_array_equal(graphs.all(6)[1], by_hand(points, 6)[1])
    np.testing.assert_array_equal(graphs.all(2)[1], by_hand(points, 2)[1])


def test_k_is_cut_to_what_a_class_has() -> None:
    graphs = Graphs(np.arange(5.0)[:, None], np.array([0, 0, 0, 1, 1]))
    assert graphs.within(0, 9)[1].shape == (3, 2)
    assert graphs.within(1, 9)[1].tolist() == [[4], [3]]


def test_the_space_of_typed_rows() -> None:
    rows = TypedRows(
        numbers=np.array([[0.0], [2.0], [0.0]], dtype=np.float32),
        codes=np.array([[0, 5], [0, 6], [-1, 7]], dtype=np.int32),
        y=np.zeros(3, dtype=np.int64),
        layout=Layout(numbers=("x",), codes=("few", "many"), cardinalities=(2, 21), players=("x",)),
        text_dense=np.array([[1, 0], [1, 0], [1, 0]], dtype=np.float32),
    )
    gaps = cdist(space_of(rows), space_of(rows))
    assert gaps[0, 1] == pytest.approx(2), "a column of 21 values does not count"
    assert gaps[0, 2] == pytest.approx(1), "one other category is 1 apart"


@pytest.mark.parametrize("d", [4, 15])
def test_nearest_of_other_rows_is_exact_over_many_tiles(d) -> None:
    rng = np.random.default_rng(d)
    points, queries = rng.normal(size=(1700, d)), rng.normal(size=(1100, d))
    own = np.where(rng.random(1100) < 0.5, rng.integers(0, 1700, 1100), -1)
    distances, positions = nearest_of(points, queries, 5, own)
    gaps = cdist(queries, points)
    gaps[own >= 0, own[own >= 0]] = np.inf
    order = np.argsort(gaps, axis=1)[:, :5]
    np.testing.assert_array_equal(positions, order)
    np.testing.assert_allclose(distances, np.take_along_axis(gaps, order, axis=1), rtol=1e-12)


@pytest.mark.parametrize("first", [0, 3, 700, 1299])
@pytest.mark.parametrize("scale", [1.0, 1e30])
def test_pairs_compared_once_are_as_those_compared_twice(first, scale) -> None:
    rng = np.random.default_rng(first)
    points = rng.normal(size=(1300, 11)).round(1) * scale
    points[rng.integers(0, 1300, 400)] = points[rng.integers(0, 1300, 400)]
    before, after = by_pairs(points, 6, first)
    rest = by_tiles(points, points[first:], 6, np.arange(first, 1300))
    np.testing.assert_array_equal(after[0], rest[0])
    np.testing.assert_array_equal(after[1], rest[1])
    if first:
        late = by_tiles(points[first:], points[:first], min(6, 1300 - first), np.full(first, -1))
        np.testing.assert_array_equal(before[0], late[0])
        np.testing.assert_array_equal(before[1], late[1] + first)


def test_numbers_too_large_for_float32_are_compared_all_the_same() -> None:
    points = np.random.default_rng(0).normal(size=(60, 11)) * 1e30
    np.testing.assert_array_equal(nearest(points, 3)[1], by_hand(points, 3)[1])


def test_each_graph_is_searched_once_for_all_samplers(monkeypatch) -> None:
    rng = np.random.default_rng(0)
    points, y = rng.normal(size=(300, 3)), np.repeat([0, 1], [240, 60])
    names = tuple("abc")
    layout = Layout(numbers=names, players=names)
    rows = TypedRows(points.astype(np.float32), np.zeros((300, 0), dtype=np.int32), y, layout)
    asked = []
    for name in ("among", "search"):
        honest = getattr(searching, name)
        monkeypatch.setattr(
            neighbors, name, lambda *a, honest=honest, **k: asked.append(1) or honest(*a, **k)
        )
    graphs = Graphs.of(rows)
    among_all = (Tomek(), ENN(), RepeatedENN(passes=2), AllKNN(), NeighbourhoodCleaning())
    for sampler in (*among_all, BorderlineSMOTE(), ADASYN(), SMOTE()):
        sampler.recipe(fold_of(rows, 0, graphs))
    assert len(asked) == 2, "all rows among all, the rare class within itself"
    for sampler in (NearMiss1(), NearMiss3(), CondensedNN(), OneSidedSelection()):
        sampler.recipe(fold_of(rows, 0, graphs))
    assert len(asked) == 4, "the frequent class towards the rare one, and back"


@pytest.mark.parametrize("d", [3, 12])
def test_what_is_known_of_the_first_rows_is_not_searched_again(d) -> None:
    rng = np.random.default_rng(d)
    points, y = rng.normal(size=(200, d)).astype(np.float32), np.repeat([0, 1], [170, 30])
    names = tuple(f"x{j}" for j in range(d))
    layout = Layout(numbers=names, players=names)
    rows = TypedRows(points, np.zeros((200, 0), dtype=np.int32), y, layout)
    graphs = Graphs.of(rows)
    for sampler, grown in ((SMOTE(), True), (RandomOver(), True), (ENN(), False)):
        recipe = sampler.recipe(fold_of(rows, 0, graphs))
        made = rows.made(recipe)
        after, fresh = graphs.after(recipe, made), Graphs.of(made)
        assert (after._first is graphs) == grown
        np.testing.assert_allclose(after.all(4)[0], fresh.all(4)[0], rtol=1e-12)
        np.testing.assert_array_equal(after.all(4)[1], fresh.all(4)[1])


def test_rows_towards_another_class() -> None:
    rng = np.random.default_rng(0)
    points, y = rng.normal(size=(80, 3)), rng.integers(0, 3, 80)
    distances, positions = Graphs(points, y).towards(0, 2, 4)
    gaps = cdist(points[y == 0], points[y == 2])
    np.testing.assert_array_equal(positions, np.flatnonzero(y == 2)[np.argsort(gaps)[:, :4]])
    np.testing.assert_allclose(distances, np.sort(gaps)[:, :4])
    assert Graphs(points, y).towards(0, 2, 999)[1].shape[1] == (y == 2).sum()


def test_of_very_many_rows_most_neighbours_are_found_and_the_recall_is_told(monkeypatch) -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(9000, 12)) + 4 * rng.integers(0, 3, size=(9000, 1))
    exact = nearest(points, 5)
    monkeypatch.setattr(searching, "MOST_EXACT", 100)
    found = searching.among(points, 5)
    hit = np.mean(found.distances <= exact[0][:, -1:] * (1 + 1e-12))
    assert 0.99 < hit < 1, "some are missed, or this proves nothing"
    assert found.recall[-1] == pytest.approx(hit, abs=0.002)
    assert found.recall[0] >= found.recall[-1]
    assert (found.positions != np.arange(len(points))[:, None]).all()
    np.testing.assert_allclose(
        np.linalg.norm(points[found.positions] - points[:, None], axis=2), found.distances
    )
    again = searching.among(points, 5)
    np.testing.assert_array_equal(again.positions, found.positions)


def test_a_sampler_says_that_its_neighbours_are_not_all_the_nearest(monkeypatch) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(3000, 12)), np.repeat([0, 1], [2900, 100])
    monkeypatch.setattr(searching, "MOST_EXACT", 1000)
    with pytest.warns(UserWarning, match=r"\d\d\.\d% of those used are the nearest"):
        Tomek().fit_resample(X, y)
    SMOTE(random_state=0).fit_resample(X, y)  # the rare class alone is searched exactly


@pytest.mark.parametrize("scale", [1e-20, 1e-25, 1e-40])
def test_exact_where_the_products_of_single_precision_vanish(scale) -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(8, 12))[rng.integers(0, 8, 300)] + 0.05 * rng.normal(size=(300, 12))
    _distances, order = by_hand(points, 3)
    for far in ((), (1.0,)):  # one row that is not small does not change it
        rows = np.vstack([points * scale, *(np.full((1, 12), one) for one in far)])
        np.testing.assert_array_equal(nearest(rows, 3)[1][:300], order)


def test_near_rows_far_from_the_middle_are_told_apart(monkeypatch) -> None:
    """Around the middle of all rows, single precision found three of four of these."""
    monkeypatch.setattr(searching, "MOST_EXACT", 500)
    rng = np.random.default_rng(3)
    points = rng.normal(size=(10, 14))[rng.integers(0, 10, 12_000)]
    points += 1e-3 * rng.normal(size=points.shape)
    points[rng.choice(len(points), 60, replace=False)] = 5 * rng.normal(size=(60, 14))
    assert searching.among(points, 5).parts.min() > 0.99


def test_a_cell_of_too_few_rows_leaves_no_neighbour_out(monkeypatch) -> None:
    monkeypatch.setattr(searching, "MOST_EXACT", 500)
    rng = np.random.default_rng(1)
    points = 3.0 * rng.integers(0, 2, size=(12, 14))[rng.integers(0, 12, 12_000)]
    few = rng.choice(len(points), 200, replace=False)
    points[few] = 5 * rng.normal(size=(200, 14))
    found = searching.among(points, 25)
    assert found.positions.min() >= 0
    assert np.isfinite(found.distances).all()


def test_values_that_single_precision_cannot_square_are_compared_with_all(monkeypatch) -> None:
    monkeypatch.setattr(searching, "MOST_EXACT", 100)
    points = np.random.default_rng(0).normal(size=(900, 12))
    found = searching.among(points * 1e30, 3)
    np.testing.assert_array_equal(found.positions, by_hand(points, 3)[1])
    assert found.parts.min() == 1
