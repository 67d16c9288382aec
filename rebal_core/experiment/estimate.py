"""How long a comparison will take, before it starts: rough, from sizes alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rebal_core.arm import Arm, Protocol
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.experiment.machine import worker_count
from rebal_core.experiment.sizes import facts_of
from rebal_core.facts import SOME_LETTERS, TableFacts
from rebal_core.strategies import fit_signature, strategy_of
from rebal_core.wording import Unsuitable

if TYPE_CHECKING:
    from rebal_core.data.dataset import Dataset
    from rebal_core.experiment.plan import Plan

#: CPU seconds of one core of a small server, one thread; ``benchmarks/promise.py`` checks them.
PREPARING = 0.1, 2e-7, 6.5e-7  # a fold; rows x columns; letters
#: An engine and its workers until one can learn; what each piece of work costs besides. Wall time.
START_SECONDS, TASK_SECONDS = 8.0, 0.06
#: A verdict, which one worker computes alone: in any case; an arm; its rows x classes (of many
#: classes that is judged twice, where rows repeat).
JUDGING = 1.5, 0.3, 4e-6


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


def estimate(plan: Plan, dataset: Dataset) -> Estimate:
    """Return what a plan will cost; cells that other runs have done already are not known here."""
    facts = facts_of(dataset, plan.schema, plan.rows)
    splits = plan.protocol.folds * plan.protocol.repeats
    share, workers = 1 - 1 / plan.protocol.folds, worker_count()
    seconds = whole_seconds(plan.arms, facts, plan.protocol)
    rows = max(sum(_counts_after(arm, facts, share)) for arm in plan.arms)
    # Typed rows, the encoded copy, and what the learner keeps of it.
    memory = int(rows * facts.width * 4 * 4) * workers
    return Estimate(len(plan.arms) * splits, seconds, memory)


def whole_seconds(arms: Sequence[Arm], facts: TableFacts, protocol: Protocol) -> float:
    """Return the seconds from the click to the verdict, with all workers busy."""
    splits, workers = protocol.folds * protocol.repeats, worker_count()
    share = 1 - 1 / protocol.folds
    learning = (seconds_of(arms, facts, share) + TASK_SECONDS * len(arms)) * splits / workers
    # The last fit ends alone, on average half of the longest after the others.
    longest = max((fit_seconds(arm, facts, share) for arm in arms), default=0.0)
    waiting = longest / 2 if workers > 1 else 0.0
    return START_SECONDS + learning + waiting + judging_seconds(arms, facts, protocol)


def judging_seconds(arms: Sequence[Arm], facts: TableFacts, protocol: Protocol) -> float:
    """Return the seconds from the last fit to the verdict."""
    always, an_arm, a_value = JUDGING
    each = an_arm + a_value * facts.rows * facts.classes
    return always + each * len(arms) * protocol.repeats


def seconds_of(arms: Sequence[Arm], facts: TableFacts, share: float) -> float:
    """Return the seconds of one worker for one split of these arms."""
    fits: Mapping[str, Arm] = {fit_signature(arm): arm for arm in arms}
    samplers: Mapping[Any, Arm] = {(a.strategy, a.params): a for a in fits.values()}
    fixed, a_value, a_letter = PREPARING
    letters = facts.letters or SOME_LETTERS * facts.texts
    preparing = fixed + facts.rows * (a_value * facts.width + a_letter * letters)
    resampling = sum(resample_seconds(arm, facts, share) for arm in samplers.values())
    return preparing + resampling + sum(fit_seconds(arm, facts, share) for arm in fits.values())


def fit_seconds(arm: Arm, facts: TableFacts, share: float) -> float:
    """Return the seconds of one fit of an arm."""
    strategy, classifier = strategy_of(arm), CLASSIFIERS[arm.classifier]
    left = facts.of_counts(_counts_after(arm, facts, share))
    base = classifier.seconds(left, {**classifier.params, **dict(arm.settings)})
    return base if strategy.ensemble is None else strategy.ensemble.fit_seconds(left, base)


def resample_seconds(arm: Arm, facts: TableFacts, share: float) -> float:
    """Return the seconds that an arm's steps take to change the rows of one split."""
    part, seconds = facts.of_training(share), 0.0
    for step in strategy_of(arm).samplers:
        seconds += step.seconds(part)
        part = part.of_counts(_or_same(step.counts_after, part.counts))
    return seconds


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
