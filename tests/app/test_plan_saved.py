"""Strategies of the user's own on the Plan page: combined, saved, ticked, renamed, removed."""

import json

import pytest
from page_reading import shown, widget

from rebal_core.experiment.sizes import facts_of
from rebal_core.strategies import STRATEGIES, saved_strategies
from rebal_core.strategies.saved import (
    FILE,
    remove_strategy,
    rename_strategy,
    save_strategy,
)

LANGUAGES = ["en", pytest.param("zh", marks=pytest.mark.slow)]


@pytest.fixture(autouse=True)
def _clean(finished):
    yield
    (finished.home / FILE).unlink(missing_ok=True)


def keys(elements):
    return {str(e.key) for e in elements}


def combined(app, *names):
    """Open the dialog and tick these."""
    widget(app.button, "plan_combine").click().run()
    for name in names:
        widget(app.checkbox, f"combine_tick_{name}").check().run()
    return app


def test_families_are_headings_with_their_counts(run_page, finished):
    app = run_page("plan")
    opened = finished.store.dataset(finished.dataset)
    facts = facts_of(opened, opened.schema)
    labels = [e.label for e in app.expander]
    sizes = {
        f: sum(s.family == f and s.reason(facts) is None for s in STRATEGIES)
        for f in ("over", "under", "ensemble")
    }
    for words, n, of in (
        ("Over-sampling", 2, sizes["over"]),
        ("Under-sampling", 1, sizes["under"]),
        ("Ensembles", 0, sizes["ensemble"]),
    ):
        assert any(words in label and f"{n} of {of}" in label for label in labels), labels
    widget(app.button_group, "plan_mode").set_value("all").run()
    assert any(f"{sizes['over']} of {sizes['over']}" in e.label for e in app.expander)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("合成少数类过采样", "smote"),
        ("类别加权", "class_weight"),
        ("undersampling", "random_under"),
        ("brf", "balanced_random_forest"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_dialog_finds_in_both_languages(run_page, language, text, name):
    app = combined(run_page("plan", language))
    widget(app.text_input, "combine_search").set_value(text).run()
    shown(app)
    assert f"combine_tick_{name}" in keys(app.checkbox)


def test_a_tick_shows_the_settings_and_keeps_them_in_view(run_page):
    app = run_page("plan")
    widget(app.checkbox, "plan_tick_enn").check().run()
    assert widget(app.selectbox, "plan_settings_of").value == "enn"
    widget(app.checkbox, "plan_tick_random_over").uncheck().run()
    assert widget(app.selectbox, "plan_settings_of").value == "enn"
    widget(app.checkbox, "plan_tick_enn").uncheck().run()
    assert widget(app.selectbox, "plan_settings_of").value == "random_under"
    shown(app)


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_remedies_are_combined_with_their_settings_and_saved(run_page, finished, language):
    app = run_page("plan", language)
    widget(app.selectbox, "plan_settings_of").set_value("smote").run()
    widget(app.number_input, "plan_smote_k_neighbors").set_value(7).run()
    combined(app, "smote", "tomek")
    assert widget(app.radio, "combine_order").value == "smote+tomek"
    widget(app.radio, "combine_order").set_value("tomek+smote").run()
    text = shown(app).replace("\\", "")
    assert "JAIR 16" in text
    assert "IEEE Trans. SMC 6" in text
    widget(app.text_input, "combine_name").set_value("mine").run()
    widget(app.button, "combine_save").click().run()
    shown(app)
    (one,) = saved_strategies(finished.home).strategies
    assert (one.name, one.made_of, dict(one.params)) == ("mine", "tomek+smote", {"k_neighbors": 7})
    assert "combine_save" not in keys(app.button)
    assert widget(app.checkbox, "plan_tick_mine").value
    assert widget(app.button_group, "plan_mode").value == "mine"
    assert widget(app.selectbox, "plan_settings_of").value == "mine"
    assert widget(app.number_input, "plan_mine_k_neighbors").value == 7
    widget(app.number_input, "plan_mine_ratio").set_value(0.5).run()
    widget(app.button, "plan_start").click().run()
    newest = finished.store.runs()[0]
    finished.store.cancel_run(newest.run)
    arms = {a["strategy"]: dict(a["params"]) for a in newest.plan["arms"]}
    assert arms["tomek+smote"] == {"k_neighbors": 7, "ratio": 0.5}
    assert arms["smote"] == {"k_neighbors": 7}


def test_what_cannot_be_combined_is_greyed_with_its_reason(run_page):
    app = combined(run_page("plan"), "smote")
    boxes = {b.key: b for b in app.checkbox}
    assert boxes["combine_tick_adasyn"].disabled
    assert not boxes["combine_tick_smote"].disabled
    assert not boxes["combine_tick_enn"].disabled
    assert "made once, cut once" in shown(app)
    combined_twice = widget(app.checkbox, "combine_tick_enn").check().run()
    widget(combined_twice.checkbox, "combine_tick_class_weight").check().run()
    assert "Three are chosen" in shown(app)
    boxes = {b.key: b for b in app.checkbox if str(b.key).startswith("combine_tick")}
    free = {key for key, box in boxes.items() if not box.disabled}
    assert free == {"combine_tick_smote", "combine_tick_enn", "combine_tick_class_weight"}


@pytest.mark.parametrize(
    ("name", "words"),
    [("smote", "something else"), ("My own", "cannot be a name"), ("过采样", "cannot be a name")],
)
def test_a_name_that_cannot_be_is_told_as_soon_as_it_is_typed(run_page, finished, name, words):
    app = combined(run_page("plan"), "tomek")
    assert "Small letters a to z" in shown(app)
    assert not widget(app.button, "combine_save").disabled
    widget(app.text_input, "combine_name").set_value(name).run()
    assert words in shown(app).replace("\\", "")
    assert widget(app.button, "combine_save").disabled
    widget(app.text_input, "combine_name").set_value("mine").run()
    assert not widget(app.button, "combine_save").disabled
    assert saved_strategies(finished.home).strategies == ()


def test_a_name_is_proposed_and_one_of_mine_is_replaced_on_purpose(run_page, finished):
    app = combined(run_page("plan"), "tomek")
    assert "my_tomek" in widget(app.button, "combine_save").label.replace("\\", "")
    widget(app.button, "combine_save").click().run()
    assert saved_strategies(finished.home).named("my_tomek").made_of == "tomek"
    combined(app, "enn")
    widget(app.text_input, "combine_name").set_value("my_tomek").run()
    assert widget(app.button, "combine_save").label == "Replace"
    widget(app.button, "combine_save").click().run()
    assert saved_strategies(finished.home).named("my_tomek").made_of == "enn"


@pytest.mark.parametrize("language", LANGUAGES)
def test_mine_is_renamed_removed_and_brought_back(run_page, finished, language):
    save_strategy("mine", "tomek+smote", {"k_neighbors": 3}, home=finished.home)
    app = run_page("plan", language)
    widget(app.checkbox, "plan_tick_mine").check().run()
    save_strategy("taken", "enn", home=finished.home)
    assert widget(app.button, "plan_rename_mine").disabled
    for name in ("smote", "我的", "taken"):
        widget(app.text_input, "plan_name_mine").set_value(name).run()
        assert name in shown(app)
        assert widget(app.button, "plan_rename_mine").disabled
    remove_strategy("taken", home=finished.home)
    widget(app.text_input, "plan_name_mine").set_value("other").run()
    widget(app.button, "plan_rename_mine").click().run()
    assert widget(app.checkbox, "plan_tick_other").value
    assert "plan_tick_mine" not in keys(app.checkbox)
    widget(app.button, "plan_remove_other").click().run()
    shown(app)
    assert "plan_tick_other" not in keys(app.checkbox)
    assert saved_strategies(finished.home).strategies == ()
    widget(app.button, "plan_undo").click().run()
    assert widget(app.checkbox, "plan_tick_other").value
    assert saved_strategies(finished.home).named("other").params == {"k_neighbors": 3}
    assert "plan_undo" not in keys(app.button)


def test_no_tooltip_lies_over_what_a_click_on_a_name_opens(run_page, finished):
    app = run_page("plan")
    names = [b for b in app.button if b.key.startswith("plan_show_")]
    assert len(names) > 20
    assert not any(b.help for b in names)
    helps = [m.help for m in app.markdown]
    assert sum("JAIR 16" in text for text in helps) >= 1


def test_mine_of_another_table_or_version_is_greyed_with_its_reason(run_page, finished):
    save_strategy("mine", "smote", {"counts": {"fraud": 50}}, home=finished.home)
    entries = json.loads((finished.home / FILE).read_text())
    entries["of_tomorrow"] = {"strategy": "tomek+of_next_year", "params": {}}
    (finished.home / FILE).write_text(json.dumps(entries))
    app = run_page("plan")
    text = shown(app).replace("\\", "")
    assert widget(app.checkbox, "plan_tick_mine").disabled
    assert "fraud" in text
    assert "tomek+of_next_year" in text
    widget(app.button_group, "plan_mode").set_value("all").run()
    shown(app)
    assert not widget(app.checkbox, "plan_tick_mine").value
    assert not widget(app.button, "plan_start").disabled
    widget(app.button, "plan_remove_of_tomorrow").click().run()
    assert "tomek+of_next_year" not in shown(app).replace("\\", "")


def test_a_damaged_file_is_told_and_stops_nothing(run_page, finished):
    (finished.home / FILE).write_text("{")
    app = run_page("plan")
    assert "cannot be read" in shown(app)
    assert not widget(app.button, "plan_start").disabled


def test_wishes_for_classes_are_saved_and_shown(run_page, finished):
    save_strategy("mine", "smote", {"counts": {"rare": 150}}, home=finished.home)
    app = run_page("plan")
    widget(app.checkbox, "plan_tick_mine").check().run()
    assert list(widget(app.dataframe, "plan_mine_rows").value["after"]) == [216, 150]
    assert "rare 150" in shown(app)


def test_the_pages_call_an_arm_by_the_name_that_it_was_saved_under(run_page, finished):
    save_strategy("mine", "smote", home=finished.home)
    for page in ("compare", "export", "run"):
        text = _everything(run_page(page)).replace("\\", "")
        assert page == "run" or "mine · " in text, page
        assert "SMOTE · " not in text, page
        assert page == "export" or "“mine” is what you saved: SMOTE." in text
    remove_strategy("mine", finished.home)
    assert "mine" not in _everything(run_page("compare"))


def _everything(app):
    boxes = [str(option) for box in app.selectbox for option in box.options]
    tables = [frame.value.to_csv() for frame in app.dataframe]
    return " ".join([shown(app), *boxes, *tables])


@pytest.mark.parametrize("rename", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_another_session_removes_is_told_and_the_page_goes_on(
    run_page, finished, language, rename
):
    save_strategy("mine", "tomek+smote", {"k_neighbors": 3}, home=finished.home)
    app = run_page("plan", language)
    widget(app.checkbox, "plan_tick_mine").check().run()
    if rename:
        rename_strategy("mine", "other", finished.home)
    else:
        remove_strategy("mine", finished.home)
    words = {"en": "removed or renamed elsewhere: mine", "zh": "mine"}[language]
    for _ in range(2):  # it stays until the ticks are changed
        app.run()
        assert words in shown(app)
        assert not widget(app.button, "plan_start").disabled
    assert widget(app.selectbox, "plan_settings_of").value != "mine"
    assert ("plan_tick_other" in keys(app.checkbox)) == rename
    widget(app.checkbox, "plan_tick_enn").check().run()
    assert "elsewhere" not in shown(app)


def test_what_is_gone_between_a_look_and_a_click_is_told(run_page, finished):
    for name in ("mine", "more"):
        save_strategy(name, "tomek", home=finished.home)
    app = run_page("plan")
    widget(app.text_input, "plan_name_mine").set_value("other").run()
    rename_strategy("mine", "third", finished.home)
    widget(app.button, "plan_rename_mine").click().run()
    assert "no strategy as “mine”" in shown(app).replace("\\", "")
    remove_strategy("more", finished.home)
    widget(app.button, "plan_remove_more").click().run()
    assert "no strategy as “more”" in shown(app).replace("\\", "")
    remove_strategy("third", finished.home)
    app.run()
    widget(app.checkbox, "plan_tick_enn").check().run()
    assert not widget(app.button, "plan_start").disabled


def test_a_strategy_that_vanishes_while_the_page_is_drawn_is_a_sentence(
    run_page, finished, monkeypatch
):
    from app.components import plan_list

    save_strategy("mine", "tomek+smote", home=finished.home)
    app = run_page("plan")
    drawn = plan_list.MySaved.draw

    def and_then_remove(self, *args):
        found = drawn(self, *args)
        if saved_strategies(finished.home).named("mine"):
            remove_strategy("mine", finished.home)
        return found

    monkeypatch.setattr(plan_list.MySaved, "draw", and_then_remove)
    widget(app.checkbox, "plan_tick_mine").check().run()
    assert "mine" in shown(app)
    app.run()
    assert "elsewhere" in shown(app)
    assert not widget(app.button, "plan_start").disabled


def test_a_click_on_a_name_opens_its_settings_and_a_box_alone_unticks(run_page):
    app = run_page("plan")
    assert widget(app.selectbox, "plan_settings_of").value != "smote"
    widget(app.text_input, "plan_search").set_value("smote").run()
    assert widget(app.checkbox, "plan_tick_smote").value  # by the quick plan
    widget(app.button, "plan_show_smote").click().run()
    assert widget(app.selectbox, "plan_settings_of").value == "smote"
    assert widget(app.checkbox, "plan_tick_smote").value
    assert widget(app.button, "plan_show_smote").label == "**SMOTE**"
    assert widget(app.button_group, "plan_mode").value == "quick"
    widget(app.text_input, "plan_search").set_value("adasyn").run()
    widget(app.button, "plan_show_adasyn").click().run()
    assert widget(app.selectbox, "plan_settings_of").value == "adasyn"
    assert widget(app.checkbox, "plan_tick_adasyn").value
    shown(app)


@pytest.mark.parametrize("name", ["calibrated", "logit_adjusted", "tomek"])
def test_every_name_has_settings_to_open(run_page, name):
    app = run_page("plan")
    widget(app.button, f"plan_show_{name}").click().run()
    assert widget(app.selectbox, "plan_settings_of").value == name
    shown(app)


def test_what_is_ticked_but_left_out_is_not_counted_and_says_why(run_page):
    app = run_page("plan")
    widget(app.button_group, "plan_mode").set_value("all").run()
    (weights,) = (e.label for e in app.expander if "Weights" in e.label)
    assert "2 of 3" in weights
    (training,) = (e.label for e in app.expander if "Training" in e.label)
    assert "[0 of " in training
    text = shown(app)
    assert "Left out so far: No class was given a weight" in text.replace("\\", "")
    assert "works with LightGBM, " in text.replace("\\", "")
    widget(app.button_group, "plan_models").set_value(["lightgbm"]).run()
    (training,) = (e.label for e in app.expander if "Training" in e.label)
    boosted = [s for s in STRATEGIES if s.training and "lightgbm" in s.serves]
    assert f"[{len(boosted)} of " in training


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_dialog_shows_what_the_combination_does(run_page, language):
    app = combined(run_page("plan", language), "random_over", "random_under")
    sizes, drawn = app.dataframe[-1].value, len(app.dataframe)
    assert sizes["before"][0] == sizes["after"][0] > sizes["before"][1]
    assert sizes["after"].nunique() == 1
    combined(app, "class_weight")
    assert len(app.dataframe) == drawn - 1
    words = {"en": "leaves the table as it is", "zh": "不改动你的表"}[language]
    assert words in shown(app)


def test_help_lists_what_the_user_saved_with_its_recipe(run_page, finished):
    save_strategy("my_own", "tomek+smote", {"k_neighbors": 3}, home=finished.home)
    entries = json.loads((finished.home / FILE).read_text())
    entries["of_tomorrow"] = {"strategy": "tomek+of_next_year", "params": {}}
    (finished.home / FILE).write_text(json.dumps(entries))
    app = run_page("help")
    widget(app.button_group, "help_part").set_value("strategies").run()
    heads = [e.label.replace("\\", "") for e in app.expander]
    assert any("my_own" in head for head in heads[:2])
    assert any("of_tomorrow" in head for head in heads[:2])
    text = shown(app).replace("\\", "")
    assert "Tomek links + SMOTE (neighbours k 3)" in text
    assert "does not have" in text
    for asked in ("my_own", "tomek"):
        found = shown(run_page("help", q=asked)).replace("\\", "")
        assert "**my_own**" in found
        assert "SMOTE (neighbours k 3)" in found
