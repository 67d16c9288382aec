"""Times that stand for “no end” or “not known” are told, and no split takes them as times."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rebal_core.checks import run_checks
from rebal_core.data.eras import outside
from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.data.schema import set_target
from rebal_core.data.segments import rate_over_time
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.splits import splits_of

ROWS = 400
DAYS = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(ROWS), "D")).astype("str")
BIRTHS = pd.Series(pd.Timestamp("1930-01-01") + pd.to_timedelta(61 * np.arange(ROWS), "D"))


def opened(when, tmp_path, **options):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"when": when, "x": rng.normal(size=ROWS).round(3), "y": rng.choice(["a", "b"], ROWS)}
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    dataset = read_table(tmp_path / "t.csv", tmp_path / f"d{len(options)}", ReadOptions(**options))
    return dataset.with_schema(set_target(dataset.schema, "y"))


def told(dataset):
    return [f.message for f in run_checks(dataset) if f.code == "RBL024"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["9999-12-31"], "Times of “when” before 1500 or after 2400: 30, such as “9999-12-31”."),
        (["0001-01-01"], "Times of “when” before 1500 or after 2400: 30, such as “0001-01-01”."),
        (
            ["9999-12-31", "0001-01-01"],
            "Times of “when” before 1500 or after 2400: 30, such as “0001-01-01”, “9999-12-31”.",
        ),
        (["2567-02-03"], "Times of “when” before 1500 or after 2400: 30, such as “2567-02-03”."),
        (
            ["1900-01-01"],
            "“1900-01-01” in “when” (30 rows) may stand for a time that is not known.",
        ),
        (
            ["2099-12-31"],
            "“2099-12-31” in “when” (30 rows) may stand for a time that is not known.",
        ),
    ],
)
def test_what_stands_for_another_thing_is_told(values, message, tmp_path):
    when = DAYS.copy()
    when[:30] = np.resize(values, 30)
    dataset = opened(when, tmp_path)
    assert dataset.schema["when"].kind == "time"
    assert told(dataset) == [message]
    again = opened(when, tmp_path, na=values)
    assert told(again) == ["No time stands for another thing."]


def test_a_date_that_far_too_many_share_is_told(tmp_path):
    born = BIRTHS.dt.strftime("%Y-%m-%d")
    born[:20] = "1970-01-01"
    assert told(opened(born, tmp_path)) == [
        "“1970-01-01” in “when” (20 rows) may stand for a time that is not known."
    ]


@pytest.mark.parametrize("odd", ["1970-01-01", "1900-01-01", "2019-01-01", None])
def test_times_of_their_own_are_not_told(odd, tmp_path):
    when = DAYS if odd == "2019-01-01" else BIRTHS.dt.strftime("%Y-%m-%d")
    when = when.copy()
    when[:1] = odd or when[1]
    assert told(opened(when, tmp_path)) == ["No time stands for another thing."]


def test_times_of_many_zones_and_none_at_all(tmp_path):
    zoned = pd.Series(pd.to_datetime(DAYS)).dt.tz_localize("Asia/Shanghai").astype("object")
    zoned[:30] = pd.Timestamp("1900-01-01", tz="Asia/Shanghai")
    frame = pd.DataFrame({"when": pd.to_datetime(zoned, utc=True), "y": np.resize([0, 1], ROWS)})
    frame["gone"] = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us]")
    (message,) = told(from_frame(frame, tmp_path / "d", target="y"))
    assert "“1899-12-31" in message or "“1900-01-01" in message


def test_a_split_by_time_leaves_out_what_is_no_time(tmp_path):
    when = DAYS.copy()
    when[:30], when[30:40], when[40:42] = "9999-12-31", "0001-01-01", None
    dataset = opened(when, tmp_path)
    plan = make_plan(dataset, split="time", strategies="class_weight", classifiers="logistic")
    assert plan.notes[0] == (
        "Rows that stand in no fold, for their “when” is missing, before 1500 or after 2400: 42."
    )
    splits = splits_of(dataset.with_schema(plan.schema), plan.protocol)
    used = np.unique(np.concatenate([part for s in splits for part in (s.train, s.test)]))
    assert used.tolist() == list(range(42, ROWS))


def test_a_time_that_may_be_none_is_told_with_the_split(tmp_path):
    when = DAYS.copy()
    when[:30] = "1900-01-01"
    plan = make_plan(
        opened(when, tmp_path), split="time", strategies="class_weight", classifiers="logistic"
    )
    assert "“1900-01-01” in “when” (30 rows)" in plan.notes[0]


def test_a_table_of_another_calendar_is_split_as_it_is():
    times = np.array(["2560-01-01", "2567-01-01", "NaT"], "datetime64[us]")
    assert not outside(times).any()
    assert outside(np.append(times, np.datetime64("2020-01-01"))).tolist() == [True, True] + 2 * [
        False
    ]


def test_the_axis_of_time_ends_where_events_do(tmp_path):
    when = DAYS.copy()
    when[:30] = "9999-12-31"
    found = rate_over_time(opened(when, tmp_path), "when", "a")
    assert found["start"].max() < pd.Timestamp("2022-01-01")
    assert found["rows"].sum() == ROWS - 30
