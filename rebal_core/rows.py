"""Rows as samplers and classifiers see them, and how resampled rows come from others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rebal_core.drawn import Drawn
from rebal_core.layout import Layout as Layout
from rebal_core.layout import Unseen as Unseen
from rebal_core.units import Reading, Units
from rebal_core.wording import Text

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Where a row of a balanced set comes from; an array of origins holds positions in this tuple.
ORIGINS = ("original", "duplicate", "interpolated", "generated", "adversarial", "removed")
ORIGINAL, DUPLICATE, INTERPOLATED, GENERATED, ADVERSARIAL, REMOVED = range(6)


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
    unseen : tuple of Unseen
        Columns that no classifier sees; of training rows only.
    units : Units, optional
        How the columns read in the user's own units; of training rows only.
    classes : tuple of K str
        Labels by code, likewise; empty where nobody knows them.
    """

    numbers: NDArray[np.float32]
    codes: NDArray[np.int32]
    y: Ints
    layout: Layout
    text: sp.csr_matrix | None = None
    text_dense: NDArray[np.float32] | None = None
    weight: Floats | None = None
    unseen: tuple[Unseen, ...] = ()
    units: Units | None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.y.shape[0])

    @property
    def reading(self) -> Reading:
        """What reads the columns by their names; as they are where no units are known."""
        units = self.units or Units.plain(self.layout, self.numbers)
        return Reading(self.layout, units, self.classes)

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
            unseen=tuple(column.take(rows) for column in self.unseen),
        )

    def role(self, role: str) -> Floats | None:
        """Return the values of the first unseen column of this role; None where none has it."""
        return next((c.values for c in self.unseen if c.role == role), None)

    def made(self, recipe: Recipe) -> TypedRows:
        """Return the rows that a recipe makes of these.

        Numbers lie between the parents; categories, text and "was missing" come from one of them.
        Drawn rows have numbers and categories of their own, and the text of their donor.
        """
        rows = self.take(recipe.donors)
        numbers, codes = recipe.between(self.numbers), rows.codes
        flags = self.layout.indicators
        numbers[:, flags] = rows.numbers[:, flags]
        if (drawn := recipe.drawn) is not None:
            codes = codes.copy()
            codes[drawn.at] = drawn.codes
            numbers[drawn.at[drawn.whole]] = drawn.numbers[drawn.whole]
        weight = None if self.weight is None else recipe.between(self.weight)
        if recipe.weight is not None:
            weight = recipe.weight if weight is None else weight * recipe.weight
        return replace(rows, numbers=numbers, codes=codes, y=recipe.label, weight=weight)


_FIELDS = ("base", "mate", "step", "pick", "origin", "label")
#: What not every recipe says of its rows, and what holds where it does not.
_SOME = {"weight": 1.0, "flag": False, "drawn_by": -1}


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
    flag : ndarray of shape (m,), bool, optional
        Rows that look strange in their class; they are marked only.
    drawn_by : ndarray of shape (m,), optional
        Of a generated row, the place of the step by whose fit it was drawn; -1 of all others.
    removed_by : ndarray of shape (n,), optional
        Of each of the rows before, the place of the step that took it away; -1 where it stayed.
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
    flag: NDArray[np.bool_] | None = None
    drawn_by: NDArray[np.int8] | None = None
    removed_by: NDArray[np.int8] | None = None
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
        for name in _SOME:
            if any(getattr(r, name) is not None for r in parts):
                arrays[name] = np.concatenate([r._every(name) for r in parts])
        notes = tuple(note for r in parts for note in r.notes)
        return cls(**arrays, drawn=Drawn.joined(drawn), notes=notes)

    def take(self, where: Ints | NDArray[np.bool_]) -> Recipe:
        """Return some rows of the recipe, at positions or by a mask."""
        at = np.flatnonzero(where) if where.dtype == bool else np.asarray(where, dtype=np.int64)
        drawn = None
        if self.drawn is not None:
            place = self._drawn_place()[at]
            here = np.flatnonzero(place >= 0)
            drawn = Drawn(here, self.drawn.numbers[place[here]], self.drawn.codes[place[here]])
            drawn = drawn if len(drawn) else None
        names = (*_FIELDS, *(name for name in _SOME if getattr(self, name) is not None))
        return replace(self, **{name: getattr(self, name)[at] for name in names}, drawn=drawn)

    def drawn_at(self, place: int) -> Recipe:
        """Return the recipe, whose generated rows say that the step at this place drew them."""
        drawn = self.origin == GENERATED
        if not drawn.any():
            return self
        return replace(self, drawn_by=np.where(drawn, place, -1).astype(np.int8))

    def noted(self, note: Text) -> Recipe:
        """Return the recipe with one note more."""
        return replace(self, notes=(*self.notes, note.render()))

    def keeps_all(self, rows: int) -> bool:
        """Tell whether so many rows are left as they were, none weighted, flagged or moved."""
        return (
            np.array_equal(self.base, np.arange(rows))
            and not self.origin.any()
            and bool((self.weights == 1).all())
            and not self._every("flag").any()
        )

    @property
    def donors(self) -> Ints:
        """Position of the parent that gives each row its categories and text."""
        return np.where(self.pick, self.mate, self.base)

    @property
    def weights(self) -> Floats:
        """Factor on the weight of each row; 1 where the sampler weighs none."""
        return self._every("weight")

    def _every(self, name: str) -> NDArray[Any]:
        known: NDArray[Any] | None = getattr(self, name)
        return np.full(len(self), _SOME[name]) if known is None else known

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
            two parents tell the values any more: they are then kept as drawn ones. A row between
            rows of which one was generated counts as generated, by the same fit.
        """
        single, made = self.mate < 0, first.origin > DUPLICATE
        base, mate = self.base, np.maximum(self.mate, 0)
        deep = ~single & (made[base] | made[mate])
        bare = first.origin == GENERATED
        bare = ~single & (bare[base] | bare[mate])
        own = np.zeros(len(self), dtype=bool)
        if self.drawn is not None:
            own[self.drawn.at[self.drawn.whole]] = True
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
            drawn = Drawn.joined([d for d in (self.drawn, extra) if d is not None])
        copied = as_first & (self.origin == DUPLICATE) & (first.origin[base] == ORIGINAL)
        keeps = as_first & ~copied
        origin = np.where(keeps, first.origin[base], np.where(bare, GENERATED, self.origin))
        return Recipe(
            base=through,
            mate=np.where(single, np.where(as_first, first.mate[base], -1), donors[mate]),
            step=np.where(as_first, first.step[base], self.step),
            pick=np.where(as_first, first.pick[base], self.pick),
            origin=origin.astype(np.int8),
            label=self.label,
            drawn=drawn,
            weight=self._weight_after(first),
            flag=self._flag_after(first, as_first),
            drawn_by=self._drawn_by_after(first, as_first, bare),
            notes=(*first.notes, *self.notes),
        )

    def _weight_after(self, first: Recipe) -> Floats | None:
        if first.weight is None:
            return self.weight
        return self.between(first.weight) * self.weights

    def _flag_after(self, first: Recipe, as_first: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
        flag = self._every("flag") | (as_first & first._every("flag")[self.base])
        return None if self.flag is None and first.flag is None else flag

    def _drawn_by_after(
        self, first: Recipe, as_first: NDArray[np.bool_], bare: NDArray[np.bool_]
    ) -> NDArray[np.int8] | None:
        if self.drawn_by is None and first.drawn_by is None:
            return None
        before, own = first._every("drawn_by"), self._every("drawn_by")
        parents = np.maximum(before[self.base], before[np.maximum(self.mate, 0)])
        found = np.where(as_first, before[self.base], np.where(bare, parents, own))
        return found.astype(np.int8)

    def _drawn_place(self) -> Ints:
        """Return where in ``drawn`` each row's values stand, -1 where it has none."""
        place = np.full(len(self), -1, dtype=np.int64)
        if self.drawn is not None:
            place[self.drawn.at] = np.arange(len(self.drawn))
        return place

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return arrays for ``np.savez``; the notes are told apart."""
        arrays = {name: getattr(self, name) for name in _FIELDS}
        arrays |= {name: array for name in _SOME if (array := getattr(self, name)) is not None}
        if self.drawn is not None:
            arrays |= self.drawn.to_arrays()
        if self.removed_by is not None:
            arrays["removed_by"] = self.removed_by
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], notes: Sequence[str] = ()) -> Recipe:
        """Rebuild what :meth:`to_arrays` gave.

        Raises
        ------
        KeyError
            When an array is absent.
        """
        names = (*_FIELDS, *(n for n in (*_SOME, "removed_by") if n in arrays))
        drawn = Drawn.from_arrays(arrays)
        return cls(**{n: arrays[n] for n in names}, drawn=drawn, notes=tuple(notes))
