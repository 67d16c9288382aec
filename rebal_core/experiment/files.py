"""Results on disk: typed rows, recipes, cells, and what is damaged of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from rebal_core.arm import Attacked, CellResult, frozen
from rebal_core.files import (
    open_array,
    put_array,
    put_json,
    read_arrays,
    read_json,
    write_arrays,
)
from rebal_core.rows import Layout, Recipe, TypedRows, Unseen
from rebal_core.trouble import sentence_of
from rebal_core.units import Units
from rebal_core.wording import UserError

#: Under which an epoch is told its own number where reports count through several networks.
OWN_EPOCH = "own_epoch"


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


def save_cell(path: Path, result: CellResult) -> None:
    """Write a cell's result as ``.npz`` without pickle."""
    about = {
        "repeat": result.repeat,
        "fold": result.fold,
        "seconds": dict(result.seconds),
        "notes": list(result.notes),
        "history": [dict(epoch) for epoch in result.history],
        "attacked": None if result.attacked is None else asdict(result.attacked),
    }
    arrays = {n: getattr(result, n) for n in ("rows", "y", "proba", "prior_train", "prior_fit")}
    write_arrays(path, {"about": np.array(json.dumps(about)), **arrays})


def load_cell(path: Path) -> CellResult:
    """Read what :func:`save_cell` wrote."""
    with reading(path):
        arrays: dict[str, Any] = read_arrays(path)
        about = json.loads(str(arrays.pop("about")))
        lists: dict[str, Any] = {name: tuple(about.pop(name, ())) for name in ("notes", "history")}
        attacked = about.pop("attacked", None)
        if attacked is not None:
            attacked = Attacked(**{name: frozen(value) for name, value in attacked.items()})
        cell = CellResult(**arrays, **about, **lists, attacked=attacked)
        if not len(cell.rows) == len(cell.y) == len(cell.proba):
            raise ValueError("arrays of other lengths")
        return cell


def load_history(path: Path) -> tuple[dict[str, Any], ...]:
    """Read the epochs alone of what :func:`save_cell` or :func:`save_recipe` wrote."""
    with reading(path):
        about = json.loads(str(read_arrays(path, "about")["about"]))
        return tuple(about.get("history", ()))


def save_recipe(
    path: Path, recipe: Recipe, seconds: float, history: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Write a recipe, how long it took and the epochs it took, as ``.npz`` without pickle."""
    about = {"notes": recipe.notes, "seconds": seconds, "history": [dict(e) for e in history]}
    write_arrays(path, {"about": np.array(json.dumps(about)), **recipe.to_arrays()})


def load_recipe(path: Path) -> tuple[Recipe, float]:
    """Read what :func:`save_recipe` wrote."""
    with reading(path):
        arrays = read_arrays(path)
        about = json.loads(str(arrays.pop("about")))
        return Recipe.from_arrays(arrays, about["notes"]), about["seconds"]


def save_rows(folder: Path, rows: TypedRows) -> None:
    """Write typed rows as plain arrays that can be memory-mapped."""
    folder.mkdir(parents=True)
    arrays: dict[str, np.ndarray[Any, Any] | None] = {
        "numbers": rows.numbers,
        "codes": rows.codes,
        "y": rows.y,
        "text_dense": rows.text_dense,
        "weight": rows.weight,
        **{f"unseen_{j}": column.values for j, column in enumerate(rows.unseen)},
    }
    if rows.text is not None:
        csr = rows.text
        arrays |= {"data": csr.data, "indices": csr.indices, "indptr": csr.indptr}
    for name, array in arrays.items():
        if array is not None:
            put_array(folder / f"{name}.npy", array)
    width = 0 if rows.text is None else int(rows.text.shape[1])
    about = {
        "layout": asdict(rows.layout),
        "text_width": width,
        "unseen": [[column.name, column.role] for column in rows.unseen],
        "units": None if rows.units is None else asdict(rows.units),
        "classes": rows.classes,
    }
    put_json(folder / "about.json", about, allow_nan=True)


def load_rows(folder: Path) -> TypedRows:
    """Open what :func:`save_rows` wrote; the arrays are read-only and memory-mapped."""
    about = read_json(folder / "about.json")
    a = {file.stem: open_array(file) for file in folder.glob("*.npy")}
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
        unseen=tuple(
            Unseen(name, role, a[f"unseen_{j}"])
            for j, (name, role) in enumerate(about.get("unseen", ()))
        ),
        units=_units(about.get("units")),
        classes=tuple(about.get("classes", ())),
    )


def _layout(values: Mapping[str, Any]) -> Layout:
    return Layout(**{name: frozen(value) for name, value in values.items()})


def _units(values: Mapping[str, Any] | None) -> Units | None:
    if values is None:
        return None
    return Units(**{name: frozen(value) for name, value in values.items()})
