"""``rebal export``: the data and the model of one arm, with all that proves its numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.codes import STATES, VERDICTS
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.evaluation.synthetic.told import judgement_report
from rebal_core.experiment.arm_result import ArmResult, open_arm
from rebal_core.experiment.made_rows import stored
from rebal_core.export.balance import FORMULA, DrawnFrom, masses, restore, shares
from rebal_core.export.bundle import Bundle, versions
from rebal_core.export.generator import GENERATOR, SavedGenerator, generates, generator_of
from rebal_core.export.tables import original_rows, removed_rows, resampled_rows, write_table
from rebal_core.files import put_json
from rebal_core.outputs import written_folder
from rebal_core.rows import ORIGINS
from rebal_core.schema import key_name
from rebal_core.seeding import child_seed
from rebal_core.store import Store
from rebal_core.strategies import (
    fit_arm,
    strategy_of,
    takes_unlabelled,
    unlabelled_rows,
    weighed,
)
from rebal_core.strategies.provenance import distances, fits
from rebal_core.strategies.provenance import removed as taken_away
from rebal_core.wording import Text, UserError, listed

Progress = Callable[[float], None]
#: The training rows that a strategy took away.
REMOVED = "removed.parquet"
_NAMES = ("train_balanced.parquet", "test_untouched.parquet", "model.rebal", "arms.csv")


@dataclass(frozen=True)
class Exported:
    """What an export wrote of which arm, and what the user should know of it."""

    arm: str
    files: tuple[Path, ...]
    notes: tuple[str, ...]


def export_run(
    store: Store,
    run: int,
    to: Path,
    *,
    arm: str | None = None,
    refit: bool = False,
    removed: bool = False,
    progress: Progress | None = None,
) -> Exported:
    """Write data and model of one arm of a run into a folder.

    Parameters
    ----------
    store : Store
    run : int
    to : Path
        Folder, made if absent; files of the same names are replaced.
    arm : str, optional
        Default: the run's best arm.
    refit : bool
        Add ``model_refit.rebal``, fitted on all labelled rows, with the cut-off of all held-out
        ones. Its own numbers cannot be measured any more.
    removed : bool
        Add ``removed.parquet``: the rows that the strategy took away, and which step did.
    progress : callable, optional
        Receives the finished share.

    Raises
    ------
    UserError
        When there is nothing to export, or the folder cannot be written.
    """
    tell = progress or (lambda share: None)
    result = open_arm(store, run, arm)
    policy, classes = result.policy, result.labels.classes
    _spare_the_source(result, to, export_names(refit, removed, generates(result.arm.arm)))
    tell(0.3)
    train, gone, after = _balanced(result)
    generator = _generator(result)
    manifest = _manifest(result, run, after)
    manifest["generator"] = generator and list(generator.learned)
    names = export_names(refit, removed, generator is not None)
    tell(0.5)
    with written_folder(to, names) as parts:
        _write_rows(result, parts, manifest, train, gone)
        tell(0.7)
        bundle = Bundle(result.fitted, result.preparation, policy, classes, manifest)
        bundle.save(parts["model.rebal"])
        write_table(arms_table(result.report), parts["arms.csv"])
        if generator is not None:
            generator.save(parts[GENERATOR])
        if refit:
            _refit(result, manifest, parts["model_refit.rebal"])
        manifest |= {"decision": replace(policy, tallies=None).to_dict(classes), "files": names}
        manifest |= _judged(store, run, result)
        put_json(parts["manifest.json"], manifest, indent=2)
    tell(1.0)
    return Exported(result.called, tuple(to / n for n in names), tuple(manifest["notes"]))


def _write_rows(
    result: ArmResult,
    parts: Mapping[str, Path],
    manifest: Mapping[str, Any],
    train: pa.Table,
    gone: pa.Table,
) -> None:
    """Write the rows that were learned from, those of the test, and those removed if asked for."""
    test = original_rows(result.dataset, result.split.test)
    for name, table in zip((*_NAMES[:2], REMOVED), (train, test, gone), strict=True):
        if name in parts:
            write_table(table, parts[name], manifest)


def export_names(refit: bool, removed: bool = False, generator: bool = False) -> list[str]:
    """Return the names of the files that an export writes."""
    more = [REMOVED] * removed + [GENERATOR] * generator + ["model_refit.rebal"] * refit
    return [*_NAMES, *more, "manifest.json"]


def _spare_the_source(result: ArmResult, to: Path, names: Sequence[str]) -> None:
    """Refuse a folder in which the table itself, as it was read, would be replaced."""
    source = result.dataset.source
    name = source.get("file")
    file = to / str(name)
    if name in names and file.is_file() and file.stat().st_size == source.get("bytes"):
        raise UserError("--to would overwrite the data “{file}”; choose another folder.", file=file)


def arms_table(report: Mapping[str, Any]) -> pa.Table:
    """Return one row an arm: every score with its interval, the verdict, times."""
    rows: list[dict[str, Any]] = []
    for arm in report["arms"]:
        row = {name: arm[name] for name in ("arm", "strategy", "classifier", "status", "reason")}
        row["status"] = STATES[arm["status"]].render()
        params = arm.get("params")  # a report of before these were told has none
        row["params"] = json.dumps(params, ensure_ascii=False) if params else None
        verdict = arm["verdict"] or {}
        row["verdict"] = VERDICTS[verdict["code"]].render() if verdict else None
        row |= {name: verdict.get(name) for name in ("delta", "low", "high", "p")}
        row["threshold"] = arm["threshold"]
        repair = arm["repair"] or {}
        row |= {"repair": repair.get("name"), "trusted": repair.get("trusted")}
        stood = arm.get("robustness") or {}
        row["attacked_recall"] = stood["recall"]["mean"] if stood else None
        at = arm["at"]
        groups = {"": arm["metrics"], "tuned_": at["tuned"], "default_": at["default"]}
        for prefix, scores in groups.items():
            for name, score in scores.items():
                row |= {
                    f"{prefix}{name}": score["mean"],
                    f"{prefix}{name}_low": score["low"],
                    f"{prefix}{name}_high": score["high"],
                }
        row |= {f"{part}_seconds": seconds for part, seconds in arm["seconds"].items()}
        rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: [row.get(name) for row in rows] for name in names})


def _balanced(result: ArmResult) -> tuple[pa.Table, pa.Table, np.ndarray]:
    """Return the rows that the model was fitted on, those removed, and how many by class.

    Where rows are weighed, it is how weighty they are.
    """
    rows, k = result.split.train, len(result.labels.classes)
    y, arm, recipe = result.labels.y[rows], result.arm.arm, result.fitted.recipe
    frame, seed = result.dataset.frame(rows=rows), result.seed
    if strategy_of(arm).weights is not None:
        typed = result.preparation.transform(frame, y)
        recipe = weighed(arm, typed, recipe, seed=seed, n_classes=k)
    if recipe is None:
        none = removed_rows(result.dataset, rows[:0], ())
        return original_rows(result.dataset, rows), none, np.bincount(y, minlength=k)
    drawn_from = DrawnFrom()
    if recipe.drawn_by is not None:
        typed = result.preparation.transform(frame, y)
        told = fits(arm, recipe, result.labels.classes, seed)
        drawn_from = DrawnFrom(told, distances(typed, recipe))
    frame = restore(result.preparation, frame, recipe, rows, drawn_from)
    gone, steps = taken_away(arm, recipe)
    left_out = removed_rows(result.dataset, rows[gone], steps)
    return resampled_rows(result.dataset, frame), left_out, masses(recipe, k)


def _judged(store: Store, run: int, result: ArmResult) -> dict[str, Any]:
    """Return what was found of the made rows, where somebody has had them judged."""
    found = stored(store, run, result.name)
    return {} if found is None else {"synthetic": judgement_report(found.judgement)}


def _generator(result: ArmResult) -> SavedGenerator | None:
    """Learn once more what the arm's generator learned: the same rows, the same seed."""
    split, arm = result.split, result.arm.arm
    if not generates(arm):
        return None
    frame, y = result.dataset.frame(rows=split.train), result.labels.y[split.train]
    typed, seed = result.preparation.transform(frame, y), result.seed
    return generator_of(arm, result.dataset, result.labels, result.preparation, frame, typed, seed)


def _manifest(result: ArmResult, run: int, after: np.ndarray) -> dict[str, Any]:
    plan, dataset, labels, split = result.plan, result.dataset, result.labels, result.split
    names = (result.called, result.name)  # a report of before has the stored one
    told = next(arm for arm in result.report["arms"] if arm["arm"] in names)
    before = np.bincount(labels.y[split.train], minlength=len(labels.classes))
    return {
        "run": run,
        "arm": result.called,
        "strategy": result.arm.arm.strategy,
        "classifier": result.arm.arm.classifier,
        "params": result.arm.arm.labelled(labels.classes),
        "versions": versions(),
        "dataset": {
            "name": dataset.name,
            "rows": dataset.rows,
            "target": dataset.schema.target,
            "fingerprint": plan.fingerprint,
        },
        "schema": [
            {"name": c.name, "kind": c.kind, "role": c.role} for c in dataset.schema.columns
        ],
        "na": list(dataset.source.get("na", ())),
        "written": dict(dataset.source.get("written", {})),
        "protocol": asdict(plan.protocol),
        "split": {
            "repeat": split.repeat + 1,
            "fold": split.fold + 1,
            "train_rows": len(split.train),
            "test_rows": len(split.test),
        },
        "repair": told["repair"],
        "fold_metrics": result.metrics(),
        "run_metrics": {"metrics": told["metrics"], "at": told["at"]},
        "natural_prevalence": shares(labels, before),
        "balanced_prevalence": shares(labels, after),
        "fitted_prevalence": _by_label(result, result.fitted.prior_fit),
        "origins": _origins(result),
        "undo": FORMULA,
        "notes": _notes(result),
    }


def _origins(result: ArmResult) -> dict[str, dict[str, int]]:
    """Return how many rows of each class come from where; of untreated rows all are original."""
    recipe, size = result.fitted.recipe, len(result.labels.classes)
    labels = result.labels.y[result.split.train] if recipe is None else recipe.label
    origin = np.zeros(len(labels), dtype=np.int8) if recipe is None else recipe.origin
    found = {}
    for code, name in enumerate(ORIGINS):
        counts = np.bincount(labels[origin == code], minlength=size)
        some = zip(result.labels.classes, counts.tolist(), strict=True)
        if counts.any():
            found[name] = {label: n for label, n in some if n}
    return found


def _by_label(result: ArmResult, values: Sequence[float] | np.ndarray) -> dict[str, float]:
    return {label: float(value) for label, value in zip(result.labels.classes, values, strict=True)}


def _notes(result: ArmResult) -> list[str]:
    notes = list(result.fitted.notes)
    if (rates := result.preparation.schema.rates) is not None:
        keys = listed([f"“{key_name(key)}”" for key in rates.keys], 4)
        notes.append(
            Text(
                "The model holds the times and the counted labels of each {keys} among its "
                "training rows, by which new rows are told their past.",
                {"keys": keys},
            ).render()
        )
    weighs = strategy_of(result.arm.arm).weights is not None
    if weighs:
        notes.append(
            Text(
                "This strategy weighs rows: “_weight” in train_balanced.parquet says how much each "
                "counts."
            ).render()
        )
    if result.fitted.recipe is None and not weighs:
        notes.append(
            Text(
                "This strategy leaves the table as it is: train_balanced.parquet holds the "
                "training rows unchanged."
            ).render()
        )
    elif CLASSIFIERS[result.arm.arm.classifier].holds_out:
        notes.append(
            Text(
                "This classifier stops its training by rows that it holds out: they stand in "
                "neither file."
            ).render()
        )
    return notes


def _refit(result: ArmResult, manifest: Mapping[str, Any], path: Path) -> None:
    """Fit the arm on all labelled rows."""
    labels, dataset, seed = result.labels, result.dataset, result.plan.protocol.seed
    rows = np.flatnonzero(labels.y >= 0)
    preparation, typed = Preparation.fit(
        dataset.frame(rows=rows),
        labels.y[rows],
        dataset.schema,
        seed=child_seed(seed, "prepare", "refit"),
        classes=labels.classes,
    )
    unlabelled = None
    if takes_unlabelled(result.arm.arm) and labels.missing:
        free = unlabelled_rows(labels.y, seed)
        unlabelled = preparation.transform(dataset.frame(rows=free), labels.y[free])
    fitted = fit_arm(
        result.arm.arm,
        typed,
        seed=child_seed(seed, "refit"),
        n_classes=len(labels.classes),
        unlabelled=unlabelled,
        values=preparation.values,
    )
    note = Text("Fitted on all labelled rows; its numbers are those of the cross-validation.")
    about = {
        **manifest,
        "split": None,
        "fold_metrics": None,
        "notes": [note.render(), *fitted.notes],
    }
    about["fitted_prevalence"] = _by_label(result, fitted.prior_fit)
    policy = result.policy_of_all_rows
    Bundle(fitted, preparation, policy, labels.classes, about).save(path)
