"""The home folder: which one it is, whether it is ours, and how it is made: once, never anew."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import platformdirs

from rebal_core.trouble import no_room
from rebal_core.wording import Text, UserError

#: Lies in every home: what a folder without it holds is somebody else's.
MARK = "rebal.home"
_TOLD = "This folder is a home of Rebal (REBAL_HOME): what lies in it is made and moved by Rebal.\n"
#: What we make in a home, and so must not be somebody else's.
_OURS = ("datasets", "runs", "results", "flags", "uploads", "scratch", "trash", "tmp",
         "engine.lock", "engine.log", "tabicl.json")  # fmt: skip
#: Homes that this process has used: one that is gone is not made anew under its feet.
_used: set[Path] = set()


def home_path() -> Path:
    """Return the home folder: ``REBAL_HOME``, else the platform's folder for user data.

    Raises
    ------
    UserError
        When REBAL_HOME cannot be a path.
    """
    chosen = os.environ.get("REBAL_HOME") or platformdirs.user_data_path("rebal")
    try:
        path = Path(chosen).expanduser().absolute()
        str(path).encode()
    except (OSError, RuntimeError, ValueError) as error:
        raise unusable(ascii(str(chosen))[1:-1], error) from error
    return path


def is_home(path: Path) -> bool:
    """Tell whether a folder is a home of ours, also one of before there was a mark."""
    try:
        old = all((path / name).is_dir() for name in ("datasets", "runs", "results", "flags"))
        return old or (path / MARK).exists() or (path / "rebal.db").exists()
    except OSError:  # it can be no folder
        return False


def make_home(path: Path) -> None:
    """Make a home, for its owner only, or take the folder that is there as it is.

    Raises
    ------
    UserError
        When the folder cannot be made or written, holds things of somebody else, or was there
        before and is gone.
    """
    if path in _used and not path.is_dir():
        raise UserError(
            "The folder {path} was deleted while it was in use; start again.", path=path
        )
    try:
        str(path).encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            if not path.is_dir():
                raise
            if not is_home(path):
                _require_free(path)
        if not (path / MARK).exists():
            (path / MARK).write_text(_TOLD, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise unusable(ascii(str(path))[1:-1], error) from error
    _used.add(path)


def unusable(path: Path | str, error: Exception) -> UserError:
    """Return the sentence for a folder that cannot be a home."""
    full = no_room(error)
    if full is not None:
        return UserError("{sentence}", sentence=full)
    reason: Text | str = getattr(error, "strerror", None) or str(error)
    if isinstance(error, UnicodeError):
        reason = Text("it is not written in UTF-8")
    return UserError(
        "The folder {path} cannot be used ({reason}); set REBAL_HOME to a folder you may write to.",
        path=path,
        reason=reason,
    )


def exposed(path: Path) -> Text | None:
    """Return a sentence where others may look into the home; its mode is its owner's affair."""
    try:
        known = path.stat()
    except OSError:
        return None
    mode = stat.S_IMODE(known.st_mode)
    if not mode & 0o077 or known.st_uid != os.getuid() or not is_home(path):
        return None
    return Text(
        "The folder {path} existed before and lets other users look into it (mode {mode:o}); "
        "`chmod 700` on it keeps them out.",
        {"path": path, "mode": mode},
    )


def private(file: Path) -> Path:
    """Make a file that only its owner reads, unless it is there; return its path."""
    file.touch(mode=0o600)
    return file


def _require_free(path: Path) -> None:
    """Refuse a folder in which names of ours are taken: we move and remove what has them."""
    for name in _OURS:
        taken = path / name
        if taken.is_dir() and not any(taken.iterdir()):
            continue
        if os.path.lexists(taken):
            raise UserError(
                "The folder {path} holds “{name}” of something else; set REBAL_HOME to "
                "a folder of its own.",
                path=path,
                name=name,
            )
