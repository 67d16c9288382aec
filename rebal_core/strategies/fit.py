"""Fit one arm on the training rows of one fold."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from rebal_core.arm import Arm, Attacked
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.model import Attackable, FitJob, FitNote, Held, Memory, Model, Progress
from rebal_core.rows import Floats, Ints, Recipe, TypedRows
from rebal_core.samplers import Graphs, fold_of, run_steps, seen_by
from rebal_core.seeding import child_seed, content_key
from rebal_core.step import Aids, Step
from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.strategies.portions import taught_rows
from rebal_core.weighting import prior
from rebal_core.wording import Text, Unsuitable


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

    def under_attack(self, rows: TypedRows, among: TypedRows) -> Attacked | None:
        """Return how the model stands an attack, where it has a slope; nothing is chosen by it.

        Parameters
        ----------
        rows : TypedRows
            Rows that it did not learn from.
        among : TypedRows
            Its training rows, before they were changed.
        """
        if not isinstance(self.model, Attackable):
            return None
        return self.model.under_attack(rows, among, self.prior_fit)


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
    return [steps, arm.classifier, spec.identity(dict(arm.settings))]


def fit_signature(arm: Arm) -> str:
    """Return a key of :func:`identity`."""
    return content_key(identity(arm))


def fit_seed(seed: int, arm: Arm) -> int:
    """Return the seed of an arm's model in a split of that seed."""
    return child_seed(seed, "fit", identity(arm))


def step_seed(seed: int, steps: Sequence[Step]) -> int:
    """Return the seed of the last of these steps; what comes after it changes no draw of it."""
    return child_seed(seed, "resample", [[step.name, step.draw_settings()] for step in steps])


#: A comparison of equal models is told apart from one without a difference.
IDLE = Text(
    "It left every training row as it was: what it looks for was not there, or a class would have "
    "been gone."
)


def resample(
    arm: Arm,
    rows: TypedRows,
    graphs: Graphs | None,
    *,
    seed: int,
    aids: Aids = Aids(),  # noqa: B008
) -> Recipe | None:
    """Return the arm's recipe for these training rows; None when it changes no rows.

    It depends on the strategy and its parameters, not on the classifier: all classifiers of a
    strategy are fitted on the same rows, but for those that hold some out, and for networks that a
    step attacks. The recipe speaks of all the training rows, and names those only that the arm is
    taught.

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
    aids : Aids
        What the steps may use beside the rows; the network is added here.
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
    if attacks_own_network(arm):
        aids = replace(aids, network=partial(_network, arm))
    recipe = run_steps(steps, seen, graphs, int(rows.y.max()) + 1, rng_of, aids)
    recipe = recipe.noted(IDLE) if recipe.keeps_all(len(seen)) else recipe
    if seen is rows:
        return recipe
    told = recipe.after(Recipe.kept(taught, rows.y), seen)
    if recipe.removed_by is None:
        return told
    removed_by = np.full(len(rows), -1, dtype=np.int8)
    removed_by[taught] = recipe.removed_by
    return replace(told, removed_by=removed_by)


def attacks_own_network(arm: Arm) -> bool:
    """Tell whether a step of an arm attacks its classifier, so that its rows are no other's."""
    net = CLASSIFIERS[arm.classifier].family == "net"
    return net and any(step.network_epochs for step in strategy_of(arm).samplers)


def _network(arm: Arm, epochs: int, seed: int) -> Attackable:
    """Return an arm's untaught network, of so many epochs at most."""
    made = CLASSIFIERS[arm.classifier].build({**dict(arm.settings), "epochs": epochs}, seed)
    assert isinstance(made, Attackable)
    return made


def takes_unlabelled(arm: Arm) -> bool:
    """Tell whether an arm learns from rows without a label, too."""
    return any("unlabelled" in step.needs for step in strategy_of(arm).steps)


def weigh(
    arm: Arm, rows: TypedRows, graphs: Graphs | None = None, *, seed: int, n_classes: int
) -> Floats | None:
    """Return the weight of each row that an arm is fitted on; None where all weigh the same.

    Parameters
    ----------
    rows : TypedRows
        As they are after the arm's samplers, with the weights that they have by then.
    graphs : Graphs, optional
        Their neighbours; searched where they are asked for and are not given, or of other rows.
    seed : int
        Of the split.
    """
    factor = _factor(arm, rows, seed, n_classes, graphs)
    if factor is None or rows.weight is None:
        return rows.weight if factor is None else factor
    return factor * rows.weight


def weighed(
    arm: Arm, rows: TypedRows, recipe: Recipe | None, *, seed: int, n_classes: int
) -> Recipe | None:
    """Return the recipe of the rows that an arm is fitted on, with the weights of its own step.

    Parameters
    ----------
    rows : TypedRows
        Training rows of one fold.
    recipe : Recipe or None
        What :func:`resample` answered for them; None stays None where the arm weighs no row.
    seed : int
        Of the split.
    """
    if strategy_of(arm).weights is None:
        return recipe
    if recipe is None:
        recipe = Recipe.kept(taught_rows(arm, rows.y, seed), rows.y)
    factor = _factor(arm, rows.made(recipe), seed, n_classes)
    return replace(recipe, weight=recipe.weights if factor is None else recipe.weights * factor)


def _factor(
    arm: Arm, rows: TypedRows, seed: int, n_classes: int, graphs: Graphs | None = None
) -> Floats | None:
    weights = strategy_of(arm).weights
    if weights is None:
        return None
    near = graphs if graphs is not None and len(graphs.y) == len(rows) else Graphs.of(rows)
    fold = fold_of(rows, fit_seed(seed, arm), seen_by(weights, near), n_classes)
    return weights.weights(fold)


def build_model(arm: Arm, seed: int) -> Model:
    """Return the arm's unfitted model: its classifier, or the ensemble that it makes of it."""
    ensemble = strategy_of(arm).ensemble

    def base(base_seed: int) -> Model:
        return CLASSIFIERS[arm.classifier].build(dict(arm.settings), base_seed)

    return base(seed) if ensemble is None else ensemble.build(base, seed)


def fit_arm(
    arm: Arm,
    rows: TypedRows,
    graphs: Graphs | None = None,
    *,
    seed: int,
    n_classes: int | None = None,
    recipe: Recipe | None = None,
    progress: Progress | None = None,
    memory: Memory | None = None,
    unlabelled: TypedRows | None = None,
    values: Mapping[str, tuple[str, ...]] | None = None,
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
    progress : callable ``(epoch, loss, **values)``, optional
        Called by classifiers that learn in epochs; what it raises ends the fit.
    memory : Memory, optional
        Where classifiers that learn in epochs keep how far they are.
    unlabelled : TypedRows, optional
        Rows without a label, never test rows; handed on where :func:`takes_unlabelled`.
    values : mapping of str to tuple of str, optional
        Known values of each category column, in the order of their codes.

    Raises
    ------
    Unsuitable
        When these rows cannot be served.
    """
    size = int(rows.y.max()) + 1 if n_classes is None else n_classes
    if len(np.unique(rows.y)) < 2:
        raise Unsuitable("The training rows hold only one class; at least two are needed.")
    began = time.perf_counter()
    if recipe is None:
        recipe = resample(arm, rows, graphs, seed=seed)
    seconds = {"resample": time.perf_counter() - began}

    began = time.perf_counter()
    prior_train = prior(rows.y, size, rows.weight)
    job, prior_fit = _job(arm, rows, recipe, graphs, seed, prior_train)
    model = build_model(arm, fit_seed(seed, arm))
    job = replace(job, progress=progress, memory=memory, values=values or {})
    told = _fit(model, replace(job, unlabelled=unlabelled if takes_unlabelled(arm) else None))
    seconds["fit"] = time.perf_counter() - began
    notes = told if recipe is None else (*recipe.notes, *told)
    return FittedArm(arm, model, recipe, prior_train, prior_fit, seconds, notes)


def _job(
    arm: Arm,
    rows: TypedRows,
    recipe: Recipe | None,
    graphs: Graphs | None,
    seed: int,
    prior_train: Floats,
) -> tuple[FitJob, Floats]:
    """Return what an arm's model learns from, and the class shares that it effectively sees."""
    strategy, size = strategy_of(arm), len(prior_train)
    taught = taught_rows(arm, rows.y, seed)
    held = np.delete(np.arange(len(rows)), taught)
    alone = rows.take(taught) if recipe is None and len(held) else rows
    fitted = alone if recipe is None else rows.made(recipe)
    weight = weigh(arm, fitted, graphs if recipe is None else None, seed=seed, n_classes=size)
    seen = _seen(strategy, fitted.y, weight, size)
    aside = _held(rows, held, seen / np.maximum(prior_train, 1e-300)) if len(held) else None
    job = FitJob(fitted, weight, size, aside)
    own = None if rows.weight is None else rows.weight[taught]
    if np.allclose(seen, prior(rows.y[taught], size, own), rtol=1e-9, atol=0):
        # Rows are held out by the same part of every class: whole rows are no shift of the shares.
        seen = prior_train
    training = strategy.training
    if training is None:
        return job, seen
    counts = tuple(np.bincount(fitted.y, minlength=size).tolist())
    return replace(job, training=training.plan(seen)), training.prior(seen, counts)


def _fit(model: Model, job: FitJob) -> tuple[str, ...]:
    """Fit a model; return what the fit wants to be known."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        warnings.simplefilter("always", FitNote)
        model.fit(job)
    if job.unlabelled is None:
        return _told(caught)
    note = Text(
        "Besides the labelled rows it learned from {rows} rows without a label.",
        {"rows": len(job.unlabelled)},
    )
    return (note.render(), *_told(caught))


def _seen(strategy: Strategy, y: Ints, weight: Floats | None, size: int) -> Floats:
    """Return the class shares that a model sees of its rows: those of the draws of an ensemble."""
    shares = prior(y, size, weight)
    if strategy.ensemble is None:
        return shares
    return strategy.ensemble.prior(shares, tuple(np.bincount(y, minlength=size).tolist()))


def _held(rows: TypedRows, held: Ints, shift: Floats) -> Held:
    """Return the held rows, weighted to the class shares of the fit, so that the losses agree."""
    part = rows.take(held)
    weight = shift[part.y] if part.weight is None else shift[part.y] * part.weight
    return Held(part, weight)


#: Libraries say it in words of their own, each in another way.
UNFINISHED = Text(
    "The model did not converge in as many iterations or epochs as it may take; allow more."
)


def _told(caught: list[Any]) -> tuple[str, ...]:
    """Return what the fit wants to be known, once; hand every other warning on."""
    notes: dict[str, None] = {}
    for warning in caught:
        if issubclass(warning.category, FitNote):
            notes[str(warning.message)] = None
        elif issubclass(warning.category, ConvergenceWarning):
            notes[UNFINISHED.render()] = None
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return tuple(notes)
