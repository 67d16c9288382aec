"""One finished comparison for many tests of pages, made in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.dispatch import Dispatcher
from rebal_core.experiment.in_process import OneProcess, run_here
from rebal_core.experiment.lock import EngineLock
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.version import stamp
from rebal_core.store.store import Store


class Finished:
    """A home with one dataset and one finished run."""

    def __init__(self, home: Path, strategies: tuple[str, ...] = ("smote", "random_under")) -> None:
        self.home = home
        self.store = Store(home)
        identifier, folder = self.store.new_dataset_folder()
        self.dataset = identifier
        opened = from_frame(_table(), folder, name="**tiny** <b>", target="label")
        self.store.add_dataset(opened)
        plan = make_plan(opened, strategies=list(strategies), classifiers=["logistic"], folds=3)
        self.run = run_here(self.store, plan).run
        self.working = False

    def work(self) -> None:
        """Do what an engine would do, here."""
        self.working = True
        try:
            self._work()
        finally:
            self.working = False

    def _work(self) -> None:
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


def engine_only(finished: Finished, function: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*arguments: Any, **named: Any) -> Any:
        assert finished.working, f"{function.__name__} in the page's own thread"
        return function(*arguments, **named)

    return guarded
