"""What became of each arm, and what it is judged against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rebal_core.ranking.foretold import Foretelling
from rebal_core.ranking.plan import RankingArm
from rebal_core.ranking.rerank import Shape
from rebal_core.ranking.scored import Scored
from rebal_core.ranking.segments import Guard
from rebal_core.ranking.verdict import TailVerdict
from rebal_core.wording import Text


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
    heads : Foretelling or None
        How well the chances that its model tells are what happens.
    story : list of dict
        How each epoch of the fit went, where the model learns in epochs.
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
    heads: Foretelling | None = None
    story: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
