"""What goes into an evaluation: the cells of every arm, and facts about the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from rebal_core.arm import Arm, CellResult
from rebal_core.data.at_risk import AtRisk
from rebal_core.decisions import Decision
from rebal_core.rows import Floats, Ints


@dataclass(frozen=True)
class ArmCells:
    """One arm of a run and everything that it predicted.

    Parameters
    ----------
    arm : Arm
        The arm itself.
    repair : {"none", "chosen"}
        Whether its probabilities stay as they are, or are put right by what the other folds choose.
    threshold : {"default", "tuned"}
        How its strategy decides; of two untreated arms of a classifier the tuned one is the
        reference.
    family : str
        The strategy's family.
    untreated : bool
        Whether it leaves data, weights and training alone; such arms are references.
    status : {"done", "failed", "skipped"}
        Only arms that are done are scored.
    reason : str or None
        Why it failed or was left out.
    cells : tuple of CellResult
        One a split; the same splits for every arm that is done.
    rival : str or None
        An arm that it has to beat beside its reference, such as the same ensemble without
        balancing: else it might win by what is no remedy.
    decision : Decision or None
        What its strategy does to repair and cut-off.
    remedy : bool
        False of what is none for imbalance, such as that ensemble: it gets no verdict, and what
        helps has to beat it like the untreated models.
    unfinished : bool
        Whether most of its fits did not converge: what it would score is not known then.
    """

    arm: Arm
    repair: str
    threshold: Literal["default", "tuned"]
    family: str
    untreated: bool
    status: Literal["done", "failed", "skipped"]
    reason: str | None
    cells: tuple[CellResult, ...]
    rival: str | None = None
    decision: Decision | None = None
    remedy: bool = True
    unfinished: bool = False

    @property
    def name(self) -> str:
        """``strategy/classifier``."""
        return self.arm.name

    @property
    def dummy(self) -> bool:
        """Whether it is the arm that only knows the class shares."""
        return self.arm.strategy == "dummy"

    @property
    def judged(self) -> bool:
        """Whether it gets a verdict: a remedy that ran to the end."""
        return self.status == "done" and self.remedy and not self.untreated and not self.dummy

    @property
    def ranked(self) -> bool:
        """Whether its verdict can be more than none."""
        return self.judged and not self.unfinished


class Facts(TypedDict, total=False):
    """What an evaluation is told about the table; every key may be absent.

    ``rows``, ``target``, ``fingerprint`` and ``unused`` (``column, reason``) go into the report;
    ``unlabelled`` are the rows without a label from which arms may learn.
    ``alarms`` and ``copied`` come from :func:`rebal_core.evaluation.alarms.find_alarms` and
    ``copied_rows`` beside it; ``trusted`` are the columns that the user said are known before the
    event. ``units`` holds for each row of the table what the bootstrap draws as one, from
    :func:`rebal_core.data.split.resampling_units`; without it rows are drawn. ``costs`` holds for
    each row what a wrong decision on it costs, from :func:`rebal_core.data.at_risk.error_costs`;
    ``at_risk`` what is at risk in it, from the function of that name there.
    """

    rows: int
    unlabelled: int
    target: str
    fingerprint: str
    unused: list[dict[str, str]]
    alarms: list[dict[str, Any]]
    copied: NDArray[np.bool_] | None
    trusted: tuple[str, ...]
    units: Ints | None
    costs: Floats | None
    at_risk: AtRisk | None
