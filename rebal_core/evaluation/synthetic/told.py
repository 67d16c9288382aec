"""The verdict on made rows in one sentence: which gates failed, or that no failure was found.

It never says that rows are safe to hand out: no test can show that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rebal_core.data.formats import count, number, share
from rebal_core.evaluation.synthetic.majority import FEWEST
from rebal_core.evaluation.synthetic.ranked import Area
from rebal_core.evaluation.synthetic.shapes import Shape
from rebal_core.evaluation.synthetic.verdict import (
    Judgement,
    SyntheticVerdict,
    judgement_state,
)
from rebal_core.wording import Text

#: Pairs of columns in a manifest; of a hundred columns there are thousands.
MOST_PAIRS = 14


def sentence(verdict: SyntheticVerdict) -> Text:
    """Return what the verdict says, the gravest failure first."""
    values = {"n": count(verdict.made), "cls": verdict.label}
    if failed := reasons(verdict):
        return Text("The {n} rows made for “{cls}” fail: {why}.", {**values, "why": _all(failed)})
    if verdict.held < FEWEST:
        return Text(
            "No failure was found in the {n} rows made for “{cls}”, but the {m} real rows held "
            "back are too few to find much.",
            {**values, "m": count(verdict.held)},
        )
    return Text(
        "No failure was found in the {n} rows made for “{cls}”; that is no proof that they give "
        "nothing away.",
        values,
    )


def judgement_report(judgement: Judgement) -> dict[str, Any]:
    """Return a judgement for the manifest of an export: each class with its sentence first.

    Of pairs of columns the worst :data:`MOST_PAIRS` are told.
    """
    state = judgement_state(judgement)
    for told, verdict in zip(state["classes"], judgement.classes, strict=True):
        told["quality"]["pairs"] = told["quality"]["pairs"][:MOST_PAIRS]
        told |= {"sentence": sentence(verdict).render(), "failed": list(verdict.failed)}
    return state


def reasons(verdict: SyntheticVerdict) -> tuple[Text, ...]:
    """Return why the rows fail, a part of a sentence for each failed gate."""
    return tuple(_TOLD[gate](verdict) for gate in verdict.failed)


def _all(parts: tuple[Text, ...]) -> Text:
    told = parts[-1]
    for part in reversed(parts[:-1]):
        told = Text("{one}; and {others}", {"one": part, "others": told})
    return told


def _copies(verdict: SyntheticVerdict) -> Text:
    copies = verdict.nearness.copies
    return Text(
        "{share} are exact copies of training rows, of real rows {real}",
        {"share": share(copies.made.value), "real": share(copies.held.value)},
    )


def _nearness(verdict: SyntheticVerdict) -> Text:
    near = verdict.nearness
    return Text(
        "they lie nearer to training rows than new rows do (5th percentile of the distance {made}, "
        "of real rows {real})",
        {"made": number(near.made), "real": number(near.held)},
    )


def _membership(verdict: SyntheticVerdict) -> Text:
    return Text(
        "they give away which rows they were made from (AUC {auc}, 95% interval {low} to {high})",
        _area(verdict.nearness.membership),
    )


def _area(area: Area) -> dict[str, str]:
    return {"auc": number(area.value), "low": number(area.low), "high": number(area.high)}


def _utility(verdict: SyntheticVerdict) -> Text:
    utility = verdict.quality.utility
    return Text(
        "in the place of real rows they teach too little (average precision {made} instead of "
        "{real})",
        {"made": number(utility.made), "real": number(utility.real)},
    )


def _majority(verdict: SyntheticVerdict) -> Text:
    shares = verdict.majority.shares
    return Text(
        "a model takes {share} for another class, of real rows {real}",
        {"share": share(shares.made.value), "real": share(shares.held.value)},
    )


def _column(verdict: SyntheticVerdict) -> Text:
    worst = _worst(verdict.quality.columns)
    return Text(
        "the values of “{column}” are unlike the real ones (score {score})",
        {"column": worst.columns[0], "score": number(worst.score)},
    )


def _pair(verdict: SyntheticVerdict) -> Text:
    worst = _worst(verdict.quality.pairs)
    return Text(
        "“{column}” and “{other}” do not go together as in real rows (score {score})",
        {"column": worst.columns[0], "other": worst.columns[1], "score": number(worst.score)},
    )


def _worst(shapes: tuple[Shape, ...]) -> Shape:
    return next(shape for shape in shapes if shape.failed)


def _coverage(verdict: SyntheticVerdict) -> Text:
    worst = verdict.quality.coverage[0]
    return Text(
        "of “{column}” only {found} of {values} values are left",
        {"column": worst.column, "found": count(worst.found), "values": count(worst.values)},
    )


def _outside(verdict: SyntheticVerdict) -> Text:
    ranges = verdict.ranges
    return Text(
        "{share} lie outside the observed range, most of them by “{column}”",
        {"share": share(ranges.outside.made.value), "column": ranges.column[0]},
    )


def _impossible(verdict: SyntheticVerdict) -> Text:
    ranges = verdict.ranges
    return Text(
        "{share} have two values that never meet, most of them of “{column}” and “{other}”",
        {
            "share": share(ranges.impossible.made.value),
            "column": ranges.pair[0],
            "other": ranges.pair[1],
        },
    )


def _detection(verdict: SyntheticVerdict) -> Text:
    return Text(
        "a model tells nearly all of them from real rows (AUC {auc}, 95% interval {low} to {high})",
        _area(verdict.detection.auc),
    )


#: By gate of :data:`rebal_core.evaluation.synthetic.verdict.GATES`.
_TOLD: dict[str, Callable[[SyntheticVerdict], Text]] = {
    "copies": _copies,
    "nearness": _nearness,
    "membership": _membership,
    "utility": _utility,
    "majority": _majority,
    "columns": _column,
    "pairs": _pair,
    "coverage": _coverage,
    "outside": _outside,
    "impossible": _impossible,
    "detection": _detection,
}
