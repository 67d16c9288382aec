"""All arms in one table: the reference pinned and shaded, the others with their distance to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.components.charts import is_dark
from app.components.texts import change, number, plain, seconds, share
from app.components.words import CODES, arm_labels, mark, metric_help, metric_label
from app.i18n import _
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.evaluation import Evaluation
from rebal_core.figures.theme import palette
from rebal_core.metrics import METRICS


PAGE = 25


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
    order = _worst_first(evaluation)
    names: dict[Any, str] = {k: plain(evaluation.classes[k], 24) for k in order[:4]}
    names[order[0]] += f" ({_('worst')})"
    names["all"] = _("all")
    with st.container(horizontal=True, vertical_alignment="center"):
        focus = st.segmented_control(
            _("Class"),
            list(names),
            format_func=names.__getitem__,
            default=order[0] if evaluation.binary else "all",
            key="compare_class",
            label_visibility="collapsed",
        )
        ways = {"against": _("Against reference"), "absolute": _("Absolute")}
        way = st.segmented_control(
            _("Numbers"),
            list(ways),
            format_func=ways.__getitem__,
            default="against",
            key="compare_way",
            label_visibility="collapsed",
        )
        kinds = list(dict.fromkeys(a.arm.classifier for a in evaluation.arms if not a.dummy))
        chosen = st.pills(
            _("Models"),
            kinds,
            format_func=lambda k: _(CLASSIFIERS[k].label),
            selection_mode="multi",
            default=kinds,
            key="compare_models",
            label_visibility="collapsed",
        )
    code = None if focus in (None, "all") else int(focus)
    return code, way != "absolute", list(chosen) or kinds


def _worst_first(evaluation: Evaluation) -> list[int]:
    """Classes by the best untreated arm's F1, the worst first."""
    best = evaluation.run.best_untreated
    if best is None:
        return list(range(len(evaluation.classes)))[::-1]
    f1 = evaluation.per_class(best)["f1"].fillna(0.0).to_numpy()
    return [int(k) for k in np.argsort(f1, kind="stable")]


def arms_frame(evaluation: Evaluation, focus: int | None, classifiers: Sequence[str]) -> pd.DataFrame:
    """Return one row an arm: references first, then by the primary metric.

    Columns ``arm, label, mark, reference, metric, found, precision, f1, eo, verdict, best,
    seconds``; numbers are those of the class where one is chosen.
    """
    e, labels = evaluation, arm_labels(evaluation)
    primary = METRICS[e.protocol.metric]
    rows = []
    for arm in e.arms:
        if arm.status != "done" or (arm.arm.classifier not in classifiers and not arm.dummy):
            continue
        rule = arm.threshold if arm.threshold == "default" else "tuned"
        of_class = e.per_class(arm.name, rule).iloc[focus] if focus is not None else None
        scores = e.scores[arm.name]
        verdict = e.verdicts.get(arm.name)
        value = scores.series(primary.name, rule).mean
        rows.append(
            {
                "arm": arm.name,
                "label": labels[arm.name],
                "mark": mark(arm.family),
                "reference": e.references.get(arm.arm.classifier),
                "metric": value,
                "found": _one(of_class, "recall", scores.series("balanced_accuracy", rule).mean),
                "precision": _one(of_class, "precision", scores.series("mcc", rule).mean),
                "f1": _one(of_class, "f1", scores.series("macro_f1", rule).mean),
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


def _one(of_class: Any, name: str, otherwise: float) -> float:
    return float(otherwise if of_class is None else of_class[name])


def arms_table(evaluation: Evaluation, frame: pd.DataFrame, focus: int | None, against: bool) -> list[str]:
    """Draw the table; return the arms that are ticked, else the reference and the best remedies."""
    page = 1
    if len(frame) > PAGE:
        page = st.pagination(-(-len(frame) // PAGE), key="compare_page")
    shown = frame.iloc[(page - 1) * PAGE : page * PAGE].reset_index(drop=True)
    primary = evaluation.protocol.metric
    heads = {
        "mark": " ",
        "label": _("Strategy · model"),
        "metric": metric_label(primary),
        "found": _("Recall (found)") if focus is not None else metric_label("balanced_accuracy"),
        "precision": metric_label("precision") if focus is not None else metric_label("mcc"),
        "f1": "F1" if focus is not None else metric_label("macro_f1"),
        "eo": "E/O",
        "verdict": _("Verdict"),
        "best": _("vs best untreated"),
        "seconds": _("Time"),
    }
    table = shown.assign(verdict=[_verdict(evaluation, row) for row in shown.itertuples()])
    table = table[[c for c in heads if c != "eo" or evaluation.binary]]
    chosen = st.dataframe(
        _styled(evaluation, shown, table, focus, against),
        key="compare_arms",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        height="content" if len(table) <= 15 else 560,
        column_config={
            "mark": st.column_config.TextColumn(heads["mark"], width=30),
            **{n: st.column_config.Column(heads[n]) for n in heads if n != "mark"},
            "metric": st.column_config.Column(heads["metric"], help=metric_help(primary)),
            "found": st.column_config.Column(
                heads["found"], help=metric_help("recall" if focus is not None else "balanced_accuracy")
            ),
            "precision": st.column_config.Column(
                heads["precision"], help=metric_help("precision" if focus is not None else "mcc")
            ),
            "eo": st.column_config.Column("E/O", help=metric_help("calibration_ratio")),
        },
    )
    ticked = [shown["arm"][k] for k in chosen["selection"]["rows"] if k < len(shown)]
    return ticked[:5] or _preset(evaluation)


def _preset(evaluation: Evaluation) -> list[str]:
    """The best untreated arm and the two remedies that come nearest to it."""
    best = evaluation.run.best_untreated
    near = evaluation.differences().sort_values("best_gain", ascending=False)["arm"].head(2)
    return list(dict.fromkeys([*([best] if best else []), *near])) or [
        a.name for a in evaluation.arms if a.status == "done"
    ][:1]


def _verdict(evaluation: Evaluation, row: Any) -> str:
    if isinstance(row.code, str):
        sign, word = CODES[row.code]
        return f"{sign} {_(word)}"
    if row.arm in evaluation.references.values():
        return "★ " + _("reference")
    return _("guessing") if row.arm.startswith("dummy") else _("naive")


def _styled(
    evaluation: Evaluation,
    shown: pd.DataFrame,
    table: pd.DataFrame,
    focus: int | None,
    against: bool,
) -> Any:
    """Numbers stay numbers, so that a click on the head sorts; what is read is the format."""
    colors = palette(is_dark())
    style = table.style
    by_name = shown.set_index("arm")
    kinds = {"metric": METRICS[evaluation.protocol.metric].format}
    kinds |= {"found": "share", "precision": "share"} if focus is not None else {}
    for column in ("metric", "found", "precision", "f1"):
        kind = kinds.get(column, "score")
        for k, row in enumerate(shown.itertuples()):
            value = getattr(row, column)
            text = _written(value, kind)
            base = row.reference if row.reference in by_name.index else None
            if against and base and base != row.arm:
                text += f" ({_moved(value - by_name.loc[base, column], kind)})"
            style = style.format(lambda _v, t=text: t, subset=pd.IndexSlice[[k], [column]])
    style = style.format(lambda v: change(v), subset=["best"])
    style = style.format(seconds, subset=["seconds"])
    if "eo" in table:
        style = style.format(lambda v: number(v, 2), subset=["eo"])
    ink = {"HELPS": colors.better, "HURTS": colors.worse}

    def paint(row: pd.Series) -> list[str]:
        source = shown.iloc[row.name]
        shade = source["arm"] in evaluation.references.values()
        tone = ink.get(source["code"])
        base = f"background-color: {colors.panel};" if shade else ""
        return [
            base + (f"color: {tone}; font-weight: 600" if tone and c in ("metric", "verdict") else "")
            for c in row.index
        ]

    return style.apply(paint, axis=1)


def _written(value: float, kind: str) -> str:
    if kind == "share":
        return share(value)
    return number(value, {"loss": 4, "ratio": 2}.get(kind, 3))


def _moved(delta: float, kind: str) -> str:
    if kind == "share":
        return change(100 * delta, 1)
    return change(delta, {"loss": 4, "ratio": 2}.get(kind, 3))
