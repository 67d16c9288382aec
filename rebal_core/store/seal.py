"""A database and the log beside it belong together: an older copy that is put back is known.

SQLite plays back whatever log (``-wal``) lies beside its file. Where a process was killed and an
older copy of the file put back beside the log that was left, pages of both would mix, mostly
without a word. So the file carries a random number (its ``application_id``), a new one whenever the
first of us opens it, and a seal beside it says which number the log belongs to.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import suppress

from rebal_core.store.database import Database, DiskFull
from rebal_core.store.home import Home
from rebal_core.store.trash import put_away

#: Where the number stands in the file, by SQLite's file format.
_NUMBER = slice(68, 72)


class Seal:
    """The seal of a home's database, shared by all that have the database open.

    Whoever opens it alone puts a log that belongs to another database into the trash.

    Parameters
    ----------
    home : Home
    """

    def __init__(self, home: Home) -> None:
        self._path = home.database
        self._alone = False
        self._handle = -1
        #: Numbers that the log may belong to.
        self._right: set[int] = set()
        with suppress(OSError):  # a home that cannot be written is told when it is written
            self._handle = os.open(f"{self._path}-seal", os.O_RDWR | os.O_CREAT, 0o600)
            self._lock()
        if self._alone:
            known, found = self._numbers(), self._found()
            self._right = {*known, found}
            if known and found not in known:
                for end in ("-wal", "-shm"):
                    log = self._path.with_name(self._path.name + end)
                    with suppress(FileNotFoundError):
                        put_away(home, log)

    def renew(self, database: Database) -> None:
        """Give the opened database a number that no copy of it has; others may open it then."""
        if not self._alone:
            return
        number = secrets.randbelow(2**31 - 1) + 1
        # Until the number stands in the file itself, both are right.
        self._write({*self._right, number})
        os.fsync(self._handle)
        with suppress(DiskFull):  # or another program is in the way: both stay right
            with database.write() as connection:
                connection.exec_driver_sql(f"PRAGMA application_id = {number}")
            with database.read() as connection:
                asked = connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
                busy, pages, moved = asked.one()
            if not busy and pages == moved:
                self._write({number})
        self._alone = False
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def close(self) -> None:
        """Let go."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    __del__ = close

    def _lock(self) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._alone = True
        except BlockingIOError:
            fcntl.flock(self._handle, fcntl.LOCK_SH)  # once the first has settled it

    def _found(self) -> int:
        # Only while nobody here has it open: closing a file lets go of SQLite's locks on it.
        try:
            with self._path.open("rb") as file:
                return int.from_bytes(file.read(_NUMBER.stop)[_NUMBER], "big")
        except FileNotFoundError:
            return 0

    def _numbers(self) -> set[int]:
        """Return the numbers that the log may belong to; none where it is not known."""
        words = os.pread(self._handle, 1000, 0).split()
        return {int(word) for word in words if word.isdigit()}

    def _write(self, numbers: set[int]) -> None:
        text = " ".join(str(number) for number in sorted(numbers)).encode()
        os.pwrite(self._handle, text, 0)
        os.ftruncate(self._handle, len(text))
