"""Codes of 16 to 19 digits are names: one missing cell must not make other names of them."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rebal_core.data.preparing.preparation import Preparation
from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.data.schema import set_target
from rebal_core.experiment.splits import group_and_time
from rebal_core.export.balance import balance_table

CODES = [2**60 + k for k in range(25)]


@pytest.fixture(scope="module", params=["csv", "frame"])
def dataset(request, tmp_path_factory):
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(CODES), 500)
    table = pd.DataFrame(
        {
            "store_id": pd.array([CODES[k] for k in drawn], dtype="Int64"),
            "size": rng.normal(size=500).round(3),
            "bought": np.where(rng.random(500) < np.where(drawn < 3, 0.8, 0.05), "yes", "no"),
        }
    )
    table.loc[5, "store_id"] = None
    folder = tmp_path_factory.mktemp("codes")
    if request.param == "frame":
        return from_frame(table, folder / "d", target="bought")
    table.to_csv(folder / "t.csv", index=False)
    found = read_table(folder / "t.csv", folder / "d")
    return found.with_schema(set_target(found.schema, "bought"))


def test_every_code_is_a_category_of_its_own(dataset):
    assert dataset.schema["store_id"].kind == "category"
    frame, y = dataset.frame(), np.zeros(dataset.rows, dtype=np.int64)
    preparation, typed = Preparation.fit(frame, y, dataset.schema, seed=0)
    known = preparation.categories.values[preparation.categories.names.index("store_id")]
    assert sorted(known) == sorted(map(str, CODES))
    # A part without the missing cell is read as the same codes.
    part = preparation.transform(dataset.frame(rows=np.arange(10, 40)), y[10:40])
    assert np.array_equal(part.codes, typed.codes[10:40])


def test_every_code_is_a_group_and_a_missing_one_stands_alone(dataset):
    groups = group_and_time(dataset, "store_id", None)["groups"]
    assert len(set(groups)) == len(CODES) + 1
    assert (groups == groups[5]).sum() == 1


def test_made_rows_carry_a_code_of_a_parent(dataset):
    made = balance_table(dataset, "smote").train.to_pylist()
    codes = dataset.own().column("store_id").to_pylist()
    rows = [row for row in made if row["_origin"] == "interpolated"]
    assert rows
    assert all(row["store_id"] in {codes[p] for p in row["_parents"]} for row in rows)


@pytest.mark.parametrize(
    "labels",
    [
        pa.array([2**60, 2**60 + 1, 2**60 + 2], pa.uint64()),
        pa.array([2**63, 2**63 + 1, 2**63 + 2], pa.uint64()),
        pa.array([Decimal(2**60), Decimal(2**60 + 1), Decimal(2**70)], pa.decimal128(38, 0)),
    ],
    ids=["uint64", "beyond-int64", "decimal"],
)
def test_long_labels_of_parquet_stay_apart(labels, tmp_path):
    drawn = np.repeat([0, 1, 2], [30, 20, 10])
    table = pa.table({"x": np.arange(60) % 7, "cls": labels.take(pa.array(drawn))})
    pq.write_table(table, tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet", tmp_path / "d")
    known = found.with_schema(set_target(found.schema, "cls")).labels()
    assert known.classes == tuple(str(v) for v in labels.to_pylist())
    assert known.counts == (30, 20, 10)
