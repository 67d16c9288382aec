"""What a run keeps of its judgement: files beside its report, read back when they are looked at.

``evaluation`` holds everything but the curves; ``curves/CODE`` those of one class. Each is a folder
with plain values as JSON and one array that is memory-mapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rebal_core.arm import Protocol
from rebal_core.evaluation import ArmCells, Evaluation, build_report
from rebal_core.evaluation.curves import ClassCurves
from rebal_core.evaluation.stored import evaluation_from, evaluation_state, from_state, state_of
from rebal_core.experiment.files import Damaged, reading
from rebal_core.files import open_array, put_array, put_json, read_json, remove, write_once
from rebal_core.rows import Floats

#: Of so many classes the curves are made when a run is judged; of others when they are asked for.
MOST_DRAWN = 10


def drawn_classes(evaluation: Evaluation) -> list[int]:
    """Return the codes of the classes whose curves are made at once.

    Both of two; of many the one under claim, and those that the best untreated arm finds worst.
    """
    best = evaluation.run.best_untreated
    if not evaluation.decisions:
        return []
    if best is None:
        order = list(range(len(evaluation.classes)))[::-1]
    else:
        f1 = evaluation.per_class(best)["f1"].fillna(0.0).to_numpy()
        order = [int(code) for code in np.argsort(f1, kind="stable")]
    return list(dict.fromkeys([evaluation.focus, *order]))[:MOST_DRAWN]


def save_evaluation(run_folder: Path, evaluation: Evaluation) -> None:
    """Write an evaluation in the place of an earlier one."""
    _save(run_folder / "evaluation", *evaluation_state(evaluation))


def save_curves(run_folder: Path, label: int, curves: ClassCurves) -> None:
    """Write the curves of a class in the place of earlier ones."""
    _save(run_folder / "curves" / str(label), *state_of(curves))


def load_evaluation(
    run_folder: Path, protocol: Protocol, arms: Mapping[str, ArmCells], trusted: tuple[str, ...]
) -> Evaluation | None:
    """Return the evaluation of a run; None where it is missing, damaged, or not of this code.

    Parameters as :func:`rebal_core.evaluation.stored.evaluation_from` takes them.
    """
    found = _load(run_folder / "evaluation")
    if found is None:
        return None
    try:
        with reading(run_folder / "evaluation"):
            evaluation = evaluation_from(*found, protocol, arms, trusted)
            build_report(evaluation)  # of another version is also what nothing can be told of
            return evaluation
    except Damaged:
        return None


def load_curves(run_folder: Path, label: int) -> ClassCurves | None:
    """Return the curves of a class; None where they are missing or damaged."""
    found = _load(run_folder / "curves" / str(label))
    if found is None:
        return None
    try:
        with reading(run_folder):
            return from_state(ClassCurves, *found)
    except Damaged:
        return None


def _save(folder: Path, state: Any, numbers: Floats) -> None:
    def write(temporary: Path) -> None:
        temporary.mkdir()
        put_json(temporary / "values.json", state)
        put_array(temporary / "numbers.npy", numbers)

    remove(folder)
    write_once(folder, write)


def _load(folder: Path) -> tuple[Any, Floats] | None:
    try:
        with reading(folder):
            numbers = open_array(folder / "numbers.npy")
            if numbers.dtype != np.float64 or numbers.ndim != 1:
                raise ValueError("an array of another kind")
            return read_json(folder / "values.json"), numbers
    except Damaged:
        return None
