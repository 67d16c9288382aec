"""Goals: what a user wants of a model, as a primary metric and a threshold rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rebal_core.registry import Registry

Task = Literal["binary", "multiclass"]


@dataclass(frozen=True)
class Goal:
    """A choice of words for users, of metric and rule for :class:`rebal_core.arm.Protocol`.

    Parameters
    ----------
    name, label, family, aliases
        See :class:`rebal_core.registry.Spec`. Family: ``probability``, ``ranking``, ``decision``.
    metric : str
        The primary metric, a name of design.md 7.
    rule : str
        Threshold rule in the notation of :class:`rebal_core.arm.Protocol`.
    about : str
        One sentence: whom it serves.
    tasks : tuple of {"binary", "multiclass"}
        Kinds of target it can be chosen for.
    """

    name: str
    label: str
    family: str
    metric: str
    rule: str
    about: str
    tasks: tuple[Task, ...]
    aliases: tuple[str, ...] = ()


GOALS: Registry[Goal] = Registry("goal")

GOALS.add(
    Goal(
        name="find_rare",
        label="Find the rare class",
        family="ranking",
        metric="average_precision",
        rule="f1",
        about="The rare rows shall stand at the top of the list; the cut-off balances found rows "
        "against false alarms.",
        tasks=("binary",),
        aliases=("找出稀有类",),
    )
)
GOALS.add(
    Goal(
        name="every_class",
        label="Every class counts the same",
        family="decision",
        metric="macro_f1",
        rule="macro_f1",
        about="Topics, intents, product categories: a class of 20 rows weighs as much as one of "
        "20,000.",
        tasks=("binary", "multiclass"),
        aliases=("questions", "categories", "每类同等重要"),
    )
)
GOALS.add(
    Goal(
        name="ads",
        label="Right probabilities (ads, bids)",
        family="probability",
        metric="log_loss",
        rule="none",
        about="The probability itself is used, for example as a bid; nobody draws a cut-off.",
        tasks=("binary", "multiclass"),
        aliases=("clicks", "广告", "点击率"),
    )
)
GOALS.add(
    Goal(
        name="fraud",
        label="Review the most suspicious (fraud)",
        family="ranking",
        metric="average_precision",
        rule="top_k:20",
        about="People can look at 20 of every 1,000 rows; these should hold as many rare rows as "
        "possible.",
        tasks=("binary",),
        aliases=("top_k", "欺诈", "复核"),
    )
)
GOALS.add(
    Goal(
        name="diagnosis",
        label="Miss no class (diagnosis)",
        family="decision",
        metric="balanced_accuracy",
        rule="balanced_accuracy",
        about="The share found is averaged over the classes, however rare; false alarms cost "
        "little.",
        tasks=("binary", "multiclass"),
        aliases=("medical", "诊断"),
    )
)
GOALS.add(
    Goal(
        name="recall_floor",
        label="Find at least 80% of the rare class",
        family="ranking",
        metric="average_precision",
        rule="recall>=0.8",
        about="At least 80% of the rare rows must be found, with as few false alarms as that "
        "allows.",
        tasks=("binary",),
        aliases=("recall", "召回下限"),
    )
)


def default_goal(task: Task) -> Goal:
    """Return the goal of a table for which nobody has chosen one."""
    return GOALS["find_rare" if task == "binary" else "every_class"]
