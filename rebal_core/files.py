"""Files and folders that are there completely or not at all, and readable without running code.

What is written gets a name of its own first, ``name.pid.random``; it is synced and then renamed,
so that whoever sees the name sees all of it, also after a power cut.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # numpy takes as long to import as a short command takes in all
    import numpy as np

    Array = np.ndarray[Any, Any]


def write_once(path: Path, write: Callable[[Path], Any], *, folders: bool = True) -> None:
    """Let ``write`` make a file or folder under another name, then rename it to ``path``.

    Where two processes write the same folder, the first stays (the results are equal).

    Parameters
    ----------
    path : Path
    write : callable
        Takes the name to write under, in the same folder.
    folders : bool
        Make the two folders above where they are absent, but none above these: a home that is gone
        is not made anew.
    """
    for folder in (path.parent.parent, path.parent) if folders else ():
        folder.mkdir(exist_ok=True)
    part = unfinished(path)
    try:
        write(part)
        sync(part)
        try:
            replace(part, path)
        except OSError:
            if not path.is_dir():
                raise
    finally:
        discard(part)


def unfinished(path: Path) -> Path:
    """Return a name beside ``path`` that nobody else has, to write under until all is there."""
    return path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")


def sync(path: Path) -> None:
    """Have the disk hold a file, or a folder with all that is in it."""
    for inner in (path, *path.rglob("*")) if path.is_dir() else (path,):
        _sync(inner)


def replace(part: Path, path: Path) -> None:
    """Give a synced file or folder its name, in place of what has it, and have the disk hold that.

    Not every disk can sync a folder, nor may everybody who writes into one look into it.
    """
    os.replace(part, path)
    try:
        _sync(path.parent)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EACCES):
            raise


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there; of a link the link, never what it leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def discard(path: Path) -> None:
    """Do as :func:`remove`; what cannot be removed of a folder stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def put_json(path: Path, value: Any, *, allow_nan: bool = False, **options: Any) -> None:
    """Write JSON at once, as for a file of a folder that is written once.

    Parameters
    ----------
    allow_nan : bool
        Write NaN, which readers other than Python's refuse.
    **options
        As :func:`json.dumps` takes them.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=allow_nan, **options)
    path.write_text(text + "\n" * ("indent" in options), encoding="utf-8")


def put_arrays(path: Path, arrays: Mapping[str, Array], *, packed: bool = False) -> None:
    """Write arrays by name as one ``.npz`` at once, without pickle."""
    import numpy as np

    save = np.savez_compressed if packed else np.savez
    with path.open("wb") as file:  # by its name, numpy would add an ending
        save(file, allow_pickle=False, **arrays)  # type: ignore[arg-type]


def put_array(path: Path, array: Array) -> None:
    """Write one array as ``.npy`` at once, without pickle."""
    import numpy as np

    with path.open("wb") as file:
        np.save(file, np.ascontiguousarray(array), allow_pickle=False)


def write_json(path: Path, value: Any) -> None:
    """Write JSON once; NaN is refused, undefined numbers are null."""
    write_once(path, partial(put_json, value=value))


def write_arrays(path: Path, arrays: Mapping[str, Array], *, packed: bool = False) -> None:
    """Write arrays by name as one ``.npz``, once."""
    write_once(path, partial(put_arrays, arrays=arrays, packed=packed))


def write_array(path: Path, array: Array) -> None:
    """Write one array as ``.npy``, once."""
    write_once(path, partial(put_array, array=array))


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def read_arrays(path: Path, *names: str) -> dict[str, Array]:
    """Read the arrays of a ``.npz`` by name; these alone, or all."""
    import numpy as np

    # Opened here: numpy leaves a damaged file open.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in names or arrays.files}


def open_array(path: Path) -> Array:
    """Open the array of a ``.npy``, read-only and memory-mapped."""
    import numpy as np

    array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
