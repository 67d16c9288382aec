"""Made rows judged by the engine: once for all who ask, whatever the table is like."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest

from rebal_core.data.reading.load import from_frame
from rebal_core.evaluation.synthetic.told import sentence
from rebal_core.evaluation.synthetic.verdict import judgement_state
from rebal_core.experiment import keys
from rebal_core.experiment.dispatch import Dispatcher
from rebal_core.experiment.graph import synthetic_node
from rebal_core.experiment.in_process import OneProcess, run_here
from rebal_core.experiment.lock import EngineLock
from rebal_core.experiment.made_rows import stored
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import model_of
from rebal_core.experiment.version import stamp
from rebal_core.experiment.worker import execute
from rebal_core.export.run import export_run
from rebal_core.files import read_json
from rebal_core.rows import ORIGINAL
from rebal_core.store import Store
from rebal_core.strategies import load_arm, taught_rows
from rebal_core.wording import UserError

SIZES = {"usual": 240, "rare": 45, "few": 3}


def table():
    """Three classes, one of three rows; rows without a label, and times."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([*SIZES, None], [*SIZES.values(), 30]))
    shift = np.where(y == "rare", 1.5, 0.0)
    days = pd.to_datetime("2024-03-01") + pd.to_timedelta(rng.integers(0, 90, len(y)), unit="D")
    return pd.DataFrame(
        {
            "amount": 50 + 9 * (rng.normal(size=len(y)) + shift),
            "day": days,
            "city": rng.choice(["北京", "Paris", "<i>Lima</i>"], len(y)),
            "label": y,
        }
    )


def needed(arm):
    """Tell whether a test asks for an arm, so that no other takes time."""
    return arm.strategy in ("none", "smote") or arm.classifier == "logistic"


class Judged:
    """A home with two equal runs, whose engine is asked here."""

    def __init__(self, home):
        self.store = Store(home)
        identifier, folder = self.store.new_dataset_folder()
        opened = from_frame(table(), folder, target="label")
        opened = opened.with_schema(opened.schema.with_role("feature", "day"))
        self.store.add_dataset(opened)
        self.dataset = identifier
        plan = make_plan(
            opened, strategies=["smote", "copula"], classifiers=["logistic", "mlp"],
            params={"mlp": {"epochs": 1}}, folds=3,
        )  # fmt: skip
        plan = replace(plan, arms=tuple(arm for arm in plan.arms if needed(arm)))
        self.runs = [run_here(self.store, plan).run for _ in range(2)]

    def ask(self, arm, run=0):
        asked = {"run": self.runs[run], "arm": arm}
        number = self.store.add_run("synthetic", asked, dataset=self.dataset, version=stamp())
        lock = EngineLock(self.store.home.lock)
        assert lock.take()
        try:
            dispatcher = Dispatcher(self.store, OneProcess(self.store.home.path), stamp())
            while self.store.run(number).live:
                dispatcher.turn(0.0)
        finally:
            lock.release()
        return self.store.run(number)

    def found(self, arm, run=0):
        return stored(self.store, self.runs[run], arm)


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    made = Judged(tmp_path_factory.mktemp("judged") / "home")
    yield made
    made.store.close()


@pytest.mark.parametrize("arm", ["smote/logistic", "copula/logistic"])
def test_each_class_is_told_of_however_few_its_rows(judged, arm):
    assert judged.ask(arm).state == "done"
    found = judged.found(arm)
    by_label = {verdict.label: verdict for verdict in found.judgement.classes}
    assert set(by_label) == {"rare", "few"}
    for label, verdict in by_label.items():
        assert verdict.trained == SIZES[label] * 2 // 3
        assert verdict.trained + verdict.held == SIZES[label]
        assert verdict.made == SIZES["usual"] * 2 // 3 - verdict.trained
        assert label in str(sentence(verdict))
        real, made = found.of_class(label)
        assert (real.size, made.size) == (verdict.trained, verdict.made)
        assert set(real.numbers) == {"amount", "day"}
        assert set(made.codes["city"].tolist()) <= {-1, 0, 1, 2}
        assert 20 < np.nanmin(real.numbers["amount"]) < np.nanmax(real.numbers["amount"]) < 110
        assert 19_780 < real.numbers["day"].min() <= real.numbers["day"].max() < 19_880
    assert found.times == ("day",)
    assert sorted(found.values["city"]) == sorted(["北京", "Paris", "<i>Lima</i>"])
    worst = found.judgement.worst_first[0]
    assert len(worst.failed) == max(len(v.failed) for v in by_label.values())


def test_who_asks_again_has_the_same_answer_without_work(judged, monkeypatch):
    assert judged.ask("smote/logistic").state == "done"
    # The other run found all its cells done, so its rows are judged already.
    one, two = (judged.found("smote/logistic", run).judgement for run in (0, 1))
    assert judgement_state(one) == judgement_state(two)
    monkeypatch.setattr("rebal_core.experiment.in_process.execute", None)
    assert judged.ask("smote/logistic", run=1).state == "done"
    monkeypatch.setattr(keys, "of_synthetic", lambda: ["another judge"])
    assert judged.found("smote/logistic") is None


def test_a_network_is_judged_by_the_rows_that_it_was_taught(judged):
    cells = judged.store.cells(judged.runs[0])["arm"]
    arm = next(name for name in cells if name.startswith("smote/mlp"))
    assert judged.ask(arm).state == "done"
    fitted, _preparation = load_arm(model_of(judged.store, judged.runs[0], arm))
    recipe, y = fitted.recipe, np.repeat([0, 1, 2], [160, 30, 2])
    made = int((recipe.origin != ORIGINAL).sum())
    verdicts = judged.found(arm).judgement.classes
    assert sum(v.made for v in verdicts) == made
    held = len(y) - len(taught_rows(fitted.arm, y, 0))
    assert held > 0
    rare = next(v for v in verdicts if v.label == "rare")
    assert rare.trained == 30 - int(30 * 0.15)


@pytest.mark.parametrize("arm", ["class_weight/logistic", "none/logistic"])
def test_without_made_rows_a_sentence_says_so(judged, arm):
    row = judged.ask(arm)
    assert row.state == "failed"
    assert "added no row to this training part" in row.error
    assert judged.found(arm) is None


def test_an_arm_that_is_not_there_is_told(judged):
    assert "has no arm “nope”" in judged.ask("nope").error
    with pytest.raises(UserError, match="has no arm"):
        judged.found("nope")


def test_it_stops_when_it_shall_and_leaves_nothing(judged, tmp_path, monkeypatch):
    monkeypatch.setattr(keys, "of_synthetic", lambda: ["not judged yet"])
    node = asdict(synthetic_node(judged.store, judged.runs[0], "smote/logistic"))
    flag, told = tmp_path / "flag", []

    def report(said):
        told.append(said["fraction"])
        flag.touch()

    home = judged.store.home
    answer = execute(str(home.path), node, str(flag), report)
    assert answer["outcome"] == "cancelled"
    assert len(told) == 1
    assert not (home.path / node["path"]).exists()
    flag.unlink()
    assert execute(str(home.path), node, str(flag), lambda said: None)["outcome"] == "done"
    (home.path / node["path"] / "rows.npz").write_bytes(b"PK garbage")
    assert judged.found("smote/logistic") is None
    assert execute(str(home.path), node, str(flag), lambda said: None)["outcome"] == "done"
    assert judged.found("smote/logistic") is not None


def test_the_manifest_tells_of_made_rows_once_they_are_judged(judged, tmp_path):
    judged.ask("smote/logistic")
    for arm, known in (("smote/logistic", True), ("none/logistic", False)):
        export_run(judged.store, judged.runs[0], tmp_path, arm=arm)
        manifest = read_json(tmp_path / "manifest.json")
        assert ("synthetic" in manifest) == known
        if known:
            found = judged.found(arm).judgement.classes
            told = manifest["synthetic"]["classes"]
            assert [one["sentence"] for one in told] == [str(sentence(v)) for v in found]
            assert [tuple(one["failed"]) for one in told] == [v.failed for v in found]
            assert all("utility" in one["quality"] for one in told)


def test_of_many_columns_fewer_rows_are_kept(judged, monkeypatch):
    monkeypatch.setattr("rebal_core.experiment.made_rows.MOST_VALUES", 0)
    monkeypatch.setattr(keys, "of_synthetic", lambda: ["few"])
    assert judged.ask("copula/logistic").state == "done"
    found = judged.found("copula/logistic")
    assert found.of_class("rare")[1].size == 50
