"""Fitted arms on disk, without pickle: skops with a fixed list of types, safetensors, JSON, npz."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from rebal_core import classifiers
from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.ensembles import EnsembleModel, StackingModel
from rebal_core.files import put_arrays, put_json, read_arrays, read_json
from rebal_core.model import Model
from rebal_core.rows import Recipe
from rebal_core.strategies.base import STRATEGIES
from rebal_core.strategies.fit import FittedArm
from rebal_core.trouble import told_as
from rebal_core.wording import UserError

FORMAT = 1

#: Models by the name under which a file tells them.
MODELS: dict[str, type[Model]] = {
    **classifiers.MODELS,
    **{model.kind: model for model in (EnsembleModel, StackingModel)},
}


def trusted() -> tuple[str, ...]:
    """Return the only types, beside those that skops itself trusts, that a model may hold.

    The list is ours, told by the classifiers and steps: what a file asks for is never looked at.
    """
    steps = [step for strategy in STRATEGIES for step in strategy.steps]
    return tuple(sorted({name for spec in (*CLASSIFIERS, *steps) for name in spec.trusted}))


def save_arm(folder: Path, fitted: FittedArm, preparation: Preparation) -> None:
    """Write a fitted arm and its preparation into a folder.

    The files are ``arm.json``, ``preparation.npz``, ``recipe.npz`` (where rows were changed), and
    what the model writes: ``model.skops``, ``.safetensors``, ``.npz`` or ``.txt``; of an ensemble
    these in a folder for each member.
    """
    folder.mkdir(parents=True, exist_ok=True)
    values, arrays = preparation.to_state()
    about = {
        "format": FORMAT,
        "arm": asdict(fitted.arm),
        "prior_train": fitted.prior_train.tolist(),
        "prior_fit": fitted.prior_fit.tolist(),
        "seconds": dict(fitted.seconds),
        "notes": fitted.notes,
        "recipe_notes": None if fitted.recipe is None else fitted.recipe.notes,
        "model": {"kind": fitted.model.kind, **fitted.model.save(folder)},
        "preparation": values,
    }
    put_arrays(folder / "preparation.npz", arrays)
    if fitted.recipe is not None:
        parts: dict[str, Any] = fitted.recipe.to_arrays()
        put_arrays(folder / "recipe.npz", parts, packed=True)
    put_json(folder / "arm.json", about, allow_nan=True)


def load_arm(folder: Path) -> tuple[FittedArm, Preparation]:
    """Read what :func:`save_arm` wrote; no code of the file's choosing is run.

    Raises
    ------
    UserError
        When the folder holds no such arm, or its model is made of other types than ours.
    """
    with told_as(
        lambda error: UserError(
            "“{name}” holds no model that Rebal can read ({error}); choose a model.rebal that "
            "Rebal has written.",
            name=folder.name,
            error=error,
        )
    ):
        return _loaded(folder)


def _loaded(folder: Path) -> tuple[FittedArm, Preparation]:
    about = read_json(folder / "arm.json")
    if about["format"] != FORMAT:
        raise UserError(
            "This model has format {format}, and this version of Rebal reads format {own}; use "
            "the version that wrote it.",
            format=about["format"],
            own=FORMAT,
        )
    preparation = Preparation.from_state(
        about["preparation"], read_arrays(folder / "preparation.npz")
    )
    recipe = None
    if about["recipe_notes"] is not None:
        recipe = Recipe.from_arrays(read_arrays(folder / "recipe.npz"), about["recipe_notes"])
    arm = _arm(about["arm"])
    told = {"explains": CLASSIFIERS[arm.classifier].explain, **about["model"]}
    model = MODELS[told["kind"]].load(folder, told, trusted())
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


def _arm(told: Any) -> Arm:
    """Return the arm that a file tells; before classifiers had settings it was a list."""
    return Arm.from_dict(told if isinstance(told, dict) else dict(zip(_ARM, told, strict=True)))


_ARM = ("strategy", "classifier", "params")
