"""How rare, where, and is the table fit to judge anything."""

import streamlit as st

from app.components.behaviour_panels import behaviour
from app.components.lists_asked import rank_button
from app.components.skew_checks import advice, checks
from app.components.skew_head import compare_button, goal_picker, key_figures, skew_headline
from app.components.skew_panels import VIEWS, panel, views
from app.components.states import require_dataset
from app.i18n import _

identifier, dataset = require_dataset()
head, action = st.columns([3, 1], gap="large")
with head:
    facts = skew_headline(identifier, dataset)
with action:
    if "focus" in facts:
        compare_button(identifier, dataset)
    rank_button(identifier)
if "focus" not in facts:
    behaviour(identifier, dataset, None)
    st.stop()
key_figures(facts)
parts = st.grid(7, min_column_width=150, gap=("small", "medium"), key="skew_parts")
with parts.cell(column_span=5, row_span=2):
    with st.container(horizontal=True, vertical_alignment="center"):
        view = st.segmented_control(
            _("View"),
            views(dataset),
            format_func=lambda name: _(VIEWS[name]),
            default="overview",
            key="skew_view",
            label_visibility="collapsed",
        )
        st.space("stretch")
        goal_picker(dataset, facts["task"])
    panel(view or "overview", identifier, dataset, facts)
with parts.cell(column_span=2):
    checks(identifier)
with parts.cell(column_span=2):
    advice(facts)
