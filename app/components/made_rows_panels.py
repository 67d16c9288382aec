"""The verdict on the made rows of one class: what they teach first, then how alike and how near."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.components.charts import draw, is_dark, synthetic_words
from app.components.texts import (
    bracketed,
    change,
    count,
    counted,
    in_a_row,
    joined,
    number,
    plain,
    share,
)
from app.components.words import metric_label, model_label, verdict_told
from app.i18n import _
from app.i18n import sentence as translated
from rebal_core.evaluation.intervals import LEVEL, Difference
from rebal_core.evaluation.synthetic.ranked import Area
from rebal_core.evaluation.synthetic.shapes import FLOOR, Shape
from rebal_core.evaluation.synthetic.shares import Share, Shares
from rebal_core.evaluation.synthetic.told import sentence
from rebal_core.evaluation.synthetic.verdict import SyntheticVerdict
from rebal_core.experiment.made_rows import MadeRows
from rebal_core.figures.synthetic import MOST_SCORES, category_overlay, number_overlay, score_bars

CLASS, COLUMN = "compare_made_class", "compare_made_column"
#: Pixels of what is asked, of the verdict, of the numbers with their intervals in either language.
WIDTHS = (262, 66, 160, 160)
#: Letters of a name beside a figure that takes half of the page.
NARROW = 26


@st.fragment
def panels(found: MadeRows) -> None:
    """Tell of one class after another, the worst first."""
    verdicts = {verdict.label: verdict for verdict in found.judgement.worst_first}
    label = next(iter(verdicts))
    if len(verdicts) > 1:
        if st.session_state.get(CLASS) not in verdicts:
            st.session_state[CLASS] = label
        label = st.selectbox(_("Class, the worst first"), list(verdicts), key=CLASS, width=380)
    verdict = verdicts[str(label)]
    st.markdown(f"**{plain(translated(sentence(verdict)), 1_000)}**")
    st.caption(
        _(
            "Rows of the class: {trained} learned from, {made} made, and {held} real ones held "
            "back to judge by."
        ).format(trained=count(verdict.trained), made=count(verdict.made), held=count(verdict.held))
    )
    grid = st.grid(2, min_column_width=380, gap="medium")
    for part in (_use, _checks):
        with grid.cell():
            part(verdict)
    _likeness(found, verdict)


def _use(verdict: SyntheticVerdict) -> None:
    """Tell what a model learns from made rows, in the place of real ones and beside them."""
    use = verdict.quality.utility
    ratio = _("{share} of what real rows teach").format(share=share(use.ratio))
    ratio = bracketed(ratio, _("fails")) if use.failed else ratio
    lines = [
        (_("Real rows alone"), use.real, None, "–"),
        (_("Made rows in their place"), use.made, use.instead, ratio),
        (_("Real and made rows"), use.both, use.beside, verdict_told(use.code)),
    ]
    st.subheader(
        _("What they are good for"),
        anchor=False,
        help=_(
            "The same model is taught three times and tested on the same real rows. A ratio below "
            "80% fails, where chance does not explain it."
        ),
    )
    frame = pd.DataFrame(
        {
            _("Taught by"): [line[0] for line in lines],
            metric_label("average_precision"): [number(line[1]) for line in lines],
            _("Against real rows alone"): [_gain(line[2]) for line in lines],
            _("That is"): [line[3] for line in lines],
        }
    )
    st.dataframe(frame, hide_index=True, key="compare_made_use", height="content")
    words = counted(
        "{model}; {n} real row of the class in the test, 95% intervals.",
        "{model}; {n} real rows of the class in the test, 95% intervals.",
        use.rows,
        model=model_label(use.classifier),
    )
    st.caption(words)


def _gain(difference: Difference | None) -> str:
    if difference is None:
        return "–"
    return _within(*map(change, (difference.gain, *difference.interval(LEVEL))))


def _checks(verdict: SyntheticVerdict) -> None:
    """Tell how near the rows are, what they are taken for, and whether they can be."""
    near, ranges, detection = verdict.nearness, verdict.ranges, verdict.detection
    taken = verdict.majority.shares
    lines = [
        ("copies", _("Exact copies of training rows"), *_both(near.copies, _share)),
        (
            "nearness",
            _("Distance to a training row, 5th percentile"),
            number(near.made),
            number(near.held),
        ),
        ("membership", _("Training rows recognised, AUC"), _area(near.membership), "–"),
        ("majority", _("Taken for another class"), *_both(taken, _bounded)),
        ("outside", _named(_("Outside the range"), ranges.column), *_both(ranges.outside, _share)),
        (
            "impossible",
            _named(_("Values that never meet"), ranges.pair),
            *_both(ranges.impossible, _share),
        ),
        ("detection", _("Told from real rows, AUC"), _area(detection.auc), "–"),
    ]
    st.subheader(
        _("How near they are, and what they are taken for"),
        anchor=False,
        help=_(
            "An AUC of 0.5 is guessing. No test can show that rows give nothing away: it finds a "
            "failure, or none."
        ),
    )
    failed = verdict.failed
    frame = pd.DataFrame(
        {
            _("Asked"): [line[1] for line in lines],
            # Where the page is narrow, what is cut off is not the verdict.
            _("Verdict"): [_("fails") if line[0] in failed else "–" for line in lines],
            _("Made rows"): [line[2] for line in lines],
            _("Real rows held back"): [line[3] for line in lines],
        }
    )
    widths = dict(zip(frame.columns, WIDTHS, strict=True))
    st.dataframe(
        frame,
        hide_index=True,
        key="compare_made_checks",
        height="content",
        column_config={n: st.column_config.TextColumn(n, width=w) for n, w in widths.items()},
    )


def _both(shares: Shares, told: Callable[[Share], str]) -> tuple[str, str]:
    return told(shares.made), told(shares.held)


def _share(part: Share) -> str:
    return share(part.value)


def _bounded(part: Share) -> str:
    return _within(share(part.value), *map(share, part.interval))


def _area(area: Area) -> str:
    return _within(*map(number, (area.value, area.low, area.high)))


def _within(value: str, low: str, high: str) -> str:
    """Return a number with its interval; what is not known has none."""
    words = _("{low} to {high}").format(low=low, high=high)
    return value if value == "–" else bracketed(value, words)


def _named(words: str, columns: tuple[str, ...]) -> str:
    return bracketed(words, joined(columns)) if columns else words


def _likeness(found: MadeRows, verdict: SyntheticVerdict) -> None:
    """Draw how alike columns and pairs are, one column laid over the other, and what vanished."""
    quality, dark = verdict.quality, is_dark()
    shared: dict[str, Any] = {"words": synthetic_words(), "dark": dark}
    grid = st.grid(2, min_column_width=380, gap="medium")
    with grid.cell():
        st.subheader(
            _("How alike each column is"),
            anchor=False,
            help=_(
                "1 where made and real values are spread alike, 0 where they have nothing in "
                "common. Red fails. Click a bar to see the column."
            ),
        )
        draw(
            score_bars(quality.columns, **shared),
            "compare_made_columns",
            letters=NARROW,
            on_select=_remember_click,
            selection_mode="points",
        )
        _cut_off(quality.columns)
    with grid.cell():
        _overlay(found, verdict, shared)
    with grid.cell():
        st.subheader(
            _("How alike each pair of columns is"),
            anchor=False,
            help=_(
                "1 where two columns go together as in real rows, 0 where not at all. Red fails."
            ),
        )
        if quality.pairs:
            draw(score_bars(quality.pairs, **shared), "compare_made_pairs", letters=NARROW)
            _cut_off(quality.pairs)
        else:
            st.caption(_("There is one column only."))
    with grid.cell():
        _coverage(found, verdict)


def _cut_off(shapes: Sequence[Shape]) -> None:
    """Tell what is not drawn, and why not all that is unlike is red."""
    told, shown = [], shapes[:MOST_SCORES]
    if len(shapes) > len(shown):
        told.append(_("The worst {n} of {all}.").format(n=len(shown), all=count(len(shapes))))
    if any(shape.score < FLOOR and not shape.failed for shape in shown):
        told.append(
            _(
                "A grey bar left of the dotted line does not fail: so few real rows could be as "
                "unlike by chance."
            )
        )
    if told:
        st.caption(in_a_row(told))


def _remember_click() -> None:
    points: Any = (st.session_state.get("compare_made_columns") or {}).get("selection", {})
    if clicked := points.get("points", []):
        st.session_state[COLUMN] = clicked[0]["customdata"][0]


def _overlay(found: MadeRows, verdict: SyntheticVerdict, shared: dict[str, Any]) -> None:
    """Draw the real and the made values of the chosen column."""
    st.subheader(_("One column"), anchor=False)
    columns = list(dict.fromkeys(shape.columns[0] for shape in verdict.quality.columns))
    if not columns:
        st.caption(_("There is no number and no category to compare."))
        return
    if st.session_state.get(COLUMN) not in columns:
        st.session_state[COLUMN] = columns[0]
    column = str(st.selectbox(_("Column"), columns, key=COLUMN, width=380))
    real, made = found.of_class(verdict.label)
    if column in real.numbers:
        figure = number_overlay(
            real.numbers[column], made.numbers[column], column=column,
            time=column in found.times, **shared,
        )  # fmt: skip
    else:
        codes = real.codes[column], made.codes[column]
        figure = category_overlay(*codes, found.values[column], **shared)
    draw(figure, "compare_made_overlay", letters=NARROW)


def _coverage(found: MadeRows, verdict: SyntheticVerdict) -> None:
    """Tell which values of categories are not among the made rows."""
    st.subheader(
        _("Which categories are left"),
        anchor=False,
        help=_("A value has vanished where made rows should have had it at least five times."),
    )
    coverage = verdict.quality.coverage
    if not coverage:
        st.caption(_("No column is a category."))
        return
    gone = [joined(found.values[one.column][k] for k in one.vanished[:5]) for one in coverage]
    frame = pd.DataFrame(
        {
            _("Column"): [one.column for one in coverage],
            _("Values found"): [
                _("{found} of {all}").format(found=count(one.found), all=count(one.values))
                for one in coverage
            ],
            _("Vanished"): [words or "–" for words in gone],
        }
    )
    height: Any = "content" if len(frame) <= 9 else 318
    st.dataframe(frame, hide_index=True, key="compare_made_coverage", height=height)
