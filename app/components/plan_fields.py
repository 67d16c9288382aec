"""A field for each parameter of a remedy or a model, drawn by its kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import streamlit as st

from app.components.words import strategy_label
from app.i18n import _
from rebal_core.data.formats import short
from rebal_core.facts import TableFacts
from rebal_core.params import (
    Amounts,
    Choice,
    ColumnName,
    ColumnNames,
    Counts,
    Number,
    Param,
    Switch,
    Table,
    Word,
)
from rebal_core.strategies import STRATEGIES

#: Rows of an editor that stand without scrolling.
ROWS = 8
#: Of the choice whose settings are shown, on each dataset.
SETTINGS_KEY = "plan_settings_of"


@dataclass(frozen=True)
class Fields:
    """The fields of one remedy or model on one dataset.

    Parameters
    ----------
    identifier, owner : str
        Where the plan began, and registered name.
    facts : TableFacts
        Of the dataset, with its labels and columns.
    usual : mapping
        What is set where the user sets nothing, beside the defaults of the parameters.
    """

    identifier: str
    owner: str
    facts: TableFacts
    usual: Mapping[str, Any] = field(default_factory=dict)

    @property
    def before(self) -> dict[str, Any]:
        """What is set so far; what is said of classes, by their labels."""
        found: dict[str, Any] = settings_so_far(self.identifier).get(self.owner, {})
        return found

    def key(self, name: str) -> str:
        """Return the key of a field; after a way back to the defaults it is another one."""
        times = st.session_state.get(f"plan_reset_{self.owner}@{self.identifier}", 0)
        usual = "".join(f",{n}={value}" for n, value in self.usual.items())
        return f"plan_{self.owner}_{name}@{self.identifier}#{times}{usual}"

    def reset(self) -> None:
        """Go back to the defaults."""
        settings_so_far(self.identifier).pop(self.owner, None)
        key = f"plan_reset_{self.owner}@{self.identifier}"
        st.session_state[key] = st.session_state.get(key, 0) + 1

    def columns(self, parameter: ColumnName | ColumnNames) -> list[str]:
        """Return the columns that a parameter may name."""
        return [name for name, role in self.facts.columns if parameter.fits(role)]

    def values(self, parameter: Word) -> list[str]:
        """Return values that a parameter may have, the likeliest first; none where any will do."""
        return []

    def unnamed(self) -> str:
        """Return what it is called where a parameter names no column."""
        return _("The one that fits best")

    def way_back(self, values: Mapping[str, Any]) -> None:
        """Offer the defaults where something is set."""
        if values:
            st.button(
                _("Back to the defaults"),
                type="tertiary",
                icon=":material/undo:",
                key=f"plan_reset_{self.owner}",
                on_click=self.reset,
            )

    def draw(
        self,
        parameters: Mapping[str, Param],
        instead: Callable[..., Mapping[str, int]] | None = None,
    ) -> dict[str, Any]:
        """Draw a field for each parameter; return the values that differ from the defaults.

        Parameters
        ----------
        parameters : mapping of str to Param
        instead : callable ``(values)``, optional
            Returns what stands in place of a 0, by parameter, given what is set before it.
        """
        values: dict[str, Any] = {}
        small = {n: p for n, p in parameters.items() if not isinstance(p, Counts | Table)}
        grid = st.grid(2, min_column_width=200)
        for name, parameter in small.items():
            with grid.cell():
                value = self._one(name, parameter)
                if value == 0 and instead is not None and name in (suits := instead(values)):
                    st.caption(_("0: {n} on this table").format(n=f"{suits[name]:,}"))
            usual = self.usual.get(name, parameter.default)
            if value != (tuple(usual) if isinstance(usual, list) else usual):  # JSON's lists
                values[name] = value
        for name, parameter in parameters.items():
            if isinstance(parameter, Counts | Table):
                values[name] = self._by_class(name, parameter)
        return {name: value for name, value in values.items() if value != {}}

    def _one(self, name: str, parameter: Param) -> Any:
        value = self.before.get(name, self.usual.get(name, parameter.default))
        words: dict[str, Any] = {
            "label": _label(name, parameter),
            "help": _(parameter.about),
            "key": self.key(name),
        }
        match parameter:
            case Amounts():
                return _amounts(parameter, value, words)
            case Number():
                ends = _("From {low} to {high}.")
                ends = ends.format(low=_plain(parameter.low), high=_plain(parameter.high))
                words["help"] += f"  \n{ends}"
                return _number(parameter, value, words)
            case Switch():
                return st.toggle(value=bool(value), **words)
            case Word():
                return self._word(parameter, str(value), words)
            case Choice():
                told = dict(parameter.options)
                return _chosen(list(told), value, words, lambda option: _(told[option]))
            case ColumnName():
                options = list(dict.fromkeys((parameter.default, *self.columns(parameter))))
                return _chosen(options, value, words, lambda option: option or self.unnamed())
            case ColumnNames():
                columns = self.columns(parameter)
                usual = [n for n in columns if n in (value or ())]
                chosen = st.multiselect(
                    options=columns, default=usual, placeholder=_("All columns"), **words
                )
                return tuple(sorted(chosen))
        raise TypeError(f"{name} is of no kind that can be drawn")

    def _word(self, parameter: Word, value: str, words: dict[str, Any]) -> str:
        """Offer the values of a column that was named; any other may be written."""
        options = self.values(parameter)
        if not options:
            return str(st.text_input(value=value, max_chars=500, **words)).strip()
        if value and value not in options:  # a seldom one, which somebody wrote
            options.append(value)
        words["key"] += f",{st.session_state[self.key(parameter.of)]}"
        chosen = st.selectbox(
            options=options,
            index=options.index(value) if value else None,
            accept_new_options=True,
            placeholder=_("Choose or write"),
            **words,
        )
        return str(chosen or "").strip()

    def _by_class(self, name: str, parameter: Counts | Table) -> dict[str, Any]:
        """Draw a row for each class, and of pairs a column as well; return what is set."""
        labels = self.facts.labels
        before = self.before.get(name, by_names(parameter.default, labels))
        pairs = isinstance(parameter, Table) and parameter.pairs
        rest = parameter.rest if isinstance(parameter, Table) else None
        ends: dict[str, Any] = {"min_value": parameter.low, "max_value": parameter.high}
        if isinstance(parameter, Counts):
            ends |= {"step": 1, "format": "localized"}
        heads = {str(k): label for k, label in enumerate(labels)} if pairs else {"value": ""}
        frame = pd.DataFrame({"label": labels})
        for head, column in heads.items():
            told = (before.get(label, {}) for label in labels) if pairs else [before] * len(labels)
            found = [
                line.get(column if pairs else label, rest)
                for line, label in zip(told, labels, strict=True)
            ]
            frame[head] = pd.array(found, dtype="Float64")
        st.markdown(_(parameter.label), help=_(parameter.about))
        edited = st.data_editor(
            frame,
            key=self.key(name),
            hide_index=True,
            height="content" if len(frame) <= ROWS else 320,
            disabled=["label"],
            placeholder="–",
            column_config={
                "label": st.column_config.TextColumn(_("True class") if pairs else _("Class")),
                **{
                    head: st.column_config.NumberColumn(short(column, 30) or _("Value"), **ends)
                    for head, column in heads.items()
                },
            },
        )
        kind = int if isinstance(parameter, Counts) else float
        if not pairs:
            return _changed(labels, edited["value"], rest, kind)
        lines = {
            label: _changed(labels, (row[head] for head in heads), rest, kind)
            for label, row in zip(labels, edited.to_dict("records"), strict=True)
        }
        return {label: line for label, line in lines.items() if line}


def by_names(value: Any, labels: tuple[str, ...]) -> Any:
    """Return what is said of classes, or of pairs, by their labels; None says nothing."""
    if value is None or not isinstance(value, tuple):
        return {} if value is None else value
    return {labels[code]: by_names(inner, labels) for code, inner in value}


def settings_so_far(identifier: str) -> dict[str, dict[str, Any]]:
    """Return what is set of a plan, by registered names; it outlives the fields."""
    found: dict[str, dict[str, Any]] = st.session_state.setdefault(f"plan_params@{identifier}", {})
    return found


def _label(name: str, parameter: Param) -> str:
    """Return the words of a field; where two steps have the parameter, the step's before them."""
    step = name.rpartition(".")[0]
    label = _(parameter.label)
    return f"{strategy_label(step) if step in STRATEGIES else step}: {label}" if step else label


def _amounts(parameter: Amounts, value: Any, words: dict[str, Any]) -> Any:
    """Draw what can be had of a number; return the one or those that are chosen."""
    before = tuple(value) if isinstance(value, tuple | list) else (value,)
    chosen = st.pills(
        options=sorted({*parameter.usual, *before}),
        default=before,
        selection_mode="multi",
        format_func=lambda amount: f"{amount:g}",
        **words,
    )
    return parameter.read(chosen or parameter.default)


def _number(parameter: Number, value: Any, words: dict[str, Any]) -> float | int:
    kind: Any = type(parameter.default)
    # A twentieth of the first figure of the default: steps of a rate are small.
    size = 10 ** math.floor(math.log10(abs(parameter.default))) if parameter.default else 1
    found: float | int = st.number_input(
        min_value=kind(parameter.low),
        max_value=kind(parameter.high),
        value=kind(value),
        step=1 if kind is int else 0.05 * size,
        format=None if kind is int else "%.3g",
        **words,
    )
    return found


def _plain(bound: float) -> str:
    """Return an end of what a field takes, without an exponent."""
    return f"{bound:,.9f}".rstrip("0").rstrip(".")


def _chosen(options: list[str], value: Any, words: dict[str, Any], told: Any) -> Any:
    index = options.index(value) if value in options else 0
    return st.selectbox(options=options, index=index, format_func=told, **words)


def _changed(labels: Iterable[str], values: Iterable[Any], rest: Any, kind: Any) -> dict[str, Any]:
    pairs = zip(labels, values, strict=True)
    return {label: kind(v) for label, v in pairs if not pd.isna(v) and v != rest}
