"""Typed rows: what each kind of column becomes, and that all of it is learned in the fold."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from rebal_core.data.preparing.preparation import Preparation
from rebal_core.data.preparing.tfidf import TextEncoder, _counts
from rebal_core.rows import TypedRows
from rebal_core.schema import Column, Schema
from rebal_core.wording import UserError


def schema(*features: Column) -> Schema:
    return Schema((*features, Column("label", "category", "target")))


def prepared(frame: pd.DataFrame, *features: Column) -> tuple[Preparation, TypedRows]:
    return Preparation.fit(frame, np.zeros(len(frame), dtype=np.int64), schema(*features), seed=0)


@pytest.mark.parametrize(
    ("fill", "constant", "value"),
    [("median", None, 3.0), ("most_frequent", None, 1.0), ("constant", "9", 9.0)],
)
def test_missing_numbers_are_filled_as_asked(fill, constant, value) -> None:
    frame = pd.DataFrame({"x": [1.0, 1.0, 5.0, 7.0, np.nan]})
    preparation, rows = prepared(frame, Column("x", "number", fill=fill, constant=constant))
    full = np.array([1, 1, 5, 7, value])
    np.testing.assert_allclose(rows.numbers[:, 0], (full - full.mean()) / full.std(), rtol=1e-6)
    assert rows.numbers.dtype == np.float32
    unseen = preparation.transform(pd.DataFrame({"x": [None]})).numbers[0, 0]
    assert unseen == rows.numbers[4, 0]


def test_an_indicator_says_what_was_missing() -> None:
    frame = pd.DataFrame({"x": [1.0, np.nan, 3.0], "z": [0, 1, 2]})
    columns = (Column("x", "number", fill="indicator"), Column("z", "number"))
    preparation, rows = prepared(frame, *columns)
    assert preparation.layout.numbers == ("x", "z", "x=missing")
    assert preparation.layout.players == ("x", "z", "x")
    assert rows.numbers[:, 2].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    "values",
    [[np.nan] * 4, [5.0] * 4, [0.1, 0.1, 0.1, 0.1], [1e300, -1e300, 0, 1], [np.inf, 1, 2, 3]],
    ids=["all missing", "constant", "constant fraction", "huge", "infinite"],
)
def test_strange_numbers_stay_finite(values) -> None:
    preparation, rows = prepared(pd.DataFrame({"x": values}), Column("x", "number"))
    assert np.isfinite(rows.numbers).all()
    assert np.abs(rows.numbers).max() < 10
    later = preparation.transform(pd.DataFrame({"x": [1e308, -np.inf, np.nan, -1e308]}))
    assert np.isfinite(later.numbers).all()


def test_integers_booleans_and_dates_are_numbers() -> None:
    frame = pd.DataFrame(
        {
            "i": pd.array([1, None, 3], dtype="Int64"),
            "b": [True, False, True],
            "d": pd.to_datetime(["2024-01-01", None, "2024-01-03"]),
        }
    )
    columns = [Column("i", "number"), Column("b", "number"), Column("d", "time")]
    preparation, rows = prepared(frame, *columns)
    assert rows.numbers.shape == (3, 3)
    assert preparation.numbers.centers[2] == 19_724  # days from 1970 to the median, 2024-01-02


def test_categories_are_codes_by_frequency() -> None:
    frame = pd.DataFrame({"c": ["b", "a", "b", None, "c", "a", "b"]})
    preparation, rows = prepared(frame, Column("c", "category"))
    assert preparation.categories.values == (("b", "a", "c"),)
    assert rows.codes[:, 0].tolist() == [0, 1, 0, -1, 2, 1, 0]
    assert preparation.transform(pd.DataFrame({"c": ["new", "a"]})).codes[:, 0].tolist() == [-1, 1]


def test_one_category_whatever_its_type() -> None:
    preparation, _ = prepared(pd.DataFrame({"c": [1, 2, 1]}), Column("c", "category"))
    for same in ([1.0, 2.0], ["1", "2"], pd.array([1, 2], dtype="Int64")):
        assert preparation.transform(pd.DataFrame({"c": same})).codes[:, 0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("fill", "constant", "code"), [("most_frequent", None, 0), ("constant", "z", 2)]
)
def test_missing_categories_are_filled_as_asked(fill, constant, code) -> None:
    frame = pd.DataFrame({"c": ["b", "a", "b", None]})
    column = Column("c", "category", fill=fill, constant=constant)
    preparation, rows = prepared(frame, column)
    assert rows.codes[3, 0] == code
    assert preparation.layout.cardinalities == ((3,) if constant else (2,))


def test_text_becomes_tfidf_and_components() -> None:
    texts = ["我要退货", "退货怎么办", "refund please", "please refund me", None, ""]
    frame = pd.DataFrame({"t": texts, "x": range(6)})
    preparation, rows = prepared(frame, Column("t", "text"), Column("x", "number"))
    assert rows.text is not None
    assert rows.text_dense is not None
    length = np.sqrt(np.asarray(rows.text.multiply(rows.text).sum(axis=1))).ravel()
    np.testing.assert_allclose(length, [1, 1, 1, 1, 0, 0], atol=1e-6)
    near = rows.text_dense @ rows.text_dense.T
    assert near[0, 1] > 0.04 > abs(near[0, 2])
    assert near[2, 3] > 0.5
    again = preparation.transform(frame)
    np.testing.assert_array_equal(again.text.toarray(), rows.text.toarray())
    np.testing.assert_array_equal(again.text_dense, rows.text_dense)
    assert preparation.layout.text_blocks == ((0, rows.text.shape[1]),)


def test_tfidf_is_scikit_learn_s() -> None:
    texts = ["red shoes", "red dress", "blue shoes", "红色 连衣裙"]
    _, rows = prepared(pd.DataFrame({"t": texts}), Column("t", "text"))
    reference = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    expected = reference.fit_transform(texts).toarray()
    np.testing.assert_allclose(rows.text.toarray(), expected, atol=1e-7)


def test_empty_text_is_safe() -> None:
    preparation, rows = prepared(pd.DataFrame({"t": [None, None, ""]}), Column("t", "text"))
    assert rows.text.shape == (3, 0)
    assert preparation.transform(pd.DataFrame({"t": ["hello"]})).text_dense.shape == (1, 0)


def test_embeddings_are_expanded() -> None:
    frame = pd.DataFrame({"e": [[1.0, 2.0], [3.0, 2.0], None]})
    preparation, rows = prepared(frame, Column("e", "embedding"))
    np.testing.assert_allclose(rows.numbers, [[-1, 0], [1, 0], [0, 0]])
    assert preparation.layout.numbers == ("e[0]", "e[1]")
    with pytest.raises(UserError, match="different lengths"):
        preparation.transform(pd.DataFrame({"e": [[1.0]]}))


def test_only_features_are_seen_and_weights_are_read() -> None:
    frame = pd.DataFrame({"x": [1, 2], "id": ["u", "v"], "w": [2.0, None], "label": ["a", "b"]})
    columns = (
        Column("x", "number"),
        Column("id", "category", "id"),
        Column("w", "number", "weight"),
    )
    preparation, rows = prepared(frame, *columns)
    assert preparation.layout.numbers == ("x",)
    assert rows.weight.tolist() == [2.0, 1.0]
    assert preparation.transform(frame[["x"]]).weight is None
    with pytest.raises(UserError, match="negative weights"):
        prepared(frame.assign(w=-1.0), *columns)


def test_no_rows_are_rows_too() -> None:
    frame = pd.DataFrame(
        {
            "number": [1.0, None, 3.0],
            "category": ["a", "b", "a"],
            "text": ["red shoe", "blue shoe", "shoe"],
            "embedding": [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]],
            "time": pd.to_datetime(["2024-01-01", None, "2024-01-03"]),
        }
    )
    preparation, rows = prepared(frame, *(Column(kind, kind) for kind in frame.columns))
    none = preparation.transform(frame.iloc[:0])
    assert len(none) == 0
    assert none.numbers.shape == (0, rows.numbers.shape[1])
    assert none.text.shape == (0, rows.text.shape[1])
    assert none.text_dense.shape == (0, rows.text_dense.shape[1])


def test_mistakes_are_told_in_a_sentence() -> None:
    frame = pd.DataFrame({"x": [1, 2]})
    with pytest.raises(UserError, match="No column is a feature"):
        prepared(frame)
    with pytest.raises(UserError, match="lacks the columns “y”"):
        prepared(frame, Column("y", "number"))
    with pytest.raises(UserError, match="no number"):
        prepared(frame, Column("x", "number", fill="constant", constant="many"))


def test_the_state_needs_no_pickle_and_loses_nothing(tmp_path) -> None:
    frame = pd.DataFrame(
        {
            "x": [0.1, np.nan, 3.0, 4.0],
            "c": ["b", "a", None, "b"],
            "t": ["one text", "two texts", "三个词", None],
            "e": [[1.0, 2.0], [0.0, 2.0], None, [5.0, 6.0]],
        }
    )
    preparation, rows = prepared(
        frame,
        Column("x", "number", fill="indicator"),
        Column("c", "category"),
        Column("t", "text"),
        Column("e", "embedding"),
    )
    values, arrays = preparation.to_state()
    np.savez(tmp_path / "a.npz", allow_pickle=False, **arrays)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as stored:
        back = Preparation.from_state(json.loads(json.dumps(values)), dict(stored))
    again = back.transform(frame)
    assert back.layout == preparation.layout
    np.testing.assert_array_equal(again.numbers, rows.numbers)
    np.testing.assert_array_equal(again.codes, rows.codes)
    np.testing.assert_array_equal(again.text_dense, rows.text_dense)


def test_test_rows_teach_nothing() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=50), "c": rng.choice(["a", "b"], 50)})
    columns = (Column("x", "number"), Column("c", "category"))
    preparation, rows = prepared(frame, *columns)
    preparation.transform(frame.assign(x=1e6, c="other"))
    np.testing.assert_array_equal(preparation.transform(frame).numbers, rows.numbers)


def test_a_wide_table_is_quick() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(20, 2000)), columns=[f"x{j}" for j in range(2000)])
    _, rows = prepared(frame, *(Column(name, "number") for name in frame))
    np.testing.assert_allclose(rows.numbers.std(axis=0), 1, rtol=1e-5)


@given(
    some.lists(some.text(some.sampled_from("ab B\tÀΣ退货\n"), max_size=30), min_size=1, max_size=8),
)
def test_pieces_are_counted_as_scikit_learn_counts_them(documents) -> None:
    counts, terms = _counts(documents)
    if not terms:
        assert not any(text.split() for text in documents)
        return
    reference = CountVectorizer(analyzer="char_wb", ngram_range=(2, 4))
    expected = reference.fit_transform(documents).toarray()
    order = np.argsort(terms)
    assert [terms[k] for k in order] == list(reference.get_feature_names_out())
    np.testing.assert_array_equal(counts.toarray()[:, order], expected)
    known = {term: j for j, term in enumerate(terms[::2])}
    again, _ = _counts(documents, known)
    np.testing.assert_array_equal(again.toarray(), counts.toarray()[:, ::2])


def test_of_very_many_pieces_those_are_kept_that_tell_the_classes_apart(monkeypatch) -> None:
    monkeypatch.setattr("rebal_core.data.preparing.tfidf.KEPT_TERMS", 30)
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    noise = ["".join(rng.choice(list("abcdefgh"), 5)) for _ in range(400)]
    texts = pd.Series([f"{noise[i]} {'zzyx' if y[i] else 'qqwv'} {noise[-i]}" for i in range(200)])
    encoder, tfidf = TextEncoder.fit(texts, y, seed=0)
    assert tfidf.shape == (200, 30)
    assert {"zzyx", "qqwv"} <= set(encoder.terms)
    np.testing.assert_array_equal(encoder.transform(texts).toarray(), tfidf.toarray())
