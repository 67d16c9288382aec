"""A second judgement from the same predictions: on the test rows without a copy in training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from rebal_core.evaluation.arms import ArmCells
from rebal_core.evaluation.verdict import RunVerdict, Verdict
from rebal_core.evaluation.words import Text, signed
from rebal_core.metrics import METRICS
from rebal_core.types import CellResult, Protocol

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
    rows, kept, rare : int
        Test rows, those without a copy, and those of them in the class under claim.
    first, again : Said or None
        On all test rows, and on those without a copy; None where there are too few.
    contrary : tuple of str
        Arms that help on one set of rows, and are shown not to on the other.
    """

    outcome: Literal["same", "open", "contrary", "few"]
    rows: int
    kept: int
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
    rows: tuple[int, int, int],
    judge: Callable[[Mapping[str, Verdict]], RunVerdict],
) -> tuple[Judged, SecondLook]:
    """Bring two judgements together.

    An arm that helps on one set of rows, and hurts or is shown to make no difference on the
    other, has no verdict. Nor has the run when that arm, or its code, would decide it.

    Parameters
    ----------
    first, again : Judged
        On all test rows, and on those without a copy; None where too few are left.
    rows : tuple of int
        As :class:`SecondLook` has them: all, kept, and kept of the class under claim.
    judge : callable
        Judges the run from the verdicts of its arms, on all test rows.
    """
    if again is None:
        return first, SecondLook("few", *rows)
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
    return Judged(verdicts, run), SecondLook(outcome, *rows, one, other, contrary)


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


def said(what: Said | None) -> Text:
    """Return what a set of rows says, as part of a sentence."""
    assert what is not None
    words = {
        "HELPS": "{arm} helps",
        "HURTS": "{arm} hurts",
        "NEGLIGIBLE": "{arm} changes too little to matter",
        "NO_DIFFERENCE": "{arm} makes no difference",
        "CANT_TELL": "{arm} cannot be told from its untreated model",
        "NO_REMEDY_NEEDED": "no remedy is needed, not even {arm}",
        "NOT_SHOWN": "no remedy was shown to help, not even {arm}",
        "NO_VERDICT": "no verdict can be given",
    }
    return Text(words[what.code], {"arm": what.arm})


def numbers(what: Said | None, protocol: Protocol) -> dict[str, Any]:
    """Return the difference ``d`` and its interval ``lo``, ``hi``, in the metric's direction."""
    assert what is not None
    metric = METRICS[protocol.metric]
    sign = 1.0 if metric.better == "higher" else -1.0
    v = what.verdict
    difference = v.vs_best if what.of_run else v.difference
    low, high = sorted(sign * x for x in difference.interval(v.level))
    return {
        "d": signed(sign * difference.gain, metric.name),
        "lo": signed(low, metric.name),
        "hi": signed(high, metric.name),
    }
