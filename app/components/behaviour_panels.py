"""Skew of behaviour on the Skew page: how events fall on users, items, places and categories."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from app import cache
from app.components.behaviour_time import drift, newcomers
from app.components.charts import behaviour_words, draw, is_dark, skew_words
from app.components.states import waiting
from app.components.texts import bracketed, count, counted, in_a_row, number, plain, share
from app.i18n import _
from rebal_core.data.dataset import Dataset
from rebal_core.data.log_columns import LogGuess, guess_log
from rebal_core.figures.behaviour import (
    FEWEST,
    band_shares,
    density_map,
    rate_map,
)
from rebal_core.figures.rates import segment_rates
from rebal_core.figures.skew import lorenz_curve, popularity_curve
from rebal_core.figures.theme import escape


def behaviour(identifier: str, dataset: Dataset, label: str | None) -> None:
    """Draw how events fall on users and items.

    Parameters
    ----------
    label : str or None
        The class in focus; None where no target is chosen or all rows say the same.
    """
    log = guess_log(dataset.schema)
    if not log:
        return
    with waiting(f"behaviour {identifier}", 300, 280, 260):
        popular = st.container()
        parts = st.grid(2, min_column_width=320, gap="medium")
        with popular:
            _values(identifier, log, label)
        with parts.cell():
            _density(identifier, log)
        with parts.cell():
            newcomers(identifier, log)
        drift(identifier, log, label)
        _places(identifier, log, label)
        _pairs(identifier, log, label)


@st.fragment
def _values(identifier: str, log: LogGuess, label: str | None) -> None:
    """Draw popularity, inequality and bands of one column, all by the same choice."""
    with st.container(horizontal=True):
        column = st.selectbox(
            _("Events by"),
            [name for name in (log.item, log.user, *log.others) if name],
            key=f"behaviour_column_{identifier}",
            width=200,
        )
        by = _counted(identifier, label)
        wanted = st.text_input(
            _("Mark a value"), key=f"behaviour_mark_{identifier}", width=200
        ).strip()
    found = cache.behaviour(identifier, "popularity", column, label, by)
    if not found.total:
        st.caption(_("No row has a value here."))
        return
    marked = None
    if wanted:
        marked = cache.behaviour(identifier, "find_value", column, wanted, label, by)
    ours = behaviour_words(label)
    told = replace(
        skew_words(),
        rows=ours.hits if by == "hits" else ours.rows,
        rank=_("{column}, most to least").format(column=escape(column)),
        classes=_("{column}, least to most").format(column=escape(column)),
    )
    parts = st.grid(2, min_column_width=320, gap="medium")
    with parts.cell():
        st.subheader(_("Popularity"), anchor=False)
        of = _("rows of “{label}”").format(label=plain(label or "")) if by == "hits" else _("rows")
        _tell_popularity(found, marked, wanted, of)
        figure = popularity_curve(found.curve, marked=marked, words=told, dark=is_dark())
        draw(figure, "behaviour_ranks")
        st.caption(_("Drag over a part to enlarge it; double-click to see all again."))
    with parts.cell():
        st.subheader(_("How unequal"), anchor=False)
        words = _("Gini {gini}: 0 if all had equally many, near 1 if one had all.")
        st.markdown(words.format(gini=number(found.gini, 2)))
        draw(lorenz_curve(found.lorenz, words=told, dark=is_dark()), "behaviour_lorenz")
    _bands(identifier, column, label)


def _counted(identifier: str, label: str | None) -> str:
    """Let the rows be chosen that are counted: all, or those of the class in focus."""
    if label is None:
        return "rows"
    words = {"rows": _("All rows"), "hits": _("Rows of “{label}”").format(label=plain(label, 24))}
    chosen = st.segmented_control(
        _("Counted"),
        list(words),
        format_func=words.__getitem__,
        default="rows",
        key=f"behaviour_by_{identifier}",
    )
    return chosen or "rows"


def _tell_popularity(found: Any, marked: dict[str, Any] | None, wanted: str, of: str) -> None:
    """Say how much the first value has, or the one that is looked for.

    Parameters
    ----------
    of : str
        What is counted, for Markdown.
    """
    if wanted and marked is None:
        st.markdown(_("No value holds “{text}”.").format(text=plain(wanted)))
        return
    if marked is not None:
        words = _("“{label}” is number {rank} of {all}: {n} {what}, {share} of all.")
        alike = counted("1 value holds this text.", "{n} values hold this text.", marked["alike"])
        told = words.format(
            label=plain(marked["label"]),
            rank=count(marked["rank"]),
            all=count(found.values),
            n=count(marked["count"]),
            what=of,
            share=share(marked["count"] / found.total),
        )
        st.markdown(in_a_row([told, alike if marked["alike"] > 1 else ""]))
        return
    first = found.curve.iloc[0]
    words = _("The first of {all}, “{label}”, has {share} of the {what}.")
    told = words.format(
        all=count(found.values),
        label=plain(first["label"]),
        share=share(first["count"] / found.total),
        what=of,
    )
    none = counted("1 value has none.", "{n} values have none.", found.none)
    st.markdown(in_a_row([told, none if found.none else ""]))


def _bands(identifier: str, column: str, label: str | None) -> None:
    """Draw what head, mid and tail hold: of values, rows, and rows of the class."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(_("Head, mid and tail"), anchor=False, width="content")
        cuts = {"rows": _("by share of the rows"), "values": _("by number of values")}
        cut = st.segmented_control(
            _("Bands"),
            list(cuts),
            format_func=cuts.__getitem__,
            default="rows",
            key=f"behaviour_cut_{identifier}",
            label_visibility="collapsed",
        )
    bands = cache.behaviour(identifier, "bands_of_values", column, label, cut or "rows")
    parts = bands.set_index("band")
    held = parts[["values", "rows", "hits"]] / parts[["values", "rows", "hits"]].sum().clip(lower=1)
    words = _("The tail is {values} of the values and holds {rows} of the rows.")
    if label is not None:
        words = _(
            "The tail is {values} of the values; it holds {rows} of the rows and {hits} of "
            "“{label}”. “{label}” is {tail} of its rows, {head} of those of the head."
        )
    st.markdown(
        words.format(
            values=share(held.loc["tail", "values"]),
            rows=share(held.loc["tail", "rows"]),
            hits=share(held.loc["tail", "hits"]),
            tail=share(parts.loc["tail", "rate"]),
            head=share(parts.loc["head", "rate"]),
            label=plain(label or ""),
        )
    )
    draw(band_shares(bands, words=behaviour_words(label), dark=is_dark()), "behaviour_bands")


def _density(identifier: str, log: LogGuess) -> None:
    st.subheader(_("Who has met what"), anchor=False)
    if log.user is None or log.item is None:
        st.caption(_absent(log))
        return
    found = cache.behaviour(identifier, "density", log.user, log.item)
    pairs, possible = int(found["pairs"].sum()), int(found["possible"].sum())
    words = _("{share} of all pairs of a user and an item have an event: {n} of {all}.")
    dense = share(pairs / possible if possible else None)
    st.markdown(words.format(share=dense, n=count(pairs), all=count(possible)))
    draw(density_map(found, words=behaviour_words(None), dark=is_dark()), "behaviour_density")


def _absent(log: LogGuess) -> str:
    """Return what to do where a table has only one of users and items."""
    if log.item is None:
        return _("No column says what a row is about; give one the role “item” on the Data page.")
    return _("No column says who a row is of; give one the role “group” on the Data page.")


@st.fragment
def _places(identifier: str, log: LogGuess, label: str | None) -> None:
    """Draw how often the class occurs by the place where an item stood."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(_("Shown against chosen, by place"), anchor=False, width="content")
        place = None if label is None else _place(identifier, log)
    if label is None or place is None:
        st.caption(
            _no_rate()
            if label is None
            else _("No column is called a place (position, rank, slot); choose the one that is.")
        )
        return
    rates = cache.segments(identifier, place, label, log.user)
    alone = rates[rates["kind"].isin(("value", "range"))]
    if len(alone):
        words = _("“{label}” is {low} of the rows at {a} and {high} at {b}.")
        first, last = alone.iloc[0], alone.iloc[-1]
        told = words.format(
            label=plain(label),
            low=_rate(first),
            a=plain(first["segment"]),
            high=_rate(last),
            b=plain(last["segment"]),
        )
        why = _("The intervals allow for rows of one user being alike.") if log.user else ""
        st.markdown(in_a_row([told, why]))
    figure = segment_rates(
        rates,
        overall=float(rates["hits"].sum() / max(int(rates["rows"].sum()), 1)),
        column=place,
        words=skew_words(),
        dark=is_dark(),
    )
    draw(figure, "behaviour_places")


def _place(identifier: str, log: LogGuess) -> str | None:
    """Let the column be chosen that says where an item stood."""
    names = list(dict.fromkeys([*filter(None, [log.place]), *_few(identifier, log)]))
    return st.selectbox(
        _("Place"),
        names,
        index=names.index(log.place) if log.place else None,
        placeholder=_("Place"),
        key=f"behaviour_place_{identifier}",
        label_visibility="collapsed",
        width=200,
    )


def _few(identifier: str, log: LogGuess) -> list[str]:
    """Return the columns of few values, categories before codes of them."""
    kinds = (log.others, log.numbers)
    return [name for names in kinds for name in cache.behaviour(identifier, "few_valued", names)]


def _no_rate() -> str:
    """Return what to do where there is no class whose rate could be drawn."""
    return _("Choose a target with two classes, and its rate is drawn here.")


def _rate(line: Any) -> str:
    """Return a rate with its interval."""
    return bracketed(share(line["rate"]), f"{share(line['low'])} – {share(line['high'])}")


@st.fragment
def _pairs(identifier: str, log: LogGuess, label: str | None) -> None:
    """Draw how often the class occurs by two categories at once."""
    names = _few(identifier, log)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(_("By two columns at once"), anchor=False, width="content")
        picked = None if label is None or len(names) < 2 else _two(identifier, names)
    if label is None or picked is None:
        st.caption(_no_rate() if label is None else _("It takes two columns of 2 to 50 values."))
        return
    rates = cache.behaviour(identifier, "rate_by_pair", *picked, label)
    _tell_pairs(rates, label)
    figure = rate_map(
        rates, down=picked[0], across=picked[1], words=behaviour_words(label), dark=is_dark()
    )
    draw(figure, "behaviour_pairs")


def _two(identifier: str, names: list[str]) -> tuple[str, str]:
    """Let two columns be chosen: of those offered the second has the fewest values."""
    with st.container(horizontal=True):
        down = st.selectbox(
            _("Down"), names, index=1, key=f"behaviour_down_{identifier}", width=160,
            label_visibility="collapsed",
        )  # fmt: skip
        across = st.selectbox(
            _("Across"), [name for name in names if name != down], width=160,
            key=f"behaviour_across_{identifier}", label_visibility="collapsed",
        )  # fmt: skip
    return down, across


def _tell_pairs(rates: pd.DataFrame, label: str) -> None:
    told = rates[rates["rows"] >= FEWEST].to_dict("records")
    if not told:
        st.caption(_("Every pair of values has fewer than {n} rows.").format(n=FEWEST))
        return
    words = _(
        "“{label}” is most surely frequent, {most}, in {a} × {b}, and most surely rare, {least}, "
        "in {c} × {d}; in small cells a more extreme share may be chance. Cells of fewer than {n} "
        "rows tell their count only."
    )
    # By the near end of the interval: the extremes of many small cells are chance.
    most = max(told, key=lambda cell: cell["low"])
    least = min(told, key=lambda cell: cell["high"])
    names = [
        plain(line[side]) if isinstance(line[side], str) else _("all other values")
        for line in (most, least)
        for side in ("down", "across")
    ]
    st.markdown(
        words.format(
            label=plain(label),
            most=_rate(most),
            least=_rate(least),
            n=FEWEST,
            **dict(zip("abcd", names, strict=True)),
        )
    )
