"""Parameters of every kind: what is read, what is refused, and in which words."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_common import facts_of

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.params import Choice, ColumnName, Counts, Number, Switch, Table
from rebal_core.wording import UserError

COLUMNS = (("age", "feature"), ("y", "target"), ("user", "group"))
FACTS = facts_of((90, 10), labels=("common", "罕见"), columns=COLUMNS)
NUMBER = Number("ratio", "Ratio", "x", 1.0, 0.001, 1.0)
CHOICE = Choice("kind", "Kind", "x", "one", (("one", "First"), ("two", "Second")))
SWITCH = Switch("keep", "Keep", "x")
COLUMN = ColumnName("context", "Context", "x", roles=("group", "feature"))
COUNTS = Counts()
TABLE = Table("weights", "Weights", "x")
COSTS = Table("costs", "Costs", "x", pairs=True)


@pytest.mark.parametrize(
    ("param", "value", "expected"),
    [
        (NUMBER, "0.5", 0.5),
        (CHOICE, "two", "two"),
        (SWITCH, "Yes", True),
        (SWITCH, False, False),
        (SWITCH, 1, True),
        (COLUMN, "user", "user"),
        (COLUMN, "", ""),
        (COUNTS, {"罕见": 30}, ((1, 30),)),
        (COUNTS, '{"罕见": 30, "common": 40}', ((0, 40), (1, 30))),
        (COUNTS, ((1, 30),), ((1, 30),)),
        (COUNTS, {1: "30"}, ((1, 30),)),
        (COUNTS, None, None),
        (COUNTS, {}, None),
        (TABLE, '{"罕见": 2.5}', ((1, 2.5),)),
        (COSTS, {"common": {"罕见": 5}}, ((0, ((1, 5.0),)),)),
        (COSTS, ((0, ((1, 5.0),)),), ((0, ((1, 5.0),)),)),
    ],
)
def test_read(param, value, expected) -> None:
    found = param.read(value, FACTS)
    assert found == expected
    assert type(found) is type(expected)
    hash(found)
    assert param.read(found, FACTS) == found, "what is read can be read again"
    assert param.read(json.loads(json.dumps(found)), FACTS) == found, "also after JSON"


@pytest.mark.parametrize(
    ("param", "value", "words"),
    [
        (NUMBER, "much", "give a number from 0.001 to 1"),
        (CHOICE, "three", "choose from one, two"),
        (SWITCH, "maybe", "give true or false"),
        (COLUMN, "y", "choose a column from age, user"),
        (COLUMN, "nothing", "choose a column from age, user"),
        (COUNTS, {"nothing": 3}, "the classes are common, 罕见"),
        (COUNTS, {7: 3}, "the classes are common, 罕见"),
        (COUNTS, {"罕见": 0}, "rows per class, each from 1 to 100,000,000"),
        (COUNTS, {"罕见": 2.5}, "rows per class"),
        (COUNTS, "{", "rows per class"),
        (COUNTS, 7, "rows per class"),
        (TABLE, {"罕见": -1}, "a number per class"),
        (COSTS, {"罕见": 1}, "a number per pair of classes"),
        (COSTS, {"罕见": {"x": 1}}, "the classes are common, 罕见"),
    ],
)
def test_refused(param, value, words) -> None:
    with pytest.raises(UserError) as error:
        param.read(value, FACTS)
    assert words in str(error.value)
    assert str(error.value).count(".") - str(error.value).count("0.") <= 2


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(value=ANYTHING)
def test_nothing_else_than_a_sentence_comes_of_anything(value) -> None:
    for param in (NUMBER, CHOICE, SWITCH, COLUMN, COUNTS, TABLE, COSTS):
        with suppress(UserError):
            found = param.read(value, FACTS)
            assert {found: True}[found], "a value can be a key"
            assert param.read(found, FACTS) == found


@pytest.mark.parametrize("spec", CLASSIFIERS, ids=lambda c: c.name)
def test_the_settings_of_a_classifier_reach_its_model(spec) -> None:
    assert len({p.name for p in spec.parameters}) == len(spec.parameters)
    assert spec.read(dict(spec.params)) == {}, "defaults are no settings"
    for param in spec.parameters:
        value = type(param.default)(param.low) or type(param.default)(param.high)
        settings = spec.read({param.name: str(value)})
        model = spec.build(settings)
        held = getattr(model, "estimator", model)
        assert getattr(held, param.name) == value
        with pytest.raises(UserError, match=param.name):
            spec.read({param.name: "many"})
    with pytest.raises(UserError, match="no parameter “colour”"):
        spec.read({"colour": 1})
