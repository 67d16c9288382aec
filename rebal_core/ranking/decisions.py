"""What an untreated model gives when its lists are ordered anew: a decision, not a training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rebal_core.data.formats import count, number, share
from rebal_core.ranking.metrics import mean_of_known, ndcg
from rebal_core.ranking.models.base import Ranker
from rebal_core.ranking.outcomes import ArmOutcome, Reference
from rebal_core.ranking.plan import RankingArm
from rebal_core.ranking.rerank import (
    SHAPES,
    Shape,
    front,
    reranked,
    spread_of,
    tau_for,
    tau_paying,
)
from rebal_core.ranking.rules import Rules
from rebal_core.ranking.trial import MOST_VISITS
from rebal_core.ranking.work import Work
from rebal_core.rows import Ints
from rebal_core.wording import Text


class Decisions:
    """An untreated model, re-ranked as far as a price in NDCG allows.

    Parameters
    ----------
    outer : Ranker
        Fitted on all that may be learned from.
    trades : mapping of shape to DataFrame
        What each tau gives and takes on inner events, by what is discounted.
    """

    def __init__(self, work: Work, outer: Ranker, trades: Mapping[Shape, pd.DataFrame]) -> None:
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

    def within(self, price: float) -> tuple[float, float]:
        """Return the NDCG that a decision has to leave, and that it has to leave for sure.

        On few events a mean tells little of what is paid on others: there the price itself has to
        be sure. Where as many are asked as ever are, twice the price is enough.
        """
        certain = 1 + len(self.work.inner.visits) / MOST_VISITS
        return self.floor(price), self.floor(min(certain * price, 1.0))

    def costing(self, price: float) -> Reference:
        """Return the decision that finds most of the tail at this price, on inner events."""
        shape = self._shape(*self.within(price))
        return self.going(tau_for(self.trades[shape], *self.within(price)), shape)

    def beside(self, worth: float, lists: Ints) -> Reference:
        """Return the decision that costs as much as lists that a training gave.

        What is discounted is chosen on inner events, by what the training is worth there; how far,
        by the NDCG of its lists: on inner events two orders that cost the same need not do so where
        they are judged, and the dearer would have bought its gain.
        """
        shape, some = self._shape(worth), self.work.some
        paid = mean_of_known(ndcg(lists[some], self.work.trial.truth.take(some)))
        return self.going(tau_paying(self.traded[shape], paid), shape)

    def _shape(self, floor: float, least: float | None = None) -> Shape:
        def found(shape: Shape) -> float:
            trade = self.trades[shape]
            there = trade["tail_recall"][trade["tau"] == tau_for(trade, floor, least)]
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

    def _note(self, trade: pd.DataFrame, price: float) -> Text | None:
        """Return why tau stays 0, where that is not for want of a price, or None."""
        floor, least = self.within(price)
        start = trade.iloc[0]
        if start["ndcg"] < floor:
            return Text(
                "Its rules alone take the NDCG from {before} to {after} on the events by which tau "
                "is chosen, more than the price of {price}; so tau stays 0.",
                {
                    "before": number(self.floor(0.0)),
                    "after": number(start["ndcg"]),
                    "price": share(price),
                },
            )
        if tau_for(trade, floor, least) > 0 or not tau_for(trade, floor) > 0:
            return None
        return Text(
            "Tau stays 0: the {visits} users by whom it is chosen are too few to be sure that more "
            "costs at most {price} of the NDCG.",
            {"visits": count(len(self.work.inner.visits)), "price": share(price)},
        )

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
        price = float(params["cost"])
        found = self.going(tau_for(trade, *self.within(price)), "popularity", rules)
        outcome = ArmOutcome(
            arm,
            note=self._note(trade, price),
            scored=found.scored,
            reference=Reference(0.0, untreated.scored),
            tau=found.tau,
            seconds=dict(untreated.seconds),
        )
        if rules is not None:
            before, after = rules.told(untreated.scored.lists), rules.told(found.scored.lists)
            outcome.ruled = {name: (before[name], after[name]) for name in after}
        return outcome
