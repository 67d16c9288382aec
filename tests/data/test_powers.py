"""A letter behind a number is a power of ten or part of a code: told by the values, or asked."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from rebal_core.checks import run_checks
from rebal_core.cli.tables import reading_notes
from rebal_core.data.dataset import Dataset
from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.data.schema import with_column

ROWS = 240


def read(values: list[str], folder: Path, rows: int = ROWS, **options) -> Dataset:
    with (folder / "t.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(["x", "n", "y"])
        for k in range(rows):
            writer.writerow([values[k % len(values)], k % 9, "ab"[k % 2]])
    return read_table(folder / "t.csv", folder / f"d{len(options)}", ReadOptions(**options))


def told(dataset: Dataset) -> list[str]:
    return [f.message for f in run_checks(dataset) if f.code == "RBL021" and f.severity != "passed"]


@pytest.mark.parametrize(
    "values",
    [
        ["1B", "2B", "3B"],
        ["1M", "2M", "3M"],
        ["5K", "6K"],
        ["5 K", "10 K", "21 K", "42 K"],
        ["3 Cr", "4 Cr"],
        [f"{k}B" for k in range(1, 21)],
    ],
)
def test_few_small_numbers_with_one_letter_are_codes(values, tmp_path):
    dataset = read(values, tmp_path)
    assert dataset.schema["x"].kind == "category"
    assert dataset.frame()["x"].tolist()[: len(values)] == values
    assert "look like codes" in dataset.schema["x"].note
    assert told(dataset) == []


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (["5K", "2.3K", "750", "1.2M"], 5_000),
        (["0.5K", "1.5K", "2.5K"], 500),
        (["5K", "20K", "500K", "1M", "12M"], 5_000),
        (["5K", "800", "3M"], 5_000),
        (["1,234.5K", "5K", "12K"], 1_234_500),
        (["-5K", "3K", "2K"], -5_000),
        (["$5K", "$3K", "$2K"], 5_000),
        (["5万", "6万", "7万"], 50_000),
        (["5 Mio.", "6 Mio.", "7 Mio."], 5_000_000),
    ],
)
def test_amounts_stay_amounts(values, first, tmp_path):
    dataset = read(values, tmp_path)
    assert dataset.schema["x"].kind == "number"
    assert dataset.frame()["x"][0] == first
    assert told(dataset) == []


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        (["1B", "2B", "3B"], 3),  # too few rows to tell
        (["12", "12B", "7", "112", "112B"], ROWS),  # numbers of houses
        (["7.5B", "8B", "8.5B", "9B"], ROWS),  # widths of shoes
        (["7B", "7M", "8M"], ROWS),
        (["1B", "2K", "3M"], ROWS),
        (["100K", "250K", "500K"], ROWS),
        (["2K", "750", "3K"], ROWS),
        (["101B", "102M", "201B"], ROWS),
    ],
)
def test_what_may_be_both_stays_text_and_is_asked_about(values, rows, tmp_path):
    dataset = read(values, tmp_path, rows)
    assert dataset.schema["x"].kind == "category"
    assert dataset.frame()["x"].tolist()[: len(values)] == values
    (message,) = told(dataset)
    assert "may be a code or" in message
    assert "the column was kept as text" in message
    assert any("may be a code or" in note for note in reading_notes(dataset))


def test_many_whole_numbers_with_one_letter_are_read_and_asked_about(tmp_path):
    dataset = read([f"{k}K" for k in range(41, 101)], tmp_path)
    assert dataset.frame()["x"][0] == 41_000
    assert told(dataset) == ["“41K” in “x” may be a code or 41,000; it was read as 41,000."]


@pytest.mark.parametrize("values", [["1B", "2B", "3B"], ["2K", "750", "3K"]])
def test_the_type_that_is_chosen_answers(values, tmp_path):
    schema = with_column(read(values, tmp_path).schema, "x", kind="number")
    dataset = read(values, tmp_path, schema=schema)
    assert dataset.schema["x"].kind == "number"
    assert dataset.frame()["x"][0] == {"1B": 1e9, "2K": 2_000}[values[0]]
    assert told(dataset) == []


def test_amounts_that_are_codes_after_all_become_text(tmp_path):
    values = [f"{k}K" for k in range(41, 101)]
    schema = with_column(read(values, tmp_path).schema, "x", kind="category")
    dataset = read(values, tmp_path, schema=schema)
    assert dataset.frame()["x"][0] == "41K"
    assert told(dataset) == []


def test_the_text_of_a_frame_stays_text(tmp_path):
    frame = read(["1B", "2B", "3B"], tmp_path).frame()
    again = from_frame(frame, tmp_path / "f", target="y")
    assert again.frame()["x"].tolist() == frame["x"].tolist()
