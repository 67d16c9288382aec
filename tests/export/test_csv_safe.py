"""Text that a spreadsheet might execute is made harmless; everything else stays as it is."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebal_core.data.defused import DANGEROUS, safe_text
from rebal_core.export.csv_safe import write_csv


@pytest.mark.parametrize("first", DANGEROUS)
def test_each_dangerous_start_gets_a_quote(first):
    assert safe_text(f"{first}cmd|' /C calc'!A0") == f"'{first}cmd|' /C calc'!A0"


def test_harmless_text_is_left_alone():
    for text in ("", "plain", "a=b", "3-4", "'quoted", "中文"):
        assert safe_text(text) == text


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=8))
def test_no_cell_starts_dangerously_and_every_text_comes_back(tmp_path_factory, texts):
    texts = [*texts, "a word among numbers"]
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    write_csv(pa.table({"=head": texts, "n": list(range(len(texts)))}), path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    assert rows[0] == ["'=head", "n"]
    for (cell, number), (i, text) in zip(rows[1:], enumerate(texts), strict=True):
        assert not cell.startswith(DANGEROUS)
        assert cell == safe_text(text)
        assert number == str(i)


def test_numbers_times_and_lists(tmp_path):
    table = pa.table(
        {
            "whole": pa.array([-5, None], pa.int64()),
            "part": pa.array([-0.1, np.nan]),
            "short": pa.array([0.1, 2.5], pa.float32()),
            "yes": [True, None],
            "day": pa.array([86_400_000_000, 86_400_500_000], pa.timestamp("us")),
            "parents": pa.array([[12, 873], [7]], pa.list_(pa.int64())),
        }
    )
    write_csv(table, tmp_path / "t.csv")
    lines = (tmp_path / "t.csv").read_text("utf-8-sig").splitlines()
    assert lines[1] == "-5,-0.1,0.1,True,1970-01-02,12;873"
    assert lines[2] == ",,2.5,,1970-01-02 00:00:00.500000,7"


def test_decimals_are_numbers(tmp_path):
    values = pa.array([Decimal("-5.20"), None, Decimal("0.0000001")], pa.decimal128(12, 7))
    write_csv(pa.table({"d": values, "n": [1, 2, 3]}), tmp_path / "t.csv")
    lines = (tmp_path / "t.csv").read_text("utf-8-sig").splitlines()
    assert lines[1:] == ["-5.2000000,1", ",2", "0.0000001,3"]


def test_dictionary_and_list_texts_are_made_safe_too(tmp_path):
    coded = pa.array(["=1+1", None, "ok"]).dictionary_encode()
    listed = pa.array([["=1"], None, []], pa.list_(pa.string()))
    write_csv(pa.table({"c": coded, "l": listed}), tmp_path / "t.csv")
    rows = list(csv.reader((tmp_path / "t.csv").read_text("utf-8-sig").splitlines()))
    assert [row[0] for row in rows[1:]] == ["'=1+1", "", "ok"]
    assert not any(row[1].startswith(DANGEROUS) for row in rows[1:])


def test_written_numbers_come_back_and_single_ones_among_words_are_quoted(tmp_path):
    money = ["-$1,234.50", "+$2.00", None, "?"]
    phones = ["+8613800000000", "-", "=1", "n/a"]
    write_csv(pa.table({"money": money, "phones": phones}), tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        _, *rows = csv.reader(file)
    assert [row[0] for row in rows] == ["-$1,234.50", "+$2.00", "", "?"]
    assert [row[1] for row in rows] == ["'+8613800000000", "'-", "'=1", "n/a"]
