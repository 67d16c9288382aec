"""An arm of a ranking, fitted on a log: its remedy first, then its model."""

from __future__ import annotations

from dataclasses import replace

from rebal_core.ranking.log import EventLog
from rebal_core.ranking.models.base import Progress, Ranker, no_progress
from rebal_core.ranking.plan import RankingArm
from rebal_core.seeding import child_seed
from rebal_core.wording import Text


def fit_arm(arm: RankingArm, log: EventLog, seed: int, progress: Progress = no_progress) -> Ranker:
    """Return the model of an arm, fitted on a log as its remedy says.

    Parameters
    ----------
    seed : int
        Of the comparison.
    """
    remedy, params = arm.remedy, arm.remedy_params
    seed = child_seed(seed, "rank", arm.name)
    if remedy.weigh is not None:
        log = replace(log, weight=log.weight * remedy.weigh(log, params))
    if remedy.grow is not None:
        log = remedy.grow(log, params, child_seed(seed, "grow"))
    ranker = arm.model.build(arm.settings, seed)
    ranker.fit(log, progress)
    return ranker


def why_not(arm: RankingArm, log: EventLog) -> Text | None:
    """Return why an arm cannot serve a log, or its remedy its model, or None."""
    remedy, params = arm.remedy, arm.remedy_params
    if not set(arm.settings) <= set(arm.model.params):
        return Text(
            "{remedy} changes how a network is trained, and {model} is none.",
            {"remedy": Text(remedy.label), "model": Text(arm.model.label)},
        )
    return arm.model.serves(log, arm.settings) or remedy.refuses(log, params)
