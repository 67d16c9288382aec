"""Explain one fitted arm: the right method for its model, checked against its own output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rebal_core.arm import Split
from rebal_core.classifiers import SklearnModel
from rebal_core.classifiers.encode import encode, encoded_players
from rebal_core.data.dataset import Dataset
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.decisions import Policy
from rebal_core.decisions.stages import reweighted, softmax
from rebal_core.explain import kernel, linear, permutation, trees
from rebal_core.explain.explanation import Explanation
from rebal_core.explain.outputs import OutputMap
from rebal_core.explain.sample import EXPLAINED, background_rows, explained_rows
from rebal_core.rows import Floats, Ints, TypedRows
from rebal_core.seeding import generator
from rebal_core.strategies.fit import FittedArm
from rebal_core.wording import Text, Unsuitable

#: Values that miss the model's own output by more are not shown.
TOLERANCE = 1e-3
#: Raw output of a class that the model never saw; its exponential is 0 to all purposes.
_NEVER = -700.0
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
    fitted : FittedArm
        Fitted on the training rows of ``split``.
    preparation : Preparation
        The same fold's.
    dataset : Dataset
    split : Split
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
        When the arm cannot be explained, or its values miss the model's own output by more than
        ``TOLERANCE``.
    """
    kind = _kind(fitted)
    labels = dataset.labels()
    code = labels.classes.index(label)
    players = tuple(column.name for column in preparation.schema.features)
    behind = background_rows(split, seed)
    notes: tuple[str, ...] = ()
    if kind == "permutation":
        affordable = max(10, _BUDGET // (len(behind) * (len(players) + 1)))
        if affordable < min(rows, len(split.test)):
            notes = (
                Text(
                    "{affordable} rows are explained; more would take too long with this model.",
                    {"affordable": affordable},
                ).render(),
            )
            rows = affordable
    numbers, weight = explained_rows(labels.y, split, code, seed, rows)
    x = preparation.transform(dataset.frame(rows=numbers))
    b = preparation.transform(dataset.frame(rows=behind))
    job = _Job(fitted, players, code, policy, generator(seed, "walks"), progress)
    values = job.net(x, b) if kind == "permutation" else job.additive(x, b, kind)
    output, base = job.probability(x), float(job.probability(b).mean())
    error = float(np.abs(values.sum(axis=1) + base - output).max())
    if not error <= TOLERANCE:
        raise Unsuitable(
            "The values of {arm} miss its own output by {error:.2g} and are not shown.",
            arm=fitted.arm.name,
            error=error,
        )
    return Explanation(
        arm=fitted.arm.name,
        label=label,
        players=players,
        rows=numbers,
        values=values,
        base=base,
        output=output,
        weight=weight,
        method=kind,
        error=error,
        notes=notes,
    )


def _kind(fitted: FittedArm) -> str:
    kind = fitted.model.explains
    if kind == "none":
        raise Unsuitable(
            "{arm} looks at no column, so there is nothing to explain.", arm=fitted.arm.name
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
        return self.policy.repaired(proba, fitted.prior_fit, fitted.prior_train)[:, self.label]

    def net(self, rows: TypedRows, background: TypedRows) -> Floats:
        """Walk over permutations."""
        return permutation.shapley(
            self.probability, rows, background, self.players, self.rng, self.progress
        )

    def additive(self, rows: TypedRows, background: TypedRows, kind: str) -> Floats:
        """Compute exactly, on the outputs in which the model is additive."""
        model = self.fitted.model
        assert isinstance(model, SklearnModel)
        x, b = encode(rows, model.encoding), encode(background, model.encoding)
        names = encoded_players(rows.layout, model.encoding)
        place = {name: j for j, name in enumerate(self.players)}
        player = np.array([place[name] for name in names], dtype=np.int64)
        raw_x, raw_b = _raw(model, x), _raw(model, b)
        exact = _of_trees(model) if kind == "trees" else _of_lines(model)
        values = np.zeros((len(rows), len(self.players)))
        outputs = self._outputs(model)
        for start in range(0, len(rows), _CHUNK):
            part = slice(start, start + _CHUNK)
            worth = outputs.multipliers(raw_x[part], raw_b, self.label)
            found = exact(x[part], b, player, worth)
            values[part, : found.shape[1]] = found
            if self.progress is not None:
                self.progress(min(1.0, (start + _CHUNK) / len(rows)))
        return values

    def _outputs(self, model: SklearnModel) -> OutputMap:
        repair = self.policy.repair
        stages = repair.stages(self.fitted.prior_fit, self.fitted.prior_train)
        first = softmax() if _margins(model) else reweighted(np.ones(model.n_classes))
        return OutputMap((first, *stages), margins=_margins(model))


def _margins(model: SklearnModel) -> bool:
    return hasattr(model.estimator, "decision_function")


def _raw(model: SklearnModel, matrix: Any) -> Floats:
    """Return the additive outputs of all K classes, shape (n, K)."""
    estimator = model.estimator
    known = estimator.classes_
    if not _margins(model):
        raw = np.zeros((matrix.shape[0], model.n_classes))
        raw[:, known] = estimator.predict_proba(matrix)
        return raw
    margin = estimator.decision_function(matrix)
    raw = np.full((len(margin), model.n_classes), _NEVER)
    if margin.ndim == 1:
        margin = np.column_stack([np.zeros(len(margin)), margin])
    raw[:, known] = margin
    return raw


#: (explained, background, player of each column, worth) -> values.
Exact = Callable[[Any, Any, Ints, Floats], Floats]


def _of_trees(model: SklearnModel) -> Exact:
    estimator, known = model.estimator, np.asarray(model.estimator.classes_, dtype=np.int64)
    if _margins(model):
        outputs = known[1:] if len(known) == 2 else known
        ensemble = trees.boosting(estimator, outputs)
    else:
        ensemble = trees.forest(estimator.estimators_, known, model.n_classes)
    return lambda x, b, player, worth: kernel.shapley(ensemble, x, b, player, worth)


def _of_lines(model: SklearnModel) -> Exact:
    known, found = np.asarray(model.estimator.classes_), model.estimator.coef_
    coefficients = np.zeros((model.n_classes, found.shape[1]))
    coefficients[known[1:] if len(found) == 1 else known] = found
    return lambda x, b, player, worth: linear.shapley(coefficients, x, b, player, worth)
