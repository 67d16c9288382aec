"""What people type into a search finds what they mean, in both languages."""

from __future__ import annotations

import pytest

from rebal_core.strategies import STRATEGIES

#: What is typed, what it must find, and what it must not.
TYPED = {
    "class weights": ("class_weight", "smote"),
    "cost-sensitive": ("class_weight cost_matrix row_costs", "smote"),
    "cost sensitive": ("class_weight cost_matrix row_costs", "smote"),
    "代价敏感": ("cost_matrix row_costs", "smote"),
    "代价": ("cost_matrix row_costs", "smote"),
    "upsample": ("random_over smote adasyn", "random_under"),
    "up-sampling": ("random_over smote adasyn", "random_under"),
    "undersample": ("random_under near_miss_1", "random_over"),
    "Undersampled": ("random_under near_miss_1", "random_over"),
    "down sampling": ("random_under near_miss_1", "random_over"),
    "降采样": ("random_under near_miss_1 negative_sampling", "random_over"),
    "下采样": ("random_under near_miss_1", "random_over"),
    "升采样": ("random_over smote", "random_under"),
    "balanced forest": ("balanced_random_forest", "balanced_bagging"),
    "random over": ("random_over", "smote"),
    "threshold": ("threshold instance_hardness", "smote"),
    "thresholds": ("threshold instance_hardness", "smote"),
    "cut-off": ("threshold", "smote"),
    "阈值": ("threshold instance_hardness", "smote"),
    "合成": ("smote adasyn borderline_smote kmeans_smote svm_smote smotenc smoten mgs smote_enn "
           "smote_tomek", "random_over"),
    "synthetic": ("smote adasyn borderline_smote smote_tomek", "random_over"),
    "编辑近邻": ("enn repeated_enn smote_enn", "tomek"),
    "ＳＭＯＴＥ": ("smote borderline_smote", "adasyn"),
    "neighbors": ("enn condensed_nn", "random_over"),
    "smoet": ("smote borderline_smote", "random_over"),
    "undersmpling": ("random_under near_miss_1", "random_over"),
    "tomec": ("tomek smote_tomek", "smote"),
    "过彩样": ("random_over", "random_under"),
    "ensembles": ("bagging easy_ensemble", "smote"),
    "no remedy": ("none", "smote"),
    "baseline": ("none dummy", "smote"),
}  # fmt: skip


@pytest.mark.parametrize("typed", TYPED)
def test_what_people_type(typed: str) -> None:
    wanted, unwanted = (words.split() for words in TYPED[typed])
    found = {s.name for s in STRATEGIES.search(typed)}
    assert found >= {*wanted}
    assert not found & {*unwanted}


@pytest.mark.parametrize("typed", ["xyzzy", "qwertyuiop", "今天天气"])
def test_what_is_like_nothing_finds_nothing(typed: str) -> None:
    assert STRATEGIES.search(typed) == []


@pytest.mark.parametrize("spec", STRATEGIES, ids=lambda s: s.name)
def test_every_entry_is_found_by_its_words(spec) -> None:
    for word in (spec.name, spec.label, *spec.aliases):
        assert spec in STRATEGIES.search(word), word


def test_what_the_reader_is_shown_is_looked_for() -> None:
    assert STRATEGIES.search("調閾", lambda s: s.replace("Tuned cut-off", "調閾値")) == [
        STRATEGIES["threshold"]
    ]
