"""The table of arms on many classes: what is judged is their mean, what is chosen is one."""

from dataclasses import replace

from fake_runs import many_run

from app.components.arms_filters import claimed
from app.components.arms_table import _columns, arms_frame, heading
from rebal_core.evaluation import evaluate


def test_of_many_classes_one_has_no_verdict_and_its_own_numbers():
    told = evaluate(*many_run(arms=0, metric="roc_auc"))
    frame = arms_frame(told, 1, ["logistic"]).set_index("arm")
    own = told.per_class("threshold/logistic").iloc[1]
    assert frame["metric"]["threshold/logistic"] == own["average_precision"]
    assert not {"verdict", "best"} & set(_columns(told, 1))
    assert "verdict" in _columns(told, None)
    assert claimed(told) is None
    assert "all classes together" in heading(told, 1)[1]
    without = replace(told, protocol=replace(told.protocol, rule="none"))
    assert not {"found", "f1"} & set(_columns(without, 1))
