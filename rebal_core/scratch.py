"""Scratch: one folder a task, all in one place in the home, gone when its task is.

Each folder is locked by whoever works in it, and the system lets go of the lock when that process
dies, however it dies. So whoever starts next knows what is nobody's any more, and removes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rebal_core.files import discard, replace, sync, unfinished
from rebal_core.place import home_path, is_home, make_home, unusable

#: Inside a scratch folder: paths elsewhere that are scratch of its task too, one a line.
_ELSEWHERE = ".elsewhere"


def place() -> Path:
    """Return where all scratch lies."""
    return home_path() / "scratch"


def uploads_place() -> Path:
    """Return where uploads wait to be read: scratch of the app, one locked file each."""
    return home_path() / "uploads"


class Scratch:
    """A folder of this process; removed by :meth:`close`, or by :func:`sweep` once we are dead.

    Raises
    ------
    UserError
        When the home cannot be written.
    """

    def __init__(self) -> None:
        make_home(home_path())
        try:
            place().mkdir(mode=0o700, exist_ok=True)
            while True:
                self.path = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=place()))
                self._handle = hold(self.path)
                if self._handle >= 0:
                    return
        except OSError as error:
            raise unusable(place(), error) from error

    def add_elsewhere(self, path: Path) -> None:
        """Let a file or folder outside be removed with this folder, if it is still there then."""
        with (self.path / _ELSEWHERE).open("ab") as out:
            out.write(os.fsencode(path) + b"\n")

    def close(self) -> None:
        """Remove the folder and what belongs to it."""
        if self._handle >= 0:
            _remove(self.path)
            os.close(self._handle)
            self._handle = -1


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a scratch folder for as long as the block lasts."""
    work = Scratch()
    try:
        yield work.path
    finally:
        work.close()


def hold(path: Path) -> int:
    """Keep a file or folder from being swept until the returned handle is closed.

    -1 where it is gone already.
    """
    return _locked(path, fcntl.LOCK_SH)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep a file from being swept for as long as the block lasts."""
    handle = hold(path)
    try:
        yield
    finally:
        if handle >= 0:
            os.close(handle)


def sweep() -> None:
    """Remove the scratch of dead processes; cheap enough for every start of anything."""
    if not is_home(home_path()):
        return  # what lies there is somebody else's
    for where in (place(), uploads_place()):
        if where.is_symlink() or not where.is_dir():
            continue  # what lies behind a link may be anybody's
        for path in list(where.iterdir()):
            with suppress(OSError):  # one that cannot be removed hides no other
                _sweep_one(path)


def _sweep_one(path: Path) -> None:
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        path.unlink()  # nobody works in a link or a pipe, and neither is followed
        return
    handle = _locked(path, fcntl.LOCK_EX)
    if handle >= 0:
        try:
            _remove(path)
        finally:
            os.close(handle)


def sweep_file(path: Path) -> None:
    """Remove a file that nobody holds; what is none is left alone."""
    if not stat.S_ISREG(path.lstat().st_mode):
        return
    handle = _locked(path, fcntl.LOCK_EX)
    if handle >= 0:
        path.unlink()
        os.close(handle)


def move(path: Path, to: Path) -> None:
    """Move a finished file or folder out of the scratch; a reader sees all of it or nothing."""
    try:
        os.rename(path, to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # What a killed process leaves under a name with a dot is listed by nobody.
        part = unfinished(to.with_name(f".{to.name}"))
        try:
            shutil.copytree(path, part) if path.is_dir() else shutil.copyfile(path, part)
            sync(part)
            replace(part, to)
        finally:
            discard(part)
        discard(path)


def _locked(folder: Path, how: int) -> int:
    """Return an open handle that locks a folder; -1 where another is in the way, or it is gone."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return -1
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
        if os.fstat(handle).st_ino == folder.stat().st_ino:
            return handle
    except OSError:
        pass
    os.close(handle)
    return -1


def _remove(folder: Path) -> None:
    with suppress(OSError):
        for line in (folder / _ELSEWHERE).read_bytes().splitlines():
            discard(Path(os.fsdecode(line)))
    discard(folder)
