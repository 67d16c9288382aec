"""From the cells of a run to everything that is said about it; no model is fitted again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from rebal_core.arm import Protocol
from rebal_core.decisions import Decided, Decisions, decide, parse_rule
from rebal_core.evaluation.arms import ArmCells, Facts
from rebal_core.evaluation.basis import FEWEST_ROWS, Basis, basis_of
from rebal_core.evaluation.bootstrap import ArmScores, score_arms
from rebal_core.evaluation.conditions import Alarm, condition, tell_alarms, trust_told
from rebal_core.evaluation.copies import Judged, SecondLook, look_again, without_copies
from rebal_core.evaluation.curves import CURVES, count_grid, grid_cutoffs
from rebal_core.evaluation.intervals import Difference
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
from rebal_core.metrics.calibration import calibration_error
from rebal_core.metrics.probabilities import mean_defined
from rebal_core.rows import Floats
from rebal_core.wording import Text, render


@dataclass(frozen=True)
class Evaluation:
    """Scores, verdicts and frames of one run; made by :func:`evaluate`.

    Parameters
    ----------
    arms : tuple of ArmCells
        All arms, also the failed and the skipped ones.
    decisions, scores, verdicts : mapping by arm name
        Of the arms that are done; verdicts of the remedies among them.
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
    decisions: Mapping[str, Decisions]
    scores: Mapping[str, ArmScores]
    verdicts: Mapping[str, Verdict]
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
        cutoffs = {
            name: d.cutoff.value if self.binary and self.protocol.rule != "none" else None
            for name, d in self.decisions.items()
        }
        findings, trusted = self.facts.get("alarms", []), self.facts.get("trusted", ())
        story = Story(
            self.protocol, self.classes, self.basis, self.scores, self.verdicts,
            cutoffs, self.run, nothing_learnt(self.arms, self.scores, self.protocol),
            condition(findings, trusted), trust_told(findings, trusted), self.second,
        )  # fmt: skip
        return tell(story)

    @property
    def sentence(self) -> str:
        """The run's verdict in English."""
        return render(self.sentences)

    def thresholds(self, arm: str) -> dict[str, float]:
        """Return the tuned cut-off of each cell, and from all rows.

        Keys are ``"cell (repeat,fold)"``, from 0, and ``"all"``; for many classes the values are
        exponents tau.
        """
        return {
            **{f"cell ({d.cell.repeat},{d.cell.fold})": d.cutoff.value for d in self._cells(arm)},
            "all": self.decisions[arm].cutoff.value,
        }

    def repair(self, arm: str) -> ArmRepair:
        """Return how the probabilities of an arm were put right, and whether they came right."""
        shown = self.scores[arm].series("calibration_ratio").mean if self.binary else None
        return arm_repair(self._cells(arm), self.support, self.positive, shown)

    def plateau(self, arm: str) -> tuple[float, float]:
        """Return the range of cut-offs within .01 of the best score, from all rows."""
        cutoff = self.decisions[arm].cutoff
        return cutoff.low, cutoff.high

    def per_class(self, arm: str, rule: str = "tuned") -> pd.DataFrame:
        """Return one row a class, by code.

        Columns ``label, support, precision, recall, f1, average_precision``; counts pooled over
        folds, averaged over repeats, nan where undefined.
        """
        scores = self.scores[arm]
        each = per_class(scores.counts[rule])
        columns = {name: mean_defined(values) for name, values in each.items()}
        return pd.DataFrame(
            {
                "label": list(self.classes),
                "support": self.support.astype(int),
                **columns,
                "average_precision": scores.class_ap,
            }
        )

    def by_class(self, metric: str, rule: str = "tuned") -> pd.DataFrame:
        """Return one per-class number, classes down, arms across: what the heat map shows.

        ``metric`` is ``precision``, ``recall``, ``f1`` or ``average_precision``.
        """
        tables = {arm: self.per_class(arm, rule).set_index("label")[metric] for arm in self.scores}
        return pd.DataFrame(tables)

    def differences(self) -> pd.DataFrame:
        """Return one row a judged arm, the best gain first: what the forest plot shows.

        Columns ``arm, family, reference, code, p, gain, low, high`` (against its reference)
        and ``best_gain, best_low, best_high`` (against the best untreated arm). Gains are turned
        so that more is better, and no interval is wider than the metric is.
        """
        families = {a.name: a.family for a in self.arms}
        rows = []
        for arm, v in self.verdicts.items():
            own = self.possible(v.reference, v.difference, v.level)
            best = self.possible(self.run.best_untreated, v.vs_best, v.level)
            rows.append(
                (arm, families[arm], v.reference, v.code, v.p, v.difference.gain, *own,
                 v.vs_best.gain, *best)
            )  # fmt: skip
        names = "arm family reference code p gain low high best_gain best_low best_high"
        frame = pd.DataFrame(rows, columns=names.split())
        return frame.sort_values("gain", ascending=False, ignore_index=True)

    def possible(self, reference: str | None, d: Difference, level: float) -> tuple[float, float]:
        """Return the interval of a difference to an arm, cut to what the metric can take."""
        metric = METRICS[self.protocol.metric]
        base = self.scores[reference].series(metric.name).mean if reference else np.nan
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

    def confusion(
        self, arm: str, rule: str = "tuned", threshold: float | None = None
    ) -> pd.DataFrame:
        """Return the confusion matrix, true classes down, predicted across.

        Counts are of one repeat (averaged over them). With ``threshold``, a cut-off (two classes)
        of the user's own is used on the repaired probabilities instead of a rule.
        """
        k = len(self.classes)
        cells = self._cells(arm)
        matrix = np.zeros((k, k))
        for d in cells:
            pred = d.default if rule == "default" else d.tuned
            if threshold is not None:
                yes = d.proba[:, self.positive] >= threshold
                pred = np.where(yes, self.positive, 1 - self.positive)
            matrix += np.bincount(d.cell.y * k + pred, minlength=k * k).reshape(k, k)
        labels = pd.Index(self.classes)
        return pd.DataFrame(matrix / self.repeats, index=labels, columns=labels)

    def folds(self) -> pd.DataFrame:
        """Return every metric of every arm in every fold: ``arm, repeat, fold, metric, value``."""
        rows = []
        for name, scores in self.scores.items():
            for metric in (*scores.scores, *scores.tuned):
                values = scores.series(metric).folds
                for (repeat, fold), value in np.ndenumerate(values):
                    rows.append((name, repeat, fold, metric, float(value)))
        return pd.DataFrame(rows, columns=["arm", "repeat", "fold", "metric", "value"])

    def pooled(self, arm: str, label: int | None = None) -> tuple[np.ndarray, Floats]:
        """Return truth and repaired probability of a class over all out-of-fold rows.

        Parameters
        ----------
        label : int, optional
            Code of the class; the one in focus without it.

        Returns
        -------
        truth : ndarray of shape (n * repeats,), bool
        p : ndarray of the same shape
        """
        code = self.focus if label is None else label
        cells = self._cells(arm)
        y = np.concatenate([d.cell.y for d in cells])
        return y == code, np.concatenate([d.proba[:, code] for d in cells])

    def curve(self, kind: str, arms: Sequence[str], label: int | None = None) -> pd.DataFrame:
        """Return the points of a curve for some arms: column ``arm`` and those of the curve.

        Parameters
        ----------
        kind : {"roc", "precision_recall", "capture", "calibration"}
            A name of :data:`rebal_core.evaluation.curves.CURVES`.
        label : int, optional
            Code of the class; the one in focus without it.
        """
        frames = [CURVES[kind](*self.pooled(arm, label)).assign(arm=arm) for arm in arms]
        return pd.concat(frames, ignore_index=True)

    def grid(
        self, arm: str, cutoffs: Floats | None = None, label: int | None = None
    ) -> pd.DataFrame:
        """Return counts of one repeat at 200 cut-offs: ``t, tp, fp, fn, tn``.

        With ``cutoffs`` (another arm's ``t``), at those, so that one slider moves several arms.
        """
        truth, p = self.pooled(arm, label)
        frame = count_grid(truth, p, grid_cutoffs(p) if cutoffs is None else cutoffs)
        frame[["tp", "fp", "fn", "tn"]] /= self.repeats
        return frame

    def calibration_error(self, arm: str, label: int | None = None) -> tuple[float, float]:
        """Return the expected calibration error of a class, and what chance alone explains."""
        return calibration_error(*self.pooled(arm, label))

    @property
    def repeats(self) -> int:
        """How many repeats the scores are of."""
        some = next(iter(self.scores.values()))
        return int(some.counts["tuned"].hit.shape[0])

    def _cells(self, arm: str) -> tuple[Decided, ...]:
        return self.decisions[arm].cells


def evaluate(
    arms: Sequence[ArmCells],
    protocol: Protocol,
    classes: Sequence[str],
    positive: int,
    facts: Facts | Mapping[str, Any] | None = None,
) -> Evaluation:
    """Score and judge the arms of a run.

    Parameters
    ----------
    arms : sequence of ArmCells
        In any order; only those that are done are scored.
    protocol : Protocol
        Metric, rule, margin, split and seed.
    classes : sequence of str
        Labels by code.
    positive : int
        Code of the class in focus; read for two classes only.
    facts : mapping, optional
        See :class:`Facts`.

    Raises
    ------
    UserError
        When the threshold rule cannot serve the number of classes.
    ValueError
        When arms that are done were not tested on the same rows.
    """
    known: Facts = {**(facts or {})}  # type: ignore[typeddict-item]
    rule = parse_rule(protocol.rule, len(classes))
    focus = positive if len(classes) == 2 else None
    units, costs = known.get("units"), known.get("costs")
    decisions = {
        a.name: decide(_sorted(a), a.repair, rule, protocol.split, positive, costs)
        for a in arms
        if a.status == "done"
    }
    basis = basis_of(arms, positive, len(classes), units)
    support, seed = basis.support, protocol.seed
    scores = {}
    if decisions:
        scores = score_arms(decisions, len(classes), focus, seed, units, basis.df, costs)
    unsound = unsound_references(arms, scores, protocol)
    known["alarms"] = [*known.get("alarms", []), *unsound.values()]
    reason = basis.reason if scores else None
    rows = int(support[basis.focus] if len(classes) == 2 else support.sum())
    verdicts = judge_arms(arms, scores, protocol, rows, reason is not None, unsound)
    run = judge_run(arms, scores, verdicts, protocol, reason, unsound)
    judged, second = Judged(verdicts, run), None
    copied = known.get("copied")
    if copied is not None and run.code != "NO_VERDICT":
        fewer = without_copies(arms, copied)
        rest = basis_of(fewer, positive, len(classes), units)
        label = rest.focus  # of many classes those that are left decide, as they do on all rows
        left = SecondLook(
            "few", int(support.sum()), int(rest.support.sum()),
            classes[label], int(support[label]), int(rest.support[label]),
        )  # fmt: skip
        again, again_facts = None, {"units": units, "costs": costs}
        if left.rare >= FEWEST_ROWS:
            once_more = evaluate(fewer, protocol, classes, positive, again_facts)
            again = Judged(once_more.verdicts, once_more.run)
        judge = partial(judge_run, arms, scores, protocol=protocol, reason=None, unsound=unsound)
        judged, second = look_again(judged, again, left, judge)
    return Evaluation(
        tuple(arms), protocol, tuple(classes), positive, known, decisions, scores,
        judged.verdicts, judged.run, basis, second,
    )  # fmt: skip


def _sorted(arm: ArmCells) -> list[Any]:
    return sorted(arm.cells, key=lambda cell: (cell.repeat, cell.fold))
