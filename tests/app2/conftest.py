"""One finished comparison for all tests of these pages, made in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rebal_core.data.load import from_frame
from rebal_core.experiment import client
from rebal_core.experiment.dispatch import Dispatcher
from rebal_core.experiment.here import OneProcess, run_here
from rebal_core.experiment.lock import EngineLock
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.version import stamp
from rebal_core.store.store import Store

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


class Finished:
    """A home with one dataset and one finished run."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.store = Store(home)
        identifier, folder = self.store.new_dataset_folder()
        self.dataset = identifier
        opened = from_frame(_table(), folder, name="**tiny** <b>", target="label")
        self.store.add_dataset(opened)
        plan = make_plan(
            opened, strategies=["smote", "random_under"], classifiers=["logistic"], folds=3
        )
        self.run = run_here(self.store, plan).run

    def work(self) -> None:
        """Do what an engine would do, here."""
        lock = EngineLock(self.store.home.lock)
        assert lock.take()
        try:
            dispatcher = Dispatcher(self.store, OneProcess(self.home), stamp())
            while any(row.live for row in self.store.runs(None)):
                dispatcher.turn(0.0)
        finally:
            lock.release()


def _table(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = rng.permutation((np.arange(n) < n // 10).astype(int))
    return pd.DataFrame(
        {
            "amount": rng.normal(size=n) + 1.2 * y,
            "age": rng.integers(18, 80, n) + 5 * y,
            "city": rng.choice(["北京", "Paris", "<i>Lima</i>"], n),
            "label": np.where(y == 1, "rare", "common"),
        }
    )


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    made = Finished(tmp_path_factory.mktemp("finished") / "home")
    yield made
    made.store.close()


@pytest.fixture
def page(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    """Return a function that runs one page of the app on the finished run; no engine starts."""
    monkeypatch.setenv("REBAL_HOME", str(finished.home))

    class Alive:
        def poll(self) -> None:
            return None

    monkeypatch.setitem(client._started, finished.home, Alive())
    st.cache_resource.clear()
    st.cache_data.clear()

    def run(view: str, language: str = "en", **query: str) -> AppTest:
        # AppTest formats options outside of the session: let it speak the page's language there.
        monkeypatch.setitem(st.session_state, "language", language)
        app = AppTest.from_file(str(MAIN), default_timeout=60)
        app.query_params["lang"] = language
        app.query_params["run"] = str(finished.run)
        for name, value in query.items():
            app.query_params[name] = value
        app.switch_page(f"views/{view}.py")
        app.run()
        return app

    yield run
    st.cache_resource.clear()
