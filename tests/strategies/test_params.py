"""Parameters of every kind: what is read, what is refused, and in which words."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_common import facts_of

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.classifiers.net import NetModel
from rebal_core.params import Choice, ColumnName, ColumnNames, Counts, Number, Switch, Table
from rebal_core.samplers import ENN
from rebal_core.strategies import Strategy
from rebal_core.wording import UserError

COLUMNS = (
    *(("age", "feature"), ("y", "target"), ("user", "group")),
    *(("收入", "feature"), ("paid, net", "feature"), ("[raw", "feature")),
)
FACTS = facts_of((90, 10), labels=("common", "罕见"), columns=COLUMNS)
NUMBER = Number("ratio", "Ratio", "x", 1.0, 0.001, 1.0)
CHOICE = Choice("kind", "Kind", "x", "one", (("one", "First"), ("two", "Second")))
SWITCH = Switch("keep", "Keep", "x")
COLUMN = ColumnName("context", "Context", "x", roles=("group", "feature"))
NAMES = ColumnNames("columns", "Columns", "x")
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
        (NAMES, None, ()),
        (NAMES, " ", ()),
        (NAMES, [], ()),
        (NAMES, "收入, age", ("age", "收入")),
        (NAMES, 'age,"paid, net"', ("age", "paid, net")),
        (NAMES, "paid, net", ("paid, net",)),
        (NAMES, '["收入", "paid, net"]', ("paid, net", "收入")),
        (NAMES, "[raw, age", ("[raw", "age")),
        (NAMES, {"age": 1}.keys(), ("age",)),
        (NAMES, ["age", "age"], ("age",)),
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
        (NAMES, "age,height", "names the column “height”, which is no feature of this table"),
        (NAMES, "y", "choose from age, 收入, paid, net, [raw"),
        (NAMES, ["user"], "names the column “user”"),
        (NAMES, "age,,收入", "those that hold a comma in double quotes"),
        (NAMES, "[3]", "give names of columns"),
        (NAMES, {"age": 1}, "give names of columns"),
        (NAMES, 3, "give names of columns"),
        (NAMES, "a\nb", "give names of columns"),
        (NAMES, "[" * 100_000, "which is no feature"),
        (COUNTS, {"nothing": 3}, "the classes are common, 罕见"),
        (COUNTS, {7: 3}, "the classes are common, 罕见"),
        (COUNTS, {"罕见": 0}, "rows per class, each from 1 to 100,000,000"),
        (COUNTS, {"罕见": 2.5}, "rows per class"),
        (COUNTS, "{", "rows per class"),
        (COUNTS, '{"罕见": 3, "罕见": 4}', "names the class “罕见” twice"),
        (COUNTS, {1: 3, "罕见": 4}, "names the class “罕见” twice"),
        (COUNTS, "[" * 100_000, "rows per class"),
        (NUMBER, 10**400, "give a number from 0.001 to 1"),
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
    for param in (NUMBER, CHOICE, SWITCH, COLUMN, NAMES, COUNTS, TABLE, COSTS):
        for facts in (FACTS, None):
            with suppress(UserError):
                found = param.read(value, facts)
                assert {found: True}[found], "a value can be a key"
                assert param.read(found, facts) == found


@given(names=st.lists(st.text(min_size=1), max_size=4))
def test_names_of_columns_are_read_as_they_were_written(names) -> None:
    expected = tuple(sorted(set(names)))
    assert NAMES.read(names) == expected
    assert NAMES.read(json.dumps(names)) == expected
    facts = facts_of((90, 10), columns=tuple((name, "feature") for name in names))
    for name in names:
        assert NAMES.read(name, facts) == (name,), "whatever signs are in it"
    # A line of a CSV file holds one line, and its fields no blanks around.
    if names and all(name == name.strip() and not {*name} & {*"\r\n\0"} for name in names):
        line = io.StringIO()
        csv.writer(line, quoting=csv.QUOTE_ALL).writerow(names)
        assert NAMES.read(line.getvalue().strip()) == expected


@pytest.mark.parametrize("spec", CLASSIFIERS, ids=lambda c: c.name)
def test_the_settings_of_a_classifier_reach_its_model(spec) -> None:
    assert len({p.name for p in spec.parameters}) == len(spec.parameters)
    assert spec.read(dict(spec.params)) == {}, "defaults are no settings"
    for param in spec.parameters:
        if isinstance(param, Choice):
            value = next(option for option, _words in param.options if option != param.default)
        else:
            value = type(param.default)(param.low) or type(param.default)(param.high)
        settings = spec.read({param.name: str(value)})
        model = spec.build(settings)
        if isinstance(model, NetModel):
            held = {**model.shape, **model.schedule}
        else:
            held = vars(model if hasattr(model, param.name) else model.estimator)
        assert held[param.name] == value
        with pytest.raises(UserError, match=param.name):
            spec.read({param.name: "many"})
    with pytest.raises(UserError, match="no parameter “colour”"):
        spec.read({"colour": 1})


class _Grown(ENN):
    """A step that has got one parameter more."""

    parameters = (*ENN.parameters, Switch("gently", "Gently", "Gently."))
    later = ("gently",)

    def __init__(
        self, n_neighbors: int = 3, gently: bool = False, random_state: int | None = None
    ) -> None:
        super().__init__(n_neighbors, random_state=random_state)
        self.gently = gently


def test_a_later_parameter_leaves_older_draws() -> None:
    assert _Grown().settings() == {"n_neighbors": 3}
    assert _Grown(gently=True).settings() == {"n_neighbors": 3, "gently": True}


def test_the_default_of_a_parameter_is_what_the_strategy_sets() -> None:
    spec = Strategy("x", "x", "over", "x", (), "x.", steps=(_Grown(n_neighbors=5, gently=True),))
    assert {name: p.default for name, p in spec.parameters.items()} == dict(spec.params)
    assert _Grown.parameters[0].default == 3
