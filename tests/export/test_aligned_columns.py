"""New rows are read as the model knows its columns, whatever their file looks like."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.export.align import aligned, names
from rebal_core.schema import Column, Schema
from rebal_core.wording import UserError

KINDS = (Column("n", "number"), Column("t", "time"), Column("c", "category"))
GOOD = pd.DataFrame(
    {"n": [1.5, 2.0, 3.0], "t": pd.to_datetime(["2026-01-01"] * 3), "c": ["a", "b", "b"]}
)


def arrive(table, folder, features=KINDS, known=None, file="new.csv", **manifest):
    """Score's way with a frame, or with the text of a CSV file."""
    known = {"c": ("a", "b"), **(known or {})}
    named = {c.name: known[c.name] for c in features if c.kind == "category"}
    preparation: Any = SimpleNamespace(schema=Schema(tuple(features)), known=named)
    if isinstance(table, str):
        (folder / file).write_text(table)
        dataset = read_table(
            folder / file, folder / "d", ReadOptions(written=names(preparation, manifest), least=1)
        )
    else:
        dataset = from_frame(table, folder / "d")
    frame, notes = aligned(dataset, dataset.own(), preparation, manifest, file)
    return frame, [note.render() for note in notes], dataset


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("n", ["x", "y", "3"], "“n” of new.csv holds text, .* on numbers"),
        ("n", GOOD["t"], "holds times, .* on numbers"),
        ("n", [np.ones(2)] * 3, "holds lists of numbers, .* on numbers"),
        ("t", [1, 2, 3], "“t” of new.csv holds numbers, .* on times"),
        ("t", ["a", "b", "2026-01-01"], "holds text, .* on times"),
        ("c", [np.ones(2)] * 3, "holds lists of numbers, .* on categories"),
    ],
)
def test_another_kind_is_refused(name, values, words, tmp_path):
    with pytest.raises(UserError, match=words):
        arrive(GOOD.assign(**{name: values}), tmp_path)


def test_single_bad_values_of_a_file_count_as_missing(tmp_path):
    table = "n,t,c\n1.5,2026-01-01,7\noops,2026-01-02,8\n,soon,\n4,,9\n"
    frame, notes, _ = arrive(table, tmp_path)
    assert frame["n"].tolist()[0::3] == [1.5, 4.0]
    assert frame["n"].isna().tolist() == [False, True, True, False]
    assert frame["t"].isna().tolist() == [False, False, True, True]
    assert ["“n”" in notes[0], "one value" in notes[0], "“t”" in notes[1]] == [True] * 3


def test_what_suits_stays_as_it_is(tmp_path):
    frame, notes, _ = arrive(GOOD.assign(n=np.nan, c=[1, 2, 3]), tmp_path)
    assert notes == []
    assert frame["c"].tolist() == [1, 2, 3]


def test_words_for_missing_are_no_bad_values(tmp_path):
    for k, table in enumerate(("n,t,c\nNA,2026-01-01,a\n", "n,t,c\n?,null,a\n?,2026-01-01,b\n")):
        (tmp_path / str(k)).mkdir()
        frame, notes, _ = arrive(table, tmp_path / str(k))
        assert frame["n"].isna().all()
        assert notes == []


def test_names_are_read_as_they_are_written(tmp_path):
    features = [Column("v", "category"), Column("store", "category"), Column("day", "text")]
    known = {"v": ("1.1", "1.10", "20", "2E1", "beta"), "store": ("5", "12")}
    table = "v,store,day\n1.10,5.0,05/02/2024\n2E1,NA,13/02/2024\n1.1,12,14/02/2024\n"
    frame, notes, dataset = arrive(table, tmp_path, features, known)
    assert frame["v"].tolist() == ["1.10", "2E1", "1.1"]
    assert frame["day"].tolist() == ["05/02/2024", "13/02/2024", "14/02/2024"]
    assert frame["store"].isna().tolist() == [False, True, False]
    assert frame["store"].tolist()[::2] == [5.0, 12.0]
    assert notes == []
    assert dataset.own()["v"].to_pylist() == ["1.10", "2E1", "1.1"]


def test_a_file_of_our_own_is_read_back(tmp_path):
    features = [Column("c", "category")]
    frame, _, _ = arrive("c\n'=1+1\n'quoted\n'-x\n", tmp_path, features, {"c": ("=1+1", "'-x")})
    assert frame["c"].tolist() == ["=1+1", "'quoted", "'-x"]


@pytest.mark.parametrize(
    ("cells", "manifest", "values"),
    [
        # Decimal commas in training, a file parted by commas now.
        (["3,352", "1,100", "7"], {"decimal_commas": ["n"]}, [3.352, 1.1, 7]),
        (["3,352"], {"written": {"n": {"sign": "", "thousands": True}}}, [3352]),
        (["3,352,000", "31,654"], {"written": {"n": {"thousands": True}}}, [3352000, 31654]),
        (["¥3", "¥1,200", "NA"], {"written": {"n": {"sign": "¥"}}}, [3, 1200, None]),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_numbers_are_read_as_those_of_the_training_table(
    cells, manifest, values, delimiter, tmp_path
):
    lines = [f'"{cell}"{delimiter}a' for cell in cells]
    table = "\n".join([f"n{delimiter}c", *lines, ""])
    frame, notes, _ = arrive(table, tmp_path, (KINDS[0], KINDS[2]), **manifest)
    assert notes == []
    found = [None if pd.isna(v) else v for v in frame["n"]]
    assert found == values


def test_another_sign_is_refused_or_told(tmp_path):
    table = 'price,rate,fee,off\n"¥1,200",20%,3,5\n¥90,5%,4,6\n'
    features = (Column("price", "number"), Column("rate", "category"), Column("off", "number"))
    known = {"rate": ("20%", "5%")}
    forms = {"price": {"sign": "¥"}, "off": {"sign": "%"}}
    frame, notes, _ = arrive(table, tmp_path, features, known, written=forms)
    assert frame["price"].tolist() == [1200.0, 90.0]
    assert frame["rate"].tolist() == ["20%", "5%"]
    assert ["“off” was written with “%”" in note for note in notes] == [True]
    _, notes, _ = arrive(table, tmp_path, features, known)
    assert ["“price” is written with “¥” here" in note for note in notes] == [True]
    forms["price"] = {"sign": "€"}
    with pytest.raises(UserError, match=r"“price” of new\.csv is written with “¥”, .* on “€”"):
        arrive(table, tmp_path, features, known, written=forms)


def test_dates_are_read_in_the_form_of_the_training_table(tmp_path):
    table = "t,c\n05/02/2024,a\n2024-02-06,b\nNA,a\n"
    frame, notes, _ = arrive(table, tmp_path, KINDS[1:], written={"t": {"pattern": "%d/%m/%Y"}})
    found = [None if pd.isna(v) else v.isoformat()[:10] for v in frame["t"]]
    assert found == ["2024-02-05", "2024-02-06", None]
    assert notes == []
