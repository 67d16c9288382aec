"""Types of Parquet and pandas: right, or refused in a sentence; never a traceback."""

from __future__ import annotations

import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.data.schema import set_target
from rebal_core.export.csv_safe import write_csv
from rebal_core.export.tables import original_rows
from rebal_core.wording import UserError

N = 60
Y = ["a"] * 45 + ["b"] * 15


def _of(kind: pa.DataType, values: list, storage: pa.DataType) -> pa.Array:
    return pa.ExtensionArray.from_storage(kind, pa.array(values, storage))


ARROW = {
    "json": _of(pa.json_(), [f'{{"a":{i % 3}}}' for i in range(N)], pa.string()),
    "uuid": _of(pa.uuid(), [uuid.UUID(int=i).bytes for i in range(N)], pa.binary(16)),
    "bool8": _of(pa.bool8(), [i % 2 for i in range(N)], pa.int8()),
    "nanoseconds": pa.array([i * 10**15 + 123456789 for i in range(N)], pa.timestamp("ns")),
    "zoned": pa.array([i * 10**9 for i in range(N)], pa.timestamp("ms", "Europe/Paris")),
    "decimal256": pa.array([Decimal(i) / 8 for i in range(N)], pa.decimal256(50, 10)),
    "half": pa.array(np.arange(N, dtype=np.float16) / 8),
    "unsigned": pa.array([2**63 + i for i in range(N)], pa.uint64()),
    "view": pa.array([f"v{i % 3}" for i in range(N)], pa.string_view()),
    "large": pa.array([f"v{i % 3}" for i in range(N)], pa.large_string()),
    "date": pa.array(range(N), pa.date32()),
    "null": pa.nulls(N),
}
REFUSED = {
    "opaque": _of(pa.opaque(pa.binary(), "t", "v"), [b"x"] * N, pa.binary()),
    "struct": pa.array([{"a": i} for i in range(N)]),
    "map": pa.array([[("k", i)] for i in range(N)], pa.map_(pa.string(), pa.int64())),
    "binary": pa.array([b"ab"] * N),
    "fixed": pa.array([b"ab"] * N, pa.binary(2)),
    "binary_view": pa.array([b"ab"] * N, pa.binary_view()),
    "lists": pa.array([["a", "b"]] * N),
    "tensor": _of(
        pa.fixed_shape_tensor(pa.float32(), [2]), [[1.0, 2.0]] * N, pa.list_(pa.float32(), 2)
    ),
}
PANDAS = {
    "interval": (pd.cut(np.arange(N), 3).astype(object), None),
    "cut": (pd.cut(np.arange(N), 3), "(-0.059, 19.667]"),
    "mixed categories": (pd.Categorical([1, "a", 2.5] * 20), "1"),
    "sparse": (pd.arrays.SparseArray([0.5, 0, 1.5] * 20), 0.5),
    "beyond 64 bits": (pd.Series([2**70 + i for i in range(N)], dtype=object), str(2**70)),
    "mixed": (pd.Series(["a", 1, 2.5] * 20, dtype=object), "a"),
    "decimal": (pd.Series([Decimal("1.5")] * 30 + [Decimal("2")] * 30, dtype=object), 1.5),
    "long double": (np.arange(N, dtype=np.longdouble) + 0.5, 0.5),
    "period": (pd.period_range("2024-01", periods=N, freq="M"), pd.Timestamp("2024-01-01")),
    "spans": (pd.to_timedelta(range(1, N + 1), unit="h"), 3600.0),
    "zones": (
        pd.date_range("2024-01-01", periods=N, tz="America/New_York"),
        pd.Timestamp("2024-01-01 05:00"),
    ),
}


def _exported(dataset, folder):
    dataset = dataset.with_schema(set_target(dataset.schema, "y"))
    own = original_rows(dataset, np.arange(N))
    write_csv(own, folder / "o.csv")
    pq.write_table(own, folder / "o.parquet")
    return own["v"].combine_chunks()


@pytest.mark.parametrize("name", ARROW)
def test_a_type_of_parquet_comes_back_in_type_and_value(name, tmp_path):
    values = ARROW[name]
    pq.write_table(pa.table({"v": values, "n": range(N), "y": Y}), tmp_path / "t.parquet")
    own = _exported(read_table(tmp_path / "t.parquet", tmp_path / "d"), tmp_path)
    assert own.to_pylist() == values.to_pylist()
    if name not in ("view", "large", "null"):  # which are text, and text alone
        assert own.type == values.type


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_plain_value_is_refused_in_a_sentence(name, tmp_path):
    pq.write_table(pa.table({"v": REFUSED[name], "n": range(N), "y": Y}), tmp_path / "t.parquet")
    with pytest.raises(UserError, match=r"“v” of t\.parquet holds .* no plain value; drop it"):
        read_table(tmp_path / "t.parquet", tmp_path / "d")


@pytest.mark.parametrize("name", PANDAS)
def test_a_type_of_pandas_is_read(name, tmp_path):
    values, first = PANDAS[name]
    frame = pd.DataFrame({"v": values, "n": range(N), "y": Y})
    dataset = from_frame(frame, tmp_path / "d", target="y")
    found = dataset.frame()["v"]
    assert found.notna().all()
    assert first is None or found[0] == first
    assert len(_exported(dataset, tmp_path)) == N


@pytest.mark.parametrize(
    "value", [{1, 2}, 1j, frozenset("ab")], ids=("set", "complex", "frozen set")
)
def test_sets_and_complex_numbers_are_refused(value, tmp_path):
    frame = pd.DataFrame({"v": pd.Series([value] * N, dtype=object), "y": Y})
    with pytest.raises(UserError, match="“v” holds values of the type"):
        from_frame(frame, tmp_path / "d")


def test_truth_of_one_byte_is_truth(tmp_path):
    pq.write_table(pa.table({"v": ARROW["bool8"], "y": Y}), tmp_path / "t.parquet")
    dataset = read_table(tmp_path / "t.parquet", tmp_path / "d", ReadOptions(target="v"))
    labels = dataset.with_schema(set_target(dataset.schema, "v")).labels()
    assert set(labels.classes) == {"True", "False"}


def test_json_is_text_with_a_name(tmp_path) -> None:
    texts = ['{"a":1}', None, '{"b":2}'] * 4
    column = pa.array(texts, pa.string()).cast(pa.json_())
    pq.write_table(pa.table({"js": column, "amount": range(12)}), tmp_path / "t.parquet")
    read = read_table(tmp_path / "t.parquet", tmp_path / "read", ReadOptions())
    assert read.frame(["js"])["js"].fillna("").tolist() == [text or "" for text in texts]
