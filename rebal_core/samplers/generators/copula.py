"""A Gaussian copula per class: each column as it is, and how they move together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from sklearn.covariance import ledoit_wolf

from rebal_core.facts import TableFacts
from rebal_core.rows import Floats, Ints
from rebal_core.samplers.base import Counts
from rebal_core.samplers.generators.base import Generator
from rebal_core.samplers.generators.sheet import Columns, Sheet
from rebal_core.step import Fold

#: The distribution of a number is kept at so many places of equal share.
_PLACES = 1001
#: Rows drawn at a time; it bounds memory, not the result.
_BLOCK = 65_536
#: Processor seconds of rows x columns ** 2 learned from, and of those drawn.
_SECONDS = 2e-9


@dataclass(frozen=True)
class GaussianCopula:
    """What was learned of each class.

    Parameters
    ----------
    labels : ndarray of shape (k,)
    quantiles : ndarray of shape (k, p, 1001), float32
        Of the numbers.
    shares : ndarray of shape (k, q, most values)
        Cumulated shares of the values of the categories, 1 beyond the last.
    factors : ndarray of shape (k, p + q, p + q)
        Lower factors of the correlations of the normal scores.
    """

    labels: Ints
    quantiles: NDArray[np.float32]
    shares: Floats
    factors: Floats

    @classmethod
    def of(
        cls, sheet: Sheet, columns: Columns, labels: Ints, rng: np.random.Generator
    ) -> GaussianCopula:
        """Learn each of the classes from its own rows."""
        most = max(columns.cardinalities, default=0)
        quantiles, shares, factors = [], [], []
        for label in labels.tolist():
            own = sheet.take(sheet.y == label)
            cumulated = _cumulated(own.codes, most)
            quantiles.append(_quantiles(own))
            shares.append(cumulated)
            factors.append(
                _factor(np.hstack([_ranks(own, rng), _inside(own.codes, cumulated, rng)]))
            )
        return cls(labels, np.stack(quantiles), np.stack(shares), np.stack(factors))

    def draw(
        self, label: int, size: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], Ints]:
        """Return numbers and codes of new rows of a class."""
        k = int(np.flatnonzero(self.labels == label)[0])
        quantiles, shares = self.quantiles[k], self.shares[k]
        p, q = len(quantiles), len(shares)
        numbers, codes = np.empty((size, p), np.float32), np.empty((size, q), np.int64)
        places = np.linspace(0, 1, _PLACES)
        for start in range(0, size, _BLOCK):
            part = slice(start, min(start + _BLOCK, size))
            u = ndtr(rng.standard_normal((part.stop - start, p + q)) @ self.factors[k].T)
            for j in range(p):
                numbers[part, j] = np.interp(u[:, j], places, quantiles[j])
            for j in range(q):
                codes[part, j] = np.searchsorted(shares[j], u[:, p + j], side="right")
        return numbers, codes

    def to_state(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild what :meth:`to_state` gave."""
        return cls(**state)


class Copula(Generator):
    """Draw rows of a class from a Gaussian copula: its own columns, tied by their correlations.

    Parameters
    ----------
    select : bool
        Whether twice as many rows are drawn, and the surest of their class kept.
    fill : float
        Made rows per missing row.
    ratio : float
        Rows of each rarer class per row of the most frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio. Of :meth:`fit_resample`: by the labels of y.
    keep_prevalence : bool
        Whether all rows of a class share the weight that it had.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    Notes
    -----
    Numbers become normal scores by their ranks, categories by a place in the stretch of their
    cumulated share, frequent values first. The correlations of the scores are drawn towards none by
    the rule of Ledoit and Wolf. Ties that bend (a number high only where another is in the middle)
    are not learned: it is the cheap one that others have to beat.

    References
    ----------
    Patki, Wedge, Veeramachaneni (2016), The synthetic data vault, DSAA; Ledoit & Wolf (2004),
    Journal of Multivariate Analysis 88, 365-411.
    """

    enough, plenty = 20, 200
    learned = f"{__name__}:{GaussianCopula.__name__}"

    def __init__(
        self,
        select: bool = False,
        fill: float = 1.0,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.select = select
        self.fill = fill
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state

    def learn(self, sheet: Sheet, columns: Columns, labels: Ints, fold: Fold) -> GaussianCopula:
        """Learn each class from its own rows."""
        return GaussianCopula.of(sheet, columns, labels, fold.rng)

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of the correlations and of the draws."""
        return _SECONDS * (facts.rows + self.made(facts)) * (facts.width**2 + 50 * facts.width)


def _quantiles(own: Sheet) -> NDArray[np.float32]:
    """Return shape (p, 1001): what is known of each number at places of equal share."""
    places, result = np.linspace(0, 1, _PLACES), []
    for values, known in zip(own.numbers.T, own.known.T, strict=True):
        result.append(np.quantile(values[known] if known.any() else values, places))
    return np.array(result, dtype=np.float32).reshape(-1, _PLACES)


def _cumulated(codes: Ints, most: int) -> Floats:
    """Return the cumulated shares of the values of each column, shape (q, most)."""
    counts = np.stack([np.bincount(c, minlength=most) for c in codes.T]) if codes.size else None
    if counts is None:
        return np.ones((codes.shape[1], most))
    shares = np.cumsum(counts, axis=1) / len(codes)
    shares[np.cumsum(counts, axis=1) == len(codes)] = 1.0
    return shares


def _ranks(own: Sheet, rng: np.random.Generator) -> Floats:
    """Return places in (0, 1) by rank, shape (n, p); random where values are tied or missing."""
    result = rng.random(own.numbers.shape)
    for j, (values, known) in enumerate(zip(own.numbers.T, own.known.T, strict=True)):
        order = np.lexsort((result[known, j], values[known]))
        ranks = np.empty(len(order))
        ranks[order] = np.arange(len(order))
        result[known, j] = (ranks + 0.5) / max(len(order), 1)
    return result


def _inside(codes: Ints, shares: Floats, rng: np.random.Generator) -> Floats:
    """Return random places inside the stretch of each value, shape (n, q)."""
    if not codes.shape[1]:
        return np.empty(codes.shape)
    columns = np.arange(codes.shape[1])
    high = shares[columns, codes]
    low = np.where(codes > 0, shares[columns, np.maximum(codes - 1, 0)], 0.0)
    return low + rng.random(codes.shape) * (high - low)


def _factor(places: Floats) -> Floats:
    """Return the lower factor of the correlations of the normal scores of places in (0, 1)."""
    scores = ndtri(np.clip(places, 1e-6, 1 - 1e-6))
    scores -= scores.mean(axis=0)
    spread = scores.std(axis=0)
    scores /= np.where(spread > 0, spread, 1.0)
    tied, _ = ledoit_wolf(scores, assume_centered=True)
    tied = np.asarray(tied)
    scale = np.sqrt(np.maximum(np.diag(tied), 1e-12))
    tied = tied / scale / scale[:, None]
    values, vectors = np.linalg.eigh(tied)  # a constant column leaves it on the edge
    root = vectors * np.sqrt(np.maximum(values, 0))
    root /= np.maximum(np.sqrt((root**2).sum(axis=1, keepdims=True)), 1e-12)
    return np.asarray(root)
