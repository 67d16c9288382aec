"""The role ``value``: what is at risk in a row reaches no model, and is carried as it is."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from rebal_core import balance
from rebal_core.cli import main
from rebal_core.data.at_risk import amounts_at_risk
from rebal_core.data.reading.load import from_frame
from rebal_core.data.schema import set_value
from rebal_core.experiment.planning import make_plan
from rebal_core.wording import UserError

N = 120


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = np.arange(N) % 6 == 0
    return pd.DataFrame(
        {
            "x": rng.normal(size=N) + y,
            "amount": np.r_[np.nan, rng.integers(0, 900, N - 1) / 4.0],
            "shop": rng.choice(["a", "b"], N),
            "label": np.where(y, "bad", "good"),
        }
    )


def test_amounts_are_read_as_they_are(frame, tmp_path):
    dataset = from_frame(frame, tmp_path / "d", target="label")
    assert amounts_at_risk(dataset) is None
    dataset = dataset.with_schema(set_value(dataset.schema, "amount"))
    assert np.array_equal(amounts_at_risk(dataset), frame["amount"], equal_nan=True)
    assert "amount" not in [c.name for c in dataset.schema.features]
    moved = dataset.schema.with_role("value", "x")
    assert (moved["x"].role, moved["amount"].role) == ("value", "ignore")


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("shop", "“shop” holds no numbers"),
        ("x", "“x” holds amounts below 0, the first in row"),
        ("beyond", "“beyond” holds 1e\\+300 in row 1, which is no amount"),
        ("label", "“label” is the target"),
        ("nothing", "no column “nothing”"),
    ],
)
def test_what_is_no_amount_is_told_in_a_sentence(frame, tmp_path, column, words):
    dataset = from_frame(frame.assign(beyond=1e300), tmp_path / "d", target="label")
    with pytest.raises(UserError, match=words):
        make_plan(dataset, value=column)


def test_one_column_has_one_role(frame, tmp_path):
    dataset = from_frame(frame, tmp_path / "d", target="label")
    with pytest.raises(UserError, match="cannot say both how rows are split"):
        make_plan(dataset, group="amount", value="amount")
    columns = tuple(
        c if c.name == "label" else type(c)(c.name, c.kind, "value") for c in dataset.schema.columns
    )
    with pytest.raises(UserError, match="“x” and “amount” both say"):
        amounts_at_risk(dataset.with_schema(type(dataset.schema)(columns)))


def test_made_rows_have_no_amount(frame):
    made = balance(frame, "label", "smote", value="amount")
    kept = made["_origin"] == "original"
    assert made.loc[~kept, "amount"].isna().all()
    assert (~kept).sum() == 80
    assert made.loc[kept, "amount"].tolist()[1:] == frame["amount"].tolist()[1:]
    # Nor does any row depend on what is at risk.
    other = balance(frame.assign(amount=1.0), "label", "smote", value="amount")
    assert other["x"].tolist() == made["x"].tolist()
    copied = balance(frame, "label", "random_over", value="amount")
    parents = copied["_parents"].map(lambda rows: rows[0])
    assert np.array_equal(copied["amount"], frame["amount"].iloc[parents], equal_nan=True)


def test_the_command_line_takes_the_role(frame, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    frame.to_csv("t.csv", index=False)
    assert main(["profile", "t.csv", "--target", "label", "--value", "amount", "--json", "-"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["roles"]["amount"] == "value"
    assert told["unused"] == [{"column": "amount", "reason": "It says what is at risk in a row."}]
    words = "balance t.csv --target label --value amount --strategy smote --out b.parquet"
    assert main(words.split()) == 0
    made = pd.read_parquet("b.parquet")
    assert made.loc[made["_origin"] != "original", "amount"].isna().all()
    capfd.readouterr()
    assert main(["profile", "t.csv", "--target", "label", "--value", "x"]) == 2
    assert capfd.readouterr().err.count("\n") == 1
