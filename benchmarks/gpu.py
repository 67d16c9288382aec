"""A GPU against one core of the CPU beside it: a network's epochs, and the search for neighbours.

    python benchmarks/gpu.py [ROWS]

Wall seconds, each done once before; 20 columns, 200,000 rows by default (the search: 100,000 at
most, which is still exact). Tells that there is none where torch sees none.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
import time
from collections.abc import Callable
from unittest import mock

import numpy as np
import torch

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.model import FitJob
from rebal_core.rows import Layout, TypedRows
from rebal_core.samplers import searching, tiles

WIDTH, EPOCHS = 20, 5


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def learned(network: str, rows: TypedRows) -> Callable[[], None]:
    model = CLASSIFIERS[network].build({"epochs": 3 * EPOCHS}, seed=0)
    return lambda: model.fit(FitJob(rows, None, 2))


def main() -> None:
    if not torch.cuda.is_available():
        print("there is no CUDA device on this machine")
        return
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, WIDTH)).astype(np.float32)
    y = (rng.random(n) < 0.05).astype(np.int64)
    names = tuple(f"x{i}" for i in range(WIDTH))
    codes = np.zeros((n, 0), dtype=np.int32)
    rows = TypedRows(x, codes, y, Layout(names, (), (), players=names))
    print(torch.cuda.get_device_name(), f"{n:,} rows")
    for network in ("mlp", "tabm", "ft_transformer"):
        learned(network, rows.take(np.arange(5_000)))()
        there = seconds(learned(network, rows))
        with mock.patch.object(torch.cuda, "is_available", return_value=False):
            here = seconds(learned(network, rows))
        print(f"{network}: {EPOCHS} epochs {there:.1f} s, CPU {here:.1f} s: {here / there:.1f}x")
    some = x[:100_000].astype(np.float64)
    searching.among(some[:70_000], 11)
    there = seconds(lambda: searching.among(some, 11))
    with (
        mock.patch.object(searching, "device_for", return_value=None),
        mock.patch.object(tiles, "device_for", return_value=None),
    ):
        here = seconds(lambda: searching.among(some, 11))
    print(f"neighbours: {there:.1f} s, CPU {here:.1f} s: {here / there:.1f}x")


if __name__ == "__main__":
    main()
