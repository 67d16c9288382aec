"""What is set of the models and the remedies of a ranking, drawn as on the page Plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import cache
from app.components.linked import begin
from app.components.lists_words import model_name, remedy_name
from app.components.plan_fields import Fields, settings_so_far
from app.i18n import _
from rebal_core.data.dataset import Dataset
from rebal_core.data.logged import dwell_name
from rebal_core.facts import TableFacts
from rebal_core.params import ColumnName, ColumnNames, ItemColumn, Word
from rebal_core.ranking.entry import Entry
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.remedies import REMEDIES

MOST_WINDOWS = 20
#: Values of a column that are offered; any other may be written.
MOST_VALUES = 300


@dataclass(frozen=True)
class ListFields(Fields):
    """The fields of a model or remedy of a ranking.

    Parameters
    ----------
    dataset : str
        Id of the log.
    beside : tuple of str
        Columns of the table of items.
    """

    dataset: str = ""
    beside: tuple[str, ...] = ()

    def columns(self, parameter: ColumnName | ColumnNames) -> list[str]:
        """Return the columns of the log, and of the table of items where items are told of."""
        own = [name for name, _role in self.facts.columns]
        return [*self.beside, *own] if isinstance(parameter, ItemColumn) else own

    def values(self, parameter: Word) -> list[str]:
        """Return the most frequent values of the column that another parameter names."""
        column = st.session_state.get(self.key(parameter.of)) if parameter.of else None
        if not column:
            return []
        return [str(row["label"]) for row in cache.values_of(self.dataset, column)[:MOST_VALUES]]

    def unnamed(self) -> str:
        """Return what it is called where a parameter names no column."""
        return _("None")


def settings(
    identifier: str,
    dataset: Dataset,
    models: Sequence[str],
    remedies: Sequence[str],
    beside: Sequence[str],
    first: Mapping[str, Any],
) -> tuple[dict[str, dict[str, Any]], int]:
    """Let the reader set parameters of what is ticked, and ask for later windows of time.

    Parameters
    ----------
    beside : sequence of str
        Columns of the table of items.
    first : mapping
        What was asked last, else what is proposed.

    Returns
    -------
    params : dict
        Of each owner that has some, what is set or guessed.
    windows : int
    """
    place = f"lists-{identifier}"
    st.session_state.setdefault(
        f"plan_params@{place}", {n: dict(v) for n, v in first.get("params", {}).items()}
    )
    entries: list[Entry] = [RECOMMENDERS[name] for name in models]
    entries += [REMEDIES[name] for name in remedies]
    usual = {entry.name: _guesses(entry, identifier, dataset) for entry in entries}
    known = {entry.name: entry for entry in entries if entry.parameters}
    chosen = settings_so_far(place)
    with st.expander(_("Settings of models and remedies"), type="compact"):
        windows = _windows(identifier, first.get("windows", 0))
        if known:
            if st.session_state.get("lists_settings") not in known:
                st.session_state["lists_settings"] = next(iter(known))
            name = str(
                st.selectbox(_("Settings of"), list(known), format_func=_name, key="lists_settings")
            )
            entry, columns = known[name], tuple((c.name, c.role) for c in _named(dataset))
            facts = TableFacts(dataset.rows, (), 0, 0, 0, 0, columns=columns)
            fields = ListFields(place, name, facts, usual[name], identifier, tuple(beside))
            st.markdown(f":gray[{_(entry.about)}]")
            chosen[name] = fields.draw({p.name: p for p in entry.parameters})
            fields.way_back(chosen[name])
    told = {name: {**usual[name], **chosen.get(name, {})} for name in usual}
    return {name: values for name, values in told.items() if values}, windows


def _name(owner: str) -> str:
    return remedy_name(owner) if owner in REMEDIES else model_name(owner)


def _named(dataset: Dataset) -> list[Any]:
    return [c for c in dataset.schema.columns if c.kind != "embedding"]


def _guesses(entry: Entry, identifier: str, dataset: Dataset) -> dict[str, str]:
    """Return the columns that parameters ask for, where a name says which they are."""
    stays = (c.name for c in _named(dataset) if c.kind == "number" and dwell_name(c.name))
    known = {"position": cache.log_columns(identifier).place, "dwell": next(stays, None)}
    asked = [p.name for p in entry.parameters if isinstance(p, ColumnName)]
    return {name: column for name in asked if (column := known.get(name)) is not None}


def _windows(identifier: str, first: int) -> int:
    key = f"lists_windows_{identifier}"
    begin(key, first)
    asked = st.number_input(
        _("Later windows of time"),
        0,
        MOST_WINDOWS,
        key=key,
        width=200,
        help=_("Judge by so many windows as well, each foretold from all before it."),
    )
    return int(asked)
