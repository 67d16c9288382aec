"""What the Skew page counts, against bare DuckDB queries for the same numbers, in one run.

A click log is made as Parquet by DuckDB (7 columns, 2 % clicks, no two rows alike), taken in by
``read_table`` and then asked what the page draws: class sizes with their measures, clicks by item,
by device, by position (numbers: deciles), over time; then what the view Behaviour counts of readers
and items (popularity, who has met what, newcomers); and then what stands around it: the checks
(counts of each column, copies of rows, association with the target on a sample) and the quick plan.

    python benchmarks/skew.py [--rows 500000]        (the goal's size: --rows 10000000)

Each line is a part: our seconds, those of the bare queries over the same file with the same threads
and limit, the ratio, and by how much each grew at its peak (in a process of its own). Seconds are
wall clock, the better of two. ``drawn`` sums up the parts that are drawn.

The bound: a part must decode the columns it speaks of once, which is what the bare query does.
Associations and the plan have no query beside them: the sample is read by row group, and the plan
needs one pass over the target.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import psutil
from browsing import Memory

from rebal_core.checks.report import run_checks
from rebal_core.data import behaviour, drift, profile, segments
from rebal_core.data.dataset import Dataset
from rebal_core.data.duck import MEMORY_LIMIT, default_threads
from rebal_core.data.reading.load import read_table
from rebal_core.data.schema import set_target
from rebal_core.experiment.estimate import estimate
from rebal_core.experiment.planning import make_plan

#: ``any(i, k)`` is a number in 0..1 that looks random, always the same for row ``i``.
MAKE = """CREATE MACRO any_of(i, k) AS (hash(i * 16 + k) % 1000003) / 1000003.0;
COPY (SELECT 'u' || hash(i) AS reader,
    'i' || (power(any_of(i, 1), 3) * 50000)::INT AS item,
    TIMESTAMP '2024-01-01' + to_seconds((any_of(i, 2) * 7776000)::BIGINT) AS shown,
    ['phone', 'tablet', 'desk', '电视'][1 + (any_of(i, 3) * 3.999)::INT % 4] AS device,
    1 + (power(any_of(i, 4), 2) * 99)::INT AS position,
    round(exp(3 + any_of(i, 5)), 2) AS price,
    CASE WHEN any_of(i, 6) < 0.02 THEN '点击' ELSE '未点击' END AS label
FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"""
HIT = "count(*), count(*) FILTER (WHERE label = '点击')"
COLUMNS = ("reader", "item", "shown", "device", "position", "price", "label")
FACTS = ", ".join(f"count({c}), min({c}) = max({c})" for c in COLUMNS)

#: Part: what we ask of the dataset, and the bare queries for it.
OURS: dict[str, Callable[[Dataset], Any]] = {
    "classes": profile.profile,
    "items": lambda d: profile.item_counts(d, "item", "点击"),
    "device": lambda d: segments.rate_by_segment(d, "device", "点击"),
    "position": lambda d: segments.rate_by_segment(d, "position", "点击"),
    "time": lambda d: segments.rate_over_time(d, "shown", "点击"),
    "popular": lambda d: behaviour.popularity(d, "item", "点击"),
    "met": lambda d: behaviour.density(d, "reader", "item"),
    "new": lambda d: drift.newcomers(d, "item", "shown"),
    "checks": run_checks,
    "plan": lambda d: estimate(make_plan(d), d),
}
BARE = {
    "classes": ("SELECT label, count(*) FROM t GROUP BY 1",),
    "items": (f"SELECT item, {HIT} AS n FROM t GROUP BY 1 ORDER BY n DESC",),
    "device": (f"SELECT device, {HIT} FROM t GROUP BY 1",),
    "position": (
        "SELECT quantile_disc(position, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) FROM t",
        f"SELECT position // 10, {HIT} FROM t GROUP BY 1",
    ),
    "time": (f"SELECT time_bucket(INTERVAL '7 days', shown) AS w, {HIT} FROM t GROUP BY w",),
    "popular": (f"SELECT item, {HIT} AS n FROM t GROUP BY 1 ORDER BY n DESC",),
    "met": (
        "SELECT reader, count(*) AS n FROM t GROUP BY 1 ORDER BY n DESC",
        "SELECT item, count(*) AS n FROM t GROUP BY 1 ORDER BY n DESC",
        "SELECT count(*) FROM (SELECT DISTINCT reader, item FROM t)",
    ),
    "new": (
        "SELECT quantile_disc(shown, [0.2, 0.4, 0.6, 0.8]) FROM t",
        "SELECT item, min(shown) FROM t GROUP BY 1",
    ),
    "checks": (
        f"SELECT {FACTS} FROM t",
        "SELECT approx_count_distinct(item), approx_count_distinct(device) FROM t",
        f"SELECT count(*), count(DISTINCT hash({', '.join(COLUMNS[:-1])})) FROM t",
    ),
    "plan": ("SELECT label, count(*) FROM t GROUP BY 1",),
}
DRAWN = ("classes", "items", "device", "position", "time")


def ask_ours(path: Path, part: str) -> None:
    OURS[part](Dataset.open(path))


def ask_bare(path: Path, part: str) -> None:
    settings = {"threads": default_threads(), "memory_limit": MEMORY_LIMIT}
    with duckdb.connect(config=settings) as connection:
        connection.execute(f"CREATE VIEW t AS FROM '{path / 'table.parquet'}'")
        for query in BARE[part]:
            connection.execute(query).fetchnumpy()


def spent(way: str, path: Path, part: str) -> None:
    """Print the wall seconds of the better of two, and by how many MB this process grew."""
    memory = Memory(lambda: [psutil.Process()])
    seconds, before = [], memory.now()
    for _ in range(2):
        began = time.perf_counter()
        {"ours": ask_ours, "bare": ask_bare}[way](path, part)
        seconds.append(time.perf_counter() - began)
    print(min(seconds), memory.lap() - before)
    memory.stop()


def apart(*words: str) -> list[float]:
    """Run one part in a process of its own; return its seconds and MB."""
    command = [sys.executable, __file__, "--one", *words]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [float(number) for number in told.split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        way, folder, part = options.one
        spent(way, Path(folder), part)
        return
    rows = options.rows
    with tempfile.TemporaryDirectory(prefix="rebal-") as name:
        source, path = Path(name) / "log.parquet", Path(name) / "dataset"
        duckdb.connect().execute(MAKE.format(rows=rows, path=source))
        began = time.perf_counter()
        dataset = read_table(source, path)
        dataset.with_schema(set_target(dataset.schema, "label").with_role("item", "item"))
        print(f"{rows:,} rows, {source.stat().st_size / 1e6:,.0f} MB of Parquet, "
              f"taken in in {time.perf_counter() - began:.1f} s")  # fmt: skip
        totals = [0.0, 0.0]
        for part in OURS:
            ours, peak = apart("ours", str(path), part)
            bare, least = apart("bare", str(path), part)
            if part in DRAWN:
                totals = [totals[0] + ours, totals[1] + bare]
            print(f"{part:9s} {ours:6.2f} s  bare {bare:6.2f} s  ratio {ours / bare:5.2f}"
                  f"  grew {peak:5,.0f} and {least:,.0f} MB", flush=True)  # fmt: skip
        print(f"drawn     {totals[0]:6.2f} s  bare {totals[1]:6.2f} s  "
              f"ratio {totals[0] / totals[1]:5.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
