"""``model.rebal``: a fitted arm with all that its numbers need, in a zip without pickle."""

from __future__ import annotations

import json
import platform
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rebal_core.data.prepare import Preparation
from rebal_core.decisions import (
    Repair,
    Tallies,
    moved,
    parse_rule,
    plain_number,
    predict,
    tune_tallies,
)
from rebal_core.export.sound import (
    refuse_bad_numbers,
    refuse_strange_forms,
    refuse_strange_rule,
    refuse_unsound,
)
from rebal_core.outputs import written
from rebal_core.rows import Floats, Ints
from rebal_core.scratch import scratch
from rebal_core.strategies import FittedArm, load_arm, save_arm
from rebal_core.wording import UserError

FORMAT = 2
MANIFEST = "manifest.json"
#: The only names that a bundle may hold; anything else, a path above all, is refused unread.
_NAMES = frozenset({MANIFEST, "arm.json", "preparation.npz", "model.skops", "model.safetensors"})
#: Unpacked bytes of a bundle, and of the archives inside it, at most.
_MOST_BYTES = 4 * 2**30
#: Of its JSON, which takes some twenty times as much in memory, by file.
_MOST_JSON = {MANIFEST: 2**24, "arm.json": 2**27, "schema.json": 2**27}
#: Unpacked bytes for a packed one: numbers that were learned do not shrink to nothing.
_MOST_SHRUNK, _SMALL = 200, 2**20
#: Probabilities of a row sum to 1, but for the rounding of 32 bits.
_OFF = 1e-3
_PACKAGES = ("rebal", "scikit-learn", "imbalanced-learn", "numpy", "pandas", "torch", "skops")


@dataclass(frozen=True)
class Rules:
    """How a model's probabilities are put right and turned into an answer.

    Parameters
    ----------
    classes : tuple of str
        Labels by code.
    positive : int
        Code of the class in focus.
    repair : Repair
    cutoff : float
        Two classes: the threshold of the class in focus. Many: the exponent tau.
    rule : str or None
        What it was tuned for; None in a file of before this was kept.
    tallies : Tallies or None
        Two classes: what other cut-offs do on the held-out rows that it was tuned on.
    """

    classes: tuple[str, ...]
    positive: int
    repair: Repair
    cutoff: float
    rule: str | None = None
    tallies: Tallies | None = None

    @property
    def retuned(self) -> bool:
        """Whether the cut-off can be chosen again for another mix, by the same rule."""
        return self.tallies is not None and self.rule not in (None, "none")

    def cutoff_at(self, before: Floats, after: Floats) -> float:
        """Return the cut-off for rows of another mix, whose probabilities were moved to it.

        A threshold of .5 (rule ``none``) says of every row what is likelier, in any mix. One that
        was tuned depends on how common the class is, which cut-off has the best F1 does above all:
        it is chosen again by its rule, from what the held-out rows did at each. Where these are not
        known it is moved as the probabilities are, so that it picks the rows that it picked. The
        exponent of many classes goes with the shares that it is used on.

        Parameters
        ----------
        before, after : ndarray of shape (K,)
            Class shares in training, and of the rows.
        """
        share = float(after[self.positive])
        stays = len(self.classes) > 2 or self.rule == "none" or not 0 < share < 1
        if stays or np.array_equal(before, after):
            return self.cutoff
        tuned = None
        if self.tallies is not None and self.rule is not None:
            tuned = tune_tallies(self.tallies, parse_rule(self.rule), share)
        return moved(tuned.value if tuned else self.cutoff, before, after, self.positive)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        binary = len(self.classes) == 2
        return {
            "classes": list(self.classes),
            "positive": self.classes[self.positive],
            "repair": self.repair.to_dict(),
            "threshold": self.cutoff if binary else None,
            "tau": None if binary else self.cutoff,
            "rule": self.rule,
            "tallies": self.tallies.to_dict() if self.tallies else None,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Rules:
        """Rebuild what :meth:`to_dict` wrote."""
        classes = tuple(str(label) for label in values["classes"])
        cutoff = values["threshold"] if len(classes) == 2 else values["tau"]
        rule, tallies = values.get("rule"), values.get("tallies")
        if rule is not None:
            refuse_strange_rule(rule, len(classes))
        return cls(
            classes=classes,
            positive=classes.index(values["positive"]),
            repair=Repair.from_dict(values["repair"]),
            cutoff=plain_number(cutoff),
            rule=rule,
            tallies=Tallies.from_dict(tallies) if tallies and len(classes) == 2 else None,
        )


@dataclass(frozen=True)
class Bundle:
    """A model ready to score rows.

    Parameters
    ----------
    fitted : FittedArm
    preparation : Preparation
    rules : Rules
    manifest : mapping
        Everything else that is told about the model.
    """

    fitted: FittedArm
    preparation: Preparation
    rules: Rules
    manifest: Mapping[str, Any]

    def predict_proba(self, frame: pd.DataFrame) -> Floats:
        """Return repaired probabilities, shape (n, K), rows sum to 1."""
        fitted = self.fitted
        proba = fitted.predict_proba(self.preparation.transform(frame))
        if not (np.isfinite(proba).all() and (proba >= 0).all()):
            raise ValueError("probabilities that are none")
        if (np.abs(proba.sum(axis=1) - 1) > _OFF).any():
            raise ValueError("probabilities that do not sum to 1")
        return self.rules.repair.apply(proba, fitted.prior_fit, fitted.prior_train)

    def decide(self, proba: Floats, prior: Floats | None = None) -> Ints:
        """Return class codes at the stored cut-off, or at that of another mix.

        Parameters
        ----------
        proba : ndarray of shape (n, K)
            Repaired, and moved to ``prior`` where one is given.
        prior : ndarray of shape (K,), optional
            Class shares of the population; default those of the training rows.
        """
        before = self.fitted.prior_train
        shares = before if prior is None else prior
        return predict(proba, self.rules.cutoff_at(before, shares), shares, self.rules.positive)

    def save(self, path: Path) -> None:
        """Write the bundle, whole or not at all."""
        manifest = {**self.manifest, "format": FORMAT, "decision": self.rules.to_dict()}
        with scratch() as folder, written(path) as (part,):
            # The rows that the model was fitted on are in their own file.
            save_arm(folder, replace(self.fitted, recipe=None), self.preparation)
            text = json.dumps(manifest, ensure_ascii=False, indent=2, allow_nan=False)
            (folder / MANIFEST).write_text(text, encoding="utf-8")
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                for file in sorted(folder.iterdir()):
                    archive.write(file, file.name)


def versions() -> dict[str, str]:
    """Return the versions that a model was fitted with."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def load_bundle(path: Path) -> Bundle:
    """Read a ``model.rebal`` that may come from a stranger; nothing in it is ever executed.

    Raises
    ------
    UserError
        When it is no bundle of ours, of another format, or holds anything that does not belong.
    """
    if not path.is_file():
        raise UserError(f"There is no file {path}; name a model.rebal from `rebal export`.")
    try:
        with _unpacked(path) as folder:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if manifest["format"] != FORMAT:
                raise UserError(
                    f"{path.name} has format {manifest['format']}, and this version of Rebal reads "
                    f"format {FORMAT}; use the version that wrote it."
                )
            fitted, preparation = load_arm(folder)
            rules = Rules.from_dict(manifest["decision"])
            na = manifest.get("na", [])
            refuse_bad_numbers(len(rules.classes), rules.cutoff, rules.repair.calibration)
            refuse_unsound(fitted, preparation.schema, rules.classes, na)
            refuse_strange_forms(manifest.get("written", {}), manifest.get("decimal_commas", []))
            return Bundle(fitted, preparation, rules, manifest)
    except UserError:
        raise
    except Exception as error:
        # Whatever a foreign file makes a reader stumble over is the file's fault.
        raise UserError(
            f"{path.name} is no model that Rebal can read ({type(error).__name__}); name a "
            "model.rebal from `rebal export`."
        ) from error


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    with zipfile.ZipFile(path) as archive, scratch() as work:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        if not _NAMES.issuperset(names) or len(set(names)) < len(names):
            strange = next((n for n in names if n not in _NAMES), names[0])
            raise UserError(
                f"{path.name} holds “{strange[:60]}”, which does not belong into a model; it was "
                "not read."
            )
        _refuse_huge(entries, path)
        folder = work / path.name  # whoever complains of the folder names the file
        folder.mkdir()
        for entry in entries:
            with archive.open(entry) as source, (folder / entry.filename).open("wb") as to:
                shutil.copyfileobj(source, to)
        for name in names:
            inner = folder / name
            if inner.suffix in (".npz", ".skops"):
                with zipfile.ZipFile(inner) as nested:
                    _refuse_huge(nested.infolist(), path)
        yield folder


def _refuse_huge(entries: Sequence[zipfile.ZipInfo], path: Path) -> None:
    # zipfile never gives out more than these sizes say.
    size = sum(entry.file_size for entry in entries)
    shrunk = size > _SMALL + _MOST_SHRUNK * sum(entry.compress_size for entry in entries)
    words = any(entry.file_size > _MOST_JSON.get(entry.filename, size) for entry in entries)
    if size > _MOST_BYTES or shrunk or words:
        raise UserError(
            f"{path.name} unpacks to {size / 2**20:,.0f} MB, more than a model may have; it was "
            "not read."
        )


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
    classes, known = bundle.rules.classes, bundle.fitted.prior_train
    for label in asked:
        if label not in classes or known[classes.index(label)] <= 0:
            shown = ", ".join(c for c, p in zip(classes[:10], known, strict=False) if p > 0)
            raise UserError(f"--prior: the model knows no class “{label}”; it knows {shown}.")
    total = sum(asked.values())
    others = np.array([0.0 if c in asked else p for c, p in zip(classes, known, strict=True)])
    if total > 1 + 1e-9 or (others.sum() == 0 and abs(total - 1) > 1e-6):
        raise UserError(f"--prior: the shares sum to {total:.6g}, and all classes together make 1.")
    given = np.array([asked.get(c, 0.0) for c in classes])
    rest = others / others.sum() * max(0.0, 1 - total) if others.sum() else others
    shares = given + rest
    return np.asarray(shares / shares.sum(), dtype=np.float64)
