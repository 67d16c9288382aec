"""One cut-off moves every panel: precision and recall, calibration, capture, hits and misses."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import run_cache
from app.components.charts import curve_words, draw, is_dark
from app.components.judged import require_curves
from app.components.legend import legend, marked
from app.components.linked import begin, refuse
from app.components.texts import count, cutoff, plain, share
from app.components.words import arm_labels, families
from app.i18n import _
from app.state import read_view, write_view
from rebal_core.evaluation import Evaluation
from rebal_core.figures import curves
from rebal_core.figures.looks import looks

#: The largest cost that a browser holds exactly.
MOST_COST = 2.0**53


def cutoff_panels(run: int, evaluation: Evaluation, arms: Sequence[str], focus: int | None) -> None:
    """Draw the four panels; the slider reads a stored grid, nothing is fitted again."""
    label = evaluation.focus if focus is None else focus
    words = _("One cut-off moves every panel")
    if not evaluation.binary:
        words = _("“{label}”: one cut-off moves every panel")
    st.subheader(
        words.format(label=plain(evaluation.classes[label])),
        anchor=False,
        help=_(
            "The panels set one cut-off for all held-out rows, the rule's best one chosen on these "
            "very rows. The table's tuned numbers take each fold at a cut-off of its own, chosen "
            "without its test rows: trust those. With few rows of the class they can differ much."
        ),
    )
    if require_curves(run, evaluation, label):
        st.fragment(_panels)(run, list(arms), label)


def _panels(run: int, arms: list[str], label: int) -> None:
    evaluation = run_cache.evaluation(run)
    grids = {arm: run_cache.grid(run, arm, label) for arm in arms}
    first = grids[arms[0]]
    rows = float(first.iloc[0][["tp", "fp", "fn", "tn"]].sum())
    at, told = _choose(evaluation, arms, label, grids, rows)
    names, kinds = arm_labels(evaluation, short=True), families(evaluation)
    points = {arm: _point(grids[arm].iloc[at[arm]]) for arm in arms}
    prevalence = float(evaluation.support[label] / evaluation.support.sum())
    st.markdown(told)
    legend(names, looks(kinds, is_dark(), arms))
    grid = st.grid(4, min_column_width=250, gap="medium")
    cells = [grid.cell() for _panel in range(4)]
    shared: dict[str, Any] = {"labels": names, "words": curve_words(), "dark": is_dark()}
    with cells[0]:
        st.markdown(f"**{_('Precision and recall')}**")
        figure = curves.precision_recall(
            run_cache.curve(run, "precision_recall", tuple(arms), label),
            kinds,
            prevalence=prevalence,
            points={arm: p[:2] for arm, p in points.items()},
            **shared,
        )
        draw(figure, "compare_pr")
    with cells[1]:
        st.markdown(f"**{_('Is “20%” really 20%?')}**")
        figure = curves.calibration(
            run_cache.curve(run, "calibration", tuple(arms), label), kinds, **shared
        )
        draw(figure, "compare_calibration")
    with cells[2]:
        st.markdown(f"**{_('What is caught when you act on n')}**")
        figure = curves.capture(
            run_cache.curve(run, "capture", tuple(arms), label),
            kinds,
            acted=1_000 * points[arms[0]][2] / rows,
            prevalence=prevalence,
            **shared,
        )
        draw(figure, "compare_capture")
    with cells[3]:
        st.markdown(f"**{_('Hits and misses, of 1,000 rows')}**")
        _hits(evaluation, grids, at, rows, label)


@dataclass(frozen=True)
class _Chosen:
    """Which line of its grid each arm is at, and the cut-off as an address holds it."""

    lines: dict[str, int]
    linked: str


def _choose(
    evaluation: Evaluation,
    arms: list[str],
    label: int,
    grids: dict[str, pd.DataFrame],
    rows: float,
) -> tuple[dict[str, int], str]:
    """Return which line of its grid each arm is at, and the sentence that says so."""
    rules = {
        "best": _("Best by the plan's rule"),
        "capacity": _("Reviews per 1,000 rows"),
        "cost": _("Cost"),
        "hand": _("By hand"),
    }
    if not evaluation.binary or evaluation.protocol.rule == "none":
        del rules["best"]
    if "compare_rule" not in st.session_state:
        _begin(list(rules))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rule = st.segmented_control(
            _("Rule"),
            list(rules),
            format_func=rules.__getitem__,
            key="compare_rule",
            label_visibility="collapsed",
        ) or next(iter(rules))
        if rule == "capacity":
            chosen = _by_capacity(grids, rows)
        elif rule == "cost":
            chosen = _by_cost(grids)
        elif rule == "hand":
            chosen = _by_hand(grids)
        else:
            chosen = _by_rule(evaluation, arms, label, grids)
    write_view("cutoff", [chosen.linked])
    first = arms[0]
    told = _acted(grids[first].iloc[chosen.lines[first]], rows)
    return chosen.lines, _("{a}: {b}").format(a=arm_labels(evaluation)[first], b=told)


def _by_capacity(grids: dict[str, pd.DataFrame], rows: float) -> _Chosen:
    begin("compare_n", 30)
    n = st.slider(_("Act on n of 1,000 rows"), 1, 500, key="compare_n", width=320)
    at = {a: _nearest(g["tp"] + g["fp"], n * rows / 1_000) for a, g in grids.items()}
    return _Chosen(at, f"{n}/1000")


def _by_cost(grids: dict[str, pd.DataFrame]) -> _Chosen:
    begin("compare_fn", 20.0)
    begin("compare_fp", 1.0)
    missed = st.number_input(_("Cost of a missed one"), 0.0, key="compare_fn")
    alarm = st.number_input(_("Cost of a false alarm"), 0.0, key="compare_fp")
    costs = {a: missed * g["fn"] + alarm * g["fp"] for a, g in grids.items()}
    at = {a: int(cost.to_numpy().argmin()) for a, cost in costs.items()}
    return _Chosen(at, f"{missed!r}:{alarm!r}")


def _by_hand(grids: dict[str, pd.DataFrame]) -> _Chosen:
    begin("compare_t", 0.5)
    t = st.slider(_("Cut-off"), 0.0, 1.0, step=0.005, key="compare_t", width=320)
    return _Chosen({a: _nearest(g["t"], t) for a, g in grids.items()}, repr(t))


def _by_rule(
    evaluation: Evaluation, arms: list[str], label: int, grids: dict[str, pd.DataFrame]
) -> _Chosen:
    best = evaluation.cutoffs(label)
    words = _(
        "Chosen on these rows. With each fold's cut-off chosen without its own rows, as "
        "for the table's tuned numbers, it finds {r}."
    )
    tested = evaluation.per_class(arms[0])["recall"].iloc[label]
    st.caption(words.format(r=share(float(tested))))
    return _Chosen({a: _nearest(g["t"], best[a]) for a, g in grids.items()}, "best")


def _acted(line: pd.Series, rows: float) -> str:
    """Return what a cut-off does, of 1,000 rows."""
    words = _("act on **{n}** of 1,000 → cut-off **{t}** → finds **{r}**, **{p}** of alarms right")
    acted = line["tp"] + line["fp"]
    return words.format(
        n=count(1_000 * acted / rows),
        t=cutoff(float(line["t"])),
        r=share(_ratio(line["tp"], line["tp"] + line["fn"])),
        p=share(_ratio(line["tp"], acted)),
    )


def read_cutoff(text: str) -> dict[str, Any] | None:
    """Return the controls that a cut-off in the address stands for; None for what is none.

    ``best``, ``0.35`` (by hand), ``30/1000`` (of 1,000 rows) or ``20:1`` (costs of a missed one and
    of a false alarm).
    """
    if text == "best":
        return {"compare_rule": "best"}
    try:
        if text.endswith("/1000"):
            found: dict[str, Any] = {"compare_n": int(text.removesuffix("/1000"))}
            return {"compare_rule": "capacity", **found} if 1 <= found["compare_n"] <= 500 else None
        if ":" in text:
            missed, alarm = map(float, text.split(":"))
            found = {"compare_rule": "cost", "compare_fn": missed, "compare_fp": alarm}
            return found if all(0 <= cost < MOST_COST for cost in (missed, alarm)) else None
        t = float(text)
    except ValueError:
        return None
    return {"compare_rule": "hand", "compare_t": t} if 0 <= t <= 1 else None


def _begin(rules: list[str]) -> None:
    """Let the controls begin with the cut-off that the address asks for."""
    wanted = "".join(read_view("cutoff")[:1])
    found = read_cutoff(wanted) or {}
    if found.get("compare_rule") not in rules:
        found = {"compare_rule": rules[0]}
        if wanted:
            refuse(wanted)
    for key, value in found.items():
        begin(key, value)


def _nearest(values: pd.Series, wanted: float) -> int:
    return int(np.abs(values.to_numpy(float) - wanted).argmin())


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _point(line: pd.Series) -> tuple[float, float, float]:
    """Recall, precision and rows acted on."""
    acted = float(line["tp"] + line["fp"])
    recall = float(line["tp"] / max(1e-9, line["tp"] + line["fn"]))
    return recall, float(line["tp"] / max(1e-9, acted)), acted


def _hits(
    evaluation: Evaluation,
    grids: dict[str, pd.DataFrame],
    at: dict[str, int],
    rows: float,
    label: int,
) -> None:
    names = arm_labels(evaluation, short=True)
    heads = (_("found"), _("missed"), _("false alarm"), _("rest"))
    body = ""
    for arm, look in looks(families(evaluation), is_dark(), grids).items():
        body += _line(marked(look, names[arm]), grids[arm].iloc[at[arm]], rows)
    first = next(iter(grids))
    own = _own_decisions(evaluation, first, label)
    body += _line(html.escape(_("{arm}, its own decisions").format(arm=names[first])), own, rows)
    head = "".join(f"<th>{html.escape(h)}</th>" for h in heads)
    st.html(f'<table class="hits"><tr><th></th>{head}</tr>{body}</table>')
    st.caption(
        _(
            "Its own decisions: the most likely class by its unrepaired output, as in the tables "
            "at the default rule. The lines above cut the repaired probabilities."
        )
    )


def _own_decisions(evaluation: Evaluation, arm: str, label: int) -> pd.Series:
    """Return ``tp, fn, fp, tn`` of a class by what the model itself says, of one repeat."""
    matrix = evaluation.confusion(arm, "default").to_numpy()
    hit, true, said = matrix[label, label], matrix[label].sum(), matrix[:, label].sum()
    rest = matrix.sum() - true - said + hit
    return pd.Series({"tp": hit, "fn": true - hit, "fp": said - hit, "tn": rest})


def _line(name: str, line: pd.Series, rows: float) -> str:
    cells = "".join(f"<td>{1_000 * line[c] / rows:,.1f}</td>" for c in ("tp", "fn", "fp", "tn"))
    return f"<tr><td>{name}</td>{cells}</tr>"
