"""What the test rows without a copy in training say, in words."""

from __future__ import annotations

from typing import Any

from rebal_core.arm import Protocol
from rebal_core.data.formats import count
from rebal_core.evaluation.copies import Said, SecondLook
from rebal_core.evaluation.words import signed
from rebal_core.metrics import METRICS
from rebal_core.wording import Text

_FEW_LEFT = (
    "Only {n} of the {m} test rows of “{cls}” have no copy in training, too few to judge a second "
    "time: the copies decide this verdict."
)
_NONE_LEFT = (
    "All {m} test rows of “{cls}” have a copy in training: the copies decide this verdict, and "
    "what holds for new rows is not known."
)


def no_verdict(second: SecondLook, protocol: Protocol) -> Text:
    """Tell why a remedy that helps on all rows, or on the others only, has no verdict."""
    if second.again is None:
        return Text(
            "No verdict: all {m} test rows of “{cls}” have a copy in training, so that {first} "
            "({d}) may be mere memory.",
            {
                **_rows(second),
                "first": said(second.first),
                "d": numbers(second.first, protocol)["d"],
            },
        )
    return Text(
        "No verdict: on all {n} test rows {first} ({d}), on the {m} without a copy in training "
        "{again} ({e}).",
        {
            "n": count(second.rows),
            "first": said(second.first),
            "d": numbers(second.first, protocol)["d"],
            "m": count(second.kept),
            "again": said(second.again),
            "e": numbers(second.again, protocol)["d"],
        },
    )


def beside(second: SecondLook, protocol: Protocol) -> list[Text]:
    """Tell beside a verdict what the rows without a copy cannot confirm; nothing where they do."""
    if second.outcome == "same":
        return []
    if second.again is None:
        return [Text(_FEW_LEFT if second.rare else _NONE_LEFT, _rows(second))]
    return [
        Text(
            "On the {m} test rows without a copy in training {again} ({d}).",
            {
                "m": count(second.kept),
                "again": said(second.again),
                "d": numbers(second.again, protocol)["d"],
            },
        )
    ]


def _rows(second: SecondLook) -> dict[str, str]:
    return {"n": count(second.rare), "m": count(second.tested), "cls": second.label}


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
    difference = v.vs_best if what.of_run else v.spoken_of
    low, high = sorted(sign * x for x in difference.interval(v.level))
    return {
        "d": signed(sign * difference.gain, metric.name),
        "lo": signed(low, metric.name),
        "hi": signed(high, metric.name),
    }
