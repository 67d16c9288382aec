"""One short-lived DuckDB connection a call, kept away from every file it was not given."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

import duckdb

from rebal_core.scratch import Scratch, place

_T = TypeVar("_T")

#: Bytes that one connection may hold in memory; the rest spills to its temporary folder.
MEMORY_LIMIT = "400MB"
#: Every column needs buffers of its own: with more than 500 of them one thread may hold this.
MEMORY_LIMIT_WIDE = "3GB"
_WIDE = 500
#: So many columns take all memory that a connection may have.
MANY = _WIDE + 1
_GROUP_VALUES = 4_000_000
_FEW_VALUES = 4096


def quoted(name: str) -> str:
    """Return a column name as an SQL identifier, whatever a stranger called it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def file(path: Path) -> str:
    """Return a path as the SQL text by which a reader finds this file and no other.

    Readers take ``*``, ``?`` and ``[`` for patterns, so each is written as a set of itself. A
    backslash parts folders in a pattern: a path that has both is read through a link.
    """
    return literal(_as_pattern(path))


def parquet(path: Path, columns: int | None = None) -> str:
    """Return the SQL that reads a Parquet file; a folder called ``age=33`` is no column of it.

    Parameters
    ----------
    columns : int, optional
        How many it has: then they are called ``c0, c1, ...`` whatever their names are.
    """
    scan = f"read_parquet({file(path)}, hive_partitioning = false)"
    return scan if columns is None else f"{scan} AS t({', '.join(f'c{i}' for i in range(columns))})"


def group_rows(columns: int) -> int:
    """Return the rows of a row group: few where there are many columns, so memory stays flat."""
    return max(2048, min(122_880, _GROUP_VALUES // columns // 2048 * 2048))


def to_parquet(path: Path, columns: int) -> str:
    """Return the end of a COPY that writes a Parquet file.

    Fast rather than small: the lowest level of zstd makes files a few percent larger, and so does
    a dictionary for columns of few values only; filters that nobody asks are left out.
    """
    options = (
        f"FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE "
        f"{group_rows(columns)}, DICTIONARY_SIZE_LIMIT {_FEW_VALUES}, WRITE_BLOOM_FILTER false"
    )
    return f"TO {literal(str(path.resolve()))} ({options})"


def default_threads() -> int:
    """Cores of this process, at most 8; ``OMP_NUM_THREADS`` wins: a worker keeps to its core."""
    return int(os.environ.get("OMP_NUM_THREADS") or min(os.cpu_count() or 1, 8))


def with_room(work: Callable[[int], _T], columns: int) -> _T:
    """Work with the memory of so many columns; again with all, where that does not suffice.

    What long expressions and long texts take can only be guessed.

    Parameters
    ----------
    work : callable
        Gets a number of columns, for :func:`open_duck`.
    columns : int
    """
    try:
        return work(columns)
    except duckdb.OutOfMemoryException:
        if columns >= MANY:
            raise
    return work(MANY)


@contextmanager
def open_duck(
    *paths: Path, folder: Path | None = None, threads: int | None = None, columns: int = 0
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection that can reach these files and this folder, and nothing else.

    Parameters
    ----------
    *paths : Path
        Files it may read.
    folder : Path, optional
        Folder it may read and write; what does not fit into memory is spilled there, else to the
        scratch of our own.
    threads : int, optional
        Default :func:`default_threads`; 1 for a wide table.
    columns : int
        How many columns the widest query writes or reads.

    Yields
    ------
    duckdb.DuckDBPyConnection
        In memory, closed at the end; external access is off and locked.
    """
    wide = columns > _WIDE
    count = threads or (1 if wide else default_threads())
    limit = MEMORY_LIMIT_WIDE if wide else MEMORY_LIMIT
    work = Scratch() if folder is None else None
    spill = tempfile.mkdtemp(prefix="spill-", dir=work.path if work else folder)
    connection = duckdb.connect(":memory:", config={"threads": count, "memory_limit": limit})
    try:
        connection.execute(f"SET allowed_paths = [{_listed(paths)}]")
        connection.execute(f"SET temp_directory = {literal(spill)}")
        if folder is not None:
            connection.execute(f"SET allowed_directories = [{_listed([folder])}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()
        shutil.rmtree(spill, ignore_errors=True)
        if work is not None:
            work.close()


def watched(
    connection: duckdb.DuckDBPyConnection,
    work: Callable[[threading.Event], object],
    progress: Callable[[float], None] | None,
    done: Callable[[], float] | None = None,
) -> None:
    """Do long work on a connection, telling how far it is.

    Parameters
    ----------
    work : callable
        Gets the event that asks it to stop between two queries.
    progress : callable or None
        Gets 0..1 about five times a second. Whatever it raises (a cancelled job) stops the work
        and is raised here.
    done : callable, optional
        Returns 0..1; default what DuckDB says of its query.
    """
    stop = threading.Event()
    if progress is None:
        work(stop)
        return
    told = done or (lambda: connection.query_progress() / 100)
    failure: list[BaseException] = []

    def kept() -> None:
        try:
            work(stop)
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=kept, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.2)
            progress(min(max(told(), 0.0), 1.0))
    except BaseException:
        stop.set()
        connection.interrupt()
        thread.join()
        raise
    if failure:
        raise failure[0]


def _listed(paths: Sequence[Path]) -> str:
    names = (name for p in paths for name in (str(p.resolve()), _as_pattern(p)))
    return ", ".join(map(literal, dict.fromkeys(names)))


def _as_pattern(path: Path) -> str:
    name = path.resolve().as_posix()
    pattern = re.sub(r"[*?\[]", r"[\g<0>]", name)
    return _linked(name, place()) if "\\" in name and pattern != name else pattern


@cache
def _linked(name: str, where: Path) -> str:
    """Return a path without odd characters that leads to a file for as long as we live."""
    link = _links(where) / str(len(list(_links(where).iterdir())))
    link.symlink_to(name)
    return str(link)


@cache
def _links(_where: Path) -> Path:
    work = Scratch()
    atexit.register(work.close)
    if "\\" not in str(work.path):
        return work.path
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    work.add_elsewhere(folder)
    return folder
