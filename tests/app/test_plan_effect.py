"""The Plan page shows what a strategy does to the training rows: counts, places, parents."""

import re

import pytest
from page_reading import shown, widget

from app.components import plan_effect


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """Wait for a picture, however busy the machine is: a page is run once."""
    monkeypatch.setattr(plan_effect, "PATIENCE", 120)


def figures(app):
    return {e.proto.id.split("-")[-1]: e for e in app.get("plotly_chart")}


def figure(app, start):
    import json

    name = next(key for key in figures(app) if key.startswith(start))
    return json.loads(figures(app)[name].proto.spec)


def open_plan(run_page, owner, language="en"):
    app = run_page("plan", language)
    widget(app.checkbox, f"plan_tick_{owner}").check().run()
    widget(app.selectbox, "plan_settings_").set_value(owner).run()
    shown(app)
    return app


def names(app):
    return [trace.get("name") for trace in figure(app, "plan_plane")["data"]]


@pytest.mark.parametrize(
    ("language", "words"), [("en", "interpolated: rare"), ("zh", "插值：rare")]
)
def test_a_setting_moves_the_picture(language, words, run_page):
    app = open_plan(run_page, "smote", language)
    assert any(words.split((language == "en" and ": ") or "：")[0] in n for n in names(app))
    before = figure(app, "plan_plane")["data"]
    widget(app.number_input, "plan_smote_k_neighbors").set_value(1).run()
    assert figure(app, "plan_plane")["data"] != before
    widget(app.number_input, "plan_smote_k_neighbors").set_value(5).run()
    assert figure(app, "plan_plane")["data"] == before, "the same settings draw the same"


def test_a_made_row_stands_beside_its_parents(run_page):
    app = open_plan(run_page, "smote")
    rows = widget(app.selectbox, "plan_row_")
    assert rows.value is None
    assert all(re.fullmatch(r"interpolated · rare · row \d+, row \d+", o) for o in rows.options)
    rows.select_index(3).run()
    text = shown(app)
    told = re.search(r"of the way from row (\d+) to row (\d+); its categories", text)
    table = app.dataframe[-1].value
    assert list(table) == ["Column", "This row", f"Row {told[1]}", f"Row {told[2]}"]
    own, first, second = (float(v) for v in table.set_index("Column").loc["amount"])
    assert min(first, second) - 1e-3 <= own <= max(first, second) + 1e-3
    assert "parents" in names(app)
    widget(app.number_input, "plan_smote_k_neighbors").set_value(2).run()
    assert widget(app.selectbox, "plan_row_").value is None, "another picture, other rows"


def test_a_drawn_row_names_its_fit_and_a_removed_row_its_step(run_page):
    app = open_plan(run_page, "rose")
    widget(app.selectbox, "plan_row_").select_index(0).run()
    text = shown(app)
    assert "It has no parents: it was drawn from what ROSE learned of “rare”." in text
    assert re.search(r"rose\(class=rare, seed=\d+\)", text)
    app = open_plan(run_page, "random_under")
    widget(app.selectbox, "plan_row_").select_index(0).run()
    assert "Taken away by Random undersampling. It takes rows drawn by lot." in shown(app)
    assert list(app.dataframe[-1].value) == ["Column", "Removed row"]


def test_an_attacked_row_is_no_copy(run_page):
    app = open_plan(run_page, "fgsm")
    rows = widget(app.selectbox, "plan_row_")
    assert any(option.startswith("adversarial · rare · row ") for option in rows.options)
    rows.select_index(0).run()
    told = re.search(r"Row (\d+), its numbers moved to where a network errs on it", shown(app))
    assert list(app.dataframe[-1].value) == ["Column", "This row", f"Row {told[1]}"]


@pytest.mark.parametrize(
    ("owner", "words"),
    [
        ("enn", "These are rows that near rows contradict."),
        ("tomek", "These are halves of Tomek links"),
        ("outliers_centre", "These are outliers of their class."),
    ],
)
def test_what_goes_is_told_in_the_words_of_its_step(owner, words, run_page):
    app = open_plan(run_page, owner)
    text = shown(app)
    told = re.search(r"Left out: “common” ([\d.]+)% of 216 rows", text)
    assert told or "finds nothing" in text
    assert (words in text) == bool(told)
    assert ("near rows contradict" in text) == (owner == "enn")


def test_the_switch_for_the_shares_tells_two_effects_apart(run_page):
    app = open_plan(run_page, "random_over")
    shares = figure(app, "plan_shares")["data"]
    assert [t["name"] for t in shares] == [
        "your rows",
        "after it, shares moved",
        "after it, shares kept",
    ]
    assert shares[1]["x"] == pytest.approx([0.5, 0.5])
    assert shares[2]["x"] == pytest.approx(shares[0]["x"])
    widget(app.toggle, "plan_random_over_keep_prevalence").set_value(True).run()
    again = figure(app, "plan_shares")["data"]
    assert [t["x"] for t in again] == [pytest.approx(t["x"]) for t in shares]


def test_axes_can_be_columns_and_categories_have_their_names(run_page):
    app = open_plan(run_page, "smote")
    across = widget(app.selectbox, "plan_axis_x")
    assert across.options == ["Projection, first direction", "amount", "age", "city"]
    across.set_value("amount").run()
    widget(app.selectbox, "plan_axis_y").set_value("city").run()
    layout = figure(app, "plan_plane")["layout"]
    assert layout["xaxis"]["title"]["text"] == "amount"
    assert set(layout["yaxis"]["ticktext"][1:]) == {"北京", "Paris", "&lt;i&gt;Lima&lt;/i&gt;"}


def test_what_decides_only_has_no_picture_and_weights_have(run_page):
    app = run_page("plan")
    widget(app.selectbox, "plan_settings_").set_value("class_weight").run()
    shown(app)
    sizes = {
        n: t["marker"]["size"]
        for n, t in zip(names(app), figure(app, "plan_plane")["data"], strict=True)
    }
    assert max(sizes["your rows: rare"]) > max(sizes["your rows: common"])
    widget(app.selectbox, "plan_settings_").set_value("logistic").run()
    assert not any(key.startswith("plan_plane") for key in figures(app))


def test_a_step_that_takes_long_is_drawn_only_when_asked_for(run_page, monkeypatch):
    monkeypatch.setattr(plan_effect, "SLOW", -1.0)
    app = open_plan(run_page, "smote")
    assert "drawn only when asked for" in shown(app)
    assert not any(key.startswith("plan_plane") for key in figures(app))
    widget(app.button, "plan_effect_go_smote").click().run()
    assert any("interpolated" in n for n in names(app))


def test_what_is_refused_is_told_in_its_sentence(run_page, monkeypatch):
    from rebal_core.samplers import SMOTE
    from rebal_core.wording import Unsuitable

    def refused(self, fold):
        raise Unsuitable("This fold is too odd; choose another.")

    monkeypatch.setattr(SMOTE, "recipe", refused)
    app = open_plan(run_page, "smote")
    assert "This fold is too odd; choose another." in shown(app).replace("\\", "")
    assert not widget(app.button, "plan_start").disabled
