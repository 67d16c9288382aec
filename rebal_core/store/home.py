"""Where everything lies: one folder of the user's own, and the places inside it."""

from __future__ import annotations

from pathlib import Path

from rebal_core.place import home_path, make_home, unusable


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
        When the folder cannot be made or written, or is somebody else's.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = home_path() if path is None else _absolute(path)
        make_home(self.path)
        try:
            for folder in (self.datasets, self.runs, self.results, self.flags, self.path / "tmp"):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise unusable(self.path, error) from error

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


def _absolute(path: Path) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except (OSError, RuntimeError) as error:
        raise unusable(path, error) from error
