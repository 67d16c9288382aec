"""A home of its own for each test, and pages that are run without starting an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rebal_core.experiment import client
from rebal_core.store.store import Store

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the app an empty home; nothing in it starts an engine."""
    path = tmp_path / "home"
    monkeypatch.setenv("REBAL_HOME", str(path))

    class Alive:
        def poll(self) -> None:
            return None

    monkeypatch.setitem(client._started, path, Alive())
    st.cache_resource.clear()
    st.cache_data.clear()
    yield path
    st.cache_resource.clear()


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = Store(home)
    yield opened
    opened.close()


@pytest.fixture
def dataset(store: Store, tiny_binary: pd.DataFrame) -> str:
    """The tiny table as a dataset named after a stranger's markup."""
    from rebal_core.data.reading.load import from_frame

    identifier, folder = store.new_dataset_folder()
    made = from_frame(tiny_binary, folder, name="**tiny** <b>", target="label")
    assert store.add_dataset(made) == identifier
    return identifier


@pytest.fixture
def page(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Return a function that runs one page of the app in a language."""

    def run(view: str = "data", language: str = "en", **query: str) -> AppTest:
        # AppTest formats options outside of the session: let it speak the page's language there.
        monkeypatch.setitem(st.session_state, "language", language)
        app = AppTest.from_file(str(MAIN), default_timeout=60)
        app.query_params["lang"] = language
        for name, value in query.items():
            app.query_params[name] = value
        if view != "data":
            app.switch_page(f"views/{view}.py")
        app.run()
        assert not app.exception, [e.message for e in app.exception]
        return app

    return run
