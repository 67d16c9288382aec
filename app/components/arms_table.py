"""All arms in one table: the reference pinned and shaded, the others with their distance to it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.components.charts import is_dark
from app.components.linked import asked, begin, choose
from app.components.texts import bracketed, change, number, plain, seconds, share
from app.components.words import (
    CODES,
    arm_labels,
    arm_marks,
    metric_help,
    metric_label,
    model_label,
)
from app.i18n import _
from app.state import write_view
from rebal_core.evaluation import Evaluation
from rebal_core.figures.theme import family_style, palette
from rebal_core.metrics import METRICS

PAGE = 25
#: Widths in pixels: so narrow that the verdict is seen without scrolling; names get what they need.
WIDTHS = {"mark": 34, "label": None, "metric": 112, "found": 96, "f1": 96, "verdict": 102,
          "best": 62, "eo": 44, "seconds": 60}  # fmt: skip


def filters(evaluation: Evaluation) -> tuple[int | None, bool, list[str]]:
    """Let the reader choose class, way of telling and models.

    Returns
    -------
    focus : int or None
        Code of the class; None for all.
    against : bool
        Whether distances are told.
    classifiers : list of str
        Those shown.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        focus = _class(evaluation)
        ways = {"against": _("Against reference"), "absolute": _("Absolute")}
        way = choose("numbers", _("Numbers"), ways, "against", "compare_way")
        kinds = finished_models(evaluation)
        if "compare_models" not in st.session_state:
            begin("compare_models", asked("model", kinds) or kinds)
        chosen = st.pills(
            _("Models"),
            kinds,
            format_func=_model,
            selection_mode="multi",
            key="compare_models",
            label_visibility="collapsed",
        )
    classifiers = list(chosen) or kinds
    write_view("model", [] if classifiers == kinds else classifiers)
    return focus, way != "absolute", classifiers


def _class(evaluation: Evaluation) -> int | None:
    """Let the reader choose one of the worst classes, the one that the address names, or all."""
    order = _worst_first(evaluation)
    if "compare_class" not in st.session_state:
        found = asked("class", ["", *evaluation.classes])  # nothing after the sign: all classes
        default = order[0] if evaluation.binary else "all"
        wanted = evaluation.classes.index(found[0]) if found and found[0] else "all"
        begin("compare_class", wanted if found else default)
        begin("compare_named", st.session_state["compare_class"])
    named = st.session_state["compare_named"]
    shown = list(dict.fromkeys([*order[:4], *([] if named == "all" else [named])]))
    names: dict[Any, str] = {k: plain(evaluation.classes[k], 24) for k in shown}
    names[order[0]] = bracketed(names[order[0]], _("worst"))
    names["all"] = _("all")
    focus = st.segmented_control(
        _("Class"),
        list(names),
        format_func=names.__getitem__,
        key="compare_class",
        label_visibility="collapsed",
    )
    code = None if focus in (None, "all") else int(focus)
    write_view("class", ["" if code is None else evaluation.classes[code]])
    return code


def finished_models(evaluation: Evaluation) -> list[str]:
    """Return the models of which an arm ran to its end: only they have lines in the table."""
    done = (a.arm.classifier for a in evaluation.arms if a.status == "done" and not a.dummy)
    return list(dict.fromkeys(done))


def _model(name: str) -> str:
    """Return a model's name with the letters that stand for it in the table."""
    full, short = model_label(name), model_label(name, short=True)
    return full if full == short else bracketed(full, short)


def _worst_first(evaluation: Evaluation) -> list[int]:
    """Return the classes by the best untreated arm's F1, the worst first."""
    best = evaluation.run.best_untreated
    if best is None:
        return list(range(len(evaluation.classes)))[::-1]
    f1 = evaluation.per_class(best)["f1"].fillna(0.0).to_numpy()
    return [int(k) for k in np.argsort(f1, kind="stable")]


def arms_frame(
    evaluation: Evaluation, focus: int | None, classifiers: Sequence[str]
) -> pd.DataFrame:
    """Return one row an arm: references first, then by the primary metric.

    Columns ``arm, label, mark, reference, metric, found, f1, eo, verdict, best, seconds``; numbers
    are those of the class where one is chosen, ``found`` and ``f1`` as :func:`_metrics` says.
    """
    e, labels = evaluation, arm_labels(evaluation, short=True)
    marks = arm_marks(a.arm for a in evaluation.arms)
    primary, metrics = METRICS[e.protocol.metric], _metrics(e, focus)
    rows = []
    for arm in e.arms:
        if arm.status != "done" or (arm.arm.classifier not in classifiers and not arm.dummy):
            continue
        rule = arm.threshold if arm.threshold == "default" else "tuned"
        of_class: Any = e.per_class(arm.name, rule).iloc[focus] if focus is not None else {}
        scores = e.scores[arm.name]
        verdict = e.verdicts.get(arm.name)
        value = scores.series(primary.name, rule).mean
        rows.append(
            {
                "arm": arm.name,
                "label": labels[arm.name],
                "mark": marks[arm.name],
                "family": arm.family,
                "reference": e.references.get(arm.arm.classifier),
                "metric": value,
                **{
                    column: float(
                        of_class[metrics[column]]
                        if metrics[column] in of_class
                        else scores.series(metrics[column], rule).mean
                    )
                    for column in ("found", "f1")
                },
                "eo": scores.series("calibration_ratio").mean if e.binary else np.nan,
                "code": None if verdict is None else verdict.code,
                "best": np.nan if verdict is None else verdict.vs_best.gain,
                "seconds": sum(sum(c.seconds.values()) for c in arm.cells),
                "order": (
                    arm.dummy,
                    arm.name not in e.references.values(),
                    -float(np.nan_to_num(primary.utility(value), nan=-1e9)),
                ),
            }
        )
    frame = pd.DataFrame(rows)
    return frame.sort_values("order", ignore_index=True) if len(frame) else frame


def arms_table(
    run: int, evaluation: Evaluation, frame: pd.DataFrame, focus: int | None, against: bool
) -> list[str]:
    """Draw the table; return the ticked arms, up to five: they are drawn in all panels below."""
    known, page = [str(name) for name in frame["arm"]], 1
    preset = asked("arm", known)[:5] or _preset(evaluation)
    if len(frame) > PAGE:
        if "compare_page" not in st.session_state:
            begin("compare_page", 1 + known.index(preset[0]) // PAGE if preset[0] in known else 1)
        page = st.pagination(-(-len(frame) // PAGE), key="compare_page")
    shown = frame.iloc[(page - 1) * PAGE : page * PAGE].reset_index(drop=True)
    table = shown.assign(verdict=[_verdict(evaluation, row) for row in shown.itertuples()])
    table = table[_columns(evaluation, focus)]
    chosen = st.dataframe(
        _styled(evaluation, frame, shown, table, _formats(evaluation, focus), against),
        key=f"compare_arms_{run}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": shown.index[shown["arm"].isin(preset)].tolist()}},
        height="content" if len(table) <= 15 else 560,
        placeholder="–",
        column_config=_heads(evaluation, focus),
    )
    ticked = [shown["arm"][k] for k in chosen["selection"]["rows"] if k < len(shown)]
    arms = ticked[:5] or _preset(evaluation)
    write_view("arm", arms)
    return arms


def _metrics(evaluation: Evaluation, focus: int | None) -> dict[str, str]:
    """Return the metric behind each column of numbers; without a cut-off no decisions are told."""
    if evaluation.protocol.rule == "none":
        found, f1 = "average_precision", "roc_auc"
    elif focus is not None:
        found, f1 = "recall", "f1"
    else:
        found, f1 = "balanced_accuracy", "macro_f1"
    metric = evaluation.protocol.metric
    return {"metric": metric, "found": found, "f1": f1, "eo": "calibration_ratio"}


def _columns(evaluation: Evaluation, focus: int | None) -> list[str]:
    """Return the columns in their order; none says what another one says already."""
    metrics = _metrics(evaluation, focus)
    twice = {c for c, m in metrics.items() if c != "metric" and m == metrics["metric"]}
    if not evaluation.binary:
        twice.add("eo")
    return [c for c in WIDTHS if c not in twice]


def _heads(evaluation: Evaluation, focus: int | None) -> dict[str, Any]:
    """Return names and hovers of the columns; hovers name the metric in both languages."""
    metrics = _metrics(evaluation, focus)
    names = {name: metric_label(metric) for name, metric in metrics.items()}
    hovers = {name: metric_help(metric) for name, metric in metrics.items()}
    names |= {
        "mark": " ",
        "label": _("Strategy · model"),
        "verdict": _("Verdict"),
        "best": _("vs best"),
        "seconds": _("Time"),
    }
    hovers["verdict"] = _("Against the untreated model of the same kind, at its best cut-off.")
    hovers["best"] = _("Distance to the best untreated model of the run; more is better.")
    return {
        name: st.column_config.Column(names[name], help=hovers.get(name), width=width)
        for name, width in WIDTHS.items()
    }


def _formats(evaluation: Evaluation, focus: int | None) -> dict[str, str]:
    """Return how the numbers of each column are written."""
    names = {c: m for c, m in _metrics(evaluation, focus).items() if c != "eo"}
    return {c: "share" if m == "recall" else METRICS[m].format for c, m in names.items()}


def _preset(evaluation: Evaluation) -> list[str]:
    """Return the best untreated arm and the two remedies that come nearest to it."""
    best = evaluation.run.best_untreated
    near = evaluation.differences().sort_values("best_gain", ascending=False)["arm"].head(2)
    return (
        list(dict.fromkeys([*([best] if best else []), *near]))
        or [a.name for a in evaluation.arms if a.status == "done"][:1]
    )


def _verdict(evaluation: Evaluation, row: Any) -> str:
    if isinstance(row.code, str):
        sign, word = CODES[row.code]
        return f"{sign} {_(word)}"
    if row.arm in evaluation.references.values():
        return "★ " + _("reference")
    return _("guessing") if row.arm.startswith("dummy") else _("naive")


def _styled(
    evaluation: Evaluation,
    frame: pd.DataFrame,
    shown: pd.DataFrame,
    table: pd.DataFrame,
    formats: dict[str, str],
    against: bool,
) -> Any:
    """Numbers stay numbers, so that a click on the head sorts; what is read is the format."""
    style: Any = table.style
    by_name = frame.set_index("arm")
    row: Any
    for column, kind in ((c, k) for c, k in formats.items() if c in table):
        for k, row in enumerate(shown.itertuples()):
            value = getattr(row, column)
            text = _written(value, kind)
            base = row.reference if row.reference in by_name.index else None
            if against and base and base != row.arm and np.isfinite(value):
                text += f" ({_moved(value - by_name.loc[base, column], kind)})"
            written = partial(_said, text)
            style = style.format(written, subset=pd.IndexSlice[[k], [column]])
    style = style.format(change, subset=["best"]).format(seconds, subset=["seconds"])
    if "eo" in table:
        style = style.format(partial(number, digits=2), subset=["eo"])
    return style.apply(_paint, axis=1, shown=shown, references=set(evaluation.references.values()))


def _said(text: str, _value: object) -> str:
    return text


def _paint(row: Any, shown: pd.DataFrame, references: set[str]) -> list[str]:
    """Shade references, colour marks by family and directions by verdict; the rest is quiet."""
    colors, source = palette(is_dark()), shown.iloc[row.name]
    judged = isinstance(source["code"], str)
    tone = {"HELPS": colors.better, "HURTS": colors.worse}.get(source["code"])
    shade = f"background-color: {colors.panel};" if source["arm"] in references else ""
    written = []
    for column in row.index:
        ink = colors.ink
        if column == "mark":
            ink = family_style(source["family"]).color(is_dark())
        elif column in ("metric", "verdict") and tone:
            ink = f"{tone}; font-weight: 600"
        elif column not in ("label", "seconds") and judged:
            ink = colors.mute
        written.append(f"{shade} color: {ink}")
    return written


def _written(value: float, kind: str) -> str:
    if kind == "share":
        return share(value)
    return number(value, {"loss": 4, "ratio": 2}.get(kind, 3))


def _moved(delta: float, kind: str) -> str:
    if kind == "share":
        return change(100 * delta, 1)
    return change(delta, {"loss": 4, "ratio": 2}.get(kind, 3))
