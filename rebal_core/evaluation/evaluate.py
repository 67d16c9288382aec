"""From the cells of a run to everything that is said about it; no model is fitted again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from rebal_core.arm import Protocol
from rebal_core.decisions import Decisions
from rebal_core.evaluation.arms import ArmCells, Facts
from rebal_core.evaluation.basis import FEWEST_ROWS, Basis, basis_of
from rebal_core.evaluation.bootstrap import (
    ArmScores,
    Progress,
    Score,
    ShownScores,
    no_progress,
    score_arms,
)
from rebal_core.evaluation.clustered import recall_interval
from rebal_core.evaluation.conditions import Alarm, condition, tell_alarms, trust_told
from rebal_core.evaluation.copies import Judged, SecondLook, look_again, without_copies
from rebal_core.evaluation.decided import ArmDecisions, decide_arms
from rebal_core.evaluation.intervals import Difference, compare, score_interval
from rebal_core.evaluation.repaired import ArmRepair, arm_repair
from rebal_core.evaluation.sentences import Story, tell
from rebal_core.evaluation.soundness import nothing_learnt, unsound_references
from rebal_core.evaluation.verdict import (
    RunVerdict,
    Verdict,
    judge_arms,
    judge_run,
    references,
)
from rebal_core.metrics import METRICS, per_class
from rebal_core.metrics.names import COST
from rebal_core.metrics.probabilities import mean_defined
from rebal_core.rows import Floats, Ints
from rebal_core.wording import Text, render


@dataclass(frozen=True)
class Evaluation:
    """Scores, verdicts and frames of one run; made by :func:`evaluate`.

    It holds no rows and no draws: all that a run shows is small, stored and read back, see
    :mod:`rebal_core.evaluation.stored`.

    Parameters
    ----------
    arms : tuple of ArmCells
        All arms, also the failed and the skipped ones; without their cells.
    decisions, scores, verdicts, losses : mapping by arm name
        Of the arms that are done; verdicts of the remedies among them, and how their log loss
        differs from that of their reference.
    run : RunVerdict
        The verdict of the run.
    basis : Basis
        What stands behind what is said of each class.
    second : SecondLook or None
        What the test rows without a copy in training say, where there are copies.
    """

    arms: tuple[ArmCells, ...]
    protocol: Protocol
    classes: tuple[str, ...]
    positive: int
    facts: Facts
    decisions: Mapping[str, ArmDecisions]
    scores: Mapping[str, ShownScores]
    verdicts: Mapping[str, Verdict]
    losses: Mapping[str, Difference]
    run: RunVerdict
    basis: Basis
    second: SecondLook | None = None

    @property
    def binary(self) -> bool:
        """Whether there are two classes, one of which is in focus."""
        return len(self.classes) == 2

    @property
    def focus(self) -> int:
        """The class under claim: the one in focus, or the rarest that can be judged."""
        return self.basis.focus

    @property
    def support(self) -> Floats:
        """Tested rows by class, of one repeat; shape (K,)."""
        return self.basis.support

    @cached_property
    def references(self) -> dict[str, str]:
        """The reference arm of each classifier."""
        return references(self.arms)

    @cached_property
    def alarms(self) -> tuple[Alarm, ...]:
        """What is wrong with the numbers, in words."""
        findings, trusted = self.facts.get("alarms", []), self.facts.get("trusted", ())
        return tell_alarms(findings, self.protocol, trusted, self.second)

    @cached_property
    def sentences(self) -> tuple[Text, ...]:
        """The run's verdict in words, ready to be translated."""
        findings, trusted = self.facts.get("alarms", []), self.facts.get("trusted", ())
        story = Story(
            self.protocol, self.classes, self.basis, self.scores, self.verdicts,
            self.losses, self.cutoffs(self.focus), self.run,
            nothing_learnt(self.arms, self.scores, self.protocol), condition(findings, trusted),
            trust_told(findings, trusted), self.second,
            tuple(a.name for a in self.arms if a.judged and a.unfinished),
        )  # fmt: skip
        return tell(story)

    @property
    def sentence(self) -> str:
        """The run's verdict in English."""
        return self.written(self.sentences)

    @cached_property
    def called(self) -> dict[str, str]:
        """What people call each arm, by its name."""
        return {arm.name: arm.arm.called(self.classes) for arm in self.arms}

    def written(self, sentences: Sequence[Text]) -> str:
        """Return sentences in English, with every arm as people call it."""

        def name(_gap: str, value: Any) -> Any:
            return self.called.get(value, value) if isinstance(value, str) else value

        return render([sentence.changed(name) for sentence in sentences])

    def cutoffs(self, label: int) -> dict[str, float]:
        """Return each arm's cut-off for a class of two, chosen on all held-out rows; {} of many."""
        if not self.binary or self.protocol.rule == "none":
            return {}
        values = {name: d.cutoff.value for name, d in self.decisions.items()}
        return values if label == self.positive else {n: 1 - t for n, t in values.items()}

    def score(self, arm: str, metric: str) -> Score:
        """Return a score as the arm itself decides: only one without a remedy by its own rule."""
        rule = next(a.threshold for a in self.arms if a.name == arm)
        return self.scores[arm].series(metric, rule)

    def repair(self, arm: str) -> ArmRepair:
        """Return how the probabilities of an arm were put right, and whether they came right."""
        return self.decisions[arm].repair

    def spent(self, arm: str) -> tuple[float, float] | None:
        """Return what decisions cost in 1,000 rows: this arm's, and those of its reference.

        At the prices by which this arm decides; None where it decides by none.
        """
        prices, verdict = self.decisions[arm].prices, self.verdicts.get(arm)
        if prices is None or verdict is None or verdict.reference is None:
            return None
        pair = (arm, verdict.reference)
        if prices.column is not None:
            own, other = (self.scores[name].series(COST).mean for name in pair)
        else:
            own, other = (prices.spent(self.decisions[n].confusion["tuned"]) for n in pair)
        return own, other

    def interval(self, arm: str, metric: str) -> tuple[float, float]:
        """Return the 95 % interval of a displayed score."""
        return score_interval(self.score(arm, metric), METRICS[metric], self.protocol)

    def per_class(self, arm: str, rule: str = "tuned") -> pd.DataFrame:
        """Return one row a class, by code.

        Columns ``label, support, precision, recall, f1, average_precision``; counts pooled over
        folds, averaged over repeats, nan where undefined. Then ``recall_low, recall_high``: the
        exact interval (Clopper-Pearson) of the rows of one repeat that were found; rows of one
        group count as fewer.
        """
        columns = {"label": list(self.classes), "support": self.support.astype(int)}
        decided = self.decisions[arm]
        low, high = recall_interval(decided.confusion[rule], decided.counted.get(rule))
        exact = {"recall_low": low, "recall_high": high}
        return pd.DataFrame({**columns, **self.of_classes(arm, rule), **exact})

    def of_classes(self, arm: str, rule: str = "tuned") -> dict[str, Floats]:
        """Return the numbers of :meth:`per_class` by name, each of shape (K,)."""
        scores = self.scores[arm]
        each = per_class(scores.counts[rule])
        found = {name: mean_defined(values) for name, values in each.items()}
        return {**found, "average_precision": scores.class_ap}

    def by_class(self, metric: str, rule: str = "tuned") -> pd.DataFrame:
        """Return one per-class number, classes down, arms across: what the heat map shows.

        ``metric`` is ``precision``, ``recall``, ``f1`` or ``average_precision``.
        """
        tables = {arm: self.of_classes(arm, rule)[metric] for arm in self.scores}
        return pd.DataFrame(tables, index=pd.Index(self.classes, name="label"))

    def differences(self) -> pd.DataFrame:
        """Return one row a judged arm, the best gain first: what the forest plot shows.

        Columns ``arm, family, reference, code, p, gain, low, high`` (against its reference)
        and ``best_gain, best_low, best_high`` (against the best untreated arm). Gains are turned
        so that more is better, and no interval is wider than the metric is.
        """
        return self._differences.copy()

    @cached_property
    def _differences(self) -> pd.DataFrame:
        families = {a.name: a.family for a in self.arms}
        rows = []
        for arm, v in self.verdicts.items():
            own = (v.difference.gain, *self.possible(v.reference, v.difference, v.level))
            best = self.possible(self.run.best_untreated, v.vs_best, v.level)
            told = (arm, families[arm], v.reference, v.code, v.p)
            rows.append((*told, *own, v.vs_best.gain, *best))
        names = "arm family reference code p gain low high best_gain best_low best_high"
        frame = pd.DataFrame(rows, columns=names.split())
        return frame.sort_values("gain", ascending=False, ignore_index=True)

    def possible(self, reference: str | None, d: Difference, level: float) -> tuple[float, float]:
        """Return the interval of a difference to an arm, cut to what the metric can take."""
        metric = METRICS[self.protocol.metric]
        known = self.scores.get(reference) if reference else None
        base = np.nan if known is None else known.series(metric.name).mean
        return metric.possible(d.interval(level), base)

    def macro_averages(self, arm: str, rule: str = "tuned") -> pd.DataFrame:
        """Return macro F1 and recall over all classes and over those of ten rows or more.

        Columns ``over`` (all, evaluable), ``classes``, ``f1``, ``recall``; undefined counts 0.
        """
        table = self.per_class(arm, rule)
        rows = []
        for over, part in (("all", table), ("evaluable", table[table.support >= FEWEST_ROWS])):
            means = part[["f1", "recall"]].fillna(0.0).mean()
            rows.append({"over": over, "classes": len(part), **means.to_dict()})
        return pd.DataFrame(rows)

    def confusion(self, arm: str, rule: str = "tuned") -> pd.DataFrame:
        """Return the confusion matrix of one repeat, true classes down, predicted across."""
        labels = pd.Index(self.classes)
        return pd.DataFrame(self.decisions[arm].confusion[rule], index=labels, columns=labels)

    def notes(self) -> pd.DataFrame:
        """Return what fits wanted to be known, and in how many cells: ``arm, note, cells``."""
        rows = [
            (name, note, cells)
            for name, decisions in self.decisions.items()
            for note, cells in decisions.notes.items()
        ]
        return pd.DataFrame(rows, columns=["arm", "note", "cells"])

    def folds(self) -> pd.DataFrame:
        """Return every metric of every arm in every fold: ``arm, repeat, fold, metric, value``."""
        rows = []
        for name, scores in self.scores.items():
            for metric in (*scores.scores, *scores.tuned):
                values = self.score(name, metric).folds
                for (repeat, fold), value in np.ndenumerate(values):
                    rows.append((name, repeat, fold, metric, float(value)))
        return pd.DataFrame(rows, columns=["arm", "repeat", "fold", "metric", "value"])


def evaluate(
    arms: Sequence[ArmCells],
    protocol: Protocol,
    classes: Sequence[str],
    positive: int,
    facts: Facts | Mapping[str, Any] | None = None,
    *,
    decisions: Mapping[str, Decisions] | None = None,
    progress: Progress = no_progress,
) -> Evaluation:
    """Score and judge the arms of a run.

    Parameters
    ----------
    arms : sequence of ArmCells
        In any order; only those that are done are scored.
    protocol : Protocol
    classes : sequence of str
        Labels by code.
    positive : int
        Code of the class in focus; read for two classes only.
    facts : mapping, optional
        See :class:`Facts`.
    decisions : mapping, optional
        What :func:`~rebal_core.evaluation.decided.decide_arms` answered for these arms, where it
        was asked before.
    progress : callable
        Told from 0 to 1 how much is done.

    Raises
    ------
    UserError
        When the threshold rule cannot serve the number of classes.
    ValueError
        When arms that are done were not tested on the same rows.
    """
    known: Facts = {**(facts or {})}  # type: ignore[typeddict-item]
    k, units, costs = len(classes), known.get("units"), known.get("costs")
    if decisions is None:
        decisions = decide_arms(arms, protocol, k, positive, costs, known.get("at_risk"))
    basis = basis_of(arms, positive, k, units)
    scores: dict[str, ArmScores] = {}
    if decisions:
        given = (positive if k == 2 else None, protocol.seed, units, basis.df, costs, progress)
        scores = score_arms(decisions, k, *given)
    unsound = unsound_references(arms, scores, protocol)
    known["alarms"] = [*known.get("alarms", []), *unsound.values()]
    judged, second = _judged(arms, scores, protocol, basis, unsound), None
    if known.get("copied") is not None and judged.run.code != "NO_VERDICT":
        left, again = _without_copies(arms, protocol, classes, positive, basis, known)
        judge = partial(judge_run, arms, scores, protocol=protocol, reason=None, unsound=unsound)
        judged, second = look_again(judged, again, left, judge)
    shown = {name: arm.shown() for name, arm in scores.items()}
    bare = tuple(replace(arm, cells=()) for arm in arms)
    decided = _decisions(decisions, shown, basis, positive, units)
    losses = _losses(scores, judged.verdicts, protocol)
    return Evaluation(
        bare, protocol, tuple(classes), positive, known, decided, shown, judged.verdicts, losses,
        judged.run, basis, second,
    )  # fmt: skip


def _judged(
    arms: Sequence[ArmCells],
    scores: Mapping[str, ArmScores],
    protocol: Protocol,
    basis: Basis,
    unsound: Collection[str],
) -> Judged:
    """Return the verdicts of the arms and of the run, on all test rows."""
    reason, support = basis.reason if scores else None, basis.support
    rows = int(support[basis.focus] if support.size == 2 else support.sum())
    verdicts = judge_arms(arms, scores, protocol, rows, reason is not None, unsound)
    return Judged(verdicts, judge_run(arms, scores, verdicts, protocol, reason, unsound))


def _without_copies(
    arms: Sequence[ArmCells],
    protocol: Protocol,
    classes: Sequence[str],
    positive: int,
    basis: Basis,
    facts: Facts,
) -> tuple[SecondLook, Judged | None]:
    """Judge once more, on the test rows without a copy in training; None where too few are left."""
    copied, units, costs = facts["copied"], facts.get("units"), facts.get("costs")
    assert copied is not None
    fewer = without_copies(arms, copied)
    rest = basis_of(fewer, positive, len(classes), units)
    label = rest.focus  # of many classes those that are left decide, as they do on all rows
    left = SecondLook(
        "few", int(basis.support.sum()), int(rest.support.sum()),
        classes[label], int(basis.support[label]), int(rest.support[label]),
    )  # fmt: skip
    if left.rare < FEWEST_ROWS:
        return left, None
    known = {"units": units, "costs": costs, "at_risk": facts.get("at_risk")}
    once_more = evaluate(fewer, protocol, classes, positive, known)
    return left, Judged(once_more.verdicts, once_more.run)


def _decisions(
    decisions: Mapping[str, Decisions],
    scores: Mapping[str, ShownScores],
    basis: Basis,
    positive: int,
    units: Ints | None,
) -> dict[str, ArmDecisions]:
    """Sum up what was decided about each arm."""
    k, found = basis.support.size, {}
    for name, decided in decisions.items():
        shown = scores[name].series("calibration_ratio").mean if k == 2 else None
        repair = arm_repair(decided.cells, basis.support, positive, shown)
        found[name] = ArmDecisions.of(decided, repair, k, units)
    return found


def _losses(
    scores: Mapping[str, ArmScores], verdicts: Mapping[str, Verdict], protocol: Protocol
) -> dict[str, Difference]:
    """Return how the log loss of each judged arm differs from that of its reference."""
    pairs = {name: v.reference for name, v in verdicts.items() if v.reference is not None}
    return {
        name: compare(
            scores[name].series("log_loss"),
            scores[reference].series("log_loss"),
            METRICS["log_loss"],
            protocol,
        )
        for name, reference in pairs.items()
    }
