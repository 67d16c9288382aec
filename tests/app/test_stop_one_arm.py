"""On the Run page one arm is stopped, and the comparison goes on without it."""

from dataclasses import replace

import pytest
from page_reading import shown, widget

from rebal_core.experiment.live_run import take_up
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.results import report
from rebal_core.store.ledger import Ledger


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Stopped by the user"), ("zh", "由用户停止")]
)
def test_one_arm_is_stopped_and_told_as_left_out(run_page, finished, language, words):
    store = finished.store
    plan = Plan.from_dict(store.run(finished.run).plan)
    seed = 7 if language == "en" else 8
    plan = replace(plan, protocol=replace(plan.protocol, seed=seed, folds=2))
    run = store.add_run("compare", plan.to_dict(), dataset=finished.dataset, version="x")
    assert take_up(store, Ledger(store), run, gpus=False) is not None
    app = run_page("run", language, run=str(run))
    widget(app.selectbox, "run_arm").set_value("smote/logistic")
    widget(app.button, "run_stop_arm").click().run()
    assert not app.exception
    assert store.stopped_arms(run) == {"smote/logistic"}
    assert words in shown(app)
    finished.work()
    told = {arm["arm"]: arm for arm in report(store, run)["arms"]}
    assert (told["smote/logistic"]["status"], told["smote/logistic"]["reason"]) == (
        "skipped", "Stopped by the user.")  # fmt: skip
    assert told["random_under/logistic"]["verdict"] is not None
    assert words in shown(run_page("compare", language, run=str(run)))


@pytest.mark.parametrize("done", [0, 1, 3])
def test_what_is_kept_of_a_cancelled_run_is_told_and_for_what(run_page, finished, done):
    store = finished.store
    plan = Plan.from_dict(store.run(finished.run).plan)
    plan = replace(plan, protocol=replace(plan.protocol, seed=20 + done, folds=2))
    run = store.add_run("compare", plan.to_dict(), dataset=finished.dataset, version="x")
    ledger = Ledger(store)
    assert take_up(store, ledger, run, gpus=False) is not None
    for key in store.cells(run)["key"].unique()[:done]:
        ledger.set_task([run], key, state="done")
    cells = int((store.cells(run)["state"] == "done").sum())
    before = shown(run_page("run", run=str(run)))
    store.cancel_run(run)
    after = shown(run_page("run", run=str(run)))
    for told in (before, after):
        assert ("same plan" in told) == bool(done)
        assert "0 finished" not in told
        assert "1 finished cells" not in told
    if done:
        assert f"{cells} finished cell" in before
    else:
        assert "No cell is finished yet" in before
        assert "cancelled before a cell was finished" in after


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_comparison_of_which_every_arm_was_stopped_is_told(run_page, finished, language):
    store = finished.store
    plan = Plan.from_dict(store.run(finished.run).plan)
    plan = replace(plan, protocol=replace(plan.protocol, seed=9, folds=2))
    run = store.add_run("compare", plan.to_dict(), dataset=finished.dataset, version="x")
    for arm in plan.arms:
        assert take_up(store, Ledger(store), run, gpus=False) is not None
        store.stop_arm(run, arm.name)
    finished.work()
    assert report(store, run)["verdict"]["code"] == "NO_VERDICT"
    app = run_page("compare", language, run=str(run))
    assert not app.exception
    assert "fault of ours" not in shown(app)
    assert ("no untreated model ran to the end" if language == "en" else "未处理") in shown(app)
    for words in ("fewer than 10 rows", "不足 10 行"):
        assert words not in shown(app)
    for view in ("explain", "export", "run"):
        assert not run_page(view, language, run=str(run)).exception
