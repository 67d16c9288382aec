"""Whether made rows are too near to the rows they were made from.

These tests can only fail a generator: a set of rows that passes all of them may still give away who
was in training (Yao et al. 2025, arXiv 2505.01524).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rebal_core.evaluation.synthetic.ranked import UNKNOWN, Area, area
from rebal_core.evaluation.synthetic.shares import Share, Shares
from rebal_core.rows import Floats, TypedRows
from rebal_core.samplers.searching import nearest_of
from rebal_core.samplers.spaces import space_of

#: The part of the rows whose distance is told: the nearest ones give something away.
NEAREST = 0.05
#: Made rows that are less than this part of the distance of real ones from a training row fail: in
#: d columns a smooth density holds 2^-d of its rows so near. A generator that shrinks all columns
#: by a fifth, as many do without learning a row by heart, stays far above it.
HALF = 0.5
#: A membership AUC that fails: of a row that was in training and one that was not, it names the
#: right one in three of five cases.
MEMBERSHIP = 0.6


@dataclass(frozen=True)
class Nearness:
    """How near made rows are to training rows.

    Parameters
    ----------
    copies : Shares
        Rows that are exact copies of training rows.
    made, held : float
        5th percentile of the distance to the nearest training row, of made rows and of real rows
        that were held back; nan of no rows.
    near : Shares
        Rows that are not farther than the real percentile.
    membership : Area
        How well training rows can be told from real rows held back by their distance to the
        nearest made row.
    """

    copies: Shares
    made: float
    held: float
    near: Shares
    membership: Area

    @property
    def copied(self) -> bool:
        """Whether made rows are copies more often than real rows are, beyond chance."""
        return self.copies.beyond(0.0)

    @property
    def too_near(self) -> bool:
        """Whether made rows are nearer than real ones can be."""
        return self.made < HALF * self.held and self.near.beyond(0.0)

    @property
    def recognised(self) -> bool:
        """Whether made rows give away which rows they were made from."""
        return self.membership.value >= MEMBERSHIP and self.membership.low > 0.5


def nearness(train: TypedRows, made: TypedRows, held: TypedRows, seed: int = 0) -> Nearness:
    """Return how near made rows of a class are to its training rows.

    Parameters
    ----------
    train, made, held : TypedRows
        Of one class: what the generator was fitted on, what it made, and what it never saw.
    seed : int
        Of the draws behind the interval.

    Notes
    -----
    Distances as the neighbour search has them: scaled numbers, and one-hot / sqrt 2 of categories
    with at most 20 values. Copies are the same in every number and every category, text set aside.
    """
    spaces = [space_of(part) for part in (train, made, held)]
    real, drawn, kept = spaces
    far, usual = _distances(real, drawn), _distances(real, kept)
    limit = _percentile(usual)
    keys = set(_keys(train))
    copies = Shares(*(Share.of(_known(part, keys)) for part in (made, held)))
    near = Shares(Share.of(far <= limit), Share.of(usual <= limit))
    return Nearness(copies, _percentile(far), limit, near, _membership(drawn, real, kept, seed))


def _distances(points: np.ndarray, queries: np.ndarray) -> Floats:
    """Return the distance of each query to its nearest point; the search holds a block at once."""
    if not len(points):
        return np.full(len(queries), np.nan)
    return nearest_of(points, queries, 1)[0][:, 0]


def _percentile(distances: Floats) -> float:
    return float(np.quantile(distances, NEAREST)) if distances.size else np.nan


def _membership(made: np.ndarray, train: np.ndarray, held: np.ndarray, seed: int) -> Area:
    if not (len(made) and len(train) and len(held)):
        return UNKNOWN
    gaps = np.concatenate([_distances(made, train), _distances(made, held)])
    return area([(-gaps, np.arange(len(gaps)) < len(train))], seed)


def _keys(rows: TypedRows) -> list[bytes]:
    # Adding 0 makes one zero of two.
    numbers = np.ascontiguousarray(rows.numbers + np.float32(0)).view(np.uint8)
    codes = np.ascontiguousarray(rows.codes).view(np.uint8)
    parts = [part.reshape(len(rows), -1) for part in (numbers, codes)] if len(rows) else []
    return [row.tobytes() for row in np.hstack(parts)] if parts else []


def _known(rows: TypedRows, keys: set[bytes]) -> np.ndarray:
    return np.array([key in keys for key in _keys(rows)], dtype=bool)
