"""Choose what to compare, and see price and power before paying."""

import streamlit as st

from app.components.plan_begun import begun, quick_settings
from app.components.plan_combine import combine_dialog
from app.components.plan_effect import rows_now, show_effect
from app.components.plan_judge import judge_by, start
from app.components.plan_list import remedies
from app.components.plan_saved import asked_of_saved
from app.components.plan_settings import models, settings
from app.components.plan_side_by_side import show_side_by_side
from app.components.states import empty, headline, require_dataset
from app.i18n import _
from rebal_core.experiment.arms import CLASSIFIERS_BY_DEFAULT

identifier, dataset = require_dataset()
if dataset.schema.target is None or len(dataset.labels().classes) < 2:
    empty(_("This table has no target with two classes yet."), _("Choose the target"), "data")
headline(
    _("Plan the comparison"),
    _("Start from the quick plan; add what you want to know. Nothing is trained before Start."),
)
first = begun(identifier, dataset)
grid = st.grid(4, min_column_width=250, gap=("medium", "small"), dense=True)
with grid.cell():
    st.subheader(_("Remedies"), anchor=False)
    mode, ticked = remedies(first, dataset)
middle = grid.cell(column_span=2)
with grid.cell(), st.container(border=True):
    protocol = judge_by(first, dataset)
    bottom = st.container()
with middle:
    box = st.container()
    classifiers = models(first.place, first.classifiers)
    below = st.container()
# The quick plan may trim the usual models, and set a ratio: both are shown as they will be.
usual = set(classifiers) == set(CLASSIFIERS_BY_DEFAULT)
trimmed = quick_settings(identifier, dataset, protocol) if usual and mode == "quick" else {}
with box:
    now = rows_now(identifier, dataset, protocol)
    params, opened = settings(first.place, dataset, ticked, classifiers, now, trimmed)
with bottom:
    quick = mode == "quick" and not params and usual
    if not quick:
        params = {n: {**trimmed.get(n, {}), **params.get(n, {})} for n in {*trimmed, *params}}
    wishes = {
        "strategies": "quick" if quick else "all" if mode == "all" else ticked,
        "classifiers": None if usual else classifiers,
        "params": params,
        "saved": asked_of_saved(ticked),
        **protocol,
    }
    start(identifier, dataset, wishes)
with below:
    show_effect(identifier, dataset, opened, protocol)
    show_side_by_side(identifier, dataset, ticked, protocol)
combine_dialog(first.place, dataset, protocol)
