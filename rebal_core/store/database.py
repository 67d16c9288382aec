"""The SQLite file: its tables, and the two ways to reach them."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from rebal_core.store.migrations import SCHEMA_VERSION, migrate
from rebal_core.trouble import FULL, TOO_LARGE, is_limited
from rebal_core.wording import UserError

BUSY_SECONDS = 5

#: What SQLite says of a file that is no whole database, or somebody else's.
_CORRUPT = ("file is not a database", "malformed", "no such table", "no such column")

#: What it says of files that this user may not open.
_FORBIDDEN = ("unable to open", "readonly database", "access permission denied", "disk I/O error")

#: Names that it gives to a write that failed; of a full disk it says so.
_UNWRITTEN = ("SQLITE_IOERR_WRITE", "SQLITE_IOERR_TRUNCATE", "SQLITE_IOERR_SHMSIZE")

metadata = sa.MetaData()


class DiskFull(UserError):
    """Nothing can be written; what was written before is intact."""


class HomeGone(DiskFull):
    """The home, or its database, is not the one that was opened: nothing can be written either."""

    def __init__(self, database: Path) -> None:
        home = database.parent
        super().__init__(
            "{database} was removed or replaced while it was in use; start again, and your "
            "datasets are listed."
            if home.is_dir()
            else "The folder {home} was deleted while it was in use; start again.",
            database=database,
            home=home,
        )


class Busy(DiskFull):
    """Another program, or another user's right, is in the way; nothing was written."""


datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False, default=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("run", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("plan", sa.JSON, nullable=False),
    sa.Column("dataset", sa.Text),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("finished", sa.Float),
    sa.Column("detail", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("incident", sa.Text),
    sa.Column("deleted", sa.Boolean, nullable=False, default=False),
    # Numbers of deleted runs are never given again: a bookmark must not show another run.
    sqlite_autoincrement=True,
)

# One row for each piece of work that a run wants, whether or not another run did it before.
tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("run", sa.Integer, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("detail", sa.Text),
    sa.Column("seconds", sa.Float),
    sa.Column("error", sa.Text),
    sa.Column("incident", sa.Text),
    sa.Index("tasks_by_key", "key"),
)

# Which arm and split a task answers; two arms of a run may share one task.
cells = sa.Table(
    "cells",
    metadata,
    sa.Column("run", sa.Integer, primary_key=True),
    sa.Column("arm", sa.Text, primary_key=True),
    sa.Column("repeat", sa.Integer, primary_key=True),
    sa.Column("fold", sa.Integer, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    # The task that changed the rows it learns from.
    sa.Column("resampled", sa.Text),
)

# Arms that somebody stopped while the rest of their run goes on.
stopped = sa.Table(
    "stopped",
    metadata,
    sa.Column("run", sa.Integer, primary_key=True),
    sa.Column("arm", sa.Text, primary_key=True),
)

# A row before each start; `outcome` stays empty while the attempt lives.
attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run", sa.Integer, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("seat", sa.Text, nullable=False),
    sa.Column("started", sa.Float, nullable=False),
    sa.Column("ended", sa.Float),
    sa.Column("outcome", sa.Text),
    sa.Index("attempts_by_key", "key"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("fraction", sa.Float),
    sa.Column("values", sa.JSON, nullable=False, server_default="{}"),
)


class Database:
    """One SQLite file in write-ahead mode.

    Parameters
    ----------
    path : Path
        Made, with its tables, when absent.

    Raises
    ------
    UserError
        When a newer Rebal wrote the file, or it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        address = sa.URL.create("sqlite", database=str(path))  # a path may hold ? and #
        self._engine = sa.create_engine(
            address, connect_args={"timeout": BUSY_SECONDS}, json_serializer=_json
        )
        # Whoever does not close it leaves no log for the next one, unless it is killed.
        weakref.finalize(self, self._engine.dispose)
        sa.event.listen(self._engine, "connect", _prepare)
        sa.event.listen(self._engine, "begin", _begin_immediate)
        self._readers = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._inode = -1
        _make_private(path)
        with self.read() as connection:
            found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if found > SCHEMA_VERSION:
            raise UserError(
                "{folder} was written by a newer Rebal; update this one, or set "
                "REBAL_HOME to another folder.",
                folder=path.parent,
            )
        if found < SCHEMA_VERSION:
            with self.write() as connection:
                migrate(connection, metadata)
        self._inode = path.stat().st_ino
        self._require_tables()

    def _require_tables(self) -> None:
        """Find out now whether the file is cut off or somebody else's."""
        with self.read() as connection:
            for table in metadata.sorted_tables:
                connection.execute(sa.select(table).limit(1)).all()

    def require_same(self) -> None:
        """Refuse to work on a file that is not the one in the home any more.

        Raises
        ------
        HomeGone
        """
        try:
            same = self._inode in (-1, self._path.stat().st_ino)
        except OSError:
            same = self._inode == -1
        if not same:
            raise HomeGone(self._path)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Connect without a transaction: each statement sees the newest committed rows."""
        with self.told(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Connect in a transaction that takes the write lock first, so that it never fails late."""
        with self.told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def told(self) -> Iterator[None]:
        """Say in a sentence what no program can repair: a home that is gone, a damaged file.

        Raises
        ------
        HomeGone
        UserError
        """
        self.require_same()
        try:
            yield
        except (sa.exc.DatabaseError, OSError) as error:
            if not self._path.exists():
                raise HomeGone(self._path) from error
            said = str(getattr(error, "orig", ""))
            if "disk is full" in said:
                raise DiskFull("{sentence}", sentence=FULL) from error
            if _name(error) in _UNWRITTEN and is_limited():
                raise DiskFull("{sentence}", sentence=TOO_LARGE) from error
            if "is locked" in said:
                raise Busy(
                    "{path} is in use by another program for longer than {seconds} s; try again "
                    "when that has ended.",
                    path=self._path,
                    seconds=BUSY_SECONDS,
                ) from error
            if any(words in said for words in _FORBIDDEN):
                raise Busy(
                    "{path} may not be read or written by this user; change the permissions of "
                    "{folder}, or set REBAL_HOME to another folder.",
                    path=self._path,
                    folder=self._path.parent,
                ) from error
            if any(words in said for words in _CORRUPT):
                raise UserError(
                    "{path} is damaged and cannot be read; move it and the files beside "
                    "it that begin with {name} to another folder, then put back a copy "
                    "if you have one: without it your datasets are listed again, runs "
                    "are not.",
                    path=self._path,
                    name=self._path.name,
                ) from error
            raise

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _name(error: Exception) -> str:
    """Return the name that SQLite gives to an error; empty of another's."""
    return str(getattr(getattr(error, "orig", None), "sqlite_errorname", ""))


def _make_private(path: Path) -> None:
    """Make the file before SQLite does, for its owner only; those beside it follow it in that.

    One that is there is not touched: to close it again would let go of all locks that SQLite holds
    on it for this process.
    """
    with suppress(OSError):  # told when it is opened
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _prepare(connection: Any, _record: Any) -> None:
    # The driver's own transactions are deferred: read, then write fails at once when busy.
    connection.isolation_level = None
    _write_ahead(connection)
    for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _write_ahead(connection: Any) -> None:
    """Turn write-ahead mode on, where others may come for the same at once.

    SQLite needs the file alone for this, and two that ask hold each other up: one is refused at
    once, whatever the timeout says, or both wait until it is over. So nobody waits with a lock in
    hand; whoever is refused lets go and asks again.
    """
    over = time.monotonic() + BUSY_SECONDS
    connection.execute("PRAGMA busy_timeout = 0").close()
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
            break
        except sqlite3.OperationalError as error:
            if "is locked" not in str(error) or time.monotonic() > over:
                raise
            time.sleep(random.uniform(0.001, 0.02))
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}").close()


def _begin_immediate(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
