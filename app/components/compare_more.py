"""Further views of a comparison; only the chosen one is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import run_cache
from app.components.amounts import amounts
from app.components.charts import compare_words, curve_words, draw, is_dark
from app.components.compare_classes import class_map
from app.components.linked import choose
from app.components.made_rows import made_rows
from app.components.words import arm_labels, families, metric_label
from app.i18n import _, message, sentence
from app.state import read_view, write_view
from rebal_core.evaluation import Evaluation
from rebal_core.evaluation.amounts import by_amount
from rebal_core.figures import compare, curves

VIEWS = {
    "classes": message("Classes"),
    "curves": message("Curves"),
    "confusion": message("Confusion"),
    "folds": message("Folds"),
    "price": message("Time"),
    "made": message("Made rows"),
    "amounts": message("Amounts"),
    "notes": message("Notes on the fits"),
}


def more_views(run: int, evaluation: Evaluation, arms: Sequence[str], focus: int | None) -> None:
    """Let the reader choose one further view of the ticked arms."""
    views = {name: _(words) for name, words in VIEWS.items()}
    if evaluation.notes().empty:
        del views["notes"]
    if by_amount(evaluation).empty:
        del views["amounts"]
    view = choose("more", _("More"), views, "classes", "compare_view")
    parts = {
        "classes": _classes,
        "curves": _curves,
        "confusion": _confusion,
        "folds": _folds,
        "price": _price,
        "made": made_rows,
        "amounts": amounts,
        "notes": _notes,
    }
    parts[view](run, evaluation, list(arms), focus)


def _classes(run: int, evaluation: Evaluation, arms: list[str], focus: int | None) -> None:
    """Each class by itself: precision, recall, F1, average precision, with its support."""
    if not evaluation.binary:
        class_map(evaluation, arms)
    numbers: list[Any] = ["precision", "recall", "f1", "average_precision"]
    bounds = {"recall_low": _("Recall from"), "recall_high": _("Recall to")}
    exact = _(
        "95 % interval of the rows found, exact also for three of them (Clopper-Pearson); wider "
        "where rows come in groups that are alike."
    )
    labels = arm_labels(evaluation, short=True)
    if st.session_state.get("compare_class_arm") not in arms:
        named = [arm for arm in read_view("table") if arm in arms]
        st.session_state["compare_class_arm"] = named[0] if named else arms[0]
    chosen = st.selectbox(
        _("Arm"), arms, format_func=labels.__getitem__, key="compare_class_arm", width=320
    )
    write_view("table", [] if chosen == arms[0] else [chosen])
    grid = st.grid(2, min_column_width=380, gap="medium")
    left, right = grid.cell(), grid.cell()
    for side, rule, title in (
        (left, "tuned", _("At the tuned rule")),
        (right, "default", _("At the default rule (0.5 or the most likely class)")),
    ):
        with side:
            st.markdown(f"**{title}**")
            st.dataframe(
                evaluation.per_class(chosen, rule)
                .sort_values("f1")
                .style.format("{:.3f}", subset=[*numbers, *bounds], na_rep="–"),
                hide_index=True,
                key=f"compare_per_class_{rule}",
                placeholder="–",
                column_config={
                    "label": _("Class"),
                    "support": st.column_config.NumberColumn(_("Rows"), format="localized"),
                    **{name: st.column_config.NumberColumn(metric_label(name)) for name in numbers},
                    **{
                        name: st.column_config.NumberColumn(words, help=exact)
                        for name, words in bounds.items()
                    },
                },
            )


def _curves(run: int, evaluation: Evaluation, arms: list[str], focus: int | None) -> None:
    label = evaluation.focus if focus is None else focus
    if run_cache.curves(run, label) is None:
        return  # the panels of the cut-off show that they are being made
    shared: dict[str, Any] = {
        "labels": arm_labels(evaluation, short=True),
        "words": curve_words(),
        "dark": is_dark(),
    }
    kinds = families(evaluation)
    grid = st.grid(2, min_column_width=380, gap="medium")
    left, right = grid.cell(), grid.cell()
    with left:
        st.markdown("**ROC**")
        frame = run_cache.curve(run, "roc", tuple(arms), label)
        draw(curves.roc(frame, kinds, **shared), "compare_roc")
    with right:
        st.markdown(f"**{_('Precision and recall')}**")
        frame = run_cache.curve(run, "precision_recall", tuple(arms), label)
        share = float(evaluation.support[label] / evaluation.support.sum())
        figure = curves.precision_recall(frame, kinds, prevalence=share, **shared)
        draw(figure, "compare_pr_large")


def _confusion(run: int, evaluation: Evaluation, arms: list[str], focus: int | None) -> None:
    rules = {"tuned": _("Tuned"), "default": _("Default")}
    rule = choose("rule", _("Rule"), rules, "tuned", "compare_confusion_rule")
    matrices = {arm: evaluation.confusion(arm, rule) for arm in arms[:4]}
    figure = compare.confusion(
        matrices, labels=arm_labels(evaluation, short=True), words=compare_words(), dark=is_dark()
    )
    draw(figure, "compare_confusion")


def _folds(run: int, evaluation: Evaluation, arms: list[str], focus: int | None) -> None:
    metric = evaluation.protocol.metric
    folds = evaluation.folds()
    figure = compare.fold_spread(
        folds[(folds["metric"] == metric) & folds["arm"].isin(arms)],
        families(evaluation),
        labels=arm_labels(evaluation, short=True),
        title=metric_label(metric),
        dark=is_dark(),
    )
    draw(figure, "compare_folds")
    st.caption(
        _(
            "A dot is one fold; the bar is their mean. The table takes the rows of all folds "
            "together, which gives a slightly different number."
        )
    )


def _price(run: int, evaluation: Evaluation, arms: list[str], focus: int | None) -> None:
    done = [a for a in evaluation.arms if a.status == "done" and not a.dummy]
    metric = evaluation.protocol.metric
    frame = pd.DataFrame(
        {
            "arm": [a.name for a in done],
            "seconds": [sum(evaluation.decisions[a.name].seconds.values()) for a in done],
            "value": [evaluation.score(a.name, metric).mean for a in done],
        }
    )
    figure = compare.price(
        frame,
        families(evaluation),
        labels=arm_labels(evaluation, short=True),
        title=metric_label(metric),
        words=compare_words(),
        dark=is_dark(),
    )
    draw(figure, "compare_price")


def _notes(run: int, evaluation: Evaluation, arms: list[str], focus: int | None) -> None:
    """Show what fits wanted to be known: no convergence, a class too small, nothing changed."""
    notes, labels = evaluation.notes(), arm_labels(evaluation)
    frame = pd.DataFrame(
        {
            _("Arm"): notes["arm"].map(labels),
            _("Folds"): notes["cells"],
            _("Note"): notes["note"].map(sentence),
        }
    )
    st.dataframe(frame, hide_index=True, key="compare_notes", row_height=52)
    st.caption(_("Of all arms. A note is no failure, but what did not converge is not ranked."))
