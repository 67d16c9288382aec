"""Classes balanced inside each value of a column, and weighed back to what they were."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rebal_core.data.formats import count, share
from rebal_core.data.logged import origin_of_name
from rebal_core.facts import TableFacts
from rebal_core.layout import UNSEEN
from rebal_core.params import ColumnName, Number
from rebal_core.rows import Floats, Ints, Recipe, TypedRows
from rebal_core.samplers.base import RATIO
from rebal_core.step import Fold, Sampler
from rebal_core.wording import Text, Unsuitable

CONTEXT = ColumnName(
    "column",
    "Context",
    "The classes are balanced separately inside each value of this column, such as a query, a "
    "visit, a day or a category. Left alone, Rebal takes the column of the groups, items or times, "
    "or one that is named like these.",
    roles=("feature", *UNSEEN),
)
FEWEST = Number(
    "fewest",
    "Rows kept at least",
    "So many rows of each class stay in every context, so that none is lost.",
    5,
    1,
    1000,
)
#: Weights are cut to that which this part of all rows has at most: few would else speak for many.
CAPPED = 0.99
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_WORDS = frozenset(
    (
        "query",
        "search",
        "session",
        "visit",
        "day",
        "date",
        "weekday",
        "category",
        "page",
        "campaign",
    )
)
_CHINESE = re.compile(r"查询|搜索词|会话|访问|日期|品类|类目|页面|场景|活动")


class Contextual(Sampler):
    """Cut the frequent classes inside each context, and weigh what stays by ``1 / beta``.

    ``beta`` is the part of a class that stays in a context: of every context as many rows of each
    class as its rarest one has there, or ``fewest``. By the weights the class shares of every
    context, and of the table, are what they were. Rows of the rarest class of all stay.

    Parameters
    ----------
    column : str
        Its values are the contexts, a time by the day; empty for the column that fits best.
    fewest : int
        Rows of a class that stay in each context at least.
    ratio : float
        Rows of the rarest class of a context per row of each other.

    References
    ----------
    Horvitz & Thompson (1952), A generalization of sampling without replacement from a finite
    universe, Journal of the American Statistical Association 47, 663-685.
    """

    slot = "under"
    foretells = False
    goes = Text("rows of the frequent classes of each context, drawn by lot")
    parameters = (CONTEXT, FEWEST, RATIO)

    def __init__(self, column: str = "", fewest: int = 5, ratio: float = 1.0) -> None:
        self.column = column
        self.fewest = fewest
        self.ratio = ratio

    def recipe(self, fold: Fold) -> Recipe:
        """Keep rows in their order, with weights."""
        name = self.column or default_context(_roles(fold.rows))
        if name is None:
            raise Unsuitable("{reason}", reason=_none_fits())
        cells = Cells.of(contexts(fold.rows, name), fold.rows.y)
        if not cells.several.any():
            raise Unsuitable(
                "No value of “{column}” holds rows of two classes, so there is nothing to balance "
                "inside it; choose another context.",
                column=name,
            )
        stays = self._stays(cells, np.array(fold.counts))
        rank = _ranks(cells.of_row, fold.rng)
        kept = Recipe.kept(np.flatnonzero(rank < stays[cells.of_row]), fold.rows.y)
        weight = _capped((cells.rows / stays)[cells.of_row], kept, np.array(fold.counts))
        note = _shares_note(name, cells, stays, _rarest(np.array(fold.counts)))
        return replace(kept, weight=weight).noted(note)

    def _stays(self, cells: Cells, counts: Ints) -> Ints:
        """Return how many rows of each cell stay."""
        rarest = np.where(cells.several, np.minimum.reduceat(cells.rows, cells.starts), 0)
        aim = np.maximum(np.rint(rarest / self.ratio).astype(np.int64), self.fewest)
        stays = np.minimum(cells.rows, aim[cells.context])
        spared = counts[cells.label] == counts[_rarest(counts)]
        return np.where(spared, cells.rows, stays)

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell that no column can be a context."""
        if self.column or not facts.columns or default_context(facts.columns) is not None:
            return None
        return _none_fits()


def _none_fits() -> Text:
    return Text(
        "No column says in which context a row stands; name one, such as a query, visit, day or "
        "category, or choose {strategy}.",
        {"strategy": "random_under"},
    )


def default_context(columns: Sequence[tuple[str, str]]) -> str | None:
    """Return the column that fits best: by its role, then by its name; None where none does.

    Parameters
    ----------
    columns : sequence of (str, str)
        Names and roles.

    Examples
    --------
    >>> default_context([("price", "feature"), ("searchDay", "feature"), ("who", "group")])
    'who'
    >>> default_context([("price", "feature"), ("searchDay", "feature")])
    'searchDay'
    >>> default_context([("price", "feature"), ("displayed_page_position", "feature")]) is None
    True
    """
    for role in UNSEEN:
        if found := [name for name, own in columns if own == role]:
            return found[0]
    named = (name for name, role in columns if role == "feature" and _names_context(name))
    return next(named, None)


def _names_context(name: str) -> bool:
    """Tell whether a column is called like a context; what a system wrote beside rows is none."""
    words = {word.casefold() for word in _WORD.findall(name)}
    return origin_of_name(name) is None and bool(words & _WORDS or _CHINESE.search(name))


def _roles(rows: TypedRows) -> list[tuple[str, str]]:
    seen = (*rows.layout.codes, *dict.fromkeys(rows.layout.players))
    return [(c.name, c.role) for c in rows.unseen] + [(name, "feature") for name in seen]


def contexts(rows: TypedRows, name: str) -> Ints:
    """Return the context of each row, 0..C-1; rows without a value are one context.

    A number without an indicator of what is missing has none: such rows stand where it is filled.

    Raises
    ------
    Unsuitable
        When there is no such column, or it is a text or an embedding.
    """
    unseen = next((c for c in rows.unseen if c.name == name), None)
    places = [j for j, player in enumerate(rows.layout.players) if player == name]
    if unseen is not None:
        values = np.floor(unseen.values) if unseen.role == "time" else unseen.values
    elif name in rows.layout.codes:
        values = rows.codes[:, rows.layout.codes.index(name)].astype(np.float64)
    elif places and name not in rows.layout.embeddings:
        number, *indicator = rows.numbers[:, places].T.astype(np.float64)
        values = np.where(indicator[0] > 0, np.nan, number) if indicator else number
    else:
        raise Unsuitable(
            "“{column}” cannot be a context; choose a number or a category, or give it the role "
            "group, item or time.",
            column=name,
        )
    return np.asarray(np.unique(values, return_inverse=True)[1], dtype=np.int64)


@dataclass(frozen=True)
class Cells:
    """The rows of one class in one context, for each context and class that meet.

    Parameters
    ----------
    context, label, rows : ndarray of shape (c,), int64
        Sorted by context, then by label; how many rows there are.
    of_row : ndarray of shape (n,), int64
        The cell of each row.
    starts : ndarray of shape (C,), int64
        The first cell of each context.
    """

    context: Ints
    label: Ints
    rows: Ints
    of_row: Ints
    starts: Ints

    @classmethod
    def of(cls, context: Ints, y: Ints) -> Cells:
        """Return the cells of rows, by their contexts 0..C-1 and labels."""
        width = int(y.max()) + 1
        key, of_row, rows = np.unique(context * width + y, return_inverse=True, return_counts=True)
        starts = np.searchsorted(key // width, np.arange(int(context.max()) + 1))
        return cls(key // width, key % width, rows, of_row, starts)

    @property
    def several(self) -> NDArray[np.bool_]:
        """Which contexts hold several classes, shape (C,)."""
        return np.asarray(np.diff(self.starts, append=len(self.rows)) > 1)


def _rarest(counts: Ints) -> int:
    return int(np.argmin(np.where(counts > 0, counts, np.iinfo(np.int64).max)))


def _ranks(group: Ints, rng: np.random.Generator) -> Ints:
    """Return a random place of each row within its group, from 0."""
    order = np.lexsort((rng.random(len(group)), group))
    sizes = np.unique(group[order], return_counts=True)[1]
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return rank


def _capped(weight: Floats, kept: Recipe, counts: Ints) -> Floats:
    """Return the weights of the rows that stay, the largest cut; each class weighs what it did.

    Parameters
    ----------
    weight : ndarray of shape (n,)
        Of all rows, so that those that are cut speak for a hundredth of them at most.
    counts : ndarray of shape (K,)
    """
    cut = np.minimum(weight, np.quantile(weight, CAPPED))[kept.base]
    total = np.bincount(kept.label, cut, len(counts))
    return np.asarray(cut * (counts / np.where(total > 0, total, 1.0))[kept.label])


def _shares_note(name: str, cells: Cells, stays: Ints, rarest: int) -> Text:
    """Tell the share of the rarest class in the contexts, before and after."""
    own, several = cells.label == rarest, cells.several
    before, after = (
        np.quantile((np.bincount(cells.context, n * own) / np.bincount(cells.context, n))[several],
                    (0.1, 0.9))
        for n in (cells.rows, stays)
    )  # fmt: skip
    return Text(
        "Inside the values of “{column}” that hold several classes ({contexts}) the rarest class "
        "had {low} to {high} of the rows, the lowest and highest tenth aside, and has {low_after} "
        "to {high_after} now; weights put the shares back.",
        {
            "contexts": count(several.sum()),
            "column": name,
            "low": share(before[0]),
            "high": share(before[1]),
            "low_after": share(after[0]),
            "high_after": share(after[1]),
        },
    )
