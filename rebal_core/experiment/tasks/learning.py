"""The tasks that learn: cut out a fold, change its rows, fit an arm on it and predict."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from rebal_core.arm import Arm, CellResult, Protocol
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.experiment.files import (
    OWN_EPOCH,
    load_recipe,
    load_rows,
    reading,
    save_cell,
    save_recipe,
    save_rows,
)
from rebal_core.experiment.neighbours import shared_graphs
from rebal_core.experiment.splits import open_dataset, stored_splits
from rebal_core.experiment.worker import Context
from rebal_core.files import put_arrays, put_json, read_arrays, read_json, write_once
from rebal_core.layout import UNSEEN
from rebal_core.rows import Recipe, TypedRows
from rebal_core.samplers import Graphs
from rebal_core.seeding import child_seed
from rebal_core.step import Aids
from rebal_core.strategies import (
    fit_arm,
    resample,
    strategy_of,
    takes_unlabelled,
    taught_rows,
    unlabelled_rows,
)
from rebal_core.strategies.persist import save_arm

#: Folds that a worker keeps open; they are memory-mapped, so they cost address space only.
FOLDS_KEPT = 4
#: Where the rows without a label are in a fold's folder.
UNLABELLED = "unlabelled"


@dataclass(frozen=True)
class Told:
    """What was told of each epoch: kept for the result, and handed on to whoever looks on.

    Where several networks learn one after the other, each counts its epochs from 1; reports are
    numbered through, so that none takes another's place.
    """

    context: Context
    epochs: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, epoch: int, loss: float, **values: Any) -> None:
        """Hear of an epoch; what the context raises ends the fit."""
        self.epochs.append({"epoch": epoch, "loss": loss, **values})
        self._hand_on()

    def end(self, **more: Any) -> None:
        """Tell the last epoch again, at once and with all before it: nothing follows for long."""
        if self.epochs:
            self._hand_on(at_once=True, **more)

    def _hand_on(self, **more: Any) -> None:
        values = {**self.epochs[-1], **more}
        epoch, place = values.pop("epoch"), len(self.epochs)
        own = {} if epoch == place else {OWN_EPOCH: epoch}
        self.context.progress(epoch=place, **values, **own)


def prepare(params: Mapping[str, Any], context: Context) -> None:
    """Take the rows of one fold and fit the preparation on its training rows.

    The result is a folder: ``train`` and ``test`` (typed rows), ``unlabelled`` where there are
    rows without a label, ``rows.npz`` (row numbers), ``about.json`` and ``arrays.npz`` (the fitted
    preparation, the number of classes).
    """
    dataset = open_dataset(context.home, params["dataset"], params["schema"])
    repeat, fold = params["repeat"], params["fold"]
    protocol = Protocol(**params["protocol"])
    stored = context.home / params["split"]
    split = stored_splits(stored, dataset, protocol, params["rows"], repeat)[fold]
    context.progress(0.2)
    labels = dataset.labels()
    asked, needed = ("weight", *UNSEEN), dataset.schema.needed
    columns = [c.name for c in dataset.schema.columns if c.role in asked or c in needed]
    seed = child_seed(protocol.seed, "prepare", repeat, fold)
    train = dataset.frame(columns, split.train)
    preparation, rows = Preparation.fit(
        train, labels.y[split.train], dataset.schema, seed=seed, classes=labels.classes
    )
    context.progress(0.7)
    test = preparation.transform(dataset.frame(columns, split.test), labels.y[split.test])
    free = unlabelled_rows(labels.y, seed)
    unlabelled = preparation.transform(dataset.frame(columns, free), labels.y[free])
    context.check()

    def write(folder: Path) -> None:
        save_rows(folder / "train", rows)
        save_rows(folder / "test", test)
        if len(unlabelled):
            save_rows(folder / UNLABELLED, unlabelled)
        put_arrays(folder / "rows.npz", {"train": split.train, "test": split.test})
        values, arrays = preparation.to_state()
        put_arrays(folder / "arrays.npz", arrays)
        about = {"classes": len(labels.classes), "preparation": values}
        put_json(folder / "about.json", about, allow_nan=True, default=_plain)

    write_once(context.result, write)


def resample_rows(params: Mapping[str, Any], context: Context) -> None:
    """Ask a strategy for its recipe, once for all classifiers that hold no rows out."""
    folder = context.home / params["fold_folder"]
    with reading(folder):
        train = _rows(folder / "train")
    arm, seed = Arm.from_dict(params["arm"]), _seed(params)
    graphs = _graphs(arm, train, folder, params, context)
    began = time.perf_counter()
    told = Told(context)
    aids = Aids(progress=told, memory=context.checkpoint)
    recipe = resample(arm, train, graphs, seed=seed, aids=aids)
    if recipe is None:
        raise ValueError(f"{params['arm']['strategy']} changes no rows")
    told.end()
    save_recipe(context.result, recipe, time.perf_counter() - began, told.epochs)


def cell(params: Mapping[str, Any], context: Context) -> None:
    """Fit one arm on one fold and predict its untouched test rows."""
    arm = Arm.from_dict(params["arm"])
    folder = context.home / params["fold_folder"]
    recipe: Recipe | None = None
    seconds: dict[str, float] = {}
    if params["recipe"]:
        recipe, seconds["resample"] = load_recipe(context.home / params["recipe"])
    with reading(folder):
        train, test = _rows(folder / "train"), _rows(folder / "test")
        some = takes_unlabelled(arm) and (folder / UNLABELLED).is_dir()
        unlabelled = _rows(folder / UNLABELLED) if some else None
        preparation = load_preparation(folder)
        classes = read_json(folder / "about.json")["classes"]
        tested = read_arrays(folder / "rows.npz")["test"]
    weighs = recipe is None and strategy_of(arm).weights is not None
    graphs = _graphs(arm, train, folder, params, context) if weighs else None
    told = Told(context)
    fitted = fit_arm(
        arm,
        train,
        graphs,
        seed=_seed(params),
        n_classes=classes,
        recipe=recipe,
        progress=told,
        memory=context.checkpoint,
        unlabelled=unlabelled,
        values=preparation.values,
    )
    fitted = replace(fitted, seconds={**fitted.seconds, **seconds})
    context.check()
    told.end(learned="yes")
    began = time.perf_counter()
    proba = np.asarray(fitted.predict_proba(test), dtype=np.float64)
    seconds = {**fitted.seconds, "predict": time.perf_counter() - began}
    context.check()
    result = CellResult(
        repeat=params["repeat"],
        fold=params["fold"],
        rows=tested,
        y=np.asarray(test.y),
        proba=proba,
        prior_train=fitted.prior_train,
        prior_fit=fitted.prior_fit,
        seconds=seconds,
        notes=fitted.notes,
        history=tuple(told.epochs),
        attacked=fitted.under_attack(test, train),
    )
    if (kept := params["model_folder"]) is not None:
        # Before the result: who sees the result may count on the model.
        write_once(context.home / kept, lambda path: save_arm(path, fitted, preparation))
    save_cell(context.result, result)


def _graphs(
    arm: Arm, train: TypedRows, folder: Path, params: Mapping[str, Any], context: Context
) -> Graphs:
    """Return the neighbours of the rows that an arm is taught, of all runs of this fold."""
    found = context.home / "results" / "neighbours" / folder.name
    return shared_graphs(found, train, taught_rows(arm, train.y, _seed(params)))


def load_preparation(folder: Path) -> Preparation:
    """Open the fitted preparation of a fold's folder."""
    values = read_json(folder / "about.json")["preparation"]
    return Preparation.from_state(values, read_arrays(folder / "arrays.npz"))


@lru_cache(maxsize=2 * FOLDS_KEPT)
def _rows(folder: Path) -> TypedRows:
    return load_rows(folder)


def _seed(params: Mapping[str, Any]) -> int:
    """Return one seed a split: what an arm does with it is its own affair."""
    return child_seed(params["seed"], "split", params["repeat"], params["fold"])


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)
