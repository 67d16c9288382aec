"""The word one did not know, in two lines."""

import streamlit as st

from app.components.help_parts import PARTS, answers, part
from app.components.states import headline
from app.i18n import _

headline(_("Help"), _("Short answers first; papers when you open them."))
wanted = st.text_input(
    _("Search"),
    value=st.query_params.get("q", ""),
    key="help_q",
    type="search",
    placeholder=_("Ask for a term: threshold, SMOTE, average precision …"),
    label_visibility="collapsed",
    width=560,
)
if wanted:
    st.query_params["q"] = wanted
    answers(wanted)
else:
    st.query_params.pop("q", None)
    chosen = st.pills(
        _("Part"),
        list(PARTS),
        format_func=lambda name: _(PARTS[name]),
        default="verdict",
        key="help_part",
        label_visibility="collapsed",
        required=True,
    )
    part(str(chosen))
