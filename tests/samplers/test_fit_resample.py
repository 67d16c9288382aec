"""``fit_resample``: what it refuses, and what comes back as it went in."""

from __future__ import annotations

import imblearn.over_sampling
import imblearn.under_sampling
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn.pipeline import Pipeline
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate

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
    RandomOver,
    RandomUnder,
)

N = 40
Y = np.r_[np.zeros(30, dtype=int), np.ones(10, dtype=int)]
BIG = 2**60 + 1
F = np.random.default_rng(0).normal(size=(N, 3)) + Y[:, None]
RANDOM = (RandomOver(random_state=0), RandomUnder(random_state=0))
MEASURING = (
    SMOTE(random_state=0),
    ENN(),
    SMOTEENN(random_state=0),
    BorderlineSMOTE(random_state=0),
    ADASYN(random_state=0),
    ROSE(random_state=0),
    MGS(random_state=0),
    SVMSMOTE(random_state=0),
    KMeansSMOTE(min_share=0.2, random_state=0),
)
EVERY = (*RANDOM, *MEASURING)


def by_name(sampler) -> str:
    return type(sampler).__name__


def put(array: np.ndarray, value: float) -> np.ndarray:
    changed = array.copy()
    changed[0, 0] = value
    return changed


#: One value a row of every type that a frame may hold.
TYPES = {
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "bool": st.booleans(),
    "float32": st.floats(width=32),
    "float64": st.floats(),
    "str": st.one_of(st.none(), st.text("aé中 ", max_size=3)),
    "category": st.sampled_from(["a", "b", None]),
    "Int64": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
    "boolean": st.one_of(st.none(), st.booleans()),
    "int64[pyarrow]": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
    "datetime64[ns]": st.one_of(st.none(), st.datetimes(pd.Timestamp(1700, 1, 1).to_pydatetime(),
                                                        pd.Timestamp(2200, 1, 1).to_pydatetime())),
    "timedelta64[s]": st.integers(0, 10**9),
    "object": st.one_of(st.none(), st.integers(), st.lists(st.integers())),
}  # fmt: skip


@pytest.mark.parametrize("kind", TYPES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_copied_rows_are_as_they_were(kind, data) -> None:
    values = data.draw(st.lists(TYPES[kind], min_size=9, max_size=9))
    X = pd.DataFrame({"x": pd.Series(values, dtype=kind), 7: range(9)}, index=list("abcdefghi"))
    X.columns = ["x", "row"]
    y = pd.Series(["no"] * 6 + ["yes"] * 3, index=X.index, name="y")
    for sampler in RANDOM:
        got, labels = sampler.fit_resample(X, y)
        rows = got["row"].to_numpy()
        assert (rows == sampler.sample_indices_).all()
        pd.testing.assert_frame_equal(
            got.reset_index(drop=True), X.iloc[rows].reset_index(drop=True)
        )
        assert labels.tolist() == y.iloc[rows].tolist()
        assert labels.name == "y"
        assert labels.index.equals(got.index)


def test_the_index_is_imbalanced_learn_s() -> None:
    X = pd.DataFrame(F, columns=list("abc"), index=[f"r{i}" for i in range(N)])
    y = pd.Series(Y, index=X.index)
    theirs = (
        imblearn.over_sampling.RandomOverSampler(),
        imblearn.under_sampling.RandomUnderSampler(),
        imblearn.over_sampling.SMOTE(),
        imblearn.under_sampling.EditedNearestNeighbours(),
    )
    for ours, other in zip((*RANDOM, *MEASURING[:2]), theirs, strict=True):
        got, labels = ours.fit_resample(X, y)
        expected, _ = other.fit_resample(X, y)
        assert isinstance(got.index, pd.RangeIndex) == isinstance(expected.index, pd.RangeIndex)
        assert labels.index.equals(got.index)


@pytest.mark.parametrize("sampler", RANDOM, ids=by_name)
def test_any_kind_of_table_comes_back_as_that_kind(sampler) -> None:
    for layout in ("csr", "csc", "coo"):
        matrix = sp.random(N, 5, 0.3, format=layout, random_state=0)
        got, _ = sampler.fit_resample(matrix, Y)
        assert sp.issparse(got)
        assert (got.toarray() == matrix.toarray()[sampler.sample_indices_]).all()
    mixed = [[i, f"t{i}", None] for i in range(N)]
    got, labels = sampler.fit_resample(mixed, Y.tolist())
    assert got == [mixed[i] for i in sampler.sample_indices_]
    assert labels == [int(Y[i]) for i in sampler.sample_indices_]
    table = pa.table({"a": list(range(N)), "t": [f"t{i}" for i in range(N)]})
    got, _ = sampler.fit_resample(table, Y)
    assert got.equals(table.take(pa.array(sampler.sample_indices_)))
    assert sampler.feature_names_in_.tolist() == ["a", "t"]


TARGETS = {
    "category": pd.Series(Y, dtype="category"),
    "Int64": pd.Series(Y, dtype="Int64"),
    "boolean": pd.Series(Y == 1, dtype="boolean"),
    "str": pd.Series(Y).map({0: "no", 1: "yes"}),
    "object": pd.Series(Y).map({0: "no", 1: "yes"}).astype(object),
    "array of int8": Y.astype(np.int8),
    "frame": pd.DataFrame({"label": Y}),
    "one-hot": np.eye(2, dtype=int)[Y],
}


@pytest.mark.parametrize("y", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("sampler", EVERY, ids=by_name)
def test_labels_keep_their_type(sampler, y) -> None:
    got, labels = sampler.fit_resample(F, y)
    assert type(labels) is type(y)
    assert len(labels) == len(got)
    if isinstance(y, pd.DataFrame):
        assert labels.dtypes.equals(y.dtypes)
    else:
        assert labels.dtype == y.dtype
        assert labels.ndim == y.ndim
    _, plain = clone(sampler).fit_resample(F, Y)
    codes = labels.argmax(axis=1) if labels.ndim == 2 and len(labels.T) == 2 else labels
    kinds = np.unique(np.asarray(codes).ravel().astype(str), return_inverse=True)[1]
    assert kinds.tolist() == plain.tolist()


NUMBERS = pd.DataFrame(
    {
        "long": np.arange(N) + BIG,
        "truth": np.arange(N) % 2 == 0,
        "short": np.linspace(0, 1, N, dtype=np.float32),
        "whole": pd.array(range(N), dtype="Int32"),
        "arrow": pd.array(range(N), dtype="int64[pyarrow]"),
    }
)


@pytest.mark.filterwarnings("ignore:One class kept its own rows:UserWarning")
@pytest.mark.parametrize("sampler", MEASURING, ids=by_name)
def test_rows_between_two_have_the_table_s_types(sampler) -> None:
    got, _ = sampler.fit_resample(NUMBERS, Y)
    assert got.dtypes.tolist() == NUMBERS.dtypes.tolist()
    assert got.columns.tolist() == NUMBERS.columns.tolist()
    assert set(got["long"][: 20 if sampler.slot == "clean" else 30]) <= set(NUMBERS["long"])
    if sampler.slot == "over" and not isinstance(sampler, SMOTEENN):
        pd.testing.assert_frame_equal(got.iloc[:N], NUMBERS)
        between = got.iloc[N:]["arrow"].to_numpy(dtype=float)
        inside = sampler.makes == "interpolated" and sampler.reach[0] == 0
        assert not inside or ((between >= 30) & (between < N)).all()


@pytest.mark.parametrize("sampler", MEASURING, ids=by_name)
def test_the_unit_of_the_values_changes_no_choice(sampler) -> None:
    """Squares of distances neither overflow nor vanish; what is too large is refused."""
    expected, labels = sampler.fit_resample(F, Y)
    for unit in (2.0**100, 2.0**-60):  # powers of two change no digit
        got, same = sampler.fit_resample(F * unit, Y)
        assert same.tolist() == labels.tolist()
        np.testing.assert_allclose(got / unit, expected, rtol=1e-6, atol=1e-7)
    for value in (1e39, -1e155, 1e300):
        with pytest.raises(ValueError, match="too large for dtype"):
            sampler.fit_resample(put(F, value), Y)


def test_whole_numbers_stay_inside_their_type() -> None:
    small = np.where(Y[:, None], [0, 255, 1], [128, 128, 0]) + np.zeros((N, 3), dtype=int)
    small[30:, 0] += np.arange(10)
    frame = pd.DataFrame({"a": small[:, 0].astype(np.uint8), "b": small[:, 1].astype(np.uint8),
                          "c": small[:, 2].astype(bool), "d": np.full(N, 2**63 - 1)})  # fmt: skip
    got, _ = ROSE(shrinkage=9, random_state=0).fit_resample(frame, Y)
    made = got.iloc[N:]
    assert (made["a"] < 100).all()
    assert made["a"].min() == 0
    assert (made["b"] == 255).all()
    assert made["c"].all()
    assert (made["d"] > 2**62).all()


def test_smote_rounds_whole_numbers_and_keeps_short_decimals() -> None:
    floats, _ = SMOTE(random_state=0).fit_resample(100 * F, Y)
    whole, _ = SMOTE(random_state=0).fit_resample(np.rint(100 * F).astype(np.int32), Y)
    assert whole.dtype == np.int32
    assert np.abs(whole - floats).max() < 60  # neighbours may differ by the rounding
    short, _ = SMOTE(random_state=0).fit_resample(F.astype(np.float32), Y)
    assert short.dtype == np.float32
    np.testing.assert_allclose(short, SMOTE(random_state=0).fit_resample(F, Y)[0], rtol=1e-4)


def test_counts_name_the_labels() -> None:
    y = np.where(Y, "yes", "no")
    for asked in ({"yes": 25}, [("yes", 25)]):
        _, labels = RandomOver(counts=asked).fit_resample(F, y)
        assert (labels == "yes").sum() == 25
    over = RandomOver(counts={2: 25})
    _, labels = over.fit_resample(F, Y + 1)
    assert np.bincount(labels).tolist() == [0, 30, 25]
    assert over.sampling_strategy_ == {2: 15}
    under = RandomUnder(counts={1: 12}).fit(F, Y + 1)
    assert under.sampling_strategy_ == {1: 12}
    assert under.counts == {1: 12}
    with pytest.raises(ValueError, match=r"The \[0\] target class"):
        RandomOver(counts={0: 50}).fit_resample(F, Y + 1)


MISSING = Y.astype(object)
MISSING[3] = None
BAD_DATA = {
    "lengths": (F, Y[:-1], "inconsistent numbers of samples"),
    "no target": (F, None, "target y is None"),
    "a missing label": (F, MISSING, "contains NaN"),
    "a missing number": (F, np.where(Y, 1.0, np.nan), "contains NaN"),
    "a continuous target": (F, np.linspace(0, 1, N), "Unknown label type"),
    "many labels a row": (F, np.ones((N, 3), dtype=int), "Multilabel"),
    "one class": (F, np.zeros(N), "more than 1 class"),
    "one dimension": (F[:, 0], Y, "Expected 2D array"),
    "no column": (F[:, :0], Y, "0 feature"),
    "complex numbers": (F + 1j, Y, "Complex data"),
}
BAD_NUMBERS = {
    "missing": (put(F, np.nan), "Input X contains NaN"),
    "infinite": (put(F, np.inf), "Input X contains infinity"),
    "words": (pd.DataFrame({"a": ["x", "y"] * 20}), r"could not convert|are no numbers"),
    "dates": (pd.DataFrame({"a": pd.date_range("2020", periods=N)}), "are no numbers"),
}


@pytest.mark.parametrize("case", BAD_DATA)
@pytest.mark.parametrize("sampler", EVERY, ids=by_name)
def test_bad_data_is_refused(sampler, case) -> None:
    X, y, words = BAD_DATA[case]
    for method in (sampler.fit, sampler.fit_resample):
        with pytest.raises(ValueError, match=words):
            method(X, y)


@pytest.mark.parametrize("case", BAD_NUMBERS)
def test_what_is_no_finite_number_is_refused_where_values_are_looked_at(case) -> None:
    X, words = BAD_NUMBERS[case]
    for sampler in MEASURING:
        with pytest.raises(ValueError, match=words):
            sampler.fit_resample(X, Y)
    for sampler in RANDOM:
        sampler.fit_resample(X, Y)
    with pytest.raises(TypeError, match="dense data is required"):
        SMOTE().fit_resample(sp.csr_matrix(F), Y)


@pytest.mark.parametrize(
    "sampler",
    [
        RandomOver(ratio=2),
        RandomUnder(ratio="a"),
        RandomOver(counts=7),
        RandomOver(counts={1: 2.5}),
        RandomOver(counts={0: 3}),
        RandomUnder(counts={1: 40}),
        SMOTE(k_neighbors=0),
        SMOTE(keep_prevalence="perhaps"),
        BorderlineSMOTE(kind="borderline-3"),
        ADASYN(n_neighbors=0),
        ENN(n_neighbors=None),
        SMOTEENN(n_neighbors=1.5),
        RandomOver(random_state="a"),
    ],
    ids=repr,
)
def test_a_parameter_that_does_not_suit_is_refused(sampler) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (each by its own sentence)
        sampler.fit_resample(F, Y)


def test_what_the_user_should_know_is_warned_of() -> None:
    y = Y.copy()
    y[-1] = 2
    with pytest.warns(UserWarning, match="has one training row, which was copied"):
        SMOTE(random_state=0).fit_resample(F, y)


@pytest.mark.filterwarnings("ignore:One class kept its own rows:UserWarning")
@pytest.mark.filterwarnings("ignore:.* grown by plain SMOTE:UserWarning")
@pytest.mark.parametrize("sampler", EVERY, ids=by_name)
def test_samplers_serve_scikit_learn_s_tools(sampler) -> None:
    model = Pipeline([("sample", sampler), ("learn", LogisticRegression())])
    X = pd.DataFrame(F, columns=list("abc"))
    scores = cross_validate(model, X, Y, cv=3, error_score="raise")["test_score"]
    assert scores.mean() > 0.6
    names = {"ratio": [0.5, 1.0], "k_neighbors": [1, 3], "n_neighbors": [1, 3]}
    asked = {f"sample__{n}": v for n, v in names.items() if n in sampler.get_params()}
    search = GridSearchCV(model, asked, cv=2, error_score="raise").fit(X, Y)
    assert len(search.cv_results_["params"]) == np.prod([len(v) for v in asked.values()])
    assert search.best_estimator_.predict(X).shape == (N,)
