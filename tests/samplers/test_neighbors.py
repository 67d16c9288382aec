"""The neighbour search is exact, and its graphs speak of the whole fold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from rebal_core.rows import Layout, TypedRows
from rebal_core.samplers import Graphs, nearest, neighbors, space_of


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
    honest = neighbors._by_all
    monkeypatch.setattr(
        neighbors, "_by_all", lambda p, r, k: asked.append(len(r)) or honest(p, r, k)
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


def test_saved_graphs_are_the_same(tmp_path, monkeypatch) -> None:
    rng = np.random.default_rng(0)
    graphs = Graphs(rng.normal(size=(50, 3)).astype(np.float32), rng.integers(0, 2, 50))
    graphs.all(3)
    graphs.within(1, 5)
    graphs.save(tmp_path / "g")
    back = Graphs.load(tmp_path / "g")
    monkeypatch.setattr(neighbors, "nearest", lambda *_: pytest.fail("searched again"))
    np.testing.assert_array_equal(back.all(3)[1], graphs.all(3)[1])
    np.testing.assert_array_equal(back.within(1, 4)[1], graphs.within(1, 4)[1])


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
