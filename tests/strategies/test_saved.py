"""Strategies that a user saved: one small file, and arms that need none of it."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import pytest

import rebal_core as rebal
from rebal_core import library
from rebal_core.arm import Arm
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.arm_result import open_arm
from rebal_core.experiment.arms import arm_of, choose_arms
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import report
from rebal_core.facts import TableFacts
from rebal_core.store import Store
from rebal_core.strategies import STRATEGIES, Saved, saved_strategies, strategy_of
from rebal_core.strategies.saved import (
    FILE,
    remove_strategy,
    rename_strategy,
    restore_strategy,
    save_strategy,
)
from rebal_core.wording import UserError

FACTS = TableFacts(300, (270, 30), 3, 0, 0, 0, labels=("common", "rare"))


@pytest.fixture
def home(tmp_path, monkeypatch):
    path = tmp_path / "home"
    monkeypatch.setenv("REBAL_HOME", str(path))
    return path


def test_looking_makes_no_home(home):
    assert saved_strategies() == Saved()
    assert saved_strategies().beside() is STRATEGIES
    assert not home.exists()


def test_it_is_its_parts_with_their_settings_and_references(home):
    save_strategy("mine", "tomek+smote", {"smote.k_neighbors": "9"})
    known = saved_strategies().beside()
    mine, parts = known["mine"], STRATEGIES["tomek+smote"]
    assert mine.steps == parts.steps
    assert mine.reference == parts.reference
    assert all(STRATEGIES[name].reference in mine.reference for name in ("tomek", "smote"))
    assert mine.with_params({}).params == {**parts.params, "k_neighbors": 9}
    assert mine.with_params({"ratio": 0.5}).params == {
        **parts.params,
        "k_neighbors": 9,
        "ratio": 0.5,
    }
    assert mine.with_params({"k_neighbors": 3}).params["k_neighbors"] == 3
    assert [s.name for s in known if s.name not in STRATEGIES] == ["mine"]
    assert "mine" not in STRATEGIES


def test_its_arms_are_those_of_its_parts(home):
    """Name, key and seed: a report is read anywhere, and nothing is fitted twice."""
    save_strategy("mine", "tomek+smote", {"k_neighbors": 9})
    save_strategy("wide", "smote", {"k_neighbors": 9})
    known = saved_strategies().beside()
    plain = arm_of("tomek+smote", "logistic", {"tomek+smote": {"k_neighbors": 9}}, FACTS)
    assert arm_of("mine", "logistic", {}, FACTS, known) == plain
    assert plain.name == "tomek+smote(k_neighbors=9)/logistic"
    assert (
        strategy_of(Arm.from_dict(json.loads(json.dumps(vars(plain))))).params["k_neighbors"] == 9
    )
    # Two settings of one strategy stand in one comparison; the same one twice stands once.
    asked = ["mine", "tomek+smote", "smote", "wide"]
    chosen = choose_arms(
        asked, ["logistic"], FACTS, {"tomek+smote": {"k_neighbors": 9}}, known=known
    )
    names = [arm.name for arm in chosen.arms if arm.strategy not in ("dummy", "none", "threshold")]
    assert names == [
        "class_weight/logistic",
        "tomek+smote(k_neighbors=9)/logistic",
        "smote/logistic",
        "smote(k_neighbors=9)/logistic",
    ]


def test_a_saved_ensemble_has_a_rival_as_large(home):
    save_strategy("large", "balanced_bagging", {"n_estimators": 70})
    known = saved_strategies().beside()
    chosen = choose_arms(["large"], ["decision_tree"], FACTS, {}, known=known)
    assert "bagging(n_estimators=70)/decision_tree" in [arm.name for arm in chosen.arms]


def test_a_table_without_the_classes_leaves_it_out_and_says_why(home):
    save_strategy("mine", "smote", {"counts": {"fraud": 50}})
    known = saved_strategies().beside()
    chosen = choose_arms(["mine", "tomek"], ["logistic"], FACTS, {}, known=known)
    assert [arm.strategy for arm in chosen.arms][-1] == "tomek"
    ((name, reason),) = chosen.left_out
    assert name == "smote/logistic"
    assert "fraud" in str(reason)
    other = TableFacts(300, (270, 30), 3, 0, 0, 0, labels=("fine", "fraud"))
    chosen = choose_arms(["mine"], ["logistic"], other, {}, known=known)
    assert chosen.arms[-1].called(other.labels) == "smote(counts: fraud 50)/logistic"
    assert saved_strategies().named("mine").made(chosen.arms[-1], other.labels)
    assert not saved_strategies().named("mine").made(chosen.arms[-1], ("fine", "theft"))


@pytest.mark.parametrize(
    ("name", "parts", "words"),
    [
        ("smote", "tomek", "means something else"),
        ("brf", "tomek", "means something else"),  # an alias
        ("over", "tomek", "means something else"),  # a family
        ("logistic", "tomek", "means something else"),
        ("all", "tomek", "means something else"),
        ("Mine", "tomek", "cannot be a name"),
        ("my-own", "tomek", "cannot be a name"),
        ("", "tomek", "cannot be a name"),
        ("a" * 41, "tomek", "cannot be a name"),
        ("我的", "tomek", "cannot be a name"),
        ("mine", "none+smote", "leaves the model alone"),
        ("mine", "none", "leaves the model alone"),
        ("mine", "random_under+smote", "in this order"),
        ("mine", "tomek+smote+random_under+random_under", "leave one of these out"),
        ("mine", "smote+adasyn", "made once, cut once and cleaned twice at most"),
        ("mine", "focal+logit_adjusted_loss", "Two steps do the same"),
        ("mine", "focal+balanced_random_forest", "No classifier works with all"),
        ("mine", "smoote", "did you mean smote"),
        ("mine", "other+tomek", "saved as a whole"),
    ],
)
def test_what_cannot_be_saved_is_refused_in_one_sentence(home, name, parts, words):
    save_strategy("other", "smote")
    with pytest.raises(UserError, match=words):
        save_strategy(name, parts)
    assert [one.name for one in saved_strategies().strategies] == ["other"]


def test_a_value_that_does_not_suit_is_refused(home):
    of_classes = [{"a": float("nan")}, {"a": -1}, {"a": 1e30}, {"a": "x"}, '{"a": 3, "a": 4}']
    for values in ({"k_neighbors": 0}, {"k": 3}, {"counts": "many"},
                   *({"counts": value} for value in of_classes)):  # fmt: skip
        with pytest.raises(UserError):
            save_strategy("mine", "smote", values)
    with pytest.raises(UserError, match="fraud"):
        save_strategy("mine", "smote", {"counts": {"fraud": 5}}, FACTS)
    assert saved_strategies() == Saved()


def test_what_is_said_of_classes_may_be_json(home):
    one = save_strategy("mine", "smote", {"counts": '{"fraud": 50}'})
    assert one == save_strategy("mine", "smote", {"counts": {"fraud": 50}}), "as a page says it"
    costs = save_strategy("dear", "cost_matrix", {"costs": '{"fraud": {"fine": 9}}'})
    assert costs.params == {"costs": {"fraud": {"fine": 9}}}
    assert save_strategy("usual", "smote", {"counts": ""}).params == {}
    assert len(saved_strategies().strategies) == 3


def test_one_that_cannot_be_used_is_told_where_it_is_asked_for(home):
    home.mkdir()
    entries = {"mine": {"strategy": "gone", "params": {}}, "smote": {"strategy": "enn"}}
    (home / FILE).write_text(json.dumps(entries))
    known = saved_strategies().beside()
    with pytest.raises(UserError, match="“mine” is made of gone, which this version does not"):
        known.find("mine")
    assert known.find("smote") is STRATEGIES["smote"], "a registered name wins"
    with pytest.raises(UserError, match="no strategy called “yours”"):
        known.find("yours")
    (home / FILE).write_text("{")
    with pytest.raises(UserError, match=r"no strategy called .mine.*you saved cannot be read"):
        saved_strategies().beside().find("mine")


def test_two_steps_keep_columns_of_their_own(home):
    columns = (("age", "feature"), ("收入", "feature"), ("pay, net", "feature"), ("y", "target"))
    here = replace(FACTS, columns=columns)
    values = {
        "tomek.columns": '"pay, net",age',
        "smote.columns": ["收入"],
        "tomek.metric": "cosine",
    }
    one = save_strategy("mine", "tomek+smote", values, here)
    assert one.params == {**values, "tomek.columns": ["age", "pay, net"]}
    assert saved_strategies().named("mine") == one
    known = saved_strategies().beside()
    arm = choose_arms(["mine"], ["logistic"], here, {}, known=known).arms[-1]
    assert dict(arm.params)["tomek.columns"] == ("age", "pay, net")
    assert saved_strategies().named("mine").made(arm, here.labels)
    there = replace(FACTS, columns=(("age", "feature"), ("y", "target")))
    ((name, reason),) = choose_arms(["mine"], ["logistic"], there, {}, known=known).left_out
    assert name == "tomek+smote/logistic"
    assert "which is no feature of this table" in str(reason)


def test_defaults_are_not_saved(home):
    values = {"ratio": "1", "k_neighbors": 5, "counts": {}, "columns": [], "metric": "euclidean"}
    one = save_strategy("mine", "smote", values)
    assert one.params == {}


def test_remove_rename_and_save_anew(home):
    save_strategy("a", "smote")
    save_strategy("b", "tomek")
    save_strategy("a", "smote")  # the same again is no other
    with pytest.raises(UserError, match="saved “a” already"):
        save_strategy("a", "enn")
    with pytest.raises(UserError, match="saved “b” already"):
        rename_strategy("a", "b")
    with pytest.raises(UserError, match="something else"):
        rename_strategy("a", "enn")
    rename_strategy("a", "c")
    save_strategy("b", "enn", anew=True)
    found = {one.name: one.made_of for one in saved_strategies().strategies}
    assert found == {"c": "smote", "b": "enn"}
    assert list(found) == ["c", "b"]
    for name in found:
        restore_strategy(name, remove_strategy(name))
        assert [one.name for one in saved_strategies().strategies] == ["c", "b"]
    gone = remove_strategy("c")
    save_strategy("c", "tomek")
    restore_strategy("c", gone)  # what has the name by now stays
    assert saved_strategies().named("c").made_of == "tomek"
    remove_strategy("c")
    for change in (lambda: remove_strategy("c"), lambda: rename_strategy("c", "d")):
        with pytest.raises(UserError, match="no strategy as “c”"):
            change()
    assert [one.name for one in saved_strategies().strategies] == ["b"]


@pytest.mark.parametrize("content", ["", "{", "[1]", "3", '"x"', "[" * 100_000, "\xff"])
def test_a_damaged_file_stops_nothing_and_is_kept(home, content):
    save_strategy("old", "smote")
    (home / FILE).write_bytes(content.encode("latin-1"))
    found = saved_strategies()
    assert found.strategies == ()
    assert str(home / FILE) in str(found.damage)
    assert found.beside().names() == STRATEGIES.names()
    assert (home / FILE).read_bytes() == content.encode("latin-1")
    save_strategy("new", "tomek")
    assert [one.name for one in saved_strategies().strategies] == ["new"]
    (kept,) = home.glob(f"{FILE}.damaged*")
    assert kept.read_bytes() == content.encode("latin-1")


def test_a_damaged_entry_hides_no_other_and_stays(home):
    save_strategy("mine", "tomek")
    entries = json.loads((home / FILE).read_text())
    strange = {
        "of_tomorrow": {"strategy": "tomek+of_next_year", "params": {}},
        "smote": {"strategy": "enn", "params": {}},
        "number": 3,
        "unknown": {"strategy": "smote", "params": {"k": 3}},
        "twisted": {"strategy": "random_under+smote", "params": {}},
        "nothing": {"strategy": "none", "params": {}},
    }
    (home / FILE).write_text(json.dumps(entries | strange))
    found = saved_strategies()
    assert [one.name for one in found.strategies] == ["mine"]
    assert set(found.unusable) == set(strange)
    save_strategy("more", "enn")
    assert json.loads((home / FILE).read_text()).items() >= strange.items()
    rename_strategy("smote", "cleaned")
    assert saved_strategies().named("cleaned").made_of == "enn"
    for name in set(strange) - {"smote"}:
        remove_strategy(name)
    assert saved_strategies().unusable == {}


def _save_many(first: int) -> None:
    for number in range(first, first + 20):
        save_strategy(f"s{number}", "smote", {"k_neighbors": number + 1})


def test_two_processes_lose_nothing(home):
    with ProcessPoolExecutor(2, get_context("fork")) as pool:
        list(pool.map(_save_many, (10, 50)))
    names = {one.name for one in saved_strategies().strategies}
    assert names == {f"s{k}" for k in (*range(10, 30), *range(50, 70))}
    assert not list(home.glob(f"{FILE}.*[0-9a-f]"))


def test_it_is_found_in_a_notebook(home, tiny_binary, monkeypatch):
    save_strategy("mine", "tomek+smote", {"k_neighbors": 3})
    plans = []
    monkeypatch.setattr(library, "_report", lambda store, plan: plans.append(plan) or {})
    found = rebal.compare(tiny_binary, "label", strategies=["mine"], classifiers=["logistic"])
    assert plans[0].arms[-1].name == "tomek+smote(k_neighbors=3)/logistic"
    assert "“mine” is what you saved: tomek+smote(k_neighbors=3)." in found.notes
    mine = rebal.balance(tiny_binary, "label", "mine", seed=3)
    parts = rebal.balance(tiny_binary, "label", "tomek+smote", k_neighbors=3, seed=3)
    assert mine.equals(parts)
    assert not mine.equals(rebal.balance(tiny_binary, "label", "tomek+smote", seed=3))
    assert len(rebal.balance(tiny_binary, "label", "mine", ratio=0.5)) < len(mine)


def test_a_run_knows_it_by_either_name_and_outlives_it(home, tiny_binary):
    save_strategy("mine", "tomek+smote", {"k_neighbors": 3})
    store = Store(home)
    _, folder = store.new_dataset_folder()
    opened = from_frame(tiny_binary, folder, target="label")
    store.add_dataset(opened)
    known = saved_strategies().beside()
    plan = make_plan(opened, strategies=["mine"], classifiers=["logistic"], folds=2, known=known)
    run = run_here(store, plan).run
    called = "tomek+smote(k_neighbors=3)/logistic"
    told = next(a for a in report(store, run)["arms"] if a["arm"] == called)
    assert (told["strategy"], told["params"]) == ("tomek+smote", {"k_neighbors": 3})
    assert open_arm(store, run, "mine/logistic").called == called
    remove_strategy("mine")
    assert open_arm(store, run, called).called == called
    with pytest.raises(UserError, match="has no arm “mine/logistic”"):
        open_arm(store, run, "mine/logistic")
    store.close()


def test_names_that_a_hand_wrote_are_told_and_can_be_removed(home):
    entry = {"strategy": "tomek + smote", "params": {}}
    names = ["Mine", "a+b", "my-own", " mine ", ""]
    home.mkdir()
    (home / FILE).write_text(json.dumps({"mine": entry, **dict.fromkeys(names, entry)}))
    found = saved_strategies()
    assert [one.name for one in found.strategies] == ["mine"]
    assert list(found.unusable) == names
    assert all("cannot be a name" in str(text) for text in found.unusable.values())
    known = found.beside()
    assert arm_of("mine", "logistic", {}, FACTS, known).name == "tomek+smote/logistic"
    save_strategy("other", "smote")
    rename_strategy("Mine", "third")
    for name in names[1:]:
        remove_strategy(name)
    assert [one.name for one in saved_strategies().strategies] == ["mine", "third", "other"]


@pytest.mark.parametrize("odd", ["NaN", '"\\ud800"'])
def test_what_could_not_be_written_again_is_damage(odd, home):
    home.mkdir()
    text = f'{{"mine": {{"strategy": "smote", "params": {{"ratio": {odd}}}}}}}'
    (home / FILE).write_text(text)
    assert saved_strategies().damage is not None
    save_strategy("other", "smote")
    assert [one.name for one in saved_strategies().strategies] == ["other"]
    assert [p.read_text() for p in home.glob(f"{FILE}.damaged*")] == [text]


@pytest.mark.parametrize(
    "params",
    [{"k_neighbors": [1]}, {"k_neighbors": "x"}, {"counts": [1]}, {"counts": {"rare": [1]}}],
)
def test_a_value_that_suits_no_table_is_told_at_once(params, home):
    home.mkdir()
    (home / FILE).write_text(json.dumps({"mine": {"strategy": "smote", "params": params}}))
    found = saved_strategies()
    assert not found.strategies
    assert str(found.unusable["mine"]).startswith(f"{next(iter(params))} is ")


def test_a_folder_in_place_of_the_file_is_set_aside(tmp_path):
    (tmp_path / FILE / "x").mkdir(parents=True)
    assert saved_strategies(tmp_path).damage is not None
    save_strategy("mine", "tomek+smote", home=tmp_path)
    assert [one.name for one in saved_strategies(tmp_path).strategies] == ["mine"]
    assert any((folder / "x").is_dir() for folder in tmp_path.iterdir())
