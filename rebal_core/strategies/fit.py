"""Fit one arm on the training rows of one fold."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.model import FitJob, Held, Model, Progress, TrainingPlan
from rebal_core.rows import Floats, Ints, Recipe, TypedRows
from rebal_core.samplers import Graphs, fold_of, run_steps
from rebal_core.seeding import child_seed, content_key
from rebal_core.step import Step
from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.weighting import prior
from rebal_core.wording import Unsuitable

#: Part of the real rows that a classifier which stops early is judged on.
HELD_OUT = 0.15
#: Below this many such rows their loss is noise: no early stopping then.
HELD_LEAST = 20


@dataclass(frozen=True)
class FittedArm:
    """What came of a fit.

    Parameters
    ----------
    arm : Arm
    model : Model
    recipe : Recipe or None
        How the fitted rows came from the training rows; None where they are the same.
    prior_train : ndarray of shape (K,)
        Class shares of the training rows (by the user's weights, where there are any).
    prior_fit : ndarray of shape (K,)
        Class shares that the model effectively saw.
    seconds : mapping
        ``resample``, ``fit``.
    notes : tuple of str
    """

    arm: Arm
    model: Model
    recipe: Recipe | None
    prior_train: Floats
    prior_fit: Floats
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def predict_proba(self, rows: TypedRows) -> Floats:
        """Return the model's own probabilities, shape (n, K), unrepaired."""
        return self.model.predict_proba(rows)


def strategy_of(arm: Arm) -> Strategy:
    """Return the arm's strategy with the arm's parameters."""
    return STRATEGIES[arm.strategy].with_params(dict(arm.params))


def identity(arm: Arm) -> list[Any]:
    """Return names and parameters of everything that shapes the fit, as plain values.

    Arms of equal identity share their cells: ``none`` and ``threshold`` differ in their decision
    only. The seeds of an arm come from it alone, so that no other code changes its draws.
    """
    spec = CLASSIFIERS[arm.classifier]
    steps = [[step.name, step.settings()] for step in strategy_of(arm).steps]
    return [steps, arm.classifier, {**spec.params, **dict(arm.settings)}]


def fit_signature(arm: Arm) -> str:
    """Return a key of :func:`identity`."""
    return content_key(identity(arm))


def fit_seed(seed: int, arm: Arm) -> int:
    """Return the seed of an arm's model in a split of that seed."""
    return child_seed(seed, "fit", identity(arm))


def step_seed(seed: int, steps: Sequence[Step]) -> int:
    """Return the seed of the last of these steps; what comes after it changes no draw of it."""
    return child_seed(seed, "resample", [[step.name, step.settings()] for step in steps])


def taught_rows(arm: Arm, y: Ints, seed: int) -> Ints:
    """Return the positions of the training rows that an arm is taught; its steps see no other.

    A classifier that stops early is judged on the rest meanwhile: real rows, the same part of every
    class, that are set aside before a step could copy them or make children of them. They follow
    from the split's seed alone, so that all such arms of a fold are judged on the same.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels of the training rows.
    seed : int
        Of the split.
    """
    held = np.zeros(0, dtype=np.int64)
    if CLASSIFIERS[arm.classifier].holds_out:
        held = _held_rows(y, child_seed(seed, "held rows"))
    return np.delete(np.arange(len(y)), held)


def resample(arm: Arm, rows: TypedRows, graphs: Graphs | None, *, seed: int) -> Recipe | None:
    """Return the arm's recipe for these training rows; None when it changes no rows.

    It depends on the strategy and its parameters, not on the classifier: all classifiers of a
    strategy are fitted on the same rows, but for those that hold some out. The recipe speaks of all
    the training rows, and names those only that the arm is taught.

    Parameters
    ----------
    arm : Arm
    rows : TypedRows
        Training rows of one fold.
    graphs : Graphs, optional
        Neighbours among the rows of :func:`taught_rows`; searched where they are not given, or are
        those of more rows.
    seed : int
        Of the split.
    """
    steps = strategy_of(arm).samplers
    if not steps:
        return None

    def rng_of(place: int) -> np.random.Generator:
        return np.random.default_rng(step_seed(seed, steps[: place + 1]))

    taught = taught_rows(arm, rows.y, seed)
    seen = rows if len(taught) == len(rows) else rows.take(taught)
    if graphs is None or len(graphs.y) != len(seen):
        graphs = Graphs.of(seen)
    recipe = run_steps(steps, seen, graphs, int(rows.y.max()) + 1, rng_of)
    return recipe if seen is rows else recipe.after(Recipe.kept(taught, rows.y), seen)


def fit_arm(
    arm: Arm,
    rows: TypedRows,
    graphs: Graphs | None = None,
    *,
    seed: int,
    n_classes: int | None = None,
    recipe: Recipe | None = None,
    progress: Progress | None = None,
) -> FittedArm:
    """Resample, weigh and fit.

    Parameters
    ----------
    arm : Arm
    rows : TypedRows
        Training rows of one fold; left as they are.
    graphs : Graphs, optional
        As :func:`resample` takes them.
    seed : int
        Of the split.
    n_classes : int, optional
        K of the whole table, which a fold may not fully hold; default: the largest label + 1.
    recipe : Recipe, optional
        What :func:`resample` answered for these rows and this seed, when it was asked before.
    progress : callable ``(epoch, loss)``, optional
        Called by classifiers that learn in epochs; what it raises ends the fit.

    Raises
    ------
    Unsuitable
        When these rows cannot be served.
    """
    strategy, classifier = strategy_of(arm), CLASSIFIERS[arm.classifier]
    size = int(rows.y.max()) + 1 if n_classes is None else n_classes
    if len(np.unique(rows.y)) < 2:
        raise Unsuitable("The training rows hold only one class; at least two are needed.")
    began = time.perf_counter()
    if recipe is None:
        recipe = resample(arm, rows, graphs, seed=seed)
    seconds = {"resample": time.perf_counter() - began}

    began = time.perf_counter()
    model_seed = fit_seed(seed, arm)
    taught = taught_rows(arm, rows.y, seed)
    held = np.delete(np.arange(len(rows)), taught)
    alone = rows.take(taught) if recipe is None and len(held) else rows
    fitted = alone if recipe is None else rows.made(recipe)
    weight = fitted.weight
    if strategy.weights is not None:
        factor = strategy.weights.weights(fold_of(fitted, model_seed, n_classes=size))
        weight = factor if weight is None else factor * weight
    prior_train = prior(rows.y, size, rows.weight)
    prior_fit = prior(fitted.y, size, weight)

    def base(base_seed: int) -> Model:
        return classifier.build(dict(arm.settings), base_seed)

    if strategy.ensemble is None:
        model = base(model_seed)
    else:
        model = strategy.ensemble.build(base, model_seed)
        prior_fit = strategy.ensemble.prior(prior_train)
    aside = _held(rows, held, prior_fit / np.maximum(prior_train, 1e-300)) if len(held) else None
    plan = TrainingPlan() if strategy.training is None else strategy.training.plan()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(FitJob(fitted, weight, size, aside, plan, progress))
    seconds["fit"] = time.perf_counter() - began
    notes = () if recipe is None else recipe.notes
    return FittedArm(arm, model, recipe, prior_train, prior_fit, seconds, (*notes, *_told(caught)))


def _held_rows(y: Ints, seed: int) -> Ints:
    """Return real rows to stop early on, the same part of every class; none when too few."""
    rng = np.random.default_rng(seed)
    parts = []
    for label in np.unique(y):
        own = np.flatnonzero(y == label)
        parts.append(rng.choice(own, size=int(len(own) * HELD_OUT), replace=False))
    held = np.sort(np.concatenate(parts))
    return held if len(held) >= HELD_LEAST else np.zeros(0, dtype=np.int64)


def _held(rows: TypedRows, held: Ints, shift: Floats) -> Held:
    """Return the held rows, weighted to the class shares of the fit, so that the losses agree."""
    part = rows.take(held)
    weight = shift[part.y] if part.weight is None else shift[part.y] * part.weight
    return Held(part, weight)


def _told(caught: list[Any]) -> tuple[str, ...]:
    """Return what did not converge, once; hand every other warning on."""
    notes: dict[str, None] = {}
    for warning in caught:
        if issubclass(warning.category, ConvergenceWarning):
            notes[str(warning.message).splitlines()[0]] = None
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return tuple(notes)
