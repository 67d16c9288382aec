"""Get a table in, honestly read."""

import streamlit as st

from app.components.home import confirm, dataset_table, sample_cards, unanswered
from app.components.intake import check_page
from app.components.lost import lost_and_trash
from app.components.reading import reading, take_upload
from app.components.states import headline
from app.components.upload import drop_zone
from app.i18n import _

checking = st.query_params.get("check")
if checking:
    check_page(checking)
    st.stop()

headline(
    _("Does rebalancing help your rare class?"),
    _(
        "Open a table in which the class that matters is rare. See how skewed it is, compare "
        "remedies on rows they have never seen, and take away the balanced data and the model."
    ),
    large=True,
)
parts = st.grid(5, min_column_width=240, gap=("small", "medium"))
with parts.cell(column_span=2):
    st.subheader(_("Your table"), anchor=False)
    if not reading("data", confirm):
        upload = drop_zone("data_upload")
        if upload is not None:
            take_upload(upload, "data")
    st.caption(
        _(
            "Encodings (UTF-8, GB18030, Big5, …), separators and dates are recognised and shown "
            "for you to confirm. E-mail addresses, phone and ID numbers are pointed out first."
        )
    )
with parts.cell(column_span=3):
    st.subheader(_("Or start with a sample"), anchor=False)
    sample_cards()
unanswered()
dataset_table()
lost_and_trash()
