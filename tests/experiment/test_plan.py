"""Plans: what is always there, what is left out, and each refusal in one sentence."""

import json
from dataclasses import replace

import numpy as np
import pytest

from rebal_core.arm import Arm, Protocol
from rebal_core.data.reading.load import from_frame
from rebal_core.data.split import make_splits
from rebal_core.experiment import quick
from rebal_core.experiment.estimate import estimate, pieces_of
from rebal_core.experiment.graph import comparison
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.sizes import facts_of
from rebal_core.experiment.splits import drawn
from rebal_core.samplers import SMOTE
from rebal_core.wording import UserError


@pytest.fixture
def binary(tiny_binary, tmp_path):
    return from_frame(tiny_binary, tmp_path / "binary", target="label")


@pytest.fixture
def many(tiny_multiclass, tmp_path):
    return from_frame(tiny_multiclass, tmp_path / "many", target="label")


def names(plan):
    return [arm.name for arm in plan.arms]


def test_quick_plan(binary):
    plan = make_plan(binary)
    assert names(plan)[0] == "dummy/prior"
    strategies = ["none", "threshold", "class_weight", "random_over", "random_under", "smote"]
    assert names(plan)[1:] == [
        f"{s}/{c}" for c in ("logistic", "hist_gradient_boosting") for s in strategies
    ]
    assert (plan.protocol.metric, plan.protocol.rule) == ("average_precision", "f1")
    assert (plan.rows, plan.notes, plan.left_out) == (None, (), ())
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan
    guess = estimate(plan, binary)
    assert guess.cells == 65
    assert 0 < guess.seconds < 600


def test_own_learner_brings_its_reference(binary):
    plan = make_plan(binary, strategies="balanced_random_forest", classifiers="logistic")
    assert names(plan)[-3:] == [
        "none/random_forest",
        "threshold/random_forest",
        "balanced_random_forest/random_forest",
    ]


def test_what_leaves_boosting_nothing_to_split_is_told_before(many):
    """Six rows of the rarest class: four of each class are left in a training part."""
    plan = make_plan(many)
    left = dict(plan.left_out)
    assert "cannot split the 16 rows" in left["random_under/hist_gradient_boosting"]
    assert set(left) == {"random_under/hist_gradient_boosting"}
    assert "random_under/logistic" in names(plan)
    more = make_plan(many, params={"random_under": {"ratio": 0.2}})
    assert "random_under/hist_gradient_boosting" in [Arm.bare(n).name for n in names(more)]
    assert more.left_out == ()


def test_aliases_parameters_and_duplicates(binary):
    plan = make_plan(
        binary,
        strategies=["smote", "近邻过采样", "none"],
        classifiers=["logistic"],
        params={"smote": {"k_neighbors": "3", "ratio": 1.0}},
    )
    assert names(plan)[-1] == "smote(k_neighbors=3)/logistic"
    assert len(names(plan)) == len(set(names(plan))) == 5


def test_unsuitable_is_left_out_with_its_reason(tiny_binary, tmp_path):
    table = tiny_binary.iloc[:200].copy()
    table["label"] = np.where(np.arange(200) < 3, "rare", "common")
    plan = make_plan(from_frame(table, tmp_path / "t", target="label"), folds=2)
    assert "random_under/logistic" in dict(plan.left_out)
    assert "random_under/logistic" not in names(plan)


def test_quick_plan_leaves_out_boosting_of_many_classes_then_rows(
    tiny_binary, tmp_path, monkeypatch
):
    table = tiny_binary.copy()
    table["label"] = [f"c{i % 30}" for i in range(len(table))]
    dataset = from_frame(table, tmp_path / "t", target="label")
    plan = make_plan(dataset)
    assert {arm.classifier for arm in plan.arms} == {"prior", "logistic"}
    assert all(name.endswith("hist_gradient_boosting") for name, _ in plan.left_out)
    assert "30 trees a round" in plan.notes[0]
    asked = make_plan(dataset, classifiers="hist_gradient_boosting")
    assert "none/hist_gradient_boosting" in names(asked)
    monkeypatch.setattr(quick, "LEAST_ROWS", 150)
    monkeypatch.setattr(quick, "QUICK_SECONDS", 0.001)
    small = make_plan(dataset)
    assert {a.strategy for a in small.arms} == {
        "dummy",
        "none",
        "threshold",
        "class_weight",
        "random_under",
    }
    assert {"smote/logistic", "random_over/logistic"} <= set(dict(small.left_out))
    assert small.rows == 150
    assert "150 of 300 rows" in small.notes[-1]
    assert facts_of(dataset, small.schema, small.rows).rows == 150


def test_quick_plan_says_to_which_ratio_it_grows_many_classes(tiny_binary, tmp_path, monkeypatch):
    table = tiny_binary.copy()
    table["label"] = [f"c{min(i % 40, 5)}" for i in range(len(table))]
    dataset = from_frame(table, tmp_path / "t", target="label")
    assert make_plan(dataset).notes == ()
    monkeypatch.setattr(quick, "LONG_SECONDS", 0.0)
    plan = make_plan(dataset)
    grown = [arm for arm in plan.arms if arm.strategy == "random_over"]
    assert {dict(arm.params)["ratio"] for arm in grown} == {0.1}
    assert sum("to 0.1 of the largest" in note for note in plan.notes) == 1


def test_drawn_rows_keep_every_class():
    y = np.repeat([0, 1, 2, -1], [900, 90, 10, 50])
    some = drawn(y, 100, 0)
    assert [(some == k).sum() for k in (0, 1, 2)] == [90, 9, 2]
    assert np.all((some == -1) | (some == y))
    assert np.array_equal(some, drawn(y, 100, 0))
    assert drawn(y, None, 0) is y


def test_goal_metric_and_rule(binary, many):
    assert make_plan(many).protocol.metric == "macro_f1"
    assert make_plan(binary.with_goal("fraud")).protocol.rule == "top_k:20"
    assert make_plan(binary, metric="balanced_accuracy").protocol.rule == "balanced_accuracy"
    assert make_plan(binary, metric="f1", rule="mcc").protocol.rule == "mcc"


def test_roles_of_the_plan(binary):
    plan = make_plan(binary, drop=["age"], group="city", folds=2, classifiers="logistic")
    assert plan.schema["age"].role == "ignore"
    assert (plan.protocol.split, plan.protocol.group) == ("group", "city")
    assert binary.schema["age"].role == "feature"
    later = make_plan(binary, time="amount", folds=2, classifiers="logistic")
    assert (later.protocol.split, later.protocol.time) == ("time", "amount")
    with pytest.raises(UserError, match="one order only"):
        later.sharpened()


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"metric": "sharpness"}, "sharpness"),
        ({"rule": "best"}, "no threshold rule"),
        ({"metric": "f1", "rule": "none"}, "needs? a rule|without a threshold rule"),
        ({"folds": 1}, "at least 2 folds"),
        ({"repeats": 0}, "at least 1 repeat"),
        ({"margin": 1.5}, "margin"),
        ({"group": "user"}, "no column “user”"),
        ({"time": "when"}, "no column “when”"),
        ({"drop": ["label"]}, "is the target"),
        ({"drop": ["amount", "age", "device", "city"]}, "No column is left"),
        ({"split": "time"}, "needs a time column"),
        ({"time": "device"}, "neither numbers nor dates"),
        ({"positive": "purple"}, "purple"),
        ({"strategies": "smoote"}, "did you mean smote"),
        ({"strategies": "over"}, "is a family"),
        ({"strategies": ""}, "No strategy was named"),
        ({"classifiers": "forest of trees"}, "no classifier called"),
        ({"classifiers": "prior"}, "No classifier was named"),
        ({"params": {"smote": {"k": 3}}}, "no parameter “k”"),
    ],
)
def test_refusals(binary, wishes, words):
    with pytest.raises(UserError, match=words) as caught:
        make_plan(binary, **wishes)
    assert "\n" not in str(caught.value)


def test_targets_that_cannot_be_compared(tiny_binary, tmp_path):
    table = tiny_binary.assign(label="only", lonely=["x", *["y"] * (len(tiny_binary) - 1)])
    one = from_frame(table, tmp_path / "one", target="label")
    with pytest.raises(UserError, match="only the class “only”"):
        make_plan(one)
    lonely = from_frame(table.drop(columns="label"), tmp_path / "lonely", target="lonely")
    with pytest.raises(UserError, match="has one row"):
        make_plan(lonely)


def test_bad_number_of_gpus_is_told(binary, monkeypatch):
    monkeypatch.setenv("REBAL_GPUS", "two")
    with pytest.raises(UserError, match="REBAL_GPUS"):
        make_plan(binary)


def test_a_repeat_does_not_depend_on_how_many_there_are():
    """Keys count on it: more repeats find the old ones done."""
    y = np.repeat([0, 1], [60, 12])
    groups = np.arange(72) % 20
    for split in ("stratified", "group"):
        protocol = Protocol("f1", "f1", folds=3, repeats=2, split=split)
        two = make_splits(y, protocol, groups=groups)
        three = make_splits(y, Protocol(**{**vars(protocol), "repeats": 3}), groups=groups)
        for old, new in zip(two, three, strict=False):
            assert np.array_equal(old.test, new.test)


def test_sharpened_plan_shares_its_keys(binary, tmp_path):
    plan = make_plan(binary, folds=2, classifiers="logistic")
    one, two = comparison(plan, 1), comparison(plan.sharpened(), 2)
    shared = set(one.nodes) & set(two.nodes)
    assert set(one.nodes) - shared == {one.last}
    other = comparison(make_plan(binary, folds=2, classifiers="logistic", seed=1), 3)
    assert not set(other.nodes) & set(one.nodes)


def test_a_long_search_among_rows_runs_on_a_gpu_where_there_is_one(binary):
    plan = make_plan(binary, strategies="smote", classifiers="logistic", folds=2)
    few = facts_of(binary, plan.schema)
    many = replace(few, rows=100_000, counts=(90_000, 10_000), numbers=20)
    past = replace(
        many, rows=1_000_000, counts=(900_000, 100_000)
    )  # likely rows alone are compared
    for known, seat in ((few, "cpu"), (many, "gpu"), (past, "cpu"), (None, "cpu")):
        nodes = comparison(plan, 1, known).nodes.values()
        assert {n.seat for n in nodes if n.kind == "resample"} == {seat}
        assert {n.seat for n in nodes if n.kind != "resample"} == {"cpu"}


def test_a_step_that_is_worth_a_gpu_runs_on_one_where_there_is_one(binary, monkeypatch):
    plan = make_plan(binary, strategies="smote", classifiers="logistic", folds=2)
    monkeypatch.setattr(SMOTE, "needs", frozenset({"gpu"}))
    few = facts_of(binary, plan.schema)
    for known, seat in ((few, "gpu"), (None, "cpu")):
        nodes = comparison(plan, 1, known).nodes.values()
        assert {n.seat for n in nodes if n.kind == "resample"} == {seat}
        assert {n.seat for n in nodes if n.kind != "resample"} == {"cpu"}


def test_networks_that_a_step_attacks_share_no_rows(binary):
    """What is attacked in the others' name is one small network: those share."""
    learners = ["logistic", "knn", "torch_logistic", "torch_logistic", "mlp"]
    settings = [(), (), (), (("C", 0.5),), ()]
    plan = make_plan(binary, strategies="fgsm", classifiers="logistic", folds=2)
    alike = {"fgsm": [], "random_over": []}
    for strategy, keys in alike.items():
        for learner, own in zip(learners, settings, strict=True):
            arm = Arm(strategy, learner, settings=own)
            nodes = comparison(replace(plan, arms=(arm,)), 1).nodes.values()
            (key,) = {n.key for n in nodes if n.kind == "resample" and n.params["fold"] == 0}
            keys.append(key)
    fgsm, copies = alike.values()
    assert fgsm[0] == fgsm[1]
    assert len(set(fgsm)) == 4
    assert copies[2] == copies[3]

    arms = tuple(Arm("fgsm", c, settings=s) for c, s in zip(learners, settings, strict=True))
    facts = facts_of(binary, plan.schema)
    pieces = [p for p in pieces_of(arms, facts, 0.5) if p.kind == "resample"]
    assert [(p.arm.classifier, p.arm.settings) for p in pieces] == [
        ("logistic", ()), ("torch_logistic", ()), ("torch_logistic", (("C", 0.5),)), ("mlp", ()),
    ]  # fmt: skip
    assert pieces[3].seconds > pieces[0].seconds
