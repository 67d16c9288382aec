"""An accepted table on disk: typed Parquet, its schema, and where it came from."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rebal_core.data.fingerprint import fingerprint
from rebal_core.data.goals import GOALS
from rebal_core.data.schema import require_columns
from rebal_core.files import put_json, read_json, write_once
from rebal_core.rows import Ints
from rebal_core.schema import Schema
from rebal_core.trouble import keep_in_mind
from rebal_core.wording import Names, Text, UserError

TABLE = "table.parquet"
REJECTS = "rejects.csv"
#: Columns as they came, where the table holds them in another type; see :meth:`Dataset.own`.
OWN = "own.parquet"
ABOUT = "dataset.json"
_DELETED = "“{table}” was deleted while it was being read; choose another table."
#: What a Parquet file begins and ends with.
_MAGIC = b"PAR1"


def label_text(value: object) -> str:
    """Return a class label as text: ``"True"``, ``"1"`` for 1 and 1.0, else ``str(value)``.

    Examples
    --------
    >>> label_text(True), label_text(1.0), label_text("a"), label_text(0.5)
    ('True', '1', 'a', '0.5')
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    midnight = isinstance(value, datetime) and not (value.hour or value.minute or value.second)
    if isinstance(value, datetime) and midnight and value.tzinfo is None:
        return value.date().isoformat()
    return str(value)


def focus_of(classes: Sequence[str], wanted: str | None) -> int | None:
    """Return the code of the class in focus: the last, rarest one unless another is wanted.

    Capitals do not matter where one class only is meant; None where none is.
    """
    if wanted is None or wanted in classes:
        return len(classes) - 1 if wanted is None else classes.index(wanted)
    folded = [c.casefold() for c in classes]
    return folded.index(wanted.casefold()) if folded.count(wanted.casefold()) == 1 else None


@dataclass(frozen=True)
class Labels:
    """The target column as codes.

    Parameters
    ----------
    y : ndarray of shape (n,), int64
        Positions in ``classes``, -1 where the target is missing.
    classes : tuple of str
        By count descending, ties by text: 0 is the most frequent class, K-1 the rarest.
    counts : tuple of int
        Rows of each class.
    positive : int
        Code of the class in focus; the rarest unless the schema names another.
    """

    y: Ints
    classes: tuple[str, ...]
    counts: tuple[int, ...]
    positive: int

    @property
    def missing(self) -> int:
        """Rows without a label."""
        return int((self.y < 0).sum())


@dataclass(frozen=True)
class Dataset:
    """A table that was read once and is never read from its source again.

    Parameters
    ----------
    path : Path
        Folder with ``table.parquet``, ``dataset.json`` and, where there is need, ``rejects.csv``
        (rows that could not be read) and ``own.parquet`` (columns in the types they came in).
    name : str
        What the user calls it.
    schema : Schema
        Columns with kinds and roles.
    rows : int
        Rows of the accepted table.
    fingerprint : str
        SHA-256 of names, types and values, 64 hex digits; equal content, equal fingerprint.
    source : mapping
        ``file``, ``bytes``, ``format``, ``encoding``, ``encodings`` {candidate: [examples]} where
        that is not clear, ``delimiter``, ``rejected_rows``,
        ``renamed`` {new: old}, ``na`` (tokens the user chose), ``na_proposed`` {token: [columns]},
        ``masked`` {column: "drop" | "tokenise"}, ``written`` {column: how its numbers are},
        ``doubts`` {column: a value with two readings}, ``one_value`` {column: two such texts}.
    goal : str or None
        A name of ``data/goals.py``.
    trusted : tuple of str
        Columns that the user said are known before the event, however well they tell a class.
    created : float
        When it was read, in seconds since 1970, UTC.
    """

    path: Path
    name: str
    schema: Schema
    rows: int
    fingerprint: str
    source: Mapping[str, Any] = field(default_factory=dict)
    goal: str | None = None
    trusted: tuple[str, ...] = ()
    created: float = field(default_factory=time.time, compare=False)

    @property
    def table(self) -> Path:
        """The Parquet file."""
        return self.path / TABLE

    def frame(self, columns: Sequence[str] | None = None, rows: Ints | None = None) -> pd.DataFrame:
        """Read columns and rows into memory.

        Parameters
        ----------
        columns : sequence of str, optional
            In the order wanted; default all.
        rows : ndarray of int, optional
            0-based row numbers, in the order wanted; they may repeat. Default all.

        Returns
        -------
        DataFrame
            With a plain index 0..m-1. Text is ``str``, times ``datetime64[us]``, whole numbers
            ``int64`` (``Int64`` beside missing ones), an embedding an object column of float
            arrays.

        Raises
        ------
        UserError
            When a column is not in the table.
        """
        table = self._arrow(columns, None if rows is None else np.asarray(rows, dtype=np.int64))
        frame: pd.DataFrame = table.to_pandas()
        for name, column in zip(table.column_names, table.columns, strict=True):
            if pa.types.is_integer(column.type) and column.null_count:
                # As floats, the pandas way, codes beyond 2**53 would become other codes.
                frame[name] = column.to_pandas(types_mapper={column.type: pd.Int64Dtype()}.get)
        return frame

    def own(self) -> pa.Table:
        """Return all rows as the user knows them: types and written forms as they came.

        Columns that were masked stay tokens, values that mean "missing" may stand as words. How
        plain decimals were written is told by the metadata ``written`` of their fields.
        """
        table, path = self._arrow(None), self.path / OWN
        for name, form in self.source.get("written", {}).items():
            if form.get("style") and name in table.column_names:
                place, digits = table.column_names.index(name), str(form["decimals"])
                told = {b"written": digits if form["style"] == "fixed" else form["style"]}
                field = table.schema.field(place).with_metadata(told)
                table = table.set_column(place, field, table.column(place))
        kept = pq.ParquetFile(path).read() if path.exists() else pa.table({})
        for name in set(kept.column_names).intersection(table.column_names):
            place = table.column_names.index(name)
            table = table.set_column(place, kept.schema.field(name), kept.column(name))
        return table

    def labels(self) -> Labels:
        """Return the target as codes.

        Raises
        ------
        UserError
            When no target has been chosen, or ``schema.positive`` names no class of it.
        """
        target = self.schema.target
        if target is None:
            raise UserError(
                "“{table}” has no target column yet; choose the column to predict.", table=self.name
            )
        y, classes, counts = _coded(self.table, self.fingerprint, target)
        return Labels(y=y, classes=classes, counts=counts, positive=self._positive(classes))

    def with_schema(self, schema: Schema) -> Dataset:
        """Return this dataset with another schema, and remember it on disk."""
        return self._saved(replace(self, schema=schema))

    def with_goal(self, goal: str | None) -> Dataset:
        """Return this dataset with another goal, and remember it on disk."""
        return self._saved(replace(self, goal=goal))

    def trusting(self, names: Iterable[str]) -> Dataset:
        """Return this dataset with more columns trusted, and remember it on disk.

        Raises
        ------
        UserError
            When there is no such column.
        """
        names = list(names)
        require_columns(self.schema, names)
        return self._saved(replace(self, trusted=tuple(dict.fromkeys((*self.trusted, *names)))))

    def renamed(self, name: str) -> Dataset:
        """Return this dataset under another name, and remember it on disk."""
        return self._saved(replace(self, name=name))

    def save(self) -> None:
        """Write ``dataset.json``, whole or not at all."""
        values = {
            "name": self.name,
            "schema": self.schema.to_dict(),
            "rows": self.rows,
            "fingerprint": self.fingerprint,
            "source": dict(self.source),
            "goal": self.goal,
            "trusted": list(self.trusted),
            "created": self.created,
        }
        # The folder of a dataset that was deleted meanwhile is not made anew.
        write_once(self.path / ABOUT, partial(put_json, value=values, indent=1), folders=False)

    @classmethod
    def open(cls, path: Path) -> Dataset:
        """Read ``dataset.json`` of this folder.

        Raises
        ------
        UserError
            When the folder holds no dataset, or a damaged one.
        """
        try:
            if not (path / ABOUT).is_file():  # a pipe would keep us waiting
                raise FileNotFoundError
            values = read_json(path / ABOUT)
            values["schema"] = Schema.from_dict(values["schema"])
            if values["goal"] not in GOALS:  # of another version
                values["goal"] = None
            values["trusted"] = tuple(values.get("trusted", ()))
            values.setdefault("created", (path / ABOUT).stat().st_mtime)
            found = cls(path=path, **values)
            _require_types(found)
        except FileNotFoundError:
            raise UserError(
                "There is no dataset in {path}; read the table again.", path=path
            ) from None
        except (ValueError, TypeError, LookupError, AttributeError):
            raise UserError(
                "{file} is damaged; delete this dataset and read the table again.",
                file=path / ABOUT,
            ) from None
        found._require_table()
        keep_in_mind(found.table, found._damage)
        return found

    def _require_table(self) -> None:
        """Refuse a table that is gone, was cut off or replaced by something else."""
        try:
            if not self.table.is_file():
                raise self._damaged()
            with self.table.open("rb") as file:
                start = file.read(len(_MAGIC))
                file.seek(-len(_MAGIC), os.SEEK_END)
                whole = start == _MAGIC == file.read()
        except OSError:
            whole = False
        if not whole:
            raise self._damaged()

    def _damage(self, error: Exception) -> Text | None:
        """Return what to tell where the table does not hold what was stored, or was deleted.

        Of a folder that is gone only an error that names it: others may come after its end.
        """
        if not self.path.is_dir():
            named = any(str(path) in str(error) for path in (self.path, self.path.resolve()))
            return Text(_DELETED, {"table": self.name}) if named else None
        try:
            if fingerprint(self.table) == self.fingerprint:
                return None
        except Exception:  # whatever a reader makes of garbage
            pass
        return self._damaged().text

    def _damaged(self) -> UserError:
        return UserError(
            "The table of “{table}” is damaged or gone ({file}); delete this dataset "
            "and read the table again.",
            table=self.name,
            file=self.table,
        )

    def _arrow(self, columns: Sequence[str] | None, rows: Ints | None = None) -> pa.Table:
        names = [c.name for c in self.schema.columns] if columns is None else list(columns)
        absent = sorted(set(names) - {c.name for c in self.schema.columns})
        if absent:
            raise UserError(
                "“{table}” has no column “{column}”; check the spelling.",
                table=self.name,
                column=absent[0],
            )
        file, wanted = pq.ParquetFile(self.table), list(dict.fromkeys(names))
        if rows is None:
            return file.read(columns=wanted).select(names)
        # Only the row groups that hold a wanted row: the first rows of a large table cost little.
        about = file.metadata
        sizes = np.array([about.row_group(k).num_rows for k in range(about.num_row_groups)])
        ends = np.cumsum(sizes)
        groups, group = np.unique(np.searchsorted(ends, rows, side="right"), return_inverse=True)
        starts = np.cumsum(sizes[groups]) - sizes[groups]
        places = rows - (ends - sizes)[groups][group] + starts[group]
        table = file.read_row_groups(groups.tolist(), columns=wanted)
        return table.take(pa.array(places)).select(names)

    def _positive(self, classes: tuple[str, ...]) -> int:
        wanted = self.schema.positive
        if (found := focus_of(classes, wanted)) is not None:
            return found
        shown = Names(classes[:10])
        raise UserError(
            "The target “{target}” has no class “{wanted}”; its classes are {shown}.",
            target=self.schema.target,
            wanted=wanted,
            shown=shown,
        )

    @staticmethod
    def _saved(dataset: Dataset) -> Dataset:
        dataset.save()
        return dataset


@lru_cache(maxsize=2)  # a page asks many times for the same labels: a second each of ten million
def _coded(
    table: Path, fingerprint: str, target: str
) -> tuple[Ints, tuple[str, ...], tuple[int, ...]]:
    """Return codes, classes and counts of a column; see :class:`Labels`. Content never changes."""
    column = pq.ParquetFile(table).read(columns=[target]).column(target).combine_chunks()
    column = column.dictionary_encode()
    texts = [None if v is None else label_text(v) for v in column.dictionary.to_pylist()]
    known, position = np.unique([t for t in texts if t is not None], return_inverse=True)
    lookup = np.full(len(texts) + 1, -1, dtype=np.int64)
    lookup[[i for i, t in enumerate(texts) if t is not None]] = position
    codes = lookup[column.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)]
    counts = np.bincount(codes[codes >= 0], minlength=len(known))
    order = sorted(range(len(known)), key=lambda k: (-counts[k], str(known[k])))
    rank = np.full(len(known) + 1, -1, dtype=np.int64)
    rank[order] = np.arange(len(known))
    y = rank[codes]
    y.flags.writeable = False  # it is shared
    return y, tuple(str(known[k]) for k in order), tuple(int(counts[k]) for k in order)


def _require_types(found: Dataset) -> None:
    """Refuse a description whose values no list could hold."""
    texts = all(isinstance(text, str) for text in (found.name, found.fingerprint))
    rows, created = found.rows, found.created
    counted = isinstance(rows, int) and 0 <= rows < 1 << 63
    if not (texts and counted and isinstance(created, int | float) and math.isfinite(created)):
        raise ValueError
