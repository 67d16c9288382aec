"""One look at a table that all checks share: what is read or counted once serves them all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rebal_core.data.dataset import Dataset, Labels
from rebal_core.data.duck import quoted
from rebal_core.data.profile import query_table
from rebal_core.seeding import generator
from rebal_core.types import Ints, UserError

#: Most rows, and most values (rows times columns), that a sample holds.
SAMPLE_ROWS, SAMPLE_VALUES = 50_000, 8_000_000
#: Columns that one query asks about; DuckDB plans thousands of aggregates badly.
CHUNK = 200


@dataclass(frozen=True)
class ColumnFacts:
    """Counts of one column over all rows.

    Parameters
    ----------
    filled : int
        Rows with a value.
    distinct : int
        Distinct values, estimated to about 2 %.
    constant : bool
        At most one value.
    """

    filled: int
    distinct: int
    constant: bool


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
            for start in range(0, len(names), CHUNK):
                part = names[start : start + CHUNK]
                asked = ", ".join(
                    f"count({c}), approx_count_distinct({c}), coalesce(min({c}) = max({c}), true)"
                    for c in (quoted(name) for name in part)
                )
                row = connection.execute(f"SELECT {asked} FROM rows").fetchone() or ()
                for k, name in enumerate(part):
                    facts[name] = ColumnFacts(*row[3 * k : 3 * k + 3])
        return facts

    @cached_property
    def repeats(self) -> pd.DataFrame:
        """How often feature rows repeat: ``copies, classes, rows``, one line a kind of repetition.

        Rows are compared by a 64-bit hash of all features. Above a million rows only the hashes of
        one class modulo m are kept, which keeps or drops all copies of a row together; the rows
        are then multiplied by m.
        """
        every = -(-self.dataset.rows // 1_000_000)
        target = self.dataset.schema.target
        label = quoted(target) if target else "NULL"
        columns = ", ".join(quoted(name) for name in self.features)
        query = (
            f"SELECT copies, classes, sum(copies) * {every} AS rows FROM ("
            f"SELECT count(*) AS copies, count(DISTINCT label) AS classes FROM ("
            f"SELECT hash({columns}) AS h, {label} AS label FROM rows) "
            f"WHERE h % {every} = 0 GROUP BY h) WHERE copies > 1 GROUP BY ALL"
        )
        with query_table(self.dataset) as connection:
            return connection.execute(query).df()

    @cached_property
    def sample(self) -> tuple[pd.DataFrame, Ints]:
        """Features and labels of at most 50,000 labelled rows, fewer where the table is wide.

        Every class is cut to the same cap, so that rare classes stay whole: a rank measure between
        classes does not depend on their shares.
        """
        names = [
            c.name for c in self.dataset.schema.features if c.kind not in ("embedding", "text")
        ]
        labels = self.labels
        if labels is None or not names:
            return pd.DataFrame(), np.array([], dtype=np.int64)
        most = min(SAMPLE_ROWS, max(2_000, SAMPLE_VALUES // len(names)))
        rng = generator(0, "checks", "sample")
        order = rng.permutation(np.flatnonzero(labels.y >= 0))
        cap = _cap(np.array(labels.counts), most)
        kept = order[_place_in_class(labels.y[order]) < cap]
        kept.sort()
        parts, start = [], 0
        for batch in pq.ParquetFile(self.dataset.table).iter_batches(columns=names):
            inside = np.searchsorted(kept, (start, start + batch.num_rows))
            parts.append(batch.take(pa.array(kept[slice(*inside)] - start)))
            start += batch.num_rows
        return pa.Table.from_batches(parts).select(names).to_pandas(), labels.y[kept]


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
