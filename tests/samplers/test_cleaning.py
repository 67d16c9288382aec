"""Cleaning: the rows of imbalanced-learn, and what articles get wrong."""

from __future__ import annotations

from dataclasses import replace

import imblearn.combine
import imblearn.over_sampling
import imblearn.under_sampling
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from test_samplers import Replayed, imbalanced, rows_of

from rebal_core.arm import Arm
from rebal_core.samplers import ENN, SMOTE, Graphs, RandomOver, RandomUnder, fold_of, run_steps
from rebal_core.samplers.cleaning import cleaned_classes, rarest_class
from rebal_core.samplers.enn import AllKNN, NeighbourhoodCleaning, RepeatedENN
from rebal_core.samplers.remaining import remaining_neighbors
from rebal_core.samplers.searching import nearest_of
from rebal_core.samplers.tomek import Tomek
from rebal_core.strategies import STRATEGIES, TableFacts
from rebal_core.strategies.fit import resample

CLEANERS = (Tomek(), ENN(), RepeatedENN(), AllKNN(), NeighbourhoodCleaning())
THEIRS = {"others": "not minority", "majority": "majority", "all": "all"}


def without_ties(X: np.ndarray) -> None:
    """Assert that no two distances of a row are equal within 1e-9 of them."""
    gaps = np.sort(cdist(X, X), axis=1)[:, 1:]
    assert (np.diff(gaps, axis=1) > 1e-9 * gaps[:, 1:]).all()


def three_classes(seed: int, width: int, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.choice(3, size=n, p=(0.6, 0.3, 0.1))
    return rng.normal(size=(n, width)) + 2.5 / width**0.5 * y[:, None], y


def equal(ours, theirs, X, y) -> int:
    """Assert that the same rows are left, in the order of the table; return how many went."""
    got, labels = ours.fit_resample(X, y)
    theirs.fit_resample(X, y)
    expected = np.sort(theirs.sample_indices_)
    assert np.array_equal(ours.sample_indices_, expected)
    assert np.array_equal(got, X[expected])
    assert np.array_equal(labels, y[expected])
    return len(X) - len(expected)


@pytest.mark.parametrize("classes", THEIRS)
@pytest.mark.parametrize("width", [3, 12])
@pytest.mark.parametrize("table", [imbalanced, three_classes])
def test_imbalanced_learn_s_rows_go(table, width, classes) -> None:
    X, y = table(3, width)
    without_ties(X)
    asked = {"sampling_strategy": THEIRS[classes]}
    tomek = imblearn.under_sampling.TomekLinks(**asked)
    assert equal(Tomek(classes), tomek, X, y)
    for vote, kind in (("all", "all"), ("most", "mode")):
        enn = imblearn.under_sampling.EditedNearestNeighbours(kind_sel=kind, **asked)
        assert equal(ENN(vote=vote, classes=classes), enn, X, y)


@pytest.mark.parametrize("vote", ["all", "most"])
@pytest.mark.parametrize("width", [3, 12])
@pytest.mark.parametrize("table", [imbalanced, three_classes])
def test_repeated_cleaning_is_imbalanced_learn_s(table, width, vote) -> None:
    # Of classes that get equally rare on the way, imbalanced-learn takes another for the rarest.
    X, y = table(8, width)
    kind = {"all": "all", "most": "mode"}[vote]
    once = ENN(vote=vote, classes="others")
    once.fit_resample(X, y)
    for ours, theirs in (
        (RepeatedENN(vote=vote), imblearn.under_sampling.RepeatedEditedNearestNeighbours),
        (AllKNN(vote=vote), imblearn.under_sampling.AllKNN),
    ):
        equal(ours, theirs(kind_sel=kind), X, y)
    repeated = RepeatedENN(vote=vote)
    repeated.fit_resample(X, y)
    assert len(repeated.sample_indices_) <= len(once.sample_indices_)


@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(2, 80),
    d=st.sampled_from([2, 12]),
    gone=st.floats(0, 0.95),
    k=st.integers(1, 14),
    seed=st.integers(0, 99),
)
def test_neighbours_among_the_rows_left_are_those_of_a_new_search(n, d, gone, k, seed) -> None:
    rng = np.random.default_rng(seed)
    points, alive = rng.normal(size=(n, d)), rng.random(n) >= gone
    alive[0] = True
    rows, positions = remaining_neighbors(Graphs(points, np.zeros(n, dtype=np.int64)), alive, k)
    gaps = cdist(points[alive], points[alive])
    np.fill_diagonal(gaps, np.inf)
    expected = np.argsort(gaps, axis=1)[:, : min(k, len(rows) - 1)]
    np.testing.assert_array_equal(rows, np.flatnonzero(alive))
    np.testing.assert_array_equal(positions, rows[expected])


@pytest.mark.parametrize("d", [3, 12])
def test_nearest_of_other_rows(d, monkeypatch) -> None:
    monkeypatch.setattr("rebal_core.samplers.tiles._CELLS", 500)
    rng = np.random.default_rng(d)
    points, queries = rng.normal(size=(60, d)), rng.normal(size=(40, d))
    distances, positions = nearest_of(points, queries, 4)
    gaps = cdist(queries, points)
    np.testing.assert_array_equal(positions, np.argsort(gaps, axis=1)[:, :4])
    np.testing.assert_allclose(distances, np.sort(gaps, axis=1)[:, :4], rtol=1e-12)
    assert nearest_of(points[:2], queries, 4)[1].shape == (40, 2)
    assert nearest_of(points[:1], points[:1], 4, np.array([0]))[1].shape == (1, 0)


def test_a_link_is_two_rows_that_are_each_other_s_nearest() -> None:
    """Rows at equal distances of a third are no link, as an article has it."""
    X = np.array([[0.0], [1.2], [2.1], [2.3], [9.0], [9.5]])
    y = np.array([0, 1, 0, 1, 0, 0])
    tomek = Tomek()
    tomek.fit_resample(X, y)
    assert tomek.sample_indices_.tolist() == [0, 1, 3, 4, 5], "only rows 2 and 3 are a link"
    gaps = cdist(X, X)
    np.fill_diagonal(gaps, np.inf)
    one_sided = y[gaps.argmin(axis=1)] != y  # the wrong form: not mutual
    assert np.flatnonzero(one_sided).tolist() == [0, 1, 2, 3]


def test_only_rows_around_an_outvoted_rare_row_are_cleaned_away() -> None:
    """The wrong form deletes all neighbours of every frequent row: nearly everything."""
    X, y = imbalanced(7, 4)
    clean = NeighbourhoodCleaning()
    clean.fit_resample(X, y)
    gaps = cdist(X, X)
    np.fill_diagonal(gaps, np.inf)
    near = np.argsort(gaps, axis=1)[:, :3]
    wrong = np.setdiff1d(np.arange(len(X)), near[y == 0])
    assert len(wrong) < 0.2 * len(X), "articles' form"
    kept = clean.sample_indices_
    assert len(kept) > 0.6 * len(X)
    assert (y[kept] == 1).sum() == (y == 1).sum()
    outvoted = (y == 1) & ((y[near] == 1).sum(axis=1) < 2)
    around = np.unique(near[outvoted])
    edited = (y == 0) & ((y[near] == 0).sum(axis=1) < 2)
    gone = set(np.flatnonzero(edited)) | {row for row in around.tolist() if y[row] == 0}
    assert set(range(len(X))) - set(kept.tolist()) == gone


def test_smote_tomek_is_imbalanced_learn_s() -> None:
    X, y = imbalanced(4, 5)
    steps = STRATEGIES["smote_tomek"].samplers
    rows = rows_of([340, 60], width=5)
    rows = type(rows)(X.astype(np.float32), np.zeros((len(X), 0), np.int32), y, rows.layout)
    made = run_steps(steps, rows, Graphs(X, y), 2, lambda _place: np.random.default_rng(7))
    smote = imblearn.over_sampling.SMOTE(random_state=Replayed(7))
    grown, labels = smote.fit_resample(X, y)
    without_ties(grown)
    tomek = imblearn.combine.SMOTETomek()
    tomek._validate_estimator()
    expected, expected_labels = tomek.tomek_.fit_resample(grown, labels)
    np.testing.assert_array_equal(made.between(X), expected)
    np.testing.assert_array_equal(made.label, expected_labels)
    assert len(expected) < len(grown)


def test_both_ratios_of_over_and_under_act() -> None:
    """Oversampling to 1 and then undersampling, as an article has it, leaves nothing to cut."""
    rows = rows_of([900, 90])
    graphs = Graphs.of(rows)

    def made(steps):
        return run_steps(steps, rows, graphs, 2, lambda place: np.random.default_rng(place))

    idle = made((RandomOver(), RandomUnder()))
    assert np.bincount(idle.label).tolist() == [900, 900]
    assert np.array_equal(idle.base[:990], np.arange(990)), "no row was cut"
    assert "left nothing out" in idle.notes[0]
    ours = made(STRATEGIES["over_under"].samplers)
    assert np.bincount(ours.label).tolist() == [450, 450]
    assert not ours.notes
    asked = STRATEGIES["over_under"].with_params(
        {"random_over.ratio": 0.2, "random_under.ratio": 0.5}
    )
    assert np.bincount(made(asked.samplers).label).tolist() == [360, 180]
    assert asked.counts_after((900, 90)) == (360, 180)
    assert not made((RandomUnder(),)).notes


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.integers(1, 25), min_size=2, max_size=4),
    cleaner=st.sampled_from(CLEANERS),
    classes=st.sampled_from(list(THEIRS)),
    k=st.integers(1, 6),
    seed=st.integers(0, 9),
)
def test_no_class_is_lost_and_only_cleaned_ones_lose_rows(counts, cleaner, classes, k, seed):
    rows = rows_of(counts, seed)
    cleaner = type(cleaner)(classes=classes)
    if "n_neighbors" in cleaner.get_params():
        cleaner.set_params(n_neighbors=k)
    fold = fold_of(rows, seed)
    recipe = cleaner.recipe(fold)
    after = np.bincount(recipe.label, minlength=len(counts))
    spared = np.setdiff1d(np.arange(len(counts)), cleaned_classes(fold.counts, classes))
    assert (after > 0).all()
    assert after[spared].tolist() == np.array(counts)[spared].tolist()
    assert (np.diff(recipe.base) > 0).all()


def test_which_classes_are_cleaned() -> None:
    assert cleaned_classes((50, 0, 5, 20), "others").tolist() == [0, 3]
    assert cleaned_classes((50, 0, 5, 20), "majority").tolist() == [0]
    assert cleaned_classes((50, 0, 5, 20), "all").tolist() == [0, 2, 3]
    assert rarest_class((5, 0, 5)) == 2


def test_many_wide_rows_are_refused_in_a_sentence() -> None:
    facts = TableFacts(3_000_000, (2_900_000, 100_000), 12, 0, 0, 0)
    for cleaner in CLEANERS:
        assert "takes too long for 3,000,000 rows" in str(cleaner.limit(facts))
        assert cleaner.seconds(facts) > 0
        assert cleaner.memory(facts) > facts.rows * facts.width * 8


def test_smote_stays_first_and_makes_the_links_that_are_cut() -> None:
    slots = [step.slot for step in STRATEGIES["smote_tomek"].steps]
    assert slots == ["over", "clean"]
    rows = rows_of([300, 60])
    graphs = Graphs.of(rows)
    ours, wrong = (
        run_steps(steps, rows, graphs, 2, lambda place: np.random.default_rng(place))
        for steps in ((SMOTE(), Tomek("all")), (Tomek("all"), SMOTE()))
    )
    links = [
        np.count_nonzero(Tomek().disputed(fold_of(rows.made(recipe), 0)))
        for recipe in (ours, wrong)
    ]
    assert links[0] < links[1]


@pytest.mark.parametrize("name", ["tomek", "enn", "repeated_enn", "all_knn", "smote_tomek"])
def test_what_changes_nothing_says_so(name) -> None:
    mixed = rows_of([40, 10])
    even = rows_of([25, 25]) if name == "smote_tomek" else mixed
    apart = replace(even, numbers=even.numbers + np.float32(50) * even.y[:, None])
    for rows, told in ((apart, True), (mixed, False)):
        recipe = resample(Arm(name, "logistic"), rows, None, seed=0)
        assert any("as it was" in note for note in recipe.notes) == told
        assert recipe.keeps_all(50) == told
