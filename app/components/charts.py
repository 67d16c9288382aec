"""One way to put a figure on a page."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app.i18n import _
from rebal_core.data.formats import fitted
from rebal_core.figures import (
    behaviour,
    compare,
    curves,
    effect,
    explain,
    resampling,
    synthetic,
    training,
)
from rebal_core.figures.legible import MOST, legible
from rebal_core.figures.skew import Words
from rebal_core.figures.theme import escape


def is_dark() -> bool:
    """Tell which theme the reader sees."""
    return bool(st.context.theme.type == "dark")


def draw(figure: go.Figure, key: str, *, letters: int = MOST, **more: Any) -> Any:
    """Draw a figure in our own theme, without a tool bar.

    Parameters
    ----------
    letters : int
        Of a name on an axis, at most: fewer where the figure stands in a narrow column.
    more
        Goes to ``st.plotly_chart``.
    """
    settings = {"displayModeBar": False, "scrollZoom": False}
    return st.plotly_chart(legible(figure, letters), key=key, theme=None, config=settings, **more)


def skew_words() -> Words:
    """Return the words on the figures of the skew, translated."""
    return Words(
        rows=_("rows"),
        share=_("share"),
        rank=_("class, largest to smallest"),
        classes=_("classes, smallest to largest"),
        equal=_("all equal"),
        left_out=_("{classes} classes between"),
        left_out_one=_("1 class between"),
        other=_("all other values"),
        missing=_("missing"),
        overall=_("all rows"),
        head=_("head"),
        mid=_("mid"),
        tail=_("tail"),
        band=_("{band}: {classes} classes, {share} of the rows"),
        band_of_one=_("{band}: 1 class, {share} of the rows"),
        held=_("the lower {part} hold {share}"),
    )


def behaviour_words(label: str | None) -> behaviour.Words:
    """Return the words on the figures of behaviour, translated.

    Parameters
    ----------
    label : str or None
        The class in focus.
    """
    return behaviour.Words(
        values=_("values"),
        rows=_("rows"),
        hits=_("rows of “{label}”").format(label=escape(fitted(label or ""))),
        users=_("users"),
        items=_("items"),
        other=_("all other values"),
        since=_("events from here on"),
        new=_("not seen before"),
        head=_("head"),
        mid=_("mid"),
        tail=_("tail"),
    )


def curve_words() -> curves.Words:
    """Return the words on the curves, translated."""
    return curves.Words(
        recall=_("found"),
        precision=_("right among those picked"),
        false_alarms=_("false alarms"),
        said=_("said"),
        happened=_("happened"),
        acted=_("acted on, of 1,000 rows"),
        guessing=_("guessing"),
        honest=_("honest"),
    )


def compare_words() -> compare.Words:
    """Return the words on the figures that set arms side by side, translated."""
    return compare.Words(
        worse="◂ " + _("worse"),
        better=_("better") + " ▸",
        too_small=_("too small to matter"),
        predicted=_("said"),
        actual=_("is"),
        reference=_("{arm} (ref.)"),
        own=_("than its own untreated"),
        seconds=_("seconds for the whole run"),
        best=_("best remedy"),
    )


def class_words() -> resampling.Words:
    """Return the words on the figure of what a remedy does to the rows, translated."""
    return resampling.Words(
        kept=_("your rows"),
        removed=_("removed"),
        duplicate=_("repeated"),
        interpolated=_("interpolated"),
        generated=_("generated"),
        adversarial=_("adversarial"),
        rows=_("rows"),
    )


def effect_words() -> effect.Words:
    """Return the words on the figures of a preview, translated."""
    return effect.Words(
        original=_("your rows"),
        removed=_("removed"),
        duplicate=_("repeated"),
        interpolated=_("interpolated"),
        generated=_("generated"),
        adversarial=_("adversarial"),
        flagged=_("flagged"),
        others=_("other classes"),
        parents=_("parents"),
        weight=_("weight"),
        share=_("share of the weight of all rows"),
        before=_("your rows"),
        moved=_("after it, shares moved"),
        kept=_("after it, shares kept"),
        of_class=_("{kind}: {label}"),
    )


def training_words() -> training.Words:
    """Return the words on the figures of networks that learn, translated."""
    return training.Words(
        epoch=_("epoch"),
        loss=_("loss"),
        held=_("loss on rows set aside"),
        training=_("loss in training"),
        other=_("loss in training, another measure"),
        folds=_("other folds"),
        best=_("best epoch"),
        recall=_("found"),
        share=_("share in the batches"),
        rate=_("learning rate"),
        ndcg="NDCG@10",
        rest=_("mean of the other classes"),
        robust=_("found under attack"),
        reach=_("reach of the attack"),
        weight=_("weight of a row"),
        believed=_("rows believed"),
        soft=_("share of other classes"),
        generator=_("loss of the generator"),
        critic=_("loss of the critic"),
        worth=_("what made rows are worth"),
        use=_("use"),
        shape=_("shape"),
        right=_("rows where real ones lie"),
    )


def synthetic_words() -> synthetic.Words:
    """Return the words on the figures of made rows, translated."""
    return synthetic.Words(
        real=_("real rows"),
        made=_("made rows"),
        share=_("share of the rows"),
        missing=_("missing"),
        other=_("all other values"),
        score=_("how alike, 0 to 1"),
        pair=_("{one} and {two}"),
    )


def explain_words() -> explain.Words:
    """Return the words on the figures of explanations, translated."""
    return explain.Words(
        less="◂ " + _("less likely"),
        more=_("more likely") + " ▸",
        moved=_("moves the probability by, on average"),
        low=_("low value"),
        high=_("high value"),
        others=_("{n} other columns"),
        average=_("average row"),
        row=_("this row"),
        effect=_("effect on the probability"),
        missing=_("missing"),
    )
