"""The numbers of a foreign manifest are numbers, and such as an export writes."""

from __future__ import annotations

from typing import Any, cast

import pytest

from rebal_core.export.bundle import Rules
from rebal_core.export.sound import refuse_unsound

GOOD = {
    "classes": ["no", "yes"],
    "positive": "yes",
    "repair": "prior+sigmoid",
    "calibration": {"slope": 1.25, "intercept": -1},
    "threshold": 0.5,
    "tau": None,
}


def test_what_was_written_is_read_back():
    rules = Rules.from_dict(GOOD)
    assert rules.to_dict() == GOOD


@pytest.mark.parametrize("value", ["1", True, None, [1.0], {"a": 1}])
@pytest.mark.parametrize("name", ["slope", "intercept", "threshold"])
def test_another_type_is_no_number(name, value):
    calibration = {**cast(dict[str, Any], GOOD["calibration"]), name: value}
    changed = {"threshold": value} if name == "threshold" else {"calibration": calibration}
    with pytest.raises(ValueError, match="in place of a number"):
        Rules.from_dict({**GOOD, **changed})


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((0.5, float("nan"), 0.0), "no number"),
        ((0.5, float("inf"), 0.0), "no number"),
        ((0.5, 1.0, float("-inf")), "no number"),
        ((0.5, 0.0, 0.0), "turns the order"),
        ((0.5, -1.0, 0.0), "turns the order"),
        ((1.5, 1.0, 0.0), "no probability"),
    ],
)
def test_numbers_that_no_export_writes_are_refused(numbers, words):
    nothing = cast(Any, None)
    with pytest.raises(ValueError, match=words):
        refuse_unsound(nothing, nothing, ("no", "yes"), numbers, [])
