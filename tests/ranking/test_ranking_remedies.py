"""The remedies for a long tail: all that are registered, and what each does to the events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from rebal_core.params import ColumnName, Word
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.plan import plan_rankings
from rebal_core.ranking.remedies import REMEDIES, Remedy
from rebal_core.ranking.trial import last_events
from rebal_core.wording import UserError

WEIGHING = [remedy for remedy in REMEDIES if remedy.weigh is not None]


def log_of(popularity: list[int], remedy: Remedy | None = None) -> EventLog:
    """Return a log of items so popular, with a column for each that a remedy may name."""
    item = np.repeat(np.arange(len(popularity)), popularity)
    n = len(item)
    named = [] if remedy is None else remedy.columns(settings(remedy))
    return EventLog(
        user=np.arange(n) % 5,
        item=item,
        weight=np.ones(n),
        moment=np.arange(n),
        row=np.arange(n),
        users=np.arange(5).astype(object),
        items=np.arange(len(popularity)).astype(object),
        beside=pd.DataFrame({name: 1 + np.arange(n) % 3 for name in named}),
    )


def settings(remedy: Remedy) -> dict[str, Any]:
    """Return parameters that name a column, and a value of it, wherever one can be named."""
    named = {p.name: p.name for p in remedy.parameters if isinstance(p, ColumnName)}
    values = {p.name: "1" for p in remedy.parameters if isinstance(p, Word)}
    return {**remedy.params, **named, **values}


@pytest.mark.parametrize("remedy", WEIGHING, ids=lambda r: r.name)
@pytest.mark.parametrize("popularity", [[500, 100, 20, 3, 1, 0], [7], [4, 4, 4]])
def test_weights_are_finite_and_have_a_mean_of_one(remedy, popularity) -> None:
    assert remedy.weigh is not None
    log = log_of(popularity, remedy)
    weights = remedy.weigh(log, settings(remedy))
    assert weights.shape == (len(log),)
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert weights.mean() == pytest.approx(1.0)


@pytest.mark.parametrize("remedy", [r for r in REMEDIES if r.grow], ids=lambda r: r.name)
def test_what_is_made_stands_behind_what_is_real_and_is_never_asked(remedy) -> None:
    log = log_of([50, 10, 2], remedy)
    grown = remedy.grow(log, settings(remedy), 0)
    assert grown.made > 0
    assert grown.real().item.tolist() == log.item.tolist()
    assert grown.real().users.tolist() == log.users.tolist()
    assert (last_events(grown).visits.user < len(log.users)).all()


@pytest.mark.parametrize("name", ["popularity_weight", "tail_upweight"])
def test_what_goes_by_popularity_favours_the_rare(name) -> None:
    remedy = REMEDIES[name]
    assert remedy.weigh is not None
    log = log_of([500, 100, 20, 3, 1, 0])
    weights = remedy.weigh(log, remedy.params)
    of_item = np.array([weights[log.item == i][0] for i in np.unique(log.item)])
    assert (np.diff(of_item) >= -1e-12).all()
    assert of_item[-1] > of_item[0] > 0


@pytest.mark.parametrize("remedy", [r for r in REMEDIES if r.needs], ids=lambda r: r.name)
def test_a_column_that_is_needed_and_not_named_is_asked_for(remedy) -> None:
    for needed in remedy.needs:
        refused = remedy.refuses(log_of([3, 2], remedy), {**settings(remedy), needed: ""})
        assert f"which its parameter {needed} names" in str(refused)
    assert remedy.refuses(log_of([3, 2], remedy), settings(remedy)) is None


def test_the_power_of_popularity_is_that_of_the_weights() -> None:
    log = log_of([400, 100, 25])
    weights = REMEDIES["popularity_weight"].weigh(log, {"power": 0.5})
    of_item = [weights[log.item == i][0] for i in range(3)]
    assert of_item[1] / of_item[0] == pytest.approx(2.0)
    assert of_item[2] / of_item[1] == pytest.approx(2.0)
    assert REMEDIES["popularity_weight"].weigh(log, {"power": 0.0}) == pytest.approx(1.0)


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda r: r.name)
def test_every_remedy_tells_what_it_is(remedy) -> None:
    assert remedy.label
    assert remedy.about.endswith(".")
    assert remedy.untreated or remedy.reference
    assert any(not word.isascii() for word in remedy.aliases)


def test_the_untreated_arm_of_each_model_comes_first_and_once() -> None:
    plan = plan_rankings(["popularity", "流行度"], ["none", "rerank", "tail_upweight", "rerank"])
    assert [arm.name for arm in plan.arms] == [
        "none/popularity",
        "rerank/popularity",
        "tail_upweight/popularity",
    ]


@pytest.mark.parametrize(
    ("models", "strategies", "params", "sentence"),
    [
        (["popular"], ["none"], {}, "There is no model called “popular”"),
        (["popularity"], ["smote"], {}, "There is no strategy called “smote”"),
        (["popularity"], ["none"], {"rerank": {"cost": "0.1"}}, "--set names “rerank”"),
        (["popularity"], ["rerank"], {"rerank": {"tau": "1"}}, "tau"),
        (["popularity"], ["rerank"], {"rerank": {"cost": "7"}}, "give a number from 0 to 1"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_a_sentence(
    models, strategies, params, sentence
) -> None:
    with pytest.raises(UserError) as refused:
        plan_rankings(models, strategies, params)
    assert sentence in str(refused.value)
