"""A page judges nothing itself: it reads what the run keeps, or lets the engine make it."""

import shutil

import pytest
from page_reading import shown, widget

from rebal_core.experiment import results
from rebal_core.experiment.tasks import judging


@pytest.fixture
def older(finished):
    """The finished run as an older Rebal left it: with its report alone."""
    folder = finished.store.home.run_folder(finished.run)
    results.report(finished.store, finished.run)
    for name in ("evaluation", "curves"):
        shutil.rmtree(folder / name)
    yield finished
    finished.work()
    results.evaluation(finished.store, finished.run)


@pytest.mark.parametrize(
    ("view", "language", "words"),
    [("compare", "en", "Judging the comparison again"), ("export", "zh", "正在重新评判"),
     ("explain", "en", "Judging the comparison again")],
)  # fmt: skip
def test_a_run_without_its_evaluation_opens_once_the_engine_has_made_it(
    run_page, older, view, language, words
):
    told = results.report(older.store, older.run)
    app = run_page(view, language)
    assert words in shown(app) + "".join(p.proto.text for p in app.get("progress"))
    assert not app.dataframe
    (task,) = [r for r in older.store.runs("judge") if r.live]
    older.work()
    assert older.store.run(task.run).state == "done"
    app.run()
    assert not app.exception
    assert results.report(older.store, older.run)["arms"] == told["arms"]
    if view == "compare":
        assert len(widget(app.dataframe, "compare_arms").value) == len(told["arms"])
    run_page("compare")
    assert not [r for r in older.store.runs("judge") if r.live]


def test_curves_of_a_class_that_was_not_drawn_are_made_when_it_is_chosen(run_page, finished):
    told = results.evaluation(finished.store, finished.run)
    other = 1 - told.positive
    folder = finished.store.home.run_folder(finished.run) / "curves" / str(other)
    before = results.stored_curves(finished.store, finished.run, other)
    shutil.rmtree(folder)
    app = run_page("compare")
    widget(app.button_group, "compare_view").set_value("curves").run()
    widget(app.button_group, "compare_class").set_value(other).run()
    text = shown(app) + "".join(p.proto.text for p in app.get("progress"))
    assert f"Counting for the curves of “{told.classes[other]}”" in text
    assert "verdict" not in widget(app.dataframe, "compare_arms").value
    finished.work()
    app.run()
    assert not app.exception
    assert folder.exists()
    again = results.stored_curves(finished.store, finished.run, other)
    for arm in before.arms:
        assert again.grid(arm).equals(before.grid(arm))


def test_of_very_many_classes_the_worst_are_drawn_at_once(finished, monkeypatch):
    told = results.evaluation(finished.store, finished.run)
    assert judging.drawn_classes(told) == [told.positive, 1 - told.positive]
    monkeypatch.setattr("rebal_core.experiment.judged.MOST_DRAWN", 1)
    assert judging.drawn_classes(told) == [told.focus]
