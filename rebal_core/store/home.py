"""Where everything lies: one folder of the user's own, and the places inside it."""

from __future__ import annotations

import os
from pathlib import Path

from rebal_core.scratch import home_path
from rebal_core.types import UserError


class Home:
    """The folder of one Rebal and its subfolders.

    Parameters
    ----------
    path : Path or None
        None means ``REBAL_HOME``, else the platform's folder for user data. It must lie on a
        local disk: SQLite's write-ahead log does not work on a network share.

    Raises
    ------
    UserError
        When the folder cannot be made or written.
    """

    def __init__(self, path: Path | None = None) -> None:
        chosen = path or os.environ.get("REBAL_HOME", "of this user")
        try:
            self.path = home_path() if path is None else Path(path).expanduser().absolute()
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            for folder in (self.datasets, self.runs, self.results, self.flags):
                folder.mkdir(exist_ok=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise UserError(
                f"The folder {chosen} cannot be used ({getattr(error, 'strerror', error)}); "
                "set REBAL_HOME to a folder you may write to."
            ) from error

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / "rebal.db"

    @property
    def lock(self) -> Path:
        """Held by the engine for its whole life."""
        return self.path / "engine.lock"

    @property
    def log(self) -> Path:
        """What the engine and its workers print."""
        return self.path / "engine.log"

    @property
    def datasets(self) -> Path:
        """One folder a dataset."""
        return self.path / "datasets"

    @property
    def runs(self) -> Path:
        """One folder a run: its report, the result of a single task."""
        return self.path / "runs"

    @property
    def results(self) -> Path:
        """Results under content keys, shared by all runs."""
        return self.path / "results"

    @property
    def flags(self) -> Path:
        """A file here asks a running task to stop."""
        return self.path / "flags"

    @property
    def trash(self) -> Path:
        """What no list names any more; only a person empties it."""
        return self.path / "trash"

    def run_folder(self, run: int) -> Path:
        """Return the folder of one run (made when something is written)."""
        return self.runs / str(run)
