"""The Run page while networks learn: how soon it shows them, and that it answers meanwhile."""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
import pandas as pd
import psutil
import pytest
from playwright.sync_api import Page, expect

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment import client
from rebal_core.experiment.planning import make_plan
from rebal_core.store.store import Store

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.timeout(900),
]
#: What a reader waits for, in seconds: the first point after a network's start; a click's answer.
FIRST_POINT, ANSWER = 10.0, 1.0
ARMS = ["none", "focal", "mixup", "label_smoothing", "weighted_ce", "balanced_softmax"]


def table(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"x{k}": rng.normal(size=rows) for k in range(10)})
    frame["city"] = rng.choice(["a", "b", "c", "d"], size=rows)
    rare = frame["x0"] + frame["x1"] * frame["x2"] + rng.normal(size=rows) > 2.5
    return frame.assign(label=np.where(rare, "rare", "common"))


def known(store: Store, rows: int) -> str:
    """Add a table to the home; return its name."""
    name, folder = store.new_dataset_folder()
    store.add_dataset(from_frame(table(rows), folder, target="label"))
    return str(name)


def ready_workers(store: Store) -> int:
    """Return how many workers have loaded torch."""
    engine = client.engine_status(store)
    children = psutil.Process(engine.pid).children(recursive=True)
    return sum(any("libtorch" in m.path for m in child.memory_maps()) for child in children)


def drawn(page: Page, chart: str) -> None:
    page.locator(f"[class*=st-key-run_{chart}] .main-svg").first.wait_for()


@pytest.fixture(autouse=True)
def _engine_as_users_have_it(dashboard, monkeypatch) -> None:
    client.stop_engine(dashboard.store())
    monkeypatch.setenv("REBAL_IMPORT_AHEAD", "1")


def test_the_first_point_comes_soon_and_the_page_answers(page: Page, dashboard) -> None:
    store = dashboard.store()
    few, many = known(store, 300), known(store, 50_000)
    plan = make_plan(store.dataset(few), strategies="none", classifiers="logistic", folds=2)
    dashboard.compared(plan)
    end = time.monotonic() + 120
    while ready_workers(store) < client.engine_status(store).workers:
        assert time.monotonic() < end, "workers use a pause to get ready"
        time.sleep(0.5)
    plan = make_plan(store.dataset(many), strategies=ARMS, classifiers="mlp", folds=2)
    assert sum(arm.classifier == "mlp" for arm in plan.arms) >= 8
    run = client.submit(store, plan)
    page.goto(f"{dashboard.url}/run?run={run}")
    while not (store.cells(run)["state"] == "running").any():
        time.sleep(0.02)
    began = time.monotonic()
    drawn(page, "losses")
    first = time.monotonic() - began
    answers = []
    for view, chart in [("Batches", "rates"), ("Curves", "losses")] * 6:
        page.wait_for_timeout(700)  # another moment of the page's own three seconds each time
        began = time.monotonic()
        page.get_by_role("radio", name=view).or_(page.get_by_role("button", name=view)).click()
        drawn(page, chart)
        answers.append(time.monotonic() - began)
    assert store.run(run).state == "running"
    client.cancel(store, run)
    told = f"first point {first:.1f} s, answers {sorted(round(a, 2) for a in answers)} s"
    sys.stdout.write(told)
    assert first < FIRST_POINT, told
    assert statistics.median(answers) < ANSWER, told
    assert max(answers) < 3 * ANSWER, told
    expect(page.get_by_text("was cancelled")).to_be_visible()
