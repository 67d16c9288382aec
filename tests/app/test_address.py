"""The address of the Compare page holds its view, and what it cannot hold is told."""

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some
from page_reading import shown, widget

from app.components.cutoff import read_cutoff
from app.components.states import waiting
from rebal_core.experiment.results import evaluation


def address(app) -> dict[str, list[str]]:
    """The view as lists; AppTest unpacks those of one value."""
    view = {k: v for k, v in app.query_params.items() if k not in ("lang", "run", "ds")}
    return {k: v if isinstance(v, list) else [v] for k, v in view.items()}


def screen(app) -> str:
    """What the reader sees, with the numbers of the table and the state of the controls."""
    choices = [(g.key, g.value) for g in app.get("button_group") if g.key != "language_choice"]
    table = widget(app.dataframe, "compare_arms").value.to_csv()
    return f"{shown(app)}\n{table}\n{choices}\n{[s.value for s in app.slider]}"


def choose(app, key, value):
    widget(app.get("button_group"), key).set_value(value).run()
    assert not app.exception


def test_a_copied_address_shows_the_same_screen(run_page, finished):
    app = run_page("compare")
    told = evaluation(finished.store, finished.run)
    other = next(k for k in range(2) if k != told.positive)
    choose(app, "compare_class", other)
    choose(app, "compare_way", "absolute")
    choose(app, "compare_view", "confusion")
    choose(app, "compare_confusion_rule", "default")
    choose(app, "compare_rule", "hand")
    widget(app.slider, "compare_t").set_value(0.125).run()
    found = address(app)
    assert found["class"] == [told.classes[other]]
    assert found["cutoff"] == ["0.125"]
    assert len(found["arm"]) == 3
    copied = run_page("compare", **found)
    assert screen(copied) == screen(app)
    assert address(copied) == found
    assert not copied.toast


@pytest.mark.parametrize(
    ("cutoff", "key", "value"),
    [("30/1000", "compare_n", 30), ("7.5:2.0", "compare_fn", 7.5), ("0.4", "compare_t", 0.4)],
)
def test_each_kind_of_cut_off_comes_back(run_page, cutoff, key, value):
    app = run_page("compare", cutoff=cutoff)
    assert not app.exception
    assert widget([*app.slider, *app.number_input], key).value == value
    assert address(app)["cutoff"] == [cutoff]


def test_the_arms_of_the_address_are_drawn(run_page):
    wanted = ["random_under/logistic", "none/logistic"]
    app = run_page("compare", arm=wanted)
    assert sorted(address(app)["arm"]) == sorted(wanted)


@pytest.mark.parametrize(
    "wrong",
    [{"class": "no such"}, {"arm": ["a/b", "<b>"]}, {"cutoff": "1:nan"}, {"more": "\x00"}],
)
def test_what_the_address_cannot_mean_is_told_and_left_out(run_page, wrong):
    app = run_page("compare", **wrong)
    assert not app.exception
    (values,) = wrong.values()
    told = "\n".join(t.value for t in app.toast)
    assert told.count("The address asks for") == len(values if isinstance(values, list) else [1])
    assert address(app) == address(run_page("compare"))


def test_all_classes_stand_in_the_address(run_page):
    app = run_page("compare")
    choose(app, "compare_class", "all")
    assert address(app)["class"] == [""]
    copied = run_page("compare", **{"class": ""})
    assert widget(copied.get("button_group"), "compare_class").value == "all"


def test_the_session_remembers_the_view_until_another_run(run_page, finished):
    app = run_page("compare")
    choose(app, "compare_rule", "hand")
    found = address(app)
    app.switch_page("views/skew.py").run()
    for name in found:  # as the menu does
        app.query_params.pop(name, None)
    app.switch_page("views/compare.py").run()
    assert address(app) == found
    app.session_state["run"] = "0"
    app.run()
    assert address(app)["cutoff"] == ["best"]


def test_a_skeleton_stands_while_the_first_computes(monkeypatch):
    drawn: list[int] = []
    monkeypatch.setattr(st, "skeleton", lambda height: drawn.append(height))
    st.session_state.pop("seen", None)
    for _again in range(2):
        with waiting("one", 110, 420):
            assert drawn == [110, 420]
    with waiting("another", 50):
        assert drawn == [110, 420, 50]
    st.session_state.pop("seen")


@given(some.text(max_size=12) | some.floats().map(str) | some.integers().map(lambda n: f"{n}/1000"))
def test_no_text_as_a_cut_off_is_a_crash(text):
    found = read_cutoff(text)
    assert found is None or found["compare_rule"] in ("best", "hand", "capacity", "cost")


@pytest.mark.parametrize("wrong", ["", "abc", "-1", "1e3", "9" * 30, "<b>x</b>", "１"])
def test_no_text_as_a_run_is_a_crash(run_page, wrong):
    assert not run_page("compare", run=wrong).exception


@pytest.mark.parametrize("key", ["ctx_run", "ctx_ds"])
def test_words_that_changed_while_they_were_shown_turn_nothing(run_page, key):
    """A browser answers with the words that it drew: “Run 1 · running”, when the run has ended."""
    app = run_page("compare")
    before = app.query_params["run"], app.query_params["ds"]
    picker = widget(app.selectbox, key)
    picker.options.append("Run 1 · running")
    picker.set_value("Run 1 · running")
    app.run()
    assert (app.query_params["run"], app.query_params["ds"]) == before
    assert not any("is not here" in text.value for text in app.markdown)
    assert app.get("plotly_chart")
