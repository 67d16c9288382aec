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
    that was seen. Rows may be of kinds, each with stretches of its own.

    Parameters
    ----------
    spikes : ndarray of shape (p, 20), float32
        Values that are modes; infinity beyond the last.
    kinds : ndarray of shape (k,), int64
        Of which rows can be made again.
    quantiles : ndarray of shape (k, p, 1001), float32
        Of the other values of each.
    bins : ndarray of shape (p,), int64
        Their stretches.
    values : ndarray of shape (v,), int64
        The codes of each category that some row has, one category after the other.
    cardinalities : ndarray of shape (q,), int64
        How many these are of each.
    """

    spikes: NDArray[np.float32]
    kinds: Ints
    quantiles: NDArray[np.float32]
    bins: Ints
    values: Ints
    cardinalities: Ints

    @classmethod
    def of(
        cls,
        numbers: NDArray[np.float32],
        known: NDArray[np.bool_],
        codes: Ints,
        kind: Ints,
        made: Ints,
        modes: int,
    ) -> Coding:
        """Learn from rows.

        Parameters
        ----------
        numbers : ndarray of shape (n, p)
        known : ndarray of shape (n, p), bool
            False where a number stands for a missing one; such a column has others, too.
        codes : ndarray of shape (n, q)
        kind : ndarray of shape (n,), int64
        made : ndarray of shape (k,), int64
            Kinds of which rows will be made.
        modes : int
            Stretches of a number; 0 for a place alone, whatever many rows share.
        """
        p = numbers.shape[1]
        spikes = np.full((p, _MOST_SPIKES), np.inf, dtype=np.float32)
        quantiles, bins = np.empty((len(made), p, _PLACES), np.float32), np.empty(p, np.int64)
        for j, column in enumerate(numbers.T):
            there = known[:, j] if known[:, j].any() else np.ones(len(column), dtype=bool)
            kept = _spikes(column[there]) if modes else column[:0]
            spikes[j, : len(kept)] = kept
            rest = there & ~np.isin(column, kept)
            bins[j] = max(1, round(modes * rest.sum() / there.sum())) if rest.any() else 0
            for k, label in enumerate(made.tolist()):
                quantiles[k, j] = _quantiles(column, (rest & (kind == label), rest, there))
        return cls(
            spikes,
            made,
            quantiles,
            bins,
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
        kind: Ints,
        rng: np.random.Generator,
    ) -> tuple[NDArray[np.float32], Ints]:
        """Return places in [-1, 1], shape (n, p), and codes of all blocks, shape (n, p + q).

        Equal values share a stretch at random, and a missing one is like some row of its kind that
        has it.
        """
        places, modes = np.zeros(numbers.shape, np.float32), np.zeros(numbers.shape, np.int64)
        for rows in (np.flatnonzero(kind == k) for k in np.unique(kind)):
            for j, values in enumerate(numbers[rows].T):
                found = known[rows, j]
                there = found if found.any() else np.ones(len(values), dtype=bool)
                places[rows, j], modes[rows, j] = self._column(j, values, there, rng)
        seen = [np.searchsorted(v, c) for v, c in zip(self._values, codes.T, strict=True)]
        return places, np.column_stack([modes, *seen])

    def _column(
        self,
        j: int,
        values: NDArray[np.float32],
        there: NDArray[np.bool_],
        rng: np.random.Generator,
    ) -> tuple[NDArray[np.float32], Ints]:
        """Return places and modes of a number in rows of one kind, shape (n,) each."""
        places, modes = np.zeros(len(values), np.float32), np.zeros(len(values), np.int64)
        alone = int(self.alone[j])
        at = np.searchsorted(self.spikes[j, :alone], values)
        spiked = self.spikes[j, np.minimum(at, _MOST_SPIKES - 1)] == values
        rest = np.flatnonzero(there & ~spiked)
        modes[spiked] = at[spiked]
        share = _ranks(values[rest], rng) * self.bins[j]
        modes[rest] = alone + share.astype(np.int64)
        places[rest] = 2 * (share % 1) - 1
        gone = np.flatnonzero(~there)
        like = rng.choice(np.flatnonzero(there), len(gone))
        places[gone], modes[gone] = places[like], modes[like]
        return places, modes

    def decoded(
        self, places: NDArray[np.float32], codes: Ints, kind: int
    ) -> tuple[NDArray[np.float32], Ints]:
        """Return numbers, shape (n, p), and codes, shape (n, q), of rows of one kind."""
        p = len(self.bins)
        seen = [v[c] for v, c in zip(self._values, codes[:, p:].T, strict=True)]
        return self._numbers(places, codes, kind), np.column_stack([codes[:, :0], *seen])

    def code(self, column: int, values: NDArray[Any], kind: int) -> Ints:
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
        share = np.interp(values, self._quantiles(kind)[column], np.linspace(0, 1, _PLACES))
        at = np.searchsorted(self.spikes[column, :alone], values)
        spiked = self.spikes[column, np.minimum(at, _MOST_SPIKES - 1)] == values
        # Where all values are spikes, one between two is taken for the next.
        modes = alone + np.minimum((share * bins).astype(np.int64), bins - 1)
        return np.where(spiked | (bins == 0), np.minimum(at, max(alone - 1, 0)), modes)

    def _quantiles(self, kind: int) -> NDArray[np.float32]:
        """Return those of a kind, shape (p, 1001)."""
        quantiles: NDArray[np.float32] = self.quantiles[np.flatnonzero(self.kinds == kind)[0]]
        return quantiles

    @property
    def _values(self) -> list[Ints]:
        return np.split(self.values, np.cumsum(self.cardinalities)[:-1]) if self.values.size else []

    def _numbers(self, places: NDArray[np.float32], codes: Ints, kind: int) -> NDArray[np.float32]:
        quantiles = self._quantiles(kind)
        result, shares = np.empty(places.shape, dtype=np.float32), np.linspace(0, 1, _PLACES)
        for j, place in enumerate(places.T):
            alone, mode = int(self.alone[j]), codes[:, j]
            share = (mode - alone + (place + 1) / 2) / max(int(self.bins[j]), 1)
            values = np.interp(share, shares, quantiles[j])
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


def _quantiles(
    column: NDArray[np.float32], groups: tuple[NDArray[np.bool_], ...]
) -> NDArray[np.float32]:
    """Return the quantiles of the first group of rows that has any, shape (1001,)."""
    rows = next(group for group in groups if group.any())
    return np.quantile(column[rows], np.linspace(0, 1, _PLACES)).astype(np.float32)


def _ranks(values: NDArray[np.float32], rng: np.random.Generator) -> Floats:
    """Return places in (0, 1) by rank, random among equal values."""
    order = np.lexsort((rng.random(len(values)), values))
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values))
    return np.asarray((ranks + 0.5) / max(len(values), 1))
