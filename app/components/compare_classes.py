"""Many classes: which of them gain or lose, in a heat map, and where along head and tail."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from app.components.charts import compare_words, draw, is_dark
from app.components.linked import begin, choose
from app.components.words import arm_labels, arm_marks, families, metric_label
from app.i18n import _
from app.state import read_view, write_view
from rebal_core.data.profile import band_of
from rebal_core.evaluation import Evaluation
from rebal_core.figures import compare

BANDS = ("tail", "mid", "head")
METRICS_OF_A_CLASS = ("f1", "recall", "precision", "average_precision")


def class_map(evaluation: Evaluation, arms: list[str]) -> None:
    """Draw the classes that the reader asks for, each arm against the best untreated one."""
    reference = evaluation.run.best_untreated or arms[0]
    shown = list(dict.fromkeys([reference, *arms]))
    band = _band_of_class(evaluation)
    with st.container(horizontal=True):
        part, wanted, metric = _controls(evaluation)
    table = evaluation.by_class(metric)[shown]
    grid = st.grid(5, min_column_width=241, gap="medium")
    with grid.cell(column_span=3):
        words = _("{metric} of each class, against the reference")
        st.subheader(words.format(metric=metric_label(metric)), anchor=False)
        _heat(evaluation, _chosen(table, part, wanted, band), reference)
    with grid.cell(column_span=2):
        st.subheader(
            _("Where it helps"),
            anchor=False,
            help=_("Mean over the classes of the tail, the middle and the head."),
        )
        names = {"tail": _("tail"), "mid": _("mid"), "head": _("head")}
        figure = compare.bands(
            table,
            families(evaluation),
            band_of={label: names[where] for label, where in band.items()},
            order=[names[where] for where in BANDS],
            labels=arm_labels(evaluation, short=True),
            dark=is_dark(),
        )
        draw(figure, "compare_bands")


def _controls(evaluation: Evaluation) -> tuple[str, str, str]:
    """Let the reader choose part of the classes, a word in their names, and the number."""
    parts = {"worst": _("Worst"), "changed": _("Most changed")}
    parts |= {"tail": _("tail"), "mid": _("mid"), "head": _("head")}
    part = choose("part", _("Classes"), parts, "worst", "compare_heat_part")
    if "compare_heat_find" not in st.session_state:
        begin("compare_heat_find", "".join(read_view("find")[:1]))
    wanted = st.text_input(
        _("Find a class"),
        key="compare_heat_find",
        placeholder=_("Find a class"),
        label_visibility="collapsed",
        width=180,
    )
    write_view("find", [wanted] if wanted else [])
    metrics = {name: metric_label(name) for name in METRICS_OF_A_CLASS}
    metric = choose("metric", _("Number"), metrics, "f1", "compare_heat_metric")
    return part, wanted.casefold(), metric


def _band_of_class(evaluation: Evaluation) -> dict[str, str]:
    """Return whether each class belongs to the head, the middle or the tail."""
    order = np.argsort(-evaluation.support, kind="stable")
    names = np.array(("head", "mid", "tail"))[band_of(evaluation.support.astype(np.int64))]
    return {evaluation.classes[k]: str(name) for k, name in zip(order, names, strict=True)}


def _chosen(table: pd.DataFrame, part: str, wanted: str, band: dict[str, str]) -> pd.DataFrame:
    """Return the classes to draw in their order; the reference stands in the first column."""
    reference = table.iloc[:, 0]
    order = reference.fillna(0.0)
    if part == "changed":
        order = -table.sub(reference, axis=0).abs().max(axis=1).fillna(0.0)
    found = table.loc[order.sort_values(kind="stable").index]
    if part in BANDS:
        found = found[[band[str(label)] == part for label in found.index]]
    return found[[wanted in str(label).casefold() for label in found.index]]


def _heat(evaluation: Evaluation, table: pd.DataFrame, reference: str) -> None:
    if table.empty:
        st.caption(_("No class is called that."))
        return
    labels = arm_labels(evaluation, short=True)
    figure = compare.class_heat(
        table,
        reference=reference,
        support=dict(zip(evaluation.classes, evaluation.support.astype(int), strict=True)),
        labels={
            arm: f"{sign} {labels[arm]}"
            for arm, sign in arm_marks(a.arm for a in evaluation.arms).items()
        },
        margin=evaluation.protocol.margin,
        words=compare_words(),
        dark=is_dark(),
    )
    draw(figure, "compare_heat")
    words = _("{n} of {all} classes; the number after a name: its rows. Blue better, red worse.")
    st.caption(words.format(n=min(len(table), compare.MOST_CLASSES), all=len(evaluation.classes)))
