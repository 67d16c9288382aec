"""The JSON of a comparison: exact keys, strict, stable."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from fake_runs import arm_cells, binary_run, cells_of, many_run

from rebal_core.arm import Protocol
from rebal_core.evaluation import build_report, evaluate
from rebal_core.metrics.names import DECISIONS, SCORES
from rebal_core.wording import UserError

KEYS = {
    "": "run unused dataset protocol arms controls verdict alarms seconds",
    "dataset": "rows target classes positive fingerprint",
    "protocol": "folds repeats split group time seed metric value false_alarm tuning reference",
    "reference": "rule arms",
    "arm": "arm strategy classifier params remedy repair status reason metrics score at "
    "per_class threshold seconds rival spent robustness notes verdict",
    "class": "label support precision recall f1 average_precision recall_low recall_high",
    "arm verdict": "code delta low high p vs_best",
    "verdict": "code sentence best_arm",
}


def keys(name):
    return set(KEYS[name].split())


@pytest.mark.parametrize("make", [binary_run, many_run])
def test_report_has_exactly_the_keys(make):
    arms, *rest = make()
    arms += [arm_cells("smote/mlp", (), status="failed")]
    facts = {
        "rows": 600,
        "target": "y",
        "fingerprint": "ab",
        "alarms": [{"code": "copies", "message": "Copies."}],
    }
    report = build_report(evaluate(arms, *rest, facts), run=7, seconds=1.5)
    assert set(report) == keys("")
    assert set(report["dataset"]) == keys("dataset")
    assert set(report["protocol"]) == keys("protocol")
    assert set(report["protocol"]["reference"]) == keys("reference")
    assert set(report["verdict"]) == keys("verdict")
    assert report["alarms"] == [{"code": "copies", "message": "Copies."}]
    assert report["controls"] == []
    for arm in report["arms"]:
        assert set(arm) == keys("arm")
        assert set(arm["at"]) == {"default", "tuned"}
        assert set(arm["seconds"]) == {"resample", "fit", "predict"}
        if arm["status"] == "done":
            assert set(arm["metrics"]) == set(SCORES)
            rule = "default" if arm["strategy"] in ("none", "dummy") else "tuned"
            known = arm["metrics"] | arm["at"][rule]
            assert arm["score"] == known[report["protocol"]["metric"]]
            assert set(arm["at"]["tuned"]) == set(arm["at"]["default"]) == set(DECISIONS)
            assert all(set(row) == keys("class") for row in arm["per_class"])
            assert all(set(m) == {"mean", "low", "high"} for m in arm["metrics"].values())
        if arm["verdict"]:
            assert set(arm["verdict"]) == keys("arm verdict")
            assert set(arm["verdict"]["vs_best"]) == {"delta", "low", "high"}
    text = json.dumps(report, allow_nan=False)
    assert json.loads(text) == report


def test_untreated_dummy_and_unfinished_arms_get_no_verdict():
    arms, *rest = binary_run()
    cells = arms[0].cells
    prior = np.tile([0.9, 0.1], (600, 1))
    dummy = cells_of(*_table(cells), [_split(c) for c in cells])
    arms += [
        arm_cells("dummy/prior", tuple(replace(c, proba=prior[c.rows]) for c in dummy)),
        arm_cells("smote/mlp", (), status="failed"),
        arm_cells("smote/logistic", (), status="skipped"),
    ]
    by_name = {a["arm"]: a for a in build_report(evaluate(arms, *rest))["arms"]}
    without = {name for name, a in by_name.items() if a["verdict"] is None}
    assert without == {
        "none/logistic",
        "threshold/logistic",
        "dummy/prior",
        "smote/mlp",
        "smote/logistic",
    }
    assert by_name["dummy/prior"]["metrics"]["roc_auc"]["mean"] == 0.5
    assert by_name["smote/mlp"]["reason"] == "it broke"


def _table(cells):
    rows = np.concatenate([c.rows for c in cells])
    y = np.empty(rows.size, dtype=np.int64)
    y[rows] = np.concatenate([c.y for c in cells])
    return y, np.zeros((rows.size, 2))


def _split(cell):
    from rebal_core.arm import Split

    everything = np.arange(600)
    return Split(cell.repeat, cell.fold, np.setdiff1d(everything, cell.rows), cell.rows)


def test_delta_is_the_difference_of_the_displayed_scores():
    for metric in ("average_precision", "log_loss", "f1", "mcc", "recall", "brier"):
        arms, *rest = binary_run(metric=metric, repeats=2, better=0.5)
        report = build_report(evaluate(arms, *rest))
        by_name = {a["arm"]: a for a in report["arms"]}

        def shown(name, by_name=by_name, metric=metric):
            arm = by_name[name]
            return {**arm["at"]["tuned"], **arm["metrics"]}[metric]["mean"]

        for name, arm in by_name.items():
            if arm["verdict"]:
                delta = shown(name) - shown("threshold/logistic")
                assert arm["verdict"]["delta"] == pytest.approx(delta, abs=1e-12)
                assert arm["verdict"]["low"] <= delta <= arm["verdict"]["high"]


def test_order_of_arms_changes_nothing():
    arms, *rest = binary_run(arms=5, better=0.8)
    report = build_report(evaluate(arms, *rest))
    back = build_report(evaluate(arms[::-1], *rest))
    assert back["verdict"] == report["verdict"]
    assert {a["arm"]: a for a in back["arms"]} == {a["arm"]: a for a in report["arms"]}


def test_arms_are_called_by_the_labels_of_what_is_set():
    arms, *rest = binary_run(better=1.5)
    stored = replace(arms[2].arm, params=(("counts", ((1, 500),)),))
    arms[2] = replace(arms[2], arm=stored)
    arms[3] = replace(arms[3], rival=stored.name)
    alarm = {"code": "reference", "template": "It is {remedy}.", "values": {"remedy": stored.name}}
    found = evaluate(arms, *rest, {"alarms": [alarm]})
    report, called = build_report(found), "remedy0(counts: yes 500)/logistic"
    assert report["verdict"]["sentence"].startswith(f"{called} helps: ")
    assert report["verdict"]["best_arm"] == called == found.called[stored.name]
    assert [a["arm"] for a in report["arms"]][2] == called
    assert report["arms"][3]["rival"]["arm"] == called
    assert [a["message"] for a in report["alarms"]] == [f"It is {called}."]
    assert "((" not in json.dumps(report)


def test_a_rule_for_two_classes_is_refused_for_many():
    arms, *rest = many_run(rule="top_k:20")
    with pytest.raises(UserError, match="needs two classes"):
        evaluate(arms, *rest)


def test_arms_on_other_rows_are_a_fault():
    arms, *rest = binary_run()
    other, *_ = binary_run(seed=5)
    with pytest.raises(ValueError, match="same rows"):
        evaluate([*arms, replace(other[2], arm=replace(other[2].arm, strategy="x"))], *rest)


def test_nothing_done_is_no_verdict():
    run, protocol, classes, positive = binary_run()
    arms = [replace(a, status="failed", cells=()) for a in run]
    report = build_report(evaluate(arms, protocol, classes, positive))
    assert report["verdict"]["code"] == "NO_VERDICT"
    assert report["verdict"]["best_arm"] is None
    json.dumps(report, allow_nan=False)


def test_the_protocol_names_what_was_split_by():
    run, _, *rest = binary_run(arms=1)
    for protocol in (
        Protocol("average_precision", "f1"),
        Protocol("average_precision", "f1", group="customer", time="day", split="group"),
    ):
        told = build_report(evaluate(run, protocol, *rest))["protocol"]
        assert (told["group"], told["time"]) == (protocol.group, protocol.time)


def test_what_fits_wanted_to_be_known_is_told_with_its_cells():
    arms, *rest = binary_run(repeats=2)
    slow = [replace(c, notes=("Slow.", "Slow.", f"{c.repeat}.")) for c in arms[2].cells]
    arms[2] = replace(arms[2], cells=tuple(slow))
    found = evaluate(arms, *rest)
    told = {a["arm"]: a["notes"] for a in build_report(found)["arms"]}
    name = arms[2].name
    assert {one["note"]: one["cells"] for one in told.pop(name)} == {"Slow.": 10, "0.": 5, "1.": 5}
    assert set(map(len, told.values())) == {0}
    assert list(found.notes()["arm"]) == [name] * 3
