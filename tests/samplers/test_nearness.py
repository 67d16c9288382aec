"""Columns and a metric define who is near, for every step that asks, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from rebal_core.arm import Arm
from rebal_core.experiment.estimate import changed
from rebal_core.experiment.neighbours import shared_graphs
from rebal_core.facts import TableFacts
from rebal_core.rows import Layout, TypedRows, Unseen
from rebal_core.samplers import ENN, SMOTE, SMOTEENN, Graphs, fold_of, neighbors, run_steps, seen_by
from rebal_core.samplers.condensed import CondensedNN
from rebal_core.samplers.enn import RepeatedENN
from rebal_core.samplers.generators import Generator
from rebal_core.samplers.near_miss import NearMiss2
from rebal_core.samplers.nearness import NEARNESS, Near
from rebal_core.samplers.spaces import space_of
from rebal_core.seeding import content_key
from rebal_core.step import Fold, Sampler, Weights
from rebal_core.strategies import STRATEGIES, resample, weighed
from rebal_core.strategies.fit import identity
from rebal_core.wording import Unsuitable

NAMES = {parameter.name for parameter in NEARNESS}
METRICS = ("manhattan", "cosine")
COLUMNS = ("a", "b", "c", "kind", "城市")


def near_steps(strategy):
    return [step for step in strategy.steps if isinstance(step, Near)]


STEPS = {step.name: step for strategy in STRATEGIES for step in strategy.steps}
NEAR = [strategy for strategy in STRATEGIES if near_steps(strategy)]


def rows_of(seed: int = 0, noise: bool = False, missing: bool = False) -> TypedRows:
    """180 rows of three classes in three numbers and two categories; with a column of noise."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1, 2], [110, 45, 25])
    numbers = rng.normal(size=(180, 3)) + 0.8 * y[:, None]
    codes = np.column_stack([rng.integers(0, 3, 180), (rng.integers(0, 2, 180) + y) % 4])
    names = ["a", "b", "c"]
    if noise:
        numbers = np.column_stack([numbers, 9 * np.random.default_rng(7).normal(size=180)])
        names.append("noise")
    players = list(names)
    if missing:
        numbers = np.column_stack([numbers, rng.random(180) < 0.3])
        names, players = [*names, "a=missing"], [*players, "a"]
    layout = Layout(tuple(names), COLUMNS[3:], (3, 4), players=tuple(players))
    return TypedRows(numbers.astype(np.float32), codes.astype(np.int32), y, layout)


def arm_of(strategy, **values):
    """Return an arm on which every near step has these values."""
    places = strategy.places().items()
    near = [(n, p) for n, (k, p) in places if isinstance(strategy.steps[k], Near)]
    set_to = {n: values[p.name] for n, p in near if p.name in values}
    return Arm(strategy.name, "logistic", tuple(sorted({**strategy.fast, **set_to}.items())))


def drawn(arm, rows):
    recipe = weighed(arm, rows, resample(arm, rows, None, seed=5), seed=5, n_classes=3)
    names = ("base", "mate", "step", "pick", "origin", "label", "weights")
    found = {name: getattr(recipe, name) for name in names} | {"flag": recipe._every("flag")}
    if recipe.drawn is not None:
        found["codes"] = recipe.drawn.codes
        found["values"] = np.nan_to_num(recipe.drawn.numbers[:, :3]).round(4)
    return found


def same(one, other) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("strategy", NEAR, ids=lambda s: s.name)
def test_noise_changes_nothing_where_the_other_columns_define_neighbours(strategy) -> None:
    expected = drawn(arm_of(strategy), rows_of())
    found = drawn(arm_of(strategy, columns=COLUMNS), rows_of(noise=True))
    if strategy.name == "hardness_weight":  # the seed of a model is its arm's
        expected = drawn(arm_of(strategy, columns=COLUMNS), rows_of())
    assert same(found, expected)
    if strategy.name != "smoten":  # which looks at no number, so at no noise
        assert not same(drawn(arm_of(strategy), rows_of(noise=True)), expected)


@pytest.mark.parametrize("strategy", NEAR, ids=lambda s: s.name)
def test_each_metric_makes_other_rows_of_the_same_draws(strategy) -> None:
    rows = rows_of(missing=True)
    usual = drawn(arm_of(strategy), rows)
    if not any("metric" in {p.name for p in step.parameters} for step in near_steps(strategy)):
        return
    for metric in METRICS:
        arm = arm_of(strategy, metric=metric)
        assert not same(drawn(arm, rows), usual)
        assert same(drawn(arm, rows), drawn(arm, rows))


def test_what_asks_who_is_near_has_the_parameters_last() -> None:
    class Forbidden:
        """All columns may be looked at; who is near may not be asked."""

        space, p = np.asarray(space_of(rows_of())), 2

    for step in STEPS.values():
        own = [p.name for p in step.parameters if p.name in NAMES]
        assert (own != []) == isinstance(step, Near)
        if own:
            assert [p.name for p in step.parameters][-len(own) :] == own
        elif isinstance(step, Sampler | Weights) and not isinstance(step, Generator):
            # A generator has SMOTE grow what is too small, by the usual nearness.
            visits = Unseen("visit", "group", np.arange(180.0) // 9)
            rows, none = replace(rows_of(), unseen=(visits,)), np.zeros(180, np.int8)
            fold = Fold(rows, Forbidden(), 3, np.random.default_rng(0), none)
            quick = {"n_estimators": 10} if "n_estimators" in step.settings() else {}
            tried = type(step)(**{**step.get_params(deep=False), **quick})
            (tried.recipe if isinstance(tried, Sampler) else tried.weights)(fold)
    assert {type(step).__name__ for step in STEPS.values() if isinstance(step, Near)} >= {
        "SMOTE", "ENN", "Tomek", "NearMiss1", "CondensedNN", "OutliersDensity", "HardnessWeight"
    }  # fmt: skip


def test_they_belong_to_an_arm_only_where_they_are_set() -> None:
    for strategy in NEAR:
        for step in near_steps(strategy):
            assert not NAMES & set(step.settings())
            other = type(step)(**{**step.get_params(), "columns": ("a",)})
            assert set(other.settings()) == {*step.settings(), "columns"}
            assert other.draw_settings() == step.draw_settings()
            assert "columns=('a',)" in repr(other)
            assert "columns" not in repr(step)
    assert content_key(identity(Arm("smote", "logistic"))) == "c7a1f69c3bd997485686309a"
    assert content_key(identity(Arm("smote_enn", "logistic"))) == "d415b3f8a82637208d94c8a3"


def measured(points, others, metric):
    if metric == "manhattan":
        return cdist(points, others, "cityblock")
    lengths = [np.linalg.norm(some, axis=1, keepdims=True) for some in (points, others)]
    cosine = np.clip((points / lengths[0]) @ (others / lengths[1]).T, -1, 1)
    return np.sqrt(np.maximum(2 - 2 * cosine, 0))


def by_hand(gaps, k):
    order = np.argsort(gaps, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(gaps, order, axis=1), order


@pytest.mark.parametrize("d", [3, 13])
@pytest.mark.parametrize("metric", METRICS)
def test_distances_and_neighbours_are_those_of_numpy(metric, d) -> None:
    rng = np.random.default_rng(d)
    points, y = rng.normal(size=(700, d)) + 0.5, rng.integers(0, 3, 700)
    graphs = Graphs(points, y).by((), metric)
    gaps = measured(points, points, metric)
    np.fill_diagonal(gaps, np.inf)
    for found, (distances, order) in (
        (graphs.all(6), by_hand(gaps, 6)),
        (graphs.towards(0, 2, 4), by_hand(gaps[y == 0][:, y == 2], 4)),
        (graphs.within(1, 4), by_hand(gaps[y == 1][:, y == 1], 4)),
    ):
        np.testing.assert_allclose(found[0], distances, atol=1e-7)
        others = {6: np.arange(700)}.get(found[1].shape[1])
        if others is not None:
            np.testing.assert_array_equal(found[1], order)
    np.testing.assert_array_equal(
        graphs.towards(0, 2, 4)[1], np.flatnonzero(y == 2)[by_hand(gaps[y == 0][:, y == 2], 4)[1]]
    )
    assert graphs.recall == 1


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(2, 40),
    d=st.sampled_from([1, 4, 12]),
    metric=st.sampled_from(METRICS),
    seed=st.integers(0, 99),
)
def test_copies_and_rows_of_zeros(n, d, metric, seed) -> None:
    points = np.random.default_rng(seed).integers(-1, 2, size=(n, d)).astype(float)
    points[0] = 0
    distances, positions = Graphs(points, np.zeros(n, dtype=np.int64)).by((), metric).all(5)
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    turned = points / np.where(lengths > 0, lengths, 1) if metric == "cosine" else points
    gaps = cdist(turned, turned, "euclidean" if metric == "cosine" else "cityblock")
    np.fill_diagonal(gaps, np.inf)
    np.testing.assert_allclose(distances, by_hand(gaps, min(5, n - 1))[0], atol=1e-7)
    alike = (points[positions] == points[:, None]).all(axis=2)
    assert (distances[alike] == 0).all(), "a copy of a row is exactly as near as the row"
    assert (positions != np.arange(n)[:, None]).all()


def test_very_large_and_very_small_rows_have_a_direction() -> None:
    points = np.random.default_rng(0).normal(size=(60, 11))
    scale = 10.0 ** np.random.default_rng(1).integers(-160, 160, size=(60, 1))
    y = np.zeros(60, dtype=np.int64)
    found, expected = (Graphs(p, y).by((), "cosine").all(3)[1] for p in (points * scale, points))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("columns", "dimensions"),
    [
        (("a",), [0, 3]),  # with “was missing” of it
        (("b", "kind"), [1, *range(4, 8)]),
        (("城市",), range(8, 13)),
        (("note",), [13, 14]),
        (("b", "note"), [1, 13, 14]),
    ],
)
def test_a_column_stands_for_all_that_is_made_of_it(columns, dimensions) -> None:
    rows = rows_of(missing=True)
    text = np.random.default_rng(3).normal(size=(180, 2)).astype(np.float32)
    layout = replace(rows.layout, texts=("note",), text_blocks=((0, 5),), dense_blocks=((0, 2),))
    rows = replace(rows, text_dense=text, layout=layout)
    space, graphs = space_of(rows), Graphs.of(rows)
    assert space.shape[1] == 15
    np.testing.assert_array_equal(graphs.by(columns).space, space[:, list(dimensions)])
    assert graphs.by(columns) is graphs.by(columns), "searched once for all steps"
    assert graphs.by(columns).by() is graphs
    if columns == ("城市",):
        codes = rows.codes[:, 1]
        gaps = graphs.by(columns, "manhattan").all(179)
        same_value = codes[gaps[1]] == codes[:, None]
        np.testing.assert_allclose(gaps[0], np.where(same_value, 0, 1), atol=1e-6)


@pytest.mark.parametrize(
    ("column", "words"), [("many", "“many” has more than 20 values"), ("gone", "found by “gone”")]
)
def test_a_column_that_cannot_tell_is_refused_in_a_sentence(column, words) -> None:
    rows = rows_of()
    rows = replace(rows, layout=replace(rows.layout, codes=("kind", "many"), cardinalities=(3, 21)))
    facts = TableFacts(180, (110, 45, 25), 3, 2, 0, 0, values=(("kind", 3), ("many", 21)))
    for name in ("smote", "enn", "smotenc", "smoten", "hardness_weight"):
        set_to = STRATEGIES[name].with_params({"columns": ["a", "many"]})
        assert (words in str(set_to.reason(facts))) == (column == "many" and name != "smoten")
        assert set_to.with_params({"columns": ["a", "kind"]}).reason(facts) is None
    arm = Arm("smote", "logistic", (("columns", ("a", column)),))
    with pytest.raises(Unsuitable, match=words):
        resample(arm, rows, None, seed=0)
    # Classes' shares tell values of any column apart, of however many values.
    voted = Arm("smoten", "logistic", (("columns", ("many",)),))
    assert len(resample(voted, rows, None, seed=0)) == 330
    with pytest.raises(Unsuitable, match="holds categories"):
        resample(replace(voted, params=(("columns", ("a",)),)), rows, None, seed=0)


def test_two_steps_have_columns_of_their_own() -> None:
    rows, graphs = rows_of(), Graphs.of(rows_of())
    steps = SMOTE(columns=("a", "b")), ENN(columns=("c",), metric="manhattan")

    def rng(_place):
        return np.random.default_rng(3)

    found = run_steps(steps, rows, graphs, 3, rng)
    first = steps[0].recipe(fold_of(rows, rng(0), graphs.by(("a", "b"))))
    made = rows.made(first)
    gaps = cdist(made.numbers[:, 2:], made.numbers[:, 2:], "cityblock")
    np.fill_diagonal(gaps, np.inf)
    near = by_hand(gaps, 3)[1]
    stays = (made.y[near] == made.y[:, None]).all(axis=1)
    np.testing.assert_array_equal(found.base, first.base[stays])
    np.testing.assert_array_equal(found.mate, first.mate[stays])
    whole = SMOTEENN(columns=("a",), metric="manhattan")
    parts = run_steps(whole.parts, rows, graphs, 3, rng)
    inside = whole.recipe(Fold(rows, seen_by(whole, graphs), 3, rng(0), np.zeros(180, np.int8)))
    assert len(parts) != len(found)
    assert len(inside) < 330


@pytest.mark.parametrize("d", [3, 12])
@pytest.mark.parametrize("metric", METRICS)
def test_made_rows_are_as_near_as_if_they_were_searched_anew(metric, d) -> None:
    rng = np.random.default_rng(d)
    names = tuple(f"x{j}" for j in range(d + 1))
    points, y = rng.normal(size=(200, d + 1)).astype(np.float32), np.repeat([0, 1], [170, 30])
    rows = TypedRows(points, np.zeros((200, 0), np.int32), y, Layout(numbers=names, players=names))
    graphs = Graphs.of(rows)
    recipe = SMOTE().recipe(fold_of(rows, 0, graphs))
    made = rows.made(recipe)
    view, fresh = (g.by(names[1:], metric) for g in (graphs.after(recipe, made), Graphs.of(made)))
    assert view._first is graphs.by(names[1:], metric), "what is known is not searched again"
    np.testing.assert_allclose(view.all(4)[0], fresh.all(4)[0], atol=1e-6)
    again = graphs.by(names[1:], metric).after(recipe, made)
    np.testing.assert_array_equal(again.space, made.numbers)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("width", [3, 12])
def test_steps_that_look_at_the_space_measure_by_the_metric(metric, width) -> None:
    rng = np.random.default_rng(width)
    y = np.repeat([0, 1], [120, 30])
    X = rng.normal(size=(150, width)) + 1.0 + 1.2 * y[:, None]
    gaps = measured(X, X, metric)
    np.fill_diagonal(gaps, np.inf)
    cut = NearMiss2(metric=metric, n_neighbors=3)
    cut.fit_resample(X, y)
    far = np.sort(gaps[:120, 120:], axis=1)[:, -3:].sum(axis=1)
    assert set(cut.sample_indices_[cut.sample_indices_ < 120]) == set(np.argsort(far)[:30])

    repeated = RepeatedENN(metric=metric, classes="all", passes=2)
    repeated.fit_resample(X, y)
    left = np.arange(150)
    for _pass in range(2):
        near = left[by_hand(gaps[np.ix_(left, left)], 3)[1]]
        left = left[(y[near] == y[left][:, None]).all(axis=1)]
    np.testing.assert_array_equal(repeated.sample_indices_, left)

    condensed = CondensedNN(metric=metric, random_state=0)
    condensed.fit_resample(X, y)
    kept = condensed.sample_indices_
    rest = np.setdiff1d(np.arange(120), kept)
    assert len(rest) > 0
    assert (kept[gaps[np.ix_(rest, kept)].argmin(axis=1)] < 120).all()


def test_graphs_of_some_columns_are_kept_for_all_runs(tmp_path, monkeypatch) -> None:
    rows = rows_of()
    asked = [(("a", "b"), metric) for metric in ("euclidean", *METRICS)]
    asked += [((), "cosine"), (("a",), "euclidean")]
    first = [shared_graphs(tmp_path / "fold", rows).by(*by).within(1, 5) for by in asked]
    assert len({found[0].tobytes() for found in first}) == len(asked), "no two share a graph"
    monkeypatch.setattr(neighbors, "space_of", lambda _: pytest.fail("searched again"))
    for by, (distances, positions) in zip(asked, first, strict=True):
        again = shared_graphs(tmp_path / "fold", rows).by(*by).within(1, 5)
        np.testing.assert_array_equal(again[0], distances)
        np.testing.assert_array_equal(again[1], positions)


def test_frames_name_their_columns_and_arrays_count_them() -> None:
    rows = rows_of(noise=True)
    frame = pd.DataFrame(rows.numbers, columns=["a", "b", "收入", "noise"])
    plain = SMOTE(random_state=0).fit_resample(frame.drop(columns="noise"), rows.y)[0]
    named = SMOTE(random_state=0, columns=["收入", "a", "b"]).fit_resample(frame, rows.y)[0]
    pd.testing.assert_frame_equal(named.drop(columns="noise"), plain)
    made = named["noise"].to_numpy()[180:]
    assert np.ptp(made) > 10, "made rows lie between two rows in every column"
    counted = SMOTE(random_state=0, columns=("0", "1", "2")).fit_resample(rows.numbers, rows.y)[0]
    np.testing.assert_allclose(counted, named.to_numpy())
    for wrong in (["age"], "收入,age", 3):
        with pytest.raises(ValueError, match="columns"):
            SMOTE(columns=wrong).fit_resample(frame, rows.y)


def test_time_and_memory_follow_the_columns_and_the_metric() -> None:
    names = [f"x{j}" for j in range(20)]
    kinds = tuple((name, "number") for name in names)
    part = TableFacts(200_000, (190_000, 10_000), 20, 0, 0, 0, kinds=kinds)
    enn = STRATEGIES["enn"]
    few, sums = enn.with_params({"columns": names[:5]}), enn.with_params({"metric": "manhattan"})
    whole, some, summed = (changed(one, part) for one in (enn, few, sums))
    assert (whole.approximate, some.approximate, summed.approximate) == (True, False, False)
    assert some.seconds < whole.seconds < summed.seconds
    assert some.memory_bytes < whole.memory_bytes
    assert "take too long" in str(sums.reason(part))
    assert str(sums.reason(part)).endswith(".")
    assert sums.reason(part.of_counts((9_000, 1_000))) is None
    assert few.with_params({"metric": "manhattan"}).reason(part) is None, "a tree finds them"
    assert enn.with_params({"metric": "cosine"}).reason(part) is None
    assert STRATEGIES["smote"].with_params({"metric": "manhattan"}).reason(part) is None


def test_a_step_made_elsewhere_keeps_its_own_constructor() -> None:
    class Later(ENN):
        def __init__(self, n_neighbors: int = 4, random_state: int | None = None) -> None:
            super().__init__(n_neighbors, random_state)

    step = Later(7, metric="cosine")
    assert (step.n_neighbors, step.metric, step.columns) == (7, "cosine", ())
    assert [p.name for p in step.parameters][-2:] == ["columns", "metric"]
    with pytest.raises(TypeError, match="colour"):
        Later(colour=1)
    assert SimpleNamespace(**Later().get_params()).metric == "euclidean"


@pytest.mark.parametrize("columns", [("城市",), ("kind", "城市")])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
def test_the_first_of_equally_near_rows_whatever_was_asked_before(columns, metric) -> None:
    rows = rows_of()
    alone, after = (Graphs.of(rows).by(columns, metric) for _ in range(2))
    after.all(30)  # what another step of the same fold asks for
    gaps = cdist(alone.space, alone.space, "cityblock" if alone.p == 1 else "euclidean")
    np.fill_diagonal(gaps, np.inf)
    expected = np.argsort(gaps, axis=1, kind="stable")[:, :3]
    assert np.array_equal(alone.all(3)[1], expected)
    assert np.array_equal(after.all(3)[1], expected)
