"""TabICL: a network that others taught on made tables, which reads the rows instead of learning."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, ClassVar
from warnings import catch_warnings, simplefilter, warn

import numpy as np
from numpy.typing import NDArray

from rebal_core.classifiers.base import CLASSIFIERS, FIXED, Classifier
from rebal_core.classifiers.encode import encode
from rebal_core.classifiers.margins import FILE
from rebal_core.facts import TableFacts
from rebal_core.files import put_arrays, put_json, read_arrays, read_json, replace, unfinished
from rebal_core.model import Explains, FitJob, FitNote
from rebal_core.params import Number
from rebal_core.place import home_path
from rebal_core.rows import Floats, Ints, TypedRows
from rebal_core.wording import Text, UserError

#: Variable of the environment that names the checkpoint, and the file of a home that does so where
#: the variable does not.
VARIABLE, NAMED = "REBAL_TABICL", "tabicl.json"
#: Processor seconds of a reading: of the checkpoint, and of a row, a cell and a pair of rows.
_LOADED, _ROW, _CELL, _PAIR = 0.3, 7e-4, 6e-5, 4e-7
#: More classes than this are read in two goes.
_CLASSES = 10
#: Rows that ask at once.
_CHUNK = 10_000
#: What a file raises that torch does not read.
_UNREADABLE = (
    OSError,
    EOFError,
    UnpicklingError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    RuntimeError,
)


def absent() -> Text | None:
    """Return why TabICL cannot work on this computer, or None."""
    if find_spec("tabicl") is None:
        return Text("TabICL is not installed; install Rebal with the extra “tabicl”.")
    path = named()
    if not path:
        return Text(
            "TabICL needs its checkpoint, a file of about 110 MB that is never downloaded by "
            "itself; name the file on the Plan page, or in REBAL_TABICL in the environment."
        )
    if not Path(path).is_absolute() or not Path(path).is_file():  # the engine stands elsewhere
        return Text(
            "The checkpoint of TabICL shall be “{path}”; name the whole path of a file that is "
            "there, such as /data/tabicl.ckpt, on the Plan page or in REBAL_TABICL.",
            {"path": path},
        )
    return None


def named() -> str:
    """Return the path that REBAL_TABICL has, or that the home remembers, or nothing."""
    path = os.environ.get(VARIABLE, "").strip()
    if path:
        return path
    try:
        return str(read_json(home_path() / NAMED)["checkpoint"])
    except (OSError, ValueError, KeyError, TypeError, UserError):
        return ""


def name_checkpoint(text: str) -> None:
    """Let the home remember where the checkpoint lies; REBAL_TABICL comes first where it is set.

    Raises
    ------
    UserError
        When no checkpoint of a classifier lies there. Whatever the reason, it is the same
        sentence: who types paths learns of no other file of this computer.
    """
    first, path = os.environ.get(VARIABLE, "").strip(), Path(text.strip())
    if first:
        raise UserError(
            "REBAL_TABICL is set to “{path}” and comes first; change it there, and start again.",
            path=first,
        )
    if not path.is_absolute():
        raise _no_checkpoint(path)
    _require_classifier(path)
    file = home_path() / NAMED
    part = unfinished(file)
    put_json(part, {"checkpoint": str(path)})
    replace(part, file)


def checkpoint() -> tuple[Path, str]:
    """Return where the checkpoint lies, and its SHA-256.

    Raises
    ------
    UserError
        When there is none, or TabICL is not installed.
    """
    reason = absent()
    if reason is not None:
        raise UserError("{reason}", reason=reason)
    path = Path(named())
    state = path.stat()
    return path, _digest(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4)
def _digest(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_classifier(path: Path) -> None:
    """Refuse a file that is no checkpoint of a classifier; no code that it may hold is run."""
    import torch

    try:
        with catch_warnings():
            simplefilter("ignore")  # of old pickles, which are refused
            held = torch.load(path, map_location="cpu", weights_only=True)
        sound = "state_dict" in held and held["config"].get("max_classes", 10) > 0
    except _UNREADABLE:
        sound = False
    if not sound:
        raise _no_checkpoint(path)


def _no_checkpoint(path: Path) -> UserError:
    return UserError(
        "“{path}” is no checkpoint of a TabICL classifier; name the whole path of one, such as "
        "/data/tabicl.ckpt.",
        path=str(path),
    )


@dataclass
class TabICLModel:
    """Training rows that TabICL reads each time it is asked.

    It knows no weights: rows are drawn as often as they weigh.

    Parameters
    ----------
    seed : int
    n_estimators : int
        Readings, each with its columns and classes in another order.
    context_rows : int
        Training rows that are kept at most.
    n_classes : int
        K, known after the fit.
    name, sha256 : str
        Of the checkpoint.
    context_ : ndarray of shape (n, d), float32
    y_ : ndarray of shape (n,)
    """

    kind: ClassVar[str] = "tabicl"
    explains: ClassVar[Explains] = "permutation"

    seed: int
    n_estimators: int = 4
    context_rows: int = 10_000
    n_classes: int = 0
    name: str = ""
    sha256: str = ""
    context_: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros((0, 0), np.float32), repr=False
    )
    y_: Ints = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)

    def fit(self, job: FitJob) -> None:
        """Keep the rows, or some of them."""
        path, self.sha256 = checkpoint()
        self.name, self.n_classes = path.name, job.n_classes
        all_rows = len(job.rows)
        taken = drawn(job.rows.y, job.weight, self.context_rows, np.random.default_rng(self.seed))
        self.context_, self.y_ = _matrix(job.rows.take(taken)), job.rows.y[taken]
        if job.weight is not None and np.ptp(job.weight) > 0:
            told = Text("TabICL takes no weights; rows were drawn as often as they weigh.")
            warn(told.render(), FitNote, stacklevel=2)
        if all_rows > self.context_rows:
            told = Text(
                "TabICL read {some:,} of {all:,} rows; allow more context rows, and it takes "
                "longer.",
                {"some": len(taken), "all": all_rows},
            )
            warn(told.render(), FitNote, stacklevel=2)

    @property
    def classes_(self) -> tuple[int, ...]:
        """Labels that the kept rows hold."""
        return tuple(np.unique(self.y_).tolist())

    def predict_proba(self, rows: TypedRows) -> Floats:
        """Return probabilities over all K classes."""
        proba, classes = np.zeros((len(rows), self.n_classes)), np.unique(self.y_)
        if len(classes) == 1:
            proba[:, classes] = 1
        elif len(rows):
            reader = self._reader()
            for start in range(0, len(rows), _CHUNK):
                at = np.arange(start, min(start + _CHUNK, len(rows)))
                told = reader.predict_proba(_matrix(rows.take(at))).astype(np.float64)
                proba[np.ix_(at, classes)] = told / told.sum(axis=1, keepdims=True)
        return proba

    def _reader(self) -> Any:
        """Return TabICL with the kept rows; it is not kept, since it is large and soon loaded."""
        from tabicl import TabICLClassifier

        from rebal_core.nn.rows import best_device

        path = self._same_checkpoint()
        _require_classifier(path)
        reader = TabICLClassifier(
            n_estimators=self.n_estimators,
            batch_size=1,  # readings side by side take more memory and no less time
            model_path=path,
            allow_auto_download=False,
            device=best_device(),
            random_state=self.seed,
        )
        reader.fit(self.context_, self.y_)
        return reader

    def _same_checkpoint(self) -> Path:
        path, sha256 = checkpoint()
        if sha256 != self.sha256:
            raise UserError(
                "This model reads with the TabICL checkpoint “{name}” (SHA-256 {digest}), and "
                "another file is named; name that one.",
                name=self.name,
                digest=self.sha256[:12],
            )
        return path

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the rows as ``model.npz``; of the checkpoint only which it is."""
        put_arrays(folder / FILE, {"context": self.context_, "y": self.y_})
        return {name: getattr(self, name) for name in _TOLD}

    @classmethod
    def load(cls, folder: Path, about: Mapping[str, Any], trusted: tuple[str, ...]) -> TabICLModel:
        """Rebuild what :meth:`save` wrote.

        Raises
        ------
        UserError
            When its checkpoint is not here.
        """
        arrays = read_arrays(folder / FILE)
        values = {name: about[name] for name in _TOLD}
        if any(type(values[name]) is not kind for name, kind in _TOLD.items()):
            raise ValueError("settings of other types")
        model = cls(**values, context_=arrays["context"], y_=arrays["y"])
        context, y = model.context_, model.y_
        if y.dtype != np.int64 or context.dtype != np.float32 or context.ndim != 2:
            raise ValueError("rows of another kind")
        sound = len(context) == len(y) > 0 and (y >= 0).all() and (y < model.n_classes).all()
        if not sound or not np.isfinite(context).all() or not 1 <= model.n_estimators <= 64:
            raise ValueError("rows that are none")
        model._same_checkpoint()
        return model


#: What JSON holds of a model.
_TOLD = {
    "seed": int,
    "n_estimators": int,
    "context_rows": int,
    "n_classes": int,
    "name": str,
    "sha256": str,
}


def _matrix(rows: TypedRows) -> NDArray[np.float32]:
    # Missing is -1, not NaN: TabICL takes NaN for the mean, and drops a column where all that ask
    # lack it, so that the answer to a row would depend on the rows beside it.
    return np.ascontiguousarray(encode(rows, "ordinal"), dtype=np.float32)


def drawn(y: Ints, weight: Floats | None, most: int, rng: np.random.Generator) -> Ints:
    """Return positions of at most so many rows: all of them, or a stratified draw.

    Each class comes as often as its rows weigh, to within one row, and at least once where it
    weighs anything; so does each row within its class, but for chance.

    Returns
    -------
    ndarray of shape (m,), int64
        Ascending; those of heavy rows repeat.
    """
    even = weight is None or np.ptp(weight) == 0
    if even and len(y) <= most:
        return np.arange(len(y))
    mass = np.ones(len(y)) if weight is None or even else np.asarray(weight)
    order = rng.permutation(np.flatnonzero(mass > 0))
    order = order[np.argsort(y[order], kind="stable")]
    size, reached = min(len(y), most), np.cumsum(mass[order])
    asked = (rng.random() + np.arange(size)) / size * reached[-1]
    taken = order[np.minimum(np.searchsorted(reached, asked, side="right"), len(order) - 1)]
    lost = np.setdiff1d(y[order], y[taken])
    heaviest = order[np.argsort(-mass[order], kind="stable")]
    added = [heaviest[y[heaviest] == label][0] for label in lost]
    return np.sort(np.concatenate([taken, np.array(added, dtype=np.int64)]))


def _make(seed: int, **params: Any) -> TabICLModel:
    return TabICLModel(seed, **params)


def _seconds(facts: TableFacts, params: Mapping[str, Any]) -> float:
    context = min(facts.rows, params["context_rows"])
    read = context + facts.rows / 4  # the tested rows, a quarter as many as were taught
    one = read * (_ROW + _CELL * facts.width + _PAIR * context)
    goes = 1 if facts.classes <= _CLASSES else 2
    return FIXED + _LOADED + float(params["n_estimators"] * goes * one)


tabicl = CLASSIFIERS.add(
    Classifier(
        name="tabicl",
        label="TabICL",
        family="foundation",
        aliases=("tabular_foundation_model", "in_context", "表格基础模型", "上下文学习"),
        reference="Qu, Holzmüller, Varoquaux & Le Morvan (2025), TabICL, ICML, arXiv 2502.05564",
        about="A network that others taught on millions of made tables. It learns nothing from "
        "your rows: it reads them each time it is asked, so asking takes long without a GPU.",
        make=_make,
        parameters=(
            Number(
                "n_estimators",
                "Readings",
                "So often it reads the rows, with columns and classes in another order each time.",
                4,
                1,
                64,
            ),
            Number(
                "context_rows",
                "Context rows",
                "Training rows that it reads at most; of more it reads some of each class.",
                10_000,
                100,
                100_000,
            ),
        ),
        seconds=_seconds,
        device="gpu-capable",
        explain="permutation",
        absent=absent,
        take_file=name_checkpoint,
        outside=lambda: {"checkpoint": checkpoint()[1]} if absent() is None else {},
    )
)
