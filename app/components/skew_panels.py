"""The views of the Skew page; only the chosen one is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from app import cache
from app.components.behaviour_panels import behaviour
from app.components.charts import draw, is_dark, skew_words
from app.components.texts import plain, share
from app.i18n import _, message, sentence
from rebal_core.data.dataset import Dataset
from rebal_core.data.log_columns import guess_log
from rebal_core.data.logged import place_name
from rebal_core.data.profile import TAIL, lorenz
from rebal_core.figures.rates import segment_rates, time_rates
from rebal_core.figures.skew import band_bars, class_sizes, lorenz_curve, rank_curve
from rebal_core.figures.theme import escape
from rebal_core.wording import UserError

#: Names of the views and their titles (message ids).
VIEWS = {
    "overview": message("Overview"),
    "classes": message("Classes"),
    "segment": message("By segment"),
    "time": message("Over time"),
    "tail": message("Long tail"),
    "behaviour": message("Behaviour"),
}


def views(dataset: Dataset) -> list[str]:
    """Return the views that a table has: behaviour is that of users or towards items."""
    log = guess_log(dataset.schema)
    return [view for view in VIEWS if log or view != "behaviour"]


def panel(view: str, identifier: str, dataset: Dataset, facts: dict[str, Any]) -> None:
    """Draw one view."""
    parts: dict[str, Callable[[str, Dataset, dict[str, Any]], None]] = {
        "overview": _overview,
        "classes": _classes,
        "segment": _segment,
        "time": _time,
        "tail": _tail,
        "behaviour": _behaviour,
    }
    parts[view](identifier, dataset, facts)


def _behaviour(identifier: str, dataset: Dataset, facts: dict[str, Any]) -> None:
    behaviour(identifier, dataset, facts["focus"]["label"])
    if _time_columns(dataset):
        _time(identifier, dataset, facts)


def _overview(identifier: str, dataset: Dataset, facts: dict[str, Any]) -> None:
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _sizes(identifier, facts)
        if facts["task"] == "multiclass":
            _lorenz(identifier)
        else:
            _items(identifier, dataset, facts)
    with right:
        _segment(identifier, dataset, facts)
        if _time_columns(dataset):
            _time(identifier, dataset, facts)
        elif facts["task"] == "multiclass":
            _tail(identifier, dataset, facts)


def _sizes(identifier: str, facts: dict[str, Any]) -> None:
    st.subheader(_("Class sizes"), anchor=False)
    figure = class_sizes(
        cache.class_counts(identifier),
        focus=facts["focus"]["label"],
        words=skew_words(),
        dark=is_dark(),
    )
    draw(figure, "skew_sizes")


def _lorenz(identifier: str) -> None:
    st.subheader(
        _("How unequal the classes are"),
        anchor=False,
        help=_(
            "Lorenz curve: the share of the rows that the smallest classes hold. On the straight "
            "line all classes are equally large; the Gini coefficient is the shaded part."
        ),
    )
    counts = cache.class_counts(identifier)["count"].to_numpy()
    draw(lorenz_curve(lorenz(counts), words=skew_words(), dark=is_dark()), "skew_lorenz")


def _items(identifier: str, dataset: Dataset, facts: dict[str, Any]) -> None:
    """Draw how few items get most rows of the class in focus, where the table has items."""
    item = next(iter(dataset.schema.named("item")), None)
    if item is None:
        return
    label = facts["focus"]["label"]
    words = _("A few values of {column} get most rows of “{label}”")
    st.subheader(words.format(column=plain(item), label=plain(label)), anchor=False)
    counts = cache.item_counts(identifier, item, label)
    axis = _("{column}, least to most").format(column=escape(item))
    words_of_items = replace(skew_words(), classes=axis)
    draw(lorenz_curve(lorenz(counts), words=words_of_items, dark=is_dark()), "skew_items")


def _classes(identifier: str, dataset: Dataset, facts: dict[str, Any]) -> None:
    classes = cache.class_counts(identifier)
    if len(classes) > 14:
        draw(rank_curve(classes, words=skew_words(), dark=is_dark()), "skew_rank")
        wanted = st.text_input(_("Search classes"), key="skew_search").casefold()
        classes = classes[classes["label"].str.casefold().str.contains(wanted, regex=False)]
    else:
        _sizes(identifier, facts)
    st.dataframe(
        classes.head(2_000).assign(share=classes["share"].map(share)),
        hide_index=True,
        key="skew_classes",
        column_config={
            "label": _("Class"),
            "count": st.column_config.NumberColumn(_("Rows"), format="localized"),
            "share": _("Share"),
        },
    )


def _segment(identifier: str, dataset: Dataset, facts: dict[str, Any]) -> None:
    order = {("feature", "category"): 0, ("feature", "number"): 1}
    columns = [
        c
        for c in dataset.schema.columns
        if c.role in ("feature", "group", "item") and c.kind in ("number", "category")
    ]
    # Categories divide best; users and items come last, for each has a handful of rows.
    usable = [c.name for c in sorted(columns, key=lambda c: order.get((c.role, c.kind), 2))]
    if not usable:
        st.caption(_("No column divides the rows into segments."))
        return
    label = facts["focus"]["label"]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(
            _("How often “{label}” by").format(label=plain(label)), anchor=False, width="content"
        )
        column = st.selectbox(
            _("Segment by"),
            usable,
            key=f"skew_segment_{identifier}",
            index=_telling(usable),
            label_visibility="collapsed",
            width=200,
        )
    try:
        rates = cache.segments(identifier, column, label)
    except UserError as error:
        st.caption(plain(sentence(error.text), 300))
        return
    figure = segment_rates(
        rates,
        overall=facts["focus"]["share"],
        column=column,
        words=skew_words(),
        dark=is_dark(),
    )
    draw(figure, "skew_segments")


def _telling(names: list[str]) -> int:
    """Where a column of positions is, it tells most; else the first."""
    return next((i for i, n in enumerate(names) if place_name(n)), 0)


def _time_columns(dataset: Dataset) -> list[str]:
    return [c.name for c in dataset.schema.columns if c.kind == "time"]


def _time(identifier: str, dataset: Dataset, facts: dict[str, Any]) -> None:
    columns = _time_columns(dataset)
    if not columns:
        st.caption(_("No column tells the time."))
        return
    column = columns[0]
    if len(columns) > 1:
        column = st.selectbox(_("Time column"), columns, key=f"skew_time_{identifier}")
    label = facts["focus"]["label"]
    words = _("Share of “{label}” over time")
    st.subheader(words.format(label=plain(label)), anchor=False)
    try:
        spans = cache.times(identifier, column, label)
    except UserError as error:
        st.caption(plain(sentence(error.text), 300))
        return
    figure = time_rates(spans, overall=facts["focus"]["share"], words=skew_words(), dark=is_dark())
    draw(figure, "skew_times")


def _tail(identifier: str, dataset: Dataset, facts: dict[str, Any]) -> None:
    st.subheader(_("Head, mid and tail"), anchor=False)
    rows = cache.bands(identifier)
    draw(band_bars(rows, words=skew_words(), dark=is_dark()), "skew_bands")
    words = _("Counted from the largest class on, the tail begins after {part} of the rows.")
    st.caption(words.format(part=f"{TAIL:.0%}"))
