"""A home of its own for each test or one finished run for many; pages start no engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from finished_run import Finished, engine_only
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, element_tree, local_script_runner

from app.components import states
from rebal_core.experiment import client
from rebal_core.experiment.tasks import judging
from rebal_core.store.store import Store

#: The module; the room exports its function under the same name.
evaluate = import_module("rebal_core.evaluation.evaluate")
MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


@pytest.fixture(autouse=True, scope="session")
def _pages_are_run_without_detours() -> Iterator[None]:
    """Spare what Streamlit's tests do at each run of a page beside running it.

    It reads the metadata of every package, asks a thousand times a second whether the page is
    through, and walks through a tree by generators inside of generators.
    """
    with pytest.MonkeyPatch.context() as patch:
        scan = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        asked = local_script_runner.require_widgets_deltas

        def awaited(runner: Any, timeout: float) -> None:
            runner._script_thread.join(timeout)
            asked(runner, timeout if runner.script_stopped() else 0)

        patch.setattr(local_script_runner, "require_widgets_deltas", awaited)
        patch.setattr(element_tree.Block, "__iter__", lambda block: iter(_inside(block)))
        yield


def _inside(block: Any) -> list[Any]:
    """Return a block and all that is inside of it, as the page has it from top to bottom."""
    found, waiting = [], [block]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if isinstance(node, element_tree.Block):
            waiting += reversed(node.children.values())
    return found


def _without_engine(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pages work in a home in which no engine starts, and remember nothing."""
    monkeypatch.setenv("REBAL_HOME", str(home))

    class Alive:
        def poll(self) -> None:
            return None

    monkeypatch.setitem(client._started, home, Alive())
    st.cache_resource.clear()
    st.cache_data.clear()


def _opened(
    monkeypatch: pytest.MonkeyPatch, view: str, language: str, query: dict[str, Any]
) -> AppTest:
    # AppTest formats options outside of the session: let it speak the page's language there.
    monkeypatch.setitem(st.session_state, "language", language)
    monkeypatch.setattr(states, "FIRST_SCREEN", 0)  # no browser draws it
    app = AppTest.from_file(str(MAIN), default_timeout=60)
    for name, value in {"lang": language, **query}.items():
        app.query_params[name] = value
    if view != "data":
        app.switch_page(f"views/{view}.py")
    return app.run()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the app an empty home; nothing in it starts an engine."""
    path = tmp_path / "home"
    _without_engine(path, monkeypatch)
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
        app = _opened(monkeypatch, view, language, query)
        assert not app.exception, [e.message for e in app.exception]
        return app

    return run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    made = Finished(tmp_path_factory.mktemp("finished") / "home")
    yield made
    made.store.close()


@pytest.fixture
def run_page(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., AppTest]]:
    """Return a function that runs one page of the app on the finished run, a plan on its dataset.

    The page decides and bootstraps nothing itself: that is work for the engine.
    """
    for module, name in ((evaluate, "score_arms"), (judging, "decide_arms"), (judging, "pooled")):
        monkeypatch.setattr(module, name, engine_only(finished, getattr(module, name)))
    _without_engine(finished.home, monkeypatch)

    def run(view: str, language: str = "en", **query: str) -> AppTest:
        alone = view == "plan" and "run" not in query
        place = {"ds": finished.dataset} if alone else {"run": str(finished.run)}
        return _opened(monkeypatch, view, language, {**place, **query})

    yield run
    st.cache_resource.clear()
