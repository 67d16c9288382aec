"""A strategy that names a rival brings it into the run, and is judged against it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import evaluation, report
from rebal_core.experiment.wishes import wishes_of
from rebal_core.store.store import Store
from rebal_core.strategies import STRATEGIES


@pytest.fixture
def paired(monkeypatch):
    """Random oversampling under another name, which has to beat random undersampling."""
    spec = replace(STRATEGIES["random_over"], name="paired", aliases=(), rival="random_under")
    monkeypatch.setitem(STRATEGIES._specs, spec.name, spec)
    monkeypatch.setitem(STRATEGIES._words, spec.name, spec.name)


@pytest.mark.parametrize("ratio", [None, 0.5])
def test_the_rival_of_a_strategy_runs_unasked(paired, tmp_path, ratio):
    rng = np.random.default_rng(0)
    y = rng.random(300) < 0.2
    frame = pd.DataFrame({"x": rng.normal(size=300) + y, "y": np.where(y, "yes", "no")})
    with_ratio = {} if ratio is None else {"random_under": {"ratio": ratio}}
    store = Store(tmp_path / "home")
    _, folder = store.new_dataset_folder()
    dataset = from_frame(frame, folder, target="y")
    store.add_dataset(dataset)
    plan = make_plan(
        dataset, strategies=["paired"], classifiers=["logistic"], folds=2, params=with_ratio
    )
    rival = "random_under/logistic" if ratio is None else "random_under(ratio=0.5)/logistic"
    assert [a.name for a in plan.arms if a.strategy == "random_under"] == [rival]
    run = run_here(store, plan).run
    told = {a["strategy"]: a for a in report(store, run)["arms"]}
    found = told["paired"]["rival"]
    assert set(found) == {"arm", "delta", "low", "high"}
    assert found["arm"] == rival
    metric = plan.protocol.metric
    means = [told[name]["metrics"][metric]["mean"] for name in ("paired", "random_under")]
    assert found["delta"] == pytest.approx(means[0] - means[1])
    assert all(a["rival"] is None for name, a in told.items() if name != "paired")
    # What the engine kept says the same.
    kept = evaluation(store, run).verdicts["paired/logistic"]
    assert kept.rival == rival
    assert kept.vs_rival.gain == pytest.approx(found["delta"])
    store.close()


@pytest.mark.parametrize("strategy", ["copula", "tomek+copula"])
def test_a_switch_that_is_judged_apart_brings_the_same_without_it(tmp_path, strategy):
    rng = np.random.default_rng(0)
    y = rng.random(300) < 0.2
    frame = pd.DataFrame({"x": rng.normal(size=300) + y, "y": np.where(y, "yes", "no")})
    store = Store(tmp_path / "home")
    _, folder = store.new_dataset_folder()
    dataset = from_frame(frame, folder, target="y")
    store.add_dataset(dataset)
    asked = {strategy: {"select": "yes", "keep_prevalence": "yes"}}
    plan = make_plan(
        dataset, strategies=[strategy], classifiers=["logistic"], folds=2, params=asked
    )
    kept = "(keep_prevalence=True{more})/logistic"
    plain, chosen = (strategy + kept.format(more=m) for m in ("", ",select=True"))
    assert [a.name for a in plan.arms if a.strategy == strategy] == [plain, chosen]
    assert make_plan(dataset, **wishes_of(plan, ("no", "yes"))).arms == plan.arms
    run = run_here(store, plan).run
    told = {a["arm"]: a for a in report(store, run)["arms"]}
    found = {name: arm["rival"] for name, arm in told.items() if arm["strategy"] == strategy}
    assert list(found.values()).count(None) == 1
    verdicts = evaluation(store, run).verdicts
    assert (verdicts[plain].rival, verdicts[chosen].rival) == (None, plain)
    assert np.isfinite(verdicts[chosen].vs_rival.gain)
    store.close()
