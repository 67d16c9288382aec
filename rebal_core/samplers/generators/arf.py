"""An adversarial random forest per class: leaves in which columns no longer hang together."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from rebal_core.facts import TableFacts
from rebal_core.params import Number
from rebal_core.rows import Ints
from rebal_core.samplers.base import Counts
from rebal_core.samplers.generators.base import Generator
from rebal_core.samplers.generators.sheet import Columns, Sheet
from rebal_core.step import Fold

#: Forests that are taught at most, each against rows drawn by the one before.
_ROUNDS = 10
#: Of a class so many rows are learned from at most: each tree keeps them all.
_MOST_ROWS = 50_000
#: Rows drawn at a time; it bounds memory, not the result.
_BLOCK = 65_536
#: Processor seconds of a row in a tree of one column, and of one value drawn.
_LEARN_SECONDS, _DRAW_SECONDS = 5e-6, 1e-7

TREES = Number("trees", "Trees", "How many trees cut the rows into leaves.", 30, 20, 200)
LEAF = Number(
    "leaf",
    "Rows of a leaf",
    "At least so many real rows share a leaf; few follow the rows closely, many smooth.",
    10,
    2,
    1000,
)


@dataclass(frozen=True)
class Leaves:
    """The rows of classes as trees cut them, those of class k at ``ends[k]`` to ``ends[k + 1]``.

    No row is kept whole: in each leaf, each column is sorted by itself.

    Parameters
    ----------
    labels : ndarray of shape (k,)
    ends : ndarray of shape (k + 1,)
    numbers : ndarray of shape (trees, n, p), float32
    codes : ndarray of shape (trees, n, q), int32
    first, size : ndarray of shape (trees, n), int32
        Where the leaf of each place begins, and its rows.
    """

    labels: Ints
    ends: Ints
    numbers: NDArray[np.float32]
    codes: NDArray[np.int32]
    first: NDArray[np.int32]
    size: NDArray[np.int32]

    @classmethod
    def of(cls, label: int, leaves: Ints, numbers: NDArray[np.float32], codes: Ints) -> Leaves:
        """Return the leaves of one class, from the leaf of each row in each tree, (trees, n)."""
        n = len(numbers)
        ordered = np.sort(leaves, axis=1)
        begins = np.diff(ordered, axis=1, prepend=-1) > 0
        place = np.arange(n)
        first = np.maximum.accumulate(np.where(begins, place, 0), axis=1)
        ending = np.where(np.roll(begins, -1, axis=1) | (place == n - 1), place, n)
        last = np.minimum.accumulate(ending[:, ::-1], axis=1)[:, ::-1]
        return cls(
            np.array([label]),
            np.array([0, n]),
            _sorted(numbers, leaves).astype(np.float32),
            _sorted(codes, leaves).astype(np.int32),
            first.astype(np.int32),
            (last - first + 1).astype(np.int32),
        )

    @classmethod
    def join(cls, parts: list[Leaves]) -> Leaves:
        """Return the leaves of several classes as one."""
        ends = np.cumsum([0, *(part.ends[-1] for part in parts)])
        first = [part.first + end for part, end in zip(parts, ends.tolist(), strict=False)]
        return cls(
            np.concatenate([part.labels for part in parts]),
            ends,
            np.concatenate([part.numbers for part in parts], axis=1),
            np.concatenate([part.codes for part in parts], axis=1),
            np.concatenate(first, axis=1).astype(np.int32),
            np.concatenate([part.size for part in parts], axis=1),
        )

    def draw(
        self, label: int, size: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], Ints]:
        """Return numbers and codes of new rows of a class.

        A tree by chance, a leaf of it by its rows, and there each column by itself: of a number
        a value between two neighbours.
        """
        k = int(np.flatnonzero(self.labels == label)[0])
        trees, p, q = len(self.first), self.numbers.shape[2], self.codes.shape[2]
        numbers, codes = np.empty((size, p), np.float32), np.empty((size, q), np.int64)
        for start in range(0, size, _BLOCK):
            part = slice(start, min(start + _BLOCK, size))
            count = part.stop - part.start
            tree = rng.integers(0, trees, count)
            place = rng.integers(self.ends[k], self.ends[k + 1], count)
            first, rows = self.first[tree, place], self.size[tree, place]
            for j in range(p):
                at, rest = np.divmod(rng.random(count) * (rows - 1), 1)
                low = first + at.astype(np.int64)
                near = self.numbers[tree, low, j]
                far = self.numbers[tree, np.minimum(low + 1, first + rows - 1), j]
                numbers[part, j] = near + rest * (far - near)
            for j in range(q):
                at = (rng.random(count) * rows).astype(np.int64)
                codes[part, j] = self.codes[tree, first + at, j]
        return numbers, codes

    def to_state(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild what :meth:`to_state` gave.

        Raises
        ------
        ValueError
            When a leaf has rows that are not there.
        """
        leaves = cls(**state)
        first, size, rows = leaves.first.astype(np.int64), leaves.size, leaves.numbers.shape[1]
        shapes = {x.shape[:2] for x in (first, size, leaves.numbers, leaves.codes)}
        places = (leaves.ends, first, first + size)
        inside = all(x.min() >= 0 and x.max() <= rows for x in places)
        if len(shapes) > 1 or not inside or size.min() < 1:
            raise ValueError("a leaf has rows that are not there")
        return leaves


class ARF(Generator):
    """Draw rows of a class from the leaves of an adversarial random forest.

    Parameters
    ----------
    trees : int
        How many trees cut the rows into leaves.
    leaf : int
        Real rows that share a leaf at least.
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
    A forest learns to tell the rows of a class from rows whose columns were drawn each by itself;
    then from rows drawn out of its leaves, and so on while a new one tells them apart less well.
    What hangs together is then told by the leaf, and inside it columns may be drawn each by itself.
    Each class has a forest of its own: of one for all, with the class as a column, rare classes
    share the leaves of the frequent one and are blurred.

    References
    ----------
    Watson, Blesch, Kapar & Wright (2023), Adversarial random forests for density estimation and
    generative modeling, AISTATS.
    """

    enough, plenty = 50, 200
    learned = f"{__name__}:{Leaves.__name__}"
    parameters = (TREES, LEAF, *Generator.parameters)

    def __init__(
        self,
        trees: int = 30,
        leaf: int = 10,
        select: bool = False,
        fill: float = 1.0,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.trees = trees
        self.leaf = leaf
        self.select = select
        self.fill = fill
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state

    def learn(self, sheet: Sheet, columns: Columns, labels: Ints, fold: Fold) -> Leaves:
        """Learn each class from its own rows."""
        parts = []
        for label in labels.tolist():
            own = fold.rng.permutation(np.flatnonzero(sheet.y == label))[:_MOST_ROWS]
            parts.append(self._learned(label, sheet.take(np.sort(own)), fold.rng))
        return Leaves.join(parts)

    def _learned(self, label: int, own: Sheet, rng: np.random.Generator) -> Leaves:
        """Teach forests against each other, until a new one tells no better than the last."""
        n, numbers = len(own), _known(own, rng)
        real = np.hstack([numbers, own.codes]).astype(np.float32)
        made = np.column_stack([rng.permutation(column) for column in real.T])
        before = np.inf
        for _ in range(_ROUNDS):
            forest = RandomForestClassifier(
                self.trees,
                min_samples_leaf=self.leaf,
                oob_score=True,
                random_state=int(rng.integers(2**31)),
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # a row that each tree has seen
                forest.fit(np.vstack([real, made]), np.repeat([1, 0], n))
            if forest.oob_score_ >= before:
                break
            before = forest.oob_score_
            leaves = [_placed(tree.tree_, real, self.leaf) for tree in forest.estimators_]
            learned = Leaves.of(label, np.array(leaves), numbers, own.codes)
            if before <= 0.5:
                break
            made = np.hstack(learned.draw(label, n, rng)).astype(np.float32)
        return learned

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of three forests a class, and of the draws."""
        rows = sum(min(n, _MOST_ROWS) for n in facts.counts)
        grown = _LEARN_SECONDS * rows * self.trees * max(facts.width, 1) ** 0.5
        return float(grown + _DRAW_SECONDS * self.made(facts) * facts.width)

    def memory(self, facts: TableFacts) -> float:
        """Return the bytes of the columns as each tree has them, twice while they are joined."""
        rows = sum(min(n, _MOST_ROWS) for n in facts.counts)
        return 8.0 * self.trees * rows * (facts.width + 2)


def _known(own: Sheet, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the numbers, each missing one like some that is known."""
    result = own.numbers.copy()
    for column, known in zip(result.T, own.known.T, strict=True):
        if known.any() and not known.all():
            column[~known] = rng.choice(column[known], int((~known).sum()))
    return result


def _placed(tree: Any, rows: NDArray[np.float32], least: int) -> Ints:
    """Return the leaf of each row, none of fewer than `least`.

    Trees cut off stretches where real rows are few or none; these few go on with their neighbours.
    """
    result, open_ = np.empty(len(rows), dtype=np.int64), [(0, np.arange(len(rows)))]
    left, right = tree.children_left.tolist(), tree.children_right.tolist()
    column, cut = tree.feature.tolist(), tree.threshold.tolist()
    while open_:
        node, own = open_.pop()
        if left[node] < 0 or len(own) < least:
            result[own] = node
            continue
        below = rows[own, column[node]] <= cut[node]
        count = int(below.sum())
        if min(count, len(own) - count) >= least:
            open_ += [(left[node], own[below]), (right[node], own[~below])]
        else:
            open_.append((left[node] if 2 * count > len(own) else right[node], own))
    return result


def _sorted(columns: NDArray[Any], leaves: Ints) -> NDArray[Any]:
    """Return columns (n, d) in the order of the leaves of each tree, (trees, n, d)."""
    result = np.empty((len(leaves), *columns.shape), dtype=columns.dtype)
    for sheet, leaf in zip(result, leaves, strict=True):
        for j, column in enumerate(columns.T):
            sheet[:, j] = column[np.lexsort((column, leaf))]
    return result
