"""What the machine refuses (a full disk, a file of another user), told in one sentence."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from rebal_core.types import UserError

log = logging.getLogger(__name__)

T = TypeVar("T")

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_TOO_MUCH = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_BROKEN = (errno.EIO, errno.ENAMETOOLONG, errno.ELOOP, errno.ESTALE)
#: What libraries say of a full disk where they do not give the system's number.
_FULL_WORDS = ("No space left", "disk is full", "File too large", "requested and")


def sentence_of(error: BaseException) -> str | None:
    """Return the sentence for an error that is no fault of ours; None for one that is."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, MemoryError):
        return "The machine ran out of memory for this step."
    code = error.errno if isinstance(error, OSError) else None
    where = error.filename if isinstance(error, OSError) else None
    told = f"“{where}”" if where else "A file"
    if code in _FULL or any(words in str(error) for words in _FULL_WORDS):
        return "The disk is full: free some space and try again."
    if code in _FORBIDDEN:
        return f"{told} may not be read or written by this user; change its permissions."
    if code in _TOO_MUCH:
        return "This process has reached a limit of the system; close other programs and try again."
    if code in _BROKEN:
        assert isinstance(error, OSError)
        return f"{told} cannot be read or written ({error.strerror}); check the disk."
    return None


def tried(read: Callable[..., T], *values: Any) -> tuple[T | None, str]:
    """Return what is read, or else why it cannot be: what is wrong with one hides no other.

    Returns
    -------
    value : object or None
    sentence : str
        Empty where it was read.
    """
    try:
        return read(*values), ""
    except Exception as error:  # a damaged file makes any
        told = sentence_of(error)
        if told is None:
            log.warning("cannot be read", exc_info=error)
            told = f"What is stored of it is damaged ({type(error).__name__}); delete it."
        return None, told
