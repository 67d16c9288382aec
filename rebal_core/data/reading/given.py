"""A table as the callers of the library have it: a frame, an Arrow table, a file."""

from __future__ import annotations

import errno
import os
from collections.abc import Hashable, Iterable, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from rebal_core.data.dataset import Dataset
from rebal_core.data.reading.columnar import NAMELESS_INDEX
from rebal_core.data.reading.dialect import column_names
from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.data.schema import set_target
from rebal_core.wording import UserError

#: How a target without a name is called.
TARGET = "target"


@dataclass(frozen=True)
class Given:
    """A table that has been read, and what its columns are for the caller.

    Parameters
    ----------
    dataset : Dataset
        With its target; columns are named by text.
    names : tuple
        The caller's own names, in the same order.
    kinds : tuple of pandas types
        Of the same columns; empty where the table was no pandas frame.
    """

    dataset: Dataset
    names: tuple[Hashable, ...]
    kinds: tuple[Any, ...] = ()

    def column(self, name: Any) -> str:
        """Return the text that names a column of the caller's; what names none stays.

        Raises
        ------
        UserError
            When several columns have this name, or it cannot be one.
        """
        if not isinstance(name, Hashable):
            raise UserError(
                "A column is named by a value of the type {type}; give its name.",
                type=type(name).__name__,
            )
        known = [c.name for c in self.dataset.schema.columns]
        return _one(name, self.names, known) or str(name)

    def frame(self, table: pa.Table) -> pd.DataFrame:
        """Return columns as the dataset has them, and others after these, as the caller knows them.

        Types are the caller's wherever they hold the values; whole numbers and truth values that
        are missing in some rows come in pandas' nullable types.
        """
        kinds = [*self.kinds, *[None] * (table.num_columns - len(self.kinds))]
        columns = [_in_kind(c, kind) for c, kind in zip(table.columns, kinds, strict=True)]
        frame = pd.concat(columns, axis=1)
        frame.columns = pd.Index([*self.names, *table.column_names[len(self.names) :]])
        return frame


def read_given(table: Any, target: Any, into: Path) -> Given:
    """Read what a caller gives as a table.

    Parameters
    ----------
    table : DataFrame, table with the Arrow stream protocol, or path
        Never changed.
    target : column name, or array-like of shape (n,)
        Values are a column more; those of a Series keep its name.
    into : Path
        Folder to write to.

    Raises
    ------
    UserError
        When either is something else, or cannot be read.
    """
    if isinstance(table, (str, os.PathLike)):
        return _of_file(Path(table).expanduser(), target, into)
    columns = _with_names(table)
    names: list[Hashable] = list(_names(columns))
    if _is_values(target, names):
        columns, target = _with_target(columns, target)
        names.append(target)
    kept = [j for j, name in enumerate(names) if not NAMELESS_INDEX.fullmatch(str(name))]
    names = [names[j] for j in kept]
    texts, _renamed = column_names([str(name) for name in names])
    dataset = from_frame(columns, into, target=_one(target, names, texts) or str(target))
    frame = isinstance(columns, pd.DataFrame)
    kinds = tuple(columns.dtypes.iloc[j] for j in kept) if frame else ()
    return Given(dataset, tuple(names), kinds)


def _of_file(path: Path, target: Any, into: Path) -> Given:
    if not isinstance(target, str):
        raise UserError(
            "The target of a file is the name of one of its columns; give this name as text."
        )
    try:
        dataset = read_table(path, into, ReadOptions(target=target))
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise UserError(
            "There is no file {source}; check the path.", source=path.name[:50]
        ) from None
    if target in dataset.source.get("renamed", {}).values():
        raise _doubled(target)
    dataset = dataset.with_schema(set_target(dataset.schema, target))
    return Given(dataset, tuple(c.name for c in dataset.schema.columns))


def _with_names(table: Any) -> pd.DataFrame | pa.Table:
    """Return a table whose columns have names.

    Raises
    ------
    UserError
    """
    if isinstance(table, pd.DataFrame):
        if table.columns.nlevels > 1:
            raise UserError(
                "The columns of the table have names of {levels} levels; give each one name, e.g. "
                "by joining the levels.",
                levels=table.columns.nlevels,
            )
        return table
    if isinstance(table, pa.Table):
        return table
    if hasattr(table, "__arrow_c_stream__") and not isinstance(table, pd.Series):
        try:
            return pa.RecordBatchReader.from_stream(table).read_all()
        except (pa.ArrowException, TypeError, ValueError):
            pass
    elif isinstance(table, pa.RecordBatch):
        return pa.Table.from_batches([table])
    raise UserError(
        "The table is of the type {type}, which has no named columns; give a DataFrame, an Arrow "
        "or polars table, or the path of a file.",
        type=type(table).__name__,
    )


def _names(table: pd.DataFrame | pa.Table) -> Iterable[Hashable]:
    return table.columns if isinstance(table, pd.DataFrame) else table.column_names


def _is_values(target: Any, names: list[Hashable]) -> bool:
    """Return whether the target is a value for each row, not the name of a column."""
    if target is None:
        raise UserError("No target was named; name the column to predict, or give its values.")
    named = isinstance(target, Hashable) and target in names
    several = isinstance(target, Sized) and getattr(target, "ndim", 1) > 0
    return several and not isinstance(target, (str, bytes)) and not named


def _with_target(
    table: pd.DataFrame | pa.Table, target: Any
) -> tuple[pd.DataFrame | pa.Table, Hashable]:
    """Return the table with the values of the target as its last column, and what that is called.

    Raises
    ------
    UserError
        When they are not one value a row, or the table has a column of this name.
    """
    if isinstance(target, pd.DataFrame) and target.shape[1] == 1:
        target = target.iloc[:, 0]
    size, wide = len(table), len(np.shape(target)) > 1 if hasattr(target, "shape") else False
    if wide or len(target) != size or isinstance(target, (dict, set, frozenset)):
        raise UserError(
            "The target is of the type {type} with {values:,} entries, and the table has {rows:,} "
            "rows; give one value a row, or the name of a column.",
            type=type(target).__name__,
            values=len(target),
            rows=size,
        )
    names = list(_names(table))
    name = getattr(target, "name", None)
    if name is None:
        number, name = 2, TARGET
        while name in names:
            name, number = f"{TARGET}_{number}", number + 1
    if name in names:
        raise UserError(
            "The table has a column “{name}” like the target; leave it out of the table, or give "
            "its name as the target.",
            name=name,
        )
    if isinstance(table, pa.Table):
        values = target if _is_arrow(target) else pa.array(pd.Series(target), from_pandas=True)
        return table.append_column(str(name), _arrow(values)), str(name)
    if isinstance(target, pd.Series):
        _require_order(table.index, target.index)
        column: Any = target.array
    else:
        column = _arrow(target).to_pandas().array if _is_arrow(target) else pd.Series(target).array
    changed = table.copy(deep=False)
    changed[name] = column
    return changed, name


def _is_arrow(values: Any) -> bool:
    return hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__")


def _arrow(values: Any) -> Any:
    if isinstance(values, pa.ChunkedArray):
        return values
    return pa.array(values) if hasattr(values, "__arrow_c_array__") else pa.chunked_array(values)


def _require_order(rows: pd.Index, values: pd.Index) -> None:
    """Refuse a target whose rows are those of the table in another order.

    Raises
    ------
    UserError
    """
    if not rows.equals(values) and rows.isin(values).all():
        raise UserError(
            "The index of the target has the rows of the table in another order; bring both into "
            "one order, or give the target without an index."
        )


def _one(name: Any, names: Sequence[Hashable], texts: Sequence[str]) -> str | None:
    """Return the text in the place of the one name that is asked for, None where there is none.

    A text is also found that a name is written as: ``"0"`` for the column 0.
    """
    found = [text for known, text in zip(names, texts, strict=True) if _same(known, name)]
    found = found or [t for known, t in zip(names, texts, strict=True) if str(known) == name]
    if len(found) > 1:
        raise _doubled(name)
    return found[0] if found else None


def _same(known: Hashable, name: Any) -> bool:
    truth = isinstance(known, bool) == isinstance(name, bool)  # True is 1, but no name of 1
    return known is name or (truth and bool(known == name))


def _doubled(name: Any) -> UserError:
    return UserError("Several columns are called “{name}”; give each a name of its own.", name=name)


def _in_kind(column: pa.ChunkedArray, kind: Any) -> pd.Series:
    """Return a column as pandas has it, in a type where that holds the values."""
    whole = pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)
    if hasattr(kind, "numpy_dtype") or (whole and column.null_count):
        holds = kind if hasattr(kind, "numpy_dtype") else _nullable(column.type)
        try:
            exact: pd.Series = pd.Series(holds.__from_arrow__(column)).astype(holds)
        except (pa.ArrowException, TypeError, ValueError):
            pass
        else:
            return exact
    values: pd.Series = column.to_pandas()
    if kind is None:
        return values
    try:
        return values.astype(kind)
    except (TypeError, ValueError):
        return values


def _nullable(kind: pa.DataType) -> Any:
    return pd.BooleanDtype() if pa.types.is_boolean(kind) else pd.Int64Dtype()
