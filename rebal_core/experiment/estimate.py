"""How long a comparison will take, before it starts: rough, from sizes alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rebal_core.experiment.machine import worker_count
from rebal_core.strategies import FoldFacts, fit_signature, strategy_of
from rebal_core.types import Arm

if TYPE_CHECKING:
    from rebal_core.data.dataset import Dataset
    from rebal_core.experiment.plan import Plan

#: Seconds of a fit: fixed part, then per (row x column x class) or, for trees, as commented.
#: Measured on one core of a small server; a factor of two off is no surprise.
FIXED = 0.06
LINEAR = 4e-7  # rows x columns x classes
FOREST = 4e-6  # rows x log2(rows) x sqrt(columns)
BOOSTING = 2.5e-7  # rows x columns x trees a round; a fixed part a tree of its own
BOOSTING_TREE = 0.006
NET = 1.2e-4  # rows (with epochs inside)
NEIGHBOURS = 2e-9  # rows^2 x columns
#: What a text column costs, in columns: sparse for linear models, its components for all others.
TEXT_COLUMNS = {"logistic": 16, "other": 100}


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
    rows = max(_rows_after(arm, facts, share) for arm in plan.arms)
    # Typed rows, the encoded copy, and what the learner keeps of it.
    memory = int(rows * _columns(facts, "other") * 4 * 4) * workers
    return Estimate(len(plan.arms) * splits, seconds, memory)


def seconds_of(arms: tuple[Arm, ...] | list[Arm], facts: FoldFacts, share: float) -> float:
    """Return the seconds of one worker for one split of these arms."""
    fits: Mapping[str, Arm] = {fit_signature(arm): arm for arm in arms}
    columns = _columns(facts, "other")
    total = 0.2 + 2e-7 * facts.rows * columns  # preparation
    makers = {strategy_of(a).name for a in fits.values() if strategy_of(a).family == "over"}
    if makers - {"random_over"}:
        total += NEIGHBOURS * (share * facts.rows) ** 2 * columns
    return total + sum(fit_seconds(arm, facts, share) for arm in fits.values())


def fit_seconds(arm: Arm, facts: FoldFacts, share: float) -> float:
    """Return the seconds of one fit of an arm."""
    rows = _rows_after(arm, facts, share)
    columns = _columns(facts, arm.classifier)
    trees_a_round = 1 if facts.classes == 2 else facts.classes
    cost: dict[str, float] = {
        "prior": 0.0,
        "logistic": LINEAR * rows * columns * facts.classes,
        "random_forest": FOREST * rows * max(rows, 2.0) ** 0.1 * columns**0.5 * 8,
        "hist_gradient_boosting": 100
        * trees_a_round
        * (BOOSTING_TREE + BOOSTING * rows * columns / 10),
        "mlp": NET * rows,
    }
    return FIXED + cost.get(arm.classifier, NET * rows)


def _rows_after(arm: Arm, facts: FoldFacts, share: float) -> float:
    strategy = strategy_of(arm)
    if not strategy.makes_rows:
        return share * facts.rows
    ratio = float(strategy.params.get("ratio", 1.0))
    if strategy.family in ("over", "combined"):
        grown = ratio * max(facts.counts)
        return share * sum(max(n, grown) for n in facts.counts)
    kept = min(facts.counts) / max(ratio, 1e-9)
    return share * sum(min(n, kept) for n in facts.counts)


def _columns(facts: FoldFacts, classifier: str) -> int:
    texts = TEXT_COLUMNS.get(classifier, TEXT_COLUMNS["other"])
    one_hot = 8 if classifier in ("logistic", "mlp") else 1
    return max(facts.numbers + one_hot * facts.categories + texts * facts.texts, 1)
