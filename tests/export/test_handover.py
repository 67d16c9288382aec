"""Export, then score: the bundle gives the run's own numbers; a foreign bundle gives nothing."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from inline_engine import rare_rows, run_inline
from sklearn.base import BaseEstimator

from rebal_core.classifiers import CLASSIFIERS, SklearnModel
from rebal_core.classifiers.net import NetModel
from rebal_core.codes import VERDICTS
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.decisions.repair import NAMES
from rebal_core.experiment.arm_result import open_arm
from rebal_core.experiment.results import evaluation, plan_of
from rebal_core.experiment.sources import libraries_of
from rebal_core.experiment.splits import splits_of
from rebal_core.experiment.tasks.explain import explain as explain_task
from rebal_core.experiment.tasks.explain import explain_run
from rebal_core.explain import Explanation
from rebal_core.export import bundle
from rebal_core.export.bundle import load_bundle, prior_of, versions
from rebal_core.export.predict import predict_table
from rebal_core.export.run import export_run
from rebal_core.metrics import count, decision_scores, probability_scores
from rebal_core.seeding import child_seed
from rebal_core.strategies import taught_rows
from rebal_core.wording import UserError


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    frame = rare_rows()
    wishes = {"strategies": "smote,random_under", "classifiers": "logistic", "folds": 3}
    home = tmp_path_factory.mktemp("home")
    return (*run_inline(home / "a", frame, **wishes), frame)


@pytest.fixture(scope="module")
def by_time(tmp_path_factory, binary):
    home = tmp_path_factory.mktemp("home")
    wishes = {"strategies": "smote", "classifiers": "logistic", "folds": 3, "time": "day"}
    return run_inline(home / "b", binary[2], **wishes)


def scores_again(folder, target="label"):
    """Re-create the fold's scores from nothing but the two files."""
    bundle = load_bundle(folder / "model.rebal")
    test = pd.read_parquet(folder / "test_untouched.parquet")
    classes = bundle.classes
    y = test[target].map({label: code for code, label in enumerate(classes)}).to_numpy()
    proba = bundle.predict_proba(test)
    positive = bundle.policy.positive
    found = probability_scores(y, proba, positive)
    found |= decision_scores(count(y, bundle.decide(proba), len(classes)), positive)
    return {name: float(np.ravel(value)[0]) for name, value in found.items()}


@pytest.mark.parametrize("arm", ["smote/logistic", "random_under/logistic", "threshold/logistic"])
def test_two_files_give_the_run_s_own_numbers(binary, arm, tmp_path):
    store, run, frame = binary
    done = export_run(store, run, tmp_path / "out", arm=arm)
    folds = evaluation(store, run).folds()
    stored = folds[(folds.arm == arm) & (folds.repeat == 0) & (folds.fold == 0)]
    stored = stored.set_index("metric")["value"]
    again = scores_again(tmp_path / "out")
    told = json.loads((tmp_path / "out" / "manifest.json").read_text())["fold_metrics"]
    for name, value in again.items():
        assert value == pytest.approx(stored[name], abs=1e-6, nan_ok=True), name
        assert value == pytest.approx(told[name], abs=1e-6)
    train = pd.read_parquet(tmp_path / "out" / "train_balanced.parquet")
    test = pd.read_parquet(tmp_path / "out" / "test_untouched.parquet")
    tested = {int(of[0]) for of in test["_parents"]}
    assert not tested & {int(row) for of in train["_parents"] for row in of}
    if arm == "threshold/logistic":
        assert any("leaves the table as it is" in note for note in done.notes)
        assert len(train) + len(test) == len(frame)
    else:
        assert len(set(train["label"].value_counts())) == 1


def test_removed_rows_are_handed_over_on_request(binary, tmp_path):
    store, run, frame = binary
    done = export_run(store, run, tmp_path / "out", arm="random_under/logistic", removed=True)
    assert "removed.parquet" in {path.name for path in done.files}
    tables = {
        name: pd.read_parquet(tmp_path / "out" / f"{name}.parquet")
        for name in ("train_balanced", "test_untouched", "removed")
    }
    rows = [int(of[0]) for table in tables.values() for of in table["_parents"]]
    assert sorted(rows) == list(range(len(frame)))
    assert set(tables["removed"]["_removed_by"]) == {"random_under"}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert "removed.parquet" in manifest["files"]
    export_run(store, run, tmp_path / "none", arm="smote/logistic", removed=True)
    assert len(pd.read_parquet(tmp_path / "none" / "removed.parquet")) == 0


def test_what_only_weighs_hands_over_its_weights(binary, tmp_path):
    store, run, _frame = binary
    done = export_run(store, run, tmp_path / "out", arm="class_weight/logistic")
    assert any("_weight" in note for note in done.notes)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    train = pd.read_parquet(tmp_path / "out" / "train_balanced.parquet")
    mass = train.groupby("label")["_weight"].sum() / train["_weight"].sum()
    assert mass.to_dict() == pytest.approx(manifest["fitted_prevalence"])
    assert manifest["balanced_prevalence"] == pytest.approx(manifest["fitted_prevalence"])


def test_balanced_rows_are_those_that_the_network_was_fitted_on(binary, tmp_path):
    """What it stops early by was held out before SMOTE saw a row, and stands in neither file."""
    frame = binary[2]
    store, run = run_inline(
        tmp_path / "home", frame, strategies="smote", classifiers="logistic,mlp", folds=2
    )
    tasks = store.tasks(run)
    # A task a fold for the network, and one for all others.
    assert (tasks["kind"] == "resample").sum() == 4
    result = open_arm(store, run, "smote/mlp")
    seed = child_seed(result.plan.protocol.seed, "split", 0, 0)
    y = result.labels.y[result.split.train]
    taught = result.split.train[taught_rows(result.arm.arm, y, seed)]
    assert len(y) > len(taught) > 0.8 * len(y)
    done = export_run(store, run, tmp_path / "out", arm="smote/mlp")
    assert any("holds out" in note for note in done.notes)
    balanced = pd.read_parquet(tmp_path / "out" / "train_balanced.parquet")
    assert {int(row) for of in balanced["_parents"] for row in of} == set(taught.tolist())
    counts = np.bincount(result.labels.y[taught])
    assert balanced["label"].value_counts().tolist() == [counts.max()] * 2
    np.testing.assert_allclose(result.fitted.prior_fit, 0.5)


def test_default_arm_files_and_refit(binary, tmp_path):
    store, run, _ = binary
    done = export_run(store, run, tmp_path / "new" / "out", refit=True)
    names = {path.name for path in done.files}
    assert names == {
        "train_balanced.parquet", "test_untouched.parquet", "model.rebal", "model_refit.rebal",
        "arms.csv", "manifest.json",
    }  # fmt: skip
    assert {path.name for path in (tmp_path / "new" / "out").iterdir()} == names
    manifest = json.loads((tmp_path / "new" / "out" / "manifest.json").read_text())
    best = evaluation(store, run).run.best_arm
    assert manifest["arm"] == best
    assert set(manifest["repair"]) == {"name", "trusted"}
    refit = load_bundle(tmp_path / "new" / "out" / "model_refit.rebal")
    assert refit.policy.cutoff == evaluation(store, run).decisions[best].cutoff.value
    arms = pd.read_csv(tmp_path / "new" / "out" / "arms.csv")
    assert best in set(arms["arm"])
    assert set(arms["repair"]) <= set(NAMES)
    assert arms["trusted"].notna().all()
    assert set(arms["verdict"].dropna()) <= {text.render() for text in VERDICTS.values()}
    assert arms["verdict"].notna().any()
    assert {"verdict", "average_precision", "average_precision_low", "tuned_f1"} <= set(arms)
    with zipfile.ZipFile(tmp_path / "new" / "out" / "model.rebal") as bundle:
        for name in bundle.namelist():
            assert b"pickle" not in bundle.read(name)[:200]
            assert not name.endswith((".pkl", ".joblib", ".pt"))


def test_time_split_hands_over_the_last_window(by_time, tmp_path):
    store, run = by_time
    handed = open_arm(store, run, "smote/logistic")
    last = splits_of(handed.dataset, handed.plan.protocol)[-1]
    export_run(store, run, tmp_path / "out", arm="smote/logistic")
    test = pd.read_parquet(tmp_path / "out" / "test_untouched.parquet")
    assert [int(of[0]) for of in test["_parents"]] == last.test.tolist()
    folds = evaluation(store, run).folds()
    stored = folds[(folds.arm == "smote/logistic") & (folds.fold == 2)].set_index("metric")["value"]
    for name, value in scores_again(tmp_path / "out").items():
        assert value == pytest.approx(stored[name], abs=1e-6, nan_ok=True), name


def every_fit():
    """Return every class that defines a fit: ours, scikit-learn's and imbalanced-learn's."""
    found, classes = {NetModel, Preparation, SklearnModel}, [BaseEstimator]
    while classes:
        inner = classes.pop().__subclasses__()
        classes += inner
        found.update(c for c in inner if "fit" in vars(c))
    return found


@pytest.fixture
def no_fit(monkeypatch):
    """Forbid every fit of a model, a preparation or a sampler."""

    def refused(*args, **kwargs):
        raise AssertionError("something was fitted")

    for owner in every_fit():
        monkeypatch.setattr(owner, "fit", refused)
    monkeypatch.setattr("rebal_core.strategies.fit.resample", refused)


@pytest.mark.parametrize("kind", ["binary", "by_time"])
@pytest.mark.parametrize("arm", ["smote/logistic", "threshold/logistic"])
def test_export_hand_over_and_explanation_fit_nothing(kind, arm, request, tmp_path):
    store, run = request.getfixturevalue(kind)[:2]
    request.getfixturevalue("no_fit")
    result = open_arm(store, run, arm)
    assert (result.split.repeat, result.split.fold) == (0, 2 if kind == "by_time" else 0)
    folds = evaluation(store, run).folds()
    stored = folds[(folds.arm == arm) & (folds.repeat == 0) & (folds.fold == result.split.fold)]
    stored = stored.set_index("metric")["value"]
    assert result.metrics() == pytest.approx(stored.to_dict(), abs=1e-6)
    export_run(store, run, tmp_path / "out", arm=arm)
    for name, value in scores_again(tmp_path / "out").items():
        assert value == pytest.approx(stored[name], abs=1e-6), name
    assert explain_run(store, run, arm, "rare", rows=10).error < 1e-9
    with pytest.raises(AssertionError, match="something was fitted"):
        export_run(store, run, tmp_path / "out", arm=arm, refit=True)


@pytest.mark.slow
def test_no_kind_of_model_is_fitted_again(tmp_path, binary, request):
    learners = "logistic,random_forest,hist_gradient_boosting,mlp"
    wishes = {"strategies": "smote,balanced_random_forest", "classifiers": learners, "folds": 2}
    store, run = run_inline(tmp_path / "home", binary[2], time="day", **wishes)
    request.getfixturevalue("no_fit")
    for arm in plan_of(store, run).arms:
        result = open_arm(store, run, arm.name)
        gap = result.fitted.predict_proba(
            result.preparation.transform(result.dataset.frame(rows=result.split.test))
        ) - next(c.proba for c in result.arm.cells if c.fold == 1)
        assert np.abs(gap).max() <= 1e-6
        export_run(store, run, tmp_path / "out", arm=arm.name)
        if arm.strategy != "dummy":
            explain_run(store, run, arm.name, "rare", rows=10)


def test_the_model_of_an_older_run_is_offered_to_be_fitted_again(by_time, monkeypatch):
    """Before, a split by time kept the model of its first window only."""
    store, run = by_time
    monkeypatch.setattr(
        "rebal_core.experiment.results.model_path", lambda key: f"results/model/{key}-none"
    )
    with pytest.raises(UserError, match="is gone or damaged; compare again"):
        open_arm(store, run, "smote/logistic")


def test_scored_rows_keep_order_and_columns(binary, tmp_path):
    store, run, frame = binary
    export_run(store, run, tmp_path / "out", arm="smote/logistic")
    bundle = load_bundle(tmp_path / "out" / "model.rebal")
    new = frame.drop(columns="label").iloc[::-1].assign(prediction="mine", extra=1)
    new.iloc[0, new.columns.get_loc("device")] = "fridge"
    new.to_csv(tmp_path / "new.csv", index=False)
    scored = predict_table(bundle, tmp_path / "new.csv")
    table = scored.table.to_pandas()
    assert [*table] == [*new, "prediction_2", "p_common", "p_rare"]
    np.testing.assert_allclose(table["amount"], new["amount"])
    np.testing.assert_allclose(table["p_common"] + table["p_rare"], 1)
    picked = np.where(table["p_rare"] >= bundle.policy.cutoff, "rare", "common")
    assert (picked == table["prediction_2"]).all()
    told = " ".join(scored.notes)
    assert "fridge" in told
    assert "“extra”" in told
    assert "prediction_2" in told
    assert "learned from rows of it" not in told
    frame.to_csv(tmp_path / "own.csv", index=False)
    again = predict_table(bundle, tmp_path / "own.csv")
    assert any("learned from rows of it" in note for note in again.notes)
    moved = predict_table(bundle, tmp_path / "new.csv", {"rare": 0.5}).table.to_pandas()
    assert (moved["p_rare"] > table["p_rare"]).all()
    odds = table["p_rare"] / table["p_common"]
    shift = bundle.fitted.prior_train[0] / bundle.fitted.prior_train[1]
    np.testing.assert_allclose(moved["p_rare"] / moved["p_common"], odds * shift)


def test_bad_rows_and_shares_are_told(binary, tmp_path):
    store, run, frame = binary
    export_run(store, run, tmp_path / "out", arm="smote/logistic")
    bundle = load_bundle(tmp_path / "out" / "model.rebal")
    frame[["day", "label"]].to_csv(tmp_path / "few.csv", index=False)
    with pytest.raises(UserError, match="lacks the columns “amount”, “device”"):
        predict_table(bundle, tmp_path / "few.csv")
    for asked, words in (
        ({"nobody": 0.1}, "no class “nobody”"),
        ({"rare": 0.8, "common": 0.8}, "sum to 1.6"),
        ({"rare": 0.3, "common": 0.3}, "sum to 0.6"),
    ):
        with pytest.raises(UserError, match=words):
            prior_of(bundle, asked)


def test_explained_run_and_its_task(binary, tmp_path):
    store, run, _ = binary
    one = explain_run(store, run, "smote/logistic", "rare", rows=20)
    other = explain_run(store, run, "random_under/logistic", "rare", rows=20)
    np.testing.assert_array_equal(one.rows, other.rows)
    assert max(one.error, other.error) < 1e-9
    with pytest.raises(UserError, match="no class"):
        explain_run(store, run, "smote/logistic", "nobody")

    class Task:
        home = store.home.path
        result = tmp_path / "task" / "result.json"

        @staticmethod
        def progress(share):
            assert 0 < share <= 1

    explain_task({"run": run, "arm": "smote/logistic", "label": "rare", "rows": 20}, Task)
    answer = json.loads(Task.result.read_text())
    stored = Explanation.load(Task.result.with_name("explanation.npz"))
    assert answer["path"] == str(Task.result.with_name("explanation.npz"))
    np.testing.assert_array_equal(stored.values, one.values)


def test_wrong_run_and_arm_are_told(binary, tmp_path):
    store, run, _ = binary
    with pytest.raises(UserError, match="no run 99"):
        export_run(store, 99, tmp_path / "out")
    with pytest.raises(UserError, match="no arm “x/y”"):
        export_run(store, run, tmp_path / "out", arm="x/y")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="a file has that name"):
        export_run(store, run, tmp_path / "file")


def test_a_bundle_tells_the_versions_of_all_that_its_model_may_need() -> None:
    known = versions()
    for classifier in CLASSIFIERS:
        for name, held in libraries_of(classifier.make.__module__).items():
            if held:
                assert known[name] == held, classifier.name


def test_what_is_not_installed_has_no_version(monkeypatch) -> None:
    monkeypatch.setattr(bundle, "find_spec", lambda name: None)
    assert "tabicl" not in versions()
    assert "torch" in versions()
