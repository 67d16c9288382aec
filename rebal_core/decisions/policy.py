"""From a model's probabilities to its answers: what run, bundle and explanation all go through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rebal_core.decisions.numbers import plain_number
from rebal_core.decisions.prices import Prices
from rebal_core.decisions.repair import Repair
from rebal_core.decisions.rules import parse_rule, predict, tune_tallies
from rebal_core.decisions.tallies import Tallies, moved
from rebal_core.rows import Floats, Ints
from rebal_core.wording import UserError


@dataclass(frozen=True)
class Policy:
    """How a model's probabilities are put right and turned into an answer.

    Parameters
    ----------
    positive : int
        Code of the class in focus.
    repair : Repair
    cutoff : float
        Two classes: the threshold of the class in focus. Many: the exponent tau.
    rule : str or None
        What it was tuned for; None in a file of before this was kept.
    tallies : Tallies or None
        Two classes: what other cut-offs do on the held-out rows that it was tuned on.
    prices : Prices or None
        What answers cost: each row then gets the cheapest one, and the cut-off is shown only.
    """

    positive: int
    repair: Repair = field(default_factory=Repair)
    cutoff: float = 0.5
    rule: str | None = None
    tallies: Tallies | None = None
    prices: Prices | None = None

    @property
    def retuned(self) -> bool:
        """Whether the cut-off can be chosen again for another mix, by the same rule."""
        return self.tallies is not None and self.rule not in (None, "none")

    def answers(
        self,
        proba: Floats,
        before: Floats,
        after: Floats | None = None,
        amounts: Floats | None = None,
    ) -> Ints:
        """Return the class code of each row.

        Parameters
        ----------
        proba : ndarray of shape (n, K)
            Repaired, and moved to ``after`` where that is given.
        before : ndarray of shape (K,)
            Class shares in training.
        after : ndarray of shape (K,), optional
            Those of the rows; default the same.
        amounts : ndarray of shape (n,), optional
            What is at risk in each row; read where the prices need it.
        """
        if self.prices is not None:
            return self.prices.answers(proba, self.positive, amounts)
        shares = self.repair.mix(before) if after is None else after
        return predict(proba, self.cutoff_at(before, shares), shares, self.positive)

    def cutoff_at(self, before: Floats, after: Floats) -> float:
        """Return the cut-off for rows of another mix, whose probabilities were moved to it.

        A threshold of .5 (rule ``none``) says of every row what is likelier, in any mix. One that
        was tuned depends on how common the class is, which cut-off has the best F1 does above all:
        it is chosen again by its rule, from what the held-out rows did at each. Where these are not
        known it is moved as the probabilities are, so that it picks the rows that it picked. The
        exponent of many classes goes with the shares that it is used on.

        Parameters
        ----------
        before, after : ndarray of shape (K,)
            Class shares in training, and of the rows.
        """
        before = self.repair.mix(before)
        share = float(after[self.positive])
        stays = len(before) > 2 or self.rule == "none" or not 0 < share < 1
        if stays or np.array_equal(before, after):
            return self.cutoff
        tuned = None
        if self.tallies is not None and self.rule is not None:
            tuned = tune_tallies(self.tallies, parse_rule(self.rule), share)
        return moved(tuned.value if tuned else self.cutoff, before, after, self.positive)

    def to_dict(self, classes: Sequence[str]) -> dict[str, Any]:
        """Plain values for JSON, with the labels by code."""
        binary = len(classes) == 2
        return {
            "classes": list(classes),
            "positive": classes[self.positive],
            "repair": self.repair.to_dict(),
            "threshold": self.cutoff if binary else None,
            "tau": None if binary else self.cutoff,
            "rule": self.rule,
            "tallies": self.tallies.to_dict() if self.tallies else None,
            **({"prices": self.prices.to_dict()} if self.prices else {}),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> tuple[Policy, tuple[str, ...]]:
        """Rebuild what :meth:`to_dict` wrote; the second are the labels by code.

        Raises
        ------
        ValueError
            When it knows no such rule, or something else stands in place of a number.
        """
        classes = tuple(str(label) for label in values["classes"])
        binary = len(classes) == 2
        rule, tallies = values.get("rule"), values.get("tallies")
        if rule is not None:
            _refuse_strange(rule, len(classes))
        policy = cls(
            positive=classes.index(values["positive"]),
            repair=Repair.from_dict(values["repair"]),
            cutoff=plain_number(values["threshold"] if binary else values["tau"]),
            rule=rule,
            tallies=Tallies.from_dict(tallies) if tallies and binary else None,
            prices=Prices.from_dict(values["prices"]) if values.get("prices") else None,
        )
        shares, prices = policy.repair.shares, policy.prices
        if len(shares) not in (0, len(classes)):
            raise ValueError("class shares of other classes")
        if prices is not None and len(prices.table) != len(classes):
            raise ValueError("costs of other classes")
        return policy, classes


def _refuse_strange(rule: Any, n_classes: int) -> None:
    """Refuse a threshold rule that no plan knows."""
    try:
        parse_rule(rule if isinstance(rule, str) else "", n_classes)
    except UserError as error:
        raise ValueError("a rule for the threshold that is none") from error
