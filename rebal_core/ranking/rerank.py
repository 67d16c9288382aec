"""Popularity taken out of the lists of a fitted model: the remedy that learns nothing anew.

A score ``s`` of item i becomes ``s / spread - tau log(phi(i) + 1)``, phi its training events. It is
the decision by logit adjustment (Menon et al. 2021, Long-tail learning via logit adjustment, ICLR)
with items in the place of classes. Divided by the model's spread, a tau means the same for models
whose scores are log-odds, cosines or counts; the order is the same when the discount is multiplied
by the spread in place of it, and nothing but the discount has to be added.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from rebal_core.evaluation.intervals import LEVEL, Difference
from rebal_core.ranking.bands import TAIL, bands_of
from rebal_core.ranking.exposure import coverage, exposure, list_mean
from rebal_core.ranking.lists import Cutting, cut, scored, top_lists
from rebal_core.ranking.log import EventLog, Visits
from rebal_core.ranking.metrics import mean_of_known, ndcg, recall
from rebal_core.ranking.models.base import Progress, Ranker, no_progress
from rebal_core.ranking.rules import Rules
from rebal_core.ranking.trial import MOST_VISITS, Trial, last_events
from rebal_core.rows import Floats, Ints

#: The tau that a front tries. At 1 an item of ten times the events has to score 2.3 spreads more.
TAUS = tuple(round(0.05 * step, 2) for step in range(21))
#: What is taken from a score: by an item's popularity, or by whether it is in the tail.
Shape = Literal["popularity", "tail"]
SHAPES: tuple[Shape, ...] = ("popularity", "tail")
#: Spreads that an item of the tail gains at tau 1.
_STEP = 2.0


def spread_of(ranker: Ranker, log: EventLog) -> float:
    """Return the mean over visits of the standard deviation of the scores over the catalogue.

    Parameters
    ----------
    ranker : Ranker
        Fitted on ``log``.
    log : EventLog
        Up to 2,000 of its users are looked at, evenly over their codes: the spread is the model's,
        and nobody's list depends on who else is asked.
    """
    users = np.unique(log.user)
    evenly = np.linspace(0, len(users) - 1, min(MOST_VISITS, len(users))).round().astype(np.int64)
    visits = log.visits(users[evenly])
    blocks = scored(ranker, visits, len(log.items))
    total = sum(float(scores.std(axis=1, dtype=np.float64).sum()) for _, _, scores in blocks)
    return total / max(len(visits), 1)


def discount(popularity: Ints, tau: float, spread: float, shape: Shape = "popularity") -> Floats:
    """Return what is added to the scores of each item.

    By popularity ``-tau spread log(popularity + 1)``. By the tail ``2 tau spread`` for its items
    and nothing for others: who knows the border that he is judged by needs no training either.
    """
    if shape == "popularity":
        found: Floats = -tau * spread * np.log1p(popularity)
    else:
        found = _STEP * tau * spread * (bands_of(popularity) == TAIL)
    return found


def reranked(
    ranker: Ranker,
    log: EventLog,
    visits: Visits,
    k: int,
    tau: float,
    *,
    shape: Shape = "popularity",
    spread: float | None = None,
    rules: Rules | None = None,
    unseen: bool = False,
    progress: Progress = no_progress,
) -> Ints:
    """Return the lists of visits with popularity discounted; see :func:`top_lists`.

    Parameters
    ----------
    ranker : Ranker
        Fitted on ``log``.
    shape : {"popularity", "tail"}
        What is discounted; see :func:`discount`.
    spread : float or None
        Where :func:`spread_of` was asked already.
    rules : Rules or None
        What decides beside the scores.
    """
    spread = spread_of(ranker, log) if spread is None else spread
    return top_lists(
        ranker,
        visits,
        k,
        items=len(log.items),
        unseen=unseen,
        adjust=discount(log.popularity, tau, spread, shape),
        cutting=cutting_of(rules, spread),
        progress=progress,
    )


def cutting_of(rules: Rules | None, spread: float) -> Cutting:
    """Return what cuts lists from scores of this spread, by rules where there are some."""
    return cut if rules is None else partial(rules.cut, spread=spread)


def inner_trial(log: EventLog, seed: int, unseen: bool = False) -> Trial:
    """Return the trial that a tau is chosen on: the last training event of up to 2,000 users.

    With ``unseen`` users whose last event is of an item that they had had are not asked.

    The model has to be fitted anew, on its log; what the run is judged by stays unseen.
    """
    trial = last_events(log)
    return (trial.of_new() if unseen else trial).sample(MOST_VISITS, seed)


def front(
    ranker: Ranker,
    trial: Trial,
    k: int,
    *,
    shape: Shape = "popularity",
    taus: Sequence[float] = TAUS,
    rules: Rules | None = None,
    unseen: bool = False,
    progress: Progress = no_progress,
) -> pd.DataFrame:
    """Return what every tau gives and takes on a trial.

    Parameters
    ----------
    ranker : Ranker
        Fitted on ``trial.log``.
    trial : Trial
        As :func:`inner_trial` gives it.

    Returns
    -------
    DataFrame
        A line a tau, ascending: ``tau, ndcg, ndcg_low, recall, tail_recall, aplt, coverage``, at
        k; means over visits, of tail recall over those whose true items hold one of the tail.
        ``ndcg_low`` is what is left of the NDCG of the plain order at the lower end of the interval
        of the change.
    """
    popularity, items = trial.log.popularity, len(trial.log.items)
    spread, steps = spread_of(ranker, trial.log), sorted(taus)
    lists = np.full((len(steps), len(trial.visits), k), -1, dtype=np.int64)
    plain, cutting = lists[0].copy(), cutting_of(rules, spread)
    # The whole catalogue is scored once for all taus.
    for start, part, scores in scored(ranker, trial.visits, items, progress):
        rows, seen = slice(start, start + len(part)), part if unseen else None
        plain[rows] = cut(scores, k, seen=seen)
        for at, tau in enumerate(steps):
            adjust = discount(popularity, tau, spread, shape)
            lists[at, rows] = cutting(scores, k, adjust=adjust, seen=seen)
    tail = bands_of(popularity) == TAIL
    wanted, before = trial.truth.within(tail), ndcg(plain, trial.truth)
    lines = [
        {
            "tau": tau,
            "ndcg": mean_of_known(ndcg(shown, trial.truth)),
            "ndcg_low": _surely_left(before, ndcg(shown, trial.truth)),
            "recall": mean_of_known(recall(shown, trial.truth)),
            "tail_recall": mean_of_known(recall(shown, wanted)),
            "aplt": mean_of_known(list_mean(shown, tail)),
            "coverage": coverage(exposure(shown, items)),
        }
        for tau, shown in zip(steps, lists, strict=True)
    ]
    return pd.DataFrame(lines)


def _surely_left(before: Floats, after: Floats) -> float:
    """Return the mean that is left where all that chance may hide is taken, paired by visit."""
    change = (after - before)[~np.isnan(before)]
    if change.size < 2:
        return float("nan")
    se = float(change.std(ddof=1) / np.sqrt(change.size))
    low, _ = Difference(float(change.mean()), se, change.size - 1).interval(LEVEL)
    return max(mean_of_known(before) + low, 0.0)


def tau_for(found: pd.DataFrame, floor: float, least: float | None = None) -> float:
    """Return the largest tau whose NDCG stays at or above a floor.

    Of taus that change nothing the smallest: one that goes as far as it may, for no gain, may turn
    all over on other events.

    Parameters
    ----------
    found : DataFrame
        As :func:`front` gives it.
    floor : float
        The least NDCG, say 0.98 of that at tau 0.
    least : float or None
        The least ``ndcg_low``, where that is asked for as well.

    Returns
    -------
    float
        The smallest tau tried where none reaches the floor, NDCG is not defined, or every tau has
        none: nothing tells then what one costs.
    """
    largest = _largest(found, floor, least)
    told = found.drop(columns="tau").fillna(-1.0)
    same = (told == told[found["tau"] == largest].iloc[0]).all(axis=1)
    return float(found["tau"][same].min())


def _largest(found: pd.DataFrame, floor: float, least: float | None = None) -> float:
    able = (found["ndcg"] >= floor) & (found["ndcg"].max() > 0)
    if least is not None:
        able &= found["ndcg_low"] >= least
    return float(found["tau"][able].max() if able.any() else found["tau"].min())


def tau_paying(found: pd.DataFrame, paid: float) -> float:
    """Return the tau whose NDCG is what something else left, between those tried.

    Parameters
    ----------
    found : DataFrame
        As :func:`front` gives it.
    paid : float
        The NDCG that is left.
    """
    before = _largest(found, paid)
    line = found[found["tau"] >= before].iloc[:2]
    if len(line) < 2 or not line["ndcg"].iloc[0] > paid > line["ndcg"].iloc[1]:
        return before
    share = (line["ndcg"].iloc[0] - paid) / (line["ndcg"].iloc[0] - line["ndcg"].iloc[1])
    return float(before + share * (line["tau"].iloc[1] - before))
