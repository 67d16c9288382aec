"""A path is a path: no pattern, no partition, whatever folders and files are called."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rebal_core.data.profile import query_table
from rebal_core.data.reading.load import read_table
from rebal_core.store import Store

AGES = [18, 52, 33, 71]
#: What lies beside a file, so that a reader that takes its name for a pattern finds another.
DECOYS = ("a", "ab", "a1b", "aXb", "age=33")


def _write(folder: Path, stem: str, kind: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table({"age": AGES, "y": list("abab")}), path)
        return path
    text = "age,y\n" + "".join(f"{a},{y}\n" for a, y in zip(AGES, "abab", strict=True))
    path.write_bytes(text.encode("utf-16"))  # so that it is read through a folder of ours
    return path


def _ages(path: Path, into: Path) -> list[int]:
    dataset = read_table(path, into)
    with query_table(dataset) as connection:
        asked = [row[0] for row in connection.execute("SELECT age FROM rows").fetchall()]
    assert asked == dataset.frame()["age"].tolist()
    return asked


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    "name",
    ["age=33", "a*b", "a?b", "a[1]b", "[!a]", "**", "a{1,2}b", "a%41b", "a'b\"c", "a\\*b",
     "中文 ü", "a#b?c=d", "~", "x" * 230],
)  # fmt: skip
def test_a_name_is_no_pattern(tmp_path: Path, name: str, kind: str) -> None:
    for decoy in DECOYS:
        _write(tmp_path / decoy, decoy, "parquet")
    assert _ages(_write(tmp_path / name, name, kind), tmp_path / name / "into") == AGES


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.text("ab1*?[]!-^{}%\\'\"=é中 ;#,.~$&+@", min_size=1, max_size=12).filter(
        lambda n: n.strip(".")
    )
)
@example("\\?")
@example("a\\[1]*")
def test_any_name_is_a_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    try:
        assert _ages(_write(folder, name, "parquet"), folder / "into") == AGES
    finally:
        shutil.rmtree(folder)


def test_a_home_may_be_called_anything(tmp_path: Path) -> None:
    home = tmp_path / "a?b#c%20=[1]*"
    store = Store(home)
    identifier, folder = store.new_dataset_folder()
    pd.DataFrame({"age": AGES, "y": list("abab")}).to_csv(tmp_path / "t.csv", index=False)
    store.add_dataset(read_table(tmp_path / "t.csv", folder))
    store.close()
    again = Store(home)
    assert again.dataset(identifier).frame()["age"].tolist() == AGES
    again.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == [home.name, "t.csv"]
