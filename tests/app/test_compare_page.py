"""The Compare page in both languages, and what its controls do."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from page_reading import shown, widget
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

from app import run_cache
from app.components import states, verdict
from app.components.arms_filters import claimed, finished_models
from app.components.arms_table import (
    LETTER,
    PADDING,
    WIDTHS,
    _columns,
    _heads,
    _metrics,
    _preset,
    arms_frame,
    heading,
)
from app.components.compare_classes import _chosen
from app.components.cutoff import _own_decisions
from app.components.repairs import distrust, repair_words, repairs_told
from app.components.texts import plain, share
from app.components.verdict import failed_arms
from app.components.words import arm_labels, gain_digits
from rebal_core.arm import Arm
from rebal_core.decisions.repair import NAMES
from rebal_core.evaluation.evaluate import Evaluation
from rebal_core.evaluation.repaired import ArmRepair
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.results import curves, evaluation
from rebal_core.metrics import METRICS
from rebal_core.metrics.catalog import DIGITS


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("threshold tuning", "held-out real rows", "corrected row bootstrap")),
     ("zh", ("阈值", "留出", "区间"))],
)  # fmt: skip
def test_the_verdict_stands_first_in_the_readers_language(run_page, finished, language, words):
    app = run_page("compare", language)
    text = shown(app)
    card = next(e.proto.body for e in app.get("html") if 'class="v' in e.proto.body)
    for word in words:
        assert word in text
    if language == "en":
        assert evaluation(finished.store, finished.run).sentences[0].template[:20] in card


def test_the_table_pins_the_reference_and_tells_distances(run_page, finished):
    app = run_page("compare")
    table = widget(app.dataframe, "compare_arms").value
    told = evaluation(finished.store, finished.run)
    frame = arms_frame(told, told.focus, ["logistic"])
    assert frame["arm"].iloc[0] == told.references["logistic"]
    assert frame["arm"].iloc[-1].startswith("dummy")
    row = frame.set_index("arm").loc["smote/logistic"]
    expected = told.scores["smote/logistic"].series("average_precision").mean
    assert row["metric"] == pytest.approx(expected)
    assert row["found"] == told.per_class("smote/logistic")["recall"][told.focus]
    assert list(table["metric"]) == pytest.approx(list(frame["metric"]))


@pytest.mark.parametrize("metric", ["average_precision", "macro_f1", "f1"])
def test_all_columns_speak_of_the_chosen_class(finished, metric):
    told = evaluation(finished.store, finished.run)
    told = replace(told, protocol=replace(told.protocol, metric=metric))
    other = 1 - told.positive
    assert claimed(told) == told.positive
    for row in arms_frame(told, other, ["logistic"]).itertuples():
        rule = next(a.threshold for a in told.arms if a.name == row.arm)
        own = told.per_class(row.arm, rule).iloc[other]
        assert row.metric == own["f1" if metric.endswith("f1") else metric]
        assert (row.found, row.f1) == (own["recall"], own["f1"])
        assert row.eo == told.repair(row.arm).ratios[other]
    columns = _columns(told, other)
    assert not {"verdict", "best"} & set(columns)
    assert {"verdict", "best"} <= set(_columns(told, told.positive))
    assert "eo" not in _columns(told, None)
    title, elsewhere = heading(told, other)
    assert told.classes[other] in title
    assert told.classes[told.positive] in elsewhere
    assert heading(told, told.positive)[1] == ""


def test_another_class_is_named_and_has_no_verdicts_on_the_page(run_page, finished):
    app = run_page("compare")
    told = evaluation(finished.store, finished.run)
    assert "verdict" in widget(app.dataframe, "compare_arms").value
    widget(app.button_group, "compare_class").set_value(1 - told.positive).run()
    assert not app.exception
    assert "verdict" not in widget(app.dataframe, "compare_arms").value
    text = shown(app)
    assert f"“{told.classes[1 - told.positive]}”: arms, each against" in text
    assert f"The verdicts speak of “{told.classes[told.positive]}”" in text
    assert "its own decisions" in text
    assert "unrepaired output" in text


def test_the_table_of_arms_fills_its_place_on_a_laptop_and_no_more(finished):
    told = evaluation(finished.store, finished.run)
    # Three fifths of 1,440 without margins (64), gaps (4 x 32), a scroll bar (15), boxes (36).
    room = (1_440 - 64 - 15 - 4 * 32) * 3 / 5 + 2 * 32 - 36
    for focus in (None, 0, 1):
        widths = [c["width"] for c in _heads(told, focus).values()]
        assert sum(WIDTHS.values()) == sum(widths) <= room


@pytest.mark.parametrize("rule", ["none", "f1"])
def test_the_names_of_metrics_are_read_whole(finished, rule):
    told = evaluation(finished.store, finished.run)
    told = replace(told, protocol=replace(told.protocol, metric="log_loss", rule=rule))
    for focus in (None, told.positive):
        heads = {name: head for name, head in _heads(told, focus).items() if name != "mark"}
        assert heads.keys() >= {"metric", "found", "f1"}
        for name in ("metric", "found", "f1"):
            head = heads[name]
            assert head["width"] >= len(head["label"]) * LETTER + PADDING
        assert heads["label"]["width"] >= 20 * LETTER


def test_a_gain_has_as_many_decimals_as_its_score():
    losses = {m.name for m in METRICS if m.format == "loss"}
    assert losses
    for name in losses:
        assert gain_digits(name) == DIGITS["loss"]


def test_the_grey_line_says_what_the_tables_at_the_default_rule_say(finished):
    told = evaluation(finished.store, finished.run)
    for arm in _preset(told):
        for label in (0, 1):
            own, line = told.per_class(arm, "default").iloc[label], _own_decisions(told, arm, label)
            assert line["tp"] + line["fn"] == own["support"]
            assert line.sum() == told.support.sum()
            assert line["tp"] / (line["tp"] + line["fn"]) == pytest.approx(own["recall"])
            picked = line["tp"] + line["fp"]
            right = line["tp"] / picked if picked else np.nan
            assert right == pytest.approx(own["precision"], nan_ok=True)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "what the other folds chose"), ("zh", "概率修正")]
)
def test_the_page_says_how_probabilities_were_put_right(run_page, finished, language, words):
    text = shown(run_page("compare", language))
    assert words in text
    told = evaluation(finished.store, finished.run)
    names = {told.repair(a.name).name for a in told.arms if not a.dummy}
    assert names
    if language == "en":
        assert all(repair_words(name) in text for name in names)


def test_an_arm_that_misses_the_rate_is_not_to_be_trusted(finished):
    told = evaluation(finished.store, finished.run)
    assert len({repair_words(name) for name in NAMES}) == len(NAMES)
    name = "smote/logistic"
    assert distrust(told, name) is None
    missed = replace(told.repair(name), ratios=np.array([0.56, 1.0]))
    decisions = {**told.decisions, name: replace(told.decisions[name], repair=missed)}
    warning = distrust(replace(told, decisions=decisions), name)
    assert warning is not None
    assert "0.56" in warning


def test_no_column_says_what_another_says(run_page, finished):
    told = evaluation(finished.store, finished.run)
    assert "f1" in _columns(told, None)
    by_f1 = replace(told, protocol=replace(told.protocol, metric="macro_f1"))
    assert "f1" not in _columns(by_f1, None)
    assert "f1" in _columns(by_f1, told.focus)


@pytest.mark.parametrize("label", [0, 1])
def test_the_best_cut_off_is_told_beside_the_tables_number(run_page, finished, label):
    app = run_page("compare")
    widget(app.button_group, "compare_class").set_value(label).run()
    told = evaluation(finished.store, finished.run)
    arm, text = _preset(told)[0], shown(app)
    assert f"it finds {share(told.per_class(arm)['recall'][label])}." in text
    kept = curves(finished.store, finished.run, told.positive).grid(arm)
    grid = kept.iloc[(kept["t"] - told.decisions[arm].cutoff.value).abs().argmin()]
    hit, missed = (grid["tp"], grid["fn"]) if label == told.positive else (grid["tn"], grid["fp"])
    found = float(re.search(r"finds \*\*([\d.]+)%", text)[1]) / 100
    assert found == pytest.approx(hit / (hit + missed), abs=0.01)


def test_one_cut_off_moves_the_sentence(run_page):
    app = run_page("compare")
    widget(app.button_group, "compare_rule").set_value("hand").run()
    slider = widget(app.slider, "compare_t")
    slider.set_value(0.0).run()
    assert "finds **100.0%**" in shown(app)
    widget(app.slider, "compare_t").set_value(1.0).run()
    assert "finds **100.0%**" not in shown(app)


def test_sharpen_adds_a_repeat(run_page, finished):
    app = run_page("compare")
    if not any(b.key == "compare_sharpen" for b in app.button):
        pytest.skip("this run can tell")
    before = len(finished.store.runs())
    widget(app.button, "compare_sharpen").click().run()
    assert not app.exception
    newest = finished.store.runs()[0]
    assert len(finished.store.runs()) == before + 1
    assert newest.plan["protocol"]["repeats"] == 2
    finished.store.cancel_run(newest.run)


@pytest.mark.parametrize("view", ["curves", "confusion", "folds", "price"])
def test_further_views_draw(run_page, view):
    app = run_page("compare")
    widget(app.button_group, "compare_view").set_value(view).run()
    shown(app)
    assert len(app.get("plotly_chart")) >= 5


def test_the_first_screen_comes_alone_where_the_page_was_just_opened(run_page, monkeypatch):
    monkeypatch.setattr(states, "sleep", lambda _seconds: st.stop())
    app = run_page("compare")
    assert widget(app.dataframe, "compare_arms").value is not None
    assert len(app.get("plotly_chart")) == 1
    app.run()  # the page is the same
    assert len(app.get("plotly_chart")) == 4
    waits = []
    monkeypatch.setattr(states, "sleep", waits.append)
    whole = run_page("compare")
    assert len(waits) == 10  # so that a click waits for a tenth of it
    for kind in ("plotly_chart", "dataframe", "button_group", "subheader", "caption", "markdown"):
        assert len(whole.get(kind)) == len(app.get(kind)) > 0


def test_who_clicks_before_the_panels_below_come_does_not_wait(run_page, monkeypatch):
    waits = []

    def click(seconds):
        waits.append(seconds)
        run = get_script_run_ctx()
        again = RerunData(query_string=run.query_string, page_script_hash=run.page_script_hash)
        run.script_requests.request_rerun(again)

    monkeypatch.setattr(states, "sleep", click)
    assert len(run_page("compare").get("plotly_chart")) == 4
    assert len(waits) == 1


def test_notes_on_the_fits_are_a_view_where_there_are_any(run_page, monkeypatch):
    app = run_page("compare")
    assert "Notes on the fits" not in widget(app.button_group, "compare_view").options
    note = pd.DataFrame({"arm": ["smote/logistic"], "note": ["Slow."], "cells": [3]})
    monkeypatch.setattr(Evaluation, "notes", lambda evaluation: note)
    app = run_page("compare")
    widget(app.button_group, "compare_view").set_value("notes").run()
    assert list(app.dataframe[-1].value["Note"]) == ["Slow."]


def test_a_run_that_goes_on_says_so(run_page, finished):
    plan = Plan.from_dict(finished.store.run(finished.run).plan)
    number = finished.store.add_run(
        "compare", plan.to_dict(), dataset=finished.dataset, version="x"
    )
    app = run_page("compare", run=str(number))
    assert f"Run {number} has not started yet" in shown(app)
    finished.store.cancel_run(number)
    app = run_page("compare", run=str(number))
    assert f"Run {number} was cancelled" in shown(app)
    assert any(b.key == "compare_again" for b in app.button)


def test_of_many_classes_those_are_drawn_that_are_asked_for():
    names = [f"c{k}" for k in range(6)]
    table = pd.DataFrame(
        {"none": [0.9, 0.8, 0.7, 0.6, 0.5, np.nan], "smote": [0.9, 0.8, 0.7, 0.6, 0.9, np.nan]},
        index=names,
    )
    band = dict(zip(names, ["head", "mid", "mid", "tail", "tail", "tail"], strict=True))
    assert list(_chosen(table, "worst", "", band).index) == names[::-1]
    assert _chosen(table, "changed", "", band).index[0] == "c4"
    assert list(_chosen(table, "tail", "", band).index) == ["c5", "c4", "c3"]
    assert list(_chosen(table, "worst", "c1", band).index) == ["c1"]
    assert _chosen(table, "head", "nothing", band).empty


def test_without_a_cut_off_no_decisions_are_told(finished):
    told = evaluation(finished.store, finished.run)
    metrics = _metrics(replace(told, protocol=replace(told.protocol, rule="none")), told.focus)
    assert (metrics["found"], metrics["f1"]) == ("average_precision", "roc_auc")


def _without_trees(told):
    """The evaluation with two arms more, left out for one reason."""
    left = [replace(told.arms[-1], arm=Arm(n, "hist_gradient_boosting"), status="skipped",
                    reason="Too slow.", cells=()) for n in ("smote", "random_under")]  # fmt: skip
    return replace(told, arms=(*told.arms, *left))


def test_arms_left_out_for_one_reason_are_told_in_one_line(finished, monkeypatch):
    lines = []
    monkeypatch.setattr(st, "caption", lines.append)
    failed_arms(_without_trees(evaluation(finished.store, finished.run)))
    assert len(lines) == 1
    assert lines[0].count("Gradient boosting") == 2
    assert "SMOTE" in lines[0]
    assert lines[0].endswith("not run. Too slow\\.")


def test_only_models_that_finished_can_be_chosen(finished):
    told = _without_trees(evaluation(finished.store, finished.run))
    assert finished_models(told) == ["logistic"]


def test_repairs_are_counted_and_only_the_untrusted_named(finished, monkeypatch):
    told, lines = evaluation(finished.store, finished.run), []
    monkeypatch.setattr(st, "caption", lines.append)
    repairs_told(told)
    done = [a.name for a in told.arms if not a.dummy]
    assert len(lines) == 1
    assert not any(label in lines[0] for label in arm_labels(told, short=True).values())
    counted = [int(n) for n in re.findall(rf"(\d+) of {len(done)} arms", lines[0])]
    assert sum(counted) == len(done)
    stray = ArmRepair("none", np.array([1.0, 1.41]))
    monkeypatch.setattr(type(told), "repair", lambda _self, _arm: stray)
    lines.clear()
    repairs_told(told)
    assert len(lines) == 2
    assert all(plain(arm_labels(told, short=True)[arm]) in lines[0] for arm in done)
    assert "rare 1.41" in lines[0]


def test_the_best_remedy_of_the_sentence_is_the_one_that_the_plot_marks(run_page, finished):
    told = evaluation(finished.store, finished.run)
    best = told.run.best_remedy
    assert best in told.verdicts
    charts = run_page("compare").get("plotly_chart")
    specs = [json.dumps(json.loads(c.proto.spec), ensure_ascii=False) for c in charts]
    (marked,) = [spec for spec in specs if "best remedy" in spec]
    assert f"<b>{arm_labels(told, short=True)[best]}</b><br>best remedy" in marked
    if told.run.code != "HELPS":
        card = verdict._best_remedy(told)
        assert f"Best remedy: {arm_labels(told)[best]}" in card


@pytest.mark.parametrize("view", ["run", "compare", "explain", "export"])
@pytest.mark.parametrize(
    ("language", "words"), [("en", "Run 99 is not here"), ("zh", "没有运行 99")]
)
def test_a_run_that_is_not_there_shows_no_other(run_page, finished, view, language, words):
    app = run_page(view, language, run="99")
    assert words in shown(app)
    assert not app.dataframe
    assert app.query_params["run"] in ("99", ["99"])
    assert [b.key for b in app.button] == ["empty_runs"]
    widget(app.button, "empty_runs").click().run()
    assert not app.exception
    assert "runs_table" in str([d.key for d in app.dataframe])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_gains_say_what_they_are_gains_over(run_page, finished, language):
    told = evaluation(finished.store, finished.run)
    best = arm_labels(told, short=True)[told.run.best_untreated]
    text = shown(run_page("compare", language))
    assert language == "zh" or f"best untreated model, {plain(best)}" in text
    assert ("of its own kind" if language == "en" else "同类的未处理模型") in text


@pytest.mark.parametrize("code", ["NO_VERDICT", "NOT_SHOWN"])
def test_without_a_verdict_no_arm_is_put_forward(run_page, finished, monkeypatch, code):
    told = evaluation(finished.store, finished.run)
    run = replace(told.run, code=code, reason="few_rows" if code == "NO_VERDICT" else None)
    monkeypatch.setattr(run_cache, "evaluation", lambda _: replace(told, run=run))
    button = widget(run_page("compare").button, "compare_export")
    best = arm_labels(told)[told.run.best_arm]
    assert (best in button.label) == (button.proto.type == "primary") == (code != "NO_VERDICT")
