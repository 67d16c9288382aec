"""One engine a home: a lock that the operating system lets go when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class EngineLock:
    """The file lock of a home; held until the process ends or :meth:`release`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1

    def take(self, patience: float = 0.0) -> bool:
        """Take the lock; False when another holds it for longer than ``patience`` seconds."""
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        end = time.monotonic() + patience
        while not _try(self._handle, fcntl.LOCK_EX):
            if time.monotonic() >= end:
                self.release()
                return False
            time.sleep(0.02)
        # What the last holder wrote about itself must not be taken for ours.
        os.ftruncate(self._handle, 0)
        return True

    @property
    def handle(self) -> int:
        """The open file that is locked, to be handed on to a child process."""
        return self._handle

    @classmethod
    def inherited(cls, path: Path, handle: int) -> EngineLock:
        """Return the lock that the process which started this one has handed on."""
        lock = cls(path)
        lock._handle = handle
        os.set_inheritable(handle, False)  # workers must not keep it
        return lock

    def tell(self, about: Mapping[str, Any]) -> None:
        """Write what is to be known of the holder."""
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, json.dumps(about).encode(), 0)

    def holds(self) -> bool:
        """Tell whether the file on disk is still the one that is locked; False: home is gone."""
        try:
            return os.fstat(self._handle).st_ino == self._path.stat().st_ino
        except OSError:
            return False

    def release(self) -> None:
        """Let go."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def is_held(path: Path) -> bool:
    """Tell whether some process holds the lock, without taking it from anyone.

    A probe takes a shared lock for a moment; an engine that starts at that moment waits it out.
    """
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _try(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def _try(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
