"""Condensing: frequent rows go that the rows which are left already tell apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rebal_core.facts import TableFacts
from rebal_core.params import Param
from rebal_core.rows import Floats, Ints
from rebal_core.samplers.cleaning import Cleaner, cleaned_classes, rarest_class
from rebal_core.samplers.remaining import remaining_neighbors
from rebal_core.step import Fold
from rebal_core.wording import Text

#: Above this, adding one row after the other takes many minutes.
MOST_ROWS = 100_000


class CondensedNN(Cleaner):
    """Keep the rare rows, one frequent row, and each that its nearest kept row contradicts.

    Frequent rows are gone through in the order of the table, class by class.

    Parameters
    ----------
    random_state : int, optional
        For :meth:`fit_resample` alone.

    References
    ----------
    Hart (1968), The condensed nearest neighbor rule, IEEE Trans. Information Theory 14, 515-516.
    """

    classes = "others"
    parameters: tuple[Param, ...] = ()  # type: ignore[misc]
    goes = Text("rows that are told apart without them by the rows that stay")

    def __init__(self, random_state: int | None = None) -> None:
        self.random_state = random_state

    def disputed(self, fold: Fold) -> NDArray[np.bool_]:
        """Tell which rows those that are kept tell apart, shape (n,)."""
        space, rare = fold.neighbors.space, rarest_class(fold.counts)
        goes = np.zeros(len(fold.rows), dtype=bool)
        for label in cleaned_classes(fold.counts, self.classes).tolist():
            members = fold.members(label)
            first = int(fold.rng.integers(0, len(members), 1)[0])
            goes[members] = True
            to_rare = fold.neighbors.towards(label, rare, 1)[0][:, 0] ** 2
            points = np.asarray(space[members], dtype=np.float64)
            goes[members[self.stored(points, to_rare, first, fold.neighbors.p)]] = False
        return goes

    def stored(self, points: Floats, to_rare: Floats, first: int, p: int) -> Ints:
        """Return the positions of the rows of one class that are kept.

        A row added later is of the same class, so what was told apart stays so: one pass is enough.
        """
        to_kept = _squares(points, first, p)
        kept, start = [first], 0
        while True:
            wrong = to_kept[start:] > to_rare[start:]
            step = int(np.argmax(wrong))
            if not len(wrong) or not wrong[step]:
                return np.array(kept)
            start += step
            kept.append(start)
            np.minimum(to_kept, _squares(points, start, p), out=to_kept)

    def searches(self, facts: TableFacts) -> dict[str, float]:
        """Return none: it looks among the rows that are left so far."""
        return {}

    def seconds(self, facts: TableFacts) -> float:
        """Return the time when every tenth row is kept."""
        return self.pair_seconds(3 * facts.rows**2, facts)

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when there are too many rows to add one after the other."""
        if facts.rows <= MOST_ROWS:
            return None
        return Text(
            "Condensing goes from row to row, which takes too long for {rows:,} rows (at most "
            "{most:,}); choose {strategy}.",
            {"rows": facts.rows, "most": MOST_ROWS, "strategy": "random_under"},
        )


class OneSidedSelection(CondensedNN):
    """Keep the rare rows, and of the frequent ones those not told apart by one; then cut links.

    Frequent rows that are nearer to one row of their class, drawn at random, than to any rare row
    go; then those that form a Tomek link among the rows that are left.

    Parameters
    ----------
    random_state : int, optional
        For :meth:`fit_resample` alone.

    References
    ----------
    Kubat & Matwin (1997), Addressing the curse of imbalanced training sets: one-sided selection,
    ICML 1997, 179-186.
    """

    goes = Text("rows deep inside their class, then halves of Tomek links")

    def disputed(self, fold: Fold) -> NDArray[np.bool_]:
        """Tell which rows are told apart, or half of a link, shape (n,)."""
        y, goes = fold.rows.y, super().disputed(fold)
        rows, positions = remaining_neighbors(fold.neighbors, ~goes, 1)
        near = np.arange(len(y))
        if positions.shape[1]:
            near[rows] = positions[:, 0]
        goes[rows] = (near[near[rows]] == rows) & (y[near[rows]] != y[rows])
        return goes

    def searches(self, facts: TableFacts) -> dict[str, float]:
        """Return the search among all rows."""
        return self.searched({"all": facts.rows}, facts)

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of that search: no row is looked at again for each that is kept."""
        return sum(self.searches(facts).values())

    def stored(self, points: Floats, to_rare: Floats, first: int, p: int) -> Ints:
        """Return the positions of the rows of one class that are not told apart."""
        wrong = _squares(points, first, p) > to_rare
        wrong[first] = True
        return np.flatnonzero(wrong)


def _squares(points: Floats, row: int, p: int) -> Floats:
    """Return the squared distances to one of the rows."""
    gaps = points - points[row]
    if p == 1:
        return np.asarray(np.square(np.abs(gaps).sum(axis=1)))
    return np.asarray(np.einsum("ij,ij->i", gaps, gaps))
