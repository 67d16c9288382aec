"""Fit every arm on what came before, ask it for what came last, and judge it beside the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import numpy as np
import pandas as pd

from rebal_core.ranking.bands import TAIL
from rebal_core.ranking.draws import UserDraws
from rebal_core.ranking.exposure import Catalogue, over_all
from rebal_core.ranking.fitting import fit_arm, note_of, why_not
from rebal_core.ranking.lists import top_lists
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.metrics import mean_of_known, ndcg
from rebal_core.ranking.models.base import Progress, Ranker, no_progress
from rebal_core.ranking.plan import RankingArm, RankingPlan
from rebal_core.ranking.reading import FEWEST_USERS
from rebal_core.ranking.rerank import (
    SHAPES,
    Shape,
    front,
    inner_trial,
    reranked,
    spread_of,
    tau_for,
    tau_paying,
)
from rebal_core.ranking.rules import Rules
from rebal_core.ranking.scored import Scored, cold_recall, means_of
from rebal_core.ranking.segments import Guard, guard
from rebal_core.ranking.trial import Trial, last_events, later_windows, some_of
from rebal_core.ranking.verdict import BesideBest, TailVerdict, best_model, tail_verdicts
from rebal_core.rows import Ints
from rebal_core.wording import Text, UserError

_T = TypeVar("_T")
#: What a remedy may cost in NDCG beyond its reference before its gain is no proof.
PRICE = 0.02


@dataclass(frozen=True)
class Reference:
    """What an arm is judged against: the untreated model, re-ranked at the price of the arm.

    Parameters
    ----------
    tau : float
        How far; 0 leaves the order as it is.
    scored : Scored
    shape : {"popularity", "tail"}
        What is discounted; that which finds more of the tail on inner events.
    """

    tau: float
    scored: Scored
    shape: Shape = "popularity"


@dataclass
class ArmOutcome:
    """What became of one arm.

    Parameters
    ----------
    arm : RankingArm
    status : {"done", "skipped"}
    reason : Text or None
        Why it was skipped.
    note : Text or None
        What its remedy tells of how it was done.
    scored : Scored or None
    reference : Reference or None
    verdict : TailVerdict or None
        None of untreated arms, whose reference stands beside them.
    tau : float or None
        How far an arm that re-ranks does so.
    ruled : mapping of str to (float, float)
        What the rules of such an arm changed, before and after; see :meth:`Rules.told`.
    segments : Guard or None
        What an arm that is aimed at a segment does to each.
    seconds : dict of str to float
        ``fit`` and ``lists``.
    """

    arm: RankingArm
    status: str = "done"
    reason: Text | None = None
    note: Text | None = None
    scored: Scored | None = None
    reference: Reference | None = None
    verdict: TailVerdict | None = None
    tau: float | None = None
    ruled: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    segments: Guard | None = None
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RankingComparison:
    """All arms of a comparison.

    Parameters
    ----------
    plan : RankingPlan
    trial : Trial
    bands : ndarray of shape (items,)
    outcomes : list of ArmOutcome
        In the order of the plan.
    fronts : mapping of model to DataFrame
        What re-ranking trades for each untreated model, on inner events: tau is chosen by it.
    traded : mapping of model to DataFrame
        The same of the events that are judged, of up to 2,000 visits: for pictures, not to choose.
    best : BesideBest or None
        None where no model could be fitted.
    draws : UserDraws
    windows : tuple of Window
        The same of later windows of time, where they are asked for.
    """

    plan: RankingPlan
    trial: Trial
    bands: Ints
    outcomes: list[ArmOutcome]
    fronts: Mapping[str, pd.DataFrame]
    traded: Mapping[str, pd.DataFrame]
    best: BesideBest | None
    draws: UserDraws
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True)
class Window:
    """A later window of time, foretold from all that happened before it.

    Parameters
    ----------
    trial : Trial
    found : RankingComparison or None
        None where too few users come back in it.
    """

    trial: Trial
    found: RankingComparison | None


def compare_rankings(
    log: EventLog, plan: RankingPlan, progress: Progress = no_progress
) -> RankingComparison:
    """Judge all arms of a plan on the last event of each user, and in later windows if asked."""
    trials = [last_events(log), *later_windows(log, plan.windows)]
    if plan.unseen:
        trials = [trial.of_new() for trial in trials]
        _require_asked(trials[0])

    def judged(place: int) -> RankingComparison:
        def part(share: float) -> None:
            progress((place + share) / len(trials))

        return compare_trial(trials[place], plan, part)

    found, windows = judged(0), []
    for place, trial in enumerate(trials[1:], start=1):
        enough = len(trial.visits) >= FEWEST_USERS
        windows.append(Window(trial, judged(place) if enough else None))
    return replace(found, windows=tuple(windows))


def compare_trial(trial: Trial, plan: RankingPlan, progress: Progress) -> RankingComparison:
    """Judge all arms of a plan by what one trial asks."""
    work = _Work(trial, plan, progress)
    fronts: dict[str, pd.DataFrame] = {}
    traded: dict[str, pd.DataFrame] = {}
    outcomes: list[ArmOutcome] = []
    for name in plan.models:
        arms = [arm for arm in plan.arms if arm.model.name == name]
        found, decide = _of_model(work, arms)
        outcomes += found
        if decide is not None:
            fronts[name], traded[name] = decide.trades["popularity"], decide.traded["popularity"]
    _judge(outcomes, work)
    untreated = {
        o.arm.model.name: o.scored.means for o in outcomes if o.arm.remedy.untreated and o.scored
    }
    best = best_model(untreated, work.draws) if untreated else None
    return RankingComparison(plan, trial, work.bands, outcomes, fronts, traded, best, work.draws)


def _require_asked(trial: Trial) -> None:
    if len(trial.visits) < FEWEST_USERS:
        raise UserError(
            "The last event of {asked} users is of an item that they had not had before, and a "
            "ranking of new items is judged by at least {least}; leave --unseen away.",
            asked=str(len(trial.visits)),
            least=str(FEWEST_USERS),
        )


class _Work:
    """What all arms share: the trials, the bands, the draws, and how far all is."""

    def __init__(self, trial: Trial, plan: RankingPlan, progress: Progress) -> None:
        self.trial, self.plan, self.progress = trial, plan, progress
        self.inner = inner_trial(trial.log, plan.seed, plan.unseen)
        self.catalogue = Catalogue.of(trial.log)
        self.bands = self.catalogue.bands
        self.draws = UserDraws(len(trial.visits), len(trial.log), plan.seed)
        self.some = some_of(len(trial.visits), plan.seed)
        trained = sum(not arm.remedy.reranks for arm in plan.arms)
        self._steps, self._done = 2 * trained, 0

    def fit(self, arm: RankingArm, log: EventLog) -> Ranker:
        """Return the arm's model, fitted on a log by its remedy."""
        ranker = fit_arm(
            *(arm, log, self.plan.seed),
            lambda share: self.progress((self._done + share) / self._steps),
        )
        self._done += 1
        return ranker

    def asked(self, arm: RankingArm, ranker: Ranker, seconds: float) -> ArmOutcome:
        """Return what a fitted arm answers."""
        lists, taken = _timed(partial(self._lists, ranker, self.trial))
        return ArmOutcome(arm, scored=self.scored(lists), seconds={"fit": seconds, "lists": taken})

    def worth(self, ranker: Ranker) -> float:
        """Return the NDCG that a model has on inner events."""
        return mean_of_known(ndcg(self._lists(ranker, self.inner), self.inner.truth))

    def guard(self, arm: RankingArm, scored: Scored, untreated: Scored | None) -> Guard | None:
        """Return what an arm that is aimed at a segment does to each beside no treatment."""
        aim = arm.remedy.aim(arm.remedy_params)
        if aim is None or untreated is None:
            return None
        return guard(aim, self.trial, scored.lists, untreated.lists, self.draws)

    def _lists(self, ranker: Ranker, trial: Trial) -> Ints:
        items = len(trial.log.items)
        return top_lists(ranker, trial.visits, self.plan.k, items=items, unseen=self.plan.unseen)

    def scored(self, lists: Ints) -> Scored:
        """Return what lists of the outer trial are worth."""
        trial = self.trial
        return Scored(
            lists,
            means_of(lists, trial.truth, self.bands, self.draws),
            over_all(lists, trial, self.catalogue, self.plan.unseen),
            cold_recall(lists, trial.truth, self.catalogue.cold, self.draws),
        )


def _of_model(
    work: _Work, arms: Sequence[RankingArm]
) -> tuple[list[ArmOutcome], _Decisions | None]:
    """Fit the arms of one model, the untreated first, and find the reference of each."""
    untreated = arms[0]
    refused = why_not(untreated, work.trial.log)
    if refused is not None:
        return [ArmOutcome(arm, "skipped", refused) for arm in arms], None
    inner = work.fit(untreated, work.inner.log)
    trades = {
        shape: front(inner, work.inner, work.plan.k, shape=shape, unseen=work.plan.unseen)
        for shape in SHAPES
    }
    outer, seconds = _timed(partial(work.fit, untreated, work.trial.log))
    decide = _Decisions(work, outer, trades)
    first = work.asked(untreated, outer, seconds)
    first.reference = decide.costing(PRICE)
    outcomes = [first]
    for arm in arms[1:]:
        refused = why_not(arm, work.trial.log)
        if refused is not None:
            outcomes.append(ArmOutcome(arm, "skipped", refused))
            continue
        if arm.remedy.reranks:
            outcomes.append(decide.arm(arm, first, inner))
            continue
        worth = work.worth(work.fit(arm, work.inner.log))
        ranker, seconds = _timed(partial(work.fit, arm, work.trial.log))
        outcome = work.asked(arm, ranker, seconds)
        assert outcome.scored is not None
        outcome.note = note_of(arm, work.trial.log, work.plan.seed)
        outcome.reference = decide.beside(worth, outcome.scored.lists)
        outcome.segments = work.guard(arm, outcome.scored, first.scored)
        outcomes.append(outcome)
    return outcomes, decide


class _Decisions:
    """An untreated model, re-ranked as far as a price in NDCG allows.

    Parameters
    ----------
    outer : Ranker
        Fitted on all that may be learned from.
    trades : mapping of shape to DataFrame
        What each tau gives and takes on inner events, by what is discounted.
    """

    def __init__(self, work: _Work, outer: Ranker, trades: Mapping[Shape, pd.DataFrame]) -> None:
        self.work, self.outer, self.trades = work, outer, trades
        self.spread = spread_of(outer, work.trial.log)
        plan, asked = work.plan, work.trial.take(work.some)
        #: The same on the events that are judged, or on some of them.
        self.traded = {
            shape: front(outer, asked, plan.k, shape=shape, unseen=plan.unseen) for shape in SHAPES
        }

    def floor(self, price: float) -> float:
        """Return the NDCG that is left when this part of it is paid."""
        return (1 - price) * float(self.trades["popularity"]["ndcg"].iloc[0])

    def costing(self, price: float) -> Reference:
        """Return the decision that finds most of the tail at this price, on inner events."""
        shape = self._shape(self.floor(price))
        return self.going(tau_for(self.trades[shape], self.floor(price)), shape)

    def beside(self, worth: float, lists: Ints) -> Reference:
        """Return the decision that costs as much as lists that a training gave.

        What is discounted is chosen on inner events, by what the training is worth there; how far,
        by the NDCG of its lists: on inner events two orders that cost the same need not do so where
        they are judged, and the dearer would have bought its gain.
        """
        shape, some = self._shape(worth), self.work.some
        paid = mean_of_known(ndcg(lists[some], self.work.trial.truth.take(some)))
        return self.going(tau_paying(self.traded[shape], paid), shape)

    def _shape(self, floor: float) -> Shape:
        def found(shape: Shape) -> float:
            trade = self.trades[shape]
            there = trade["tail_recall"][trade["tau"] == tau_for(trade, floor)]
            return float(np.nan_to_num(there.iloc[0]))

        return max(SHAPES, key=found)

    def going(self, tau: float, shape: Shape, rules: Rules | None = None) -> Reference:
        """Return the lists re-ranked so far."""
        trial, plan = self.work.trial, self.work.plan
        lists = reranked(
            *(self.outer, trial.log, trial.visits, plan.k, tau),
            shape=shape,
            spread=self.spread,
            rules=rules,
            unseen=plan.unseen,
        )
        return Reference(tau, self.work.scored(lists), shape)

    def arm(self, arm: RankingArm, untreated: ArmOutcome, inner: Ranker) -> ArmOutcome:
        """Return the decision as an arm, beside the order that it came from.

        What its rules cost is part of its price: tau is the largest that leaves the NDCG with them.
        """
        assert untreated.scored is not None
        work, params = self.work, arm.remedy_params
        rules, trade = Rules.of(work.trial.log, params, work.plan.seed), self.trades["popularity"]
        if rules is not None:
            asked = Rules.of(work.inner.log, params, work.plan.seed)
            trade = front(inner, work.inner, work.plan.k, rules=asked, unseen=work.plan.unseen)
        found = self.going(tau_for(trade, self.floor(float(params["cost"]))), "popularity", rules)
        outcome = ArmOutcome(
            arm,
            scored=found.scored,
            reference=Reference(0.0, untreated.scored),
            tau=found.tau,
            seconds=dict(untreated.seconds),
        )
        if rules is not None:
            before, after = rules.told(untreated.scored.lists), rules.told(found.scored.lists)
            outcome.ruled = {name: (before[name], after[name]) for name in after}
        return outcome


def _judge(outcomes: Sequence[ArmOutcome], work: _Work) -> None:
    """Give every arm but the untreated ones its verdict."""
    asked = [o for o in outcomes if o.reference is not None and not o.arm.remedy.untreated]
    pairs = [(o.scored.means, o.reference.scored.means) for o in asked if o.scored and o.reference]
    in_tail = int((work.bands[work.trial.truth.item] == TAIL).sum())
    verdicts = tail_verdicts(pairs, work.draws, in_tail, PRICE)
    for outcome, verdict in zip(asked, verdicts, strict=True):
        paid = verdict.code == "HELPS" and outcome.segments and outcome.segments.worse
        outcome.verdict = replace(verdict, code="CANT_TELL", paid=True) if paid else verdict


def _timed(work: Callable[[], _T]) -> tuple[_T, float]:
    """Return what a call gives, and its seconds."""
    begun = time.monotonic()
    return work(), time.monotonic() - begun
