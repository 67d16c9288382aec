"""Play maker against critic once on rows of a known density, for the picture on the Help page.

The rare class is a ring of eight spots, so that it is known which made rows are right: those near a
spot, of which no more count than there are real ones. Their share after every round, of the rows
that the probe is given, stands beside what the probe says (it knows nothing of spots), and beside
both losses.

    python benchmarks/game.py

It writes ``sample_data/game.json``, a line a round, which the Help page draws.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rebal_core.nn.generators import taught
from rebal_core.nn.generators.probe import Probe
from rebal_core.rows import Layout, TypedRows
from rebal_core.samplers import fold_of
from rebal_core.samplers.generators import Cgan
from rebal_core.step import Aids

KEPT = Path(str(files("sample_data"))) / "game.json"
MANY, RARE, SPOTS, WIDTH = 4000, 1600, 8, 0.15
#: What is told of a round, and kept.
TOLD = ("epoch", "loss", "critic_loss", "use", "shape", "kept")
CENTERS = 3 * np.column_stack([f(2 * np.pi * np.arange(SPOTS) / SPOTS) for f in (np.cos, np.sin)])


def ring(seed: int = 0) -> TypedRows:
    """Return rows of which the rare ones lie in eight spots; a category tells some spots apart."""
    rng = np.random.default_rng(seed)
    y, spot = np.repeat([0, 1], [MANY, RARE]), rng.integers(0, SPOTS, RARE)
    rare = CENTERS[spot] + WIDTH * rng.normal(size=(RARE, 2))
    numbers = np.vstack([2 * rng.normal(size=(MANY, 2)), rare])
    told = np.where(rng.random(RARE) < 0.85, spot % 4, rng.integers(0, 4, RARE))
    codes = np.concatenate([rng.integers(0, 4, MANY), told])
    layout = Layout(("a", "b"), ("c",), (4,), players=("a", "b"))
    return TypedRows(numbers.astype(np.float32), codes[:, None].astype(np.int32), y, layout)


def right(numbers: NDArray[np.float32]) -> float:
    """Return the share of rows that lie where real ones do: near a spot, and not too many there."""
    gaps = np.linalg.norm(numbers[:, None] - CENTERS, axis=2)
    near = gaps.argmin(axis=1)[gaps.min(axis=1) < 4 * WIDTH]
    found = np.bincount(near, minlength=SPOTS) / len(numbers)
    return float(np.minimum(found, 1 / SPOTS).sum())


def played(seed: int = 0) -> list[dict[str, Any]]:
    """Return what is told of each round, and the share of its rows that are right."""
    shares: list[float] = []

    class Watched(Probe):
        def judged(self, make: Callable[[int, int], NDArray[np.float32]]) -> dict[str, float]:
            def seen(label: int, size: int) -> NDArray[np.float32]:
                rows = make(label, size)
                if label == 1:
                    shares.append(right(rows[:, :2]))
                return rows

            return super().judged(seen)

    rounds: list[dict[str, Any]] = []

    def progress(epoch: int, loss: float, **values: Any) -> None:
        told = {"epoch": epoch, "loss": loss, **values}
        rounds.append({name: told[name] for name in TOLD} | {"right": shares[-1]})

    fold = fold_of(ring(), seed)
    taught.Probe = Watched  # type: ignore[misc]
    Cgan().recipe(replace(fold, aids=Aids(progress=progress)))
    return rounds


def main() -> None:
    """Play, tell and keep."""
    lines = [
        json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in told.items()})
        for told in played()
    ]
    KEPT.write_text("[\n " + ",\n ".join(lines) + "\n]\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
