"""What a plan was made of can be read from it, and makes it again."""

import pytest

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.wishes import wishes_of

ASKED = [
    {"strategies": ["smote", "random_under"], "classifiers": "logistic", "folds": 3},
    {
        "strategies": ["smote", "balanced_bagging", "balanced_random_forest", "calibrated"],
        "classifiers": "knn,random_forest",
        "params": {
            "smote": {"k_neighbors": 3, "counts": {"rare": 60}},
            "random_forest": {"n_estimators": 30},
            "balanced_random_forest": {"n_estimators": 20},
            "class_weight": {},
        },
        "metric": "roc_auc",
        "rule": "balanced_accuracy",
        "repeats": 2,
        "margin": 0.02,
        "seed": 5,
    },
    {"strategies": ["tomek+smote"], "params": {"tomek+smote": {"k_neighbors": 2}}},
    {"strategies": ["none"], "split": "group", "group": "device", "folds": 2},
]


@pytest.mark.parametrize("asked", ASKED)
def test_a_plan_can_be_made_again(asked, tiny_binary, tmp_path):
    dataset = from_frame(tiny_binary, tmp_path / "d", target="label")
    plan = make_plan(dataset, **asked)
    wishes = wishes_of(plan, dataset.labels().classes)
    again = make_plan(dataset, **wishes)
    assert (again.arms, again.protocol) == (plan.arms, plan.protocol)


def test_the_quick_plan_asks_for_the_quick_strategies(tiny_binary, tmp_path):
    dataset = from_frame(tiny_binary, tmp_path / "d", target="label")
    wishes = wishes_of(make_plan(dataset), dataset.labels().classes)
    assert wishes["strategies"] == ["random_over", "random_under", "smote"]
    assert wishes["classifiers"] == ["logistic", "hist_gradient_boosting"]
    assert wishes["params"] == {}
