"""What babel, pandas or Arrow writes, in twenty locales, is read as numbers and comes back."""

from __future__ import annotations

import csv
import random
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pytest
from babel import numbers

from rebal_core.cli.tables import reading_notes
from rebal_core.data.reading.forms import form_from
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.numbers.amounts import OVERRULED
from rebal_core.data.reading.numbers.notation import Form
from rebal_core.data.reading.options import ReadOptions

LOCALES = [
    *("en_US", "en_IN", "de_DE", "de_CH", "fr_FR", "es_ES", "it_IT", "pt_BR", "pl_PL", "ru_RU"),
    *("sv_SE", "tr_TR", "zh_CN", "ja_JP", "ko_KR", "ar_EG", "fa_IR", "hi_IN", "nl_NL", "cs_CZ"),
]
ROWS = 60


def amounts(digits: int) -> list[Decimal]:
    """Numbers of every size, exactly as they are to be read."""
    rng = random.Random(digits)
    whole = [rng.randrange(10 ** rng.randrange(1, 9)) for _ in range(ROWS)]
    step = Decimal(10) ** -digits
    return [rng.choice((1, 1, -1)) * (w + rng.randrange(10**digits) * step) for w in whole]


def cells(locale: str, system: str) -> dict[str, tuple[list[str], list[Decimal]]]:
    """Cells and numbers of one column for each way to write."""
    how = {"locale": locale, "numbering_system": system}
    exact = {"decimal_quantization": False, **how}
    unit = numbers.get_territory_currencies(locale[3:])[0]
    cents, fine, whole = amounts(2), amounts(4), amounts(0)
    shares = [Decimal(n) / 1000 for n in range(-30, ROWS - 30)]
    money = {"currency": unit, "currency_digits": False, **how}
    return {
        "plain": ([numbers.format_decimal(n, **exact) for n in fine], fine),
        "bare": ([numbers.format_decimal(n, group_separator=False, **exact) for n in cents], cents),
        "whole": ([numbers.format_decimal(n, **how) for n in whole], whole),
        "money": ([numbers.format_currency(n, **money) for n in cents], cents),
        "books": (
            [numbers.format_currency(n, format_type="accounting", **money) for n in cents],
            cents,
        ),
        "share": ([numbers.format_percent(n, **exact) for n in shares], [n * 100 for n in shares]),
        "science": ([numbers.format_scientific(n, **exact) for n in fine], fine),
    }


def write(columns: dict[str, list[str]], path: Path, delimiter: str) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=delimiter)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


@pytest.mark.parametrize("locale", LOCALES)
def test_what_babel_writes_comes_back(locale, tmp_path):
    for k, system in enumerate(("latn", "default")):
        known = cells(locale, system)
        texts = {name: cell for name, (cell, _) in known.items()} | {"y": ["a", "b"] * (ROWS // 2)}
        source = write(texts, tmp_path / "t.csv", ",;"[k])
        dataset = read_table(source, tmp_path / f"d{k}")
        frame, own = dataset.frame(), dataset.own()
        for name, (cell, values) in known.items():
            found = frame[name].tolist()
            assert found == [float(v) for v in values], (name, system, cell[:3])
            if dataset.source["written"].get(name):
                assert own[name].to_pylist() == cell
                form = form_from(dataset.source["written"][name])
                assert [float(form.plain(text)) for text in cell] == found
                if name in ("plain", "bare", "money", "books") and form.decimals < 5:
                    again = [form.plain(form.write(v)) for v in found]
                    assert [round(float(text), 4) for text in again] == found


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_pandas_and_arrow_write_comes_back(delimiter, tmp_path):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "wide": rng.normal(size=200) * 10.0 ** rng.integers(-12, 12, 200),
            "cents": np.round(rng.lognormal(6, 2, 200), 2),
            "whole": rng.integers(-(2**62), 2**62, 200),
            "y": rng.choice(["a", "b"], 200),
        }
    )
    for k, decimal in enumerate(".,"):
        frame.to_csv(tmp_path / "p.csv", sep=delimiter, decimal=decimal, index=False)
        found = read_table(tmp_path / "p.csv", tmp_path / f"p{k}").frame()
        pd.testing.assert_frame_equal(found, frame, check_exact=True, check_dtype=False)
    options = pc.WriteOptions(delimiter=delimiter)
    pc.write_csv(pa.Table.from_pandas(frame), tmp_path / "a.csv", options)
    found = read_table(tmp_path / "a.csv", tmp_path / "a").frame()
    pd.testing.assert_frame_equal(found, frame, check_exact=True, check_dtype=False)


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["2.415,30 €", "562,98 €", "-1,00 €"], [2415.3, 562.98, -1]),
        (["2'415.30", "562.98", "1’000.00"], [2415.3, 562.98, 1000]),
        (["1\u2009234,5", "1\u00a0000", "7"], [1234.5, 1000, 7]),
        (["1,01E+03", "2,5E-1", "3"], [1010, 0.25, 3]),
        (["(3.50)", "4", "$(1,000.00)"], [-3.5, 4, -1000]),
        (["3.50-", "4.25", "0.00"], [-3.5, 4.25, 0]),
        (["−3.50", "4.25", "0"], [-3.5, 4.25, 0]),
        (["12,34,567.89", "1,00,000", "99"], [1234567.89, 100000, 99]),
        (["USD 31.50", "USD 1,000.00", "USD -2"], [31.5, 1000, -2]),
        (["31.50 USD", "1,000.00 USD", "2USD"], [31.5, 1000, 2]),
        (["R$ 31,50", "R$ 1.000,00", "-R$ 2,00"], [31.5, 1000, -2]),
        (["5K", "2.5M", "1B", "800"], [5e3, 2.5e6, 1e9, 800]),
        (["1.5万", "2亿", "300"], [15000, 2e8, 300]),
        (["１，２３４．５", "６", "７"], [1234.5, 6, 7]),
        (["١٬٢٣٤٫٥", "٦", "-٧٪"[:2]], [1234.5, 6, -7]),
        (["१२,३४,५६७", "६", "७"], [1234567, 6, 7]),
        (["+5", "+7.25", "-1"], [5, 7.25, -1]),
        (["%12,5", "%7,0", "%1,25"], [12.5, 7, 1.25]),
        (["1.5 kr", "20 kr", "3 kr"], [1.5, 20, 3]),
        (["0.1", "1e400", "2"], [0.1, np.nan, 2]),
    ],
)
def test_every_notation_is_read_exactly_and_comes_back(texts, values, tmp_path):
    source = write({"x": texts, "y": ["a", "b", "a", "b"][: len(texts)]}, tmp_path / "t.csv", ";")
    dataset = read_table(source, tmp_path / "d")
    assert dataset.schema["x"].kind == "number"
    assert np.array_equal(dataset.frame()["x"].astype(float), values, equal_nan=True)
    if dataset.source["written"]:
        assert dataset.own()["x"].to_pylist() == texts


@pytest.mark.parametrize(
    "texts",
    [
        ["3.50-", "-4.25", "1"],  # two signs of the negative
        ["(1)", "(2)", "(3)"],  # numbers of notes
        ["732 829 320", "552 100 554", "552 081 317"],  # of firms
        ["192.168.100.200", "192.168.100.201", "192.168.100.202"],
        ["1.2.3", "1.10.0", "2.0.1"],
        ["5 km", "6 km", "7 km"],
        ["12:30", "13:30", "14:30"],
        ["0.500.000", "1.500.000", "2"],
        ["$5", "5 €", "7"],
        ["1,234", "1.234", "7"],
        ["z5", "z7", "z9"],
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_what_is_no_amount_stays_text(texts, delimiter, tmp_path):
    source = write({"x": texts, "y": ["a", "b", "a"]}, tmp_path / "t.csv", delimiter)
    assert read_table(source, tmp_path / "d").own()["x"].to_pylist() == texts


def test_the_other_columns_of_a_file_tell_its_decimal_sign(tmp_path):
    thousands = ["2.415", "562", "1.001", "7"]
    for k, (price, value) in enumerate({"3,50": 2415.0, "3.50": 2.415}.items()):
        columns = {"x": thousands, "price": [price] * 4, "y": list("abab")}
        dataset = read_table(write(columns, tmp_path / "t.csv", ";"), tmp_path / f"d{k}")
        assert dataset.frame()["x"][0] == value
        assert dataset.source["doubts"] == {}


@pytest.mark.parametrize("mark", [".", ","])
def test_a_doubtful_column_is_asked_about_and_can_be_answered(mark, tmp_path):
    texts = [t.replace(".", mark) for t in ("2.415", "562", "1.001", "7")]
    source = write({"x": texts, "y": list("abab")}, tmp_path / "t.csv", ";")
    doubt = read_table(source, tmp_path / "d").source["doubts"]["x"]
    assert (doubt["value"], doubt["decimals"], doubt["thousands"]) == (texts[0], "2.415", "2415")
    for k, (decimal, sign) in enumerate({"point": ".", "comma": ","}.items()):
        dataset = read_table(source, tmp_path / f"d{k}", ReadOptions(decimal=decimal))
        assert dataset.frame()["x"][0] == (2.415 if sign == mark else 2415)
        assert dataset.source["doubts"] == {}


@pytest.mark.parametrize(
    ("odd", "delimiter", "first"),
    [("0", ",", 6.986), ("999", ",", 6.986), ("-1", ",", 6.986), ("5", ";", 6986.0)],
)
def test_a_code_beside_three_decimals_is_no_evidence_beyond_doubt(odd, delimiter, first, tmp_path):
    texts = [odd if n % 20 == 19 else f"{6.986 + 0.011 * n:.3f}" for n in range(120)]
    source = write({"x": texts, "y": ["a", "b"] * 60}, tmp_path / "t.csv", delimiter)
    dataset = read_table(source, tmp_path / "d")
    assert dataset.frame()["x"][0] == first
    assert "x" in dataset.source["doubts"]


def test_three_digits_behind_the_point_of_a_currency_are_asked_about(tmp_path):
    texts = [f"Rp {n}.500" for n in range(12, 72)]
    source = write({"x": texts, "y": ["a", "b"] * 30}, tmp_path / "t.csv", ",")
    assert "x" in read_table(source, tmp_path / "d").source["doubts"]


def test_many_thousands_without_another_sign_are_thousands(tmp_path):
    texts = [f"{n:,}".replace(",", ".") for n in range(1, 300_000, 317)]
    source = write({"x": texts, "y": ["a", "b"] * (len(texts) // 2) + ["a"]}, tmp_path / "t", ";")
    source = source.rename(tmp_path / "t.csv")
    dataset = read_table(source, tmp_path / "d")
    assert dataset.frame()["x"].tolist() == list(range(1, 300_000, 317))
    assert dataset.own()["x"].to_pylist() == texts


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_numbers_of_two_notations_in_one_column_are_asked_about(delimiter, tmp_path):
    texts = ["45.106", "121,79", "3,50", "7.250"]
    source = write({"x": texts, "y": list("abab")}, tmp_path / "t.csv", delimiter)
    doubt = read_table(source, tmp_path / "d").source["doubts"]["x"]
    value = doubt["value"]
    assert value in ("45.106", "7.250")
    assert (doubt["decimals"], doubt["thousands"]) == (value, value.replace(".", ""))
    answered = read_table(source, tmp_path / "e", ReadOptions(decimal="comma"))
    assert answered.source["doubts"] == {}
    assert answered.frame()["x"][0] == 45106


@pytest.mark.parametrize("texts", [["1.234,50", "121,79"], ["1.234.567", "121,79"]])
def test_one_number_with_two_marks_ends_the_doubt(texts, tmp_path):
    source = write({"x": texts * 2, "y": list("abab")}, tmp_path / "t.csv", ";")
    assert read_table(source, tmp_path / "d").source["doubts"] == {}


@pytest.mark.parametrize(
    ("texts", "decimal", "fits"),
    [
        (["12.5", "3.25"], "comma", False),
        (["1,234.5", "3.25"], "comma", False),
        (["12,5", "3,25"], "point", False),
        (["1.234.567", "7"], "point", False),
        (["1.234", "45,1"], "point", False),
        (["12.5", "3.25"], "point", True),
        (["12,5", "3,25"], "comma", True),
        (["1.234", "7"], "point", True),
        (["12", "3"], "comma", True),
    ],
)
def test_a_chosen_sign_that_does_not_fit_is_told(texts, decimal, fits, tmp_path):
    source = write({"x": texts * 2, "y": list("abab")}, tmp_path / "t.csv", ";")
    dataset = read_table(source, tmp_path / "d", ReadOptions(decimal=decimal))
    assert dataset.schema["x"].kind == "number"
    assert (OVERRULED in dataset.schema["x"].note) is not fits
    assert any(OVERRULED in note for note in reading_notes(dataset)) is not fits


def test_a_form_of_an_earlier_version_is_known():
    old = {"sign": "¥", "before": True, "thousands": True, "decimals": 2}
    assert form_from(old) == Form("¥", before=True, group=",", decimals=2)
