"""What a lost database does not know any more, and the trash, which a person empties here."""

from __future__ import annotations

import streamlit as st

from app.components.states import told
from app.components.texts import plain
from app.i18n import _, sentence
from app.state import store
from rebal_core.store.recovery import lost_sentence
from rebal_core.store.trash import empty, look_into


def lost_and_trash() -> None:
    """Tell of lost runs and of the trash; nothing where there is neither."""
    home = store().home
    lost, trash = store().lost_runs(), look_into(home)
    if lost:
        with st.container(border=True):
            st.markdown(f":material/info: {plain(sentence(lost_sentence(lost, home)), 600)}")
    if not trash.things:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(plain(sentence(trash.sentence()), 600))
        with st.popover(_("Empty the trash"), type="tertiary"):
            st.markdown(_("This removes for good what lies in the trash."))
            if st.button(_("Remove for good"), key="trash_empty"):
                with told():
                    empty(home)
                    st.rerun()
