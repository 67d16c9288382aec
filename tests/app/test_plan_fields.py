"""Parameters on the Plan page: a field for each kind, of remedies and of models."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from page_reading import shown, widget

from app.components import run_live
from app.components.shares import shares_told
from app.components.words import arm_label
from rebal_core.arm import Arm
from rebal_core.experiment.client import submit
from rebal_core.experiment.planning import make_plan
from rebal_core.params import (
    Amounts,
    Choice,
    ColumnName,
    ColumnNames,
    Counts,
    Number,
    Switch,
    Table,
    Word,
)
from rebal_core.step import Weights
from rebal_core.strategies import STRATEGIES, Strategy

ABOUT = "It does something."
KINDS = (
    Number("rate", "Rate", ABOUT, 0.002, 0.0, 1.0),
    Number("rounds", "Rounds", ABOUT, 10, 1, 100),
    Choice("way", "Way", ABOUT, "near", (("near", "Nearest"), ("far", "Farthest"))),
    Amounts("doses", "Doses", ABOUT, 1.0, 0.1, 10.0, (0.5, 1.0, 2.0)),
    Switch("strict", "Strict", ABOUT),
    Word("place", "Place", ABOUT),
    ColumnName("context", "Context", ABOUT),
    ColumnNames("places", "Places", ABOUT),
    Counts("wanted", "Wanted rows", ABOUT),
    Table("gains", "Gains", ABOUT, rest=2.0),
    Table("costs", "Costs", ABOUT, pairs=True),
)


class Probe(Weights):
    parameters = KINDS

    def __init__(
        self, rate=0.002, rounds=10, way="near", doses=1.0, strict=False, place="", context="",
        places=(), wanted=None, gains=None, costs=None,
    ):  # fmt: skip
        self.rate, self.rounds, self.way, self.strict = rate, rounds, way, strict
        self.doses = doses
        self.place, self.context, self.places = place, context, places
        self.wanted, self.gains, self.costs = wanted, gains, costs

    def weights(self, fold):
        return np.ones(len(fold.rows))


@pytest.fixture
def probe():
    """A remedy with a parameter of every kind, registered for one test."""
    words = {"name": "probe", "label": "Probe", "family": "weighting", "aliases": ("探针",)}
    yield STRATEGIES.add(Strategy(**words, reference="-", about=ABOUT, steps=(Probe(),)))
    del STRATEGIES._specs["probe"]
    for word in ("probe", "探针"):
        del STRATEGIES._words[word]


@pytest.fixture
def edits(monkeypatch):
    """What a reader writes into the editors, by the start of their keys: {row: {column: value}}."""
    written = {}
    draw = st.data_editor

    def edited(frame, *, key, **options):
        draw(frame, key=key, **options)
        after = frame.copy()
        for start, rows in written.items():
            for row, values in rows.items() if key.startswith(start) else ():
                for column, value in values.items():
                    after.loc[row, column] = value
        return after

    monkeypatch.setattr(st, "data_editor", edited)
    return written


@pytest.fixture
def open_plan(run_page):
    def opened(*owners, language="en"):
        app = run_page("plan", language)
        for owner in owners:
            if owner in STRATEGIES:
                widget(app.checkbox, f"plan_tick_{owner}").check().run()
            widget(app.selectbox, "plan_settings_").set_value(owner).run()
        shown(app)
        return app

    return opened


def planned(app, finished):
    """Press Start; return the arms of the plan by strategy and classifier."""
    shown(app)
    widget(app.button, "plan_start").click().run()
    newest = finished.store.runs()[0]
    finished.store.cancel_run(newest.run)
    arms = map(Arm.from_dict, newest.plan["arms"])
    return {(arm.strategy, arm.classifier): arm for arm in arms}


def again(app):
    """Look at another page and come back."""
    app.switch_page("views/runs.py").run()
    app.switch_page("views/plan.py").run()
    shown(app)


@pytest.mark.parametrize(("language", "words"), [("en", "on this table"), ("zh", "在本表上为")])
def test_what_a_zero_stands_for_on_this_table_is_told(run_page, language, words):
    app = run_page("plan", language)
    widget(app.button_group, "plan_models").set_value(["logistic", "mlp"]).run()
    widget(app.selectbox, "plan_settings_").set_value("mlp").run()
    told = [c.value for c in app.caption if words in c.value]
    assert len(told) == 3
    widget(app.number_input, "plan_mlp_epochs").set_value(90).run()
    left = [c.value for c in app.caption if words in c.value]
    assert len(left) == 2
    assert any("30" in value for value in left), "patience is a third of the epochs that are set"


def test_each_kind_has_its_field_and_reaches_the_plan(open_plan, probe, edits, finished):
    app = open_plan("probe")
    assert "Back to the defaults" not in shown(app)
    widget(app.number_input, "plan_probe_rate").set_value(0.5)
    widget(app.number_input, "plan_probe_rounds").set_value(20)
    assert widget(app.selectbox, "plan_probe_way").options == ["Nearest", "Farthest"]
    widget(app.selectbox, "plan_probe_way").set_value("far")
    doses = widget(app.button_group, "plan_probe_doses")
    assert doses.options == ["0.5", "1", "2"]
    assert doses.value == [1.0]
    doses.set_value([2.0])
    widget(app.toggle, "plan_probe_strict").set_value(True)
    widget(app.text_input, "plan_probe_place").set_value(" Lima ")
    context = widget(app.selectbox, "plan_probe_context")
    assert context.options == ["The one that fits best", "amount", "age", "city"]
    context.set_value("city")
    places = widget(app.multiselect, "plan_probe_places")
    assert places.options == ["amount", "age", "city"]
    places.set_value(["city", "amount"])
    edits["plan_probe_wanted"] = {1: {"value": 60}}
    edits["plan_probe_gains"] = {0: {"value": 3.5}, 1: {"value": 2.0}}
    edits["plan_probe_costs"] = {1: {"0": 5.0}}
    app.run()
    ends = {"rate": "  \nFrom 0 to 1.", "rounds": "  \nFrom 1 to 100.", "way": ""}
    for name, told in ends.items():
        field = next(e for e in (*app.number_input, *app.selectbox) if f"probe_{name}" in e.key)
        assert field.help == ABOUT + told
    arm = planned(app, finished)["probe", "logistic"]
    assert dict(arm.params) == {
        "rate": 0.5, "rounds": 20, "way": "far", "strict": True, "doses": 2.0, "place": "Lima",
        "context": "city", "places": ("amount", "city"),
        "wanted": ((1, 60),), "gains": ((0, 3.5),), "costs": ((1, ((0, 5.0),)),),
    }  # fmt: skip
    assert arm.labelled(("common", "rare"))["costs"] == {"rare": {"common": 5.0}}


def test_what_is_set_outlives_the_page_and_has_a_way_back(open_plan, probe, edits, finished):
    app = open_plan("probe")
    edits["plan_probe_gains"] = {0: {"value": 3.5}}
    edits["plan_probe_costs"] = {1: {"0": 5.0}}
    widget(app.selectbox, "plan_probe_way").set_value("far").run()
    widget(app.toggle, "plan_probe_strict").set_value(True).run()
    edits.clear()  # what is written now stands in the tables themselves
    again(app)
    widget(app.selectbox, "plan_settings_").set_value("probe").run()
    assert list(widget(app.dataframe, "plan_probe_gains").value["value"]) == [3.5, 2.0]
    assert list(widget(app.dataframe, "plan_probe_costs").value["0"]) == [1.0, 5.0]
    assert widget(app.selectbox, "plan_probe_way").value == "far"
    widget(app.button, "plan_reset_probe").click().run()
    assert list(widget(app.dataframe, "plan_probe_gains").value["value"]) == [2.0, 2.0]
    assert widget(app.selectbox, "plan_probe_way").value == "near"
    assert not widget(app.toggle, "plan_probe_strict").value
    assert planned(app, finished)["probe", "logistic"].values == {}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_counts_as_near_is_folded_last_and_reaches_the_plan(language, open_plan, finished):
    app = open_plan("smote_tomek", language=language)
    folded = {"en": "What counts as near", "zh": "怎样算近邻"}[language]
    assert [e.label for e in app.expander if e.label == folded] == [folded]
    labels = [e.label for e in app.multiselect if ".columns@" in e.key]
    assert len(set(labels)) == 2, "each says of which step it is"
    assert "Tomek" in labels[1]
    widget(app.multiselect, "plan_smote_tomek_smote.columns").set_value(["age"])
    widget(app.selectbox, "plan_smote_tomek_tomek.metric").set_value("cosine").run()
    again(app)
    widget(app.selectbox, "plan_settings_").set_value("smote_tomek").run()
    assert widget(app.multiselect, "plan_smote_tomek_smote.columns").value == ["age"]
    arm = planned(app, finished)["smote_tomek", "logistic"]
    assert dict(arm.params) == {"smote.columns": ("age",), "tomek.metric": "cosine"}
    if language == "en":
        called = "SMOTE + Tomek (SMOTE columns age; Tomek links distance Cosine)"
        assert arm_label(arm, ()).startswith(called)


def test_models_are_set_beside_the_remedies(open_plan, finished):
    app = open_plan("logistic")
    assert widget(app.selectbox, "plan_settings_").options[-2:] == [
        "Logistic regression",
        "Gradient boosting",
    ]
    assert "What it does to the training data" not in shown(app)
    widget(app.number_input, "plan_logistic_C").set_value(0.1).run()
    again(app)
    widget(app.selectbox, "plan_settings_").set_value("logistic").run()
    assert widget(app.number_input, "plan_logistic_C").value == 0.1
    arms = planned(app, finished)
    assert {a.settings for (_s, c), a in arms.items() if c == "logistic"} == {(("C", 0.1),)}
    assert arms["smote", "hist_gradient_boosting"].values == {}


def test_the_settings_of_a_model_that_is_not_chosen_stay_aside(open_plan, finished):
    app = open_plan("logistic")
    widget(app.number_input, "plan_logistic_C").set_value(0.1).run()
    widget(app.button_group, "plan_models").set_value(["random_forest"]).run()
    assert widget(app.selectbox, "plan_settings_").options[-1] == "Random forest"
    assert planned(app, finished)["none", "random_forest"].values == {}


def test_rows_of_single_classes_outlive_the_page(open_plan, edits, finished):
    app = open_plan("random_over")
    edits["plan_random_over_rows"] = {1: {"after": 60}}
    app.run()
    edits.clear()
    again(app)
    widget(app.selectbox, "plan_settings_").set_value("random_over").run()
    assert list(widget(app.dataframe, "plan_random_over_rows").value["after"]) == [216, 60]
    found = planned(app, finished)["random_over", "logistic"]
    assert found.params == (("counts", ((1, 60),)),)


def test_the_run_page_names_arms_whatever_is_set(run_page, finished):
    opened = finished.store.dataset(finished.dataset)
    params = {"smote": {"counts": {"rare": 60}, "ratio": 0.5}, "logistic": {"C": 0.1}}
    plan = make_plan(opened, strategies="smote", classifiers="logistic", params=params)
    run = finished.store.run(submit(finished.store, plan))
    finished.store.cancel_run(run.run)
    names = [arm.name for arm in reversed(plan.arms)]
    cells = pd.DataFrame({"arm": names, "state": "queued", "making": None, "detail": None})
    named = list(run_live._named(run, cells)["arm"])
    assert len(set(named)) == len(plan.arms)
    smote = "SMOTE (counts rare 60; ratio 0.5) · LR (C 0.1)"
    assert named[-1].endswith(smote)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Probe (strict on; way Farthest; gains no 3, y s 1; context x y; costs y s→no 5)"),
        ("zh", "Probe（Strict 开；Way Farthest；Gains no 3, y s 1；上下文 x y；Costs y s→no 5）"),
    ],
)
def test_an_arm_is_called_by_what_is_set(language, words, probe, monkeypatch):
    monkeypatch.setitem(st.session_state, "language", language)
    params = {"strict": True, "way": "far", "gains": ((0, 3.0), (1, 1.0)), "context": "x<y"}
    params["costs"] = ((1, ((0, 5.0),)),)
    arm = Arm("probe", "random_forest", tuple(params.items()))
    assert arm_label(arm, ("no", "y<s")).startswith(f"{words} · ")
    assert arm_label(replace(arm, params=()), ()).startswith("Probe · ")


def test_combined_remedies_are_called_in_the_readers_language(monkeypatch):
    monkeypatch.setitem(st.session_state, "language", "zh")
    parts = [
        arm_label(Arm(name, "mlp"), ()).split(" · ")[0] for name in ("random_over", "random_under")
    ]
    assert parts[0] != STRATEGIES["random_over"].label
    both = Arm("random_over+random_under", "mlp", (("random_under.ratio", 0.5),))
    words = "随机欠采样 少数类与多数类之比 0.5"
    assert arm_label(both, ()).startswith(f"{' + '.join(parts)}（{words}）")


@pytest.mark.parametrize("owner", ["class_weight", "smote", "hist_gradient_boosting"])
def test_the_plan_of_what_is_set_travels(owner, finished):
    """By JSON, as it is kept, and with one more repeat."""
    opened = finished.store.dataset(finished.dataset)
    params = {
        "class_weight": {"power": 0.5},
        "smote": {"counts": {"rare": 60}},
        "hist_gradient_boosting": {"learning_rate": 0.2},
    }
    plan = make_plan(opened, strategies="smote", params={owner: params[owner]})
    kept = type(plan).from_dict(json.loads(json.dumps(plan.to_dict())))
    assert kept == plan
    assert kept.sharpened().arms == plan.arms
    assert any(arm.values for arm in kept.arms)


def test_a_rule_that_cannot_be_read_is_told_in_place_and_nothing_starts(open_plan, finished):
    app = open_plan("copula")
    field = "plan_copula_rules"
    widget(app.text_input, field).set_value("amount <= age").run()
    widget(app.text_input, field).set_value("amount <= age; amount < ghost").run()
    assert not app.exception
    told = [m.value for m in app.markdown if "Rule 2" in m.value and "ghost" in m.value]
    assert len(told) == 2, "below the fields, and above Start"
    assert widget(app.button, "plan_start").disabled
    widget(app.text_input, field).set_value("amount≤age").run()
    arms = planned(app, finished)
    assert dict(arms["copula", "logistic"].params) == {"rules": "amount <= age"}


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ("gender: F=60, M=50", "are 110 together, not 100; they become F: 54.5%, M: 45.5%."),
        ("gender: F=60, M=40", ""),
        ("gender: F=0.6, M=0.4", ""),
        ("gender", ""),
    ],
)
def test_shares_that_are_not_100_together_are_told_as_what_they_become(shares, told, monkeypatch):
    monkeypatch.setitem(st.session_state, "language", "en")
    said: list[str] = []
    monkeypatch.setattr(st, "caption", said.append)
    shares_told(shares)
    assert [line.replace("\\", "").removeprefix("The shares ") for line in said] == [told] * bool(
        told
    )
