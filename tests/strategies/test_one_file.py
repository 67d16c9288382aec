"""A strategy is one file: three of kinds that nobody has yet go all the way by being there."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rebal_core.arm import Arm
from rebal_core.cli import main
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.arm_result import SAME, open_arm
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import report
from rebal_core.experiment.tasks.explain import explain_run
from rebal_core.export.bundle import load_bundle
from rebal_core.export.run import export_run
from rebal_core.library import balance
from rebal_core.store import Store
from rebal_core.strategies import STRATEGIES, fit_arm
from rebal_core.wording import UserError

HERE = Path(__file__).parent / "thrown_away"
MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"
ARMS = {
    "smoothed_bootstrap": "smoothed_bootstrap/logistic",
    "three_steps": "three_steps/hist_gradient_boosting",
    "gentle_loss": "gentle_loss/mlp",
}


@pytest.fixture(scope="module", autouse=True)
def three() -> Iterator[None]:
    """Read the three files, as the walk through the folder would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(STRATEGIES, "_specs", dict(STRATEGIES._specs))
        patch.setattr(STRATEGIES, "_words", dict(STRATEGIES._words))
        patch.syspath_prepend(str(HERE))
        for file in sorted(HERE.glob("*.py")):
            importlib.import_module(file.stem)
        yield


def table() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rare = rng.random(500) < 0.15
    return pd.DataFrame(
        {
            "amount": rng.normal(size=500) + 1.5 * rare,
            "visits": rng.integers(0, 9, 500) + 2 * rare,
            "device": np.where(rng.random(500) < 0.3 + 0.3 * rare, "phone", "desk"),
            "user": np.arange(500),
            "label": np.where(rare, "rare", "common"),
        }
    )


@pytest.fixture(scope="module")
def compared(tmp_path_factory, three) -> tuple[Store, int]:
    store = Store(tmp_path_factory.mktemp("home"))
    _identifier, folder = store.new_dataset_folder()
    dataset = from_frame(table(), folder, target="label")
    store.add_dataset(dataset)
    plan = make_plan(
        dataset,
        strategies=list(ARMS),
        classifiers=["logistic", "hist_gradient_boosting", "mlp"],
        folds=2,
        params={
            "three_steps": {"random_under.ratio": 0.9},
            "hist_gradient_boosting": {"max_iter": 20},
            "mlp": {"epochs": 9},
        },
    )
    run = run_here(store, plan)
    assert run.state == "done", run.error
    return store, run.run


def told(name: str, arms: list[str]) -> str:
    """Return the full name of an arm of a run."""
    strategy, classifier = name.split("/")
    return next(a for a in arms if Arm.bare(a) == Arm(strategy, classifier))


def test_each_is_one_file() -> None:
    assert {file.stem for file in HERE.glob("*.py")} == set(ARMS) <= set(STRATEGIES.names())


def test_they_are_compared(compared) -> None:
    found = report(*compared)
    arms = {a["arm"]: a for a in found["arms"]}
    for name in ARMS.values():
        arm = arms[told(name, list(arms))]
        assert arm["status"] == "done"
        assert arm["metrics"]["average_precision"]["mean"] > 0.4
        assert arm["verdict"]["code"] != "NO_VERDICT"
    assert told("three_steps/logistic", list(arms)) == (
        "three_steps(random_under.ratio=0.9)/logistic"
    )
    left_out = {a["arm"]: a["reason"] for a in found["arms"] if a["status"] == "skipped"}
    assert left_out["gentle_loss/logistic"] == "gentle_loss works with mlp only."


@pytest.mark.parametrize("name", ARMS.values())
def test_they_are_handed_over_exported_and_explained(compared, name, tmp_path) -> None:
    store, run = compared
    name = told(name, [a["arm"] for a in report(store, run)["arms"]])
    result = open_arm(store, run, name)
    done = export_run(store, run, tmp_path / "out", arm=name)
    bundle = load_bundle(tmp_path / "out" / "model.rebal")
    test = pd.read_parquet(tmp_path / "out" / "test_untouched.parquet")
    np.testing.assert_allclose(bundle.predict_proba(test), result.decided.proba, atol=SAME)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    train = pd.read_parquet(tmp_path / "out" / "train_balanced.parquet")
    assert done.arm == name
    shares = train["label"].value_counts(normalize=True)
    for label, share in manifest["balanced_prevalence"].items():
        assert shares[label] == pytest.approx(share)
    found = explain_run(store, run, name, "rare", rows=10)
    assert found.error < 1e-3
    assert set(found.players) == {"amount", "visits", "device"}


def test_drawn_rows_come_back_in_the_user_s_own_columns() -> None:
    frame = table()
    made = balance(frame, "label", "smoothed_bootstrap", shrinkage=0.5)
    drawn = made[made["_origin"] == "generated"]
    assert len(drawn) == (frame["label"] == "common").sum() - (frame["label"] == "rare").sum()
    assert (drawn["label"] == "rare").all()
    assert drawn["user"].isna().all()
    assert [list(p) for p in drawn["_parents"]] == [[]] * len(drawn)
    assert set(drawn["device"]) <= {"phone", "desk"}
    assert (drawn["visits"] % 1 == 0).all()
    assert not set(drawn["amount"]) & set(frame["amount"])
    rare = frame.loc[frame["label"] == "rare", "amount"]
    assert drawn["amount"].mean() == pytest.approx(rare.mean(), abs=0.25)
    assert drawn["amount"].std() == pytest.approx(rare.std(), rel=0.25)
    kept = made[made["_origin"] == "original"]
    pd.testing.assert_frame_equal(kept[frame.columns].astype({"user": "int64"}), frame)


def test_two_ratios_are_told_apart() -> None:
    spec = STRATEGIES["three_steps"]
    assert [n for n in spec.parameters if "ratio" in n] == [
        "random_over.ratio",
        "random_under.ratio",
    ]
    changed = spec.with_params({"random_over.ratio": 0.5, "random_under.ratio": 0.5})
    assert changed.counts_after((100, 20)) == (100, 50)
    assert spec.counts_after((100, 20)) == (50, 40)
    assert changed.with_params({"enn.n_neighbors": 5}).params["n_neighbors"] == 5
    with pytest.raises(UserError, match=r"no parameter “ratio”; it has random_over\.ratio"):
        spec.with_params({"ratio": 0.5})


def test_the_loss_reaches_the_network_alone(compared) -> None:
    rows = open_arm(compared[0], compared[1], "none/mlp(epochs=9)")
    typed = rows.preparation.transform(
        rows.dataset.frame(rows=rows.split.train), rows.labels.y[rows.split.train]
    )
    settings = (("epochs", 5),)
    same = Arm("gentle_loss", "mlp", (("gamma", 0.0),), settings)
    usual, none, gentle = (
        fit_arm(arm, typed, seed=0).predict_proba(typed)
        for arm in (same, Arm("none", "mlp", (), settings), Arm("gentle_loss", "mlp", (), settings))
    )
    # Another identity is another seed, so gamma 0 is not the same net; it learns as well.
    assert np.abs(usual - none).mean() < 0.1
    assert np.abs(gentle[:, 1] - 0.5).mean() < np.abs(none[:, 1] - 0.5).mean()


def test_the_command_line_knows_them(tmp_path, capfd) -> None:
    table().to_csv(tmp_path / "table.csv", index=False)
    data, out = str(tmp_path / "table.csv"), str(tmp_path / "out.csv")
    ratio = ["--set", "random_under.ratio=1.0"]
    arguments = ["balance", data, "--target", "label", "--strategy", "三步", *ratio, "--out", out]
    assert main(arguments) == 0
    written = pd.read_csv(out)
    assert written["_origin"].isin(["original", "duplicate"]).all()
    capfd.readouterr()
    assert main(["strategies", "--json", "-"]) == 0
    listed = {s["name"]: s for s in json.loads(capfd.readouterr().out)}
    assert listed["gentle_loss"]["classifiers"] == ["mlp"]


def test_the_plan_page_shows_them(compared, monkeypatch) -> None:
    store, run = compared
    monkeypatch.setenv("REBAL_HOME", str(store.home.path))
    st.cache_resource.clear()
    st.cache_data.clear()
    app = AppTest.from_file(str(MAIN), default_timeout=60)
    app.query_params["run"] = str(run)
    app.switch_page("views/plan.py")
    app.run()
    assert not app.exception
    keys = {box.key for box in app.checkbox}
    assert {f"plan_tick_{name}" for name in ARMS} <= keys
    next(box for box in app.checkbox if box.key == "plan_tick_smoothed_bootstrap").check().run()
    assert not app.exception
    chosen = next(box for box in app.selectbox if box.key.startswith("plan_settings"))
    chosen.set_value("smoothed_bootstrap").run()
    labels = [field.label for field in app.number_input]
    assert "Width of the noise" in labels
    rows = next(t for t in app.dataframe if "plan_smoothed_bootstrap_rows" in str(t.key)).value
    assert (rows["after"] == rows["after"].max()).all()
    st.cache_resource.clear()
    st.cache_data.clear()
