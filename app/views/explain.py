"""What do the models go by, for any two arms side by side."""

from app import run_cache
from app.components.explain_panels import panels
from app.components.explain_pick import pick_pair
from app.components.judged import require_evaluation
from app.components.states import empty, require_run
from app.components.verdict import not_finished
from app.i18n import _

run = require_run()
if run.state != "done":
    not_finished(run)
evaluation = require_evaluation(run)
if not any(arm.status == "done" and not arm.dummy for arm in evaluation.arms):
    empty(_("No arm of this run came to its end; there is nothing to explain."), _("Runs"), "runs")
pair, view = pick_pair(run.run, evaluation)
if pair is not None:
    panels(pair, run_cache.run_dataset(run.run), view)
