"""Columns whose type the accepted table cannot hold come back as they came."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.data.schema import set_target
from rebal_core.export.balance import balance_table
from rebal_core.export.tables import original_rows

ROWS = 60
DAY = dt.datetime(2026, 1, 1)
COLUMNS = {
    "unsigned": pa.array([2**63 + i for i in range(ROWS)], pa.uint64()),
    "decimal": pa.array([Decimal(i) / 8 for i in range(ROWS)], pa.decimal256(50, 10)),
    "date": pa.array([DAY + dt.timedelta(i) for i in range(ROWS)], pa.date32()),
    "zoned": pa.array([DAY] * ROWS, pa.timestamp("ns", "Asia/Shanghai")),
    "embedding": pa.array([[i / 3, i / 7] for i in range(ROWS)], pa.list_(pa.float64())),
    "narrow": pa.array([i % 9 for i in range(ROWS)], pa.int32()),
    "single": pa.array([i / 3 for i in range(ROWS)], pa.float32()),
    "money": pa.array([f"¥{1000 + i:,}.50" for i in range(ROWS)]),
    "y": pa.array(["a"] * 50 + ["b"] * 10),
}


@pytest.fixture
def dataset(tmp_path):
    pq.write_table(pa.table(COLUMNS), tmp_path / "t.parquet")
    dataset = read_table(
        tmp_path / "t.parquet", tmp_path / "d", ReadOptions(mask={"narrow": "tokenise"})
    )
    schema = set_target(dataset.schema, "y")
    others = [c.name for c in schema.columns if c.name not in ("y", "narrow")]
    return dataset.with_schema(schema.with_role("feature", *others))


def test_originals_keep_type_and_value(dataset):
    table = original_rows(dataset, np.arange(ROWS))
    for name in COLUMNS.keys() - {"narrow"}:
        assert table[name].type == COLUMNS[name].type
        assert table[name].combine_chunks().equals(COLUMNS[name])
    assert pa.types.is_string(table["narrow"].type)


def test_made_rows_follow_the_types_of_the_originals(dataset):
    made = balance_table(dataset, "smote").train
    assert made.num_rows == 100
    for name in COLUMNS.keys() - {"narrow"}:
        assert made[name].type == COLUMNS[name].type
        assert not made[name].null_count
