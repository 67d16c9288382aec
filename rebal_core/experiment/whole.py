"""Is what was made still whole? What is not is made again, as if it had never been there."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

from rebal_core.files import open_array, read_json

_PARQUET = b"PAR1"


def is_whole(path: Path) -> bool:
    """Tell whether a result, or a file that was handed out, is there and can be opened.

    Cut off files and garbage are found without reading them through; what is wrong deep inside is
    found by whoever reads it (:func:`rebal_core.experiment.files.reading`).
    """
    try:
        if not path.is_dir():
            return _opens(path)
        files = [file for file in path.rglob("*") if file.is_file()]
        return any(file.suffix == ".json" for file in files) and all(map(_opens, files))
    except Exception:  # whatever a reader makes of garbage
        return False


def all_whole(home: Path, paths: Iterable[str]) -> bool:
    """Tell whether all that a task makes is whole; its paths are relative to the home."""
    return all(is_whole(home / path) for path in paths)


def _opens(path: Path) -> bool:
    if path.suffix == ".json":
        read_json(path)
    elif path.suffix in (".npz", ".rebal"):
        with zipfile.ZipFile(path) as archive:
            return bool(archive.namelist())
    elif path.suffix == ".npy":
        open_array(path)
    elif path.suffix == ".parquet":
        with path.open("rb") as file:
            start = file.read(len(_PARQUET))
            file.seek(-len(_PARQUET), 2)
            return start == _PARQUET == file.read()
    return path.is_file()
