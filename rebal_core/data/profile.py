"""How skewed a table is: class sizes and the numbers that sum them up.

Everything is counted by DuckDB on the Parquet file, so that ten million rows cost a second and no
memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from rebal_core.data.dataset import Dataset, label_text
from rebal_core.data.duck import open_duck, parquet, quoted
from rebal_core.data.goals import Task
from rebal_core.data.unused import unused
from rebal_core.rows import Floats, Ints
from rebal_core.wording import UserError

#: Share of rows at which the head ends and at which the tail begins (largest classes first).
HEAD, TAIL = 0.5, 0.8
#: The same counted by classes or values, whatever their rows.
HEAD_VALUES, TAIL_VALUES = 0.2, 0.5
#: What the numbers of :func:`band_of` are called.
BANDS = ("head", "mid", "tail")
#: Fewer rows than this in a class, and no verdict about it is possible.
JUDGED = 10
#: Standard deviation of average precision by positives in the test rows (5 % positives, AUC .86).
_SAMPLING = ((20, 0.10), (50, 0.057), (100, 0.046), (300, 0.027), (1000, 0.015))


@dataclass(frozen=True)
class Profile:
    """The skew of one table.

    Parameters
    ----------
    rows, columns : int
        Size of the accepted table.
    target : str or None
        The column to predict.
    task : {"binary", "multiclass"} or None
        None without a target.
    classes : tuple of dict
        ``label, count, share``; largest first, ties by text. Shares are of the labelled rows.
    imbalance_ratio : float or None
        Rows of the largest class per row of the smallest.
    gini : float or None
        Gini coefficient of the class sizes: 0 all equal, near 1 one class has all.
    effective_classes : float or None
        ``exp`` of the entropy of the shares (Hill number of order 1): how many equally large
        classes would be as diverse.
    encoding, delimiter : str or None
        As the file was read; None for Parquet.
    rejected_rows : int
        Lines of the file that could not be read.
    roles, kinds : dict
        Column to role, and to kind.
    unused : tuple of dict
        ``column, reason`` of each column that no model sees.
    """

    rows: int
    columns: int
    target: str | None
    task: Task | None
    classes: tuple[dict[str, Any], ...]
    imbalance_ratio: float | None
    gini: float | None
    effective_classes: float | None
    encoding: str | None
    delimiter: str | None
    rejected_rows: int
    roles: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    unused: tuple[dict[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, in the order of the fields."""
        plain = {name: [dict(c) for c in getattr(self, name)] for name in ("classes", "unused")}
        return {**asdict(self), **plain}


def profile(dataset: Dataset) -> Profile:
    """Count the classes of a table and sum them up."""
    table = class_counts(dataset) if dataset.schema.target else None
    counts: Ints = np.array([] if table is None else table["count"], dtype=np.int64)
    classes = [] if table is None else table.to_dict("records")
    source = dataset.source
    return Profile(
        rows=dataset.rows,
        columns=len(dataset.schema.columns),
        target=dataset.schema.target,
        task=None if table is None else task_of(len(counts)),
        classes=tuple({str(k): v for k, v in line.items()} for line in classes),
        imbalance_ratio=imbalance_ratio(counts),
        gini=gini(counts),
        effective_classes=effective_classes(counts),
        encoding=source.get("encoding"),
        delimiter=source.get("delimiter"),
        rejected_rows=int(source.get("rejected_rows") or 0),
        roles={c.name: c.role for c in dataset.schema.columns},
        kinds={c.name: c.kind for c in dataset.schema.columns},
        unused=tuple(unused(dataset.schema, source)),
    )


def task_of(classes: int) -> Task:
    """Return the kind of task that so many classes make."""
    return "binary" if classes <= 2 else "multiclass"


@contextmanager
def query_table(dataset: Dataset) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection in which the dataset's rows are the view ``rows``."""
    with open_duck(dataset.table) as connection:
        connection.execute(f"CREATE VIEW rows AS SELECT * FROM {parquet(dataset.table)}")
        yield connection


def raw_counts(connection: duckdb.DuckDBPyConnection, column: str) -> list[tuple[Any, int]]:
    """Return each value of a column with its rows, without the missing ones."""
    name = quoted(column)
    query = f"SELECT {name}, count(*) FROM rows WHERE {name} IS NOT NULL GROUP BY 1"
    return connection.execute(query).fetchall()


def class_counts(dataset: Dataset) -> pd.DataFrame:
    """Return ``label, count, share`` of each class, largest first, ties by text.

    Raises
    ------
    UserError
        When no target has been chosen.
    """
    target = dataset.schema.target
    if target is None:
        raise UserError(
            "“{table}” has no target column yet; choose the column to predict.", table=dataset.name
        )
    sizes: dict[str, int] = {}
    with query_table(dataset) as connection:
        for value, count in raw_counts(connection, target):
            label = label_text(value)
            sizes[label] = sizes.get(label, 0) + int(count)
    ordered = sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0]))
    table = pd.DataFrame(ordered, columns=["label", "count"]).astype({"count": np.int64})
    table["share"] = table["count"] / max(int(table["count"].sum()), 1)
    return table


def item_counts(dataset: Dataset, column: str, label: str | None = None) -> Ints:
    """Return how often each value of a column stands in the rows (of one class), largest first.

    Values that never meet the class count as 0: an item without a click is part of the tail.
    """
    with query_table(dataset) as connection:
        hit = "true" if label is None else label_condition(connection, dataset, label)
        name = quoted(column)
        query = (
            f"SELECT count(*) FILTER (WHERE {hit}) AS n FROM rows WHERE {name} IS NOT NULL "
            f"GROUP BY {name} ORDER BY n DESC"
        )
        found = connection.execute(query).fetchnumpy()["n"]
    return np.asarray(found, dtype=np.int64)


def label_condition(connection: duckdb.DuckDBPyConnection, dataset: Dataset, label: str) -> str:
    """Return the name of an SQL macro call that is true in the rows of one class.

    The label is text, the column may hold numbers, booleans or dates; so its raw values are put
    into a table of their own instead of being formatted into the query.

    Raises
    ------
    UserError
        When there is no target or no such class.
    """
    target = dataset.schema.target
    if target is None:
        raise UserError(
            "“{table}” has no target column yet; choose the column to predict.", table=dataset.name
        )
    name = quoted(target)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE wanted AS SELECT {name} AS v FROM rows LIMIT 0"
    )
    values = [v for v, _ in raw_counts(connection, target) if label_text(v) == label]
    if not values:
        raise UserError(
            "The target “{target}” has no class “{label}”; check the spelling.",
            target=target,
            label=label,
        )
    connection.executemany("INSERT INTO wanted VALUES (?)", [[v] for v in values])
    return f"(coalesce({name} IN (SELECT v FROM wanted), false))"


def imbalance_ratio(counts: Ints) -> float | None:
    """Return the largest count over the smallest; None for fewer than two classes."""
    return float(counts.max() / counts.min()) if len(counts) > 1 and counts.min() > 0 else None


def gini(counts: Ints) -> float | None:
    """Return the Gini coefficient of the counts; None when nothing was counted.

    Notes
    -----
    ``sum_i (2 i - n - 1) x_i / (n sum x)`` with x ascending and i from 1.
    """
    total, n = float(counts.sum()), len(counts)
    if total == 0:
        return None
    ranks = 2 * np.arange(1, n + 1) - n - 1
    return float((ranks * np.sort(counts)).sum() / (n * total))


def effective_classes(counts: Ints) -> float | None:
    """Return ``exp`` of the entropy (natural logarithm) of the shares; None without rows.

    References
    ----------
    Hill, M. O. (1973). Diversity and evenness. Ecology 54, 427-432; order 1.
    """
    if counts.sum() == 0:
        return None
    shares = counts[counts > 0] / counts.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def lorenz(counts: Ints, points: int = 200) -> pd.DataFrame:
    """Return the Lorenz curve: ``classes`` (share, smallest first) and ``rows`` (share they hold).

    Parameters
    ----------
    counts : ndarray of shape (k,)
        In any order.
    points : int
        At most so many; always with (0, 0) and (1, 1). Empty when nothing was counted.
    """
    total, k = counts.sum(), len(counts)
    if total == 0:
        return pd.DataFrame({"classes": [], "rows": []}, dtype=float)
    held: Floats = np.concatenate([[0.0], np.cumsum(np.sort(counts)) / total])
    keep = np.unique(np.linspace(0, k, min(points, k + 1)).round().astype(np.int64))
    return pd.DataFrame({"classes": keep / k, "rows": held[keep]})


def bands(counts: Ints) -> pd.DataFrame:
    """Return head, mid and tail: ``band, classes, rows, share``, always three lines.

    The largest classes that begin within the first 50 % of the rows are the head, those that begin
    beyond 80 % the tail (the long-tail literature's "last 20 % of interactions"), mid between.
    """
    sizes = np.sort(counts)[::-1]
    total = max(int(sizes.sum()), 1)
    band = band_of(counts)
    lines = []
    for k, name in enumerate(BANDS):
        held = int(sizes[band == k].sum())
        lines.append((name, int((band == k).sum()), held, held / total))
    return pd.DataFrame(lines, columns=["band", "classes", "rows", "share"])


def band_of(counts: Ints) -> Ints:
    """Return 0 (head), 1 (mid) or 2 (tail) for each class, largest first; see :func:`bands`."""
    sizes = np.sort(counts)[::-1]
    before = (np.cumsum(sizes) - sizes) / max(int(sizes.sum()), 1)
    # A class of one half exactly must not change sides by the last digit of a division.
    return np.digitize(before.round(9), (HEAD, TAIL)).astype(np.int64)


def visible_effect(positives: int, factor: float = 1.5) -> float | None:
    """Return the difference in average precision that a run sees, at worst, 4 times in 5.

    Parameters
    ----------
    positives : int
        Rows of the class in focus.
    factor : float
        Width of the corrected interval: 1.50 for 5 folds once, 1.32 twice, 1.20 five times.

    Returns
    -------
    float or None
        An upper guess, at most 1. None below 10 rows, where no verdict is possible.

    Notes
    -----
    ``(z.975 + z.8) factor sqrt(2) s``: s is the sampling deviation of one arm's average precision,
    read off (log-log) from a simulation with 5 % positives and AUC .86. It takes the arms for
    independent. Judged on the same rows they err alike, how much so is known after the run only:
    the typical arm of runs on four tables would have shown one 2 to 11 times smaller.
    """
    if positives < JUDGED:
        return None
    sizes, deviations = np.log(np.array(_SAMPLING, dtype=float)).T
    at = np.log(positives)
    deviation = float(np.exp(np.interp(at, sizes, deviations)))
    if positives > _SAMPLING[-1][0]:
        deviation *= (_SAMPLING[-1][0] / positives) ** 0.5
    return min(1.0, (1.959964 + 0.841621) * factor * 2**0.5 * deviation)
