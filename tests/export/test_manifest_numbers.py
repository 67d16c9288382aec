"""The numbers of a foreign manifest are numbers, and such as an export writes."""

from __future__ import annotations

from typing import Any, cast

import pytest

from rebal_core.decisions import Calibration
from rebal_core.export.bundle import Rules
from rebal_core.export.sound import refuse_bad_numbers

GOOD = {
    "classes": ["no", "yes"],
    "positive": "yes",
    "repair": {"name": "prior+sigmoid", "slope": 1.25, "offsets": [0, -1]},
    "threshold": 0.5,
    "tau": None,
}


def test_what_was_written_is_read_back():
    rules = Rules.from_dict(GOOD)
    assert rules.to_dict() == GOOD


@pytest.mark.parametrize("value", ["1", True, None, [1.0], {"a": 1}])
@pytest.mark.parametrize("name", ["slope", "offsets", "threshold"])
def test_another_type_is_no_number(name, value):
    given = [0.0, value] if name == "offsets" else value
    repair = {**cast(dict[str, Any], GOOD["repair"]), name: given}
    changed = {"threshold": value} if name == "threshold" else {"repair": repair}
    with pytest.raises(ValueError, match="in place of a number"):
        Rules.from_dict({**GOOD, **changed})


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
