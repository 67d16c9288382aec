"""Steps of several strategies stand together in one order, or say why they do not."""

from __future__ import annotations

import numpy as np
import pytest
from test_common import typed

from rebal_core.arm import Arm
from rebal_core.samplers import ENN, SMOTE, Graphs, RandomOver, RandomUnder
from rebal_core.step import order_reason
from rebal_core.strategies import STRATEGIES, Strategy, combine, fit_arm, resample, strategy_of
from rebal_core.wording import Unsuitable, UserError


@pytest.mark.parametrize(
    ("slots", "words"),
    [
        ((), None),
        (("over",), None),
        (("over", "clean"), None),
        (("clean", "over", "under"), None),
        (("clean", "over", "clean"), None),
        (("over", "under", "weights"), None),
        (("weights", "training"), None),
        (("clean", "over", "under", "clean"), "At most 3 steps"),
        (("under", "over"), "in this order"),
        (("over", "over"), "leave one of these out"),
        (("clean", "clean", "over"), "in this order"),
        (("clean", "over", "clean", "clean"), "leave one of these out"),
        (("weights", "over"), "changed first and weighed afterwards"),
        (("weights", "weights"), "do the same"),
    ],
)
def test_the_order(slots, words) -> None:
    reason = order_reason(slots)
    assert (reason is None) == (words is None)
    assert words is None or words in str(reason)


def test_a_wrong_order_is_no_strategy() -> None:
    with pytest.raises(ValueError, match="in this order"):
        Strategy("x", "x", "combined", "x", (), "x.", steps=(RandomUnder(), SMOTE()))
    with pytest.raises(Unsuitable, match="in this order"):
        combine(STRATEGIES["random_under"], STRATEGIES["smote"])
    with pytest.raises(UserError, match="in this order"):
        STRATEGIES.find("random_under+random_over")


def test_names_with_a_plus_are_combinations() -> None:
    found = STRATEGIES.find("随机过采样+random_under")
    assert found.name == "random_over+random_under"
    assert "random_over+random_under" in STRATEGIES
    assert "random_over+nothing" not in STRATEGIES
    assert STRATEGIES["random_over+random_under"].steps == found.steps or len(found.steps) == 2
    assert STRATEGIES.find("smote+enn").name == "smote_enn", "an alias wins"
    with pytest.raises(UserError, match="no strategy called"):
        STRATEGIES.find("smote+colour")
    with pytest.raises(UserError, match="none leaves the model alone"):
        STRATEGIES.find("smote+不处理")
    with pytest.raises(UserError, match="is a family"):
        STRATEGIES.find("smote+欠采样")


@pytest.mark.parametrize("word", ["smote+", "+smote", "+", " + ", "smote++enn"])
def test_a_plus_sign_with_nothing_beside_it_is_told(word) -> None:
    with pytest.raises(UserError, match="lacks a strategy beside a plus sign") as told:
        STRATEGIES.find(word)
    assert f"“{word}”" in str(told.value)
    assert word not in STRATEGIES


def test_a_combination_is_fitted_like_any_other(tiny_tables) -> None:
    rows = typed(tiny_tables["binary"])
    ratios = (("random_over.ratio", 0.5), ("random_under.ratio", 1.0))
    arm = Arm("random_over+random_under+class_weight", "logistic", ratios, (("C", 0.5),))
    assert arm.name == (
        "random_over+random_under+class_weight(random_over.ratio=0.5,random_under.ratio=1.0)"
        "/logistic(C=0.5)"
    )
    recipe = resample(arm, rows, None, seed=0)
    counts = np.bincount(rows.y)
    half = round(counts[0] / 2)
    assert np.bincount(recipe.label).tolist() == [half, half]
    assert strategy_of(arm).counts_after(counts.tolist()) == (half, half)
    fitted = fit_arm(arm, rows, seed=0)
    np.testing.assert_allclose(fitted.prior_fit, [0.5, 0.5])
    assert fitted.model.estimator.C == 0.5
    assert not strategy_of(arm).untreated


def test_a_later_step_changes_no_draw_of_the_first(tiny_tables) -> None:
    rows = typed(tiny_tables["binary"])
    alone = resample(Arm("smote", "logistic"), rows, None, seed=3)
    both = resample(Arm("smote_enn", "logistic"), rows, None, seed=3)
    lines = {tuple(line) for line in zip(alone.base, alone.mate, alone.step, strict=True)}
    assert {tuple(line) for line in zip(both.base, both.mate, both.step, strict=True)} < lines


def test_cleaning_sees_what_was_made(tiny_tables) -> None:
    rows = typed(tiny_tables["binary"])
    steps = (RandomOver(ratio=0.9), ENN())
    spec = Strategy("x", "x", "combined", "x", (), "x.", steps=steps)
    assert spec.changes_rows
    assert spec.makes == "duplicate"
    assert spec.counts_after((90, 10)) == (90, 81)
    recipe = resample(Arm("smote_enn", "logistic"), rows, None, seed=0)
    assert len(recipe) < len(resample(Arm("smote", "logistic"), rows, None, seed=0))


@pytest.mark.parametrize("name", ["enn+smote+tomek", "tomek+random_over+enn", "enn+smote"])
def test_each_step_is_near_what_the_ones_before_it_left(name, tiny_tables, monkeypatch) -> None:
    rows = typed(tiny_tables["binary"])
    found = resample(Arm(name, "logistic"), rows, Graphs.of(rows), seed=3)
    monkeypatch.setattr(Graphs, "after", lambda _self, _recipe, made: Graphs.of(made))
    anew = resample(Arm(name, "logistic"), rows, Graphs.of(rows), seed=3)
    for part in ("base", "mate", "label", "origin"):
        assert np.array_equal(getattr(found, part), getattr(anew, part))
    assert (found.removed_by == 0).any()
