"""Later windows of time, foretold from all before them, and items that nobody had before."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from logs import log_of, two_tastes

from rebal_core.cli.frame import main
from rebal_core.ranking.compare import compare_rankings
from rebal_core.ranking.plan import plan_rankings
from rebal_core.ranking.sentences import sentence_of_windows
from rebal_core.ranking.trial import later_windows


@pytest.mark.parametrize("windows", [1, 2, 5])
def test_each_window_is_foretold_from_all_before_it_and_from_nothing_else(windows):
    log = two_tastes(users=40, events=12)
    trials, size = later_windows(log, windows), len(log)
    begins = [size * w // (windows + 1) for w in range(1, windows + 1)]
    ends = [*begins[1:], size]
    assert len(trials) == windows
    for trial, begin, end in zip(trials, begins, ends, strict=True):
        assert trial.log.row.tolist() == list(range(begin))
        for place, user in enumerate(trial.visits.user):
            own = log.item[begin:end][log.user[begin:end] == user]
            starts = trial.truth.starts
            found = trial.truth.item[starts[place] : starts[place + 1]]
            assert sorted(set(own.tolist())) == found.tolist()
            held = trial.visits.take(np.array([place])).item
            assert held.tolist() == log.item[:begin][log.user[:begin] == user].tolist()


def test_equal_times_stay_together():
    log = log_of(np.arange(12) % 3, np.arange(12) % 4)
    object.__setattr__(log, "moment", np.array([0] * 3 + [1] * 9))
    trials = later_windows(log, 4)
    assert [len(trial.log) for trial in trials] == [3]
    object.__setattr__(log, "moment", np.zeros(12, dtype=np.int64))
    assert later_windows(log, 4) == []


def test_windows_are_judged_like_the_run_and_their_mean_is_told():
    plan = plan_rankings(["popularity", "item_knn"], ["rerank"], k=5, windows=3)
    told: list[float] = []
    found = compare_rankings(two_tastes(), plan, told.append)
    assert len(found.windows) == 3
    assert np.all(np.diff(told) >= 0)
    assert told[-1] == pytest.approx(1)
    for window in found.windows:
        assert window.found is not None
        assert [o.arm.name for o in window.found.outcomes] == [o.arm.name for o in found.outcomes]
        assert window.found.trial.log is window.trial.log
    assert not compare_rankings(two_tastes(), plan_rankings(["popularity"], k=5)).windows
    knn = [
        float(o.scored.means["ndcg"]["all"][0])
        for window in found.windows
        for o in window.found.outcomes
        if o.arm.name == "none/item_knn"
    ]
    sentence = str(sentence_of_windows(found))
    assert sentence.startswith("So it is in later windows of time (3 of 3 judged): item_knn")
    assert f"{np.mean(knn):.3f} on average, from {min(knn):.3f} to {max(knn):.3f}" in sentence


def test_windows_to_which_nobody_comes_back_are_not_judged():
    user, item = np.repeat(np.arange(60), 4), np.tile([0, 1, 2, 3, 1, 2], 40)
    found = compare_rankings(log_of(user, item), plan_rankings(["popularity"], k=3, windows=2))
    assert [window.found for window in found.windows] == [None, None]
    assert "No later window of time has enough users" in str(sentence_of_windows(found))


def table(users=40):
    """Everybody ends with an item of his own or, a fourth of all, with one that nobody had."""
    rows = [
        (u, f"i{(u + k) % 5}" if k < 5 or u % 4 else f"new{u % 3}", 10 * k + u % 7)
        for u in range(users)
        for k in range(6)
    ]
    return pd.DataFrame(rows, columns=["user", "item", "time"])


def test_the_command_tells_windows_and_items_that_nobody_had(tmp_path, capsys):
    table().to_csv(tmp_path / "log.csv", index=False)
    command = ["recommend", str(tmp_path / "log.csv"), "--user", "user", "--item", "item"]
    command += ["--time", "time", "--models", "popularity,item_knn", "--windows", "2"]
    assert main([*command, "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["protocol"]["split"] == "last event of each user; 2 later windows of time"
    assert told["protocol"]["cold"] == {"items": 3, "visits": 10}
    each, mean = told["windows"]["each"], told["windows"]["mean"]
    assert [window["learned"] < told["log"]["events"] for window in each] == [True, True]
    for metric in ("ndcg", "recall"):
        values = [w["arms"]["none/item_knn"]["metrics"][metric]["all"] for w in each]
        assert mean["none/item_knn"][metric]["all"] == pytest.approx(np.mean(values))
    # Lists of ten hold the whole catalogue of eight.
    assert {arm["cold"]["recall"] for arm in told["arms"]} == {1.0}
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "recall@10 cold" in out
    assert told["windows"]["sentence"] in out


def test_without_windows_and_new_items_nothing_is_told_of_them(tmp_path, capsys):
    table().replace({"item": r"^new."}, "i0", regex=True).to_csv(tmp_path / "log.csv", index=False)
    command = ["recommend", str(tmp_path / "log.csv"), "--user", "user", "--item", "item"]
    command += ["--time", "time", "--models", "popularity"]
    assert main([*command, "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["windows"] is None
    assert told["protocol"]["split"] == "last event of each user"
    assert told["protocol"]["cold"]["visits"] == 0
    assert told["arms"][0]["cold"] is None
    assert main(command) == 0
    assert "cold" not in capsys.readouterr().out
