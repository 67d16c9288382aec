import pytest

from rebal_core.data.goals import GOALS, default_goal
from rebal_core.metrics.names import DECISIONS, SCORES
from rebal_core.wording import UserError

RULES = {"none", "f1", "macro_f1", "balanced_accuracy", "top_k:20", "recall>=0.8"}


@pytest.mark.parametrize("goal", list(GOALS), ids=lambda goal: goal.name)
def test_every_goal_names_a_metric_and_a_rule(goal):
    assert goal.metric in SCORES + DECISIONS
    assert goal.rule in RULES
    assert goal.about.endswith(".")
    assert set(goal.tasks) <= {"binary", "multiclass"}
    assert set(goal.tasks), goal.name


def test_rules_of_two_classes_serve_two_classes_only():
    for goal in GOALS:
        if goal.rule.startswith(("top_k", "recall")) or goal.rule == "f1":
            assert goal.tasks == ("binary",)


def test_the_goals_of_the_samples():
    chosen = {name: (GOALS[name].metric, GOALS[name].rule) for name in ("ads", "fraud")}
    assert chosen == {"ads": ("log_loss", "none"), "fraud": ("average_precision", "top_k:20")}
    assert GOALS["diagnosis"].metric == "balanced_accuracy"


def test_default_goals():
    assert (default_goal("binary").metric, default_goal("binary").rule) == (
        "average_precision",
        "f1",
    )
    assert default_goal("multiclass").rule == "macro_f1"


def test_a_goal_is_found_by_a_chinese_word():
    assert GOALS.find("点击率").name == "ads"
    with pytest.raises(UserError, match="no goal"):
        GOALS.find("xyzzy")
