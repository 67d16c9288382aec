"""Files that we write where the user says: checked before any work, whole or not at all."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from rebal_core.files import replace, sync, unfinished
from rebal_core.place import home_path
from rebal_core.scratch import Scratch, held, sweep_file
from rebal_core.trouble import no_room
from rebal_core.wording import UserError

#: Bytes of a file's name; file systems allow 255, and the name of an unfinished file is longer.
_MOST_NAME = 200
#: Signs of it that the name of an unfinished file keeps.
_MOST_STEM = 60


def require_output(path: Path, flag: str, inputs: Iterable[Path] = ()) -> None:
    """Refuse a file that must not or could not be written, before any work is done for it.

    A link stands for what it leads to.

    Parameters
    ----------
    path : Path
    flag : str
        The option that names it.
    inputs : iterable of Path
        Files that the command reads.

    Raises
    ------
    UserError
        An input, a file of the home, a folder, device or pipe, a file or folder that may not be
        written.
    """
    if "\0" in str(path) or len(os.fsencode(path.name)) > _MOST_NAME:
        raise UserError(
            "{flag}: a file name has at most {most} bytes and no NUL; choose a shorter one.",
            flag=flag,
            most=_MOST_NAME,
        )
    target = _target(path, flag)
    folder = target.parent
    if any(len(os.fsencode(part)) > 255 for part in folder.parts) or not folder.is_dir():
        raise UserError(
            "{flag}: the folder “{folder}” does not exist; create it first.",
            flag=flag,
            folder=path.parent,
        )
    for source in inputs:
        if target == source.resolve() or (target.exists() and _same(target, source)):
            raise UserError(
                "{flag} would overwrite the data “{path}”; choose another name.",
                flag=flag,
                path=path,
            )
    if not target.exists():
        if not os.access(folder, os.W_OK):
            raise UserError(
                "{flag}: the folder “{folder}” is not writable; choose another.",
                flag=flag,
                folder=folder,
            )
        return
    known = target.stat()
    if stat.S_ISDIR(known.st_mode):
        raise UserError("{flag}: “{path}” is a folder; name a file in it.", flag=flag, path=path)
    if not stat.S_ISREG(known.st_mode):
        raise _no_file(path, flag)
    # The owner of the machine may write everything; that a file is read-only was still meant.
    if not (known.st_mode & 0o222 and os.access(target, os.W_OK) and os.access(folder, os.W_OK)):
        raise UserError("{flag}: “{path}” is read-only; choose another name.", flag=flag, path=path)
    if home_path().resolve() in target.parents:
        raise UserError(
            "{flag}: “{path}” belongs to Rebal itself; choose another name.", flag=flag, path=path
        )


@contextmanager
def written(*paths: Path) -> Iterator[tuple[Path, ...]]:
    """Give a name to write each file under; all get their own names when all are written.

    A reader sees the old files or the whole new ones. Links are followed, and a file keeps the
    permissions of the one it replaces. What a killed process leaves is removed with its scratch, or
    by whoever writes the same file next: that one may have another home.

    Raises
    ------
    UserError
        When a file cannot be written.
    """
    targets = [path.resolve() for path in paths]
    parts = [_part(target) for target in targets]
    for target in targets:
        with suppress(OSError):  # a folder that may be written, and not be looked into
            _clear_beside(target)
    with ExitStack() as stack:
        work = Scratch()
        stack.callback(work.close)
        try:
            for target, part in zip(targets, parts, strict=True):
                work.add_elsewhere(part)
                os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _mode(target)))
                stack.enter_context(held(part))
            yield tuple(parts)
            for target, part in zip(targets, parts, strict=True):
                sync(part)
                _take_after(target, part)
            for target, part in zip(targets, parts, strict=True):
                replace(part, target)
        except OSError as error:
            full = no_room(error)
            if full is not None:
                raise UserError("{sentence}", sentence=full) from error
            where = paths[0] if len(paths) == 1 else paths[0].parent
            raise UserError(
                "“{where}” cannot be written: {reason}.",
                where=where,
                reason=error.strerror or str(error),
            ) from error


@contextmanager
def written_folder(folder: Path, names: Iterable[str]) -> Iterator[Mapping[str, Path]]:
    """Give a name to write each file of a folder under: see :func:`written`."""
    names = list(names)
    new = not folder.is_dir()
    if new:
        _require_place(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with written(*(folder / name for name in names)) as parts:
            yield dict(zip(names, parts, strict=True))
    except OSError as error:
        raise UserError(
            "The folder “{folder}” cannot be made: {reason}.", folder=folder, reason=error.strerror
        ) from error
    finally:
        if new:
            with suppress(OSError):
                folder.rmdir()  # nothing came into it


def require_folder(folder: Path, names: Iterable[str], flag: str) -> None:
    """Refuse a folder in which one of these files must not or could not be written.

    Raises
    ------
    UserError
    """
    if folder.is_dir():
        for name in names:
            require_output(folder / name, flag)
        return
    _require_place(folder)


def _require_place(folder: Path) -> None:
    """Refuse a folder that could not be made."""
    above = next(path for path in (folder.absolute(), *folder.absolute().parents) if _there(path))
    if not above.is_dir():
        raise UserError(
            "The folder “{folder}” cannot be made: a file has that name.", folder=folder
        )
    if not os.access(above, os.W_OK):
        raise UserError("The folder “{above}” is not writable; choose another.", above=above)


def _there(path: Path) -> bool:
    return os.path.lexists(path)


def _target(path: Path, flag: str) -> Path:
    try:
        target = path.resolve()
        target.exists()
        hop = path.absolute()
        while hop.is_symlink() and not _of_the_system(hop):
            hop = hop.parent / hop.readlink()
    except (OSError, RuntimeError):
        raise UserError(
            "{flag}: “{path}” leads nowhere; choose another name.", flag=flag, path=path
        ) from None
    if _of_the_system(hop):
        raise _no_file(path, flag)
    return target


def _of_the_system(path: Path) -> bool:
    """Tell whether a name stands for something open or a device, such as ``/dev/stdout``."""
    parts = path.parts[1:3]
    return parts[:1] in (("dev",), ("proc",), ("sys",)) and parts != ("dev", "shm")


def _no_file(path: Path, flag: str) -> UserError:
    return UserError(
        "{flag}: “{path}” is a device or a pipe, not a file; name a file, or give "
        "--json - for standard output.",
        flag=flag,
        path=path,
    )


def _same(target: Path, source: Path) -> bool:
    return source.exists() and target.samefile(source)


def _part(target: Path) -> Path:
    """Return a hidden name to write under; its ending stays, by which writers know the format."""
    part = unfinished(target.with_name(f".{target.stem[:_MOST_STEM]}"))
    return part.with_name(part.name + target.suffix)


def _clear_beside(target: Path) -> None:
    """Remove what killed processes left of a file that they did not finish."""
    stem, suffix = re.escape(target.stem[:_MOST_STEM]), re.escape(target.suffix)
    # Several times where what is written under such a name writes under one of its own.
    left = re.compile(rf"\.+{stem}(?:\.(\d{{1,9}})\.[0-9a-f]{{8}})+{suffix}")
    for path in target.parent.iterdir():
        found = left.fullmatch(path.name)
        if found and not _lives(int(found[1])):
            sweep_file(path)


def _lives(process: int) -> bool:
    """Tell whether there is such a process; those of other machines are told by their locks."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _mode(target: Path) -> int:
    return stat.S_IMODE(target.stat().st_mode) | 0o600 if target.exists() else 0o666


def _take_after(target: Path, part: Path) -> None:
    """Give a file the permissions and the owner of the one that it replaces."""
    if target.exists():
        known = target.stat()
        part.chmod(stat.S_IMODE(known.st_mode))
        with suppress(OSError):
            os.chown(part, known.st_uid, known.st_gid)
