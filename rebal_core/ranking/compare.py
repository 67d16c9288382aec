"""Fit every arm on what came before, ask it for what came last, and judge it beside the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd

from rebal_core.ranking.bands import TAIL, visits_in
from rebal_core.ranking.decisions import Decisions
from rebal_core.ranking.draws import UserDraws
from rebal_core.ranking.fitting import note_of, why_not
from rebal_core.ranking.foretold import foretold
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.models.base import FitProgress, no_progress
from rebal_core.ranking.outcomes import ArmOutcome
from rebal_core.ranking.plan import RankingArm, RankingPlan
from rebal_core.ranking.reading import FEWEST_USERS
from rebal_core.ranking.repeats import Repeats
from rebal_core.ranking.rerank import SHAPES, front
from rebal_core.ranking.trial import Trial, last_events, later_windows
from rebal_core.ranking.verdict import BesideBest, best_model, tail_verdicts
from rebal_core.ranking.work import Work, naming, timed
from rebal_core.rows import Ints
from rebal_core.wording import UserError

#: What a remedy may cost in NDCG beyond its reference before its gain is no proof.
PRICE = 0.02


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
    repeats : Repeats or None
        What comes last and was there before; None where new items alone are asked for.
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
    repeats: Repeats | None = None
    windows: tuple[Window, ...] = ()

    @property
    def in_tail(self) -> int:
        """Visits that end in the tail."""
        return visits_in(self.trial.truth, self.bands, TAIL)


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
    log: EventLog, plan: RankingPlan, progress: FitProgress = no_progress
) -> RankingComparison:
    """Judge all arms of a plan on the last event of each user, and in later windows if asked."""
    trials = [last_events(log), *later_windows(log, plan.windows)]
    if plan.unseen:
        trials = [trial.of_new() for trial in trials]
        _require_asked(trials[0])

    heads = [arm for arm in plan.arms if arm.tells_chances]
    parts = len(trials) + len(heads)

    def of(place: int) -> FitProgress:
        def part(share: float, **epoch: Any) -> None:
            progress((place + share) / parts, **epoch)

        return part

    def judged(place: int) -> RankingComparison:
        return compare_trial(trials[place], plan, of(place))

    found, windows = judged(0), []
    for place, trial in enumerate(trials[1:], start=1):
        enough = len(trial.visits) >= FEWEST_USERS
        windows.append(Window(trial, judged(place) if enough else None))
    for place, arm in enumerate(heads, start=len(trials)):
        outcome = next(o for o in found.outcomes if o.arm is arm)
        if outcome.scored is not None:
            outcome.heads = foretold(arm, log, plan.seed, naming(arm, of(place)))
    return replace(found, windows=tuple(windows))


def compare_trial(trial: Trial, plan: RankingPlan, progress: FitProgress) -> RankingComparison:
    """Judge all arms of a plan by what one trial asks."""
    work = Work(trial, plan, progress)
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
    repeats = None
    if not plan.unseen:
        ahead = None if best is None else untreated[best.model]
        repeats = Repeats.of(trial, plan.k, work.bands, work.draws, ahead)
    return RankingComparison(
        plan, trial, work.bands, outcomes, fronts, traded, best, work.draws, repeats
    )


def _require_asked(trial: Trial) -> None:
    if len(trial.visits) < FEWEST_USERS:
        raise UserError(
            "The last event of {asked} users is of an item that they had not had before, and a "
            "ranking of new items is judged by at least {least}; leave --unseen away.",
            asked=str(len(trial.visits)),
            least=str(FEWEST_USERS),
        )


def _of_model(work: Work, arms: Sequence[RankingArm]) -> tuple[list[ArmOutcome], Decisions | None]:
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
    outer, seconds = timed(partial(work.fit, untreated, work.trial.log))
    decide = Decisions(work, outer, trades)
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
        ranker, seconds = timed(partial(work.fit, arm, work.trial.log))
        outcome = work.asked(arm, ranker, seconds)
        assert outcome.scored is not None
        outcome.note = note_of(arm, work.trial.log, work.plan.seed)
        outcome.reference = decide.beside(worth, outcome.scored.lists)
        outcome.segments = work.guard(arm, outcome.scored, first.scored)
        outcomes.append(outcome)
    return outcomes, decide


def _judge(outcomes: Sequence[ArmOutcome], work: Work) -> None:
    """Give every arm but the untreated ones its verdict."""
    asked = [o for o in outcomes if o.reference is not None and not o.arm.remedy.untreated]
    pairs = [(o.scored.means, o.reference.scored.means) for o in asked if o.scored and o.reference]
    in_tail = visits_in(work.trial.truth, work.bands, TAIL)
    verdicts = tail_verdicts(pairs, work.draws, in_tail, PRICE)
    for outcome, verdict in zip(asked, verdicts, strict=True):
        paid = verdict.code == "HELPS" and outcome.segments and outcome.segments.worse
        outcome.verdict = replace(verdict, code="CANT_TELL", paid=True) if paid else verdict
