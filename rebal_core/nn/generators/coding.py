"""Rows as networks make them: each number as a mode and a place in it, each category as a code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rebal_core.rows import Floats, Ints

#: The distribution of a number is kept at so many places of equal share.
_PLACES = 1001
#: Values that so large a share of the rows has are modes of their own, so many at most; and all
#: values of a number that has no more.
_OFTEN, _MOST_SPIKES = 0.05, 20


@dataclass(frozen=True)
class Coding:
    """How numbers become modes and places, and back.

    A value that many rows share is a mode by itself. The others are cut into stretches of equal
    share, and a place inside is a share again: whatever places are made, a stretch has the shape
    that was seen.

    Parameters
    ----------
    spikes : ndarray of shape (p, 20), float32
        Values that are modes; infinity beyond the last.
    quantiles : ndarray of shape (p, 1001), float32
        Of the other values.
    bins : ndarray of shape (p,), int64
        Their stretches.
    values : ndarray of shape (v,), int64
        The codes of each category that some row has, one category after the other.
    cardinalities : ndarray of shape (q,), int64
        How many these are of each.
    """

    spikes: NDArray[np.float32]
    quantiles: NDArray[np.float32]
    bins: Ints
    values: Ints
    cardinalities: Ints

    @classmethod
    def of(
        cls, numbers: NDArray[np.float32], known: NDArray[np.bool_], codes: Ints, modes: int
    ) -> Coding:
        """Learn from rows.

        Parameters
        ----------
        numbers : ndarray of shape (n, p)
        known : ndarray of shape (n, p), bool
            False where a number stands for a missing one; such a column has others, too.
        codes : ndarray of shape (n, q)
        modes : int
            Stretches of a number; 0 for a place alone, whatever many rows share.
        """
        spikes = np.full((numbers.shape[1], _MOST_SPIKES), np.inf, dtype=np.float32)
        quantiles, bins = [], []
        for j, column in enumerate(numbers.T):
            values = column[known[:, j]] if known[:, j].any() else column
            kept = _spikes(values) if modes else values[:0]
            spikes[j, : len(kept)] = kept
            rest = values[~np.isin(values, kept)]
            quantiles.append(np.quantile(rest if rest.size else values, np.linspace(0, 1, _PLACES)))
            share = len(rest) / len(values)
            bins.append(max(1, round(modes * share)) if rest.size else 0)
        return cls(
            spikes,
            np.array(quantiles, dtype=np.float32).reshape(-1, _PLACES),
            np.array(bins, dtype=np.int64),
            np.concatenate([np.unique(column) for column in codes.T] or [codes.ravel()]),
            np.array([len(np.unique(column)) for column in codes.T], dtype=np.int64),
        )

    @property
    def alone(self) -> Ints:
        """Modes of each number that are one value, shape (p,); they come first."""
        return np.asarray(np.isfinite(self.spikes).sum(axis=1), dtype=np.int64)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Codes of each block: modes of the numbers, then the categories."""
        return (*(self.alone + self.bins).tolist(), *self.cardinalities.tolist())

    def coded(
        self,
        numbers: NDArray[np.float32],
        known: NDArray[np.bool_],
        codes: Ints,
        rng: np.random.Generator,
    ) -> tuple[NDArray[np.float32], Ints]:
        """Return places in [-1, 1], shape (n, p), and codes of all blocks, shape (n, p + q).

        Equal values share a stretch at random, and a missing one is like some row that has it.
        """
        places, modes = np.zeros(numbers.shape, np.float32), np.zeros(numbers.shape, np.int64)
        for j, values in enumerate(numbers.T):
            alone = int(self.alone[j])
            at = np.searchsorted(self.spikes[j, :alone], values)
            spiked = self.spikes[j, np.minimum(at, _MOST_SPIKES - 1)] == values
            there = known[:, j] if known[:, j].any() else np.ones(len(values), dtype=bool)
            rest = np.flatnonzero(there & ~spiked)
            modes[spiked, j] = at[spiked]
            share = _ranks(values[rest], rng) * self.bins[j]
            modes[rest, j] = alone + share.astype(np.int64)
            places[rest, j] = 2 * (share % 1) - 1
            gone = np.flatnonzero(~there)
            like = rng.choice(np.flatnonzero(there), len(gone))
            places[gone, j], modes[gone, j] = places[like, j], modes[like, j]
        seen = [np.searchsorted(v, c) for v, c in zip(self._values, codes.T, strict=True)]
        return places, np.column_stack([modes, *seen])

    def decoded(self, places: NDArray[np.float32], codes: Ints) -> tuple[NDArray[np.float32], Ints]:
        """Return numbers, shape (n, p), and codes, shape (n, q), of what :meth:`coded` gives."""
        p = len(self.bins)
        seen = [v[c] for v, c in zip(self._values, codes[:, p:].T, strict=True)]
        return self._numbers(places, codes), np.column_stack([codes[:, :0], *seen])

    def code(self, column: int, values: NDArray[Any]) -> Ints:
        """Return the codes of values of one column, a number or, behind all these, a category.

        Raises
        ------
        ValueError
            When no row had such a category.
        """
        if column >= len(self.bins):
            known = self._values[column - len(self.bins)]
            if not np.isin(values, known).all():
                raise ValueError(f"column {column} has no such codes")
            return np.searchsorted(known, values)
        alone, bins = int(self.alone[column]), int(self.bins[column])
        share = np.interp(values, self.quantiles[column], np.linspace(0, 1, _PLACES))
        at = np.searchsorted(self.spikes[column, :alone], values)
        spiked = self.spikes[column, np.minimum(at, _MOST_SPIKES - 1)] == values
        # Where all values are spikes, one between two is taken for the next.
        modes = alone + np.minimum((share * bins).astype(np.int64), bins - 1)
        return np.where(spiked | (bins == 0), np.minimum(at, max(alone - 1, 0)), modes)

    @property
    def _values(self) -> list[Ints]:
        return np.split(self.values, np.cumsum(self.cardinalities)[:-1]) if self.values.size else []

    def _numbers(self, places: NDArray[np.float32], codes: Ints) -> NDArray[np.float32]:
        result, shares = np.empty(places.shape, dtype=np.float32), np.linspace(0, 1, _PLACES)
        for j, place in enumerate(places.T):
            alone, mode = int(self.alone[j]), codes[:, j]
            share = (mode - alone + (place + 1) / 2) / max(int(self.bins[j]), 1)
            values = np.interp(share, shares, self.quantiles[j])
            spiked = mode < alone
            values[spiked] = self.spikes[j, mode[spiked]]
            result[:, j] = values
        return result

    def to_state(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild what :meth:`to_state` gave."""
        return cls(**state)


def _spikes(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the values that are modes of their own, in order."""
    known, counts = np.unique(values, return_counts=True)
    if len(known) <= _MOST_SPIKES:
        return known
    often = counts >= _OFTEN * len(values)
    return np.sort(known[often][np.argsort(-counts[often], kind="stable")[:_MOST_SPIKES]])


def _ranks(values: NDArray[np.float32], rng: np.random.Generator) -> Floats:
    """Return places in (0, 1) by rank, random among equal values."""
    order = np.lexsort((rng.random(len(values)), values))
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values))
    return np.asarray((ranks + 0.5) / max(len(values), 1))
