"""A second table that tells of the items of a log: one that is open already, or a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app import cache, drafts
from app.components.linked import begin
from app.components.reading import reading, take_upload
from app.components.states import show_problem
from app.components.texts import plain, title
from app.components.upload import drop_zone
from app.i18n import _
from app.state import store
from rebal_core.trouble import tried


def item_table(
    identifier: str, item: str | None, first: Mapping[str, str] | None
) -> dict[str, str] | None:
    """Let the reader choose a table of items and its column that names them; None without one.

    Parameters
    ----------
    item : str or None
        The column of items of the log: one of the same name is proposed.
    first : mapping or None
        What was asked last.
    """
    key, names = f"lists_items_{identifier}", _names(identifier)
    with st.expander(_("A table that tells of the items"), expanded=bool(first), type="compact"):
        going = reading("lists", lambda draft: _accept(draft, key))
        begin(key, first["dataset"] if first and first["dataset"] in names else None)
        if st.session_state[key] not in names:
            st.session_state[key] = None
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox(
                _("Table of items"),
                list(names),
                format_func=names.__getitem__,
                key=key,
                placeholder=_("None"),
                width=330,
                help=_(
                    "A line an item: what it is, what it costs, when it came. Models learn from "
                    "it, and re-ranking may go by it."
                ),
            )
            column = None if chosen is None else _key(str(chosen), item, first)
        if not going and (upload := drop_zone("lists_upload", filled=False)) is not None:
            take_upload(upload, "lists")
    return None if chosen is None or column is None else {"dataset": str(chosen), "key": column}


def columns_of(chosen: Mapping[str, str] | None) -> Sequence[str]:
    """Return what the chosen table tells of items beside their names."""
    if chosen is None:
        return ()
    table, _problem = tried(store().dataset, chosen["dataset"])
    return (
        [] if table is None else [c.name for c in table.schema.columns if c.name != chosen["key"]]
    )


def _names(identifier: str) -> dict[str, str]:
    """Return the other datasets, by id, as they are called."""
    return {row.id: title(row.name) for row in store().datasets() if row.id != identifier}


def _accept(draft: str, key: str) -> None:
    """Keep a table that was read, unless it may hold what shall be masked first."""
    if cache.personal(draft):
        words = _(
            "{name} may hold personal data; confirm it on the page Data, then choose it here."
        )
        show_problem(words.format(name=plain(drafts.opened(draft).name)))
        return
    st.session_state[key] = drafts.accept(draft)
    st.rerun()


def _key(table: str, item: str | None, first: Mapping[str, str] | None) -> str | None:
    """Let the reader say which column names the item."""
    opened, problem = tried(store().dataset, table)
    if opened is None:
        show_problem(problem or "")
        return None
    names = [c.name for c in opened.schema.columns if c.kind != "embedding"]
    sure = [c.name for c in opened.schema.columns if c.role in ("item", "id")]
    known = first["key"] if first and first["dataset"] == table else None
    key = f"lists_items_key_{table}"
    begin(key, next((n for n in (known, item, *sure, *names) if n in names), None))
    return str(st.selectbox(_("Names the item"), names, key=key, width=250))
