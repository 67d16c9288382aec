"""What wants a choice before a table is accepted: personal data, missing values, rejected rows."""

from __future__ import annotations

import streamlit as st

from app import cache
from app.components.export_files import download_button
from app.components.intake_reading import encoding_card, source_of
from app.components.skew_checks import sentence as finding_sentence
from app.components.texts import counted, plain
from app.i18n import _, message
from rebal_core.checks import CHECKS
from rebal_core.data.dataset import Dataset

#: What kinds of personal data are called on screen.
PERSONAL = {
    "e-mail": message("e-mail"),
    "phone": message("phone"),
    "id number": message("id number"),
    "card number": message("card number"),
    "ip address": message("IP address"),
}


def open_questions(
    dataset: Dataset, target: str | None, *, log: bool = False
) -> tuple[dict[str, str], list[str]]:
    """Draw a card for each choice.

    Parameters
    ----------
    log : bool
        Whether the items of the table can be ranked, which needs no target.

    Returns
    -------
    masked : dict of str to {"tokenise", "drop"}
        By column.
    missing : list of str
        Words that stand for a missing value.
    """
    st.subheader(_("Before you go on"), anchor=False)
    asked = encoding_card(dataset)
    personal = cache.personal(dataset.path.name)
    masked = _masked(dataset, personal)
    doubts = cache.doubtful_numbers(dataset.path.name)
    for finding in doubts:
        with st.container(border=True):
            st.markdown(finding_sentence(finding), help=_(CHECKS["doubtful_numbers"].fix))
    missing = [*(dataset.source.get("na") or []), *_missing(dataset)]
    rejected = _rejected(dataset)
    if target is None and log:
        words = _("A log needs no target: its behaviour is shown, and its items are ranked.")
        st.caption(words)
    elif target is None:
        st.caption(_("Choose the column that shall be predicted."))
    elif not (masked or asked or doubts or dataset.source.get("na_proposed") or rejected):
        st.caption(_("Nothing needs a decision."))
    return masked, missing


def _masked(dataset: Dataset, personal: dict[str, str]) -> dict[str, str]:
    """Ask what to do with columns that look personal; return what is to be done with which."""
    masked: dict[str, str] = {}
    fresh = source_of(dataset) is not None
    options = {"tokenise": _("Tokenise"), "drop": _("Drop"), "keep": _("Keep")}
    for name, what in personal.items():
        with st.container(border=True):
            words = _("{column} looks personal ({what}).")
            told = _(PERSONAL.get(what, what))
            st.markdown(words.format(column=f"**{plain(name)}**", what=told))
            choice = st.segmented_control(
                _("What to do"),
                list(options),
                format_func=options.__getitem__,
                default="tokenise" if fresh else "keep",
                key=f"check_mask_{dataset.path.name}_{name}",
                label_visibility="collapsed",
                disabled=not fresh,
            )
            if choice in ("tokenise", "drop"):
                masked[name] = choice
    return masked


def _missing(dataset: Dataset) -> list[str]:
    """Ask which words stand for a missing value; return those that are ticked."""
    proposed = dataset.source.get("na_proposed") or {}
    if not proposed:
        return []
    with st.container(border=True):
        st.markdown(_("These words may stand for a missing value. Tick those that do."))
        return st.pills(
            _("Missing values"),
            list(proposed),
            format_func=plain,
            selection_mode="multi",
            key=f"check_na_{dataset.path.name}",
            label_visibility="collapsed",
            disabled=source_of(dataset) is None,
        )


def _rejected(dataset: Dataset) -> bool:
    """Offer the rows that could not be read; return whether there are any."""
    rejects = dataset.path / "rejects.csv"
    if not rejects.exists():
        return False
    with st.container(border=True):
        words = counted(
            "1 row could not be read; it is left out.",
            "{n} rows could not be read; they are left out.",
            dataset.source["rejected_rows"],
        )
        st.markdown(words)
        download_button(_("Download these rows"), rejects, key="check_rejects")
    return True
