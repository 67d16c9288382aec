"""The Plan page: ticks, settings, price, start."""

from importlib.util import find_spec
from itertools import groupby

import pytest
import torch
from page_reading import shown, widget

from app.components.plan_begun import compared_facts
from app.components.plan_pick import ordered
from rebal_core.classifiers.tabicl import NAMED
from rebal_core.data.samples import open_sample
from rebal_core.files import remove
from rebal_core.strategies import STRATEGIES
from rebal_core.wording import Unsuitable


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Plan the comparison", "arms ×")), ("zh", ("设计对比方案", "个组合 ×"))],
)
def test_the_page_opens_with_the_quick_plan(run_page, language, words):
    app = run_page("plan", language)
    text = shown(app)
    assert all(word in text for word in words)
    ticked = {b.key for b in app.checkbox if b.value}
    assert ticked == {"plan_tick_random_over", "plan_tick_random_under", "plan_tick_smote"}


def test_a_tick_makes_the_plan_mine_and_dearer(run_page):
    app = run_page("plan")
    before = widget(app.button, "plan_start").label
    widget(app.checkbox, "plan_tick_balanced_random_forest").check().run()
    assert widget(app.button_group, "plan_mode").value == "mine"
    assert widget(app.button, "plan_start").label != before
    widget(app.button_group, "plan_mode").set_value("quick").run()
    assert not widget(app.checkbox, "plan_tick_balanced_random_forest").value
    assert widget(app.button, "plan_start").label == before


@pytest.mark.parametrize(("text", "names"), [("随机欠采样", ["random_under"]), ("qwertyuiop", [])])
def test_the_search_knows_the_words_of_articles(run_page, text, names):
    app = run_page("plan")
    before = widget(app.button, "plan_start").label
    widget(app.text_input, "plan_search").set_value(text).run()
    shown(app)
    assert [b.key for b in app.checkbox] == [f"plan_tick_{n}" for n in names]
    assert widget(app.button, "plan_start").label == before


def test_what_a_fold_is_too_small_for_is_told_on_the_list(tmp_path):
    """105 rows are enough for a generator; the 84 that a fold learns from are not."""
    facts = compared_facts(open_sample("card_fraud", tmp_path))
    assert "100 training rows" in STRATEGIES["cgan"].reason(facts).render()
    assert STRATEGIES["arf"].reason(facts) is None


@pytest.mark.parametrize("text", ["threshold", "调阈值"])
def test_the_search_finds_what_is_always_in_and_says_so(run_page, text):
    app = run_page("plan", "zh")
    ticks = {b.key for b in app.checkbox if b.value}
    widget(app.text_input, "plan_search").set_value(text).run()
    box = widget(app.checkbox, "plan_tick_threshold")
    assert box.value
    assert box.disabled
    assert "它始终参与比较" in shown(app)
    widget(app.text_input, "plan_search").set_value("").run()
    assert {b.key for b in app.checkbox if b.value} == ticks


def test_boxes_that_a_search_has_hidden_tick_nothing_when_they_are_told_once_more(run_page):
    app = run_page("plan")
    gone = widget(app.checkbox, "plan_tick_random_over").uncheck()
    app.run()
    hidden = [b._widget_state for b in app.checkbox]
    widget(app.text_input, "plan_search").set_value("smote").run()
    states = app._tree.get_widget_states()
    now = {state.id for state in states.widgets}
    late = [state for state in hidden if state.id not in now]
    assert gone.id in {state.id for state in late}
    # A browser sends these when somebody types before it was told that the boxes are gone.
    states.widgets.extend(late)
    app._run(states)
    shown(app)
    widget(app.text_input, "plan_search").set_value("").run()
    ticked = {b.key for b in app.checkbox if b.value}
    assert ticked == {"plan_tick_random_under", "plan_tick_smote"}


def test_a_ratio_changes_the_rows_at_once_and_reaches_the_plan(run_page, finished):
    app = run_page("plan")
    rows = widget(app.dataframe, "plan_random_over_rows").value
    assert list(rows["after"]) == [216, 216]
    widget(app.number_input, "plan_random_over_ratio").set_value(0.5).run()
    shown(app)
    rows = widget(app.dataframe, "plan_random_over_rows").value
    assert list(rows["after"]) == [216, 108]
    widget(app.button, "plan_start").click().run()
    newest = finished.store.runs()[0]
    finished.store.cancel_run(newest.run)
    arms = {a["strategy"]: dict(a["params"]) for a in newest.plan["arms"]}
    assert arms["random_over"] == {"ratio": 0.5}
    assert arms["smote"] == {}


def test_what_cannot_work_is_told_and_start_is_off(run_page):
    app = run_page("plan")
    widget(app.button_group, "plan_split").set_value("time").run()
    assert widget(app.button, "plan_start").disabled
    assert "time column" in shown(app)


def test_a_model_that_cannot_work_here_says_what_it_wants(run_page, monkeypatch):
    monkeypatch.setenv("REBAL_TABICL", "/no/such/file")
    app = run_page("plan")
    assert "/no/such/file" not in shown(app)
    widget(app.button_group, "plan_models").set_value(["logistic", "tabicl"]).run()
    told = "/no/such/file" if find_spec("tabicl") else "is not installed"
    assert told in shown(app)
    assert not widget(app.button, "plan_start").disabled, "the other model can"
    widget(app.button_group, "plan_models").set_value(["tabicl"]).run()
    assert told in shown(app)


def test_the_file_that_a_model_lacks_is_named_there(run_page, finished, monkeypatch, tmp_path):
    pytest.importorskip("tabicl", reason="needs the extra “tabicl”")
    monkeypatch.delenv("REBAL_TABICL", raising=False)
    config = {"config": {"max_classes": 3}, "state_dict": {}}
    torch.save(config, tmp_path / "tabicl.ckpt")
    app = run_page("plan")
    widget(app.button_group, "plan_models").set_value(["tabicl"]).run()
    assert "needs its checkpoint" in shown(app)
    for path, told in ((tmp_path / "none", "is no checkpoint"), (tmp_path / "tabicl.ckpt", "")):
        widget(app.text_input, "plan_path_tabicl").set_value(str(path))
        widget(app.button, "FormSubmitter:plan_file_tabicl").click().run()
        assert told in shown(app)
    assert "checkpoint" not in shown(app)
    remove(finished.store.home.path / NAMED)


def test_a_goal_fills_metric_and_rule(run_page, finished):
    app = run_page("plan")
    widget(app.selectbox, "plan_goal").set_value("ads").run()
    assert widget(app.selectbox, "plan_metric").value == "log_loss"
    assert widget(app.selectbox, "plan_rule").value == "none"
    finished.store.dataset(finished.dataset).with_goal("find_rare")


def test_rows_after_follow_the_parameters():
    counts = (1000, 100, 4)
    assert STRATEGIES["random_over"].with_params({"ratio": 0.5}).counts_after(counts) == (
        1000, 500, 500,
    )  # fmt: skip
    assert STRATEGIES["random_under"].counts_after(counts) == (4, 4, 4)
    assert STRATEGIES["class_weight"].counts_after(counts) == counts
    asked = STRATEGIES["smote"].with_params({"counts": {2: 60}})
    assert asked.counts_after(counts)[2] == 60
    with pytest.raises(Unsuitable, match="cannot take a class of 100 rows down to 5"):
        STRATEGIES["smote"].with_params({"counts": {1: 5}}).counts_after(counts)


def test_origin_of_made_rows():
    names = ("none", "random_over", "smote", "random_under")
    made = {name: STRATEGIES[name].makes for name in names}
    assert made == {
        "none": "original",
        "random_over": "duplicate",
        "smote": "interpolated",
        "random_under": "original",
    }


@pytest.mark.parametrize(
    ("owner", "columns"),
    [
        ("smote", ["label", "now", "after", "made", "k"]),
        ("smote_tomek", ["label", "now", "after", "made", "k"]),
        ("enn", ["label", "now"]),
    ],
)
def test_rows_that_nobody_can_foretell_are_not_foretold(owner, columns, run_page):
    app = run_page("plan")
    widget(app.checkbox, f"plan_tick_{owner}").check().run()
    widget(app.selectbox, "plan_settings_").set_value(owner).run()
    editor = widget(app.dataframe, f"plan_{owner}_rows")
    assert list(editor.proto.column_order) == columns
    exact = owner == "smote"
    assert ("Rows after" in editor.proto.columns) == exact
    assert ("depends on where they lie" in shown(app)) != exact


def test_a_strategy_stands_below_the_rival_that_it_has_to_beat():
    names = [s.name for s in ordered(list(STRATEGIES))]
    rivals = {s.name: s.rival for s in STRATEGIES if s.rival}
    assert "transfer" in rivals
    for name, rival in rivals.items():
        if STRATEGIES[name].family == STRATEGIES[rival].family:
            between = names[names.index(rival) + 1 : names.index(name)]
            assert names.index(rival) < names.index(name)
            assert {rivals.get(other) for other in between} <= {rival}
    families = [STRATEGIES[name].family for name in names]
    assert [family for family, _ in groupby(families)] == list(dict.fromkeys(families))
