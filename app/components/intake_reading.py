"""Read a file differently, with another encoding or separator, while it is still at hand."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import drafts
from app.components.states import told
from app.components.task import start_job
from app.components.texts import plain
from app.i18n import _
from rebal_core.data.dataset import Dataset
from rebal_core.data.reading.detect import LANGUAGES

AGAIN = "data_again"
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", *LANGUAGES)
DELIMITERS = {",": ",", ";": ";", "\t": "Tab", "|": "|", "~": "~", "::": "::"}


def source_of(dataset: Dataset) -> str | None:
    """Return where the file of a dataset lies, while it is being checked."""
    return drafts.upload_of(dataset.path.name)


def encoding_card(dataset: Dataset) -> bool:
    """Let the reader choose among the encodings that the file may be in, by how it reads in each.

    Returns
    -------
    bool
        Whether there was something to ask.
    """
    known: dict[str, list[str]] = dataset.source.get("encodings") or {}
    if not known:
        return False
    fresh, found = source_of(dataset) is not None, str(dataset.source["encoding"])
    with st.container(border=True):
        st.markdown(_("The encoding is a guess. In which of these does the text read right?"))
        chosen = st.radio(
            _("Encoding"),
            list(known),
            captions=[plain(" · ".join(examples)) for examples in known.values()],
            key=f"check_guess_{dataset.path.name}",
            label_visibility="collapsed",
            disabled=not fresh,
        )
        if chosen != found and st.button(
            _("Read again"), key=f"check_guess_again_{dataset.path.name}"
        ):
            read_again(dataset, encoding=chosen)
    return True


def reading_choices(dataset: Dataset) -> dict[str, Any]:
    """Offer another encoding, separator or decimal sign while the file is still at hand."""
    if not dataset.source.get("encoding") or source_of(dataset) is None:
        return {}
    with st.expander(_("Read it differently")):
        found, separator = dataset.source["encoding"], dataset.source["delimiter"]
        encodings = list(dict.fromkeys([found, *ENCODINGS]))
        encoding = st.selectbox(_("Encoding"), encodings, key=f"check_encoding_{dataset.path.name}")
        separators = list(dict.fromkeys([separator, *DELIMITERS]))
        delimiter = st.selectbox(
            _("Separator"),
            separators,
            format_func=lambda d: DELIMITERS.get(d, d),
            key=f"check_delimiter_{dataset.path.name}",
        )
        signs = {"": _("As found"), "point": _("Point"), "comma": _("Comma")}
        said = dataset.source.get("decimal") or ""
        decimal = st.selectbox(
            _("Decimal sign"),
            list(signs),
            index=list(signs).index(said),
            format_func=signs.__getitem__,
            key=f"check_decimal_{dataset.path.name}",
        )
        choice: dict[str, Any] = {}
        if decimal != said:
            choice["decimal"] = decimal or None
        if encoding != found:
            choice["encoding"] = encoding
        if delimiter != separator:
            choice["delimiter"] = delimiter
        if choice and st.button(_("Read again"), key=f"check_read_again_{dataset.path.name}"):
            read_again(dataset, **choice)
    return choice


def read_again(dataset: Dataset, **options: Any) -> None:
    """Start the reading of the same file with other options."""
    upload = source_of(dataset)
    assert upload is not None
    with told():
        draft, into = drafts.begin(upload, dataset.name)
    about = {"id": draft, "replaces": dataset.path.name, "accepted": "schema" in options}
    st.session_state["data_again_draft"] = about
    params = {
        "source": upload,
        "into": into,
        "name": dataset.name,
        **_as_read(dataset),
        **options,
    }
    start_job(AGAIN, "ingest", params)
    st.rerun()


def _as_read(dataset: Dataset) -> dict[str, Any]:
    """Return how the file was read, so that another reading keeps what was chosen."""
    known = {name: dataset.source.get(name) for name in ("encoding", "delimiter", "decimal")}
    return {name: value for name, value in known.items() if value}
