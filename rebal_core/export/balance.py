"""A balanced table in the user's own columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from rebal_core.arm import Arm
from rebal_core.data.dataset import Dataset, Labels
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.data.reading.load import require_target
from rebal_core.experiment.settings import settings_of
from rebal_core.experiment.sizes import facts_of
from rebal_core.experiment.splits import group_and_time
from rebal_core.export.holdout import hold_out
from rebal_core.export.tables import ADDED, original_rows, removed_rows, resampled_rows
from rebal_core.room import require_room
from rebal_core.rows import ORIGINAL, Floats, Ints, Recipe
from rebal_core.seeding import child_seed
from rebal_core.strategies import STRATEGIES, Strategies, Strategy, resample, weighed
from rebal_core.strategies.provenance import distances, fits, removed
from rebal_core.strategies.rivals import spread
from rebal_core.wording import Names, Text, Unsuitable, UserError, listed

FORMULA = "p_k = q_k natural_k / balanced_k, divided by the sum of that over all classes k"
_WEIGHED = "How much each row counts stands in “_weight”; give it to the model as sample_weight."


@dataclass(frozen=True)
class Balanced:
    """Balanced training rows, and the untouched test rows where some were held out.

    Parameters
    ----------
    train : pyarrow.Table
        The user's columns, then ``_weight`` and ``_flag`` where rows are weighed or marked, and
        ``_fit`` where some were drawn from one, then ``_origin`` and ``_parents``.
    test : pyarrow.Table or None
        The same columns; every row is an original.
    removed : pyarrow.Table
        The rows that were taken away, with ``_removed_by``, ``_origin`` and ``_parents``.
    natural, balanced : mapping of label to share
        Before and after, of the rows that were balanced; after as they are weighed.
    counts : mapping of label to int
        Rows after.
    notes : tuple of str
        What the user should know, one sentence each.
    """

    train: pa.Table
    test: pa.Table | None
    removed: pa.Table
    natural: Mapping[str, float]
    balanced: Mapping[str, float]
    counts: Mapping[str, int]
    notes: tuple[str, ...]

    def note(self) -> dict[str, Any]:
        """Return natural and new prevalence and the way back, for the metadata of a file."""
        return {
            "natural_prevalence": dict(self.natural),
            "balanced_prevalence": dict(self.balanced),
            "counts": dict(self.counts),
            "undo": FORMULA,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class DrawnFrom:
    """What is told of rows without parents.

    Parameters
    ----------
    fits : sequence of str or None, optional
        From which fit each row was drawn.
    distances : ndarray, optional
        How far it lies from the nearest row of its class.
    """

    fits: Sequence[str | None] | None = None
    distances: Floats | None = None


def balance_table(
    dataset: Dataset,
    strategy: str,
    *,
    params: Mapping[str, Any] | None = None,
    counts: Mapping[str, int] | None = None,
    holdout: float | None = None,
    group: str | None = None,
    time: str | None = None,
    seed: int = 0,
    known: Strategies = STRATEGIES,
) -> Balanced:
    """Balance a table, or the part of it that is not held out.

    Parameters
    ----------
    dataset : Dataset
        With a target.
    strategy : str
        Name or alias.
    params : mapping, optional
        Parameters of the strategy.
    counts : mapping of label to int, optional
        Rows that a class shall have.
    holdout : float, optional
        Share to leave untouched; None balances the whole table.
    group, time : str, optional
        Columns that the held out part respects.
    seed : int
    known : Strategies
        The registry, perhaps with what a user saved.

    Raises
    ------
    UserError
        When the strategy neither changes nor weighs rows, or cannot serve the table.
    """
    require_target(dataset)
    labels = dataset.labels()
    arm = _arm(dataset, labels, known.find(strategy), params or {}, counts or {})
    asked = dict(arm.params).get("counts") or ()
    require_room((n for _label, n in asked), len(dataset.schema.columns))
    rows, test = _parts(dataset, labels, holdout, group, time, seed)
    train, recipe = _train(dataset, labels, arm, rows, seed)
    y, k = labels.y[rows], len(labels.classes)
    gone, steps = removed(arm, recipe)
    before, after = (np.bincount(codes, minlength=k) for codes in (y, recipe.label))
    cleaned = _cleaned(labels, STRATEGIES[arm.strategy], recipe, y)
    weighs = () if recipe.weight is None else (Text(_WEIGHED),)
    notes = (*weighs, *cleaned, *_undone(labels, after, counts or {}), *_told(labels, rows, test))
    return Balanced(
        train=train,
        test=None if test is None else original_rows(dataset, test),
        removed=removed_rows(dataset, rows[gone], steps),
        natural=shares(labels, before),
        balanced=shares(labels, masses(recipe, k)),
        counts=dict(zip(labels.classes, after.tolist(), strict=True)),
        notes=(*recipe.notes, *(note.render() for note in notes)),
    )


def _train(
    dataset: Dataset, labels: Labels, arm: Arm, rows: Ints, seed: int
) -> tuple[pa.Table, Recipe]:
    """Balance some rows; return them in the user's own columns, and how each came about."""
    frame, y = dataset.frame(rows=rows), labels.y[rows]
    fit_seed = child_seed(seed, "prepare balance")
    preparation, typed = Preparation.fit(
        frame, y, dataset.schema, seed=fit_seed, classes=labels.classes
    )
    seed = child_seed(seed, "balance")
    recipe = resample(arm, typed, None, seed=seed)
    recipe = weighed(arm, typed, recipe, seed=seed, n_classes=len(labels.classes))
    assert recipe is not None
    drawn_from = DrawnFrom(fits(arm, recipe, labels.classes, seed), distances(typed, recipe))
    return resampled_rows(dataset, restore(preparation, frame, recipe, rows, drawn_from)), recipe


def restore(
    preparation: Preparation,
    frame: pd.DataFrame,
    recipe: Recipe,
    rows: Ints,
    drawn: DrawnFrom = DrawnFrom(),
) -> pd.DataFrame:
    """Return a resampled set in the user's own columns, whatever these are called.

    A column of the user's that has one of our names keeps it, under another name meanwhile; ours
    stand last.

    Parameters
    ----------
    preparation : Preparation
    frame : DataFrame of n rows
    recipe : Recipe
    rows : ndarray of shape (n,)
        Row numbers of the accepted table.
    drawn : DrawnFrom
    """
    aside = {name: f"{name}\0" for name in ADDED if name in frame}
    if aside:
        schema, numbers = preparation.schema, preparation.numbers
        columns = tuple(replace(c, name=aside.get(c.name, c.name)) for c in schema.columns)
        names = tuple(aside.get(name, name) for name in numbers.names)
        preparation = replace(
            preparation,
            schema=replace(schema, columns=columns),
            numbers=replace(numbers, names=names),
        )
        frame = frame.rename(columns=aside)
    return preparation.restore(frame, recipe, rows, drawn.fits, drawn.distances)


def masses(recipe: Recipe, n_classes: int) -> NDArray[Any]:
    """Return how much the rows of each class weigh together; how many they are, if none weighs."""
    return np.bincount(recipe.label, weights=recipe.weight, minlength=n_classes)


def shares(labels: Labels, counts: NDArray[Any]) -> dict[str, float]:
    """Return the share of each class by its label."""
    return {
        label: float(count / counts.sum())
        for label, count in zip(labels.classes, counts, strict=True)
    }


def _arm(
    dataset: Dataset,
    labels: Labels,
    strategy: Strategy,
    params: Mapping[str, Any],
    counts: Mapping[str, int],
) -> Arm:
    if not strategy.changes_rows and strategy.weights is None:
        raise Unsuitable(
            "{strategy} leaves the table as it is, so there is none to write; use `rebal compare` "
            "and `rebal export` for its model, or choose one that changes it.",
            strategy=strategy.name,
        )
    asked = {**strategy.preset, **settings_of(strategy, params)}
    if counts:
        for label in counts:
            if label not in labels.classes:
                shown = Names(labels.classes[:10])
                raise UserError(
                    "There is no class “{label}” to count; the classes are {shown}.",
                    label=label,
                    shown=shown,
                )
        if "counts" in asked:
            raise UserError("--set counts and --count say the same; give one of them.")
        asked["counts"] = counts
        if "ratio" in asked:
            _refuse_idle_ratio(labels, counts, strategy.family)
    facts = facts_of(dataset, dataset.schema)
    changed = strategy.with_params(asked, facts)
    reason = changed.unsuitable(facts, changed.serves[0])
    if reason:
        raise Unsuitable(
            "{strategy} cannot serve this table: {reason}", strategy=strategy.name, reason=reason
        )
    values = {key: changed.params[key] for key in asked}
    arm = Arm(strategy.made_of or strategy.name, changed.serves[0], tuple(sorted(values.items())))
    if len(spread(arm)) > 1:
        raise UserError("Several amounts make several tables; give one, or compare them first.")
    return arm


def _refuse_idle_ratio(labels: Labels, counts: Mapping[str, int], family: str) -> None:
    """Refuse a ratio when every class that it could change has its rows asked for."""
    fixed = min(labels.counts) if family == "under" else max(labels.counts)
    sizes = zip(labels.classes, labels.counts, strict=True)
    if counts.keys() >= {label for label, size in sizes if size != fixed}:
        raise UserError(
            "The ratio has no class left to act on, because the counts name every class that it "
            "would change; give the ratio or the counts."
        )


def _cleaned(labels: Labels, strategy: Strategy, recipe: Recipe, y: Ints) -> list[Text]:
    """Tell how much of each class a cleaning took away, and how much it flagged."""
    slots = {step.slot for step in strategy.samplers}
    if "clean" not in slots:
        return []
    notes, size = [], len(labels.classes)
    before = np.bincount(y, minlength=size)
    if "under" not in slots:
        own = recipe.origin == ORIGINAL
        gone = before - np.bincount(y[recipe.base[own]], minlength=size)
        notes.append(
            Text(
                "The cleaning took away of each class: {classes}.",
                {"classes": _parts_of(labels, gone, before)},
            )
        )
    if recipe.flag is not None:
        flagged = np.bincount(recipe.label[recipe.flag], minlength=size)
        notes.append(
            Text(
                "Rows that look strange in their class, marked in _flag: {classes}.",
                {"classes": _parts_of(labels, flagged, before)},
            )
        )
    return notes


def _parts_of(labels: Labels, some: Ints, whole: Ints) -> Text | str:
    rows = zip(labels.classes, some.tolist(), whole.tolist(), strict=True)
    told = [f"“{label}” {n:,} / {m:,} ({n / max(m, 1):.1%})" for label, n, m in rows]
    return listed(told, 12)


def _undone(labels: Labels, after: Ints, counts: Mapping[str, int]) -> list[Text]:
    """Tell which classes have other rows than were asked for, because a cleaning took some."""
    written = dict(zip(labels.classes, after.tolist(), strict=True))
    return [
        Text(
            "Class “{label}” has {rows:,} rows, not the {asked:,} asked for: the cleaning took "
            "some away.",
            {"label": label, "rows": written[label], "asked": asked},
        )
        for label, asked in counts.items()
        if written[label] < asked
    ]


def _parts(
    dataset: Dataset,
    labels: Labels,
    holdout: float | None,
    group: str | None,
    time: str | None,
    seed: int,
) -> tuple[Ints, Ints | None]:
    if holdout is None:
        return np.flatnonzero(labels.y >= 0), None
    return hold_out(labels.y, holdout, **group_and_time(dataset, group, time), seed=seed)


def _told(labels: Labels, rows: Ints, test: Ints | None) -> tuple[Text, ...]:
    notes = []
    if test is None:
        notes.append(
            Text(
                "The whole table was balanced: a model tested on these rows will look better "
                "than it is, so test it on rows that are not in this file, or use --holdout."
            )
        )
    left = len(labels.y) - len(rows) - (0 if test is None else len(test))
    if left:
        notes.append(
            Text("One row without label or time, or of a held-out group, is left out.")
            if left == 1
            else Text(
                "{left:,} rows without label or time, or of held-out groups, are left out.",
                {"left": left},
            )
        )
    return tuple(notes)
