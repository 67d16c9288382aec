"""What is set of strategies and classifiers reaches the arms of a comparison."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.cli.settings import by_owner
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment import sizes
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.settings import settings_of
from rebal_core.experiment.sizes import facts_of
from rebal_core.export.balance import balance_table
from rebal_core.samplers.spaces import MAX_VALUES
from rebal_core.strategies import STRATEGIES
from rebal_core.wording import UserError


@pytest.fixture
def table(tiny_binary, tmp_path):
    return from_frame(tiny_binary, tmp_path / "table", target="label")


def arms(table, *settings, **wishes):
    pairs = [tuple(s.split("=", 1)) for s in settings]
    plan = make_plan(table, params=by_owner(pairs), **wishes)
    return {(a.strategy, a.classifier): a for a in plan.arms}


def test_values_reach_the_arms_of_their_owner_alone(table):
    found = arms(
        table, "SMOTE.ratio=0.5", "lr.C=0.1", "平衡随机森林.n_estimators=19",
        strategies="smote,brf", classifiers=["logistic", "random_forest"],
    )  # fmt: skip
    assert found["smote", "logistic"].name == "smote(ratio=0.5)/logistic(C=0.1)"
    assert found["smote", "random_forest"].name == "smote(ratio=0.5)/random_forest"
    assert found["none", "logistic"].settings == (("C", 0.1),)
    assert found["balanced_random_forest", "random_forest"].params == (("n_estimators", 19),)


def test_a_learner_that_a_strategy_brings_is_set_by_the_strategy(table):
    found = arms(table, "random_forest.n_estimators=19", strategies="brf", classifiers="logistic")
    assert found["none", "random_forest"].settings == (("n_estimators", 19),)
    assert found["balanced_random_forest", "random_forest"].values == {}


def test_two_steps_of_one_parameter_are_told_apart(table):
    both = "random_over+random_under"
    found = arms(table, f"{both}.random_over.ratio=0.5", strategies="ros+rus", classifiers="lr")
    assert found[both, "logistic"].params == (("random_over.ratio", 0.5),)
    with pytest.raises(UserError, match=r"it has random_over\.ratio, random_over\.counts"):
        arms(table, f"{both}.ratio=0.5", strategies=both)


def test_classes_are_named_by_their_labels_even_where_these_are_numbers(tiny_binary, tmp_path):
    numbers = tiny_binary.assign(label=np.where(tiny_binary["label"] == "rare", 0, 1))
    table = from_frame(numbers, tmp_path / "numbers", target="label")
    assert table.labels().classes == ("1", "0")
    found = arms(table, 'smote.counts={"0": 90}', strategies="smote", classifiers="logistic")
    arm = found["smote", "logistic"]
    assert arm.params == (("counts", ((1, 90),)),)
    assert arm.labelled(table.labels().classes) == {"counts": {"0": 90}}
    made = balance_table(table, "smote", counts={"0": 90})
    assert made.counts == {"1": 270, "0": 90}
    assert balance_table(table, "smote", params={"counts": '{"0": 90}'}).counts == made.counts


def test_columns_that_define_neighbours_travel_with_the_arm(table):
    found = arms(
        table, "smote_tomek.smote.columns=city,age", "smote_tomek.tomek.metric=cosine",
        strategies="smote_tomek", classifiers="lr",
    )["smote_tomek", "logistic"]  # fmt: skip
    assert found.params == (("smote.columns", ("age", "city")), ("tomek.metric", "cosine"))
    told = found.labelled(("common", "rare"))
    assert told == {"smote.columns": ["age", "city"], "tomek.metric": "cosine"}
    kept = Arm.from_dict(json.loads(json.dumps({**asdict(found)})))
    assert kept == found
    assert Arm.bare(found.name) == Arm("smote_tomek", "logistic")
    assert facts_of(table, table.schema).values == (("device", 3), ("city", 3))
    odd = replace(found, params=(("columns", ("a/b(c)", "d')/x")),))
    assert Arm.bare(odd.name) == Arm("smote_tomek", "logistic")


def test_many_values_are_seen_also_in_a_sorted_table(tiny_binary, tmp_path, monkeypatch):
    monkeypatch.setattr(sizes, "LOOKED_AT", 100)
    frame = tiny_binary.assign(shop=[f"s{max(0, k - 200) // 3}" for k in range(len(tiny_binary))])
    table = from_frame(frame, tmp_path / "t", target="label")
    facts = facts_of(table, table.schema)
    assert dict(facts.values)["shop"] > MAX_VALUES
    assert dict(facts.values)["city"] == 3
    smote = STRATEGIES["smote"].with_params({"columns": ["shop"]}, facts)
    assert "“shop”" in smote.reason(facts).render()


def test_a_table_of_pairs_is_told_by_labels():
    arm = Arm("x", "y", (("costs", ((0, ((1, 2.0),)), (1, ((0, 5.0),)))),))
    assert arm.labelled(("no", "yes")) == {"costs": {"no": {"yes": 2.0}, "yes": {"no": 5.0}}}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ((("k_neighbors", 3), ("ratio", 0.5)), "k_neighbors=3,ratio=0.5"),
        ((("way", "far"),), "way=far"),
        ((("strict", True),), "strict=yes"),
        ((("context", "city, state"),), "context=city, state"),
        ((("counts", ((1, 500),)), ("ratio", 0.5)), "counts: fraud 500; ratio=0.5"),
        ((("columns", ("age", "收入")),), "columns: age, 收入"),
        (
            (("columns", tuple("abcde")), ("metric", "cosine")),
            "columns: a, b, c and 2 more; metric=cosine",
        ),
        ((("gains", ((0, 0.25), (1, 1e6))),), "gains: ok 0.25, fraud 1000000"),
        ((("costs", ((0, ((1, 2.0),)), (1, ((0, 5.0),)))),), "costs: ok→fraud 2, fraud→ok 5"),
        ((("counts", tuple((k, 9) for k in range(5))),), "counts: ok 9, fraud 9, c 9 and 2 more"),
    ],
)
def test_people_read_what_is_set_of_an_arm_by_label(params, words):
    classes = ("ok", "fraud", "c", "d", "e")
    assert Arm("x", "y", params).called(classes) == f"x({words})/y"
    assert Arm("x", "y", (), params).called(classes) == f"x/y({words})"
    assert Arm("x", "y").called(classes) == Arm("x", "y").name


def test_the_name_of_the_strategy_may_stand_before_a_parameter():
    smote, cleaned = STRATEGIES["smote"], STRATEGIES["smote_enn"]
    assert settings_of(smote, {"SMOTE.ratio": 1, "k_neighbors": 3}) == {
        "ratio": 1,
        "k_neighbors": 3,
    }
    assert settings_of(cleaned, {"smote_enn.smote.ratio": 1, "enn.n_neighbors": 2}) == {
        "ratio": 1,
        "n_neighbors": 2,
    }
    pair = STRATEGIES["random_over+random_under"]
    assert settings_of(pair, {"random_over.ratio": 1}) == {"random_over.ratio": 1}
    assert settings_of(pair, {f"{pair.name}.random_over.ratio": 1}) == {"random_over.ratio": 1}
    with pytest.raises(UserError, match=r"smote\.ratio is set twice"):
        settings_of(smote, {"smote.ratio": 1, "ratio": 0.5})


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"ratio": 0.5}, "no strategy or classifier called “ratio”"),
        ({"smote": 0.5}, "What is set of smote is 0.5"),
        ({"none": {"x": 1}}, "none has no parameter “x”; it has none"),
        ({"mlp": {}}, "mlp is set but not compared; add it to the classifiers"),
        ({"brf": {"n_estimators": 50}}, "add it to the strategies"),
        ({"ros+rus": {}}, r"random_over\+random_under is set but not compared"),
    ],
)
def test_what_is_not_compared_is_refused(table, params, words):
    with pytest.raises(UserError, match=words):
        make_plan(table, params=params)


def test_a_word_for_both_is_refused(table, monkeypatch):
    monkeypatch.setitem(CLASSIFIERS._words, "smote", "mlp")
    with pytest.raises(UserError, match="names a strategy and a classifier; say smote or mlp"):
        make_plan(table, params={"SMOTE": {"ratio": 0.5}})


def test_no_word_names_a_strategy_and_a_classifier_that_can_be_set():
    words = [word for c in CLASSIFIERS if c.parameters for word in (c.name, *c.aliases)]
    both = [word for word in words if STRATEGIES.names_one(word)]
    # A registered name wins over an alias.
    assert not [word for word in both if STRATEGIES.find(word).name != word]


def test_boosting_names_the_strategy(table):
    plan = make_plan(
        table, strategies=["rus_boost"], params={"boosting": {"n_estimators": 5}, "hgb": {}}
    )
    assert {a.params for a in plan.arms if a.strategy == "boosting"} == {(("n_estimators", 5),)}
