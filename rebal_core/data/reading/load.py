"""From a file or a frame to an accepted table: typed Parquet with a schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rebal_core.data.dataset import ABOUT, OWN, REJECTS, TABLE, Dataset
from rebal_core.data.duck import open_duck, parquet, quoted, to_parquet, watched, with_room
from rebal_core.data.fingerprint import fingerprint
from rebal_core.data.measured import refuse_measurement
from rebal_core.data.reading.columnar import (
    arrow_of,
    open_parquet,
    read_columns,
    require_columns,
)
from rebal_core.data.reading.damage import told_if_damaged
from rebal_core.data.reading.delimited import open_text, parse
from rebal_core.data.reading.dialect import column_names
from rebal_core.data.reading.facts import TextFacts
from rebal_core.data.reading.forms import fields_of
from rebal_core.data.reading.infer import Reading, read_texts
from rebal_core.data.reading.looks import looking
from rebal_core.data.reading.numbers.canonical import with_writing
from rebal_core.data.reading.options import AS_FOUND, ReadOptions
from rebal_core.data.reading.originals import keep_forms, keep_types
from rebal_core.data.reading.rejects import write_rejects
from rebal_core.data.reading.retype import agreed, with_labels
from rebal_core.data.reading.source import called_as, require_file, scratch_folder, stem
from rebal_core.data.schema import guess_schema, numbers_kept, set_target
from rebal_core.schema import Schema
from rebal_core.scratch import move
from rebal_core.wording import Text, UserError

Progress = Callable[[float], None]
_Stages = Callable[[float, float], Progress | None]
#: What became of the columns, and what there is to tell of the source.
_Read = tuple[list[Reading], dict[str, Any]]

RAW, SALT = "raw.parquet", "salt"
_SQL_A_COLUMN = 400
#: What a source with types of its own has nothing to tell of.
_UNTOLD: dict[str, Any] = {"encoding": None, "encodings": {}, "delimiter": None, "rejected_rows": 0}


def read_table(
    source: Path,
    into: Path,
    options: ReadOptions = AS_FOUND,
    *,
    progress: Progress | None = None,
) -> Dataset:
    """Read a table of a stranger into a folder of its own.

    Parameters
    ----------
    source : Path
        ``.csv``, ``.tsv`` (also ``.gz``) or ``.parquet``.
    into : Path
        Folder for ``table.parquet`` (zstd), ``dataset.json`` and ``rejects.csv``; made if absent.
    options : ReadOptions
        What is said of the file.
    progress : callable, optional
        Gets 0..1; may raise to cancel.

    Returns
    -------
    Dataset

    Raises
    ------
    UserError
        For everything that is wrong with the file; then nothing is left behind.
    """
    told = _stages(progress)
    with called_as(source, options.name), scratch_folder(into) as work:
        kind = require_file(source)
        read = _from_parquet if kind == "parquet" else _from_text
        readings, about = read(source, work, options, told)
        about |= {
            "file": source.name,
            "bytes": source.stat().st_size,
            "format": kind,
            "na": list(options.na),
            "decimal": options.decimal,
            "masked": dict(options.mask),
            **_seen(readings),
        }
        notes = {r.name: r.note for r in readings if r.note}
        return _finish(work, into, options.name or stem(source), about, notes, options.schema)


def _require_unnamed(source: Path, options: ReadOptions) -> None:
    if options.encoding or options.delimiter:
        raise UserError(
            "{name} is Parquet, which has neither encoding nor delimiter to name; leave them out.",
            name=source.name,
        )


def _from_parquet(source: Path, work: Path, options: ReadOptions, told: _Stages) -> _Read:
    _require_unnamed(source, options)
    fields = open_parquet(source, options.least)
    relation = parquet(source, len(fields))

    def read(columns: int) -> tuple[list[Reading], list[Reading], Any]:
        with open_duck(source, folder=work, columns=columns) as connection:
            found, renamed = read_columns(connection, source, fields, options.na, source.name)
            readings = options.heeded(connection, relation, found, source, work / SALT)
            _write(connection, relation, readings, work / TABLE, told(0.1, 0.8))
        return found, readings, renamed

    with told_if_damaged(source):
        found, readings, renamed = with_room(read, len(fields))
        keep_types(source, readings, work / TABLE, work / OWN, options.mask)
    kept = {r.raw for r in found}
    nameless = [name for i, name in enumerate(fields.names) if f"c{i}" not in kept]
    return readings, {**_UNTOLD, "renamed": renamed, "nameless": nameless}


def _from_text(source: Path, work: Path, options: ReadOptions, told: _Stages) -> _Read:
    text = open_text(
        source,
        work / "text.csv",
        encoding=options.encoding,
        delimiter=options.delimiter,
        least=options.least,
        progress=told(0.0, 0.2),
    )
    dialect, raw = text.dialect, work / RAW
    names, renamed = column_names(dialect.header)
    with open_duck(text.path, folder=work, columns=len(names)) as connection:
        facts = {place: TextFacts() for place in range(len(names))}
        with looking(facts, options.na) as look:
            rejects = parse(connection, text, raw, source.name, look, told(0.2, 0.5))
    # A second connection: the first one's buffers have served, and are as large again.
    with open_duck(raw, folder=work, columns=len(names)) as connection:
        columns, commas = list(enumerate(names)), dialect.delimiter != ","
        found = read_texts(
            connection,
            parquet(raw),
            columns,
            facts,
            options.na,
            commas=commas,
            decimal=options.decimal,
        )
        found = with_writing(connection, parquet(raw), found)
        readings = options.heeded(connection, parquet(raw), found, source, work / SALT)
    # A long expression, as dates in words need, takes the memory of many columns.
    weight = len(names) + sum(max(0, len(r.sql) - _SQL_A_COLUMN) // 50 for r in readings)

    def write(columns: int) -> None:
        with open_duck(raw, folder=work, columns=columns) as connection:
            _write(connection, parquet(raw), readings, work / TABLE, told(0.6, 0.9))

    with_room(write, weight)
    keep_forms(raw, readings, work / OWN)
    if options.mask:  # what was never parted into columns cannot be masked
        rejects = [replace(r, error=Text(""), text="") for r in rejects]
    if rejects:
        write_rejects(rejects, work / REJECTS)
    about = {
        "encoding": dialect.encoding,
        "encodings": {c.encoding: [] if options.mask else list(c.examples) for c in text.encodings},
        "delimiter": dialect.delimiter,
        "rejected_rows": len(rejects),
        "renamed": renamed,
        "defused": list(text.defused),
    }
    return readings, about


def from_frame(
    df: pd.DataFrame | pa.Table, into: Path, *, name: str = "table", target: str | None = None
) -> Dataset:
    """Take a pandas frame or an Arrow table in, as :func:`read_table` takes a Parquet file.

    Parameters
    ----------
    df : DataFrame or pyarrow.Table
        The index of a frame is left out; a column of float arrays is an embedding.
    into : Path
        Folder to write to.
    name : str
        What the table is called.
    target : str, optional
        Column to predict.

    Raises
    ------
    UserError
        As :func:`read_table`; also when there is no such target.
    """
    table = df if isinstance(df, pa.Table) else arrow_of(df)
    require_columns(table.schema, name)
    if not len(table):
        raise UserError("{name} has columns but no rows; give a frame that holds data.", name=name)
    with scratch_folder(into) as work:
        scratch = work / RAW
        pq.write_table(table, scratch, compression="lz4")
        relation = parquet(scratch, table.num_columns)
        with open_duck(folder=work, columns=table.num_columns) as connection:
            found, renamed = read_columns(connection, scratch, table.schema, (), name)
            readings = with_labels(found, target, ())
            _write(connection, relation, readings, work / TABLE, None)
        keep_types(scratch, readings, work / TABLE, work / OWN)
        about = {
            **_UNTOLD,
            **{"file": None, "bytes": None, "format": "frame"},
            **{"renamed": renamed, "na": [], "masked": {}},
            **_seen(readings),
        }
        dataset = _finish(work, into, name, about, {r.name: r.note for r in readings}, None, target)
    return dataset


def require_target(dataset: Dataset) -> None:
    """Refuse a table without two classes to tell apart.

    Raises
    ------
    UserError
        No target, a target of missing values only, of one class, or of measurements.
    """
    labels = dataset.labels()
    target = dataset.schema.target
    if not labels.classes:
        raise UserError(
            "The target “{target}” has no values at all; choose another target column.",
            target=target,
        )
    if len(labels.classes) < 2:
        raise UserError(
            "The target “{target}” has only one class (“{label}”), so there is nothing "
            "to tell apart; choose another target column.",
            target=target,
            label=labels.classes[0],
        )
    refuse_measurement(target, labels.classes)
    if not dataset.schema.features:
        raise UserError(
            "“{table}” has no feature column besides the target “{target}”; give at "
            "least one column the role feature.",
            table=dataset.name,
            target=target,
        )


def _write(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    readings: Sequence[Reading],
    table: Path,
    progress: Progress | None,
) -> None:
    pick = ", ".join(f"{r.sql} AS {quoted(r.name)}" for r in readings)
    query = f"COPY (SELECT {pick} FROM {relation}) {to_parquet(table, len(readings))}"
    watched(connection, lambda _: connection.execute(query), progress)


def _seen(readings: Sequence[Reading]) -> dict[str, Any]:
    """Tell what the values gave away: words that may mean "missing", strays, the infinite."""
    proposed: dict[str, list[str]] = {}
    for reading in readings:
        for word in reading.proposed:
            proposed.setdefault(word, []).append(reading.name)
    return {
        "na_proposed": proposed,
        "strays": {
            r.name: {"count": r.strays.count, "examples": list(r.strays.examples)}
            for r in readings
            if r.strays is not None
        },
        "one_value": {r.name: list(r.same) for r in readings if r.same},
        "times_in_doubt": {
            r.name: {"why": d.why, "count": d.count, "examples": list(d.examples)}
            for r in readings
            if (d := r.time_doubt) is not None
        },
        "doubts": {r.name: asdict(r.doubt) for r in readings if r.doubt is not None},
        "infinite": {r.name: r.infinite for r in readings if r.infinite},
        "written": {r.name: fields_of(r.form) for r in readings if r.form is not None},
    }


def _finish(
    work: Path,
    into: Path,
    name: str,
    about: Mapping[str, Any],
    notes: Mapping[str, str],
    schema: Schema | None,
    target: str | None = None,
) -> Dataset:
    """Guess what was not said, and move the finished files to their place."""
    table = work / TABLE
    guessed = guess_schema(table)
    columns = (
        replace(c, note=" ".join(n for n in (c.note, notes.get(c.name, "")) if n))
        for c in guessed.columns
    )
    guessed = numbers_kept(replace(guessed, columns=tuple(columns)), about["strays"])
    chosen = guessed if schema is None else agreed(schema, guessed, about["masked"])
    if target is not None:
        chosen = set_target(chosen, target)
    rows = pq.read_metadata(table).num_rows
    dataset = Dataset(work, name, chosen, rows, fingerprint(table), about)
    dataset.save()
    # What tells of the table comes last: who sees it sees all of it.
    for file in sorted(work.iterdir(), key=lambda file: (file.name == ABOUT, file.name)):
        if file.name not in (RAW, "text.csv"):
            move(file, into / file.name)
    return replace(dataset, path=into)


def _stages(progress: Progress | None) -> _Stages:
    """Map the 0..1 of one stage to its part of the whole."""

    def part(start: float, end: float) -> Progress | None:
        if progress is None:
            return None
        return lambda done: progress(start + (end - start) * done)

    return part
