"""Reading a CSV against a bare DuckDB COPY of the same file, in one run.

    python benchmarks/reading.py [--rows 300000]

Writes a click log of 11 columns with Chinese labels (about 90 bytes a row: 10,000,000 rows are
0.9 GB) to a temporary folder, reads it in processes of their own and prints seconds, bytes a
second, peak memory, and the ratio. Seconds are processor time, which busy neighbours disturb less.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import numpy as np

from rebal_core.data.duck import default_threads
from rebal_core.data.reading.load import read_table

_BLOCK = 100_000
_NAMES = "user,item,time,类别,device,price,score,age,clicks,city,label\n"
_KINDS = ["女装", "男装", "鞋靴", "箱包", "数码", "家电", "图书", "母婴", "食品", "美妆"]


def write_log(path: Path, rows: int) -> None:
    rng = np.random.default_rng(0)
    begun = np.datetime64("2024-01-01")
    with path.open("w", encoding="utf-8") as out:
        out.write(_NAMES)
        for start in range(0, rows, _BLOCK):
            n = min(_BLOCK, rows - start)
            times = np.datetime_as_string(begun + rng.integers(0, 2_592_000, n).astype("m8[s]"))
            columns = (
                [f"u{v:07d}" for v in rng.integers(0, 500_000, n)],
                [f"i{v:06d}" for v in rng.integers(0, 200_000, n)],
                times.tolist(),
                rng.choice(_KINDS, n).tolist(),
                rng.choice(["phone", "tablet", "desk"], n).tolist(),
                [f"{v:.2f}" for v in rng.lognormal(3, 1, n)],
                [f"{v:.8f}" for v in rng.random(n)],
                map(str, rng.integers(18, 80, n)),
                map(str, rng.poisson(2, n)),
                [f"城市{v}" for v in rng.integers(0, 300, n)],
                np.where(rng.random(n) < 0.02, "点击", "未点击").tolist(),
            )
            out.writelines(",".join(cells) + "\n" for cells in zip(*columns, strict=True))


def copy_bare(source: Path, into: Path) -> None:
    settings = {"threads": default_threads(), "memory_limit": "400MB"}
    with duckdb.connect(config=settings) as connection:
        relation = connection.read_csv(str(source))
        relation.write_parquet(str(into / "bare.parquet"), compression="zstd")


def read_ours(source: Path, into: Path) -> None:
    read_table(source, into / "table")


WAYS = {"duckdb": copy_bare, "rebal": read_ours}


def spent(way: str, source: Path, into: Path) -> tuple[float, float]:
    """Run one way in a process of its own; return its processor seconds and peak MB."""
    code = (
        "import sys, pathlib, resource; sys.path.insert(0, sys.argv[4])\n"
        "import reading\n"
        "reading.WAYS[sys.argv[1]](*map(pathlib.Path, sys.argv[2:4]))\n"
        "u = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(u.ru_utime + u.ru_stime, u.ru_maxrss / 1024)"
    )
    command = [sys.executable, "-c", code, way, str(source), str(into), str(Path(__file__).parent)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(told[-2]), float(told[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="rebal-") as name:
        folder = Path(name)
        write_log(folder / "log.csv", rows)
        size = (folder / "log.csv").stat().st_size
        print(f"{rows:,} rows, {size / 1e6:,.0f} MB, {default_threads()} threads")
        seconds = {}
        for way in WAYS:
            seconds[way], peak = spent(way, folder / "log.csv", folder)
            speed = size / seconds[way] / 1e6
            print(f"{way:7s} {seconds[way]:7.1f} s  {speed:6.1f} MB/s  peak {peak:,.0f} MB")
        print(f"ratio   {seconds['rebal'] / seconds['duckdb']:7.2f}")


if __name__ == "__main__":
    main()
