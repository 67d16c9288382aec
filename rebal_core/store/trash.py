"""The trash: what a clean-up found and nobody knows of lies there until a person empties it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from rebal_core.store.home import Home
from rebal_core.wording import Text, UserError


@dataclass(frozen=True)
class Trash:
    """What lies in the trash of a home.

    Parameters
    ----------
    path : Path
        Its folder; what lies there has the place that it had in the home.
    things : int
        Datasets, runs and results.
    bytes : int
        Their size.
    """

    path: Path
    things: int
    bytes: int

    def sentence(self) -> Text:
        """Tell how much lies there."""
        if not self.things:
            return Text("The trash {path} is empty.", {"path": self.path})
        size = f"{self.bytes / 1e6:,.1f} MB"
        return Text(
            "The trash {path} holds {size} of datasets, runs and results that no list names "
            "({things:,} in all); they stay until you empty it.",
            {"path": self.path, "size": size, "things": self.things},
        )


def look_into(home: Home) -> Trash:
    """Return what lies in the trash."""
    files = [f for f in home.trash.rglob("*") if f.is_file() and not f.is_symlink()]
    things = sum(1 for pattern in _THINGS for _ in home.trash.glob(pattern))
    return Trash(home.trash, things, sum(_size(file) for file in files))


def put_away(home: Home, path: Path) -> None:
    """Move a file or folder of the home to the trash; what lies there already stays too."""
    to = home.trash / path.relative_to(home.path)
    home.trash.mkdir(mode=0o700, exist_ok=True)
    to.parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while os.path.lexists(to):
        number += 1
        to = to.with_name(f"{path.name}.{number}")
    path.rename(to)


def empty(home: Home) -> None:
    """Remove for good what lies in the trash; only a person asks for this.

    Raises
    ------
    UserError
        When something could not be removed.
    """
    try:
        if home.trash.is_symlink():
            raise OSError(None, "it is a link", str(home.trash))
        if home.trash.is_dir():
            shutil.rmtree(home.trash)
    except OSError as error:
        raise UserError(
            "“{file}” in the trash cannot be removed ({reason}); remove it yourself.",
            file=error.filename,
            reason=error.strerror,
        ) from error


#: Where things lie in the trash, and so in the home.
_THINGS = ("datasets/*", "runs/*", "results/*/*", "rebal.db-wal*")


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # somebody empties it
        return 0
