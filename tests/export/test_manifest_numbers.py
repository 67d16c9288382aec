"""The numbers of a foreign manifest are numbers, and such as an export writes."""

from __future__ import annotations

from typing import Any, cast

import pytest

from rebal_core.decisions import Calibration, Policy
from rebal_core.export.validate import refuse_bad_numbers

GOOD = {
    "classes": ["no", "yes"],
    "positive": "yes",
    "repair": {"name": "prior+sigmoid", "slope": 1.25, "offsets": [0, -1]},
    "threshold": 0.5,
    "tau": None,
    "rule": "f1",
    "tallies": {
        "cutoffs": [0.1, 0.4, 0.9],
        "hits": [20.0, 15.0, 5.0],
        "picked": [100.0, 40.0, 6.0],
        "positives": 20.0,
        "rows": 400.0,
        "lost": None,
        "wasted": None,
    },
}


def test_what_was_written_is_read_back():
    policy, classes = Policy.from_dict(GOOD)
    assert policy.to_dict(classes) == GOOD


@pytest.mark.parametrize("value", ["1", True, None, [1.0], {"a": 1}])
@pytest.mark.parametrize("name", ["slope", "offsets", "threshold"])
def test_another_type_is_no_number(name, value):
    given = [0.0, value] if name == "offsets" else value
    repair = {**cast(dict[str, Any], GOOD["repair"]), name: given}
    changed = {"threshold": value} if name == "threshold" else {"repair": repair}
    with pytest.raises(ValueError, match="in place of a number"):
        Policy.from_dict({**GOOD, **changed})


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((0.5, float("nan"), ()), "no number"),
        ((0.5, float("inf"), ()), "no number"),
        ((0.5, 1.0, (0.0, float("-inf"))), "no number"),
        ((0.5, 0.0, ()), "turns the order"),
        ((0.5, -1.0, ()), "turns the order"),
        ((0.5, 1.0, (0.0, 0.0, 0.0)), "other classes"),
        ((1.5, 1.0, ()), "no probability"),
    ],
)
def test_numbers_that_no_export_writes_are_refused(numbers, words):
    cutoff, slope, offsets = numbers
    with pytest.raises(ValueError, match=words):
        refuse_bad_numbers(2, cutoff, Calibration(slope, offsets))


def test_a_file_of_before_rules_were_kept_is_read():
    old = {name: value for name, value in GOOD.items() if name not in ("rule", "tallies")}
    policy, _ = Policy.from_dict(old)
    assert (policy.cutoff, policy.rule, policy.tallies) == (0.5, None, None)


@pytest.mark.parametrize("rule", ["best", "", 3, ["f1"], "recall>=2", "top_k:0"])
def test_a_rule_that_no_plan_knows_is_refused(rule):
    with pytest.raises(ValueError, match="a rule for the threshold"):
        Policy.from_dict({**GOOD, "rule": rule})


@pytest.mark.parametrize(
    "change",
    [
        {"cutoffs": []},
        {"cutoffs": [0.1, 0.4]},
        {"cutoffs": [0.4, 0.1, 0.9]},
        {"cutoffs": [0.1, 0.4, 1.9]},
        {"cutoffs": [0.1, float("nan"), 0.9]},
        {"hits": [21.0, 15.0, 5.0]},
        {"hits": [20.0, 15.0, 7.0]},
        {"hits": [20.0, 15.0, -5.0]},
        {"hits": [True, 15.0, 5.0]},
        {"picked": ["1", 40.0, 6.0]},
        {"picked": [500.0, 40.0, 6.0]},
        {"positives": 0.0},
        {"positives": 400.0},
        {"rows": float("inf")},
        {"rows": None},
    ],
)
def test_tallies_that_are_no_counts_are_refused(change):
    tallies = {**cast(dict[str, Any], GOOD["tallies"]), **change}
    with pytest.raises(ValueError, match=r"that are none|in place of a number"):
        Policy.from_dict({**GOOD, "tallies": tallies})
