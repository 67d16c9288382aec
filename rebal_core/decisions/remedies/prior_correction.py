"""To the class shares of the population in which a model will be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from rebal_core.arm import CellResult
from rebal_core.decisions.decision import Decision
from rebal_core.decisions.repair import Repair, correct_prior
from rebal_core.facts import TableFacts
from rebal_core.params import Param, Switch, Table
from rebal_core.rows import Floats
from rebal_core.wording import Text

#: Shares that move less between two rounds have come to rest.
_STILL = 1e-6
_ROUNDS = 500
#: Rows that are looked at, at even steps; more would settle nothing.
_MOST = 50_000


@dataclass(frozen=True)
class PriorCorrection(Decision):
    """Move repaired probabilities to other class shares, told or estimated."""

    parameters: ClassVar[tuple[Param, ...]] = (
        Table(
            "shares",
            "Class shares where it will be used",
            "From 0 to 1; classes that are left empty share the rest as they do in the table.",
            high=1.0,
            rest=None,
        ),
        Switch(
            "estimate",
            "Estimate the shares",
            "Where none are given: from the features of the rows that are decided about; their "
            "labels are not looked at.",
            True,
        ),
    )
    shares: tuple[tuple[int, float], ...] | None = None
    estimate: bool = True

    def meant_for(self, repair: Repair, cells: Sequence[CellResult]) -> Repair:
        """Return the repair that ends at the shares of the population."""
        prior = np.mean([cell.prior_train for cell in cells], axis=0)
        if self.shares:
            target = completed(dict(self.shares), prior)
        elif self.estimate:
            parts = [repair.apply(c.proba, c.prior_fit, c.prior_train) for c in cells]
            target = estimated_shares(np.concatenate(parts), prior)
        else:
            return repair
        return replace(repair, shares=tuple(float(share) for share in target))

    def limit(self, facts: TableFacts) -> Text | None:
        """Refuse shares that do not go into 1."""
        told = dict(self.shares or ())
        total, left = sum(told.values()), facts.classes - len(told)
        if not told or (total <= 1 + 1e-9 and (left or abs(total - 1) <= 1e-6)):
            return None
        return Text(
            "The class shares sum to {total}, and all classes together make 1; change them.",
            {"total": f"{total:.6g}"},
        )


def completed(told: dict[int, float], prior: Floats) -> Floats:
    """Return the shares of all classes, shape (K,); those not told keep their proportions.

    A class that the training rows do not hold has none.
    """
    given = np.array([told.get(k, 0.0) for k in range(prior.size)]) * (prior > 0)
    others = np.where([k in told for k in range(prior.size)], 0.0, prior)
    rest = others * max(0.0, 1.0 - given.sum()) / others.sum() if others.any() else others
    shares = given + rest
    return np.asarray(shares / shares.sum() if shares.any() else prior)


def estimated_shares(proba: Floats, prior: Floats) -> Floats:
    """Return the class shares under which these rows are likeliest, shape (K,).

    Expectation maximisation: the rows are moved to the shares found so far, and their mean is the
    next estimate. One row at the training shares counts as seen, so that no class that there is
    ends at 0. It is right where only the class shares differ from training, and the probabilities
    fit what happened there; of a model that is too sure it makes too much.

    Parameters
    ----------
    proba : ndarray of shape (n, K)
        Probabilities that speak of the shares ``prior``.
    prior : ndarray of shape (K,)

    References
    ----------
    Saerens, Latinne & Decaestecker (2002), Neural Computation 14, 21-41.
    """
    shares, some = prior, proba[:: -(-len(proba) // _MOST)]
    for _ in range(_ROUNDS):
        total = correct_prior(some, prior, shares).sum(axis=0) + prior
        found = total / total.sum()
        still = np.abs(found - shares).max() < _STILL
        shares = found
        if still:
            break
    return np.asarray(shares)
