"""What the numbers say: each remedy against re-ranking at an equal price, each model beside others.

A remedy for the tail is judged by recall there. Its reference is a decision and not a training: the
untreated model of the same kind, re-ranked as far as costs no more NDCG than the remedy does. Where
the two cost the same, only what the remedy finds beyond that is its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rebal_core.evaluation.intervals import LEVEL, Difference, holm, holm_levels
from rebal_core.ranking.draws import UserDraws
from rebal_core.ranking.scored import Means

Code = Literal["HELPS", "HURTS", "NEGLIGIBLE", "NO_DIFFERENCE", "CANT_TELL", "NO_VERDICT"]
Price = Literal["equal", "dearer", "cheaper"]
#: A gain in the tail is too small to matter below this part of what the reference finds there.
MARGIN = 0.1
#: Level of the interval that shows equivalence: two one-sided tests at 5 %.
_EQUIVALENCE = 0.10
#: Fewer visits that end in the tail tell nothing of it.
FEWEST_TAIL = 30


@dataclass(frozen=True)
class TailVerdict:
    """What is said of one arm beside its reference.

    Parameters
    ----------
    code : str
    tail : Difference
        Recall in the tail, arm less reference.
    ndcg : Difference
        NDCG over all items, arm less reference: what differs in price.
    level : float
        Misses allowed to the interval of the tail (Holm).
    p : float
        Holm-adjusted.
    price : {"equal", "dearer", "cheaper"}
        Whether the arm costs NDCG as its reference does: what was bought with more, or left for
        less, is neither gain nor loss.
    paid : bool
        Whether a segment of users was made worse by what else would help.
    """

    code: Code
    tail: Difference
    ndcg: Difference
    level: float = LEVEL
    p: float = 1.0
    price: Price = "equal"
    paid: bool = False


def tail_verdicts(
    pairs: Sequence[tuple[Means, Means]], draws: UserDraws, visits: int, price: float
) -> list[TailVerdict]:
    """Return what is said of each arm, corrected for their number.

    Parameters
    ----------
    pairs : sequence of (arm, reference)
    visits : int
        Visits that end in the tail.
    price : float
        Part of the reference's NDCG that an arm may cost more, or less, and still cost the same.
    """
    tails = [draws.difference(a["recall"]["tail"], r["recall"]["tail"]) for a, r in pairs]
    ndcgs = [draws.difference(a["ndcg"]["all"], r["ndcg"]["all"]) for a, r in pairs]
    raw = [d.p for d in tails]
    found = []
    for i, (arm, level, p) in enumerate(zip(pairs, holm_levels(raw), holm(raw), strict=True)):
        cost = _price(ndcgs[i], price * float(arm[1]["ndcg"]["all"][0]))
        code = _code(tails[i], level, MARGIN * float(arm[1]["recall"]["tail"][0]), cost)
        if visits < FEWEST_TAIL or np.isnan(tails[i].gain):
            code = "NO_VERDICT"
        found.append(TailVerdict(code, tails[i], ndcgs[i], float(level), float(p), cost))
    return found


def _price(ndcg: Difference, allowed: float) -> Price:
    low, high = ndcg.interval(LEVEL)
    return "dearer" if high < -allowed else "cheaper" if low > allowed else "equal"


def _code(tail: Difference, level: float, margin: float, price: Price) -> Code:
    if tail.se == 0 and tail.gain == 0:
        return "NO_DIFFERENCE"
    low, high = tail.interval(level)
    if low > 0:
        return (
            "CANT_TELL" if price == "dearer" else "HELPS" if tail.gain >= margin else "NEGLIGIBLE"
        )
    if high < 0:
        return "CANT_TELL" if price == "cheaper" else "HURTS"
    low, high = tail.interval(_EQUIVALENCE)
    return "NO_DIFFERENCE" if -margin < low and high < margin else "CANT_TELL"


@dataclass(frozen=True)
class BesideBest:
    """The untreated model of the best NDCG, and how far it is ahead of each other.

    Parameters
    ----------
    model : str
    ahead : mapping of model to (Difference, level, adjusted p)
    """

    model: str
    ahead: Mapping[str, tuple[Difference, float, float]]


def best_model(untreated: Mapping[str, Means], draws: UserDraws) -> BesideBest:
    """Return which untreated model orders best, and by how much more than the others."""
    best = max(untreated, key=lambda name: float(untreated[name]["ndcg"]["all"][0]))
    others = [name for name in untreated if name != best]
    found = [
        draws.difference(untreated[best]["ndcg"]["all"], untreated[name]["ndcg"]["all"])
        for name in others
    ]
    raw = [d.p for d in found]
    told = zip(found, holm_levels(raw), holm(raw), strict=True)
    return BesideBest(
        best,
        {
            name: (d, float(level), float(p))
            for name, (d, level, p) in zip(others, told, strict=True)
        },
    )
