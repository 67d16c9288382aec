"""What is said of the alarms of a run, and what its verdict is conditional on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rebal_core.arm import Protocol
from rebal_core.data.formats import count
from rebal_core.evaluation.alarms import COPIES, MIXED_GROUPS, SINGLE_FEATURE
from rebal_core.evaluation.copies import SecondLook
from rebal_core.evaluation.copies_told import numbers, said
from rebal_core.evaluation.soundness import UNSOUND
from rebal_core.wording import Text, listed, render

#: Every code that an alarm may have (design.md 7).
ALARM_CODES = (COPIES, SINGLE_FEATURE, MIXED_GROUPS, UNSOUND)


@dataclass(frozen=True)
class Alarm:
    """A sign that the numbers of a run are not what they seem.

    Parameters
    ----------
    code : str
        One of :data:`ALARM_CODES`.
    texts : tuple of Text
        What is wrong and what to do, ready to be translated.
    column : str or None
        The column it speaks of.
    open : bool
        Whether the reader can still answer that the column is known before the event.
    """

    code: str
    texts: tuple[Text, ...]
    column: str | None = None
    open: bool = False

    @property
    def message(self) -> str:
        """The sentences in English."""
        return render(self.texts)


def tell_alarms(
    findings: Sequence[Mapping[str, Any]],
    protocol: Protocol,
    trusted: Collection[str] = (),
    second: SecondLook | None = None,
) -> tuple[Alarm, ...]:
    """Put what :func:`rebal_core.evaluation.alarms.find_alarms` found into words.

    Parameters
    ----------
    trusted : collection of str
        Columns that the user said are known before the event.
    second : SecondLook, optional
        What the test rows without a copy in training say.
    """
    told = []
    for finding in findings:
        code = finding["code"]
        if code == SINGLE_FEATURE and "column" in finding:
            told.append(_single_feature(finding, finding["column"] in trusted))
        elif code == MIXED_GROUPS:
            values = {"column": finding["column"], "share": f"{100 * finding['share']:.0f}"}
            text = Text(
                "{share}% of the test rows belong to a “{column}” that has rows in training too: "
                "the verdict holds for the same ones; for new ones split by “{column}”.",
                values,
            )
            told.append(Alarm(code, (text,), finding["column"]))
        elif code == COPIES and "share" in finding:
            told.append(Alarm(code, _copies(finding, protocol, second)))
        else:  # in words already
            text = Text("{message}", finding)
            if "template" in finding:
                text = Text(finding["template"], finding["values"])
            told.append(Alarm(code, (text,)))
    return tuple(told)


def _single_feature(finding: Mapping[str, Any], trusted: bool) -> Alarm:
    values = {
        "column": finding["column"],
        "classes": listed([f"“{label}”" for label in finding["labels"]], 3),
        "how": _how(finding),
    }
    if trusted:
        text = (
            "Column “{column}” alone tells {classes} from the rest ({how}); you said that it "
            "is known before the event."
        )
    elif finding.get("weighs"):
        text = (
            "Column “{column}” alone tells {classes} from the rest ({how}): the numbers hold "
            "only if it is known before the event; else leave it out."
        )
    else:
        text = (
            "Column “{column}” alone tells {classes} from the rest ({how}): too few of the "
            "classes to sway the verdict, but the numbers of {classes} mean little unless it is "
            "known before the event; else leave it out."
        )
    return Alarm(SINGLE_FEATURE, (Text(text, values),), finding["column"], not trusted)


def _how(finding: Mapping[str, Any]) -> Text:
    """Say by which numbers a column tells a class: by its ranks, or by one range of values."""
    held = finding.get("range")
    if held is None:
        return Text("AUC {auc}", {"auc": f"{finding['auc']:.3f}"})
    rows = {name: count(held[name]) for name in ("own", "size", "others", "rest")}
    return Text(_HELD[held["kind"]], {**held, **rows})


#: By kind of range, see :class:`rebal_core.data.telling.Range`.
_HELD = (
    "{sign} {value} for {own} of {size} “{label}” and {others} of {rest} others",
    "missing for {own} of {size} “{label}” and {others} of {rest} others",
    "filled for {own} of {size} “{label}” and {others} of {rest} others",
)


def _copies(
    finding: Mapping[str, Any], protocol: Protocol, second: SecondLook | None
) -> tuple[Text, ...]:
    text = Text(
        "{share}% of the test rows, and {rare}% of those of “{cls}”, are exact copies of training "
        "rows.",
        {
            "share": f"{100 * finding['share']:.1f}",
            "rare": f"{100 * finding['rare']:.1f}",
            "cls": finding["label"],
        },
    )
    if second is None:
        return (text,)
    if second.outcome == "few":
        values: dict[str, Any] = {"n": count(second.rare), "cls": second.label}
        words = "Without them {n} rows of “{cls}” are left, too few to judge a second time."
        return (text, Text(words, values))
    values = {
        "n": count(second.kept),
        "said": said(second.again),
        **numbers(second.again, protocol),
    }
    if second.outcome == "same":
        words = "The {n} test rows without a copy say the same: {said} ({d}, {lo} to {hi})."
    else:
        words = "The {n} test rows without a copy say: {said} ({d}, {lo} to {hi})."
    texts = [text, Text(words, values)]
    if second.contrary:
        named = {"arms": second.contrary}
        texts.append(Text("One set of rows says that these help, the other not: {arms}.", named))
    return tuple(texts)


def condition(findings: Sequence[Mapping[str, Any]], trusted: Collection[str] = ()) -> Text | None:
    """Return the clause that a verdict is given under; None where it holds as it is."""
    leaks = [
        f["column"]
        for f in findings
        if f["code"] == SINGLE_FEATURE and f.get("weighs") and f["column"] not in trusted
    ]
    mixed = [f["column"] for f in findings if f["code"] == MIXED_GROUPS]
    parts = []
    if leaks:
        known = "{columns} is known before the event"
        parts.append(Text(known if len(leaks) == 1 else _KNOWN, _columns(leaks)))
    if mixed:
        parts.append(Text("new rows come from the same {columns}", _columns(mixed)))
    if not parts:
        return None
    if len(parts) == 1:
        return Text(", provided that {condition}.", {"condition": parts[0]})
    return Text(
        ", provided that {condition} and that {other}.", {"condition": parts[0], "other": parts[1]}
    )


_KNOWN = "{columns} are known before the event"


def trust_told(findings: Sequence[Mapping[str, Any]], trusted: Collection[str]) -> Text | None:
    """Return the sentence that names what the user vouched for; None where nothing was."""
    names = [f["column"] for f in findings if f["code"] == SINGLE_FEATURE and f.get("weighs")]
    vouched = [name for name in names if name in trusted]
    if not vouched:
        return None
    return Text("Taken as known before the event: {columns}.", _columns(vouched))


def _columns(names: Sequence[str]) -> dict[str, Text | str]:
    return {"columns": listed([f"“{name}”" for name in names], 3)}
