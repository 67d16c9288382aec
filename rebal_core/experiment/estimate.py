"""How long a comparison will take, before it starts: rough, from sizes alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rebal_core.arm import Arm, Protocol
from rebal_core.experiment.machine import worker_count
from rebal_core.experiment.sizes import facts_of
from rebal_core.strategies import FoldFacts, fit_signature, strategy_of

if TYPE_CHECKING:
    from rebal_core.data.dataset import Dataset
    from rebal_core.experiment.plan import Plan

#: CPU seconds of one core of a small server, one thread; ``benchmarks/promise.py`` checks them.
FIXED = 0.03  # a fit of next to nothing
PREPARING = 0.1, 2e-7, 6.5e-7  # a fold; rows x columns; letters
#: Two classes: rows x columns. More: rows x classes, and the same x columns; beside a second
#: worker, with which such fits share the memory, they take 1.45 times as long as alone.
LINEAR = 1.7e-7
LINEAR_CLASSES = 3.2e-6, 3.6e-8
#: Sparse, as text is and what is wider than this: rows x classes, and the same x filled columns.
SPARSE_WIDTH, LINEAR_SPARSE = 500, (5.5e-6, 1.2e-7)
#: A text of few letters has so many pieces a letter; the longer it is, the more it repeats itself.
PIECES, REPEATING = 2.5, 130.0
FOREST = 2.1e-5  # rows ^ 1.1 x sqrt(columns), and more with every class
FOREST_CLASS = 1 / 30
#: A tree that draws its own rows, each time anew.
DRAWING_TREES = 1.0
#: Trees x columns (all 256 bins of each are searched at every node), and the same x rows. Fewer
#: rows than the second make fewer nodes.
BOOSTING, BOOSTING_ROWS = (2e-4, 8e-9), 1_200
NET = 0.03  # sqrt(rows): it stops early the sooner the more rows an epoch has
NEIGHBOURS = 1e-10  # rows^2 x columns
#: An engine and its workers until one can learn; what each piece of work costs besides. Wall time.
START_SECONDS, TASK_SECONDS = 8.0, 0.06
#: A verdict, which one worker computes alone: in any case; an arm; its rows x classes (of many
#: classes that is judged twice, where rows repeat).
JUDGING = 1.5, 0.3, 4e-6
#: What a text column costs, in columns, where not its sparse form is learned from.
TEXT_COLUMNS = 100
#: Values of a category, and letters of a text, where nobody counted them.
SOME_LEVELS, SOME_LETTERS = 8, 150.0


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
    memory = int(rows * _columns(facts) * 4 * 4) * workers
    return Estimate(len(plan.arms) * splits, seconds, memory)


def whole_seconds(arms: Sequence[Arm], facts: FoldFacts, protocol: Protocol) -> float:
    """Return the seconds from the click to the verdict, with all workers busy."""
    splits, workers = protocol.folds * protocol.repeats, worker_count()
    share = 1 - 1 / protocol.folds
    learning = (seconds_of(arms, facts, share) + TASK_SECONDS * len(arms)) * splits / workers
    # The last fit ends alone, on average half of the longest after the others.
    longest = max((fit_seconds(arm, facts, share) for arm in arms), default=0.0)
    waiting = longest / 2 if workers > 1 else 0.0
    return START_SECONDS + learning + waiting + judging_seconds(arms, facts, protocol)


def judging_seconds(arms: Sequence[Arm], facts: FoldFacts, protocol: Protocol) -> float:
    """Return the seconds from the last fit to the verdict."""
    always, an_arm, a_value = JUDGING
    each = an_arm + a_value * facts.rows * facts.classes
    return always + each * len(arms) * protocol.repeats


def seconds_of(arms: Sequence[Arm], facts: FoldFacts, share: float) -> float:
    """Return the seconds of one worker for one split of these arms."""
    fits: Mapping[str, Arm] = {fit_signature(arm): arm for arm in arms}
    samplers: Mapping[Any, Arm] = {(a.strategy, a.params): a for a in fits.values()}
    fixed, a_value, a_letter = PREPARING
    preparing = fixed + facts.rows * (a_value * _columns(facts) + a_letter * _letters(facts))
    resampling = sum(_resample_seconds(arm, facts, share) for arm in samplers.values())
    return preparing + resampling + sum(fit_seconds(arm, facts, share) for arm in fits.values())


def fit_seconds(arm: Arm, facts: FoldFacts, share: float) -> float:
    """Return the seconds of one fit of an arm."""
    rows = sum(_counts_after(arm, facts, share))
    if arm.classifier == "prior":
        return FIXED
    if arm.classifier == "logistic":
        return FIXED + _linear_seconds(rows, facts)
    if arm.classifier == "random_forest":
        drawing = DRAWING_TREES if strategy_of(arm).ensemble is not None else 0.0
        growing = FOREST * (1 + FOREST_CLASS * (facts.classes - 2))
        return 5 * FIXED + drawing + growing * float(rows**1.1 * _columns(facts) ** 0.5)
    if arm.classifier == "hist_gradient_boosting":
        trees = 100 * (1 if facts.classes == 2 else facts.classes)
        a_column, a_value = BOOSTING
        a_column *= min(1.0, rows / BOOSTING_ROWS)
        return FIXED + trees * _columns(facts) * (a_column + a_value * rows)
    return FIXED + NET * float(rows**0.5)


def _linear_seconds(rows: float, facts: FoldFacts) -> float:
    outputs = 1 if facts.classes == 2 else facts.classes
    numbers, columns = facts.numbers + facts.embeddings, _one_hot(facts)
    if facts.texts or columns > SPARSE_WIDTH:
        pieces = PIECES * _letters(facts) / (1 + _letters(facts) / REPEATING)
        a_row, a_value = LINEAR_SPARSE
        return rows * outputs * (a_row + a_value * (numbers + facts.categories + pieces))
    if outputs == 1:
        return LINEAR * rows * columns
    a_row, a_value = LINEAR_CLASSES
    return rows * outputs * (a_row + a_value * columns)


def _resample_seconds(arm: Arm, facts: FoldFacts, share: float) -> float:
    """Return the seconds that finding neighbours takes: within classes, then of all rows."""
    strategy = strategy_of(arm)
    if strategy.family not in ("over", "combined") or strategy.name == "random_over":
        return 0.0
    after = _counts_after(arm, facts, share)
    within = sum(
        (share * n) ** 2 for n, m in zip(facts.counts, after, strict=True) if m > share * n
    )
    everywhere = sum(after) ** 2 if strategy.family == "combined" else 0.0
    return NEIGHBOURS * (within + everywhere) * (_columns(facts) + SOME_LEVELS * facts.categories)


def _counts_after(arm: Arm, facts: FoldFacts, share: float) -> list[float]:
    """Return the rows of each class that the classifier learns from."""
    strategy = strategy_of(arm)
    counts = [share * n for n in facts.counts]
    if strategy.ensemble is not None:
        return [min(counts)] * len(counts)
    if not strategy.makes_rows:
        return counts
    ratio = max(float(strategy.params.get("ratio", 1.0)), 1e-9)
    if strategy.family in ("over", "combined"):
        after = [max(n, ratio * max(counts)) for n in counts]
    else:
        after = [min(n, min(counts) / ratio) for n in counts]
    for label, rows in dict(strategy.params.get("counts") or ()).items():
        after[label] = rows
    return after


def _columns(facts: FoldFacts) -> int:
    wide = facts.numbers + facts.embeddings + TEXT_COLUMNS * facts.texts
    return max(wide + facts.categories, 1)


def _one_hot(facts: FoldFacts) -> int:
    """Return the columns that the linear model sees, text aside."""
    levels = facts.levels or SOME_LEVELS * facts.categories
    return facts.numbers + facts.embeddings + levels + facts.categories


def _letters(facts: FoldFacts) -> float:
    return facts.letters or SOME_LETTERS * facts.texts
