"""Rates so far, from the wish to the handed-over model: every fold counts its training rows."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from inline_engine import run_inline

import rebal_core as rebal
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.data.reading.load import from_frame
from rebal_core.data.unused import unused
from rebal_core.experiment.arm_result import open_arm
from rebal_core.experiment.graph import prepare_node, split_node
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import plan_of
from rebal_core.experiment.tasks.explain import explain_run
from rebal_core.experiment.wishes import wishes_of
from rebal_core.explain import Explanation
from rebal_core.export.bundle import load_bundle
from rebal_core.export.generator import load_generator
from rebal_core.export.predict import predict_table
from rebal_core.export.run import export_run
from rebal_core.schema import Column, Rates, Schema
from rebal_core.wording import UserError

RATES = ["shop", "shop+device"]
NAMES = ("shop: rate before", "shop x device: rate before")


def log():
    """Rows of shops, one in ten of which has most of the class that matters."""
    rng = np.random.default_rng(5)
    shop = rng.integers(0, 40, 500)
    rare = rng.random(500) < np.where(shop < 4, 0.7, 0.08)
    hours = pd.to_timedelta(np.sort(rng.integers(0, 900, 500)), unit="h")
    return pd.DataFrame(
        {
            "shop": [f"s{k}" for k in shop],
            "device": rng.choice(["phone", "desk"], 500),
            "amount": rng.normal(size=500).round(3),
            "when": (pd.Timestamp("2026-03-01") + hours).astype("datetime64[us]"),
            "label": np.where(rare, "rare", "common"),
        }
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    home = tmp_path_factory.mktemp("rates")
    wishes = {"strategies": "smote", "classifiers": "logistic", "folds": 2, "rates": RATES}
    store, run = run_inline(home / "a", log(), drop=["shop"], **wishes)
    export_run(store, run, home / "out", arm="smote/logistic")
    return store, run, home / "out"


@pytest.fixture
def dataset(tmp_path):
    return from_frame(log(), tmp_path / "d", target="label")


SCHEMA = Schema(
    (
        Column("shop", "category", "group"),
        Column("device", "category"),
        Column("amount", "number"),
        Column("when", "time", "ignore"),
        Column("label", "category", "target"),
    ),
    rates=Rates("when", (("shop",), ("shop", "device"))),
)


def prepared(frame, positive=None):
    classes = ("common", "rare")
    y = frame["label"].map(classes.index).to_numpy()
    schema = Schema(SCHEMA.columns, positive, SCHEMA.rates)
    return Preparation.fit(frame, y, schema, classes=classes)


def test_training_rows_are_told_what_they_would_be_told_as_test_rows():
    frame = log()
    preparation, rows = prepared(frame)
    np.testing.assert_array_equal(preparation.transform(frame).numbers, rows.numbers)
    assert rows.layout.numbers == ("amount", *NAMES)
    assert rows.layout.players == ("amount", *NAMES)
    assert preparation.players == ("device", "amount", *NAMES)
    later = frame.assign(label=np.where(np.arange(500) < 250, frame["label"], "rare"))
    first = frame["when"] <= frame["when"][250]
    np.testing.assert_array_equal(
        prepared(later)[0].told(frame[first]), preparation.told(frame[first])
    )
    assert not np.array_equal(prepared(later)[0].told(frame), preparation.told(frame))


def test_the_class_in_focus_is_counted():
    frame = log()
    rare, common = (prepared(frame, name)[0].told(frame)[:, 0] for name in (None, "COMMON"))
    np.testing.assert_allclose(rare[5:] + common[5:], 1.0)


def test_a_preparation_comes_back_from_its_state():
    preparation, _rows = prepared(log())
    values, arrays = preparation.to_state()
    again = Preparation.from_state(json.loads(json.dumps(values)), arrays)
    assert again.schema == preparation.schema
    np.testing.assert_array_equal(
        again.transform(log()).numbers, preparation.transform(log()).numbers
    )
    with pytest.raises(UserError, match="lacks the columns “when”"):
        again.transform(log().drop(columns="when"))


def test_a_plan_with_rates_is_split_by_time_and_says_so(dataset):
    plan = make_plan(dataset, strategies="none", classifiers="logistic", rates=RATES, folds=2)
    assert (plan.protocol.split, plan.protocol.time) == ("time", "when")
    assert plan.schema.rates == Rates("when", (("shop",), ("shop", "device")))
    assert Schema.from_dict(json.loads(json.dumps(plan.schema.to_dict()))) == plan.schema
    told = " ".join(plan.notes)
    assert "split by “when”, so that rates" in told
    assert all(name in told for name in NAMES)
    assert {row["column"] for row in unused(plan.schema)}.isdisjoint({"shop", "when"})
    again = make_plan(dataset, **wishes_of(plan, dataset.labels().classes))
    assert again.schema.rates == plan.schema.rates
    without = make_plan(dataset, strategies="none", classifiers="logistic", time="when", folds=2)
    assert "rates" not in without.schema.to_dict()
    keys = {prepare_node(p, split_node(p, 0), 0).key for p in (plan, without)}
    assert len(keys) == 2
    by_rows = make_plan(dataset, strategies="none", rates=["shop"], split="stratified", folds=2)
    assert by_rows.protocol.split == "stratified"
    assert by_rows.schema.rates == Rates("when", (("shop",),))


def test_the_library_takes_one_column_or_several():
    asked = {"strategies": ["none"], "classifiers": ["logistic"], "folds": 2}
    found = rebal.compare(log(), "label", rates="shop", **asked)
    assert found.report["protocol"]["split"] == "time"
    assert any(f"Added in each fold: “{NAMES[0]}”" in note for note in found.notes)


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"rates": ["shup"]}, "no column “shup”"),
        ({"rates": ["shop+label"]}, "cannot be counted by “label”"),
        ({"rates": ["shop"], "group": "shop"}, "says? nothing there"),
    ],
)
def test_rates_that_cannot_be_are_refused(dataset, wishes, words):
    with pytest.raises(UserError, match=words):
        make_plan(dataset, strategies="none", folds=2, **wishes)


def test_nothing_that_says_what_came_before_is_refused(tmp_path):
    bare = from_frame(log().drop(columns="when"), tmp_path / "bare", target="label")
    with pytest.raises(UserError, match="no column is read as times"):
        make_plan(bare, strategies="none", rates=["shop"])
    two = from_frame(log().assign(read=log()["when"]), tmp_path / "two", target="label")
    with pytest.raises(UserError, match="“read” hold times; name one"):
        make_plan(two, strategies="none", rates=["shop"])
    named = log().rename(columns={"amount": NAMES[0]})
    taken = from_frame(named, tmp_path / "taken", target="label")
    with pytest.raises(UserError, match="has a column “shop: rate before” already"):
        make_plan(taken, strategies="none", rates=["shop"])


def test_the_handed_over_model_gives_the_run_s_own_numbers(ran):
    store, run, out = ran
    cell = open_arm(store, run, "smote/logistic").decided.cell
    test = pd.read_parquet(out / "test_untouched.parquet")
    bundle = load_bundle(out / "model.rebal")
    proba = bundle.fitted.predict_proba(bundle.preparation.transform(test))
    np.testing.assert_allclose(proba, cell.proba, atol=1e-6)
    told = json.loads((out / "manifest.json").read_text())["notes"]
    assert any("of each “shop”, “shop x device”" in note for note in told)
    train = pd.read_parquet(out / "train_balanced.parquet")
    assert not set(NAMES) & set(train)


def test_new_rows_are_told_what_the_training_rows_were_before_them(ran, tmp_path):
    _store, _run, out = ran
    new = log().tail(20).drop(columns="label")
    new.loc[new.index[:2], "shop"] = ["unheard of", None]
    new.to_csv(tmp_path / "new.csv", index=False)
    found = predict_table(load_bundle(out / "model.rebal"), tmp_path / "new.csv").table
    proba = load_bundle(out / "model.rebal").predict_proba(new)
    np.testing.assert_allclose(found["p_rare"].to_numpy(), proba[:, 1], atol=1e-6)
    new.drop(columns=["shop", "when"]).to_csv(tmp_path / "less.csv", index=False)
    with pytest.raises(UserError, match="lacks the columns “shop”, “when”"):
        predict_table(load_bundle(out / "model.rebal"), tmp_path / "less.csv")


def test_a_generator_learns_what_is_told_of_the_past(tmp_path):
    wishes = {"strategies": "copula", "classifiers": "logistic", "folds": 2, "rates": ["shop"]}
    store, run = run_inline(tmp_path / "a", log(), **wishes)
    export_run(store, run, tmp_path / "out", arm="copula/logistic")
    saved = load_generator(tmp_path / "out" / "generator.rebal")
    assert saved.preparation.numbers.names == ("amount", NAMES[0])
    drawn = next(iter(saved.rows({"rare": 5})))
    assert NAMES[0] not in drawn.column_names


def test_what_is_told_of_the_past_is_explained(ran, tmp_path):
    store, run, _out = ran
    found = explain_run(store, run, "smote/logistic", "rare", rows=30)
    assert found.players == ("device", "amount", *NAMES)
    assert found.columns == ("device", "amount")
    found.save(tmp_path / "e.npz")
    frame = Explanation.load(tmp_path / "e.npz").frame(
        log().loc[found.rows, list(found.columns)], plan_of(store, run).schema
    )
    told = frame[frame["player"] == NAMES[0]]
    assert told["ordered"].all()
    assert told["feature_value"].astype(float).between(0, 1).all()
    assert found.importance()["player"][0] in NAMES


@pytest.mark.parametrize("broken", ["moments", "place", "hits", "known", "schema"])
def test_rates_that_do_not_go_together_are_refused(ran, tmp_path, broken):
    _store, _run, out = ran
    with zipfile.ZipFile(out / "model.rebal") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if broken == "schema":
        arm = json.loads(parts["arm.json"])
        arm["preparation"]["schema"]["rates"]["keys"] = [["device"], ["shop", "device"]]
        parts["arm.json"] = json.dumps(arm).encode()
    else:
        with np.load(io.BytesIO(parts["preparation.npz"])) as stored:
            arrays = dict(stored)
        name = f"rate_0_{broken}"
        arrays[name] = arrays[name][:-1] if broken == "hits" else arrays[name][::-1]
        written = io.BytesIO()
        np.savez(written, **arrays)
        parts["preparation.npz"] = written.getvalue()
    bad = tmp_path / "bad.rebal"
    with zipfile.ZipFile(bad, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    with pytest.raises(UserError, match="no model that"):
        load_bundle(bad)
