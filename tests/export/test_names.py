"""What is wrong with new rows is told by the name that their user gave them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from rebal_core.data.load import read_table
from rebal_core.export.bundle import Bundle
from rebal_core.export.predict import _arrived, predict_table
from rebal_core.types import Column, Schema, UserError


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
    bundle: Any = SimpleNamespace(manifest={}, preparation=SimpleNamespace(schema=schema))
    with pytest.raises(UserError, match=words):
        predict_table(cast(Bundle, bundle), tmp_path / "3f9c.csv", name="new.csv")


def test_written_numbers_are_what_they_were_in_training(tmp_path):
    (tmp_path / "new.csv").write_text('price,rate,fee,off\n"¥1,200",20%,3,5\n¥90,5%,4,6\n')
    dataset = read_table(tmp_path / "new.csv", tmp_path / "d")
    features = (Column("price", "number"), Column("rate", "category"), Column("off", "number"))
    forms = {"price": {"sign": "¥"}, "off": {"sign": "%"}}
    bundle: Any = SimpleNamespace(manifest={"written": forms})
    frame, notes = _arrived(bundle, dataset, features, "new.csv")
    assert frame["price"].tolist() == [1200.0, 90.0]
    assert frame["rate"].tolist() == ["20%", "5%"]
    assert ["“off” was written with “%”" in note for note in notes] == [True]
    bundle.manifest["written"]["price"] = {"sign": "€"}
    with pytest.raises(UserError, match=r"“price” of new\.csv is written with “¥”, .* on “€”"):
        _arrived(bundle, dataset, features, "new.csv")
