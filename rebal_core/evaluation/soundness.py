"""Whether an untreated model may be a reference: no remedy shall win by mending a broken one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rebal_core.arm import Protocol
from rebal_core.evaluation.arms import ArmCells
from rebal_core.evaluation.bootstrap import ArmScores, Series, ShownScores
from rebal_core.evaluation.intervals import LEVEL, compare, score_interval
from rebal_core.evaluation.verdict import references
from rebal_core.evaluation.words import number
from rebal_core.metrics import METRICS
from rebal_core.wording import Text

UNSOUND = "unsound_reference"
#: No honest remedy brings a proper score below this part of the reference's,
HALF = 0.5
#: and by at least so much (of a loss of next to nothing the half is soon reached).
LEAST = 0.05

_WORSE_THAN_SHARES = (
    "Untreated {arm} is no sound reference: it ranks better than chance, and yet its log loss is "
    "{own} where always answering the class shares has {other}; its remedies get no verdict, so "
    "look at another classifier."
)
_HALVED = (
    "Untreated {arm} is no sound reference: {remedy} has less than half its log loss ({other} "
    "instead of {own}), which mends the model and not the imbalance; its remedies get no verdict, "
    "so look at another classifier."
)


_UNFINISHED = (
    "Untreated {arm} is no sound reference: most of its fits did not converge; its remedies get no "
    "verdict, so allow more iterations, or look at another classifier."
)


def above_chance(scores: ShownScores, protocol: Protocol) -> bool:
    """Tell whether an arm ranks the rows better than chance, beyond noise."""
    low, _ = score_interval(scores.series("roc_auc"), METRICS["roc_auc"], protocol)
    return low > 0.5


def nothing_learnt(
    arms: Sequence[ArmCells], scores: Mapping[str, ShownScores], protocol: Protocol
) -> bool:
    """Tell whether no model of the run ranks better than chance."""
    models = [a.name for a in arms if a.status == "done" and not a.dummy]
    return bool(models) and not any(above_chance(scores[name], protocol) for name in models)


def unsound_references(
    arms: Sequence[ArmCells], scores: Mapping[str, ArmScores], protocol: Protocol
) -> dict[str, dict[str, Any]]:
    """Return the classifiers whose untreated arm is no sound reference, each with its alarm.

    It is unsound when most of its fits did not converge; when it ranks better than chance and yet
    its (repaired) log loss is worse than that of the class shares; or when a repaired remedy of the
    same classifier has less than half its log loss, and .05 less, both beyond noise. Where no arm
    ranks better than chance none is unsound: there the verdict says that nothing can be learnt.

    Parameters
    ----------
    arms : sequence of ArmCells
        All arms of the run; the class shares are its dummy.
    scores : mapping of arm name to ArmScores
        Of the arms that are done, of their repaired probabilities.
    """
    if nothing_learnt(arms, scores, protocol):
        return {}
    dummy = next((a.name for a in arms if a.dummy and a.name in scores), None)
    unfinished = {a.name for a in arms if a.unfinished}
    found = {}
    for classifier, reference in references(arms).items():
        remedies = [a.name for a in arms if a.ranked and a.arm.classifier == classifier]
        text = Text(_UNFINISHED, {"arm": reference}) if reference in unfinished else None
        text = text or _below_shares(reference, dummy, scores, protocol)
        text = text or _halved(reference, remedies, scores, protocol)
        if text is not None:
            found[classifier] = {
                "code": UNSOUND,
                "template": text.template,
                "values": dict(text.values),
            }
    return found


def _below_shares(
    reference: str, dummy: str | None, scores: Mapping[str, ArmScores], protocol: Protocol
) -> Text | None:
    if dummy is None or not above_chance(scores[reference], protocol):
        return None
    own, shares = scores[reference].series("log_loss"), scores[dummy].series("log_loss")
    if not compare(own, shares, METRICS["log_loss"], protocol).interval(LEVEL)[1] < 0:
        return None
    return Text(_WORSE_THAN_SHARES, _losses(reference, own.mean, shares.mean))


def _halved(
    reference: str, remedies: Sequence[str], scores: Mapping[str, ArmScores], protocol: Protocol
) -> Text | None:
    """Tell whether half the reference's loss is above the least of a remedy, beyond noise.

    That remedy is the best of several, so they share the level.
    """
    whole = scores[reference].series("log_loss")
    losses = {name: scores[name].series("log_loss").mean for name in sorted(remedies)}
    least = min(losses, key=lambda name: losses[name], default=None)
    if least is None or not losses[least] < whole.mean - LEAST:
        return None
    half = Series.of(HALF * whole.repeats, HALF * whole.draws, HALF * whole.folds, whole.df)
    d = compare(scores[least].series("log_loss"), half, METRICS["log_loss"], protocol)
    if not d.interval(LEVEL / len(losses))[0] > 0:
        return None
    return Text(_HALVED, {**_losses(reference, whole.mean, losses[least]), "remedy": least})


def _losses(arm: str, own: float, other: float) -> dict[str, str]:
    return {"arm": arm, "own": number(own, "log_loss"), "other": number(other, "log_loss")}
