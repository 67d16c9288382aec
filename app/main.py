"""The frame around every page: navigation, theme, context bar."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.components.frame import context_bar, page_style
from app.components.states import tell_absent
from app.i18n import _, choose_language
from app.state import settle, turn_to

HERE = Path(__file__).resolve().parent
VIEWS = HERE / "views"

dark = st.context.theme.type == "dark"
# A picture as page icon: a Material icon would be fetched from a foreign host.
st.set_page_config(page_title="Rebal", page_icon=str(HERE / "static" / "icon.png"), layout="wide")
choose_language()
page_style(dark=dark)
st.logo(str(HERE / "static" / ("logo_dark.svg" if dark else "logo_light.svg")), size="medium")
pages = [
    st.Page(VIEWS / "data.py", title=_("1 Data"), default=True),
    st.Page(VIEWS / "skew.py", title=_("2 Skew")),
    st.Page(VIEWS / "plan.py", title=_("3 Plan")),
    st.Page(VIEWS / "run.py", title=_("4 Run")),
    st.Page(VIEWS / "compare.py", title=_("5 Compare")),
    st.Page(VIEWS / "explain.py", title=_("6 Explain")),
    st.Page(VIEWS / "export.py", title=_("7 Export")),
    st.Page(VIEWS / "lists.py", title=_("Lists")),
    st.Page(VIEWS / "runs.py", title=_("Runs")),
    st.Page(VIEWS / "help.py", title=_("Help")),
]
page = st.navigation(pages, position="top")
turn_to(page.url_path)
of_run = page.url_path in ("run", "compare", "explain", "export")
settle(shows=of_run or page.url_path in ("skew", "plan", "lists"), of_run=of_run)
context_bar(
    without_run=page.url_path in ("", "data", "lists", "runs", "help"),
    chosen_only=page.url_path == "plan",
)
tell_absent(of_run=of_run)
page.run()
