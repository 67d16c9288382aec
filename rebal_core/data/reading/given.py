"""A table as the callers of the library have it: a frame, an Arrow table, a file."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence, Sized
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
from rebal_core.rows import DUPLICATE, ORIGINS, REMOVED
from rebal_core.wording import UserError

#: How a target without a name is called.
TARGET = "target"
#: Origins of rows that are the caller's: as they are, once more, or taken away.
KEPT = (*ORIGINS[: DUPLICATE + 1], ORIGINS[REMOVED])


@dataclass(frozen=True)
class Given:
    """A table that has been read, and what its columns are for the caller.

    Parameters
    ----------
    dataset : Dataset
        With its target; columns are named by text.
    names : tuple
        The caller's own names, in the same order.
    frame : DataFrame or None
        The same columns as the caller has them; None where the table was no pandas frame.
    """

    dataset: Dataset
    names: tuple[Hashable, ...]
    frame: pd.DataFrame | None = None

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

    def params(self, params: Any, naming: Collection[str]) -> Any:
        """Return what is set of a remedy, with columns by the texts that name them.

        Parameters
        ----------
        naming : collection of str
            Its parameters that name columns; the name of their step may stand before theirs.
        """
        if not isinstance(params, Mapping):
            return params
        naming = {n for n in params if n in naming or n.rpartition(".")[2] in naming}
        return {n: self._texts(v) if n in naming else v for n, v in params.items()}

    def _texts(self, value: Any) -> Any:
        known = [c.name for c in self.dataset.schema.columns]
        one = _one(value, self.names, known) if isinstance(value, Hashable) else None
        if one is not None or value is None or isinstance(value, str | Mapping):
            return value if one is None else one
        several = value if isinstance(value, Iterable) else [value]
        return [self.column(name) for name in several]

    def balanced(self, table: pa.Table) -> pd.DataFrame:
        """Return balanced rows as the caller knows them.

        Rows of the caller's are theirs, value by value and in their types; made rows come in these
        types wherever they hold the values.

        Parameters
        ----------
        table : pyarrow.Table
            The columns of the dataset, then others, the last of which are ``_origin`` and
            ``_parents``.
        """
        origin, parents = (column.to_pylist() for column in table.columns[-2:])
        kept = np.isin(origin, KEPT)
        rows = np.array([own[0] for k, own in zip(kept, parents, strict=True) if k], int)
        place = np.argsort(np.concatenate([np.flatnonzero(kept), np.flatnonzero(~kept)]))
        made, whole = table.filter(pa.array(~kept)), self.dataset.own()
        columns = []
        for j, column in enumerate(table.columns):
            if self.frame is None or j >= len(self.names):
                columns.append(_in_pandas(column))
                continue
            own = self.frame.iloc[:, j]
            parts = [own.iloc[rows]]
            if made.num_rows:
                parts.append(_in_kind(_as_given(made.column(j), whole.column(j), own), own.dtype))
            columns.append(pd.concat(parts, ignore_index=True).iloc[place].reset_index(drop=True))
        frame = pd.concat(columns, axis=1)
        every = [*self.names, *table.column_names[len(self.names) :]]
        # A name that is missing stays what it was; plain ones are typed as pandas does.
        missing = any(name is None for name in every)
        frame.columns = pd.Index(every, dtype=object if missing else None)
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
    frame = columns.iloc[:, kept] if isinstance(columns, pd.DataFrame) else None
    return Given(dataset, tuple(names), frame)


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


def _as_given(
    made: pa.ChunkedArray, whole: pa.ChunkedArray, given: pd.Series
) -> pa.ChunkedArray | pd.Series:
    """Return made values that are some row's as the caller has them, where their type tells little.

    Parameters
    ----------
    made : ChunkedArray
        As the dataset has them.
    whole : ChunkedArray of n values
        The column of the dataset.
    given : Series of n values
        The same column of the caller's.
    """
    told = isinstance(given.dtype, pd.CategoricalDtype) or given.dtype == object
    if not told or pa.types.is_nested(made.type):
        return made
    known = dict(zip(whole.to_pylist(), given, strict=True))
    return pd.Series([known.get(value, value) for value in made.to_pylist()], dtype=object)


def _in_kind(values: pa.ChunkedArray | pd.Series, kind: Any) -> pd.Series:
    """Return a column as pandas has it, in a type where that holds the values."""
    if isinstance(kind, pd.CategoricalDtype) and isinstance(values, pd.Series):
        strange = ~values.dropna().isin(kind.categories)
        return values.infer_objects() if strange.any() else values.astype(kind)
    if isinstance(values, pa.ChunkedArray):
        if hasattr(kind, "numpy_dtype"):
            try:
                return pd.Series(kind.__from_arrow__(values)).astype(kind)
            except (pa.ArrowException, TypeError, ValueError):
                pass
        values = _in_pandas(values)
    if isinstance(kind, np.dtype) and kind.kind in "iub" and values.hasnans:
        kind = pd.Series(dtype=kind).convert_dtypes().dtype
    try:
        return values.astype(kind)
    except (TypeError, ValueError):
        return values


def _in_pandas(column: pa.ChunkedArray) -> pd.Series:
    """Return a column in pandas' types; whole numbers and truth values may be missing."""
    whole: Any = pd.BooleanDtype() if pa.types.is_boolean(column.type) else pd.Int64Dtype()
    if column.null_count and (pa.types.is_boolean(column.type) or pa.types.is_integer(column.type)):
        return pd.Series(whole.__from_arrow__(column)).astype(whole)
    values: pd.Series = column.to_pandas()
    return values
