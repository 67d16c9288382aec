"""Times are read as the right instant, or stay text with a note; never a guess in silence."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from babel.dates import format_date, format_datetime
from hypothesis import given, settings
from hypothesis import strategies as st

from rebal_core.arm import Protocol
from rebal_core.data.dataset import Dataset
from rebal_core.data.reading.dates.layout import DateForm, is_sound, layout_of
from rebal_core.data.reading.dates.times import TimeDoubt, Times, find_time, read_times
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.data.schema import set_target
from rebal_core.data.split import make_splits
from rebal_core.export.balance import balance_table

LOCALES = (
    *("en_US", "zh_CN", "es", "fr", "de", "pt_BR", "ru", "ja", "ko", "it", "tr", "pl", "nl", "ar"),
    *("hi", "vi", "id", "th", "zh_TW", "en_GB", "sv", "cs", "el", "hu"),
)


def _read(folder: Path, columns: dict[str, list[str]]) -> Dataset:
    rows = len(next(iter(columns.values())))
    with (folder / "t.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([*columns, "y"])
        writer.writerows([*(c[i] for c in columns.values()), "ab"[i % 2]] for i in range(rows))
    return read_table(folder / "t.csv", folder / "d")


def _found(cells: list[str]) -> tuple[Times | TimeDoubt | None, list[datetime | None]]:
    with duckdb.connect() as connection:
        connection.register("k", pa.table({"v": pa.array(cells, pa.string())}))
        found = find_time(connection, "k", cells[:100])
        if not isinstance(found, Times):
            return found, []
        rows = connection.execute(f"SELECT {found.cast('v')} FROM k").fetchall()
    return found, [time for (time,) in rows]


@pytest.mark.parametrize(
    ("cells", "instants"),
    [
        (["2024-01-06 06:00:00 PM", "2024-01-06 12:05:00 AM"], ["01-06 18:00", "01-06 00:05"]),
        (["01/13/2024 6:30 p.m.", "01/06/2024 12:30 P.M."], ["01-13 18:30", "01-06 12:30"]),
        (["2024年1月6日 下午3:05", "2024年1月6日 上午10:05"], ["01-06 15:05", "01-06 10:05"]),
        (["2024-01-06 10:00:00 EST", "2024-07-06 10:00:00 EDT"], ["01-06 15:00", "07-06 14:00"]),
        (["2024-01-06 10:00 CET", "2024-07-06 10:00 CEST"], ["01-06 09:00", "07-06 08:00"]),
        (["2024-01-06 10:00 GMT+2", "2024-01-06 10:00 UTC-03:30"], ["01-06 08:00", "01-06 13:30"]),
        (
            ["2024-01-06 10:00 America/New_York", "2024-07-06 10:00 America/New_York"],
            ["01-06 15:00", "07-06 14:00"],
        ),
        (
            ["2024-01-06T10:00[Europe/Paris]", "2024-07-06T10:00[Europe/Paris]"],
            ["01-06 09:00", "07-06 08:00"],
        ),
        (["2024-07-06T10:00:00+02:00[Europe/Paris]"], ["07-06 08:00"]),
        (["2024-01-06 10:00:00 +0530", "2024-01-06 10:00:00 -05"], ["01-06 04:30", "01-06 15:00"]),
        (
            ["2024-01-06T10:00:00Z", "2024-01-06T10:00:00.5+01:00"],
            ["01-06 10:00", "01-06 09:00:00.5"],
        ),
        (["27/09/24", "13/01/24"], ["09-27 00:00", "01-13 00:00"]),
        (["06-Jan-24", "13-MAR-24"], ["01-06 00:00", "03-13 00:00"]),
        (
            ["Sat, 06 Jan 2024 10:00:00 +0100", "Sun, 7 Jan 2024 10:00:00 GMT"],
            ["01-06 09:00", "01-07 10:00"],
        ),
        (
            ["Sat Jan  6 10:00:00 EST 2024", "Sat Jan 13 10:00:00 EST 2024"],
            ["01-06 15:00", "01-13 15:00"],
        ),
        (["Sat Jan 06 2024 10:00:00 GMT+0100 (Central European Standard Time)"], ["01-06 09:00"]),
        (
            ["06/Jan/2024:10:00:00 +0100", "13/Jan/2024:10:00:00 +0100"],
            ["01-06 09:00", "01-13 09:00"],
        ),
        (["20240106T101500", "20240113T101501"], ["01-06 10:15", "01-13 10:15:01"]),
        (["2024-01-06 10:00:00,5", "2024-01-06 10:00:01"], ["01-06 10:00:00.5", "01-06 10:00:01"]),
        (
            ["06-JAN-24 10.15.30.250000000 PM", "13-JAN-24 10.15.30.5 AM"],
            ["01-06 22:15:30.25", "01-13 10:15:30.5"],
        ),
        (["1st May 2024", "2nd June 2024"], ["05-01 00:00", "06-02 00:00"]),
        (["13.01.2024 15:00 Uhr", "06.01.2024 09:30 Uhr"], ["01-13 15:00", "01-06 09:30"]),
        (
            ["27/01/2024", "28/01/2024 10:15", "29/01/2024 10:15:30"],
            ["01-27 00:00", "01-28 10:15", "01-29 10:15:30"],
        ),
        (["٢٧/١/٢٠٢٤", "٢٨/١/٢٠٢٤"], ["01-27 00:00", "01-28 00:00"]),
    ],
)
def test_the_right_instant(cells, instants):
    if cells[0] == "27/09/24":  # the year stands first or last: told by the days of many rows
        cells = [*cells, *(f"{d:02d}/{m:02d}/24" for d in range(1, 29) for m in (2, 11))]
        instants = [*instants, *(f"{m:02d}-{d:02d} 00:00" for d in range(1, 29) for m in (2, 11))]
    found, times = _found(cells)
    assert isinstance(found, Times), found
    assert times == [pd.Timestamp(f"2024-{i}") for i in instants]


@pytest.mark.parametrize(
    ("cells", "why", "words"),
    [
        (["01/02/2024", "03/04/2024"], "order", "day and month cannot"),
        (["01/02/24", "03/04/24"], "order", "day, month and year"),
        (["27/09/24", "13/08/24"], "order", "day, month and year"),
        (["13.01.64", "27.09.99"], "century", "century"),
        (["2024-01-06 10:00 CST"] * 2, "zone", "“CST”"),
        (["2024-01-06 10:00 IST"] * 2, "zone", "“IST”"),
        (["2024-01-06 10:00 foo"] * 2, "zone", "“foo”"),
        (["27 listopada 2024", "28 listopada 2024"], "month", "“listopada”"),
        (["2024-02-28", "2024-02-30", "2024-03-01"], "value", "“2024-02-30”"),
        (["2024-02-28", "soon", "2024-03-01"], "value", "“soon”"),
        (["13/02/2024", "02/13/2024", "14/02/2024"], "value", "“02/13/2024”"),
        (["13/02/2024", "2024-02-13", "14/02/2024"], "value", "“2024-02-13”"),
        (["2024-02-13T10:00Z", "2024-02-13T10:00", "2024-02-14T10:00Z"], "value", "T10:00”"),
        (["2024-02-13 10:00", "2024-02-13 11:00 PM", "2024-02-13 12:00"], "value", "PM”"),
        # The clock shows half past one twice on that day, and half past two never on the other.
        (
            ["2024-11-03 01:30 America/New_York"] * 2 + ["2024-11-04 01:30 America/New_York"] * 3,
            "value",
            "01:30",
        ),
        (
            ["2024-03-10 02:30 America/New_York"] * 2 + ["2024-03-11 02:30 America/New_York"] * 3,
            "value",
            "02:30",
        ),
        (["2567-02-13", "2566-12-31"], "calendar", "calendar"),
        (["6 Jan 2024, 3:05 Coordinated Universal Time"] * 2, "form", "not known"),
    ],
)
def test_what_would_be_a_guess_stays_text_and_says_so(cells, why, words, tmp_path):
    dataset = _read(tmp_path, {"t": cells})
    assert dataset.schema["t"].kind != "time"
    assert dataset.own()["t"].to_pylist() == cells
    assert dataset.source["times_in_doubt"]["t"]["why"] == why
    assert words in dataset.schema["t"].note or dataset.schema["t"].role == "ignore"


@pytest.mark.parametrize(
    "cells",
    [
        ["1.2.3", "1.10.2"],
        ["10.0.0.1", "10.0.0.2"],
        ["10:15", "11:30"],
        ["555-1234", "555-4321"],
        ["34/36/38", "36/38/40"],
        ["room 12 of 5 2024", "room 1 of 6 2024"],
        ["2024-W39-5"] * 2,
    ],
)
def test_what_is_no_time_is_none(cells):
    assert _found(cells)[0] is None


def test_every_locale_comes_back_as_it_was(tmp_path):
    start = datetime(2024, 1, 3, 0, 20)
    times = [start + timedelta(days=26 * k, hours=5 * k, minutes=7 * k) for k in range(14)]
    columns, truth = {}, {}
    for locale in LOCALES:
        for length in ("short", "medium", "full"):
            name = f"{locale} {length}"
            columns[f"{name} date"] = [format_date(t, length, locale) for t in times]
            truth[f"{name} date"] = [datetime(t.year, t.month, t.day) for t in times]
            if length == "medium":
                columns[name] = [format_datetime(t, length, locale=locale) for t in times]
                truth[name] = times
    dataset = _read(tmp_path, columns)
    own, frame, read = dataset.own(), dataset.frame(), 0
    for name, cells in columns.items():
        assert [str(v).removesuffix(" 00:00:00") for v in own[name].to_pylist()] == cells, name
        if dataset.schema[name].kind == "time":
            assert frame[name].tolist() == [pd.Timestamp(t) for t in truth[name]], name
            read += 1
        else:
            assert dataset.schema[name].note, (name, cells[:2])
    assert read >= 0.9 * len(columns)


@pytest.mark.parametrize("number", range(1, 13))
@pytest.mark.parametrize("pattern", ["%d %b %Y", "%B %d, %Y"])
def test_a_column_of_one_month_is_read(number, pattern):
    days = [datetime(2024, number, day) for day in (3, 14, 28)]
    found, read = _found([day.strftime(pattern) for day in days])
    assert not isinstance(found, TimeDoubt), found
    assert read == days


def test_a_word_that_two_languages_write_for_different_months_stays_in_doubt():
    found, _ = _found(["3 lis 2024", "14 lis 2024"])  # October in Croatian, November in Polish
    assert isinstance(found, TimeDoubt)
    assert found.why == "month"


PATTERNS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p"),
    *("%d.%m.%Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%B %d, %Y %I:%M:%S %p", "%d-%b-%y %H:%M:%S"),
    *("%Y%m%dT%H%M%S", "%a %b %d %H:%M:%S %Y", "%A, %d %B %Y %H:%M:%S", "%Y/%m/%d %H:%M:%S,%f"),
    *("%Y年%m月%d日 %H时%M分%S秒", "%Y年%m月%d日 %p%I:%M:%S", "%d/%m/%y %H:%M:%S"),
)
INSTANTS = st.lists(
    st.datetimes(datetime(1970, 1, 1), datetime(2029, 12, 31)).map(
        lambda t: t.replace(microsecond=0)
    ),
    min_size=1,
    max_size=30,
)
ZONES = ("Z", "+05:30", "-0800", " +02", " UTC", " EST", " GMT-3", " Asia/Tokyo", "[Africa/Lagos]")
EAST = (0, 330, -480, 120, 0, -300, -180, 540, 60)


@settings(max_examples=20, deadline=None)
@given(times=INSTANTS, pattern=st.sampled_from(PATTERNS), zone=st.integers(-1, len(ZONES) - 1))
def test_what_is_written_is_read_as_the_same_instant(times, pattern, zone):
    words = ZONES[zone] * (zone >= 0 and pattern.endswith(("%S", "%f", "%p")))
    words = f" {words}" if words and pattern.endswith("%p") else words
    cells = [t.strftime(pattern) + words for t in times]
    found, read = _found(cells)
    assert found is not None
    if isinstance(found, TimeDoubt):
        assert found.why in ("order", "form")
        return
    east = timedelta(minutes=EAST[zone] if words else 0)
    assert read == [t - east for t in times]
    if found.form is not None:
        alone = [read_times(pd.Series([c], dtype=object), found.form)[0] for c in cells[:3]]
        assert alone == [pd.Timestamp(t - east) for t in times[:3]]
        assert is_sound(found.form)


@pytest.mark.parametrize(
    "pattern",
    [
        "%d/%m/%y",
        "%d-%b-%y",
        "%m/%d/%Y %I:%M %p",
        "%d.%m.%Y %H:%M",
        "%Y-%m-%d %I:%M:%S %p",
        "%a %b %d %H:%M:%S %Y",
        "%Y%m%dT%H%M%S",
        "%Y-%m-%d %H:%M:%S EST",
        "%Y-%m-%d %H:%M:%S America/Lima",
        "%Y年%m月%d日 %p%I:%M",
    ],
)
def test_a_split_by_time_trains_on_the_past(pattern, tmp_path):
    rng = np.random.default_rng(0)
    times = pd.Timestamp("1998-01-05") + pd.to_timedelta(rng.integers(0, 5_000, 240), unit="D")
    times += pd.to_timedelta(rng.integers(0, 1_440, 240) * ("%M" in pattern), unit="min")
    dataset = _read(tmp_path, {"when": times.strftime(pattern).tolist()})
    assert dataset.schema["when"].kind == "time"
    read = dataset.frame()["when"].to_numpy()
    truth = times.to_numpy()
    protocol = Protocol(split="time", folds=3, repeats=1, metric="roc_auc", rule="argmax")
    for split in make_splits(np.arange(240) % 2, protocol, times=read):
        assert truth[split.train].max() < truth[split.test].min()


def test_zoned_times_come_back_with_their_zone(tmp_path):
    cells = [f"2024-03-{d:02d}T10:00:00+02:00" for d in range(1, 29)] * 2
    cells[3] = "2024-03-04T08:00:00Z"
    dataset = _read(tmp_path, {"when": cells, "n": [str(k) for k in range(56)]})
    assert dataset.schema["when"].note.endswith("In UTC.")
    dataset = dataset.with_schema(set_target(dataset.schema, "y").with_role("feature", "when"))
    made = balance_table(dataset, "random_over", params={"ratio": 1.0}).train
    assert set(made["when"].to_pylist()) == set(cells)
    form = DateForm("%Y-%m-%dT%H:%M:%S%Z", zones="+02:00 Z")
    assert form.write(datetime(2024, 3, 1, 8)) == "2024-03-01T10:00:00+02:00"


@pytest.mark.parametrize(
    "form",
    [
        DateForm("%d/%m/%Y; DROP"),
        DateForm("%q"),
        DateForm("%d %b %Y", "xx"),
        DateForm("%Y-%m-%d %H:%M %Z", zones="foo"),
        DateForm(3),
    ],
)
def test_a_form_that_no_column_has_is_not_sound(form):
    assert not is_sound(form)


def test_a_word_of_two_meanings_is_no_month():
    assert layout_of("Order 12 May be 2024") is None


@pytest.mark.parametrize(
    ("cells", "gone"),
    [
        (["2024-01-{:02d}T05:06:07"], 0),
        (["2024-01-{:02d}T05:06:07", " 2024-02-{:02d}T05:06:07  "], 0),
        (["2024-01-{:02d}T05:06:07", "\u3000"], 1),
        (["2024-01-{:02d}T05:06:07", "NaN"], 1),
        (["2024-01-{:02d}T05:06:07", "\ufeff2024-02-{:02d}T05:06:07"], 0),
        (["2024-01-{:02d}T05:06:07", "1900-01-01"], 1),
    ],
)
def test_times_are_read_alike_bare_or_with_spaces_and_gaps(
    tmp_path: Path, cells: list[str], gone: int
) -> None:
    rows = [cell.format(day) for day in range(1, 29) for cell in cells]
    source = tmp_path / "t.csv"
    lines = ["x,t", *(f"{i},{v}" for i, v in enumerate(rows))]
    source.write_text("\n".join(lines), encoding="utf-8")
    table = read_table(source, tmp_path / "t", ReadOptions(na=["1900-01-01"]))
    read = pq.read_table(table.path / "table.parquet").column("t")
    assert pa.types.is_timestamp(read.type)
    bare = [v.strip("\ufeff\u3000 ") for v in rows]
    expected = [datetime.fromisoformat(v) if v.startswith("2024") else None for v in bare]
    assert read.to_pylist() == expected
    assert read.null_count == gone * 28


def test_times_of_a_wide_table_are_read_as_those_of_a_narrow_one(tmp_path):
    """Their values are copied, a few columns together, before they are looked at."""
    days = [datetime(2024, 1 + k % 12, 1 + k % 28, k % 24) for k in range(40)]
    kinds = {
        "iso": [f"{d:%Y-%m-%d}" for d in days],
        "blank": ["", *(f"{d:%d.%m.%Y %H:%M}" for d in days[1:])],
        "doubt": [f"{d:%m/%d/%Y}" if d.day < 13 else "01/02/2024" for d in days],
        "stray": ["soon", *(f"{d:%Y-%m-%d %H:%M:%S}" for d in days[1:])],
        "word": [f"word {d.day}" for d in days],
    }
    (tmp_path / "n").mkdir()
    (tmp_path / "w").mkdir()
    narrow = _read(tmp_path / "n", kinds)
    wide = _read(tmp_path / "w", {f"{n}{k}": v for k in range(44) for n, v in kinds.items()})
    for k in (0, 31, 43):
        for name in kinds:
            one, other = narrow.schema[name], wide.schema[f"{name}{k}"]
            assert (one.kind, one.note) == (other.kind, other.note)
            ours, theirs = narrow.frame([name])[name], wide.frame([other.name])[other.name]
            assert ours.tolist() == theirs.tolist() or ours.isna().sum() == theirs.isna().sum() == 1
