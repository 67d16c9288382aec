"""What the machine refuses (a full disk, a file of another user), told in one sentence."""

from __future__ import annotations

import errno
import logging
import resource
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from zipfile import BadZipFile

from rebal_core.wording import Text, UserError

log = logging.getLogger(__name__)

T = TypeVar("T")

FULL = Text("The disk is full: free some space and try again.")
TOO_LARGE = Text(
    "A file would become larger than this process may write; raise that limit (`ulimit -f`) and "
    "try again."
)

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_TOO_MUCH = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_BROKEN = (errno.EIO, errno.ENAMETOOLONG, errno.ELOOP, errno.ESTALE)
#: Files that this process has read last, and how each is looked through.
_minded: dict[Path, Callable[[Exception], Text | None]] = {}
_MOST_MINDED = 100
#: What libraries say of a full disk, and of too large a file, without the system's number.
_FULL_WORDS, _LARGE_WORDS = ("No space left", "disk is full", "requested and"), "File too large"


def sentence_of(error: BaseException) -> Text | None:
    """Return the sentence for an error that is no fault of ours; None for one that is."""
    if isinstance(error, UserError):
        return error.text
    if isinstance(error, MemoryError):
        return Text("The machine ran out of memory for this step.")
    code = error.errno if isinstance(error, OSError) else None
    where = error.filename if isinstance(error, OSError) else None
    what = f"“{where}”" if where else Text("A file")
    told = no_room(error)
    if told is not None:
        return told
    if "Out of Memory Error" in str(error):  # DuckDB's, of what a connection may take
        return Text("The machine ran out of memory for this step.")
    if code in _FORBIDDEN:
        return Text(
            "{what} may not be read or written by this user; change its permissions.",
            {"what": what},
        )
    if code in _TOO_MUCH:
        return Text(
            "This process has reached a limit of the system; close other programs and try again."
        )
    if code in _BROKEN:
        assert isinstance(error, OSError)
        return Text(
            "{what} cannot be read or written ({reason}); check the disk.",
            {"what": what, "reason": error.strerror},
        )
    return None


def reason_of(error: BaseException) -> Text | str:
    """Return in a few words why a file could not be read that may be damaged or a stranger's.

    What a reader stumbled over says nothing to who chose the file.
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, BadZipFile | zlib.error | EOFError):
        return Text("it is damaged or breaks off")
    return Text("it is not as Rebal writes it")


@contextmanager
def told_as(strange: Callable[[Text | str], UserError]) -> Iterator[None]:
    """Let one sentence tell whatever a reader makes of a file that may be a stranger's.

    Parameters
    ----------
    strange : callable
        Takes the reason; returns the error of a file that cannot be read.

    Raises
    ------
    UserError
        That error; or what the machine refuses, which is no fault of the file.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        refused = sentence_of(error)
        if refused is not None:
            raise UserError("{sentence}", sentence=refused) from error
        raise strange(reason_of(error)) from error


def no_room(error: BaseException) -> Text | None:
    """Return the sentence for what finds no room where it is written; None for all else."""
    code = error.errno if isinstance(error, OSError) else None
    if code in _FULL or any(words in str(error) for words in _FULL_WORDS):
        return FULL
    return TOO_LARGE if code == errno.EFBIG or _LARGE_WORDS in str(error) else None


def is_limited() -> bool:
    """Tell whether this process may write files up to some size only."""
    return resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY


def keep_in_mind(file: Path, damage: Callable[[Exception], Text | None]) -> None:
    """Remember a stored file that is read from now on, to be looked through when that fails.

    Parameters
    ----------
    damage : callable
        Takes the error; returns a sentence where the file does not hold what was stored.
    """
    _minded.pop(file, None)
    _minded[file] = damage
    for old in list(_minded)[:-_MOST_MINDED]:
        _minded.pop(old, None)


def sentence_of_fault(error: BaseException) -> Text | None:
    """Return :func:`sentence_of`, or that of a stored file which turns out to be damaged or gone.

    Readers that meet garbage deep inside a file, and those that compute with what was made of it,
    fail in any way: only the file itself can tell whether it is damaged. The ones asked are those
    at which somebody was who failed.
    """
    told = sentence_of(error)
    if told is not None or not isinstance(error, Exception):
        return told
    for file in _at_hand(error):
        told = _minded[file](error)
        if told is not None:
            return told
    return None


def _at_hand(error: Exception) -> list[Path]:
    """Return the files in mind that a function which failed holds, or an object that it holds."""
    held: set[object] = set()
    for frame, _line in traceback.walk_tb(error.__traceback__):
        for value in list(frame.f_locals.values()):
            owner = vars(value).get("dataset", value) if hasattr(value, "__dict__") else value
            table = value if isinstance(value, Path) else getattr(type(owner), "table", None)
            if isinstance(table, property):
                table = table.__get__(owner)
            if isinstance(table, Path):
                held.add(table)
    return [file for file in _minded if file in held]


def tried(read: Callable[..., T], *values: Any) -> tuple[T | None, Text | None]:
    """Return what is read, or else why it cannot be: what is wrong with one hides no other.

    Returns
    -------
    value : object or None
    sentence : Text or None
        None where it was read.
    """
    try:
        return read(*values), None
    except Exception as error:  # a damaged file makes any
        told = sentence_of_fault(error)
        if told is None:
            log.warning("cannot be read", exc_info=error)
            told = Text(
                "What is stored of it is damaged ({error}); delete it.",
                {"error": reason_of(error)},
            )
        return None, told
