"""``model.rebal``: a fitted arm with all that its numbers need, in a zip without pickle."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rebal_core.data.preparing.preparation import Preparation
from rebal_core.decisions import Policy
from rebal_core.export.archive import MANIFEST, pack, read_foreign, require_format
from rebal_core.export.validate import (
    refuse_bad_numbers,
    refuse_other_columns,
    refuse_strange_forms,
    refuse_unsound,
)
from rebal_core.files import put_json, read_json
from rebal_core.outputs import written
from rebal_core.rows import Floats, Ints
from rebal_core.scratch import scratch
from rebal_core.strategies import FittedArm, load_arm, save_arm
from rebal_core.wording import Names, UserError

FORMAT = 2
#: The only names that a bundle may hold; anything else, any other path too, is refused unread.
_NAMES = re.compile(
    r"manifest\.json|arm\.json|preparation\.npz|(member[0-9]{4}/)?model\.(skops|safetensors|npz|txt)"
)
#: Probabilities of a row sum to 1, but for the rounding of 32 bits.
_OFF = 1e-3
_PACKAGES = (
    "rebal",
    "scikit-learn",
    "imbalanced-learn",
    "lightgbm",
    "numpy",
    "scipy",
    "pandas",
    "torch",
    "tabm",
    "skops",
)
#: Of extras, which need not be there.
_EXTRAS = ("tabicl",)


@dataclass(frozen=True)
class Bundle:
    """A model ready to score rows.

    Parameters
    ----------
    fitted : FittedArm
    preparation : Preparation
    policy : Policy
    classes : tuple of str
        Labels by code.
    manifest : mapping
        Everything else that is told about the model.
    """

    fitted: FittedArm
    preparation: Preparation
    policy: Policy
    classes: tuple[str, ...]
    manifest: Mapping[str, Any]

    def predict_proba(self, frame: pd.DataFrame) -> Floats:
        """Return repaired probabilities, shape (n, K), rows sum to 1."""
        fitted = self.fitted
        proba = fitted.predict_proba(self.preparation.transform(frame))
        if not (np.isfinite(proba).all() and (proba >= 0).all()):
            raise ValueError("probabilities that are none")
        if (np.abs(proba.sum(axis=1) - 1) > _OFF).any():
            raise ValueError("probabilities that do not sum to 1")
        return self.policy.repair.apply(proba, fitted.prior_fit, fitted.prior_train)

    def decide(
        self, proba: Floats, prior: Floats | None = None, amounts: Floats | None = None
    ) -> Ints:
        """Return class codes at the stored cut-off, or at that of another mix.

        Parameters
        ----------
        proba : ndarray of shape (n, K)
            Repaired, and moved to ``prior`` where one is given.
        prior : ndarray of shape (K,), optional
            Class shares of the population; default those of the training rows.
        amounts : ndarray of shape (n,), optional
            What is at risk in each row, where the decision goes by that.
        """
        return self.policy.answers(proba, self.fitted.prior_train, prior, amounts)

    def save(self, path: Path) -> None:
        """Write the bundle, whole or not at all."""
        decision = self.policy.to_dict(self.classes)
        manifest = {**self.manifest, "format": FORMAT, "decision": decision}
        with scratch() as folder, written(path) as (part,):
            # The rows that the model was fitted on are in their own file.
            save_arm(folder, replace(self.fitted, recipe=None), self.preparation)
            put_json(folder / MANIFEST, manifest, indent=2)
            pack(folder, part)


def versions() -> dict[str, str]:
    """Return the versions that a model was fitted with."""
    names = (*_PACKAGES, *(name for name in _EXTRAS if find_spec(name)))
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def load_bundle(path: Path) -> Bundle:
    """Read a ``model.rebal`` that may come from a stranger; nothing in it is ever executed.

    Raises
    ------
    UserError
        When it is no bundle of ours, of another format, or holds anything that does not belong.
    """
    return read_foreign(
        path,
        _NAMES,
        _read,
        UserError("There is no file {path}; name a model.rebal from `rebal export`.", path=path),
        lambda error: UserError(
            "{name} is no model that Rebal can read ({error}); name a model.rebal from "
            "`rebal export`.",
            name=path.name,
            error=error,
        ),
    )


def _read(folder: Path) -> Bundle:
    manifest = read_json(folder / MANIFEST)
    require_format(manifest["format"], FORMAT, folder.name)
    fitted, preparation = load_arm(folder)
    policy, classes = Policy.from_dict(manifest["decision"])
    na = manifest.get("na", [])
    refuse_bad_numbers(len(classes), policy.cutoff, policy.repair.calibration)
    refuse_unsound(fitted, preparation.schema, classes, na)
    refuse_other_columns(preparation)
    refuse_strange_forms(manifest.get("written", {}), manifest.get("decimal_commas", []))
    return Bundle(fitted, preparation, policy, classes, manifest)


def prior_of(bundle: Bundle, asked: Mapping[str, float]) -> Floats:
    """Return the class shares of a new population; classes not named keep their proportions.

    Parameters
    ----------
    bundle : Bundle
    asked : mapping of label to share

    Raises
    ------
    UserError
        When a label is unknown, the model never saw it, or the shares do not go into 1.
    """
    classes, known = bundle.classes, bundle.fitted.prior_train
    for label in asked:
        if label not in classes or known[classes.index(label)] <= 0:
            shown = Names(c for c, p in zip(classes[:10], known, strict=False) if p > 0)
            raise UserError(
                "--prior: the model knows no class “{label}”; it knows {shown}.",
                label=label,
                shown=shown,
            )
    total = sum(asked.values())
    others = np.array([0.0 if c in asked else p for c, p in zip(classes, known, strict=True)])
    if total > 1 + 1e-9 or (others.sum() == 0 and abs(total - 1) > 1e-6):
        raise UserError(
            "--prior: the shares sum to {total:.6g}, and all classes together make 1.", total=total
        )
    given = np.array([asked.get(c, 0.0) for c in classes])
    rest = others / others.sum() * max(0.0, 1 - total) if others.sum() else others
    shares = given + rest
    return np.asarray(shares / shares.sum(), dtype=np.float64)
