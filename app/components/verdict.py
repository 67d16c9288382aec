"""The verdict card and what one may ask of it."""

from __future__ import annotations

import html
from typing import Any

import streamlit as st

from app.components.alarms import alarm_boxes
from app.components.recipes import recipes_told
from app.components.states import headline
from app.components.texts import (
    change,
    count,
    counted,
    in_a_row,
    interval,
    joined,
    minutes,
    plain,
    share,
    when,
)
from app.components.words import (
    arm_labels,
    folds_of,
    gain_digits,
    metric_label,
    run_verdict_told,
    tell,
)
from app.i18n import _, sentence
from app.state import look_at, store
from rebal_core.arm import Protocol
from rebal_core.codes import STATES
from rebal_core.evaluation import Evaluation
from rebal_core.evaluation.basis import FEWEST_ROWS
from rebal_core.experiment.client import submit
from rebal_core.experiment.plan import Plan
from rebal_core.metrics import METRICS
from rebal_core.store.rows import RunRow

_LOOK = {"HELPS": "helps"}


def verdict_card(evaluation: Evaluation) -> None:
    """Draw the sentence that the run comes down to."""
    code = evaluation.run.code
    sentences = tell(evaluation.sentences, arm_labels(evaluation))
    rest = in_a_row([*sentences[1:], _best_remedy(evaluation)])
    st.html(
        f'<div class="v {_LOOK.get(code, "")}" role="status"><small>'
        f'{html.escape(run_verdict_told(code))}</small><p class="s">{html.escape(sentences[0])}</p>'
        f"<p>{html.escape(rest)}</p></div>"
    )
    recipes_told((arm.arm for arm in evaluation.arms), evaluation.classes)


def _best_remedy(evaluation: Evaluation) -> str:
    """Name the remedy that comes nearest, where none helps; a winner is named by the sentence."""
    remedy = evaluation.run.best_remedy
    if remedy is None or evaluation.run.code == "HELPS":
        return ""
    v = evaluation.verdicts[remedy]
    low, high = evaluation.possible(evaluation.run.best_untreated, v.vs_best, v.level)
    metric = evaluation.protocol.metric
    digits = gain_digits(metric)
    words = _("Best remedy: {arm}, {d} in {metric} against the best untreated model ({interval}).")
    return words.format(
        arm=arm_labels(evaluation)[remedy],
        d=change(v.vs_best.gain, digits),
        metric=metric_label(metric),
        interval=interval(low, high, digits, to=_("to")),
    )


def verdict_actions(run: RunRow, evaluation: Evaluation) -> None:
    """Draw the buttons below the card, and the line that says what was measured."""
    labels = arm_labels(evaluation)
    best = evaluation.run.best_arm
    with st.container(horizontal=True, vertical_alignment="center"):
        # Without a verdict no arm is put forward; each can be exported all the same.
        shown = evaluation.run.code != "NO_VERDICT" and best is not None
        words = _("Export {arm}").format(arm=labels[best]) if best and shown else _("Export")
        kind: Any = "primary" if shown else "secondary"
        if st.button(words, type=kind, key="compare_export", icon=":material/download:"):
            st.switch_page("views/export.py")
        if st.button(_("Explain two arms"), key="compare_explain"):
            st.switch_page("views/explain.py")
        _sharpen(run, evaluation)
        with st.popover(_("Why this verdict?"), type="tertiary"):
            _why(evaluation)
        basis = evaluation.basis
        few = [
            (c, n < FEWEST_ROWS)
            for c, n, judged in zip(evaluation.classes, basis.support, basis.judged, strict=True)
            if not judged and basis.support.any()
        ]
        title = _("What could not be judged? ({n})").format(n=len(few))
        with st.popover(title, type="tertiary", disabled=not few):
            for words, rare in (
                (_("Fewer than 10 rows: {classes}."), True),
                (_("In effect of fewer than 5 groups or spans of time: {classes}."), False),
            ):
                if named := [plain(c) for c, small in few if small == rare]:
                    st.markdown(words.format(classes=joined(named)))
        st.space("stretch")
        st.caption(_lineage(run, evaluation))
    alarm_boxes(run, evaluation)


def _sharpen(run: RunRow, evaluation: Evaluation) -> None:
    """Offer one more repeat where the result cannot tell."""
    open_ones = any(v.code == "CANT_TELL" for v in evaluation.verdicts.values())
    needless = evaluation.run.code != "NOT_SHOWN" and not open_ones
    if needless or evaluation.protocol.split == "time":  # days have one order only
        return
    price = (run.seconds or 0.0) / evaluation.protocol.repeats
    words = _("Sharpen: one more repeat, about {time}").format(time=minutes(price))
    if st.button(words, key="compare_sharpen"):
        plan = Plan.from_dict(run.plan).sharpened()
        look_at(dataset=run.dataset, run=submit(store(), plan))
        st.switch_page("views/run.py")


def _why(evaluation: Evaluation) -> None:
    protocol = evaluation.protocol
    lines = [
        _(
            "Each arm is compared with the untreated model of the same kind at its best cut-off, "
            "on the same {n} held-out rows."
        ).format(n=count(evaluation.support.sum())),
        counted(
            "The interval is wide because folds share training rows and 1 remedy was tried: "
            "both are accounted for ({bootstrap}, Holm).",
            "The interval is wide because folds share training rows and {n} remedies were tried: "
            "both are accounted for ({bootstrap}, Holm).",
            len(evaluation.verdicts),
            bootstrap=_bootstrap(protocol),
        ),
        _("Differences below {r} in {metric} count as too small to matter.").format(
            r=protocol.margin, metric=metric_label(protocol.metric)
        ),
    ]
    if METRICS[protocol.metric].format == "cost":
        words = _(
            "A missed “{label}” costs its “{column}”, a false alarm {price}. Differences below {r} "
            "of the reference's cost count as too small to matter."
        )
        lines[-1] = words.format(
            label=plain(evaluation.classes[evaluation.positive]),
            column=plain(protocol.value or ""),
            price=f"{protocol.false_alarm:g}",
            r=share(protocol.margin),
        )
    st.markdown("\n\n".join(lines))


def _bootstrap(protocol: Protocol) -> str:
    """Name what the bootstrap draws as one."""
    words = {
        "stratified": _("corrected row bootstrap"),
        "group": _("corrected bootstrap, all rows of one “{column}” drawn together"),
        "time": _("corrected bootstrap, all rows of one span of time drawn together"),
    }
    return words[protocol.split].format(column=plain(protocol.group or ""))


def _lineage(run: RunRow, evaluation: Evaluation) -> str:
    protocol = evaluation.protocol
    how = {
        "stratified": _("same mix"),
        "group": _("split by {column}").format(column=plain(protocol.group or "")),
        "time": _("later days"),
    }
    parts = [
        counted("1 held-out real row", "{n} held-out real rows", int(evaluation.support.sum())),
        f"{count(evaluation.support[evaluation.focus])} "
        f"“{plain(evaluation.classes[evaluation.focus])}”",
        f"{folds_of(protocol.folds)} × {protocol.repeats}",
        how[protocol.split],
    ]
    if run.started:
        parts.append(_("frozen {time}").format(time=f"{when(run.created):%H:%M:%S}"))
    return " · ".join(parts)


def failed_arms(evaluation: Evaluation) -> None:
    """List the arms that did not run to the end, those of one reason together."""
    labels = arm_labels(evaluation)
    together: dict[str, list[str]] = {}
    for arm in evaluation.arms:
        if arm.status != "done":
            why = plain(sentence(arm.reason or ""), 300)
            reason = _("{a}. {b}").format(a=STATES[arm.status].render(_), b=why)
            together.setdefault(reason, []).append(labels[arm.name])
    for reason, arms in together.items():
        st.caption(_("{a}: {b}").format(a=plain(joined(arms), 500), b=reason))


def not_finished(run: RunRow) -> None:
    """Show that there is nothing to compare yet, and the way to where it is made."""
    words = {
        "queued": _("Run {run} has not started yet"),
        "running": _("Run {run} is still going"),
        "failed": _("Run {run} failed"),
        "cancelled": _("Run {run} was cancelled"),
    }
    headline(words[run.state].format(run=run.run), plain(run.error or "", 400))
    if run.live:
        if st.button(_("Watch it"), type="primary", key="compare_watch"):
            st.switch_page("views/run.py")
    elif st.button(_("Run again"), type="primary", key="compare_again"):
        look_at(dataset=run.dataset, run=submit(store(), Plan.from_dict(run.plan)))
        st.switch_page("views/run.py")
    st.stop()
