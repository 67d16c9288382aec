"""How long a comparison will take, before it starts: rough, from sizes alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rebal_core.experiment.machine import worker_count
from rebal_core.strategies import FoldFacts, fit_signature, strategy_of
from rebal_core.types import Arm

if TYPE_CHECKING:
    from rebal_core.data.dataset import Dataset
    from rebal_core.experiment.plan import Plan

#: CPU seconds on one core of a small server, one thread; a factor of two off is no surprise.
FIXED = 0.03  # a fit of next to nothing
PREPARING = 0.1, 2e-7, 1e-4  # a fold; rows x columns; rows x text columns
LINEAR = 9e-8  # rows x columns x classes
#: Sparse text, a class: fixed; the pieces that distinct rows bring; all rows, copies too.
LINEAR_TEXT = 0.04, 8e-6, 4.5e-6
FOREST = 2.1e-5  # rows ^ 1.1 x sqrt(columns), and more with every class
FOREST_CLASS = 1 / 30
#: A tree that draws its own rows, each time anew.
DRAWING_TREES = 1.0
BOOSTING = 0.0025, 6e-9  # a tree; trees x rows x columns
NET = 0.03  # sqrt(rows): it stops early the sooner the more rows an epoch has
NEIGHBOURS = 1e-10  # rows^2 x columns
#: An engine that starts and a verdict that is computed; what each piece of work costs besides.
START_SECONDS, TASK_SECONDS = 8.0, 0.15
#: What a text column costs, in columns, where not its sparse form is learned from.
TEXT_COLUMNS = 100
#: What a category costs, in columns, where it is one-hot.
ONE_HOT_COLUMNS = 8


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
    from rebal_core.experiment.plan import facts_of

    facts = facts_of(dataset, plan.schema, plan.rows)
    splits = plan.protocol.folds * plan.protocol.repeats
    share = 1 - 1 / plan.protocol.folds
    workers = worker_count()
    seconds = seconds_of(plan.arms, facts, share) * splits / workers
    seconds += START_SECONDS + TASK_SECONDS * len(plan.arms) * splits / workers
    rows = max(sum(_counts_after(arm, facts, share)) for arm in plan.arms)
    # Typed rows, the encoded copy, and what the learner keeps of it.
    memory = int(rows * _columns(facts) * 4 * 4) * workers
    return Estimate(len(plan.arms) * splits, seconds, memory)


def seconds_of(arms: tuple[Arm, ...] | list[Arm], facts: FoldFacts, share: float) -> float:
    """Return the seconds of one worker for one split of these arms."""
    fits: Mapping[str, Arm] = {fit_signature(arm): arm for arm in arms}
    samplers: Mapping[Any, Arm] = {(a.strategy, a.params): a for a in fits.values()}
    fixed, a_value, a_text = PREPARING
    preparing = fixed + facts.rows * (a_value * _columns(facts) + a_text * facts.texts)
    resampling = sum(_resample_seconds(arm, facts, share) for arm in samplers.values())
    return preparing + resampling + sum(fit_seconds(arm, facts, share) for arm in fits.values())


def fit_seconds(arm: Arm, facts: FoldFacts, share: float) -> float:
    """Return the seconds of one fit of an arm."""
    rows = sum(_counts_after(arm, facts, share))
    if arm.classifier == "prior":
        return FIXED
    if arm.classifier == "logistic":
        return FIXED + _linear_seconds(rows, facts, share)
    if arm.classifier == "random_forest":
        drawing = DRAWING_TREES if strategy_of(arm).ensemble is not None else 0.0
        growing = FOREST * (1 + FOREST_CLASS * (facts.classes - 2))
        return 5 * FIXED + drawing + growing * float(rows**1.1 * _columns(facts) ** 0.5)
    if arm.classifier == "hist_gradient_boosting":
        trees = 100 * (1 if facts.classes == 2 else facts.classes)
        a_tree, a_value = BOOSTING
        return FIXED + trees * (a_tree + a_value * rows * _columns(facts))
    return FIXED + NET * float(rows**0.5)


def _linear_seconds(rows: float, facts: FoldFacts, share: float) -> float:
    columns = facts.numbers + facts.embeddings + ONE_HOT_COLUMNS * facts.categories
    fixed, a_piece, a_row = LINEAR_TEXT
    text = fixed + a_piece * min(rows, share * facts.rows) + a_row * rows
    return facts.classes * (LINEAR * rows * columns + facts.texts * text)


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
    return NEIGHBOURS * (within + everywhere) * _columns(facts, ONE_HOT_COLUMNS)


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


def _columns(facts: FoldFacts, one_hot: int = 1) -> int:
    wide = facts.numbers + facts.embeddings + TEXT_COLUMNS * facts.texts
    return max(wide + one_hot * facts.categories, 1)
