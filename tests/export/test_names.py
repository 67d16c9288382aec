"""What is wrong with new rows is told by the name that their user gave them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from rebal_core.export.bundle import Bundle
from rebal_core.export.predict import predict_table
from rebal_core.schema import Column, Schema
from rebal_core.wording import UserError


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"b": ["x", "y", "z"]}, r"^new\.csv lacks the column “a”"),
        ({"a": ["x", "y", "z"], "b": [1, 2, 3]}, r"^Column “a” of new\.csv holds text"),
        ({"a": [], "b": []}, r"^new\.csv has a header but no rows"),
    ],
)
def test_an_upload_under_another_name(tmp_path, table, words):
    pd.DataFrame(table).to_csv(tmp_path / "3f9c.csv", index=False)
    schema = Schema((Column("a", "number"),))
    bundle: Any = SimpleNamespace(
        manifest={},
        preparation=SimpleNamespace(schema=schema, known={}),
    )
    with pytest.raises(UserError, match=words):
        predict_table(cast(Bundle, bundle), tmp_path / "3f9c.csv", name="new.csv")
