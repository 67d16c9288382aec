"""Zip archives that may come from strangers: what does not belong, or is too much, is refused."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rebal_core.scratch import scratch
from rebal_core.trouble import told_as
from rebal_core.wording import Text, UserError

Read = TypeVar("Read")
MANIFEST = "manifest.json"
#: Unpacked bytes of a bundle, and of the archives inside it, at most.
_MOST_BYTES = 4 * 2**30
#: Of its JSON, which takes some twenty times as much in memory, by file.
_MOST_JSON = {MANIFEST: 2**24, "arm.json": 2**27, "schema.json": 2**27}
#: Unpacked bytes for a packed one: numbers that were learned do not shrink to nothing.
_MOST_SHRUNK, _SMALL = 200, 2**20


def pack(folder: Path, path: Path) -> None:
    """Write all files of a folder into an archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, file.relative_to(folder).as_posix())


@contextmanager
def unpacked(path: Path, known: re.Pattern[str]) -> Iterator[Path]:
    """Give a folder with the files of an archive that may come from a stranger.

    Parameters
    ----------
    path : Path
    known : pattern
        The only names that it may hold; any other, any other path too, is refused unread.

    Raises
    ------
    UserError
        When it holds anything else, a name twice, or more than a model may have.
    """
    with zipfile.ZipFile(path) as archive, scratch() as work:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        foreign = [name for name in names if not known.fullmatch(name)]
        if foreign or len(set(names)) < len(names):
            strange = next(iter(foreign), names[0])
            raise UserError(
                "{name} holds “{entry}”, which does not belong into a model; it was not read.",
                name=path.name,
                entry=strange[:60],
            )
        _refuse_huge(entries, path)
        folder = work / path.name  # whoever complains of the folder names the file
        folder.mkdir()
        for entry in entries:
            place = folder / entry.filename
            place.parent.mkdir(exist_ok=True)
            with archive.open(entry) as source, place.open("wb") as to:
                shutil.copyfileobj(source, to)
        for name in names:
            inner = folder / name
            if inner.suffix in (".npz", ".skops"):
                with zipfile.ZipFile(inner) as nested:
                    _refuse_huge(nested.infolist(), path)
        yield folder


def read_foreign(
    path: Path,
    known: re.Pattern[str],
    read: Callable[[Path], Read],
    absent: UserError,
    strange: Callable[[Text | str], UserError],
) -> Read:
    """Return what is read from an archive that may come from a stranger.

    Parameters
    ----------
    path, known
        As :func:`unpacked` takes them.
    read : callable
        Reads the folder; whatever a foreign file makes it stumble over is the file's fault.
    absent : UserError
        Where there is no such file.
    strange : callable
        Returns the error of a file that cannot be read, by the reason.

    Raises
    ------
    UserError
    """
    if not path.is_file():
        raise absent
    with told_as(strange), unpacked(path, known) as folder:
        return read(folder)


def require_format(found: object, known: int, name: str) -> None:
    """Refuse what another version of Rebal wrote.

    Raises
    ------
    UserError
    """
    if found != known:
        raise UserError(
            "{name} has format {found}, and this version of Rebal reads format {known}; use the "
            "version that wrote it.",
            name=name,
            found=found,
            known=known,
        )


def _refuse_huge(entries: Sequence[zipfile.ZipInfo], path: Path) -> None:
    # zipfile never gives out more than these sizes say.
    size = sum(entry.file_size for entry in entries)
    shrunk = size > _SMALL + _MOST_SHRUNK * sum(entry.compress_size for entry in entries)
    words = any(entry.file_size > _MOST_JSON.get(entry.filename, size) for entry in entries)
    if size > _MOST_BYTES or shrunk or words:
        raise UserError(
            "{name} unpacks to {size:,.0f} MB, more than a model may have; it was not read.",
            name=path.name,
            size=size / 2**20,
        )
