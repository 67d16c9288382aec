"""An arm of a ranking, fitted on a log: its remedy first, then its model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rebal_core.data.formats import count
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.models.base import FitProgress, Ranker, no_progress
from rebal_core.ranking.plan import RankingArm
from rebal_core.seeding import child_seed
from rebal_core.wording import Text


def fit_arm(
    arm: RankingArm, log: EventLog, seed: int, progress: FitProgress = no_progress
) -> Ranker:
    """Return the model of an arm, fitted on a log as its remedy says.

    Parameters
    ----------
    seed : int
        Of the comparison.
    """
    # All arms of a model begin alike: a remedy that does nothing changes nothing.
    ranker = arm.model.build(arm.settings, child_seed(seed, "rank", arm.model.name))
    ranker.fit(treated(arm, log, seed), progress)
    return ranker


def treated(arm: RankingArm, log: EventLog, seed: int) -> EventLog:
    """Return what the model of an arm learns from: the log as its remedy makes it."""
    remedy, params = arm.remedy, arm.remedy_params
    if remedy.weigh is not None:
        log = replace(log, weight=log.weight * remedy.weigh(log, params))
    if remedy.grow is not None:
        log = remedy.grow(log, params, child_seed(seed, "rank", arm.name, "grow"))
    return log


def note_of(arm: RankingArm, log: EventLog, seed: int) -> Text | None:
    """Return what is told of how an arm was done, or None."""
    remedy = arm.remedy
    if remedy.weigh is not None and np.ptp(remedy.weigh(log, arm.remedy_params)) == 0:
        return Text("With these settings all events count alike here, so nothing changes.")
    if remedy.tells is not None:
        return remedy.tells(log, arm.remedy_params)
    if remedy.grow is None:
        return None
    grown = treated(arm, log, seed)
    return Text(
        "{users} users with {events} events were made and learned from beside the real ones; none "
        "of them is asked.",
        {"users": count(grown.made), "events": count(len(grown) - len(log))},
    )


def why_not(arm: RankingArm, log: EventLog) -> Text | None:
    """Return why an arm cannot serve a log, or its remedy its model, or None."""
    remedy, params = arm.remedy, arm.remedy_params
    if not set(arm.settings) <= set(arm.model.params):
        return Text(
            "{remedy} changes how a network is trained, and {model} is none.",
            {"remedy": Text(remedy.label), "model": Text(arm.model.label)},
        )
    return arm.model.serves(log, arm.settings) or remedy.refuses(log, params)
