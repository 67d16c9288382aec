"""How long Compare takes from the click to the drawn page, after a large run.

The run's predictions are drawn, not fitted: 40 arms that share a signal, 5 folds of 100,000 rows.
The engine judges them as it judges any run; then Chromium opens the finished run's page and clicks
“Open Compare”, each time in a fresh session, first on a server that has just started.

    python benchmarks/open_compare.py [--rows 100000] [--arms 40] [--times 5]

It tells how long judging took and what it keeps, and from the click the seconds until verdict,
table and the plot of gains stand on the page, and until every chart does and nothing runs any more.

The bound: judging is the work of which the page once did most itself; what the page must do is one
read of small files and its own script.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from browsing import PATIENCE, browser, free_port, missing, server

from rebal_core.arm import Arm, CellResult
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.files import save_cell
from rebal_core.experiment.graph import comparison
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.splits import splits_of
from rebal_core.files import write_json
from rebal_core.store.store import Store

SHARE = 0.03
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
IDLE = "() => !document.querySelector('[data-testid=stStatusWidget]')"
CHARTS = "() => document.querySelectorAll('.js-plotly-plot .main-svg').length >= 8"


def planned(store: Store, rows: int, arms: int) -> Plan:
    """Make a dataset, and a plan of so many arms with a reference for every classifier."""
    rng = np.random.default_rng(0)
    y = (rng.random(rows) < SHARE).astype(int)
    columns = {f"x{k}": rng.normal(size=rows) for k in range(4)}
    table = pd.DataFrame({**columns, "label": np.where(y == 1, "yes", "no")})
    identifier, folder = store.new_dataset_folder()
    store.add_dataset(from_frame(table, folder, name="drawn", target="label"))
    classifiers = ["logistic", "hist_gradient_boosting", "random_forest"]
    plan = make_plan(store.dataset(identifier), strategies="all", classifiers=classifiers)
    first = ("dummy", "none", "threshold", "class_weight")
    ordered = sorted(plan.arms, key=lambda arm: arm.strategy not in first)
    smote = [Arm("smote", c, (("k_neighbors", k),)) for k in range(6, 30) for c in classifiers]
    return replace(plan, arms=tuple([*ordered, *smote][:arms]))


def draw(store: Store, plan: Plan) -> None:
    """Write the predictions of every cell, as if models had made them."""
    dataset = store.dataset(plan.dataset)
    y = dataset.labels().y
    rng = np.random.default_rng(1)
    shared = rng.normal(size=y.size)
    splits = {(s.repeat, s.fold): s for s in splits_of(dataset, plan.protocol)}
    for node in comparison(plan, 1).nodes.values():
        if node.kind != "cell":
            continue
        name, repeat, fold = node.answers[0]
        test = splits[repeat, fold].test
        lift = 0.02 * (sum(map(ord, name)) % 7)
        z = shared[test] + (1.5 + lift) * y[test] + 0.5 * rng.normal(size=test.size) - 4.0
        p = np.full(test.size, SHARE) if "dummy" in name else 1.0 / (1.0 + np.exp(-z))
        share = np.bincount(y, minlength=2) / y.size
        seconds = {"resample": 0.1, "fit": 0.2 + lift, "predict": 0.05}
        proba = np.column_stack([1.0 - p, p])
        cell = CellResult(repeat, fold, test, y[test], proba, share, share, seconds)
        save_cell(store.home.path / node.path, cell)
        for folder in node.beside:  # the models, of which nothing is shown here
            write_json(store.home.path / folder / "about.json", {})


def kept(folder: Path) -> float:
    """Return the MB of a run's folder."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6


def clicked(chrome: Any, address: str) -> tuple[float, float]:
    """Return the seconds from the click until the first screen stands, and until all is drawn."""
    context = chrome.new_context(locale="en-US", viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.goto(address, wait_until="commit")
    button = page.get_by_role("button", name="Open Compare", exact=True)
    button.wait_for(timeout=PATIENCE)
    page.wait_for_function(IDLE, timeout=PATIENCE)
    page.wait_for_timeout(500)
    began = time.perf_counter()
    button.click()
    for sign in (".v[role=status]", "[data-testid=stDataFrame] canvas", ".main-svg"):
        page.locator(sign).first.wait_for(timeout=PATIENCE)
    page.evaluate(PAINTED)
    first = time.perf_counter() - began
    page.wait_for_function(CHARTS, timeout=PATIENCE)
    page.wait_for_function(IDLE, timeout=PATIENCE)
    page.evaluate(PAINTED)
    whole = time.perf_counter() - began
    context.close()
    return first, whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("--rows", 100_000), ("--arms", 40), ("--times", 5)):
        parser.add_argument(name, type=int, default=default)
    asked = parser.parse_args()
    if reason := missing():
        print(f"open_compare: nothing measured. {reason}")
        return
    with tempfile.TemporaryDirectory(prefix="rebal-", ignore_cleanup_errors=True) as name:
        home = Path(name) / "home"
        store = Store(home)
        plan = planned(store, asked.rows, asked.arms)
        draw(store, plan)
        began = time.perf_counter()
        run = run_here(store, plan)
        took = time.perf_counter() - began
        size = f"{len(plan.arms)} arms x {asked.rows:,} rows"
        print(f"{size}: {run.state}, judged in {took:.1f} s, keeps {kept(home / 'runs'):.1f} MB")
        store.close()
        port = free_port()
        app = ["-m", "app.server", "--no-browser", "--port", str(port)]
        log = Path(name) / "log.txt"
        address = f"http://127.0.0.1:{port}/run?ds={plan.dataset}&run={run.run}"
        environment = {"env": {**os.environ, "REBAL_HOME": str(home)}}
        with server(app, port, log, **environment), browser() as chrome:
            time.sleep(5)  # it imports in advance what later pages need
            clicks = [clicked(chrome, address) for _ in range(asked.times + 1)]
        print(f"first click: first screen {clicks[0][0]:.2f} s, all drawn {clicks[0][1]:.2f} s")
        for words, values in zip(("first screen", "all drawn"), zip(*clicks[1:], strict=True),
                                 strict=True):  # fmt: skip
            print(f"{words:12s} median {statistics.median(values):.2f} s  "
                  f"quickest {min(values):.2f} s  slowest {max(values):.2f} s")  # fmt: skip


if __name__ == "__main__":
    main()
