"""Check what we read: target, roles, types, encoding, missing values, personal data."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from app import cache, drafts
from app.components.intake_questions import open_questions
from app.components.intake_reading import AGAIN, read_again, reading_choices, source_of
from app.components.states import headline, show_problem, told
from app.components.task import follow_job
from app.components.texts import counted, explained, plain, title
from app.components.unused import unused_columns
from app.i18n import _, message, sentence
from app.state import look_at
from rebal_core.data.at_risk import amounts_at_risk
from rebal_core.data.dataset import Dataset
from rebal_core.data.log_columns import guess_log
from rebal_core.data.reading.load import require_target
from rebal_core.data.unused import unused
from rebal_core.schema import Column, Schema
from rebal_core.wording import UserError

ROLES = ("feature", "target", "group", "time", "id", "item", "weight", "value", "ignore")
KINDS = ("number", "category", "text", "time", "embedding")
FILLS = ("median", "most_frequent", "constant", "indicator")
#: What happens to a missing category unless something else is asked for.
OWN = "own"
PAGE = 50
#: So many columns are seen at once; more are scrolled.
LINES = 15

#: What the names of roles, types and fillings are called on screen.
WORDS = {
    "feature": message("feature"),
    "target": message("target"),
    "group": message("group"),
    "time": message("time"),
    "id": message("identifier"),
    "item": message("item"),
    "weight": message("weight"),
    "value": message("amount at risk"),
    "ignore": message("ignore"),
    "number": message("number"),
    "category": message("category"),
    "text": message("text"),
    "embedding": message("embedding"),
    "median": message("median"),
    "most_frequent": message("most frequent"),
    "constant": message("a constant"),
    OWN: message("a value of its own"),
    "indicator": message("median and a flag"),
}
#: A note of the core whose beginning is filled in there, so that its pattern says too little.
COUNTING = message("Looks like a row number: every value is different.")
#: What is said of a column for its role, where nothing else was noticed.
NOTES = {
    "group": message("its rows stay in one fold"),
    "time": message("tells the time of a row"),
    "id": message("names the row, says nothing about it"),
    "item": message("what the row is about"),
    "value": message("what it costs to miss the row"),
}


def check_page(identifier: str) -> None:
    """Draw the page between a file and its skew."""
    try:
        dataset = drafts.opened(identifier)
    except UserError as error:
        st.query_params.pop("check")
        show_problem(error.text)
        return
    head, action = st.columns([3, 1], vertical_alignment="center")
    with head:
        headline(_("Check what we read"), _facts(dataset))
    if follow_job(AGAIN, _("Reading again"), _reread):
        return
    failed = st.session_state.pop("data_again_draft", None)
    if failed is not None:
        drafts.discard(failed["id"])
    # On a laptop the table fills its row: what was noticed is read without scrolling.
    parts = st.grid(4, min_column_width=300, gap=("small", "medium"))
    with parts.cell(column_span=3):
        target = _target_row(dataset)
        schema = _columns(dataset, target)
        _noticed(schema, target)
        unused_columns(unused(schema, dataset.source))
    with parts.cell():
        masked, missing = open_questions(dataset, target, log=guess_log(schema).complete)
        reading = reading_choices(dataset)
    with action:
        if st.button(
            _("Looks right: show the skew"), type="primary", key="check_go", width="stretch"
        ):
            _accept(identifier, dataset, schema, masked, missing, reading)
        words = _("Discard") if source_of(dataset) else _("Back")
        if st.button(words, key="check_discard", type="tertiary", width="stretch"):
            drafts.discard(identifier)
            st.query_params.pop("check")
            st.rerun()


def _facts(dataset: Dataset) -> str:
    source = dataset.source
    parts = [
        plain(title(dataset.name)),
        counted("1 row", "{n} rows", dataset.rows),
        counted("1 column", "{n} columns", len(dataset.schema.columns)),
    ]
    if source.get("encoding"):
        parts.append(str(source["encoding"]).upper())
    if source.get("rejected_rows"):
        lost = int(source["rejected_rows"])
        parts.append(counted("1 row could not be read", "{n} rows could not be read", lost))
    return " · ".join(parts)


def _target_row(dataset: Dataset) -> str | None:
    names = [c.name for c in dataset.schema.columns if c.kind != "embedding"]
    known = dataset.schema.target
    guess = None if known else cache.proposed_target(dataset.path.name)
    start = known or guess
    with st.container(horizontal=True):
        target = st.selectbox(
            _("What shall be predicted?"),
            names,
            index=names.index(start) if start else None,
            placeholder=_("Choose the target column"),
            key=f"check_target_{dataset.path.name}",
            width=320,
        )
        if target:
            classes = cache.values_of(dataset.path.name, target)
            if classes:
                st.selectbox(
                    _("Class in focus (the rarest unless you say so)"),
                    [c["label"] for c in classes],
                    format_func=lambda v: next(
                        f"{c['label']} · {c['count']:,}" for c in classes if c["label"] == v
                    ),
                    index=len(classes) - 1,
                    key=f"check_positive_{dataset.path.name}_{target}",
                    width=320,
                )
    if guess is not None and target == guess:
        st.caption(_("The target is a guess; choose another column if it is not this one."))
    return target


def _columns(dataset: Dataset, target: str | None) -> Schema:
    """Let the reader change roles, types and fillings; return the schema as it then is."""
    columns = dataset.schema.columns
    page = 1
    if len(columns) > PAGE:
        page = st.pagination(-(-len(columns) // PAGE), key=f"check_page_{dataset.path.name}")
    shown = columns[(page - 1) * PAGE : page * PAGE]
    key = f"check_columns_{dataset.path.name}_{page}_{target}"
    lines = _lines(dataset, shown, target, key)
    # Another type means reading the file again, so it can be chosen while the file is at hand.
    fixed = [] if source_of(dataset) else ["kind"]
    edited = st.data_editor(
        lines,
        key=key,
        hide_index=True,
        height="content" if len(shown) <= LINES else 35 * (LINES + 1),
        placeholder="–",
        disabled=["name", "missing", "examples", *fixed],
        column_order=[str(c) for c in lines if c != "constant" or _fills_constant(lines, key)],
        column_config=_heads(),
    )
    changes = {row["name"]: row for row in edited.to_dict("records")}
    made = tuple(_changed(column, changes.get(column.name), target) for column in columns)
    positive = st.session_state.get(f"check_positive_{dataset.path.name}_{target}")
    return replace(dataset.schema, columns=made, positive=positive)


def _lines(dataset: Dataset, shown: Sequence[Column], target: str | None, key: str) -> pd.DataFrame:
    """Return one line a column: what it is taken for, and what is in it."""
    found, personal = cache.examples(dataset.path.name), cache.personal(dataset.path.name)
    roles = ["target" if c.name == target else c.role for c in shown]
    # Only a feature's missing values become something; a role chosen just now counts already.
    chosen = {k: line["role"] for k, line in _edits(key).items() if "role" in line}
    filled = [chosen.get(k, role) == "feature" for k, role in enumerate(roles)]
    examples = [found[c.name]["examples"] for c in shown]
    return pd.DataFrame(
        {
            "name": [c.name for c in shown],
            "role": roles,
            "kind": [c.kind for c in shown],
            "fill": [_fill_shown(c) if f else None for c, f in zip(shown, filled, strict=True)],
            "constant": [c.constant or "" for c in shown],
            "missing": [found[c.name]["missing"] for c in shown],
            "examples": [
                _veiled(text) if c.name in personal else text
                for c, text in zip(shown, examples, strict=True)
            ],
        }
    )


def _noticed(schema: Schema, target: str | None) -> None:
    """Tell below the table what was noticed of each column, in as many lines as it takes."""
    told = [
        (c.name, note)
        for c in schema.columns
        if (note := "" if c.name == target else sentence(c.note) or _(NOTES.get(c.role, "")))
    ]
    if not told:
        return
    st.markdown(f"**{_('What we noticed')}**")
    with st.container(height=260 if len(told) > LINES else "content", border=False):
        st.markdown(
            "\n".join(f"- {explained(f'**{plain(n)}**', plain(note, 400))}" for n, note in told)
        )


def _heads() -> dict[str, Any]:
    """Return names and widths of the columns of the table of columns."""

    def choice(name: str, options: Sequence[str], *, required: bool = True) -> Any:
        return st.column_config.SelectboxColumn(
            name, options=options, format_func=_in_words, required=required
        )

    return {
        "name": st.column_config.TextColumn(_("Column"), width=160),
        "role": choice(_("Role"), ROLES),
        "kind": choice(_("Type"), KINDS),
        "fill": choice(_("Missing values become"), (*FILLS, OWN), required=False),
        "constant": st.column_config.TextColumn(_("Constant"), width="small"),
        "missing": st.column_config.ProgressColumn(
            _("Missing"),
            format="percent",
            min_value=0,
            max_value=1,
            width=110,
            help=_("Of a very large table: in rows that are spread evenly over it."),
        ),
        "examples": st.column_config.TextColumn(_("Examples"), width="medium"),
    }


def _edits(key: str) -> dict[int, dict[str, Any]]:
    """Return what the reader changed in the table so far, by line."""
    edits: dict[int, dict[str, Any]] = (st.session_state.get(key) or {}).get("edited_rows", {})
    return edits


def _fills_constant(lines: pd.DataFrame, key: str) -> bool:
    """Tell whether any column is filled with a constant, as read or by the reader's choice."""
    chosen = [line.get("fill") for line in _edits(key).values()]
    return "constant" in [*lines["fill"], *chosen]


def _changed(column: Column, line: Any, target: str | None) -> Column:
    """Return a column as its line says; one on another page changes only with the target."""
    if line is not None:
        # The editor answers NaN where a cell is empty.
        fill: Any = line["fill"] if isinstance(line["fill"], str) else column.fill
        fill = "median" if fill == OWN else fill
        constant = line["constant"] or None if fill == "constant" else None
        return replace(column, role=line["role"], kind=line["kind"], fill=fill, constant=constant)
    if column.name == target:
        return replace(column, role="target")
    return replace(column, role="feature") if column.role == "target" else column


def _fill_shown(column: Column) -> str:
    """Return what becomes of missing values, as the reader understands it."""
    numeric = column.kind in ("number", "time", "embedding")
    return column.fill if numeric or column.fill in ("most_frequent", "constant") else OWN


def _veiled(examples: str) -> str:
    """Return examples of personal data with little more than their first letters."""
    return " · ".join(f"{value[:1]}***" for value in examples.split(" · "))


def _in_words(name: Any) -> str:
    return _(WORDS.get(name, name))


def _accept(
    identifier: str,
    dataset: Dataset,
    schema: Schema,
    masked: dict[str, str],
    missing: list[str],
    reading: dict[str, Any],
) -> None:
    kinds = {c.name: c.kind for c in dataset.schema.columns}
    retyped = any(kinds[c.name] != c.kind for c in schema.columns)
    same_tokens = missing == list(dataset.source.get("na") or [])
    if not same_tokens:
        schema = _said(schema, dataset.schema, masked)
    # The labels of a target are what was written: “10%”, and not the number in it.
    written = schema.target in dataset.source.get("written", {})
    changed = masked or retyped or reading or written or not same_tokens
    if source_of(dataset) and changed:
        read_again(dataset, schema=schema.to_dict(), mask=masked, na=missing, **reading)
    with told():
        _require_ready(replace(dataset, schema=schema))
        dataset.with_schema(schema)
        _finish(identifier)


def _said(schema: Schema, found: Schema, masked: Container[str]) -> Schema:
    """Return what the reader said of the columns: the rest is found anew.

    Without its words for "missing" a column of text may turn out to hold numbers.
    """
    said = (
        c for c in schema.columns if c.role == "target" or c.name in masked or c != found[c.name]
    )
    return replace(schema, columns=tuple(said))


def _reread(answer: Any) -> None:
    """Put the new reading in the place of the old one."""
    draft = st.session_state.pop("data_again_draft")
    drafts.discard(draft["replaces"])
    st.query_params["check"] = answer["dataset"]
    if draft["accepted"]:
        with told():
            _require_ready(drafts.opened(answer["dataset"]))
            _finish(answer["dataset"])
    st.rerun()


def _require_ready(dataset: Dataset) -> None:
    """Refuse a table without two classes, but for a log whose items can be ranked."""
    amounts_at_risk(dataset)
    if dataset.schema.target or not guess_log(dataset.schema).complete:
        require_target(dataset)


def _finish(identifier: str) -> None:
    """Go on to the skew; only now it is a dataset, and the file as it came is not kept."""
    look_at(dataset=drafts.accept(identifier))
    st.query_params.pop("check", None)
    st.switch_page("views/skew.py")
