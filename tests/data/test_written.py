"""Numbers with currency signs, percent signs and commas are numbers, and come back as written."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebal_core.cli.frame import main
from rebal_core.data.dataset import Dataset
from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.data.reading.numbers.notation import Form, plain
from rebal_core.data.reading.options import ReadOptions
from rebal_core.data.schema import set_target
from rebal_core.export.balance import balance_table
from rebal_core.export.tables import original_rows

FORMS = st.builds(
    Form,
    sign=st.sampled_from(["", "¥", "$", "€", "£", "元", "%"]),
    before=st.just(False),
    group=st.sampled_from(["", ","]),
    decimals=st.integers(0, 3),
)
NUMBERS = st.lists(st.integers(-(10**9), 10**9), min_size=3, max_size=12)


def _read(folder: Path, cells: list[str], delimiter: str = ",", **options) -> Dataset:
    with (folder / "t.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=delimiter)
        writer.writerows([["x", "y"], *([cell, "ab"[i % 2]] for i, cell in enumerate(cells))])
    return read_table(folder / "t.csv", folder / "d", ReadOptions(delimiter=delimiter, **options))


@settings(max_examples=40, deadline=None)
@given(form=FORMS, numbers=NUMBERS, before=st.booleans(), delimiter=st.sampled_from(",;"))
def test_every_form_is_read_back_as_its_numbers(form, numbers, before, delimiter):
    form = replace(form, before=before and form.sign not in ("%", ""))
    values = [n / 10**form.decimals for n in numbers]
    cells = [form.write(v) for v in values]
    with tempfile.TemporaryDirectory() as folder:
        dataset = _read(Path(folder), cells, delimiter)
        found = dataset.frame()["x"].tolist()
        own = dataset.own()["x"].to_pylist()
    commas = "".join(cells).count(",")
    doubtful = delimiter == ";" and commas and not form.decimals
    if doubtful and not any(c.count(",") > 1 for c in cells):
        assert found == cells  # 1,234 may as well be 1.234 there
    else:
        assert found == pytest.approx(values)
        assert own == (cells if form.sign or commas else pytest.approx(values))
    assert [plain(c) for c in cells if c.count(",") != 1] == [
        Form(decimals=form.decimals).write(v)
        for v, c in zip(values, cells, strict=True)
        if c.count(",") != 1
    ]


@pytest.mark.parametrize(
    "cells",
    [
        ["$5", "€6", "$7"],  # two units
        ["50%", "0.5", "20%"],  # per cent of what?
        ["$5%", "$6", "7%"],
        ["007", "¥012", "¥100"],  # codes
        ["1,23", "4,567", "8"],
        ["1,2", "3,4", "5,6"],  # lists
        ["12,3456", "1,234", "1"],
        ["$", "$5", "$6"],
        ["5kg", "6kg", "7kg"],
        ["$1-$5", "$5-$9", "$9"],
    ],
)
def test_what_is_not_for_certain_one_number_stays_text(tmp_path, cells):
    dataset = _read(tmp_path, cells)
    assert dataset.frame()["x"].tolist() == cells
    assert dataset.source["written"] == {}


@pytest.mark.parametrize(
    ("cells", "values", "note"),
    [
        (
            ["¥1,234.50", "￥2", "-¥ 3.5"],
            [1234.5, 2, -3.5],
            "without “¥”. The commas part thousands.",
        ),
        (["12 元", "3.5元", "0"], [12, 3.5, 0], "without “元”."),
        (["12.5%", "3％", "?"], [12.5, 3, np.nan], "without “%”."),
        (["1,234", "56", ""], [1234, 56, np.nan], "numbers. The commas part thousands."),
        (["$-5", "+$6", "$\u00a07"], [-5, 6, 7], "without “$”."),
    ],
)
def test_marks_are_set_aside_and_told(tmp_path, cells, values, note):
    dataset = _read(tmp_path, cells)
    column = dataset.schema["x"]
    assert np.array_equal(dataset.frame()["x"].astype(float), values, equal_nan=True)
    assert column.kind == "number"
    assert column.note.endswith(note)


def test_one_stray_value_is_told_and_the_rest_is_read_without_it(tmp_path):
    cells = [f"¥{i * 37:,}.50" for i in range(100)] + ["free"]
    dataset = _read(tmp_path, cells)
    assert dataset.source["strays"]["x"] == {"count": 1, "examples": ["free"]}
    assert dataset.source["na_proposed"] == {"free": ["x"]}
    mended = _read(tmp_path, cells, na=["free"])
    assert mended.schema["x"].kind == "number"
    assert mended.own()["x"].to_pylist() == cells


def test_the_labels_of_the_target_stay_as_written(tmp_path):
    frame = pd.DataFrame({"x": [k % 7 for k in range(30)], "rate": ["10%", "20%", "10%"] * 10})
    labels = from_frame(frame, tmp_path / "d", target="rate").labels()
    assert labels.classes == ("10%", "20%")
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert main(["profile", str(tmp_path / "t.csv"), "--target", "rate"]) == 0


def test_words_for_missing_are_no_labels_among_written_numbers(tmp_path):
    source = tmp_path / "t.csv"
    rows = ["$10"] * 30 + ["$20"] * 8 + ["NaN", "N/A", ""]
    source.write_text("x,price\n" + "".join(f"{i},{v}\n" for i, v in enumerate(rows)))
    found = read_table(source, tmp_path / "d", ReadOptions(target="price"))
    labels = found.with_schema(set_target(found.schema, "price")).labels()
    assert (labels.classes, labels.counts, labels.missing) == (("$10", "$20"), (30, 8), 3)


def test_balanced_rows_are_written_as_the_originals_are(tmp_path, capsys):
    cells = [f"${1000 + 7 * i:,}.25" for i in range(60)]
    frame = pd.DataFrame({"price": cells, "n": range(60), "y": ["a"] * 50 + ["b"] * 10})
    frame.to_csv(tmp_path / "t.csv", index=False)
    dataset = read_table(tmp_path / "t.csv", tmp_path / "d")
    dataset = dataset.with_schema(set_target(dataset.schema, "y"))
    assert original_rows(dataset, np.arange(60))["price"].to_pylist() == cells
    made = balance_table(dataset, "smote").train.to_pandas()
    new = made[made["_origin"] == "interpolated"]["price"]
    assert set(cells) <= set(made["price"])
    assert len(new) == 40
    assert new.str.fullmatch(r"\$1,\d{3}\.\d\d").all()
    out = str(tmp_path / "b.csv")
    words = ["balance", str(tmp_path / "t.csv"), "--target", "y", "--strategy", "smote"]
    assert main([*words, "--out", out]) == 0
    assert "price: Read as numbers without “$”" in capsys.readouterr().err
    assert pd.read_csv(out)["price"].str.startswith("$").all()


def test_masked_columns_are_never_kept_as_they_came(tmp_path):
    cells = [f"${i:,}.00" for i in range(2000, 2040)]
    dataset = _read(tmp_path, cells, mask={"x": "tokenise"})
    assert not set(dataset.own()["x"].to_pylist()) & set(cells)
    assert [f.name for f in dataset.path.iterdir() if f.name == "own.parquet"] == []


@pytest.mark.parametrize(
    ("pattern", "unpadded"), [("%d/%m/%Y", "1/3/2025"), ("%Y年%m月%d日", "2025年3月1日")]
)
def test_dates_come_back_as_they_were_written(pattern, unpadded, tmp_path):
    days = pd.Timestamp("2025-03-02") + pd.to_timedelta(np.arange(60), unit="D")
    cells = [unpadded, *days.strftime(pattern)[1:]]
    frame = pd.DataFrame({"day": cells, "n": range(60), "y": ["a"] * 45 + ["b"] * 15})
    frame.to_csv(tmp_path / "t.csv", index=False)
    dataset = read_table(tmp_path / "t.csv", tmp_path / "d")
    schema = set_target(dataset.schema, "y").with_role("feature", "day")
    assert dataset.schema["day"].kind == "time"
    assert dataset.source["written"] == {"day": {"pattern": pattern}}
    assert original_rows(dataset, np.arange(60))["day"].to_pylist() == cells
    made = balance_table(dataset.with_schema(schema), "smote").train.to_pandas()
    added = made.loc[made["_origin"] == "interpolated", "day"]
    assert len(added) == 30
    assert pd.to_datetime(added, format=pattern).between("2025-04-10", "2025-05-01").all()
