"""Tiny tables that many tests share, the order of the tests, and the switch to the real data.

What costs seconds is a process that imports the library: an engine with its workers, a dashboard, a
command. Start one only where the process itself is tested: type commands by ``main``, compare by
``run_here``, and put further questions to what a fixture has started for the whole file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest

BROWSER = "tests/browser/"
#: What starts engines, and so takes longest.
LONGEST = (BROWSER, "tests/faults/", "tests/cli/test_whole_way.py", "tests/test_readme.py")


def pytest_configure(config: pytest.Config) -> None:
    """Keep xdist from moving files of few tests to the end: those with engines take longest."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, so that no core waits for them in the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let one worker do all journeys, which share a browser, a dashboard and its engine."""
    from xdist.scheduler import LoadFileScheduling

    class OneBrowser(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)

    return OneBrowser(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(autouse=True, scope="session")
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep scratch out of the home of whoever runs the tests, and engines from idle imports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REBAL_HOME", str(tmp_path_factory.mktemp("own") / "home"))
        patch.setenv("REBAL_IMPORT_AHEAD", "0")  # most engines here live for a task or two
        yield


@pytest.fixture(autouse=True, scope="session")
def _nothing_is_left_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail, once all is over, where a process of ours still works in a home of these tests."""
    yield
    place = f"{tmp_path_factory.getbasetemp()}{os.sep}"  # of this worker of xdist alone
    end = time.monotonic() + 10  # engines that were asked to stop are on their way out
    while (left := _at_home_below(place)) and time.monotonic() < end:
        time.sleep(0.1)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert not left, f"left running: {sorted({f'{h} ({p.pid})' for p, h in left.items()})}"


def _at_home_below(place: str) -> dict[psutil.Process, str]:
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            home = process.environ().get("REBAL_HOME", "")
            # Python's own, which end with the process that runs the tests.
            own = any("resource_tracker" in word for word in process.cmdline())
            if home.startswith(place) and not own and process.status() != psutil.STATUS_ZOMBIE:
                found[process] = home
    return found


def tiny_table(n: int, share: float, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = (np.arange(n) < round(n * share)).astype(int)
    rng.shuffle(y)
    return pd.DataFrame(
        {
            "amount": rng.normal(size=n) + 1.2 * y,
            "age": rng.integers(18, 80, n) + 5 * y,
            "device": rng.choice(["phone", "tablet", "desk"], n),
            "city": np.where(rng.random(n) < 0.1, None, rng.choice(["北京", "Paris", "Lima"], n)),
            "label": np.where(y == 1, "rare", "common"),
        }
    )


@pytest.fixture(scope="session")
def tiny_tables() -> dict[str, pd.DataFrame]:
    """Return the two tiny tables; whoever changes one takes a copy first."""
    many = tiny_table(400, 0.5, 1)
    label = np.repeat(["a", "b", "c", "d"], [280, 90, 24, 6])
    np.random.default_rng(2).shuffle(label)
    means = pd.Series(label).map({"a": 0, "b": 1, "c": 2, "d": 3})
    many["label"] = label
    many["amount"] = np.random.default_rng(3).normal(size=400) + means
    return {"binary": tiny_table(300, 0.1, 0), "multiclass": many}


@pytest.fixture
def tiny_binary(tiny_tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """300 rows, 10 % ``rare``, two numbers, two categories, some missing."""
    return tiny_tables["binary"].copy()


@pytest.fixture
def tiny_multiclass(tiny_tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """400 rows in four classes of 280, 90, 24 and 6."""
    return tiny_tables["multiclass"].copy()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real tables; the test is skipped where it is absent."""
    folder = os.environ.get("REBAL_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("REBAL_DATA does not name the folder of the real tables")
    return Path(folder)
