"""A second judgement from the same predictions: on the test rows without a copy in training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from rebal_core.arm import CellResult
from rebal_core.evaluation.arms import ArmCells
from rebal_core.evaluation.verdict import RunVerdict, Verdict

#: Codes that contradict HELPS.
_CONTRARY = ("HURTS", "NEGLIGIBLE", "NO_DIFFERENCE")


@dataclass(frozen=True)
class Said:
    """What one set of rows says.

    Parameters
    ----------
    code : str
        Of the arm, or of the run where no arm decides it.
    arm : str
        The arm whose numbers are told.
    verdict : Verdict
        Of that arm.
    """

    code: str
    arm: str
    verdict: Verdict

    @property
    def of_run(self) -> bool:
        """Whether the code is the run's; then the distance to the best untreated arm is told."""
        return self.code in ("NO_REMEDY_NEEDED", "NOT_SHOWN")


@dataclass(frozen=True)
class SecondLook:
    """What the two sets of rows say.

    Parameters
    ----------
    outcome : {"same", "open", "contrary", "few"}
        Whether they agree, one of them cannot tell, they contradict each other, or too few rows
        of the class under claim are left.
    rows, kept : int
        Test rows, and those without a copy.
    label : str
        The class whose rows without a copy decide whether these can be judged.
    tested, rare : int
        Its test rows, and those without a copy.
    first, again : Said or None
        On all test rows, and on those without a copy; None where there are too few.
    contrary : tuple of str
        Arms that help on one set of rows, and are shown not to on the other.
    """

    outcome: Literal["same", "open", "contrary", "few"]
    rows: int
    kept: int
    label: str
    tested: int
    rare: int
    first: Said | None = None
    again: Said | None = None
    contrary: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """Verdicts on one set of rows."""

    verdicts: Mapping[str, Verdict]
    run: RunVerdict


def without_copies(arms: Sequence[ArmCells], copied: np.ndarray) -> list[ArmCells]:
    """Return the arms with the test rows that have no copy in training.

    Parameters
    ----------
    copied : ndarray of shape (R, n), bool
        From :func:`rebal_core.evaluation.alarms.copied_rows`.
    """
    return [
        replace(
            arm, cells=tuple(c for c in (_thinned(c, copied) for c in arm.cells) if c.rows.size)
        )
        for arm in arms
    ]


def _thinned(cell: CellResult, copied: np.ndarray) -> CellResult:
    kept = ~copied[cell.repeat, cell.rows]
    return replace(cell, rows=cell.rows[kept], y=cell.y[kept], proba=cell.proba[kept])


def look_again(
    first: Judged,
    again: Judged | None,
    left: SecondLook,
    judge: Callable[[Mapping[str, Verdict]], RunVerdict],
) -> tuple[Judged, SecondLook]:
    """Bring two judgements together.

    An arm that helps on one set of rows, and hurts or is shown to make no difference on the
    other, has no verdict. Nor has the run when that arm, or its code, would decide it.

    Parameters
    ----------
    first, again : Judged
        On all test rows, and on those without a copy; None where too few are left.
    left : SecondLook
        How many rows are left; its outcome is "few".
    judge : callable
        Judges the run from the verdicts of its arms, on all test rows.
    """
    if again is None:
        return _on_copies(first, left)
    pairs = {name: (v.code, again.verdicts[name].code) for name, v in first.verdicts.items()}
    contrary = tuple(name for name, codes in pairs.items() if _contradict(*codes))
    verdicts = {
        name: replace(v, code="NO_VERDICT", rows_needed=None) if name in contrary else v
        for name, v in first.verdicts.items()
    }
    run = judge(verdicts)
    # Who decides: the arm that still helps, else one that helps on one set of rows only.
    helpers = [str(r.best_arm) for r in (run, first.run, again.run) if r.code == "HELPS"]
    arm = helpers[0] if helpers else _best(first)
    one, other = _said(arm, first, bool(helpers)), _said(arm, again, bool(helpers))
    codes = {run.code, again.run.code}
    outcome: Literal["same", "open", "contrary"]
    if codes == {"HELPS", "NO_REMEDY_NEEDED"} or (helpers and arm in contrary):
        outcome = "contrary"
    else:
        outcome = "same" if len(codes) == 1 and one.code == other.code else "open"
    if outcome == "contrary":
        run = RunVerdict("NO_VERDICT", run.best_untreated, run.best_untreated, "copies")
    found = replace(left, outcome=outcome, first=one, again=other, contrary=contrary)
    return Judged(verdicts, run), found


def _on_copies(first: Judged, left: SecondLook) -> tuple[Judged, SecondLook]:
    """Let a judgement stand for what it is where the copies decide it.

    How many more rows would settle a question is not known from rows that were taught. Where no
    row of the judged class is without a copy, nothing is shown to help.
    """
    verdicts = {name: replace(v, rows_needed=None) for name, v in first.verdicts.items()}
    if left.rare:
        return Judged(verdicts, first.run), left
    verdicts = {
        name: replace(v, code="NO_VERDICT") if v.code == "HELPS" else v
        for name, v in verdicts.items()
    }
    if first.run.code != "HELPS":
        return Judged(verdicts, first.run), left
    best = first.run.best_untreated
    one = _said(str(first.run.best_arm), first, helps=True)
    return Judged(verdicts, RunVerdict("NO_VERDICT", best, best, "copies")), replace(
        left, first=one
    )


def _contradict(one: str, other: str) -> bool:
    return "HELPS" in (one, other) and (one in _CONTRARY or other in _CONTRARY)


def _best(judged: Judged) -> str:
    """Return the remedy that comes nearest to beating the best untreated arm."""
    gains = {
        name: np.nan_to_num(v.vs_best.gain, nan=-np.inf) for name, v in judged.verdicts.items()
    }
    return max(sorted(gains), key=gains.__getitem__)


def _said(arm: str, judged: Judged, helps: bool) -> Said:
    """Return the arm's code where an arm decides, else the run's."""
    v, run = judged.verdicts[arm], judged.run
    of_arm = v.code in _CONTRARY or (
        run.code == "HELPS" if v.code == "HELPS" else run.code != "NO_REMEDY_NEEDED"
    )
    return Said(v.code if helps and of_arm else run.code, arm, v)
