"""A home with a log of events, and what tests of the page Lists do in it."""

import numpy as np
import pandas as pd
from finished_run import Finished

from app.components import lists_asked
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.ranked import stored
from rebal_core.store.store import Store

NASTY = "<b>=p</b>"


BRANDS = pd.DataFrame(
    {
        "brand": ["north", "south"] * 10,
        "name": [NASTY if k == 0 else f"=p{k:02d}" for k in range(20)],
    }
)


def log(users=30, events=8):
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(users), events)
    item = 2 * rng.choice(10, len(user), p=np.arange(10, 0, -1) / 55) + user % 2
    minutes = pd.to_timedelta(rng.permutation(len(user)), "min")
    return pd.DataFrame(
        {
            "user_id": [f"u{k:02d}" for k in user],
            "item_id": [NASTY if k == 0 else f"=p{k:02d}" for k in item],
            "timestamp": pd.to_datetime("2024-03-01") + minutes,
            "kind": np.where(item % 2 == 0, "even", "odd"),
            "label": rng.choice(["rare", "common"], len(user), p=[0.2, 0.8]),
        }
    )


class Logged(Finished):
    """A home with a log and, beside it, a table that is none."""

    def __init__(self, home):
        self.home, self.store, self.working = home, Store(home), False
        self.dataset, folder = self.store.new_dataset_folder()
        self.store.add_dataset(from_frame(log(), folder, name="log", target="label"))
        self.other, folder = self.store.new_dataset_folder()
        plain = log()[["kind", "label"]].assign(age=np.arange(240.0))
        self.store.add_dataset(from_frame(plain, folder, name="plain", target="label"))
        self.bare, folder = self.store.new_dataset_folder()
        bare = log().drop(columns=["kind", "label"])
        self.store.add_dataset(from_frame(bare, folder, name="bare"))
        self.brands, folder = self.store.new_dataset_folder()
        self.store.add_dataset(from_frame(BRANDS, folder, name="brands"))
        self.run = None


def logged(tmp_path_factory):
    """Make such a home, and close it in the end: a fixture of a module."""
    made = Logged(tmp_path_factory.mktemp("logged") / "home")
    yield made
    made.store.close()


def opened(run_page, finished, monkeypatch):
    """Return a function that opens the page in a language; no network is trained: a fixture."""
    monkeypatch.setattr(lists_asked, "MODELS", ("popularity", "item_knn"))
    return lambda language="en", view="lists", **query: run_page(
        view, language, **{"ds": finished.dataset, "run": "", **query}
    )


def ranked(finished):
    """Return what was ranked last."""
    return stored(finished.store, finished.store.runs("rank")[0].plan)


def started(app, finished):
    """Have the lists made where the page offers it."""
    for button in app.button:
        if button.key == "lists_start":
            button.click().run()
            finished.work()
            app.run()
    return app
