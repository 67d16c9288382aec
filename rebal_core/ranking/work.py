"""What all arms of a comparison share, and what is asked of each that is fitted."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from rebal_core.ranking.draws import UserDraws
from rebal_core.ranking.exposure import Catalogue, over_all
from rebal_core.ranking.fitting import fit_arm
from rebal_core.ranking.lists import top_lists
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.metrics import mean_of_known, ndcg
from rebal_core.ranking.models.base import FitProgress, Ranker
from rebal_core.ranking.outcomes import ArmOutcome
from rebal_core.ranking.plan import RankingArm, RankingPlan
from rebal_core.ranking.rerank import inner_trial
from rebal_core.ranking.scored import Scored, cold_recall, means_of
from rebal_core.ranking.segments import Guard, guard
from rebal_core.ranking.trial import Trial, some_of
from rebal_core.rows import Ints

_T = TypeVar("_T")


class Work:
    """What all arms share: the trials, the bands, the draws, and how far all is."""

    def __init__(self, trial: Trial, plan: RankingPlan, progress: FitProgress) -> None:
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

        def part(share: float, **epoch: Any) -> None:
            self.progress((self._done + share) / self._steps, **epoch)

        ranker = fit_arm(arm, log, self.plan.seed, naming(arm, part))
        self._done += 1
        return ranker

    def asked(self, arm: RankingArm, ranker: Ranker, seconds: float) -> ArmOutcome:
        """Return what a fitted arm answers."""
        lists, taken = timed(partial(self._lists, ranker, self.trial))
        taking = {"fit": seconds, "lists": taken}
        return ArmOutcome(arm, scored=self.scored(lists), story=ranker.story_, seconds=taking)

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


def naming(arm: RankingArm, progress: FitProgress) -> FitProgress:
    """Return what tells of each epoch of a fit which arm it is of, too."""

    def told(share: float, **epoch: Any) -> None:
        progress(share, **({"arm": arm.name, **epoch} if epoch else {}))

    return told


def timed(work: Callable[[], _T]) -> tuple[_T, float]:
    """Return what a call gives, and its seconds."""
    begun = time.monotonic()
    return work(), time.monotonic() - begun
