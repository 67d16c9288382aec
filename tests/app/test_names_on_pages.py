"""Registered names are for who types them: on a page they are labels, in the reader's language."""

from __future__ import annotations

import re
from itertools import product

import pytest
import streamlit as st

from app import i18n
from app.components import words
from app.components.arms_table import LETTER, PADDING, WIDTHS
from app.locales.__main__ import read
from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.data.formats import fitted_label
from rebal_core.experiment.arms import choose_arms, read_classifiers
from rebal_core.facts import TableFacts
from rebal_core.figures.legible import MOST
from rebal_core.metrics import METRICS
from rebal_core.strategies import STRATEGIES, Saved, SavedStrategy, combine
from rebal_core.wording import Text, UserError

NAMES = {spec.name for registry in (STRATEGIES, CLASSIFIERS, METRICS) for spec in registry}
#: Names that are no English words: with an underscore, or short for several words.
RAW = {name for name in NAMES if "_" in name} | {
    *("smote", "smoten", "smotenc", "enn", "tomek", "adasyn", "mgs", "mlp", "knn", "lightgbm")
}
WORD = re.compile(r"(?<![\w-])[a-z][a-z0-9_]+(?![\w-])")


def raw(text: str, language: str) -> set[str]:
    """Return the registered names in a text: in Chinese no name is a word."""
    return {*WORD.findall(text)} & (RAW if language == "en" else NAMES)


def tables() -> list[TableFacts]:
    """Return facts that give each strategy and classifier its reasons."""
    made = []
    for counts, columns in product(
        ((900, 90, 30), (3_000_000, 200_000), (2_000_000, 9), (90, 1, 1), (9,) * 300, (60, 2)),
        ((3, 2, 0, 0), (0, 3, 0, 0), (3, 0, 0, 0), (900, 0, 0, 0), (0, 0, 1, 0)),
    ):
        labels = tuple(f"class {k}" for k in range(len(counts)))
        made.append(TableFacts(sum(counts), counts, *columns, labels=labels))
    return made


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(st.session_state, "language", request.param)
    return str(request.param)


def reasons() -> list[Text]:
    found = {}
    every = [c.name for c in CLASSIFIERS]
    for facts in tables():
        for strategy in STRATEGIES:
            # What classifiers say is heard of one strategy.
            for classifier in every if strategy.name == "none" else ("logistic", "lightgbm"):
                told = strategy.unsuitable(facts, classifier)
                if told is not None:
                    found[str(told)] = told
    return list(found.values())


@pytest.fixture(scope="module")
def every_reason() -> list[Text]:
    return reasons()


def test_no_reason_on_a_page_holds_a_name_as_one_types_it(every_reason, language):
    assert len(every_reason) > 30
    for told in every_reason:
        typed, shown = str(told), i18n.sentence(told)
        assert not raw(shown, language), shown
        # A stored one is told alike.
        assert i18n.sentence(typed) == shown
    assert any(raw(str(told), "en") for told in every_reason)


def test_no_sentence_of_the_core_has_a_name_written_into_it():
    """A name stands in a gap, or a page could not say the label."""
    wrong = []
    for message in read():
        places = [place for place, _line in message.locations]
        typed = ("rebal_core/cli/", "rebal_core/export/", "rebal_core/library.py", "app/")
        if not message.id or all(place.startswith(typed) for place in places):
            continue
        bare = re.sub(r"\{[^}]*\}|`[^`]*`", "", str(message.id))
        if any(place.startswith("rebal_core/") for place in places) and raw(bare, "en"):
            wrong.append((bare, raw(bare, "en")))
    assert wrong == []


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("random_under", "Random undersampling"),
        ("smote, random_over", "SMOTE, Random oversampling"),
        ("smote+random_under/logistic", "SMOTE + Random undersampling · Logistic regression"),
        ("smote(k_neighbors=3)/mlp", "SMOTE (neighbours k 3) · MLP"),
        ("Gradient boosting", "Gradient boosting"),
        ("mine", "mine"),
        ("smote of mine", "smote of mine"),
        ("", ""),
    ],
)
def test_names_are_told_by_their_labels(names, told, monkeypatch):
    monkeypatch.setitem(st.session_state, "language", "en")
    assert i18n.labels_in(names) == told


def test_settings_are_told_in_the_readers_language(monkeypatch):
    monkeypatch.setitem(st.session_state, "language", "zh")
    told = i18n.labels_in("smote(k_neighbors=3)/mlp")
    assert f"{i18n.catalogue('zh')['Neighbours k']} 3" in told
    assert "neighbors" not in told


def test_refusals_are_told_by_labels(language):
    for wrong in (
        lambda: combine(STRATEGIES["none"], STRATEGIES["class_weight"]),
        lambda: read_classifiers([]),
        lambda: choose_arms(["smote"], ["hist_gradient_boosting"], TableFacts(
            2700, (9,) * 300, 3, 0, 0, 0), {}),
    ):  # fmt: skip
        with pytest.raises(UserError) as refused:
            wrong()
        assert not raw(i18n.sentence(refused.value.text), language)


def test_the_command_line_says_the_names_that_one_types():
    told = STRATEGIES["bagging"].unsuitable(TableFacts(990, (900, 90), 3, 0, 0, 0), "stacking")
    assert str(told).startswith("bagging works with logistic, ")
    one = TableFacts(52, (50, 1, 1), 3, 0, 0, 0)
    assert str(STRATEGIES["smote"].unsuitable(one, "logistic")).endswith("choose random_over.")


def test_a_sentence_among_others_is_told_by_labels(monkeypatch):
    monkeypatch.setitem(st.session_state, "language", "en")
    stored = "Nobody wrote this. There is no column but categories; choose smoten."
    label = STRATEGIES["smoten"].label
    assert i18n.sentence(stored) == (
        f"Nobody wrote this. There is no column but categories; choose {label}."
    )


def test_what_is_saved_keeps_its_name_under_other_settings(monkeypatch):
    monkeypatch.setitem(st.session_state, "language", "en")
    mine = (
        SavedStrategy("mix", "tomek+smote"),
        SavedStrategy("mix_3", "tomek+smote", {"k_neighbors": 3}),
        SavedStrategy("half", "smote", {"ratio": 0.5}),
    )
    monkeypatch.setattr(words, "saved", lambda: Saved(mine))

    def told(strategy, **params):
        arm = Arm(strategy, "logistic", tuple(params.items()))
        return words.labels_of([arm], ("no", "yes"), short=True)[arm.name]

    assert told("tomek+smote") == "mix · LR"
    assert told("tomek+smote", k_neighbors=7) == "mix (neighbours k 7) · LR"
    assert told("tomek+smote", k_neighbors=3) == "mix_3 · LR"
    assert told("tomek+smote", k_neighbors=3, ratio=0.2) == "mix_3 (ratio 0.2) · LR"
    assert told("smote", ratio=0.5) == "half · LR"
    assert told("smote", ratio=0.2) == "SMOTE (ratio 0.2) · LR", "a single remedy is itself"


@pytest.mark.parametrize(
    "name", ["SMOTE", "Tomek links + Borderline-SMOTE (neighbours k 7)", "近" * 40]
)
def test_a_name_that_is_cut_keeps_its_model(name):
    one, other = (fitted_label(f"{name} · {model}", 24) for model in ("LR", "LightGBM"))
    assert one.endswith(" · LR")
    assert other.endswith(" · LightGBM")
    assert max(len(one), len(other)) <= 24


def test_usual_names_are_whole_in_the_table_of_compare():
    letters = (WIDTHS["label"] - PADDING) // LETTER
    for label in (
        "Random oversampling · GBT",
        "Random undersampling · GBT",
        "随机过采样 · 梯度提升树",
    ):
        assert fitted_label(label, letters) == label


def test_rules_are_told_with_their_signs_and_without_markup():
    """Without its signs “a <= b” and “a > b” would be one name."""
    told = {
        "a <= b; age >= 18": "a ≤ b; age ≥ 18",
        "a < b; pairs(a, b)": "a < b; pairs(a, b)",
        "age: <30=50, >=30=50": "age: <30=50, ≥30=50",
        "`x|y` <= **b** :red[c] <b>": "x y ≤ b red c b",
    }
    for rules, shown in told.items():
        label = words.arm_label(Arm("arf", "logistic", (("rules", rules),)), ())
        assert f"(rules {shown})" in label, label


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("letters", [26, MOST])
def test_arms_of_one_strategy_are_told_apart(language, letters, monkeypatch):
    """By what differs between them, also in a narrow table and in figures."""
    monkeypatch.setitem(st.session_state, "language", language)
    settings = [{}, {"fill": 2.0}, {"select": True}, {"fill": 2.0, "select": True}]
    rules = {"rules": "a <= b; pairs(a, b); c + d = e"}
    arms = [
        Arm(strategy, model, tuple(sorted({**some, **rules}.items())))
        for strategy in ("arf", "tomek+arf")
        for model in ("logistic", "lightgbm")
        for some in settings
    ]
    named = words.labels_of(arms, (), short=True).values()
    shown = [fitted_label(label, letters) for label in named]
    assert len({*shown}) == len(arms), shown
    assert all("×1" in one for one in shown[::2] if "2" not in one)
    assert not any("≤" in one for one in shown), "what they share is not told"
    whole = words.labels_of(arms, ()).values()
    assert all("a ≤ b" in one for one in whole)
    if language == "en":
        told = [label.removeprefix("Adversarial random forest ") for label in list(named)[:4]]
        assert told == ["(×1) · LR", "(×2) · LR", "(×1, surest) · LR", "(×2, surest) · LR"]


def test_a_lone_arm_tells_all_that_is_set():
    arm = Arm("arf", "logistic", (("fill", 2.0), ("rules", "a <= b")))
    assert words.labels_of([arm], (), short=True)[arm.name].endswith("(×2, rules a ≤ b) · LR")


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("Conditional GAN (steps of learning 200) · LR", "Condi…AN (steps… 200) · LR"),
        ("条件生成对抗网络（学习步数 200） · LR", "条件…络（学习… 200） · LR"),
        ("Tomek links, then SMOTE (k 9, ratio 0.5) · LightGBM", "Tom…TE (k 9….5) · LightGBM"),
    ],
)
def test_the_value_that_is_set_is_not_cut(label: str, shown: str) -> None:
    assert fitted_label(label, 26) == shown
