"""A plane in which rows are drawn: two directions of the space in which neighbours are searched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import svds

from rebal_core.rows import Floats, TypedRows
from rebal_core.samplers.spaces import MAX_VALUES, space_of

#: A value farther out is drawn here: a few far ones would press all others into one spot.
FARTHEST = 6.0
#: From so many dimensions on the two directions are found by iteration.
_MANY = 300
#: Columns that a direction is named by.
_NAMED = 2


@dataclass(frozen=True)
class Plane:
    """A projection that is fitted once and then serves rows that are made later, too.

    The directions are the first two principal components of the scaled columns, every class
    weighing the same: of rare classes one would see nothing otherwise.

    Parameters
    ----------
    center : ndarray of shape (d,)
    directions : ndarray of shape (2, d)
        Orthonormal, or 0 where there is none.
    shares : tuple of two float
        Part of the spread along each.
    names : tuple of two tuples of str
        The columns that count most along each, the first the most.
    """

    center: Floats
    directions: Floats
    shares: tuple[float, float]
    names: tuple[tuple[str, ...], tuple[str, ...]]

    @classmethod
    def fit(cls, rows: TypedRows) -> Plane:
        """Find the two directions."""
        space, y = _seen(space_of(rows)), rows.y
        counts = np.bincount(y)
        weight = 1.0 / (np.count_nonzero(counts) * counts[y])
        center = weight @ space
        apart = (space - center) * np.sqrt(weight)[:, None]
        spread = float(np.einsum("ij,ij->", apart, apart))
        directions = np.zeros((2, space.shape[1]))
        found, size = _first_two(apart)
        directions[: len(found)] = found * _signs(found)[:, None]
        shares = np.zeros(2)
        shares[: len(size)] = size / spread if spread > 0 else 0
        names = [_names(rows)[j] for j in range(space.shape[1])]
        told = tuple(tuple(_strongest(direction, names)) for direction in directions)
        return cls(center, directions, (float(shares[0]), float(shares[1])), (told[0], told[1]))

    def place(self, rows: TypedRows) -> Floats:
        """Return where rows stand in the plane, shape (n, 2)."""
        return np.asarray((_seen(space_of(rows)) - self.center) @ self.directions.T)


def _seen(space: NDArray[np.floating]) -> Floats:
    return np.clip(np.asarray(space, dtype=np.float64), -FARTHEST, FARTHEST)


def _first_two(apart: Floats) -> tuple[Floats, Floats]:
    """Return the directions of the largest spread, at most two, and the spread along them."""
    width = apart.shape[1]
    if min(apart.shape) > 2 and width > _MANY:
        start = np.ones(min(apart.shape))
        _left, size, right = svds(apart, k=2, v0=start)
        return right[::-1], size[::-1] ** 2
    values, vectors = np.linalg.eigh(apart.T @ apart)
    return vectors[:, ::-1].T[:2], np.maximum(values[::-1][:2], 0)


def _signs(directions: Floats) -> Floats:
    """Return the signs under which the largest part of each direction is positive."""
    largest = np.abs(directions).argmax(axis=1)
    signs = np.sign(directions[np.arange(len(directions)), largest])
    return np.where(signs == 0, 1.0, signs)


def _names(rows: TypedRows) -> list[str]:
    """Return the user's column behind each dimension of the space."""
    layout = rows.layout
    names = list(layout.players)
    for name, cardinality in zip(layout.codes, layout.cardinalities, strict=True):
        if cardinality <= MAX_VALUES:
            names += [name] * (cardinality + 1)
    for name, (start, end) in zip(layout.texts, layout.dense_blocks, strict=True):
        names += [name] * (end - start)
    return names


def _strongest(direction: Floats, names: list[str]) -> list[str]:
    """Return the columns whose dimensions count most along a direction."""
    parts: dict[str, float] = {}
    for name, value in zip(names, direction.tolist(), strict=True):
        parts[name] = parts.get(name, 0.0) + value**2
    order = sorted(parts, key=lambda name: -parts[name])
    return [name for name in order[:_NAMED] if parts[name] > 0.05]
