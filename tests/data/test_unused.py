"""Every column that reaches no model is named, with a reason that the screens can translate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from app.i18n import catalogue
from rebal_core.data.profile import profile
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.data.schema import drop, set_target
from rebal_core.data.unused import _ROLES, unused

N = 120


def _table(tmp_path: Path) -> Path:
    frame = pd.DataFrame(
        {
            "code": [f"K{i}" for i in range(N)],
            "same": "x",
            "empty": [None] * N,
            "when": pd.date_range("2024-01-01", periods=N).astype(str),
            "user_id": [f"u{i % 30}" for i in range(N)],
            "shop": [f"s{i % 7}" for i in range(N)],
            "mail": [f"a{i}@example.org" for i in range(N)],
            "x": np.arange(N) % 11 + 0.5,
            "y": np.where(np.arange(N) % 4, "no", "yes"),
        }
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


def test_every_column_is_used_or_told_with_its_reason(tmp_path: Path) -> None:
    dataset = read_table(_table(tmp_path), tmp_path / "d", ReadOptions(mask={"mail": "drop"}))
    schema = drop(set_target(dataset.schema, "y"), ["shop"])
    told = {e["column"]: e["reason"] for e in unused(schema, dataset.source)}
    assert told == {
        "code": "Looks like an identifier: every value is different.",
        "same": "All values are the same.",
        "empty": "All values are missing.",
        "when": "A time: choose it as time column to test on later rows.",
        "user_id": "It says which rows belong together, for a split.",
        "shop": "Left out by the user.",
        "mail": "Dropped when the table was read, so nothing of it is stored.",
    }
    split = schema.with_role("group", "user_id").with_role("time", "when")
    told = {e["column"]: e["reason"] for e in unused(split)}
    assert told["user_id"] == "It says which rows belong together, for a split."
    assert told["when"] == "It says when a row was made, for a split."
    assert profile(dataset.with_schema(schema)).to_dict()["unused"] == unused(
        schema, dataset.source
    )


def test_the_nameless_index_of_pandas_is_told(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.5, 2.0, 2.5], "y": list("aba")}, index=[3, 5, 9])
    frame.to_parquet(tmp_path / "t.parquet")
    dataset = read_table(tmp_path / "t.parquet", tmp_path / "d")
    assert [e["column"] for e in unused(dataset.schema, dataset.source)] == ["__index_level_0__"]


def test_every_reason_has_its_chinese() -> None:
    assert {text.template for text in _ROLES.values()} <= set(catalogue("zh"))
