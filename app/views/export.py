"""Leave with files that can be defended, and score new rows."""

from app.components.export_cards import arm_picker, export_cards, export_sentence
from app.components.export_more import more_rows_card
from app.components.judged import require_evaluation
from app.components.score import score_card
from app.components.states import empty, headline, require_run
from app.components.verdict import not_finished
from app.i18n import _

run = require_run()
if run.state != "done":
    not_finished(run)
evaluation = require_evaluation(run)
if not evaluation.scores:
    empty(_("No arm of this run came to its end; there is nothing to export."), _("Runs"), "runs")
headline(_("Take it with you"), export_sentence(run.run))
arm = arm_picker(evaluation)
export_cards(run.run, evaluation, arm)
more_rows_card(run.run, arm)
score_card(run.run, evaluation, arm)
