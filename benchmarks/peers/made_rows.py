"""Hold what the synthetic verdict says of columns and pairs against sdmetrics.

Two drawn tables stand for real and made rows: numbers with and without gaps, one heavy-tailed, and
categories of which some values are rare, and some are found on one side only.

    bash benchmarks/peers/make.sh && python benchmarks/peers/made_rows.py

It takes some seconds, and writes ``made_rows.json`` beside it; a test draws the same tables and
holds our numbers against that.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
from beside import asked, hash_of, keep

from rebal_core.evaluation.synthetic.columns import Columns
from rebal_core.evaluation.synthetic.shapes import column_shapes, coverage, pair_trends

#: Two scores are the same up to this. sdmetrics gives a value that is not among the real ones a
#: share of a millionth of a row, so that it cannot be equal to the last digit.
CLOSE = 1e-6
#: Rows of each table, and how far the made one is off.
SIZES, SHIFTS = {"real": 700, "made": 1_100}, {"real": 0.0, "made": 0.4}


def arrays() -> dict[str, np.ndarray]:
    """Return both tables, column by column: floats are numbers, whole numbers are categories."""
    rng, found = np.random.default_rng(13), {}
    for side, n in SIZES.items():
        off = SHIFTS[side]
        age = rng.normal(size=n) + off
        columns = {
            "age": age,
            "income": np.exp(age + rng.normal(size=n) * (1 + off)),
            "count": rng.poisson(2 + off, n).astype(float),
            "flat": np.where(rng.random(n) < 0.9, 0.0, rng.random(n)),
            "gaps": np.where(rng.random(n) < 0.1 + off / 4, np.nan, age**2),
            "city": np.minimum(rng.geometric(0.3, n), 9 if side == "real" else 11),
            "kind": (rng.random(n) < 0.5 + off / 10).astype(np.int64),
            "rare": np.where(rng.random(n) < (0.01 if side == "real" else 0.0), 1, 0),
        }
        found |= {f"{side}_{name}": values for name, values in columns.items()}
    return found


def scores(given: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return what we say of them, by columns and kind."""
    real, made = (
        Columns(
            {n[5:]: v for n, v in given.items() if n.startswith(side) and v.dtype.kind == "f"},
            {n[5:]: v for n, v in given.items() if n.startswith(side) and v.dtype.kind == "i"},
        )
        for side in SIZES
    )
    shapes = (*column_shapes(real, made), *pair_trends(real, made))
    found = {f"{' '.join(shape.columns)} {shape.kind}": shape.score for shape in shapes}
    for name in real.numbers:
        found.setdefault(f"{name} missing", 1.0)  # of columns without gaps we do not speak
    found |= {f"{one.column} coverage": one.found / one.values for one in coverage(real, made)}
    return found


def main() -> None:
    """Ask, compare, and print the gap."""
    given = arrays()
    told = asked("sdmetrics", given)
    theirs = dict(zip(told["names"].tolist(), told["scores"].tolist(), strict=True))
    ours = scores(given)
    if set(ours) != set(theirs):
        sys.exit(f"Not the same scores: {sorted(set(ours) ^ set(theirs))}")
    gap = max(abs(ours[name] - theirs[name]) for name in theirs)
    numbers = {"scores": theirs, "largest gap": gap, "holds": gap <= CLOSE}
    keep("made_rows", numbers, hash_of(given), told["versions"])


if __name__ == "__main__":
    main()
