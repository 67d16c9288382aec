"""What is ranked, by which models, with which remedies: columns and settings of a ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app import cache
from app.components.linked import begin
from app.components.lists_items import columns_of, item_table
from app.components.lists_settings import settings
from app.components.states import headline
from app.components.texts import explained, joined
from app.i18n import _, message
from app.state import store
from rebal_core.data.dataset import Dataset
from rebal_core.experiment.ranked import rank_params
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.reading import LogColumns
from rebal_core.ranking.remedies import REMEDIES

#: Ticked at first: those that take seconds.
MODELS, STRATEGIES = ("popularity", "item_knn"), ("rerank", "tail_upweight")
LENGTHS = (5, 10, 20, 50)
#: What is missing without a column, by its part.
MISSING = {
    "user": message("the user"),
    "item": message("the item"),
    "time": message("the time"),
}


def wishes(identifier: str, dataset: Dataset) -> dict[str, Any] | None:
    """Ask what is to be ranked; None until user, item, time and a model are chosen.

    What was asked last of the table stands there first, else what its columns look like.
    """
    headline(
        _("What would each user see first?"),
        _(
            "Models order the whole catalogue for each user and are judged by what came last. "
            "See which of them find rare items, and what that costs."
        ),
    )
    first = _first(identifier)
    with st.container(border=True):
        columns = _columns(identifier, dataset, first["columns"])
        grid = st.grid(7, min_column_width=150, gap=("medium", "small"))
        with grid.cell(column_span=3):
            models = _several("models", _("Models"), RECOMMENDERS, first["models"], identifier)
        with grid.cell(column_span=2):
            ticked = _several("remedies", _("Remedies"), REMEDIES, first["strategies"], identifier)
        with grid.cell():
            k = _length(identifier, first["k"])
        with grid.cell():
            unseen = _unseen(identifier, first["unseen"])
        items = item_table(identifier, columns["item"], first.get("items"))
        params, windows = settings(identifier, dataset, models, ticked, columns_of(items), first)
    _tell_needs(ticked, params)
    if any(RECOMMENDERS[name].family == "net" for name in models):
        st.caption(_("A network learns for minutes; you can leave the page meanwhile."))
    absent = [_(words) for part, words in MISSING.items() if not columns[part]]
    if absent:
        told = _("Choose the column of {what}; the names of the columns do not say which it is.")
        st.markdown(f":material/info: {told.format(what=joined(absent))}")
        return None
    if not models:
        st.markdown(f":material/info: {_('Choose a model.')}")
        return None
    of = LogColumns(columns["user"], columns["item"], tuple(columns["time"]), columns["event"])
    more: dict[str, Any] = {"items": items, "windows": windows, "params": params}
    return rank_params(identifier, of, models, ticked, k=k, unseen=unseen, **more)


def _tell_needs(remedies: Sequence[str], params: Mapping[str, Mapping[str, Any]]) -> None:
    """Tell of remedies that would be left out for want of a column."""
    for remedy in map(REMEDIES.__getitem__, remedies):
        values = {**remedy.params, **params.get(remedy.name, {})}
        for needed in remedy.parameters:
            if needed.name in remedy.needs and not values[needed.name]:
                words = _("{remedy} needs “{label}”: choose it in the settings, or it is left out.")
                told = words.format(remedy=_(remedy.label), label=_(needed.label))
                st.caption(f":material/info: {told}")


def rank_button(identifier: str) -> None:
    """Lead from another page to the lists, where the table looks like a log of events."""
    log = cache.log_columns(identifier)
    if log.complete and st.button(
        _("Rank the items for each user"), key="skew_rank", width="stretch"
    ):
        st.switch_page("views/lists.py")


def _first(identifier: str) -> Mapping[str, Any]:
    """Return what was asked last of a table, or else what is proposed."""
    for row in store().runs("rank"):
        if row.dataset == identifier and (row.live or row.state == "done"):
            return row.plan
    guess = cache.log_columns(identifier)
    return {
        "columns": {
            "user": guess.user,
            "item": guess.item,
            "time": list(guess.time),
            "event": guess.event,
        },
        "models": [name for name in MODELS if name in RECOMMENDERS],
        "strategies": [name for name in STRATEGIES if name in REMEDIES],
        "k": 10,
        "unseen": False,
    }


def _columns(identifier: str, dataset: Dataset, first: Mapping[str, Any]) -> dict[str, Any]:
    names = [c.name for c in dataset.schema.columns if c.kind != "embedding"]
    chosen: dict[str, Any] = {}
    grid = st.grid(4, min_column_width=160, gap=("medium", "small"))
    for part, words, about in (
        ("user", _("User"), _("Who did something: a visitor, a customer, a session.")),
        ("item", _("Item"), _("What it was done with: a product, an article, a film.")),
    ):
        with grid.cell():
            chosen[part] = _one(f"{part}_{identifier}", words, names, first[part], about)
    with grid.cell():
        key = f"lists_time_{identifier}"
        begin(key, [name for name in first["time"] if name in names])
        chosen["time"] = st.multiselect(
            _("When"),
            names,
            key=key,
            placeholder=_("Choose"),
            help=_("One column, or several of which the first is the coarsest: year, month, day."),
        )
    with grid.cell():
        about = _(
            "What kind of event a row is. Rows that were only shown, or taken back, do not count. "
            "Without it every row is an event."
        )
        chosen["event"] = _one(f"event_{identifier}", _("Event"), names, first["event"], about)
    return chosen


def _one(name: str, words: str, names: Sequence[str], first: str | None, about: str) -> str | None:
    key = f"lists_{name}"
    begin(key, first if first in names else None)
    chosen = st.selectbox(words, names, key=key, help=about, placeholder=_("None"))
    return None if chosen is None else str(chosen)


def _several(
    name: str, words: str, registry: Any, first: Sequence[str], identifier: str
) -> list[str]:
    """Let the reader tick entries of a registry; what is untreated is always there."""
    known = [entry for entry in registry if not getattr(entry, "untreated", False)]
    key = f"lists_{name}_{identifier}"
    begin(key, [entry.name for entry in known if entry.name in first])
    chosen = st.multiselect(
        words,
        [entry.name for entry in known],
        format_func=lambda one: _(registry[one].label),
        key=key,
        placeholder=_("None"),
        help="  \n".join(explained(f"**{_(entry.label)}**", _(entry.about)) for entry in known),
    )
    # In whatever order they were ticked, the same are the same wish.
    return [entry.name for entry in known if entry.name in chosen]


def _length(identifier: str, first: int) -> int:
    key = f"lists_k_{identifier}"
    options = sorted({*LENGTHS, first})
    begin(key, first)
    about = _("Items of a list. All numbers speak of so many places.")
    return int(st.selectbox(_("Places"), options, key=key, help=about))


def _unseen(identifier: str, first: bool) -> bool:
    key = f"lists_unseen_{identifier}"
    begin(key, first)
    st.space("small")
    return st.toggle(
        _("New only"),
        key=key,
        help=_(
            "Leave out of each list what the user has had already. Off where people come back to "
            "the same items."
        ),
    )
