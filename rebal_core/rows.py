"""Rows as samplers and classifiers see them, and how resampled rows come from others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rebal_core.wording import Text

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Where a row of a balanced set comes from; an array of origins holds positions in this tuple.
ORIGINS = ("original", "duplicate", "interpolated", "generated", "adversarial", "removed")
ORIGINAL, DUPLICATE, INTERPOLATED, GENERATED, ADVERSARIAL, REMOVED = range(6)


@dataclass(frozen=True)
class Layout:
    """What the columns of :class:`TypedRows` are, fixed when a preparation is fitted.

    Parameters
    ----------
    numbers : tuple of str
        Names behind ``TypedRows.numbers`` (an indicator is named ``col=missing``).
    codes : tuple of str
        Names behind ``TypedRows.codes``.
    cardinalities : tuple of int
        Values known per code column; codes run from 0 to cardinality-1, -1 is missing or unknown.
    texts : tuple of str
        Text columns, in the order in which their blocks stand in ``text`` and ``text_dense``.
    text_blocks : tuple of (int, int)
        Columns of each text column in ``text``.
    dense_blocks : tuple of (int, int)
        Columns of each text column in ``text_dense``.
    embeddings : tuple of str
        Embedding columns; their values stand in ``numbers`` after the plain numbers.
    players : tuple of str
        For each column of ``numbers``: the user's own column it belongs to.
    """

    numbers: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    cardinalities: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()
    text_blocks: tuple[tuple[int, int], ...] = ()
    dense_blocks: tuple[tuple[int, int], ...] = ()
    embeddings: tuple[str, ...] = ()
    players: tuple[str, ...] = ()

    @property
    def indicators(self) -> NDArray[np.bool_]:
        """Which columns of ``numbers`` say "was missing": they are 0 or 1, never between."""
        pairs = zip(self.numbers, self.players, strict=True)
        return np.array([name == f"{player}=missing" for name, player in pairs], dtype=bool)


@dataclass(frozen=True)
class TypedRows:
    """Rows as samplers and classifiers see them.

    Parameters
    ----------
    numbers : ndarray of shape (n, p), float32
        Scaled, filled; no NaN.
    codes : ndarray of shape (n, q), int32
        Categories as codes, -1 where missing or never seen in training.
    text : csr_matrix of shape (n, t) or None
        TF-IDF, for linear models.
    text_dense : ndarray of shape (n, <= 100 a text column) or None, float32
        Truncated SVD of it, for all others and for the neighbour search.
    y : ndarray of shape (n,), int64
        Labels 0..K-1.
    layout : Layout
        Names and widths.
    weight : ndarray of shape (n,) or None
        The user's own row weights (role ``weight``).
    """

    numbers: NDArray[np.float32]
    codes: NDArray[np.int32]
    y: Ints
    layout: Layout
    text: sp.csr_matrix | None = None
    text_dense: NDArray[np.float32] | None = None
    weight: Floats | None = None

    def __len__(self) -> int:
        return int(self.y.shape[0])

    def take(self, rows: Ints) -> TypedRows:
        """Return the rows at these positions, in this order; positions may repeat."""
        return replace(
            self,
            numbers=self.numbers[rows],
            codes=self.codes[rows],
            y=self.y[rows],
            text=None if self.text is None else self.text[rows],
            text_dense=None if self.text_dense is None else self.text_dense[rows],
            weight=None if self.weight is None else self.weight[rows],
        )

    def made(self, recipe: Recipe) -> TypedRows:
        """Return the rows that a recipe makes of these.

        Numbers lie between the parents; categories, text and "was missing" come from one of them.
        Drawn rows have numbers and categories of their own, and the text of their donor.
        """
        rows = self.take(recipe.donors)
        numbers, codes = recipe.between(self.numbers), rows.codes
        flags = self.layout.indicators
        numbers[:, flags] = rows.numbers[:, flags]
        if recipe.drawn is not None:
            codes = codes.copy()
            numbers[recipe.drawn.at], codes[recipe.drawn.at] = (
                recipe.drawn.numbers,
                recipe.drawn.codes,
            )
        weight = None if self.weight is None else recipe.between(self.weight)
        if recipe.weight is not None:
            weight = recipe.weight if weight is None else weight * recipe.weight
        return replace(rows, numbers=numbers, codes=codes, y=recipe.label, weight=weight)


@dataclass(frozen=True)
class Drawn:
    """Values of rows that lie neither on a row nor between two.

    Parameters
    ----------
    at : ndarray of shape (d,), int64
        Their positions in the recipe, ascending.
    numbers : ndarray of shape (d, p), float32
    codes : ndarray of shape (d, q), int32
        As in :class:`TypedRows`; their text is that of the recipe's donor.
    """

    at: Ints
    numbers: NDArray[np.float32]
    codes: NDArray[np.int32]

    def __len__(self) -> int:
        return int(self.at.shape[0])


_FIELDS = ("base", "mate", "step", "pick", "origin", "label")


@dataclass(frozen=True)
class Recipe:
    """How each row of a resampled set comes from the rows it was made of.

    A sampler answers with a recipe, not with values: so provenance is exact, text and categories
    follow their parents, and the balanced data can be written in the user's own columns.

    Parameters
    ----------
    base : ndarray of shape (m,), int64
        Position of the row itself, or of the first parent; never -1. Of a generated row it says
        only whose text it takes.
    mate : ndarray of shape (m,), int64
        Position of the second parent, -1 where there is none.
    step : ndarray of shape (m,), float32
        ``u`` of ``base + u (mate - base)``; 0 where there is no mate.
    pick : ndarray of shape (m,), bool
        True where categories and text come from the mate.
    origin : ndarray of shape (m,), int8
        Positions in :data:`ORIGINS`.
    label : ndarray of shape (m,), int64
        Class of each row; a row may be made for another class than its base's.
    drawn : Drawn, optional
        Values of rows that have values of their own.
    weight : ndarray of shape (m,), optional
        Factor on the weight of each row.
    notes : tuple of str
        What the user should know, e.g. that a class of one row was copied instead.
    """

    base: Ints
    mate: Ints
    step: NDArray[np.float32]
    pick: NDArray[np.bool_]
    origin: NDArray[np.int8]
    label: Ints
    drawn: Drawn | None = None
    weight: Floats | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.base.shape[0])

    @classmethod
    def kept(cls, rows: Ints, y: Ints) -> Recipe:
        """Return the recipe that keeps the rows at these positions; ``y`` are all labels."""
        return cls._single(rows, y, ORIGINAL)

    @classmethod
    def copies(cls, rows: Ints, y: Ints) -> Recipe:
        """Return the recipe that repeats the rows at these positions."""
        return cls._single(rows, y, DUPLICATE)

    @classmethod
    def pairs(cls, base: Ints, mate: Ints, y: Ints, rng: np.random.Generator) -> Recipe:
        """Return rows at a random place between pairs of parents; categories of a random one."""
        return replace(
            cls._single(base, y, INTERPOLATED),
            mate=np.asarray(mate, dtype=np.int64),
            step=rng.random(len(base), dtype=np.float32),
            pick=rng.random(len(base)) < 0.5,
        )

    @classmethod
    def draws(
        cls,
        base: Ints,
        y: Ints,
        numbers: NDArray[np.float32],
        codes: NDArray[np.int32],
        origin: int = GENERATED,
    ) -> Recipe:
        """Return rows with values of their own, the class and the text of their bases."""
        drawn = Drawn(np.arange(len(base)), numbers, codes)
        return replace(cls._single(base, y, origin), drawn=drawn)

    @classmethod
    def _single(cls, rows: Ints, y: Ints, origin: int) -> Recipe:
        base, size = np.asarray(rows, dtype=np.int64), len(rows)
        return cls(
            base=base,
            mate=np.full(size, -1, dtype=np.int64),
            step=np.zeros(size, dtype=np.float32),
            pick=np.zeros(size, dtype=bool),
            origin=np.full(size, origin, dtype=np.int8),
            label=y[base],
        )

    @classmethod
    def join(cls, parts: Sequence[Recipe]) -> Recipe:
        """Return recipes of the same rows one after the other."""
        arrays = {name: np.concatenate([getattr(r, name) for r in parts]) for name in _FIELDS}
        starts = np.cumsum([0, *(len(r) for r in parts)])
        drawn = [
            replace(r.drawn, at=r.drawn.at + start)
            for r, start in zip(parts, starts[:-1], strict=True)
            if r.drawn is not None
        ]
        weight = None
        if any(r.weight is not None for r in parts):
            weight = np.concatenate([r.weights for r in parts])
        notes = tuple(note for r in parts for note in r.notes)
        return cls(**arrays, drawn=_joined(drawn), weight=weight, notes=notes)

    def take(self, where: Ints | NDArray[np.bool_]) -> Recipe:
        """Return some rows of the recipe, at positions or by a mask."""
        at = np.flatnonzero(where) if where.dtype == bool else np.asarray(where, dtype=np.int64)
        drawn = None
        if self.drawn is not None:
            place = self._drawn_place()[at]
            here = np.flatnonzero(place >= 0)
            drawn = Drawn(here, self.drawn.numbers[place[here]], self.drawn.codes[place[here]])
        return replace(
            self,
            **{name: getattr(self, name)[at] for name in _FIELDS},
            drawn=drawn if drawn is not None and len(drawn) else None,
            weight=None if self.weight is None else self.weight[at],
        )

    def noted(self, note: Text) -> Recipe:
        """Return the recipe with one note more."""
        return replace(self, notes=(*self.notes, note.render()))

    @property
    def donors(self) -> Ints:
        """Position of the parent that gives each row its categories and text."""
        return np.where(self.pick, self.mate, self.base)

    @property
    def weights(self) -> Floats:
        """Factor on the weight of each row; 1 where the sampler weighs none."""
        return np.ones(len(self)) if self.weight is None else self.weight

    def between(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return ``base + step (mate - base)`` for each row; the base's value without a mate.

        Parameters
        ----------
        values : ndarray of shape (n, p) or (n,)

        Returns
        -------
        ndarray of shape (m, p) or (m,), same dtype
        """
        result = values[self.base]
        pairs = np.flatnonzero(self.mate >= 0)
        step = self.step[pairs].astype(values.dtype).reshape(-1, *[1] * (values.ndim - 1))
        result[pairs] += step * (values[self.mate[pairs]] - result[pairs])
        return result

    def after(self, first: Recipe, rows: TypedRows) -> Recipe:
        """Return this recipe, which speaks of the rows that ``first`` made, told in the first rows.

        Parameters
        ----------
        first : Recipe
        rows : TypedRows
            What ``first`` made. Where this recipe lies between rows that are themselves made, no
            two parents tell the values any more: they are then kept as drawn ones.
        """
        single, made = self.mate < 0, first.origin > DUPLICATE
        base, mate = self.base, np.maximum(self.mate, 0)
        deep = ~single & (made[base] | made[mate])
        own = np.zeros(len(self), dtype=bool) if self.drawn is None else self._drawn_place() >= 0
        carried = np.zeros(len(self), dtype=bool)
        if first.drawn is not None:
            carried = single & ~own & (first._drawn_place()[base] >= 0)
        donors = first.donors
        as_first = single & ~own & (self.origin <= DUPLICATE)
        through = np.where(as_first, first.base[base], donors[base])
        drawn = self.drawn
        taken = np.flatnonzero(deep | carried)
        if taken.size:
            values = rows.made(self.take(taken))
            extra = Drawn(taken, values.numbers, values.codes)
            drawn = _joined([d for d in (self.drawn, extra) if d is not None])
        copied = as_first & (self.origin == DUPLICATE) & (first.origin[base] == ORIGINAL)
        keeps = as_first & ~copied
        return Recipe(
            base=through,
            mate=np.where(single, np.where(as_first, first.mate[base], -1), donors[mate]),
            step=np.where(as_first, first.step[base], self.step),
            pick=np.where(as_first, first.pick[base], self.pick),
            origin=np.where(keeps, first.origin[base], self.origin).astype(np.int8),
            label=self.label,
            drawn=drawn,
            weight=self._weight_after(first),
            notes=(*first.notes, *self.notes),
        )

    def _weight_after(self, first: Recipe) -> Floats | None:
        if first.weight is None:
            return self.weight
        return self.between(first.weight) * self.weights

    def _drawn_place(self) -> Ints:
        """Return where in ``drawn`` each row's values stand, -1 where it has none."""
        place = np.full(len(self), -1, dtype=np.int64)
        if self.drawn is not None:
            place[self.drawn.at] = np.arange(len(self.drawn))
        return place

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return arrays for ``np.savez``; the notes are told apart."""
        arrays = {name: getattr(self, name) for name in _FIELDS}
        if self.weight is not None:
            arrays["weight"] = self.weight
        if self.drawn is not None:
            drawn = {f"drawn_{name}": getattr(self.drawn, name) for name in _DRAWN}
            arrays |= drawn
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], notes: Sequence[str] = ()) -> Recipe:
        """Rebuild what :meth:`to_arrays` gave.

        Raises
        ------
        KeyError
            When an array is absent.
        """
        drawn = None
        if "drawn_at" in arrays:
            drawn = Drawn(**{name: arrays[f"drawn_{name}"] for name in _DRAWN})
        fields = {name: arrays[name] for name in _FIELDS}
        return cls(**fields, drawn=drawn, weight=arrays.get("weight"), notes=tuple(notes))


_DRAWN = ("at", "numbers", "codes")


def _joined(parts: Sequence[Drawn]) -> Drawn | None:
    """Return drawn values in the order of their rows; None where there are none."""
    if not parts:
        return None
    arrays = {name: np.concatenate([getattr(p, name) for p in parts]) for name in _DRAWN}
    order = np.argsort(arrays["at"], kind="stable")
    return Drawn(**{name: values[order] for name, values in arrays.items()})
