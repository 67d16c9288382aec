"""A row is scored alike alone, among a few and among all: its own file decides nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from inline_engine import run_inline

from rebal_core.export.bundle import load_bundle
from rebal_core.export.predict import predict_table
from rebal_core.export.run import export_run
from rebal_core.export.tables import write_table

ROWS = 240


def cells(rng) -> dict[str, list[str]]:
    """Columns whose values look like something else where some of them are missing."""
    rare = rng.random(ROWS) < 0.25
    version = np.where(rare, "1.10", rng.choice(["1.1", "1.9", "2E1", "20", "beta"], ROWS))
    amount = np.where(rng.random(ROWS) < 0.5, rng.integers(1_000, 99_999, ROWS) + 500 * rare, 12)
    day = [f"{d:02d}/{m:02d}/2024" for d, m in rng.integers(1, [28, 13], (ROWS, 2))]
    store = [str(2**60 + s) for s in rng.integers(0, 22, ROWS)]
    columns = {
        "version": version.tolist(),
        "share": [f"{v:.3f}".replace(".", ",") for v in rng.random(ROWS) + rare],
        "spent": [f"{v:,}" for v in amount * 100],
        "price": [f"¥{v:,.2f}" for v in rng.lognormal(6, 1, ROWS) * (1 + rare)],
        "day": day,
        "store_id": store,
        "formula": rng.choice(["=1+1", "-x", "plain"], ROWS).tolist(),
        "label": np.where(rare, "bad", "good").tolist(),
    }
    for name in ("share", "store_id", "version"):
        for row in rng.integers(0, ROWS, 12):
            columns[name][row] = "" if name == "version" else "NA"
    return columns


def write(columns, rows, path, delimiter=";"):
    lines = [[*columns], *([columns[name][row] for name in columns] for row in rows)]
    text = "".join(delimiter.join(f'"{v}"' for v in line) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slices")
    columns = cells(np.random.default_rng(11))
    source = write(columns, range(ROWS), folder / "all.csv")
    wishes = {"strategies": "random_over", "classifiers": "logistic", "folds": 3}
    store, run = run_inline(folder / "home", source, **wishes)
    export_run(store, run, folder / "out", arm="none/logistic")
    bundle = load_bundle(folder / "out" / "model.rebal")
    del columns["label"]
    answer = predict_table(bundle, write(columns, range(ROWS), folder / "rows.csv"))
    return bundle, columns, answer.table


def bad(table) -> np.ndarray:
    return table.column("p_bad").to_numpy()


@pytest.mark.parametrize("delimiter", [";", ","])
def test_single_rows_and_parts_are_scored_as_the_whole(scored, delimiter, tmp_path):
    bundle, columns, whole = scored
    rng = np.random.default_rng(3)
    parts = [[row] for row in rng.integers(0, ROWS, 6)]
    parts += [rng.choice(ROWS, 5, replace=False).tolist() for _ in range(4)]
    # Parts in which a column looks like numbers or whole dates throughout.
    versions = columns["version"]
    parts.append([r for r in range(ROWS) if versions[r] in ("1.10", "1.1", "1.9")])
    parts.append([r for r in range(ROWS) if versions[r] in ("20", "2E1")])
    parts.append([r for r in range(ROWS) if columns["spent"][r].count(",") == 1])
    for rows in parts:
        part = predict_table(bundle, write(columns, rows, tmp_path / "part.csv", delimiter))
        np.testing.assert_allclose(bad(part.table), bad(whole)[rows], atol=1e-12, err_msg=str(rows))
        assert part.table.column("version").to_pylist() == [versions[r] or None for r in rows]


def test_our_own_tables_are_scored_as_the_whole(scored, tmp_path):
    bundle, columns, whole = scored
    own = whole.select([*columns])
    for name in ("own.csv", "own.parquet"):
        write_table(own, tmp_path / name)
        again = predict_table(bundle, tmp_path / name)
        np.testing.assert_allclose(bad(again.table), bad(whole), atol=1e-12, err_msg=name)
    typed = pa.table({n: own[n] for n in [*columns][::-1]})
    write_table(typed, tmp_path / "turned.parquet")
    again = predict_table(bundle, tmp_path / "turned.parquet")
    np.testing.assert_allclose(bad(again.table), bad(whole), atol=1e-12)
