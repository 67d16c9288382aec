"""Two writings are two labels, and features come back as they were written."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebal_core.checks.report import run_checks
from rebal_core.cli.frame import main
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.data.schema import set_target
from rebal_core.export.balance import balance_table
from rebal_core.export.tables import original_rows, write_table

ROWS = 60


def write(columns: dict[str, list[str]], path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def cells(path: Path) -> dict[str, list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    return {name: [row[k] for row in rows] for k, name in enumerate(head)}


@pytest.mark.parametrize(
    "texts",
    [
        ["250.0", "250.00", "401.9"],
        ["1E2", "10E1", "1E5"],
        ["+1", "1", "2"],
        ["1.1", "1.10", "1.9"],
        ["007", "7", "8"],
        ["100", "1e2", "3"],
        [".5", "0.5", "1"],
        ["1,000", "1000", "2,500"],
        ["5%", "5.0%", "7%"],
    ],
)
def test_two_writings_are_two_labels_and_a_check_says_so(texts, tmp_path):
    labels = [texts[k % 3] for k in range(ROWS)]
    source = write({"x": [str(k % 7) for k in range(ROWS)], "code": labels}, tmp_path / "t.csv")
    dataset = read_table(source, tmp_path / "d", ReadOptions(target="code"))
    dataset = dataset.with_schema(set_target(dataset.schema, "code"))
    assert set(dataset.labels().classes) == set(texts)
    (told,) = [f for f in run_checks(dataset) if f.code == "RBL022"]
    padded = texts[0].startswith("0")  # codes from the start
    assert told.severity == ("passed" if padded else "tip")
    assert padded or {told.values["one"], told.values["other"]} == set(texts[:2])


@pytest.mark.parametrize("texts", [["0", "1"], ["0.0", "1.0"], ["1", "2", "3"], ["0.5", "1.5"]])
def test_plain_labels_stay_as_they_were(texts, tmp_path):
    labels = [texts[k % len(texts)] for k in range(ROWS)]
    source = write({"x": [str(k % 7) for k in range(ROWS)], "y": labels}, tmp_path / "t.csv")
    dataset = read_table(source, tmp_path / "d", ReadOptions(target="y"))
    dataset = dataset.with_schema(set_target(dataset.schema, "y"))
    assert set(dataset.labels().classes) == {t.removesuffix(".0") for t in texts}
    assert dataset.source["written"] == {}


NUMBER = st.one_of(
    st.from_regex(r"-?(0|[1-9][0-9]{0,5})\.[0-9]{1,4}", fullmatch=True),
    st.from_regex(r"-?(0|[1-9][0-9]{0,17})", fullmatch=True),
    st.from_regex(r"[+]?[1-9]\.?[0-9]{0,3}[eE][+-]?[0-9]{1,2}", fullmatch=True),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-1e6, 1e6).map("{:.6g}".format),
    st.floats(-1e6, 1e6).map("{:.2f}".format),
    st.sampled_from(["", "NA", ".5", "5.", "+5", "-0", "-0.0", "0.00"]),
)


@st.composite
def columns_of_numbers(draw) -> list[list[str]]:
    """Five columns of one length: to read one table of them takes as long as of one column."""
    rows = draw(st.integers(4, 12))
    return [draw(st.lists(NUMBER, min_size=rows, max_size=rows)) for _ in range(5)]


@settings(max_examples=6, deadline=None)
@given(columns=columns_of_numbers())
def test_every_number_comes_back_as_it_was_written(columns, tmp_path_factory):
    folder = tmp_path_factory.mktemp("codes")
    rows = len(columns[0])
    written = {f"x{j}": texts for j, texts in enumerate(columns)}
    source = write({**written, "y": ["ab"[k % 2] for k in range(rows)]}, folder / "t.csv")
    dataset = read_table(source, folder / "d")
    write_table(original_rows(dataset, list(range(rows))), folder / "o.csv")
    back = cells(folder / "o.csv")
    for name, texts in written.items():
        assert [b.replace("NA", "") for b in back[name]] == [t.replace("NA", "") for t in texts]


def test_balanced_rows_keep_versions_and_prices_as_they_are(tmp_path):
    versions = [("1.1", "1.10", "1.9", "2.0")[k % 4] for k in range(ROWS)]
    prices = [f"{k * 1.25:.2f}" for k in range(ROWS)]
    plain = [f"{k / 4:g}" for k in range(ROWS)]
    y = ["bad" if k % 6 == 0 else "ok" for k in range(ROWS)]
    table = {"version": versions, "price": prices, "plain": plain, "y": y}
    source = write(table, tmp_path / "t.csv")
    words = ["balance", str(source), "--target", "y", "--strategy", "smote"]
    assert main([*words, "--out", str(tmp_path / "b.csv")]) == 0
    made = cells(tmp_path / "b.csv")
    kept = [k for k, origin in enumerate(made["_origin"]) if origin == "original"]
    new = [k for k, origin in enumerate(made["_origin"]) if origin == "interpolated"]
    for name, texts in table.items():
        assert sorted(made[name][k] for k in kept) == sorted(texts)
    assert all(len(made["price"][k].partition(".")[2]) == 2 for k in new)
    assert new
    dataset = read_table(source, tmp_path / "d")
    dataset = dataset.with_schema(set_target(dataset.schema, "y"))
    assert str(balance_table(dataset, "random_over").train.schema.field("price").type) == "double"
