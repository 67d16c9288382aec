"""What explains a gain so large that it wants an explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rebal_core.evaluation.verdict import Verdict
from rebal_core.evaluation.words import number
from rebal_core.metrics import METRICS, per_class
from rebal_core.rows import Floats
from rebal_core.wording import Names, Text

if TYPE_CHECKING:
    from rebal_core.evaluation.sentences import Story

#: So many classes are named.
MOST_NAMED = 3


def explained(story: Story, arm: str, verdict: Verdict) -> list[Text]:
    """Return which classes a large gain comes from, and what another classifier reaches.

    Large is above .15, of a cost above 15 % of it; nothing for a smaller gain. That the untreated
    arm of another classifier does better is the likeliest sign that a remedy mends its model and
    not the imbalance.
    """
    metric = METRICS[story.protocol.metric]
    base = story.scores[str(verdict.reference)].series(metric.name).mean
    if not verdict.difference.gain > metric.large(base):
        return []
    parts = []
    before, after = f1_of(story, str(verdict.reference)), f1_of(story, arm)
    rise = after - before
    risen = [k for k in np.argsort(-rise) if rise[k] >= story.protocol.margin][:MOST_NAMED]
    if risen:
        named = [f"“{story.classes[k]}” (F1 {before[k]:.2f} → {after[k]:.2f})" for k in risen]
        text = "Most of so large a gain comes from {classes}."
        parts.append(Text(text, {"classes": Names(named)}))
    return [*parts, _beside(story, verdict)]


def _beside(story: Story, verdict: Verdict) -> Text:
    if verdict.beside is None:
        return Text("Compare a second classifier before you trust so large a gain.")
    metric = METRICS[story.protocol.metric]
    other = story.scores[verdict.beside].series(metric.name).mean
    own = story.scores[str(verdict.reference)].series(metric.name).mean
    ahead = float(metric.utility(other) - metric.utility(own)) >= verdict.margin
    text = (
        "Untreated {arm} has {val} without any remedy: part of the gain mends the model, not the "
        "imbalance."
        if ahead
        else "No untreated model of another kind is better ({arm}: {val})."
    )
    return Text(text, {"arm": verdict.beside, "val": number(other, metric.name)})


def f1_of(story: Story, arm: str) -> Floats:
    """Return the F1 of each class at the tuned rule, 0 where it is undefined; shape (K,)."""
    f1 = per_class(story.scores[arm].counts["tuned"])["f1"]
    return np.asarray(np.nan_to_num(f1.mean(axis=0)))
