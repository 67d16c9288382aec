"""See that it lives, how long it still takes, and leave."""

import streamlit as st

from app.components.run_live import live_run
from app.components.states import require_run
from app.state import store

run = require_run()
active = store().run(run.run).live
st.fragment(live_run, run_every=3 if active else None)(run.run)
