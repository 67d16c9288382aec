"""What the one training loop costs beside the arithmetic of the network.

Three ways over the same rows, the same network and the same steps, interleaved in one run: our loop
from arrays as they lie in a fold's folder (memory-mapped), a bare loop of torch over tensors in
memory, and skorch where it is there (``pip install --no-deps --target DIR skorch tabulate``, DIR on
``PYTHONPATH``). On one thread. It tells processor seconds a step, ratios to the bare loop (below 1
we are faster), and which part of a step our reading of a batch takes.

    python benchmarks/networks.py [ROWS [EPOCHS]]

The bound: both do the same arithmetic, so the ratio cannot fall below 1 by more than noise.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from rebal_core.nn.course import Course
from rebal_core.nn.mlp import MLP
from rebal_core.nn.rows import Source, best_device
from rebal_core.nn.schedule import Schedule
from rebal_core.nn.training import seeded, train

try:
    from skorch import NeuralNetClassifier
except ImportError:
    NeuralNetClassifier = None

ROUNDS, WIDTH, CARDINALITIES, BATCH = 3, 12, [9, 17, 8, 15, 7, 6, 3, 43], 256
RATE, DECAY = 2e-3, 1e-2


def rows_of(n: int, folder: Path) -> list[np.ndarray[Any, Any]]:
    """Return numbers, codes, labels and weights, memory-mapped."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(n, WIDTH)).astype(np.float32)
    codes = np.column_stack([rng.integers(-1, c - 1, n) for c in CARDINALITIES]).astype(np.int32)
    y = (rng.random(n) < 1 / (1 + np.exp(2 - numbers[:, 0]))).astype(np.int64)
    found = []
    for name, array in {"numbers": numbers, "codes": codes, "y": y, "weight": np.ones(n)}.items():
        np.save(folder / f"{name}.npy", array)
        found.append(np.load(folder / f"{name}.npy", mmap_mode="r"))
    return found


def new_net(numbers: np.ndarray[Any, Any]) -> MLP:
    """Return the same untrained network each time."""
    torch.manual_seed(0)
    net = MLP(WIDTH, CARDINALITIES, 2)
    net.look(torch.tensor(numbers[:10_000]))
    return net


def ours(arrays: list[np.ndarray[Any, Any]], epochs: int) -> None:
    """Train by our loop."""
    numbers, codes, y, weight = arrays
    source = Source([numbers], codes, y, weight, best_device())
    plan = Schedule(3 * epochs, batch_size=BATCH, learning_rate=RATE, weight_decay=DECAY)
    train(new_net(numbers), source, None, plan, Course())


def bare(arrays: list[np.ndarray[Any, Any]], epochs: int) -> None:
    """Train by the least that one can write."""
    numbers, codes, y, weight = (torch.tensor(np.array(a)) for a in arrays)
    codes, weight = codes.long() + 1, weight.float()
    net = new_net(arrays[0])
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    net.train()
    for _ in range(epochs):
        for part in torch.randperm(len(y)).split(BATCH):
            optimizer.zero_grad()
            logits = net(numbers[part], codes[part])
            (cross_entropy(logits, y[part], reduction="none") * weight[part]).mean().backward()
            optimizer.step()


def by_skorch(arrays: list[np.ndarray[Any, Any]], epochs: int) -> None:
    """Train by skorch, without its validation and its prints."""
    numbers, codes, y, _weight = (np.array(a) for a in arrays)
    model = NeuralNetClassifier(
        new_net(arrays[0]),
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=DECAY,
        lr=RATE,
        max_epochs=epochs,
        batch_size=BATCH,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    model.fit({"numbers": numbers, "codes": codes.astype(np.int64) + 1}, y)


def reading(arrays: list[np.ndarray[Any, Any]], epochs: int) -> None:
    """Read the batches of so many epochs, and do nothing with them."""
    numbers, codes, y, weight = arrays
    source = Source([numbers], codes, y, weight, best_device())
    for _ in range(epochs):
        for part in torch.randperm(len(y)).split(BATCH):
            source.take(part)


def main(n: int, epochs: int) -> None:
    """Measure all ways, in turns."""
    ways: dict[str, Callable[[list[np.ndarray[Any, Any]], int], None]] = {
        "bare": bare,
        "ours": ours,
        "reading alone": reading,
    }
    if NeuralNetClassifier is not None:
        ways["skorch"] = by_skorch
    steps = epochs * -(-n // BATCH)
    with tempfile.TemporaryDirectory() as folder:
        arrays = rows_of(n, Path(folder))
        spent: dict[str, list[float]] = {name: [] for name in ways}
        with seeded(0):
            bare(arrays, 1)
            for _ in range(ROUNDS):
                for name, way in ways.items():
                    began = time.process_time()
                    way(arrays, epochs)
                    spent[name].append((time.process_time() - began) / steps)
    least = {name: min(times) for name, times in spent.items()}
    print(f"{n:,} rows, {steps} steps of {BATCH}, {best_device().type}, least of {ROUNDS} rounds")
    for name, seconds in least.items():
        print(f"{name:14}{1e3 * seconds:8.3f} ms a step{seconds / least['bare']:8.2f} of bare")


if __name__ == "__main__":
    main(*(int(a) for a in (*sys.argv[1:], *("40000", "5")[len(sys.argv) - 1 :])))
