"""Compare tells whether made rows are any good, once the engine has judged them."""

import pytest
from finished_run import Finished
from page_reading import shown, widget

from app.components.made_rows import makers_of, preset_of
from app.components.made_rows_panels import COLUMN, _cut_off, _remember_click
from app.components.texts import plain
from rebal_core.evaluation.synthetic.shapes import Shape
from rebal_core.evaluation.synthetic.told import sentence
from rebal_core.evaluation.synthetic.utility import Utility
from rebal_core.experiment.made_rows import stored
from rebal_core.experiment.results import evaluation

MAKERS = ["smote/logistic", "copula/logistic"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of two remedies that make rows, of one that copies and of one that drops some."""
    home = tmp_path_factory.mktemp("made") / "home"
    made = Finished(home, ("smote", "copula", "random_over", "random_under"))
    yield made
    made.store.close()


@pytest.fixture
def section(run_page):
    """Return a function that opens the section in a language."""
    return lambda language="en", **query: run_page("compare", language, more="made", **query)


def table(app, head):
    """Return the table that has a column of this name."""
    return next(frame.value for frame in app.dataframe if head in frame.value.columns)


def asked(app):
    return [b for b in app.button if b.key and b.key.startswith("compare_judge")]


def test_those_that_make_rows_are_offered_what_learns_a_class_first(finished):
    told = evaluation(finished.store, finished.run)
    makers = makers_of(told)
    assert sorted(makers) == sorted(MAKERS)
    helping = {n for n in makers if told.verdicts[n].code == "HELPS"}
    first = max(helping, key=lambda n: told.verdicts[n].vs_best.gain, default="copula/logistic")
    assert preset_of(told, makers) == first
    assert preset_of(told, ["smote/logistic"]) == "smote/logistic"


@pytest.mark.parametrize("arm", MAKERS)
def test_it_is_judged_when_somebody_asks_and_then_kept(section, finished, arm):
    app = section(made=arm)
    assert widget(app.selectbox, "compare_made_arm").value == arm
    (button,) = asked(app)
    assert not [r for r in finished.store.runs("synthetic") if r.live]
    button.click().run()
    assert "Judging the made rows" in "".join(p.proto.text for p in app.get("progress"))
    assert not asked(app)
    finished.work()
    app.run()
    assert not app.exception
    found = stored(finished.store, finished.run, arm)
    (verdict,) = found.judgement.classes
    text = shown(app)
    assert plain(sentence(verdict).render(), 1_000) in text
    assert "private" not in text.lower()
    use = table(app, "Taught by")
    assert use["Average precision"].iloc[0] == f"{verdict.quality.utility.real:.3f}"
    checks = table(app, "Asked").set_index("Asked")
    failing = {"copies", "nearness", "membership", "majority", "outside", "impossible", "detection"}
    assert (checks["Verdict"] == "fails").sum() == len(failing & set(verdict.failed))
    again = section(made=arm)
    assert not asked(again)
    assert not [r for r in finished.store.runs("synthetic") if r.live]


def judged(finished, arm="copula/logistic"):
    """Have the engine judge an arm's rows, where that is not done."""
    if stored(finished.store, finished.run, arm) is None:
        asked = {"run": finished.run, "arm": arm}
        finished.store.add_run("synthetic", asked, dataset=finished.dataset, version="")
        finished.work()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "What they are good for"), ("zh", "有什么用")]
)
def test_use_is_told_before_likeness_in_both_languages(section, finished, language, words):
    judged(finished)
    app = section(language, made="copula/logistic")
    heads = [head.value for head in app.subheader]
    likeness = next(
        i for i, h in enumerate(heads) if h.startswith(("How alike each col", "每一列"))
    )
    assert heads.index(next(h for h in heads if words in h)) < likeness
    vanished = {"en": "Vanished", "zh": "消失的值"}[language]
    assert list(table(app, vanished).iloc[:, 0]) == ["city"]


def test_the_chosen_column_is_laid_over(section, finished):
    judged(finished)
    app = section(made="copula/logistic")
    options = widget(app.selectbox, COLUMN).options
    assert sorted(options) == ["age", "amount", "city"]
    for column in options:
        widget(app.selectbox, COLUMN).set_value(column).run()
        assert not app.exception


def test_a_clicked_bar_chooses_its_column(monkeypatch):
    point = {"selection": {"points": [{"customdata": ["city"]}]}}
    state = {"compare_made_columns": point, COLUMN: "age"}
    monkeypatch.setattr("streamlit.session_state", state)
    _remember_click()
    assert state[COLUMN] == "city"
    state["compare_made_columns"] = {"selection": {"points": []}}
    _remember_click()
    assert state[COLUMN] == "city"


def test_it_is_told_why_a_low_bar_is_grey(monkeypatch):
    told = []
    monkeypatch.setattr("streamlit.caption", told.append)
    low, failed = Shape(("age",), "number", 0.7, 0.6), Shape(("age",), "number", 0.7, 0.9)
    fine = Shape(("age",), "number", 0.9, 0.95)
    _cut_off([failed, fine])
    assert told == []
    _cut_off([failed, low])
    assert len(told) == 1
    assert "A grey bar left of the dotted line does not fail" in told[0]
    _cut_off([failed] * 20)
    assert told[1:] == ["The worst 14 of 20."]


def test_a_failure_in_use_stands_beside_its_ratio(section, finished, monkeypatch):
    judged(finished)
    for fails in (False, True):
        monkeypatch.setattr(Utility, "failed", property(lambda use, fails=fails: fails))
        use = table(section(made="copula/logistic"), "Taught by").set_index("Taught by")
        assert use.loc["Made rows in their place", "That is"].endswith("(fails)") == fails


def test_who_stops_it_can_ask_again(section, finished, monkeypatch):
    monkeypatch.setattr("rebal_core.experiment.keys.of_synthetic", lambda: ["another judge"])
    app = section(made="smote/logistic")
    asked(app)[0].click().run()
    stop = next(b for b in app.button if b.key and b.key.endswith("_stop"))
    stop.click().run()
    assert "Nothing was kept" in shown(app)
    assert asked(app)


def test_without_made_rows_the_section_says_so(section, monkeypatch):
    monkeypatch.setattr("app.components.made_rows.NEW", ())
    app = section()
    assert "No arm of this run makes new rows" in shown(app)
    assert not asked(app)
