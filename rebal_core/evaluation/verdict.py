"""What the numbers say about each arm and about the whole run: codes, never prose."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from rebal_core.arm import Protocol
from rebal_core.evaluation.arms import ArmCells
from rebal_core.evaluation.bootstrap import ArmScores
from rebal_core.evaluation.intervals import LEVEL, Difference, compare, holm, holm_levels
from rebal_core.metrics import METRICS, Metric

ArmCode = Literal["HELPS", "HURTS", "NEGLIGIBLE", "NO_DIFFERENCE", "CANT_TELL", "NO_VERDICT"]
RunCode = Literal["HELPS", "NO_REMEDY_NEEDED", "NOT_SHOWN", "NO_VERDICT"]

#: Level of the interval that shows equivalence: two one-sided tests at 5 %.
EQUIVALENCE = 0.10


@dataclass(frozen=True)
class Verdict:
    """What is said about one arm.

    Parameters
    ----------
    code : str
        One of the six codes.
    reference : str or None
        The untreated arm of the same classifier; None where it is missing.
    difference : Difference
        Against the reference; more is better.
    level : float
        Misses allowed to both intervals, against the reference and the best untreated arm (Holm).
    p : float
        Holm-adjusted.
    margin : float
        What was too small to matter.
    vs_best : Difference
        Against the best untreated arm of the run.
    rows_needed : int or None
        Rows that would settle a CANT_TELL: of the class in focus of two, of the table for many.
    beside : str or None
        For a large gain: the best untreated arm of the other classifiers.
    rival : str or None
        An arm that it has to beat too, whether that ran or not.
    vs_rival : Difference or None
        Against the rival; undefined where that did not run to the end.
    denied : bool
        Whether it beats its reference, and its rival keeps it from helping: the code then tells
        what it is against the rival.
    """

    code: ArmCode
    reference: str | None
    difference: Difference
    level: float
    p: float
    margin: float
    vs_best: Difference
    rows_needed: int | None = None
    beside: str | None = None
    rival: str | None = None
    vs_rival: Difference | None = None
    denied: bool = False

    @property
    def spoken_of(self) -> Difference:
        """The difference that the code speaks of."""
        known = self.denied and self.vs_rival is not None and not np.isnan(self.vs_rival.gain)
        return self.vs_rival if known and self.vs_rival is not None else self.difference


@dataclass(frozen=True)
class RunVerdict:
    """What is said about the run.

    Parameters
    ----------
    code : str
        One of the four codes.
    best_arm : str or None
        The arm that helps most, else the best untreated arm.
    best_untreated : str or None
        The arm with the best score of those that do nothing about the imbalance: the references,
        and averages over models.
    best_remedy : str or None
        The remedy with the best score: of those that help the run, where some do, else of all that
        have a verdict.
    reason : {"copies", "few_rows", "few_units", "no_reference", "unsound_reference", "no_remedy"}
        Why there is no verdict; None where there is one.
    """

    code: RunCode
    best_arm: str | None
    best_untreated: str | None
    reason: str | None = None
    best_remedy: str | None = None


def references(arms: Sequence[ArmCells]) -> dict[str, str]:
    """Return the reference of each classifier: its untreated arm, tuned rather than not."""
    chosen: dict[str, ArmCells] = {}
    for arm in arms:
        if arm.untreated and not arm.dummy and arm.status == "done":
            held = chosen.get(arm.arm.classifier)
            if held is None or _rank(arm) < _rank(held):
                chosen[arm.arm.classifier] = arm
    return {classifier: arm.name for classifier, arm in sorted(chosen.items())}


def _unbalanced(arms: Sequence[ArmCells], unsound: Collection[str]) -> list[str]:
    """Return the references, and the arms beside them that do nothing about the imbalance."""
    others = [a for a in arms if a.status == "done" and not a.remedy and not a.unfinished]
    found = {a.name: a.arm.classifier for a in others}
    found |= {name: classifier for classifier, name in references(arms).items()}
    return [name for name, classifier in found.items() if classifier not in unsound]


def _rank(arm: ArmCells) -> tuple[bool, str]:
    return arm.threshold != "tuned", arm.name


def best_of(names: Sequence[str], scores: Mapping[str, ArmScores], metric: Metric) -> str | None:
    """Return the arm with the best displayed score; the first name where several are equal."""
    known = [
        (float(metric.utility(scores[name].series(metric.name).mean)), name)
        for name in sorted(names)
    ]
    known = [(value, name) for value, name in known if not np.isnan(value)]
    return max(known, key=lambda pair: pair[0])[1] if known else None


def arm_code(d: Difference, level: float, margin: float) -> ArmCode:
    """Return the code of a difference: the first line of science.md 3.8 that fits."""
    if np.isnan(d.gain) or np.isnan(d.se):
        return "CANT_TELL"
    low, high = d.interval(level)
    if low > 0 and d.gain >= margin:
        return "HELPS"
    if (low > 0 or high < 0) and abs(d.gain) < margin:
        return "NEGLIGIBLE"
    if high < 0:
        return "HURTS"
    low, high = d.interval(EQUIVALENCE)
    return "NO_DIFFERENCE" if -margin < low and high < margin else "CANT_TELL"


def rows_needed(d: Difference, level: float, margin: float, rows: int) -> int | None:
    """Return how many rows, of ``rows`` now, would make the interval as narrow as the margin.

    None where that is no more than there are: then the difference lies on the margin itself, and
    more rows are not known to settle it; also where no number says how many more.

    Parameters
    ----------
    rows : int
        Those whose number decides: of the class under claim, where one class is; of the table
        where the metric is a mean over many classes, of which none can be singled out.
    """
    if np.isnan(d.se) or margin <= 0:
        return None
    half = (d.interval(level)[1] - d.interval(level)[0]) / 2.0
    with np.errstate(over="ignore"):
        need = np.ceil(rows * np.square(half / margin))
    return int(need) if rows < need < np.inf else None


@dataclass(frozen=True)
class _Meter:
    """Distances between arms in the metric of a run, and what of them is too small to matter."""

    scores: Mapping[str, ArmScores]
    protocol: Protocol

    @property
    def metric(self) -> Metric:
        return METRICS[self.protocol.metric]

    def mean(self, arm: str | None) -> float:
        """Return the displayed score; nan for an arm that did not run to the end."""
        known = None if arm is None else self.scores.get(arm)
        return np.nan if known is None else known.series(self.metric.name).mean

    def against(self, arm: str, other: str | None) -> Difference:
        if other is None or other not in self.scores:
            return Difference(np.nan, np.nan)
        mine, theirs = (self.scores[name].series(self.metric.name) for name in (arm, other))
        return compare(mine, theirs, self.metric, self.protocol)

    def margin(self, other: str | None) -> float:
        return self.metric.margin(self.protocol.margin, self.mean(other))


def judge_arms(
    arms: Sequence[ArmCells],
    scores: Mapping[str, ArmScores],
    protocol: Protocol,
    rows: int,
    void: bool,
    unsound: Collection[str] = (),
) -> dict[str, Verdict]:
    """Return the verdict of every remedy that ran to the end.

    Parameters
    ----------
    arms : sequence of ArmCells
        All arms of the run.
    scores : mapping of arm name to ArmScores
        Of the arms that are done.
    protocol : Protocol
        Metric, margin and split.
    rows : int
        Those whose number decides, see :func:`rows_needed`.
    void : bool
        Whether nothing may be claimed; every code is then NO_VERDICT, the numbers stay.
    unsound : collection of str
        Classifiers whose untreated arm is no reference: their remedies get NO_VERDICT, are not
        counted among what was tried, and no other arm is compared with theirs. So it is with an
        arm whose fits did not converge.
    """
    meter, reference = _Meter(scores, protocol), references(arms)
    metric = meter.metric
    sound = {c: name for c, name in reference.items() if c not in unsound}
    best = best_of(_unbalanced(arms, unsound), scores, metric)
    judged = [a for a in arms if a.judged]
    gains = {a.name: meter.against(a.name, reference.get(a.arm.classifier)) for a in judged}
    rivals = {a.name: meter.against(a.name, a.rival) for a in judged if a.rival is not None}
    family = [a.name for a in judged if a.ranked and a.arm.classifier not in unsound]
    p = [claim(gains[name], rivals.get(name)) for name in family]
    levels, adjusted = (dict(zip(family, f(p), strict=True)) for f in (holm_levels, holm))
    verdicts = {}
    for arm in judged:
        name, own, d = arm.name, reference.get(arm.arm.classifier), gains[arm.name]
        level = float(levels.get(name, LEVEL))
        large = metric.large(meter.mean(own))
        silent = void or own is None or name not in levels
        others = [ref for c, ref in sound.items() if c != arm.arm.classifier]
        verdict = Verdict(
            code="NO_VERDICT" if silent else arm_code(d, level, meter.margin(own)),
            reference=own,
            difference=d,
            level=level,
            p=float(adjusted.get(name, d.p)),
            margin=meter.margin(own),
            vs_best=meter.against(name, best),
            beside=best_of(others, scores, metric) if d.gain > large else None,
            rival=arm.rival,
            vs_rival=rivals.get(name),
        )
        verdicts[name] = _settled(verdict, meter, rows)
    return verdicts


def _settled(verdict: Verdict, meter: _Meter, rows: int) -> Verdict:
    """Let the rival have its say, and tell how many rows would settle what stays open."""
    margin = verdict.margin
    if verdict.rival is not None and verdict.code == "HELPS":
        margin = meter.margin(verdict.rival)
        verdict = beside_rival(verdict, margin)
    if verdict.code != "CANT_TELL":
        return verdict
    need = rows_needed(verdict.spoken_of, verdict.level, margin, rows)
    return replace(verdict, rows_needed=need)


def claim(gain: Difference, rival: Difference | None) -> float:
    """Return the p-value of what an arm may claim.

    To help it has to beat its reference and its rival: that one of the two is not so has the
    larger of both p-values (Berger 1982, intersection-union test), and so Holm holds over all arms.
    To hurt, it has to be worse than its reference alone.
    """
    if rival is None or np.isnan(rival.gain) or not gain.gain > 0:
        return gain.p
    return max(gain.p, rival.p)


def beside_rival(verdict: Verdict, margin: float) -> Verdict:
    """Return the verdict of an arm that beats its reference, once its rival is looked at too.

    It helps where it beats that as well. Else its code tells what it is against the rival; no
    claim is made where that did not run to the end.

    Parameters
    ----------
    margin : float
        What is too small to matter against the rival.
    """
    d = verdict.vs_rival
    if d is None or np.isnan(d.gain):
        return replace(verdict, code="NO_VERDICT", denied=True)
    code = arm_code(d, verdict.level, margin)
    return replace(verdict, code=code, denied=code != "HELPS")


def judge_run(
    arms: Sequence[ArmCells],
    scores: Mapping[str, ArmScores],
    verdicts: Mapping[str, Verdict],
    protocol: Protocol,
    reason: str | None,
    unsound: Collection[str] = (),
) -> RunVerdict:
    """Return the verdict of the run.

    HELPS only if an arm helps its own classifier and also beats the best untreated arm of the run;
    NO_REMEDY_NEEDED if every arm is shown to be no better than that one by a margin, or nothing can
    be, so near is it to a perfect score; else NOT_SHOWN: absence of evidence. Classifiers with an
    unsound reference are left out of it.
    """
    metric = METRICS[protocol.metric]
    untreated = references(arms)
    sound = [name for classifier, name in untreated.items() if classifier not in unsound]
    best = best_of(_unbalanced(arms, unsound), scores, metric) if sound else None
    verdicts = {
        a.name: verdicts[a.name] for a in arms if a.ranked and a.arm.classifier not in unsound
    }
    if reason is None and best is None:
        reason = "unsound_reference" if untreated and not sound else "no_reference"
    elif reason is None and not verdicts:
        reason = "no_remedy"
    if reason is not None or best is None:
        return RunVerdict("NO_VERDICT", best, best, reason)
    winners = [
        name
        for name, v in verdicts.items()
        if v.code == "HELPS" and v.vs_best.interval(v.level)[0] > 0
    ]
    if winners:
        arm = best_of(winners, scores, metric)
        return RunVerdict("HELPS", arm, best, best_remedy=arm)
    base = scores[best].series(metric.name).mean
    margin, room = metric.margin(protocol.margin, base), metric.room(base)
    highs = [v.vs_best.interval(EQUIVALENCE)[1] for v in verdicts.values()]
    # A comparison with nan is False, so an arm that could not be scored leaves the question open,
    # unless no arm at all could be better by a margin.
    needless = room < margin or all(high < margin for high in highs)
    remedy = best_of([n for n, v in verdicts.items() if v.code != "NO_VERDICT"], scores, metric)
    code: RunCode = "NO_REMEDY_NEEDED" if needless else "NOT_SHOWN"
    return RunVerdict(code, best, best, best_remedy=remedy)
