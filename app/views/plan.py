"""Choose what to compare, and see price and power before paying."""

import streamlit as st

from app.components.plan_judge import judge_by, start
from app.components.plan_list import remedies
from app.components.plan_settings import models, settings
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
grid = st.grid(4, min_column_width=250, gap=("medium", "small"), dense=True)
with grid.cell():
    st.subheader(_("Remedies"), anchor=False)
    mode, ticked = remedies(identifier, dataset)
middle = grid.cell(column_span=2)
with grid.cell(), st.container(border=True):
    protocol = judge_by(identifier, dataset)
    bottom = st.container()
with middle:
    box = st.container()
    classifiers = models(identifier)
with box:
    params = settings(identifier, dataset, ticked, classifiers, protocol["folds"])
with bottom:
    # The quick plan may trim the usual models.
    usual = set(classifiers) == set(CLASSIFIERS_BY_DEFAULT)
    quick = mode == "quick" and not params and usual
    wishes = {
        "strategies": "quick" if quick else ticked,
        "classifiers": None if usual else classifiers,
        "params": params,
        **protocol,
    }
    start(identifier, dataset, wishes)
