"""How long a comparison will take, before it starts: from sizes, and from what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rebal_core.arm import Arm, Protocol
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.experiment.machine import worker_count
from rebal_core.experiment.sizes import facts_of
from rebal_core.facts import SOME_LETTERS, TableFacts
from rebal_core.samplers import Near
from rebal_core.step import Step
from rebal_core.strategies import Strategy, attacks_own_network, fit_signature, strategy_of
from rebal_core.wording import Unsuitable

if TYPE_CHECKING:
    from rebal_core.data.dataset import Dataset
    from rebal_core.experiment.plan import Plan

#: CPU seconds of one core of a small server, one thread; ``benchmarks/promise.py`` checks them.
PREPARING = 0.1, 2e-7, 6.5e-7  # a fold; rows x columns; letters
#: Of a value: typed rows, the encoded copy, and what a learner or a recipe keeps of it.
VALUE_BYTES = 4 * 4
#: An engine and its workers until one can learn; what each piece of work costs besides. Wall time.
START_SECONDS, TASK_SECONDS = 8.0, 0.06
#: A verdict, which one worker computes alone: in any case; an arm; its rows x classes (of many
#: classes that is judged twice, where rows repeat).
JUDGING = 1.5, 0.15, 3e-6


@dataclass(frozen=True)
class Estimate:
    """What a plan will cost on this machine.

    Parameters
    ----------
    cells : int
        Arms times splits, as the grid shows them.
    seconds : float
        Wall time, with all workers busy.
    memory_bytes : int
        Of the largest fit, times workers.
    """

    cells: int
    seconds: float
    memory_bytes: int


@dataclass(frozen=True)
class Piece:
    """One task of a comparison, or of each of its splits.

    Parameters
    ----------
    kind : {"prepare", "resample", "cell", "decide"}
        As in the store.
    seconds : float
        Guessed, of one processor; what another piece searches for it is not counted again.
    arm : Arm, optional
        The first of the arms that it serves.
    """

    kind: str
    seconds: float
    arm: Arm | None = None


#: Tells how long a piece takes.
Told = Callable[[Piece], float]


def guessed(piece: Piece) -> float:
    """Tell how long a piece takes where nothing was measured."""
    return piece.seconds


def estimate(plan: Plan, dataset: Dataset, told: Told = guessed) -> Estimate:
    """Return what a plan will cost; cells that other runs have done already are not known here.

    Parameters
    ----------
    told : callable
        How long each piece takes, as :meth:`rebal_core.experiment.measured.Measured.of_table` has
        learned it from the runs of this machine.
    """
    facts = facts_of(dataset, plan.schema, plan.rows)
    splits = plan.protocol.folds * plan.protocol.repeats
    share, workers = 1 - 1 / plan.protocol.folds, worker_count()
    seconds = whole_seconds(plan.arms, facts, plan.protocol, told)
    rows = max(sum(_counts_after(arm, facts, share)) for arm in plan.arms)
    learning = rows * facts.width * VALUE_BYTES
    changing = max(
        (changed(strategy_of(arm), facts.of_training(share)).memory_bytes for arm in plan.arms),
        default=0,
    )
    memory = int(max(learning, changing)) * workers
    return Estimate(len(plan.arms) * splits, seconds, memory)


def whole_seconds(
    arms: Sequence[Arm], facts: TableFacts, protocol: Protocol, told: Told = guessed
) -> float:
    """Return the seconds from the click to the verdict, with all workers busy."""
    splits, workers = protocol.folds * protocol.repeats, worker_count()
    taken = [told(piece) for piece in pieces_of(arms, facts, 1 - 1 / protocol.folds)]
    # The last fit ends alone, on average half of the longest after the others.
    waiting = max(taken) / 2 if workers > 1 else 0.0
    verdict = told(judging(arms, facts, protocol))
    return START_SECONDS + sum(taken) * splits / workers + waiting + verdict


def judging(arms: Sequence[Arm], facts: TableFacts, protocol: Protocol) -> Piece:
    """Return the work from the last fit to the verdict."""
    always, an_arm, a_value = JUDGING
    each = an_arm + a_value * facts.rows * facts.classes
    return Piece("decide", always + each * len(arms) * protocol.repeats)


def pieces_of(arms: Sequence[Arm], facts: TableFacts, share: float) -> list[Piece]:
    """Return the work of one split of these arms, in the order in which it is done.

    What several arms share is one piece, and a search among near rows is done for the first.
    """
    fixed, a_value, a_letter = PREPARING
    letters = facts.letters or SOME_LETTERS * facts.texts
    preparing = fixed + facts.rows * (a_value * facts.width + a_letter * letters)
    found = [Piece("prepare", preparing + TASK_SECONDS)]
    done: set[Any] = set()
    searched: set[Any] = set()
    part = facts.of_training(share)
    for arm in arms:
        strategy, held = strategy_of(arm), CLASSIFIERS[arm.classifier].holds_out
        attacked = attacks_own_network(arm)
        own = (arm.classifier, arm.settings) if attacked else ()
        rows = (held, repr([(step.name, step.settings()) for step in strategy.samplers]), own)
        if strategy.samplers and rows not in done:
            done.add(rows)
            seconds = _changing(strategy, part, held, searched)
            seconds += _teaching(arm, part) if attacked else 0.0
            found.append(Piece("resample", seconds + TASK_SECONDS, arm))
        fit = fit_signature(arm)
        if fit not in done:
            done.add(fit)
            seconds = fit_seconds(arm, facts, share)
            if strategy.weights is not None and not strategy.samplers:
                seconds -= _known(strategy.weights, part, (held,), searched)
            found.append(Piece("cell", seconds + TASK_SECONDS, arm))
    return found


def _changing(strategy: Strategy, part: TableFacts, held: bool, searched: set[Any]) -> float:
    """Return the seconds of a strategy's steps, less those of searches that were done before."""
    seconds = 0.0
    before: list[Any] = [held]
    for step in strategy.samplers:
        seconds += step.seconds(part) - _known(step, part, tuple(before), searched)
        part = part.of_counts(_or_same(step.counts_after, part.counts))
        before.append((step.name, repr(step.settings())))
    return seconds


def _teaching(arm: Arm, part: TableFacts) -> float:
    """Return the seconds in which an arm's own network is taught, to be attacked."""
    classifier = CLASSIFIERS[arm.classifier]
    settings = {**classifier.params, **dict(arm.settings)}
    epochs = [step.network_epochs for step in strategy_of(arm).samplers]
    return sum(classifier.seconds(part, {**settings, "epochs": e}) for e in epochs if e)


def _known(step: Step, part: TableFacts, before: tuple[Any, ...], searched: set[Any]) -> float:
    """Return the seconds of a step's searches that are known, and note the others as known."""
    known = 0.0
    for name, seconds in step.searches(part).items():
        known += seconds if (before, name) in searched else 0.0
        searched.add((before, name))
    return known


def fit_seconds(arm: Arm, facts: TableFacts, share: float) -> float:
    """Return the seconds of one fit of an arm."""
    strategy, classifier = strategy_of(arm), CLASSIFIERS[arm.classifier]
    left = facts.of_counts(_counts_after(arm, facts, share))
    settings = {**classifier.params, **dict(arm.settings)}

    def base(some: TableFacts) -> float:
        taught = strategy.training
        passes = 1.0 if taught is None or taught.plain else taught.passes(some)
        return passes * classifier.seconds(some, settings)

    weighing = 0.0 if strategy.weights is None else strategy.weights.seconds(left)
    one = base(left) if strategy.ensemble is None else strategy.ensemble.fit_seconds(left, base)
    return weighing + one


def resample_seconds(arm: Arm, facts: TableFacts, share: float) -> float:
    """Return the seconds that an arm's steps take to change the rows of one split."""
    return changed(strategy_of(arm), facts.of_training(share)).seconds


@dataclass(frozen=True)
class Changed:
    """What the change of some training rows costs.

    Parameters
    ----------
    seconds : float
        Of one processor.
    memory_bytes : int
        At most at once.
    approximate : bool
        Whether near rows are searched where most of them are, and not among all.
    """

    seconds: float
    memory_bytes: int
    approximate: bool = False


def changed(strategy: Strategy, part: TableFacts) -> Changed:
    """Return what it costs when a strategy's steps change the rows of a training part."""
    seconds, most, approximate = 0.0, 0.0, False
    for step in strategy.samplers:
        after = part.of_counts(_or_same(step.counts_after, part.counts))
        rows = VALUE_BYTES * after.width * (part.rows + after.rows)
        seconds, most = seconds + step.seconds(part), max(most, rows + step.memory(part))
        approximate |= isinstance(step, Near) and step.approximates(part)
        part = after
    return Changed(seconds, int(most), approximate)


def _counts_after(arm: Arm, facts: TableFacts, share: float) -> tuple[int, ...]:
    """Return the rows of each class that the classifier learns from."""
    return _or_same(strategy_of(arm).counts_after, facts.of_training(share).counts)


def _or_same(
    counts_after: Callable[[tuple[int, ...]], tuple[int, ...]], counts: tuple[int, ...]
) -> tuple[int, ...]:
    """Return the rows of each class after a step; those before where it cannot be asked for them.

    What was asked for was refused or taken on the whole table; a part of it may be too small.
    """
    try:
        return counts_after(counts)
    except Unsuitable:
        return counts
