"""Explain one fitted arm: the right method for its model, checked against its own output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rebal_core.arm import Split
from rebal_core.data.dataset import Dataset
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.decisions import Policy
from rebal_core.explain import permutation
from rebal_core.explain.additive import additive_of
from rebal_core.explain.explanation import Explanation
from rebal_core.explain.outputs import OutputMap
from rebal_core.explain.sample import EXPLAINED, background_rows, explained_rows
from rebal_core.rows import Floats, TypedRows
from rebal_core.seeding import generator
from rebal_core.strategies.fit import FittedArm
from rebal_core.wording import Text, Unsuitable

#: Values that miss the model's own output by more are not shown.
TOLERANCE = 1e-3
#: Rows explained at once, so that progress shows and a cancel is heard.
_CHUNK = 20
#: Predictions that a walk over permutations may cost.
_BUDGET = 4_000_000

Progress = Callable[[float], None]


def explain_arm(
    fitted: FittedArm,
    preparation: Preparation,
    dataset: Dataset,
    split: Split,
    *,
    label: str,
    policy: Policy,
    seed: int,
    rows: int = EXPLAINED,
    progress: Progress | None = None,
) -> Explanation:
    """Explain the repaired probability of one class on test rows of one fold.

    Every arm of a run gets the same background, 100 training rows at natural prevalence, and the
    same explained rows, half of the shown class where there are so many.

    Parameters
    ----------
    fitted, preparation
        Fitted on the training rows of ``split``.
    label : str
        The shown class.
    policy : Policy
        The fold's own.
    seed : int
        Of the run.
    rows : int
        Test rows to explain, at most; fewer where a model is costly, which a note tells.
    progress : callable, optional
        Receives the finished share; what it raises ends the work.

    Raises
    ------
    Unsuitable
        When the arm cannot be explained, or its values miss its own output by ``TOLERANCE``.
    """
    labels = dataset.labels()
    kind, code = _kind(fitted, labels.classes), labels.classes.index(label)
    players = preparation.players
    behind = background_rows(split, seed)
    each = len(behind) * (len(players) + 1)
    rows, notes = _affordable(rows, split, each) if kind == "permutation" else (rows, ())
    numbers, weight = explained_rows(labels.y, split, code, seed, rows)
    shown = dataset.frame(rows=numbers)
    x = preparation.transform(shown)
    b = preparation.transform(dataset.frame(rows=behind))
    job = _Job(fitted, players, code, policy, generator(seed, "walks"), progress)
    values = job.net(x, b) if kind == "permutation" else job.additive(x, b)
    output, base = job.probability(x), float(job.probability(b).mean())
    error = float(np.abs(values.sum(axis=1) + base - output).max())
    _refuse_missed(error, fitted.arm.called(labels.classes))
    return Explanation(
        fitted.arm.name, label, players, numbers, values, base, output, weight,
        method=kind, error=error, notes=notes, told=preparation.told(shown),
    )  # fmt: skip


def _refuse_missed(error: float, arm: str) -> None:
    if not error <= TOLERANCE:
        raise Unsuitable(
            "The values of {arm} miss its own output by {error:.2g} and are not shown.",
            arm=arm,
            error=error,
        )


def _affordable(rows: int, split: Split, each: int) -> tuple[int, tuple[str, ...]]:
    """Return how many rows can be explained where one costs so many predictions, and a note."""
    affordable = max(10, _BUDGET // each)
    if affordable >= min(rows, len(split.test)):
        return rows, ()
    note = Text(
        "{affordable} rows are explained; more would take too long with this model.",
        {"affordable": affordable},
    )
    return affordable, (note.render(),)


def _kind(fitted: FittedArm, classes: Sequence[str]) -> str:
    kind = fitted.model.explains
    if kind == "none":
        raise Unsuitable(
            "{arm} looks at no column, so there is nothing to explain.",
            arm=fitted.arm.called(classes),
        )
    return kind


@dataclass
class _Job:
    """One arm and one class."""

    fitted: FittedArm
    players: tuple[str, ...]
    label: int
    policy: Policy
    rng: np.random.Generator
    progress: Progress | None

    def probability(self, rows: TypedRows) -> Floats:
        """Return the explained function by the same code that decided in the run."""
        fitted = self.fitted
        proba = fitted.predict_proba(rows)
        return self.policy.repair.apply(proba, fitted.prior_fit, fitted.prior_train)[:, self.label]

    def net(self, rows: TypedRows, background: TypedRows) -> Floats:
        """Walk over permutations."""
        return permutation.shapley(
            self.probability, rows, background, self.players, self.rng, self.progress
        )

    def additive(self, rows: TypedRows, background: TypedRows) -> Floats:
        """Compute exactly, on the outputs in which the model is additive."""
        model = additive_of(self.fitted.model)
        x, b = model.matrix(rows), model.matrix(background)
        place = {name: j for j, name in enumerate(self.players)}
        player = np.array([place[name] for name in model.players(rows.layout)], dtype=np.int64)
        raw_x, raw_b = model.raw(x), model.raw(b)
        values = np.zeros((len(rows), len(self.players)))
        stages = self.policy.repair.stages(self.fitted.prior_fit, self.fitted.prior_train)
        outputs = OutputMap((*model.first, *stages), margins=model.margins)
        for start in range(0, len(rows), _CHUNK):
            part = slice(start, start + _CHUNK)
            worth = outputs.multipliers(raw_x[part], raw_b, self.label)
            found = model.exact(x[part], b, player, worth)
            values[part, : found.shape[1]] = found
            if self.progress is not None:
                self.progress(min(1.0, (start + _CHUNK) / len(rows)))
        return values
