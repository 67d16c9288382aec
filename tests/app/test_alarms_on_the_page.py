"""An alarm stands below the verdict, and two clicks answer it."""

from dataclasses import replace

import pytest
from page_reading import shown, widget

from rebal_core.evaluation.conditions import ALARM_CODES
from rebal_core.experiment.judged import save_evaluation
from rebal_core.experiment.results import report, stored_evaluation

LEAK = {
    "code": "single_feature",
    "column": "amount",
    "labels": ["rare"],
    "auc": 0.995,
    "weighs": True,
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("view", ["compare", "export", "explain"])
def test_no_code_of_an_alarm_is_read_on_a_page(run_page, leaking, view, language):
    text = shown(run_page(view, language))
    assert not [code for code in ALARM_CODES if code in text]


@pytest.fixture
def leaking(finished):
    """The finished run as if “amount” gave the answer away; as it was before afterwards."""
    folder = finished.store.home.run_folder(finished.run)
    before = stored_evaluation(finished.store, finished.run)
    dataset = finished.store.dataset(finished.dataset)
    save_evaluation(folder, replace(before, facts={**before.facts, "alarms": [LEAK]}))
    (folder / "report.json").unlink(missing_ok=True)
    yield finished
    save_evaluation(folder, before)
    (folder / "report.json").unlink(missing_ok=True)
    dataset.save()


@pytest.mark.parametrize(
    ("language", "clause"),
    [
        ("en", "provided that “amount” is known before the event"),
        ("zh", "前提是“amount”在事件发生"),
    ],
)
def test_one_click_answers_a_conditional_verdict(run_page, leaking, language, clause):
    app = run_page("compare", language)
    assert clause in shown(app)
    assert (
        clause[:8] in report(leaking.store, leaking.run)["verdict"]["sentence"] or language == "zh"
    )
    widget(app.button, "compare_trust_0").click().run()
    assert not app.exception
    assert clause not in shown(app)
    assert not any(b.key == "compare_trust_0" for b in app.button)
    assert leaking.store.dataset(leaking.dataset).trusted == ("amount",)
    told = report(leaking.store, leaking.run)
    assert "Taken as known before the event: “amount”." in told["verdict"]["sentence"]
    assert "you said" in told["alarms"][0]["message"]


def test_another_click_leaves_the_column_out_and_runs_again(run_page, leaking):
    app = run_page("compare")
    widget(app.button, "compare_drop_0").click().run()
    newest = leaking.store.runs()[0]
    assert newest.run != leaking.run
    roles = {c["name"]: c["role"] for c in newest.plan["schema"]["columns"]}
    assert roles["amount"] == "ignore"
    assert leaking.store.dataset(leaking.dataset).schema["amount"].role == "feature"
    leaking.store.cancel_run(newest.run)
