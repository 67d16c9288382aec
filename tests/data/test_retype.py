"""A type that the user chose changes what is stored, or says which value stands against it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rebal_core.data.dataset import Dataset
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.schema import Schema
from rebal_core.wording import UserError

TEXT = (
    "plz,amount,wann,code,mixed,y\n"
    "10115,1.50,20240102,007,12,a\n"
    "20095,2.00,20240103,010,+3.5,b\n"
    "80331,,20240104,042,?,a\n"
)


def _changed(dataset: Dataset, **kinds: str) -> Schema:
    columns = (replace(c, kind=kinds.get(c.name, c.kind)) for c in dataset.schema.columns)
    return replace(dataset.schema, columns=tuple(columns))


def _read_as(source: Path, into: Path, **kinds: str) -> Dataset:
    schema = _changed(read_table(source, into / "found"), **kinds)
    return read_table(source, into / "chosen", ReadOptions(schema=schema))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(TEXT)
    return path


def test_numbers_become_the_text_that_was_written(source, tmp_path):
    dataset = _read_as(source, tmp_path, plz="category", amount="text", mixed="category")
    frame = dataset.frame()
    assert frame["plz"].tolist() == ["10115", "20095", "80331"]
    assert frame["amount"].tolist()[:2] == ["1.50", "2.00"]
    assert frame["amount"].isna().tolist() == [False, False, True]
    assert frame["mixed"].tolist() == ["12", "+3.5", "?"]
    assert [dataset.schema[n].kind for n in ("plz", "amount")] == ["category", "text"]


def test_text_becomes_number_and_time(source, tmp_path):
    frame = _read_as(source, tmp_path, code="number", wann="time").frame()
    assert frame["code"].tolist() == [7, 10, 42]
    assert frame["code"].dtype == "int64"
    assert frame["wann"].iloc[1] == pd.Timestamp("2024-01-03")


def test_a_value_that_does_not_fit_is_named_unless_it_means_missing(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text("n,when,y\n" + "1,2024-01-02,a\n" * 3 + "gone,soon,b\n2,2024-02-30,a\n")
    found = read_table(source, tmp_path / "found")
    assert found.schema["n"].kind == "category"
    with pytest.raises(UserError, match=r"“n” of t\.csv holds “gone” in row 4, which is no number"):
        read_table(source, tmp_path / "a", ReadOptions(schema=_changed(found, n="number")))
    with pytest.raises(
        UserError, match="holds “2024-02-30” in row 5, which cannot be read as a time"
    ):
        read_table(
            source, tmp_path / "a", ReadOptions(schema=_changed(found, when="time"), na=["soon"])
        )
    assert not (tmp_path / "a").exists()
    schema = _changed(found, n="number")
    numbers = read_table(source, tmp_path / "b", ReadOptions(schema=schema, na=["gone"])).frame()[
        "n"
    ]
    assert numbers.isna().tolist() == [False, False, False, True, False]
    assert numbers.iloc[4] == 2


@pytest.mark.parametrize("value", ["inf", "nan ", "1_000", "0x10", "1,2,3", "12a", "1e999", "true"])
def test_only_plain_finite_numbers_convert(tmp_path, value):
    source = tmp_path / "t.csv"
    source.write_text(f'n,y\n1.5,a\n"{value}",b\nw,a\n')
    schema = _changed(read_table(source, tmp_path / "found"), n="number")
    if value in ("inf", "nan ", "1e999"):
        numbers = read_table(source, tmp_path / "a", ReadOptions(schema=schema, na=["w"])).frame()[
            "n"
        ]
        assert numbers.isna().tolist() == [False, True, True]
        return
    with pytest.raises(UserError, match="in row 2, which is no number"):
        read_table(source, tmp_path / "a", ReadOptions(schema=schema, na=["w"]))


def test_an_ambiguous_date_is_not_guessed(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text("d,y\n01/02/2024,a\n03/04/2024,b\n")
    schema = _changed(read_table(source, tmp_path / "found"), d="time")
    with pytest.raises(UserError, match="“01/02/2024” in row 1"):
        read_table(source, tmp_path / "a", ReadOptions(schema=schema))
    source.write_text("d,y\n01/02/2024,a\n13/04/2024,b\nsoon,b\n")
    with pytest.raises(UserError, match="“soon” in row 3"):
        read_table(source, tmp_path / "a", ReadOptions(schema=schema))


def test_what_was_found_stays_as_it_is_stored(tmp_path):
    """Guessed codes and the target keep their own type when another column is changed."""
    source = tmp_path / "t.parquet"
    table = pa.table(
        {
            "user_id": pa.array([k % 40 for k in range(80)], pa.int64()),
            "share": pa.array([1.0, 0.25] * 40),
            "vec": [[1.0, 2.0]] * 80,
            "y": pa.array([0, 1] * 40, pa.int64()),
        }
    )
    pq.write_table(table, source)
    found = read_table(source, tmp_path / "found")
    assert found.schema["user_id"].kind == "category"
    schema = _changed(found, share="category", y="category").with_role("target", "y")
    frame = read_table(source, tmp_path / "a", ReadOptions(schema=schema)).frame()
    assert frame["share"].tolist()[:2] == ["1", "0.25"]
    assert frame["user_id"].dtype == "int64"
    assert frame["y"].dtype == "int64"
    with pytest.raises(UserError, match=r"“vec” .* cannot change its type"):
        read_table(source, tmp_path / "b", ReadOptions(schema=_changed(found, vec="number")))
    with pytest.raises(UserError, match=r"“share” .* cannot change its type"):
        read_table(source, tmp_path / "b", ReadOptions(schema=_changed(found, share="embedding")))


def test_schema_agrees_with_masked_columns(source, tmp_path):
    found = read_table(source, tmp_path / "found")
    schema = _changed(found, mixed="text").with_role("target", "y")
    dataset = read_table(
        source,
        tmp_path / "a",
        ReadOptions(schema=schema, mask={"plz": "tokenise", "amount": "drop"}),
    )
    assert [c.name for c in dataset.schema.columns] == ["plz", "wann", "code", "mixed", "y"]
    assert dataset.schema["plz"].kind == "category"
    assert dataset.schema.target == "y"
    assert list(dataset.frame().columns) == [c.name for c in dataset.schema.columns]
    assert Dataset.open(dataset.path).schema == dataset.schema


def test_decimal_commas(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text(
        "a;b;c;d;e;y\n1,5;1,234;0,234;1,5;1;x\n-2;5,678;1,500;2.5;;y\n,25;;NA;3,5;2,50;x\n"
    )
    dataset = read_table(source, tmp_path / "a")
    frame = dataset.frame()
    assert frame["a"].tolist() == [1.5, -2.0, 0.25]
    # Its neighbours have commas for their decimals, and a note says how it was read.
    assert frame["b"].tolist()[:2] == [1.234, 5.678]
    assert "A comma parts the decimals" in dataset.schema["b"].note
    assert frame["c"].tolist()[:2] == [0.234, 1.5]
    assert frame["d"].tolist() == ["1,5", "2.5", "3,5"]
    assert frame["e"].tolist()[::2] == [1.0, 2.5]
    chosen = _read_as(source, tmp_path / "b", b="number").frame()
    assert chosen["b"].tolist()[:2] == [1.234, 5.678]
    quoted = tmp_path / "q.csv"
    quoted.write_text('a,y\n"1,5",x\n"2,5",y\n')
    assert read_table(quoted, tmp_path / "c").frame()["a"].tolist() == ["1,5", "2,5"]


def test_a_point_far_behind_a_comma_keeps_the_column_text(tmp_path, monkeypatch):
    monkeypatch.setattr("rebal_core.data.reading.delimited._FETCHED", 2048)
    monkeypatch.setattr("rebal_core.data.reading.delimited._GROUP_BYTES", 1)
    lines = ["1,5"] * 1_500 + ["2.5"] * 1_500
    (tmp_path / "t.csv").write_text("a;y\n" + "".join(f"{v};x\n" for v in lines))
    assert read_table(tmp_path / "t.csv", tmp_path / "a").frame()["a"].tolist() == lines


@pytest.mark.parametrize("delimiter", [None, ";"])
def test_one_column_is_read_when_asked(tmp_path, delimiter):
    source = tmp_path / "t.csv"
    source.write_text("text\na, b\nc\n")
    with pytest.raises(UserError, match="only one column"):
        read_table(source, tmp_path / "a")
    frame = read_table(source, tmp_path / "b", ReadOptions(least=1, delimiter=delimiter)).frame()
    assert frame["text"].tolist() == ["a, b", "c"]
    pq.write_table(pa.table({"text": ["a", "b"]}), tmp_path / "t.parquet")
    with pytest.raises(UserError, match="only one column"):
        read_table(tmp_path / "t.parquet", tmp_path / "c")
    assert read_table(tmp_path / "t.parquet", tmp_path / "d", ReadOptions(least=1)).rows == 2


def test_a_target_chosen_after_reading_has_its_labels_as_written(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text("a,t\n" + "".join(f"{i % 9},{'10%' if i % 5 else '5%'}\n" for i in range(50)))
    first = read_table(source, tmp_path / "first")
    assert "t" in first.source["written"]
    chosen = first.schema.with_role("target", "t")
    again = read_table(source, tmp_path / "again", ReadOptions(schema=chosen))
    assert again.labels().classes == ("10%", "5%")
    assert again.schema["t"].kind == "category"
