"""One look at a table that all checks share: what is read or counted once serves them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from rebal_core.data.dataset import Dataset, Labels
from rebal_core.data.duck import quoted
from rebal_core.data.profile import query_table
from rebal_core.rows import Ints
from rebal_core.seeding import generator
from rebal_core.wording import UserError

#: Most rows, and most values (rows times columns), that a sample holds.
SAMPLE_ROWS, SAMPLE_VALUES = 50_000, 8_000_000
#: Columns that one query reads: a row group of them must fit into the connection's memory.
CHUNK = 100
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class ColumnFacts:
    """Counts of one column over all rows.

    Parameters
    ----------
    filled : int
        Rows with a value.
    constant : bool
        At most one value.
    """

    filled: int
    constant: bool


@dataclass(frozen=True)
class Repeats:
    """Rows that are equal in every feature.

    Parameters
    ----------
    extra : int
        Rows that copy an earlier one, whatever their labels; a missing value equals another.
    conflicting : int
        Rows that have a copy with another label.
    """

    extra: int
    conflicting: int


class Look:
    """A dataset with what the checks want to know about it.

    Parameters
    ----------
    dataset : Dataset
        The table.
    folds : int
        Folds of the comparison to come.
    """

    def __init__(self, dataset: Dataset, folds: int = 5) -> None:
        self.dataset = dataset
        self.folds = folds

    @cached_property
    def labels(self) -> Labels | None:
        """Labels of all rows; None without a target or when the class in focus is unknown."""
        try:
            return self.dataset.labels()
        except UserError:
            return None

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns that a classifier would see."""
        return tuple(c.name for c in self.dataset.schema.features)

    @cached_property
    def facts(self) -> dict[str, ColumnFacts]:
        """Counts of every column that holds single values."""
        names = [c.name for c in self.dataset.schema.columns if c.kind != "embedding"]
        facts = {}
        with query_table(self.dataset) as connection:
            for part in _chunks(names):
                columns = [quoted(name) for name in part]
                asked = (f"count({c}), coalesce(min({c}) = max({c}), true)" for c in columns)
                row = connection.execute(f"SELECT {', '.join(asked)} FROM rows").fetchone() or ()
                for k, name in enumerate(part):
                    facts[name] = ColumnFacts(*row[2 * k : 2 * k + 2])
        return facts

    def distinct(self, name: str) -> tuple[int, int]:
        """Return how many values a column has, and in how many rows."""
        with query_table(self.dataset) as connection:
            query = f"SELECT count(DISTINCT {quoted(name)}), count({quoted(name)}) FROM rows"
            row = connection.execute(query).fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    @cached_property
    def repeats(self) -> Repeats:
        """Rows that repeat, compared by a 64-bit hash of their features.

        The hash grows by some columns at a time and only rows that still repeat go on, so that a
        wide table without copies is done after its first columns.
        """
        hashes = np.zeros(self.dataset.rows, dtype=np.uint64)
        rows = np.arange(self.dataset.rows)
        with query_table(self.dataset) as connection:
            for part in _chunks(self.features):
                columns = ", ".join(quoted(name) for name in part)
                found = connection.execute(f"SELECT hash({columns}) AS h FROM rows").fetchnumpy()
                hashes[rows] = hashes[rows] * _MIX + np.asarray(found["h"], dtype=np.uint64)[rows]
                rows = rows[_repeated(hashes[rows])]
                if len(rows) == 0:
                    return Repeats(0, 0)
        order = np.argsort(hashes[rows])
        rows, values = rows[order], hashes[rows[order]]
        starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
        sizes = np.diff(starts, append=len(rows))
        contrary = np.zeros(len(sizes), dtype=bool)
        if self.labels is not None:
            y = self.labels.y[rows]
            least = np.minimum.reduceat(np.where(y < 0, len(self.labels.classes), y), starts)
            contrary = np.maximum.reduceat(y, starts) > least
        return Repeats(int((sizes - 1).sum()), int(sizes[contrary].sum()))

    @cached_property
    def sample(self) -> tuple[pd.DataFrame, Ints]:
        """Features and codes of at most 50,000 labelled rows, fewer where the table is wide.

        Every class is cut to the same cap, so that rare classes stay whole: a rank measure between
        classes does not depend on their shares. Texts and embeddings are left out.
        """
        names = [
            c.name for c in self.dataset.schema.features if c.kind not in ("embedding", "text")
        ]
        y = np.zeros(self.dataset.rows, dtype=np.int64) if self.labels is None else self.labels.y
        if not names:
            return pd.DataFrame(), y[:0]
        most = min(SAMPLE_ROWS, max(2_000, SAMPLE_VALUES // len(names)))
        order = generator(0, "checks", "sample").permutation(np.flatnonzero(y >= 0))
        cap = _cap(np.bincount(y[order]), most)
        kept = order[_place_in_class(y[order]) < cap]
        kept.sort()
        file = pq.ParquetFile(self.dataset.table)
        frames = [_taken(file, part, kept) for part in _chunks(names)]
        return pd.concat(frames, axis=1), y[kept]


def _taken(file: pq.ParquetFile, names: Sequence[str], kept: Ints) -> pd.DataFrame:
    """Return rows of some columns; never more than one row group of them is in memory."""
    parts, start = [], 0
    for k in range(file.num_row_groups):
        group = file.read_row_group(k, columns=list(names))
        low, high = np.searchsorted(kept, (start, start + group.num_rows))
        parts.append(group.take(pa.array(kept[low:high] - start)))
        start += group.num_rows
    frame: pd.DataFrame = pa.concat_tables(parts).select(list(names)).to_pandas()
    return frame


def _chunks(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[start : start + CHUNK] for start in range(0, len(names), CHUNK)]


def _repeated(values: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return True for each value that stands there more than once."""
    order = np.argsort(values)
    same = values[order][1:] == values[order][:-1]
    repeated = np.zeros(len(values), dtype=bool)
    repeated[order[1:][same]] = repeated[order[:-1][same]] = True
    return repeated


def _cap(counts: Ints, most: int) -> int:
    """Return the largest cap at which the classes together have at most ``most`` rows."""
    low, high = 1, max(int(counts.max(initial=1)), 1)
    while low < high:
        middle = (low + high + 1) // 2
        if np.minimum(counts, middle).sum() <= most:
            low = middle
        else:
            high = middle - 1
    return low


def _place_in_class(y: Ints) -> Ints:
    """Return how many rows of the same class stand before each row."""
    order = np.argsort(y, kind="stable")
    starts = np.searchsorted(y[order], y[order])
    place = np.empty(len(y), dtype=np.int64)
    place[order] = np.arange(len(y)) - starts
    return place
