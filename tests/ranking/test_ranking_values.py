"""A head of two towers that foretells the value that the next item has in a column."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from logs import two_tastes

from rebal_core.cli.frame import main
from rebal_core.ranking.models import RECOMMENDERS

SMALL = {"size": 16, "hidden": 16, "epochs": 3, "learning_rate": 1e-2}


def told(values, **params):
    """Return the log of two tastes with a column of items, and the model that learned from it."""
    log = replace(two_tastes(), beside_items=pd.DataFrame({"kind": values}))
    model = RECOMMENDERS["two_tower"].build({**SMALL, **params})
    model.fit(log)
    return log, model


def test_what_follows_from_a_past_is_foretold_and_what_does_not_is_no_better_than_shares() -> None:
    taste = np.where(np.arange(40) % 2 == 0, "even", "odd").astype(object)
    taste[:4] = None
    _, model = told(taste, attribute="kind")
    best = [one for one in model.story_ if one["kept"]][-1]
    assert best["value_shares_loss"] == pytest.approx(np.log(2), abs=0.02)
    assert best["value_loss"] < 0.5 * best["value_shares_loss"]
    # Of items that both tastes know alike nothing can be told.
    coin = np.array(["a", "a", "b", "b"] * 10, dtype=object)
    _, model = told(coin, attribute="kind")
    best = [one for one in model.story_ if one["kept"]][-1]
    assert best["value_loss"] > 0.9 * best["value_shares_loss"]


def test_without_it_nothing_changes_and_with_it_the_file_is_the_same_kind(tmp_path) -> None:
    taste = np.arange(40) % 2
    log, plain = told(taste)
    assert not any("value_loss" in one for one in plain.story_)
    _, idle = told(taste, attribute="kind", attribute_weight=0.0)
    assert idle.arrays_.keys() == plain.arrays_.keys()
    back = type(idle).load(tmp_path, json.loads(json.dumps(idle.save(tmp_path))))
    assert (back.score(log.visits()) == idle.score(log.visits())).all()


@pytest.mark.parametrize(
    ("values", "reason"),
    [(["one"] * 40, "two different values"), ([None] * 40, "two different values")],
)
def test_a_column_of_one_value_is_refused(values, reason) -> None:
    spec = RECOMMENDERS["two_tower"]
    log = replace(two_tastes(), beside_items=pd.DataFrame({"kind": np.array(values, object)}))
    refused = spec.serves(log, {**spec.params, "attribute": "kind"})
    assert refused is not None
    assert reason in refused.render()


def test_the_command_tells_how_well(tmp_path, capsys) -> None:
    rng = np.random.default_rng(2)
    user = np.repeat(np.arange(60), 6)
    item = 2 * rng.integers(0, 10, len(user)) + user % 2
    table = pd.DataFrame({"who": user, "what": item, "when": np.arange(len(user))})
    table["kind"] = np.where(item % 2 == 0, "even", "odd")
    table.to_csv(tmp_path / "log.csv", index=False)
    words = ["--user", "who", "--item", "what", "--time", "when", "--models", "two_tower"]
    words += ["--set", "two_tower.attribute=kind", "--set", "two_tower.epochs=2"]
    assert main(["recommend", str(tmp_path / "log.csv"), *words]) == 0
    assert "The “kind” of what comes next is foretold with a log loss of" in capsys.readouterr()[0]
