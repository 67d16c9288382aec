"""Edited nearest neighbours: rows go that near rows contradict, once or again and again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from rebal_core.params import Choice, Number, Param
from rebal_core.rows import Ints
from rebal_core.samplers.cleaning import CLASSES, Cleaner, rarest_class
from rebal_core.samplers.remaining import remaining_neighbors
from rebal_core.step import Fold
from rebal_core.wording import Text

N_NEIGHBORS = Number(
    "n_neighbors",
    "Neighbours that are asked",
    "So many near rows of each row are asked whether it stays.",
    3,
    1,
    100,
)
VOTE = Choice(
    "vote",
    "Agreement",
    "How many of the near rows must have the class of a row that stays.",
    "all",
    (("all", "all of them"), ("most", "more than of any other class")),
)
PASSES = Number("passes", "Passes", "The cleaning is repeated so often at most.", 100, 1, 1000)


class ENN(Cleaner):
    """Drop every row that a near row contradicts.

    Parameters
    ----------
    n_neighbors : int
        A row stays when this many of its nearest rows have its label.
    random_state : int, optional
        For :meth:`fit_resample` alone.
    vote : {"all", "most"}
        Whether all of them must, or more than of any other label (of equally many, the first code
        wins); ``kind_sel`` of imbalanced-learn.
    classes : {"all", "others", "majority"}
        Which classes may lose rows: by default all, as Wilson has it; imbalanced-learn spares the
        rarest by default.

    References
    ----------
    Wilson (1972), IEEE Trans. SMC 2, 408-421.
    """

    parameters: ClassVar[tuple[Param, ...]] = (N_NEIGHBORS, VOTE, CLASSES)
    later: ClassVar[tuple[str, ...]] = ("vote", "classes")

    def __init__(
        self,
        n_neighbors: int = 3,
        random_state: int | None = None,
        vote: str = "all",
        classes: str = "all",
    ) -> None:
        self.n_neighbors = n_neighbors
        self.random_state = random_state
        self.vote = vote
        self.classes = classes

    def disputed(self, fold: Fold) -> NDArray[np.bool_]:
        """Tell which rows their nearest rows contradict, shape (n,)."""
        _, positions = fold.neighbors.all(self.n_neighbors)
        return disputed(fold.rows.y, fold.rows.y, positions, self.vote)


def disputed(own: Ints, y: Ints, positions: Ints, vote: str) -> NDArray[np.bool_]:
    """Tell which rows do not have the label that their neighbours ask for.

    Parameters
    ----------
    own : ndarray of shape (m,)
        Labels of the rows.
    y : ndarray of shape (n,)
        Labels of all rows.
    positions : ndarray of shape (m, k)
        Neighbours of the rows among all.
    vote : {"all", "most"}
    """
    labels = y[positions]
    if vote == "all" or not labels.shape[1]:
        return np.asarray((labels != own[:, None]).any(axis=1))
    most, winner = np.zeros(len(own), dtype=np.int64), np.zeros(len(own), dtype=np.int64)
    for label in np.unique(labels):
        votes = np.count_nonzero(labels == label, axis=1)
        winner[votes > most] = label
        np.maximum(most, votes, out=most)
    return np.asarray(winner != own)


class RepeatedENN(ENN):
    """Drop rows that a near row contradicts, until no such row is left.

    It also ends when another class gets rarer than the rarest one was.

    Parameters
    ----------
    n_neighbors, vote, random_state
        Of :class:`ENN`.
    classes : {"others", "majority", "all"}
    passes : int
        So many at most.

    References
    ----------
    Tomek (1976), An experiment with the edited nearest-neighbor rule, IEEE Trans. SMC 6, 448-452.
    """

    parameters = (*ENN.parameters, PASSES)
    later = ()

    def __init__(
        self,
        n_neighbors: int = 3,
        random_state: int | None = None,
        vote: str = "all",
        classes: str = "others",
        passes: int = 100,
    ) -> None:
        super().__init__(n_neighbors, random_state, vote, classes)
        self.passes = passes

    def disputed(self, fold: Fold) -> NDArray[np.bool_]:
        """Tell which rows go in any pass, shape (n,)."""
        return self._in_passes(fold, [self.n_neighbors] * self.passes, until_stable=True)

    def _in_passes(self, fold: Fold, sizes: Iterable[int], until_stable: bool) -> NDArray[np.bool_]:
        """Tell which rows go when each pass asks so many neighbours among the rows then left."""
        y, counts = fold.rows.y, np.array(fold.counts)
        cleaned, rarest = self.cleaned(fold), rarest_class(fold.counts)
        others = np.setdiff1d(np.flatnonzero(counts), rarest)
        alive = np.ones(len(y), dtype=bool)
        for k in sizes:
            rows, positions = remaining_neighbors(fold.neighbors, alive, k)
            goes = rows[disputed(y[rows], y, positions, self.vote) & cleaned[rows]]
            left = alive.copy()
            left[goes] = False
            now = np.bincount(y[left], minlength=len(counts))
            if (now[np.flatnonzero(counts)] == 0).any():
                break  # a class would be gone: the passes before are enough
            alive = left
            if (until_stable and not len(goes)) or (now[others] < counts[rarest]).any():
                break
        return ~alive


class AllKNN(RepeatedENN):
    """Drop rows that one near row contradicts, then two, and so on.

    It ends early when another class gets rarer than the rarest one was.

    Parameters
    ----------
    n_neighbors : int
        Neighbours that are asked in the last pass; the first asks one.
    vote, classes, random_state
        Of :class:`RepeatedENN`.

    References
    ----------
    Tomek (1976), An experiment with the edited nearest-neighbor rule, IEEE Trans. SMC 6, 448-452.
    """

    parameters = ENN.parameters

    def __init__(
        self,
        n_neighbors: int = 3,
        random_state: int | None = None,
        vote: str = "all",
        classes: str = "others",
    ) -> None:
        ENN.__init__(self, n_neighbors, random_state, vote, classes)

    def disputed(self, fold: Fold) -> NDArray[np.bool_]:
        """Tell which rows go in any pass, shape (n,)."""
        return self._in_passes(fold, range(1, self.n_neighbors + 1), until_stable=False)


class NeighbourhoodCleaning(ENN):
    """Drop rows that most near rows contradict, and rows that outvote a rare row near them.

    Parameters
    ----------
    n_neighbors : int
        Near rows that are asked.
    vote : {"most", "all"}
    classes : {"others", "majority", "all"}
        Which classes may lose rows; the rarest loses none to its own rows' votes.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    Notes
    -----
    A row is never among its own neighbours. (imbalanced-learn asks the rare rows themselves too.)

    References
    ----------
    Laurikkala (2001), Improving identification of difficult small classes by balancing class
    distribution, AIME 2001, 63-66.
    """

    later = ()
    goes = Text("rows that near rows contradict, and rows that contradict a rare one")

    def __init__(
        self,
        n_neighbors: int = 3,
        random_state: int | None = None,
        vote: str = "most",
        classes: str = "others",
    ) -> None:
        super().__init__(n_neighbors, random_state, vote, classes)

    def disputed(self, fold: Fold) -> NDArray[np.bool_]:
        """Tell which rows are outvoted, or outvote a rare row, shape (n,)."""
        y = fold.rows.y
        _, positions = fold.neighbors.all(self.n_neighbors)
        goes = disputed(y, y, positions, self.vote)
        rare = y == rarest_class(fold.counts)
        outvoted = disputed(y[rare], y, positions[rare], "most")
        around = np.unique(positions[rare][outvoted])
        goes[around[~rare[around]]] = True
        return goes
