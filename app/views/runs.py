"""Every job, found again."""

from app.components.lost import lost_and_trash
from app.components.runs_table import runs_table
from app.components.states import empty, headline
from app.i18n import _
from app.state import store

if not store().runs(None):
    lost_and_trash()
    empty(_("No runs yet."), _("Open a sample"), "data")
headline(_("Runs"), _("Runs survive a closed page, a restart and a crash."))
runs_table()
lost_and_trash()
