"""Entries are found by the words of articles, in both languages."""

from __future__ import annotations

import pytest

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.strategies import STRATEGIES
from rebal_core.wording import UserError


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("随机过采样", "random_over"),
        ("随机欠采样", "random_under"),
        ("近邻过采样", "smote"),
        ("SMOTE", "smote"),
        ("ROS", "random_over"),
        ("类别权重", "class_weight"),
        ("Random-Undersampling", "random_under"),
        ("平衡随机森林", "balanced_random_forest"),
        ("SMOTEENN", "smote_enn"),
        ("阈值调整", "threshold"),
    ],
)
def test_strategies(word, name) -> None:
    assert STRATEGIES.find(word).name == name


@pytest.mark.parametrize("word", ["上采样", "过采样", "oversampling", "over"])
def test_a_family_word_names_its_entries(word) -> None:
    with pytest.raises(UserError, match=r"random_over, .*smote"):
        STRATEGIES.find(word)
    assert {"random_over", "smote"} <= {s.name for s in STRATEGIES.search(word)}


@pytest.mark.parametrize("word", ["下采样", "欠采样", "undersampling"])
def test_so_does_the_other_one(word) -> None:
    with pytest.raises(UserError, match="random_under"):
        STRATEGIES.find(word)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("逻辑回归", "logistic"),
        ("随机森林", "random_forest"),
        ("梯度提升", "hist_gradient_boosting"),
        ("神经网络", "mlp"),
        ("hgb", "hist_gradient_boosting"),
    ],
)
def test_classifiers(word, name) -> None:
    assert CLASSIFIERS.find(word).name == name


def test_a_near_miss_is_proposed() -> None:
    with pytest.raises(UserError, match="did you mean smote"):
        STRATEGIES.find("smot")
