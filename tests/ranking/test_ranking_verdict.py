"""Verdicts on the tail: planted gains are found, bought ones are not, and nothing stays nothing."""

from __future__ import annotations

import numpy as np
import pytest

from rebal_core.ranking.draws import UserDraws
from rebal_core.ranking.scored import OVER, SHOWN, Means
from rebal_core.ranking.verdict import TailVerdict, best_model, tail_verdicts

VISITS = 3000
DRAWS = UserDraws(VISITS, 20 * VISITS, seed=0)


def means(tail: float, ndcg: float, seed: int = 0) -> Means:
    """Return visits of which a tenth end in the tail, found there and valued as told."""
    rng = np.random.default_rng(seed)
    in_tail = np.arange(VISITS) % 10 == 0
    values = np.zeros((len(SHOWN), len(OVER), VISITS))
    values[SHOWN.index("recall"), OVER.index("tail")] = np.where(
        in_tail, rng.random(VISITS) < tail, np.nan
    )
    values[SHOWN.index("ndcg"), OVER.index("all")] = ndcg + 0.1 * rng.normal(size=VISITS)
    drawn = iter(DRAWS.means(values.reshape(-1, VISITS)))
    return {metric: {band: next(drawn) for band in OVER} for metric in SHOWN}


def verdict_of(arm: Means, reference: Means, visits: int = VISITS // 10) -> TailVerdict:
    return tail_verdicts([(arm, reference)], DRAWS, visits, price=0.02)[0]


@pytest.mark.parametrize(
    ("tail", "ndcg", "code"),
    [
        (0.6, 0.50, "HELPS"),
        (0.2, 0.50, "HURTS"),
        (0.6, 0.40, "CANT_TELL"),
        (0.2, 0.60, "CANT_TELL"),
        (0.2, 0.40, "HURTS"),
        (0.6, 0.60, "HELPS"),
        (0.42, 0.50, "CANT_TELL"),
    ],
)
def test_a_gain_in_the_tail_counts_at_an_equal_price(tail, ndcg, code) -> None:
    assert verdict_of(means(tail, ndcg, seed=1), means(0.4, 0.50)).code == code


def test_the_same_lists_make_no_difference() -> None:
    verdict = verdict_of(means(0.4, 0.5), means(0.4, 0.5))
    assert verdict.code == "NO_DIFFERENCE"
    assert verdict.p == 1.0


def test_few_visits_in_the_tail_have_no_verdict() -> None:
    assert verdict_of(means(0.9, 0.5), means(0.1, 0.5), visits=29).code == "NO_VERDICT"


def test_many_arms_that_do_nothing_are_seldom_said_to_help() -> None:
    reference = means(0.4, 0.5)
    arms = [(means(0.4, 0.5, seed=s), reference) for s in range(1, 21)]
    codes = [v.code for v in tail_verdicts(arms, DRAWS, VISITS // 10, 0.02)]
    assert codes.count("HELPS") <= 1


def test_the_best_model_is_told_with_how_far_it_is_ahead() -> None:
    untreated = {name: means(0.4, at, 3) for name, at in (("a", 0.3), ("b", 0.5))}
    best = best_model(untreated, DRAWS)
    assert best.model == "b"
    difference, _, p = best.ahead["a"]
    assert difference.gain == pytest.approx(0.2)
    assert p < 0.001
    assert list(best.ahead) == ["a"]
