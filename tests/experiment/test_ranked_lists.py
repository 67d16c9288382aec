"""Lists made by the engine: once for all who ask, kept whole, and a sentence where they cannot."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment import keys
from rebal_core.experiment.dispatch import Dispatcher
from rebal_core.experiment.graph import rank_node
from rebal_core.experiment.in_process import OneProcess
from rebal_core.experiment.lock import EngineLock
from rebal_core.experiment.ranked import rank_params, stored
from rebal_core.experiment.version import stamp
from rebal_core.experiment.worker import execute
from rebal_core.ranking.reading import LogColumns
from rebal_core.store import Store
from rebal_core.wording import UserError

LOG = LogColumns("user_id", "item_id", ("time",), "event")
MODELS, REMEDIES = ["popularity", "item_knn"], ["rerank", "tail_upweight"]


def table(users=30, events=8):
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(users), events)
    item = 2 * rng.choice(10, len(user), p=np.arange(10, 0, -1) / 55) + user % 2
    return pd.DataFrame(
        {
            "user_id": [f"u{k:02d}" for k in user],
            "item_id": [f"=p{k:02d}" for k in item],
            "time": pd.to_datetime("2024-03-01") + pd.to_timedelta(rng.permutation(len(user)), "m"),
            "kind": np.where(item % 2 == 0, "even", "odd"),
            "event": rng.choice(["view", "buy", "impression"], len(user), p=[0.6, 0.3, 0.1]),
        }
    )


class Home:
    """A home with one log, whose engine is asked here."""

    def __init__(self, path):
        self.store = Store(path)
        self.dataset, folder = self.store.new_dataset_folder()
        self.store.add_dataset(from_frame(table(), folder))

    def params(self, columns=LOG, models=MODELS, strategies=REMEDIES, **more):
        return rank_params(self.dataset, columns, models, strategies, **{"k": 5, **more})

    def ask(self, params):
        number = self.store.add_run("rank", params, dataset=self.dataset, version=stamp())
        lock = EngineLock(self.store.home.lock)
        assert lock.take()
        try:
            dispatcher = Dispatcher(self.store, OneProcess(self.store.home.path), stamp())
            while self.store.run(number).live:
                dispatcher.turn(0.0)
        finally:
            lock.release()
        return self.store.run(number)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made = Home(tmp_path_factory.mktemp("ranked") / "home")
    yield made
    made.store.close()


def test_lists_truth_and_report_are_kept(home):
    params = home.params()
    assert home.ask(params).state == "done"
    found = stored(home.store, params)
    arms = [f"{remedy}/{model}" for model in MODELS for remedy in ("none", *REMEDIES)]
    assert list(found.arms) == arms
    assert found.report["protocol"]["k"] == 5
    assert set(found.fronts) == set(MODELS)
    front = found.fronts["item_knn"]
    assert (front["tau"].diff().dropna() > 0).all()
    # The line of re-ranking begins at the untreated arm, and passes through the re-ranked one.
    for arm in ("none/item_knn", "rerank/item_knn"):
        told = found.arm(arm)
        line = front[front["tau"] == (told["tau"] or 0)].iloc[0]
        assert line["ndcg"] == pytest.approx(told["metrics"]["ndcg"]["all"])
        assert line["coverage"] == pytest.approx(told["catalogue"]["coverage"])
    frame = table()
    frame = frame[frame["event"] != "impression"].sort_values("time")
    for place, user in enumerate(found.users):
        own = frame.loc[frame["user_id"] == user, "item_id"].tolist()
        assert found.items[found.held(place)].tolist() == own[:-1]
        assert found.items[found.true(place)].tolist() == own[-1:]
    for arm in arms:
        lists = found.lists(arm)
        assert lists.shape == (len(found.users), 5)
        right = (lists == np.stack([found.true(u) for u in range(len(lists))])).any(axis=1)
        assert right.mean() == pytest.approx(found.arm(arm)["metrics"]["recall"]["all"])
    assert set(found.about) == {"even", "odd"}
    assert found.notes


def test_a_table_of_items_is_joined_and_is_part_of_the_wish(home):
    brands = pd.DataFrame({"name": [f"=p{k:02d}" for k in range(20)], "brand": list("abcde") * 4})
    identifier, folder = home.store.new_dataset_folder()
    home.store.add_dataset(from_frame(brands, folder))
    params = home.params(
        models=["content"], strategies=[], items={"dataset": identifier, "key": "name"}
    )
    assert home.ask(params).state == "done"
    found = stored(home.store, params)
    assert found.report["log"]["about_items"] == ["kind", "brand"]
    assert {text.rpartition(" · ")[2] for text in found.about} == set("abcde")
    alone = home.params(models=["content"], strategies=[])
    assert rank_node(home.store, alone).key != rank_node(home.store, params).key
    other = home.params(
        models=["content"], strategies=[], items={"dataset": identifier, "key": "brand"}
    )
    assert "names none of the" in home.ask(other).error


def test_who_asks_again_has_the_same_answer_without_work(home, monkeypatch):
    assert home.ask(home.params()).state == "done"
    monkeypatch.setattr("rebal_core.experiment.in_process.execute", None)
    # Another word for a model, and its usual settings said aloud, are the same wish.
    same = home.params(models=["most_popular", "item_knn"], params={"rerank": {"cost": 0.02}})
    assert home.ask(same).state == "done"
    for other in (
        home.params(unseen=True),
        home.params(k=4),
        home.params(seed=1),
        home.params(models=["popularity"]),
        home.params(columns=LogColumns("user_id", "item_id", ("time",))),
        home.params(params={"tail_upweight": {"factor": 9}}),
    ):
        assert stored(home.store, other) is None
    monkeypatch.setattr(keys, "of_ranking", lambda plan: ["another judge"])
    assert stored(home.store, home.params()) is None


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (LogColumns("nobody", "item_id", ("time",)), "The table has no column “nobody”"),
        (LogColumns("user_id", "item_id", ("kind",)), "holds neither times nor numbers"),
        (LogColumns("user_id", "kind", ("time",)), "and “kind” has 2"),
        (LogColumns("kind", "item_id", ("time",)), "of those of “kind” 2 have"),
        (LogColumns("user_id", "item_id", ("time",), "item_id"), "is named twice"),
    ],
)
def test_what_is_no_log_is_told_in_a_sentence(home, columns, said):
    row = home.ask(home.params(columns=columns))
    assert row.state == "failed"
    assert said in row.error
    assert "fault of ours" not in row.error


def test_a_model_or_remedy_that_is_not_there_is_told(home):
    assert "nope" in home.ask(home.params(models=["nope"])).error
    with pytest.raises(UserError, match="nope"):
        stored(home.store, home.params(strategies=["nope"]))


def test_it_stops_when_it_shall_and_leaves_nothing(home, tmp_path):
    params = home.params(seed=7)
    node = asdict(rank_node(home.store, params))
    flag, told = tmp_path / "flag", []

    def report(said):
        told.append(said["fraction"])
        flag.touch()

    path = home.store.home.path
    assert execute(str(path), node, str(flag), report)["outcome"] == "cancelled"
    assert len(told) == 1
    assert not (path / node["path"]).exists()
    flag.unlink()
    assert execute(str(path), node, str(flag), lambda said: None)["outcome"] == "done"
    (path / node["path"] / "lists.npz").write_bytes(b"PK garbage")
    assert stored(home.store, params) is None
    assert execute(str(path), node, str(flag), lambda said: None)["outcome"] == "done"
    assert stored(home.store, params) is not None


def test_networks_alone_answer_for_the_library_of_networks(home):
    from rebal_core.experiment.graph import rankings_of

    _, libraries = keys.of_ranking(rankings_of(home.params()))
    assert "torch" not in libraries
    assert {"numpy", "scipy", "pandas"} <= set(libraries)
