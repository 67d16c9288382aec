"""Small worlds with known generators, and verdicts to be changed at one place."""

from __future__ import annotations

import numpy as np

from rebal_core.evaluation.intervals import Difference
from rebal_core.evaluation.synthetic.detection import Detection
from rebal_core.evaluation.synthetic.majority import HiddenMajority
from rebal_core.evaluation.synthetic.nearness import Nearness
from rebal_core.evaluation.synthetic.ranges import Ranges
from rebal_core.evaluation.synthetic.ranked import Area
from rebal_core.evaluation.synthetic.shapes import Coverage, Shape
from rebal_core.evaluation.synthetic.shares import Share, Shares
from rebal_core.evaluation.synthetic.utility import Utility
from rebal_core.evaluation.synthetic.verdict import Quality, SyntheticVerdict
from rebal_core.rows import Layout, TypedRows
from rebal_core.samplers.searching import among

D = 6


def rows_of(numbers, y, codes=None, names=None, cardinalities=()):
    """Return typed rows of plain arrays."""
    numbers = np.asarray(numbers, dtype=np.float32).reshape(len(y), -1)
    codes = np.zeros((len(y), 0)) if codes is None else codes
    names = names or tuple(f"x{j}" for j in range(numbers.shape[1]))
    players = tuple(name.removesuffix("=missing") for name in names)
    layout = Layout(
        numbers=names,
        players=players,
        codes=tuple(f"c{j}" for j in range(np.shape(codes)[1])),
        cardinalities=tuple(cardinalities),
    )
    return TypedRows(numbers, np.asarray(codes, dtype=np.int32), np.asarray(y, np.int64), layout)


def ae19(seed=0, real=200, others=1_000, size=1_800):
    """Return training rows, rows held back, and what five generators make of the rarer class.

    The rarer class is shifted in four numbers, and the last two go together.
    """
    rng = np.random.default_rng(seed)
    covariance = np.eye(D)
    covariance[4, 5] = covariance[5, 4] = 0.8
    root = 0.7 * np.linalg.cholesky(covariance)

    def rare(n):
        return rng.normal(size=(n, D)) @ root.T + np.array([1.0, 1, 1, 1, 0, 0])

    def usual(n):
        return rng.normal(size=(n, D))

    train, held = rare(real), rare(real)
    base = rng.integers(0, real, size)
    mate = among(train, 5).positions[base, rng.integers(0, 5, size)]
    made = {
        "copier": train[rng.integers(0, real, size)],
        "smote": train[base] + rng.random((size, 1)) * (train[mate] - train[base]),
        "marginals": np.column_stack([rng.choice(train[:, j], size) for j in range(D)]),
        "wrong": usual(size),
        "oracle": rare(size),
    }
    y = np.repeat([0, 1], [others, real])
    tables = [rows_of(np.vstack([usual(others), part]), y) for part in (train, held)]
    return *tables, {name: rows_of(x, np.ones(size)) for name, x in made.items()}


def none_of(n=1_000):
    return Shares(Share(0, n), Share(0, n))


def good(**changed):
    """Return a verdict that fails no gate, but for what is changed."""
    sure = Difference(0.0, 0.01)
    shape = Shape(("age",), "number", 0.95, 0.9)
    pair = Shape(("age", "city"), "contingency", 0.95, 0.9)
    parts = {
        "utility": Utility("logistic", 50, 0.9, 0.9, 0.9, sure, sure),
        "columns": (shape,),
        "pairs": (pair,),
        "coverage": (Coverage("city", 3, 3),),
    }
    quality = Quality(**{name: changed.pop(name, value) for name, value in parts.items()})
    verdict = {
        "label": "稀有",
        "trained": 200,
        "made": 1_000,
        "held": 200,
        "quality": quality,
        "nearness": near(),
        "majority": HiddenMajority("logistic", "held", none_of()),
        "ranges": Ranges(none_of(), none_of()),
        "detection": Detection("logistic", Area(0.6, 0.55, 0.65)),
    }
    return SyntheticVerdict(**{**verdict, **changed})


def near(**changed):
    values = {
        "copies": none_of(),
        "made": 0.6,
        "held": 0.6,
        "near": Shares(Share(50, 1_000), Share(50, 1_000)),
        "membership": Area(0.5, 0.45, 0.55),
    }
    return Nearness(**{**values, **changed})
