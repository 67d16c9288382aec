"""A column that is there, or missing, only where the class is one gives the answer away."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rebal_core.checks import run_checks
from rebal_core.data.reading.load import from_frame

N = 1_000
DAYS = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N) % 300, "D")
KINDS = {
    "date": pd.Series(DAYS),
    "zoned date": pd.Series(DAYS.tz_localize("UTC")),
    "number": pd.Series(np.random.default_rng(1).normal(size=N)),
    "category": pd.Series(np.resize(["a", "b", "c"], N)),
    "text": pd.Series([f"the {k} words of a long note number {k * k}" for k in range(N)]),
    "truth": pd.Series(np.resize([True, False], N), dtype="boolean"),
}


def told(tmp_path, column: pd.Series, y: np.ndarray) -> list[str]:
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=N), "gap": column, "y": y})
    opened = from_frame(frame, tmp_path / "d", name="t", target="y")
    opened = opened.with_schema(opened.schema.with_role("feature", "gap"))
    return [f.message for f in run_checks(opened) if f.code == "RBL007" and "gap" in f.columns]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_filled_only_where_the_class_is_one(tmp_path, kind, share):
    yes = np.arange(N) % 20 == 0
    there = yes & (np.random.default_rng(2).random(N) <= share)
    (message,) = told(tmp_path, KINDS[kind].where(there), np.where(yes, "ja", "nein"))
    assert message.startswith("“gap” is filled only where the class is “ja”")


def test_missing_only_where_the_class_is_one(tmp_path):
    yes = np.arange(N) % 20 == 0
    (message,) = told(tmp_path, KINDS["date"].where(~yes), np.where(yes, "ja", "nein"))
    assert message.startswith("“gap” is missing only where the class is “ja” (50 rows)")


def test_gaps_at_random_say_nothing(tmp_path):
    yes = np.arange(N) % 20 == 0
    there = np.random.default_rng(3).random(N) < 0.5
    assert told(tmp_path, KINDS["date"].where(there), np.where(yes, "ja", "nein")) == []
