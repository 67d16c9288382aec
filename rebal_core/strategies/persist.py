"""Fitted arms on disk, without pickle: skops with a fixed list of types, safetensors, JSON, npz."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from safetensors import SafetensorError

from rebal_core.arm import Arm
from rebal_core.classifiers import MLPModel, Model, SklearnModel
from rebal_core.data.prepare import Preparation
from rebal_core.files import put_arrays, put_json, read_arrays, read_json
from rebal_core.rows import Recipe
from rebal_core.strategies.fit import FittedArm
from rebal_core.strategies.sound_trees import check_trees
from rebal_core.wording import UserError

FORMAT = 1

#: The only types, beside those that skops itself trusts, that a model file may hold. The list is
#: ours: what a file asks for is never looked at.
TRUSTED = (
    "imblearn.ensemble._forest.BalancedRandomForestClassifier",
    "imblearn.pipeline.Pipeline",
    "imblearn.under_sampling._prototype_selection._random_under_sampler.RandomUnderSampler",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)

#: What reading a broken, foreign or hostile folder may raise; skops refuses a type by TypeError.
_UNREADABLE = (
    OSError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    RuntimeError,
    BadZipFile,
    SafetensorError,
)

_RECIPE = ("base", "mate", "step", "pick", "origin")
_SHAPE = tuple(f.name for f in fields(MLPModel) if f.name != "net_")


def save_arm(folder: Path, fitted: FittedArm, preparation: Preparation) -> None:
    """Write a fitted arm and its preparation into a folder.

    The files are ``arm.json``, ``preparation.npz``, ``recipe.npz`` (where rows were changed), and
    ``model.skops`` or ``model.safetensors``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    values, arrays = preparation.to_state()
    about = {
        "format": FORMAT,
        "arm": [fitted.arm.strategy, fitted.arm.classifier, fitted.arm.params],
        "prior_train": fitted.prior_train.tolist(),
        "prior_fit": fitted.prior_fit.tolist(),
        "seconds": dict(fitted.seconds),
        "notes": fitted.notes,
        "recipe_notes": None if fitted.recipe is None else fitted.recipe.notes,
        "model": _save_model(folder, fitted.model),
        "preparation": values,
    }
    put_arrays(folder / "preparation.npz", arrays)
    if fitted.recipe is not None:
        parts = {name: getattr(fitted.recipe, name) for name in _RECIPE}
        put_arrays(folder / "recipe.npz", parts, packed=True)
    put_json(folder / "arm.json", about, allow_nan=True)


def load_arm(folder: Path) -> tuple[FittedArm, Preparation]:
    """Read what :func:`save_arm` wrote; no code of the file's choosing is run.

    Raises
    ------
    UserError
        When the folder holds no such arm, or its model is made of other types than ours.
    """
    try:
        about = read_json(folder / "arm.json")
        if about["format"] != FORMAT:
            raise UserError(
                f"This model has format {about['format']}, and this version of Rebal reads "
                f"format {FORMAT}; use the version that wrote it."
            )
        preparation = Preparation.from_state(
            about["preparation"], read_arrays(folder / "preparation.npz")
        )
        recipe = None
        if about["recipe_notes"] is not None:
            parts: dict[str, Any] = read_arrays(folder / "recipe.npz")
            recipe = Recipe(**parts, notes=tuple(about["recipe_notes"]))
        strategy, classifier, params = about["arm"]
        arm = Arm(strategy, classifier, tuple((name, _frozen(value)) for name, value in params))
        model = _load_model(folder, about["model"])
    except _UNREADABLE as error:
        raise UserError(
            f"“{folder.name}” holds no model that Rebal can read ({type(error).__name__}); "
            "choose a model.rebal that Rebal has written."
        ) from error
    fitted = FittedArm(
        arm=arm,
        model=model,
        recipe=recipe,
        prior_train=np.array(about["prior_train"]),
        prior_fit=np.array(about["prior_fit"]),
        seconds=about["seconds"],
        notes=tuple(about["notes"]),
    )
    return fitted, preparation


def _save_model(folder: Path, model: Model) -> dict[str, Any]:
    """Write the model's file; return what JSON must say about it."""
    if isinstance(model, MLPModel):
        from safetensors.torch import save_file

        if model.net_ is None:
            raise ValueError("This model has not been fitted.")
        save_file(model.net_.state_dict(), folder / "model.safetensors")
        return {"kind": "mlp", **{name: getattr(model, name) for name in _SHAPE}}
    if isinstance(model, SklearnModel):
        _skops().dump(model.estimator, folder / "model.skops")
        return {"kind": "sklearn", "encoding": model.encoding, "n_classes": model.n_classes}
    raise TypeError(f"{type(model).__name__} cannot be saved")


def _load_model(folder: Path, about: Mapping[str, Any]) -> Model:
    if about["kind"] == "sklearn":
        skops = _skops()
        check_trees()
        estimator = skops.load(folder / "model.skops", trusted=list(TRUSTED))
        return SklearnModel(estimator, about["encoding"], about["n_classes"])
    from safetensors.torch import load_file

    model = MLPModel(**{name: _frozen(about[name]) for name in _SHAPE})
    model.history_ = list(model.history_)
    _refuse_other_sizes(model, folder / "model.safetensors")
    model.net_ = model.new_net()
    model.net_.load_state_dict(load_file(folder / "model.safetensors"))
    model.net_.eval()
    return model


def _skops() -> Any:
    """Import ``skops.io`` without torch and dask.

    It looks through all of scikit-learn for estimators, and on the way through packages that hold
    none and load those two: three of its four seconds.
    """
    aside = [f"sklearn.externals.array_api_compat.{name}" for name in ("torch", "dask")]
    hidden = [name for name in aside if name not in sys.modules]
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(hidden))  # None: as if it were not installed
    try:
        return importlib.import_module("skops.io")
    finally:
        for name in hidden:
            if modules.get(name) is None:
                modules.pop(name, None)


def _refuse_other_sizes(model: MLPModel, path: Path) -> None:
    """Build no network but that whose numbers are in the file, whose length vouches for them."""
    from safetensors import safe_open

    whole = (model.hidden, model.depth, model.width_, *model.cardinalities_, *model.classes_)
    with safe_open(path, framework="numpy") as file:
        held = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    if any(type(size) is not int or size < 0 for size in whole) or 2 * model.depth > len(held):
        raise ValueError("a network of no size")
    if model.shapes() != held:
        raise ValueError("a network of another size than its numbers")


def _frozen(value: Any) -> Any:
    """Return JSON's lists as tuples, however deep."""
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value
