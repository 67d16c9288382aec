"""All arms in one table: the reference pinned and shaded, the others with their distance to it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.components.arms_filters import claimed
from app.components.charts import is_dark
from app.components.linked import asked, begin
from app.components.texts import change, number, plain, share, short_seconds
from app.components.words import (
    arm_labels,
    arm_marks,
    families,
    gain_digits,
    metric_help,
    metric_label,
    verdict_told,
)
from app.i18n import _
from app.state import write_view
from rebal_core.data.formats import fitted_label
from rebal_core.evaluation import Evaluation
from rebal_core.figures.theme import family_style, palette
from rebal_core.metrics import METRICS
from rebal_core.metrics.catalog import DIGITS
from rebal_core.metrics.probabilities import mean_defined

PAGE = 25
#: Widths in pixels: with the boxes to tick they fill three fifths of a laptop's 1,440, not more.
WIDTHS = {"mark": 28, "label": 172, "metric": 112, "found": 96, "f1": 96, "verdict": 102,
          "best": 58, "eo": 44, "seconds": 58}  # fmt: skip
#: Pixels of a usual letter, and of a cell's two edges.
LETTER, PADDING = 6, 16
#: What a sum of money takes from the share beside it.
MONEY = 14
#: What a metric over all classes is of one class, and the other way round.
OF_A_CLASS = {"macro_f1": "f1", "balanced_accuracy": "recall"}
OF_ALL = {one: over for over, one in OF_A_CLASS.items()}
#: Metrics that each class has a value of, as :meth:`Evaluation.per_class` gives it.
BY_CLASS = ("f1", "recall", "precision", "average_precision")


def arms_frame(
    evaluation: Evaluation, focus: int | None, classifiers: Sequence[str]
) -> pd.DataFrame:
    """Return one row an arm: references first, then by the primary metric.

    Columns ``arm, label, mark, reference, metric, found, f1, eo, verdict, best, seconds``; all
    numbers are those of the class where one is chosen, of the metrics that :func:`_metrics` says.
    """
    e, labels = evaluation, arm_labels(evaluation, short=True)
    marks, kinds = arm_marks(a.arm for a in evaluation.arms), families(evaluation)
    metrics = _metrics(e, focus)
    rows = []
    for arm in e.arms:
        if arm.status != "done" or (arm.arm.classifier not in classifiers and not arm.dummy):
            continue
        verdict = e.verdicts.get(arm.name)
        numbers = {c: _number(e, arm.name, arm.threshold, m, focus) for c, m in metrics.items()}
        utility = METRICS[metrics["metric"]].utility(numbers["metric"])
        rows.append(
            {
                "arm": arm.name,
                "label": labels[arm.name],
                "mark": marks[arm.name],
                "family": kinds[arm.name],
                "remedy": arm.remedy,
                "reference": e.references.get(arm.arm.classifier),
                **numbers,
                "code": None if verdict is None else verdict.code,
                "best": np.nan if verdict is None else verdict.vs_best.gain,
                "seconds": sum(e.decisions[arm.name].seconds.values()),
                "order": (
                    arm.dummy,
                    arm.name not in e.references.values(),
                    -float(np.nan_to_num(utility, nan=-1e9)),
                ),
            }
        )
    frame = pd.DataFrame(rows)
    return frame.sort_values("order", ignore_index=True) if len(frame) else frame


def _number(evaluation: Evaluation, arm: str, rule: str, metric: str, focus: int | None) -> float:
    """Return a number of an arm: of the chosen class, else of all that the verdicts speak of."""
    series = evaluation.scores[arm].series
    if focus == claimed(evaluation) and metric == evaluation.protocol.metric:
        return series(metric, rule).mean
    if metric in BY_CLASS:
        values = evaluation.of_classes(arm, rule)[metric]
        return float(mean_defined(values) if focus is None else values[focus])
    if metric != "calibration_ratio" or (evaluation.binary and focus == evaluation.positive):
        return series(metric, rule).mean
    return float("nan" if focus is None else evaluation.repair(arm).ratios[focus])


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
    heads, table = _heads(evaluation, focus), table[_columns(evaluation, focus)]
    letters = (heads["label"]["width"] - PADDING) // LETTER
    table = table.assign(label=[fitted_label(label, letters) for label in table["label"]])
    chosen = st.dataframe(
        _styled(evaluation, frame, shown, table, _formats(evaluation, focus), against),
        key=f"compare_arms_{run}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": shown.index[shown["arm"].isin(preset)].tolist()}},
        height="content",
        placeholder="–",
        column_config=heads,
    )
    ticked = [shown["arm"][k] for k in chosen["selection"]["rows"] if k < len(shown)]
    arms = ticked[:5] or _preset(evaluation)
    write_view("arm", arms)
    return arms


def _metrics(evaluation: Evaluation, focus: int | None) -> dict[str, str]:
    """Return the metric behind each column of numbers; without a cut-off no decisions are told.

    Those of a chosen class are its own; where a metric has no value of one class of many, its
    average precision stands instead.
    """
    metric = evaluation.protocol.metric
    if focus != claimed(evaluation):
        metric = (OF_ALL if focus is None else OF_A_CLASS).get(metric, metric)
        if not evaluation.binary and metric not in BY_CLASS:
            metric = "average_precision"
    if evaluation.protocol.rule == "none":
        alone = focus is not None and not evaluation.binary
        found, f1 = "average_precision", "average_precision" if alone else "roc_auc"
    elif focus is not None:
        found, f1 = "recall", "f1"
    else:
        found, f1 = "balanced_accuracy", "macro_f1"
    return {"metric": metric, "found": found, "f1": f1, "eo": "calibration_ratio"}


def _columns(evaluation: Evaluation, focus: int | None) -> list[str]:
    """Return the columns in their order; none says what another one says already."""
    metrics = _metrics(evaluation, focus)
    first = {metric: column for column, metric in reversed(metrics.items())}
    hidden = {column for column, metric in metrics.items() if first[metric] != column}
    if focus is None:
        hidden.add("eo")  # a mean over classes hides what it is made of
    if focus != claimed(evaluation):
        hidden |= {"verdict", "best"}
    return [c for c in WIDTHS if c not in hidden]


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
    hovers["verdict"] = _(
        "Against the untreated model of the same kind, at its best cut-off. “No remedy”: averages "
        "over models that do nothing about the imbalance."
    )
    hovers["best"] = _(
        "Distance to the best model of the run that is left unbalanced; more is better."
    )
    shown = _columns(evaluation, focus)
    widths = dict(WIDTHS)
    if METRICS[metrics["metric"]].format == "cost":  # money takes more room than a share
        widths |= {"metric": widths["metric"] + MONEY, "found": widths["found"] - MONEY}
    for name in ("metric", "found", "f1"):  # these names are read whole, that of an arm is cut
        widths[name] = max(widths[name], len(names[name]) * LETTER + PADDING)
    widths["label"] += sum(WIDTHS.values()) - sum(widths[name] for name in shown)
    return {
        name: st.column_config.Column(names[name], help=hovers.get(name), width=widths[name])
        for name in shown
    }


def _formats(evaluation: Evaluation, focus: int | None) -> dict[str, str]:
    """Return how the numbers of each column are written."""
    names = {c: m for c, m in _metrics(evaluation, focus).items() if c != "eo"}
    return {c: "share" if m == "recall" else METRICS[m].format for c, m in names.items()}


def heading(evaluation: Evaluation, focus: int | None) -> tuple[str, str]:
    """Return what the table is called, with its class, and where the verdicts are if not in it."""
    words = _("Arms, each against its own untreated model")
    if focus is not None:
        words = _("“{label}”: arms, each against its own untreated model")
        words = words.format(label=plain(evaluation.classes[focus], 40))
    about = claimed(evaluation)
    if focus == about:
        return words, ""
    if about is None:
        return words, _("The verdicts speak of all classes together; choose “all” to see them.")
    told = _("The verdicts speak of “{label}”; choose that class to see them.")
    return words, told.format(label=plain(evaluation.classes[about], 40))


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
        return verdict_told(row.code)
    if row.arm in evaluation.references.values():
        return "★ " + _("reference")
    if not row.remedy:
        return _("no remedy")
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
    others: dict[tuple[int, str], str] = {}
    row: Any
    for column, kind in ((c, k) for c, k in formats.items() if c in table):
        texts: dict[float, str] = {}
        for k, row in enumerate(shown.itertuples()):
            value = getattr(row, column)
            text = _written(value, kind)
            base = row.reference if row.reference in by_name.index else None
            if against and base and base != row.arm and np.isfinite(value):
                text += f" ({_moved(value - by_name.loc[base, column], kind)})"
            if texts.setdefault(value, text) != text:  # equal numbers, other references
                others[k, column] = text
        style = style.format(partial(_told, texts), subset=[column])
    for (k, column), text in others.items():
        style = style.format(partial(_said, text), subset=pd.IndexSlice[[k], [column]])
    style = style.format(short_seconds, subset=["seconds"])
    if "best" in table:
        digits = gain_digits(evaluation.protocol.metric)
        style = style.format(partial(change, digits=digits), subset=["best"])
    if "eo" in table:
        style = style.format(partial(number, digits=2), subset=["eo"])
    return style.apply(_paint, axis=1, shown=shown, references=set(evaluation.references.values()))


def _told(texts: dict[float, str], value: float) -> str:
    return texts.get(value) or _written(value, "score")  # nan is equal to nothing


def _said(text: str, _value: object) -> str:
    return text


def _paint(row: Any, shown: pd.DataFrame, references: set[str]) -> list[str]:
    """Shade references, colour marks by family and directions by verdict; the rest is quiet."""
    colors, source = palette(is_dark()), shown.iloc[row.name]
    judged = "verdict" in row.index and isinstance(source["code"], str)
    tones = {"HELPS": colors.better, "HURTS": colors.worse}
    tone = tones.get(source["code"]) if judged else None
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
    return number(value, DIGITS[kind])


def _moved(delta: float, kind: str) -> str:
    if kind == "share":
        return change(100 * delta, 1)
    return change(delta, DIGITS[kind])
