"""The one deterministic sentence of a run, and why there is none (screens.md 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rebal_core.arm import Protocol
from rebal_core.data.formats import count
from rebal_core.evaluation.basis import Basis
from rebal_core.evaluation.bootstrap import ShownScores
from rebal_core.evaluation.copies import SecondLook
from rebal_core.evaluation.copies_told import beside, no_verdict
from rebal_core.evaluation.denied import denied
from rebal_core.evaluation.gains import explained
from rebal_core.evaluation.intervals import LEVEL, Difference
from rebal_core.evaluation.undecided import undecided
from rebal_core.evaluation.unjudged import few_units, unjudged
from rebal_core.evaluation.verdict import RunVerdict, Verdict
from rebal_core.evaluation.words import cut_off, number, signed
from rebal_core.metrics import METRICS, Metric, per_class
from rebal_core.metrics.probabilities import mean_defined
from rebal_core.rows import Floats
from rebal_core.wording import Text, listed

#: A class whose recall falls by more is named.
RECALL_DROP = 0.05
#: Changes of AUC and average precision inside this leave the ranking as it was.
SAME_RANKING = 0.01
_NOTHING = (
    "Nothing can be learnt from these columns, as far as these rows tell: no model ranks better "
    "than chance."
)


@dataclass(frozen=True)
class Story:
    """What a sentence is made of.

    Parameters
    ----------
    protocol : Protocol
        Metric and rule.
    classes : sequence of str
        Labels by code.
    basis : Basis
        What stands behind what is said of each class.
    scores, verdicts, losses, cutoffs : mapping by arm name
        ``losses`` are of the log loss, against the arm's reference; ``cutoffs`` those from all
        out-of-fold rows, none for many classes or no tuned rule.
    run : RunVerdict
        The code to tell.
    nothing_learnt : bool
        Whether no model ranks better than chance.
    condition, trust : Text or None
        The clause that the verdict is given under; what the user vouched for.
    second : SecondLook or None
        What the test rows without a copy in training say.
    unfinished : tuple of str
        Arms whose fits did not converge.
    """

    protocol: Protocol
    classes: Sequence[str]
    basis: Basis
    scores: Mapping[str, ShownScores]
    verdicts: Mapping[str, Verdict]
    losses: Mapping[str, Difference]
    cutoffs: Mapping[str, float]
    run: RunVerdict
    nothing_learnt: bool = False
    condition: Text | None = None
    trust: Text | None = None
    second: SecondLook | None = None
    unfinished: tuple[str, ...] = ()

    @property
    def support(self) -> Floats:
        """Tested rows by class."""
        return self.basis.support

    @property
    def focus(self) -> int:
        """The class under claim."""
        return self.basis.focus


def tell(story: Story) -> tuple[Text, ...]:
    """Return the sentences of the run's verdict, the most important first."""
    tellers = {
        "HELPS": _helps,
        "NO_REMEDY_NEEDED": _needless,
        "NOT_SHOWN": _not_shown,
        "NO_VERDICT": _void,
    }
    parts = tellers[story.run.code](story)
    if story.run.code != "NO_VERDICT":
        parts[0] = replace(parts[0], clause=story.condition)
        parts += [
            *denied(story),
            *(beside(story.second, story.protocol) if story.second else []),
            *([story.trust] if story.trust else []),
        ]
    if story.nothing_learnt and story.run.code in ("NO_REMEDY_NEEDED", "NOT_SHOWN"):
        parts.insert(1, Text(_NOTHING))
    return (*parts, *unjudged(story))


def _void(story: Story) -> list[Text]:
    reasons = {
        "few_rows": Text(
            "only {n} rows of “{cls}”, at least 10 are needed",
            {"n": count(story.support[story.focus]), "cls": story.classes[story.focus]},
        ),
        "few_units": few_units(story),
        "no_reference": Text("no untreated model ran to the end"),
        "unsound_reference": Text("no untreated model is sound enough to compare with"),
        "no_remedy": Text("no remedy ran to the end"),
    }
    if story.run.reason == "copies":
        assert story.second is not None
        return [no_verdict(story.second, story.protocol)]
    reason = reasons[str(story.run.reason)]
    return [Text("No verdict: {reason}. Any number would mislead.", {"reason": reason})]


def _helps(story: Story) -> list[Text]:
    metric = METRICS[story.protocol.metric]
    arm = str(story.run.best_arm)
    v = story.verdicts[arm]
    # Numbers are written in the metric's own direction: a falling loss is a minus.
    sign = 1.0 if metric.better == "higher" else -1.0
    ref = story.scores[str(v.reference)].series(metric.name).mean
    low, high = _written(metric, v.difference, v.level, ref)
    parts = [
        Text(
            "{arm} helps: {metric} {ref} → {val} ({d}, 95% interval {lo} to {hi}) against its own "
            "untreated model.",
            {
                "arm": arm,
                "metric": Text(metric.label),
                "ref": number(ref, metric.name),
                "val": number(story.scores[arm].series(metric.name).mean, metric.name),
                "d": signed(sign * v.difference.gain, metric.name),
                "lo": low,
                "hi": high,
            },
        )
    ]
    parts += _against_the_best(story, v)
    parts += explained(story, arm, v)
    return [*parts, *_by_class(story, arm, str(v.reference)), *_side_effects(story, arm, v)]


def _written(metric: Metric, d: Difference, level: float, base: float) -> list[str]:
    """Write the ends of an interval in the metric's own direction, cut to what it can take."""
    sign = 1.0 if metric.better == "higher" else -1.0
    ends = sorted(sign * x for x in metric.possible(d.interval(level), base))
    return [signed(end, metric.name) for end in ends]


def _against_the_best(story: Story, v: Verdict) -> list[Text]:
    """Tell the distance to the best untreated arm, where that is another than the arm's own."""
    best = str(story.run.best_untreated)
    if v.reference == best:
        return []
    metric = METRICS[story.protocol.metric]
    sign = 1.0 if metric.better == "higher" else -1.0
    low, high = _written(metric, v.vs_best, v.level, story.scores[best].series(metric.name).mean)
    values = {"d": signed(sign * v.vs_best.gain, metric.name), "best": best, "lo": low, "hi": high}
    text = "Against the best untreated model, {best}, it is {d} ({lo} to {hi})."
    return [Text(text, values)]


def _by_class(story: Story, arm: str, reference: str) -> list[Text]:
    """Name classes that gain or lose F1, and falling recall, at the tuned rule."""
    after, before = _tuned(story, arm), _tuned(story, reference)
    parts = []
    if len(story.classes) > 2:
        f1 = after["f1"] - before["f1"]
        gains, losses = (
            [story.classes[k] for k in np.argsort(-s * f1) if s * f1[k] >= story.protocol.margin]
            for s in (1.0, -1.0)
        )
        if gains:
            parts.append(Text("Gains in {classes}.", {"classes": listed(gains, 3)}))
        if losses:
            parts.append(Text("Loses in {classes}.", {"classes": listed(losses, 3)}))
    drop = before["recall"] - after["recall"]
    fallen = [k for k in np.argsort(-np.nan_to_num(drop)) if drop[k] > RECALL_DROP]
    if fallen:
        k = int(fallen[0])
        values = {"cls": story.classes[k], "d": f"{100 * drop[k]:.1f}"}
        parts.append(Text("Recall of “{cls}” falls by {d} points.", values))
    return parts


def _tuned(story: Story, arm: str) -> dict[str, Floats]:
    each = per_class(story.scores[arm].counts["tuned"])
    return {name: values.mean(0) for name, values in each.items()}


def _side_effects(story: Story, arm: str, v: Verdict) -> list[Text]:
    ours, theirs = story.scores[arm], story.scores[str(v.reference)]
    moved = any(
        abs(ours.series(name).mean - theirs.series(name).mean) >= SAME_RANKING
        for name in ("roc_auc", "average_precision")
    )
    parts = [Text("It moves the ranking." if moved else "It moves the decisions, not the ranking.")]
    loss = METRICS["log_loss"]
    d = story.losses[arm]
    margin = loss.margin(story.protocol.margin, theirs.series("log_loss").mean)
    if METRICS[story.protocol.metric].decides and d.interval(LEVEL)[1] < 0 and d.gain <= -margin:
        parts.append(Text("Better decisions, worse probabilities: do not use its percentages."))
    return parts


def _needless(story: Story) -> list[Text]:
    tuned = story.protocol.rule != "none"
    opening = (
        "No remedy beats threshold tuning on your data."
        if tuned
        else "No remedy beats the untreated model on your data."
    )
    return [Text(opening), *_cut_off_clause(story), *_weaker_helper(story)]


#: So many rows more in 100 are worth a sentence.
FOUND_MORE = 2


def _cut_off_clause(story: Story) -> list[Text]:
    """Tell what moving the cut-off of the best untreated arm does; nothing where it does little."""
    best = str(story.run.best_untreated)
    cutoff = story.cutoffs.get(best)
    if cutoff is None:
        return []
    arm = story.scores[best]
    before, after = (arm.series("recall", rule).mean for rule in ("default", "tuned"))
    if round(100 * after) < round(100 * before) + FOUND_MORE:
        return []
    right = mean_defined(per_class(arm.counts["tuned"])["precision"])[story.focus]
    values = {
        "t0": cut_off(0.5),
        "t1": cut_off(cutoff),
        "r0": f"{100 * before:.0f}",
        "r1": f"{100 * after:.0f}",
        "p": f"{100 * right:.0f}",
        "cls": story.classes[story.focus],
    }
    text = (
        "A tuned cut-off, about {t1} instead of {t0}, finds {r1} of 100 “{cls}” instead of {r0}; "
        "{p} of 100 of its alarms are right."
    )
    return [Text(text, values)]


def _weaker_helper(story: Story) -> list[Text]:
    """Name the arm that helps its own classifier but does not beat the best untreated arm."""
    helpers = {name: v for name, v in story.verdicts.items() if v.code == "HELPS"}
    if not helpers:
        return []
    metric = METRICS[story.protocol.metric]
    name = max(sorted(helpers), key=lambda n: helpers[n].vs_best.gain)
    v = helpers[name]
    sign = 1.0 if metric.better == "higher" else -1.0
    text = (
        "{arm} helps its own model ({d}), but untreated {best} is still better."
        if v.vs_best.gain < 0
        else "{arm} helps its own model ({d}), but was not shown to beat untreated {best}."
    )
    values = {
        "arm": name,
        "d": signed(sign * v.difference.gain, metric.name),
        "best": str(story.run.best_untreated),
    }
    return [Text(text, values), *explained(story, name, v)]


def _not_shown(story: Story) -> list[Text]:
    return [*undecided(story), *_weaker_helper(story)]
