"""Neighbours of the rows of a fold, searched once and shared by all samplers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from rebal_core.facts import SOME_LEVELS, TableFacts
from rebal_core.rows import ORIGINAL, Floats, Ints, Layout, Recipe, TypedRows
from rebal_core.samplers import tiles_gpu
from rebal_core.samplers.searching import (
    MOST_EXACT,
    TREE_DIMENSIONS,
    Found,
    among,
    among_grown,
    search,
)
from rebal_core.samplers.spaces import EUCLIDEAN, POWERS, space_by, space_of

#: Neighbours that are searched at least, so that one search serves all samplers: among all rows,
#: within a class, from one class to another.
AMONG_ALL, WITHIN, TOWARDS = 11, 5, 3

#: Processor seconds of rows^2 x columns where all are compared; of rows x columns where a tree, or
#: the nearest cells, are searched. ``benchmarks/promise.py`` checks them.
SEARCH_SECONDS, TREE_SECONDS, CELL_SECONDS = 1e-10, 3e-6, 5e-6
#: Sums of differences are no products: comparing all takes so many times as long.
SUMMED = 10
#: Bytes of a row: of each column, in either precision and sorted; of its neighbours.
_COLUMN_BYTES, _ROW_BYTES = 16, 400


def search_seconds(rows: int, facts: TableFacts, p: int = 2) -> float:
    """Return about how long the search among so many rows of a table takes."""
    width = _width(facts)
    compared = SEARCH_SECONDS * rows**2 * width * (SUMMED if p == 1 else 1)
    if width <= TREE_DIMENSIONS:
        return min(compared, TREE_SECONDS * rows * width)
    return compared if p == 1 or rows <= MOST_EXACT else CELL_SECONDS * rows * width


def compares_some(facts: TableFacts) -> bool:
    """Tell whether rows are too many to compare all: only likely ones are then."""
    return facts.rows > MOST_EXACT and _width(facts) > TREE_DIMENSIONS


def searched_on_gpu(facts: TableFacts) -> bool:
    """Tell whether the search among all rows of a table is worth a GPU."""
    width, few = _width(facts), not compares_some(facts)
    return width > TREE_DIMENSIONS and few and facts.rows**2 * width >= tiles_gpu.WORTH


def search_bytes(rows: int, facts: TableFacts) -> float:
    """Return about how much memory it takes."""
    return rows * (_COLUMN_BYTES * _width(facts) + _ROW_BYTES)


def _width(facts: TableFacts) -> int:
    return facts.width + SOME_LEVELS * facts.categories


class Shelf(Protocol):
    """Where graphs are kept beyond the life of a process."""

    def get(self, name: str, k: int, find: Callable[[], Found]) -> Found:
        """Return a graph of at least k neighbours; found and kept where there is none yet."""

    def after(self, recipe: Recipe) -> Self:
        """Return where the graphs of the rows are kept that a recipe makes of these."""

    def by(self, columns: tuple[str, ...], metric: str) -> Self:
        """Return where those are kept of which only some columns, or another metric, tell."""


class Graphs:
    """Neighbour graphs of the training rows of a fold, built when first asked for.

    Parameters
    ----------
    space : ndarray of shape (n, d), or callable
        As returned by :func:`space_of`, or plain scaled numbers; or what returns it when the first
        search needs it.
    y : ndarray of shape (n,)
        Labels 0..K-1.
    shelf : Shelf, optional
        Looked into before anything is searched.
    first : Graphs, optional
        Of the first of these rows.
    layout : Layout, optional
        Of the rows behind the space, so that single columns of the user's can be asked.

    Attributes
    ----------
    p : {1, 2}
        The power of the differences in ``space`` that distances are sums of.
    """

    p: int = 2

    def __init__(
        self,
        space: NDArray[np.floating] | Callable[[], NDArray[np.floating]],
        y: Ints,
        shelf: Shelf | None = None,
        first: Graphs | None = None,
        layout: Layout | None = None,
    ) -> None:
        self._space = space
        self.y = y
        self._shelf = shelf
        self._first = first
        self._layout = layout
        self._whole: Graphs | None = None
        self._views: dict[tuple[tuple[str, ...], str], Graphs] = {}
        self._known: dict[str, Found] = {}
        self._worst = 1.0

    @classmethod
    def of(cls, rows: TypedRows, shelf: Shelf | None = None) -> Graphs:
        """Return the graphs of typed rows."""
        return cls(partial(space_of, rows), rows.y, shelf, layout=rows.layout)

    def by(self, columns: tuple[str, ...] = (), metric: str = EUCLIDEAN) -> Graphs:
        """Return the graphs of the same rows by some columns alone, or another metric.

        Parameters
        ----------
        columns : tuple of str
            The user's; none for all. Where one of them cannot tell what is near, the search raises
            :class:`rebal_core.wording.Unsuitable`.
        metric : {"euclidean", "manhattan", "cosine"}
        """
        whole = self if self._whole is None else self._whole
        if not columns and metric == EUCLIDEAN:
            return whole
        view = whole._views.get((columns, metric))
        if view is None:
            shelf = None if whole._shelf is None else whole._shelf.by(columns, metric)
            first = None if whole._first is None else whole._first.by(columns, metric)
            view = Graphs(
                lambda: space_by(whole.space, whole._layout, columns, metric), whole.y, shelf, first
            )
            view.p, view._whole = POWERS[metric], whole
            whole._views[columns, metric] = view
        return view

    @cached_property
    def space(self) -> NDArray[np.floating]:
        """Where nearness is measured, shape (n, d)."""
        return self._space() if callable(self._space) else self._space

    @property
    def recall(self) -> float:
        """Part of the neighbours handed out that are the nearest indeed, at worst."""
        return self._worst

    def after(self, recipe: Recipe, rows: TypedRows) -> Graphs:
        """Return the graphs of the rows that a recipe has made of these, by all columns."""
        if self._whole is not None:
            return self._whole.after(recipe, rows)
        shelf = None if self._shelf is None else self._shelf.after(recipe)
        if recipe.drawn is not None:
            return Graphs.of(rows, shelf)
        space = self.space[recipe.donors]
        free = np.flatnonzero(~rows.layout.indicators)
        space[:, free] = recipe.between(self.space[:, free])
        size = len(self.y)
        kept = (recipe.base[:size] == np.arange(len(recipe))[:size]) & (
            recipe.origin[:size] == ORIGINAL
        )
        grown = len(recipe) > size and bool(kept.all())
        return Graphs(space, recipe.label, shelf, self if grown else None, rows.layout)

    def all(self, k: int) -> tuple[Floats, Ints]:
        """Return distances and positions of the k nearest other rows, shape (n, k) each."""
        return self._get("all", k, AMONG_ALL, len(self.y) - 1, self._among_all)

    def within(self, label: int, k: int) -> tuple[Floats, Ints]:
        """Return the same among the rows of one class, in the order of its rows.

        Positions are those of the whole fold. ``k`` is cut to one less than the class has rows.
        """
        rows = np.flatnonzero(self.y == label)

        def find(most: int) -> Found:
            return _told_in(rows, among(self.space[rows], most, self.p))

        return self._get(f"class_{label}", k, WITHIN, len(rows) - 1, find)

    def towards(self, label: int, other: int, k: int) -> tuple[Floats, Ints]:
        """Return the k nearest rows of another class of each row of a class.

        Positions are those of the whole fold. ``k`` is cut to as many rows as the other class has.
        """
        rows, others = (np.flatnonzero(self.y == which) for which in (label, other))

        def find(most: int) -> Found:
            found = search(self.space[others], self.space[rows], most, p=self.p)
            return _told_in(others, found)

        return self._get(f"class_{label}_to_{other}", k, TOWARDS, len(others), find)

    def _get(
        self, name: str, k: int, least: int, there: int, find: Callable[[int], Found]
    ) -> tuple[Floats, Ints]:
        k, most = max(min(k, there), 0), max(min(max(k, least), there), 0)
        known = self._known.get(name)
        if known is None or known.distances.shape[1] < k:
            again = partial(find, most)
            known = again() if self._shelf is None else self._shelf.get(name, most, again)
            self._known[name] = known
        if k:
            self._worst = min(self._worst, float(known.parts[k - 1]))
        return known.distances[:, :k], known.positions[:, :k]

    def _among_all(self, k: int) -> Found:
        """Search among all rows; what is known of the first of them is not searched again."""
        if self._first is None:
            return among(self.space, k, self.p)
        known = self._first.all(k)
        reach = known[0][:, -1] if known[0].shape[1] == k else None
        made, rest = among_grown(self.space, len(self._first.y), k, reach, self.p)
        distances, positions = (
            np.hstack([known[0], made.distances]),
            np.hstack([known[1], made.positions]),
        )
        order = np.lexsort((positions, distances), axis=1)[:, : rest.distances.shape[1]]
        exact = made.recall is None and rest.recall is None and self._first.recall == 1
        return Found(
            np.vstack([np.take_along_axis(distances, order, axis=1), rest.distances]),
            np.vstack([np.take_along_axis(positions, order, axis=1), rest.positions]),
            None if exact else self._recall_of(made, rest),
        )

    def _recall_of(self, made: Found, rest: Found) -> Floats:
        """Return the recall among all rows: of the first of them both searches miss some."""
        assert self._first is not None
        recall = rest.parts.copy()
        for k in range(1, len(recall) + 1):
            first = self._first._known["all"].parts[:k][-1] + made.parts[:k][-1] - 1
            recall[k - 1] = min(recall[k - 1], first)
        return recall


def _told_in(rows: Ints, found: Found) -> Found:
    """Return what was found among some rows with its positions in the whole fold."""
    return Found(found.distances, rows[found.positions], found.recall)
