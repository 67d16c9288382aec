"""Results on disk: there completely or not at all, and readable without running code."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from rebal_core.arm import CellResult
from rebal_core.rows import Layout, Recipe, TypedRows
from rebal_core.trouble import sentence_of
from rebal_core.wording import UserError


class Damaged(UserError):
    """A result that cannot be read.

    Parameters
    ----------
    path : Path
        Of the result, which can be made again.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            "A stored result is damaged ({name}); start the comparison again.", name=path.name
        )
        self.path = path


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Take whatever a reader makes of garbage for what it is.

    Raises
    ------
    Damaged
    """
    try:
        yield
    except Exception as error:
        if sentence_of(error) is not None:  # the machine refuses, or it is told already
            raise
        raise Damaged(path) from error


def write_once(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` make a file or folder under a temporary name, then rename it to ``path``.

    Whoever sees ``path`` sees all of it, also after a power cut: everything is synced first. Where
    two processes write the same result, the first folder stays (the results are equal).
    """
    # Two levels in the home at most, which itself is not made anew once it is gone.
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        write(temporary)
        for file in (temporary, *temporary.rglob("*")) if temporary.is_dir() else (temporary,):
            _sync(file)
        try:
            os.replace(temporary, path)
        except OSError:
            if not path.is_dir():
                raise
        _sync(path.parent)
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write JSON; NaN is refused, undefined numbers are null."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    write_once(path, lambda temporary: _write_text(temporary, text))


def read_json(path: Path) -> Any:
    """Read what :func:`write_json` wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


def save_array(path: Path, array: np.ndarray[Any, Any]) -> None:
    """Write one array as ``.npy`` without pickle."""

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.save(file, array, allow_pickle=False)

    write_once(path, write)


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there; of a link the link, never what it leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def save_cell(path: Path, result: CellResult) -> None:
    """Write a cell's result as ``.npz`` without pickle."""
    about = {
        "repeat": result.repeat,
        "fold": result.fold,
        "seconds": dict(result.seconds),
        "notes": list(result.notes),
        "history": [dict(epoch) for epoch in result.history],
    }
    arrays = {n: getattr(result, n) for n in ("rows", "y", "proba", "prior_train", "prior_fit")}

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez(file, about=np.array(json.dumps(about)), **arrays)

    write_once(path, write)


def load_cell(path: Path) -> CellResult:
    """Read what :func:`save_cell` wrote."""
    with reading(path):
        arrays = _arrays(path)
        about = json.loads(str(arrays.pop("about")))
        lists = {name: tuple(about.pop(name, ())) for name in ("notes", "history")}
        cell = CellResult(**arrays, **about, **lists)
        if not len(cell.rows) == len(cell.y) == len(cell.proba):
            raise ValueError("arrays of other lengths")
        return cell


def save_recipe(path: Path, recipe: Recipe, seconds: float) -> None:
    """Write a recipe, and how long it took, as ``.npz`` without pickle."""
    about = json.dumps({"notes": recipe.notes, "seconds": seconds})
    arrays = {n: getattr(recipe, n) for n in ("base", "mate", "step", "pick", "origin")}

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez(file, about=np.array(about), **arrays)

    write_once(path, write)


def load_recipe(path: Path) -> tuple[Recipe, float]:
    """Read what :func:`save_recipe` wrote."""
    with reading(path):
        arrays = _arrays(path)
        about = json.loads(str(arrays.pop("about")))
        return Recipe(**arrays, notes=tuple(about["notes"])), about["seconds"]


def save_rows(folder: Path, rows: TypedRows) -> None:
    """Write typed rows as plain arrays that can be memory-mapped."""
    folder.mkdir(parents=True)
    arrays: dict[str, np.ndarray[Any, Any] | None] = {
        "numbers": rows.numbers,
        "codes": rows.codes,
        "y": rows.y,
        "text_dense": rows.text_dense,
        "weight": rows.weight,
    }
    if rows.text is not None:
        csr = rows.text
        arrays |= {"data": csr.data, "indices": csr.indices, "indptr": csr.indptr}
    for name, array in arrays.items():
        if array is not None:
            np.save(folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
    width = 0 if rows.text is None else int(rows.text.shape[1])
    about = {"layout": asdict(rows.layout), "text_width": width}
    _write_text(folder / "about.json", json.dumps(about, ensure_ascii=False))


def load_rows(folder: Path) -> TypedRows:
    """Open what :func:`save_rows` wrote; the arrays are read-only and memory-mapped."""
    about = read_json(folder / "about.json")
    a = {f.stem: np.load(f, mmap_mode="r", allow_pickle=False) for f in folder.glob("*.npy")}
    text = None
    if "data" in a:
        shape = (len(a["y"]), about["text_width"])
        text = sp.csr_matrix((a["data"], a["indices"], a["indptr"]), shape=shape, copy=False)
    return TypedRows(
        numbers=a["numbers"],
        codes=a["codes"],
        y=a["y"],
        layout=_layout(about["layout"]),
        text=text,
        text_dense=a.get("text_dense"),
        weight=a.get("weight"),
    )


def _arrays(path: Path) -> dict[str, Any]:
    # Opened here: numpy leaves a damaged file open.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _layout(values: Mapping[str, Any]) -> Layout:
    return Layout(**{name: _frozen(value) for name, value in values.items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
