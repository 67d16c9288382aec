"""What the members of bagging ensembles see, and that their shares are undone in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from worked import rows_of, watched

from rebal_core.arm import Arm
from rebal_core.decisions.repair import correct_prior
from rebal_core.ensembles import Bagging, BalancedBagging, UnderBagging
from rebal_core.strategies import fit_arm

Y = np.repeat([0, 1, 2], [200, 60, 9])
ROWS = rows_of(Y, np.arange(len(Y)), np.full(len(Y), 0.5))


def test_bagging_draws_a_bootstrap_of_each_class() -> None:
    members = watched(Bagging(5), ROWS)
    for member in members:
        np.testing.assert_array_equal(np.bincount(Y[member.seen]), [200, 60, 9])
        assert len(set(member.seen)) < 0.8 * len(Y), "fitting on all rows is no bagging"
    assert len({tuple(m.seen) for m in members}) == 5


@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_balanced_draws_hold_as_many_of_each_class(ratio) -> None:
    expected = [9, 9, 9] if ratio == 1 else [18, 18, 9]
    for step in (BalancedBagging(6, ratio), UnderBagging(6, ratio)):
        for member in watched(step, ROWS):
            np.testing.assert_array_equal(np.bincount(Y[member.seen]), expected)
        shares = step.prior(np.array([0.7, 0.2, 0.1]), (200, 60, 9))
        np.testing.assert_allclose(shares, np.array(expected) / sum(expected))
        assert step.prior(np.array([0.7, 0.0, 0.3]), (200, 0, 9))[1] == 0


def test_under_bagging_keeps_all_rare_rows_and_sees_more_than_one_draw() -> None:
    members = watched(UnderBagging(10), ROWS)
    for member in members:
        assert set(range(260, 269)) <= set(member.seen)
        assert len(set(member.seen)) == len(member.seen), "without replacement"
    seen = set(np.concatenate([m.seen for m in members]))
    assert len([k for k in seen if Y[k] == 0]) > 4 * 9
    some = watched(BalancedBagging(10), ROWS)[0].seen
    assert len(set(some)) < len(some), "a bootstrap repeats rows"


def test_user_weights_move_no_shares_of_a_balanced_draw() -> None:
    weight = np.where(Y == 0, 5.0, 1.0) * np.random.default_rng(0).uniform(0.5, 1.5, len(Y))
    rows = rows_of(Y, np.arange(len(Y)), np.full(len(Y), 0.5), weight=weight)
    masses = [np.bincount(m.job.rows.y, m.job.weight) for m in watched(UnderBagging(200), rows)]
    np.testing.assert_allclose(np.mean(masses, axis=0), 9, rtol=0.05)
    plain = watched(Bagging(2), rows)[0].job
    np.testing.assert_array_equal(plain.weight, weight[plain.rows.numbers[:, 0].astype(int)])


@pytest.mark.parametrize("name", ["balanced_bagging", "under_bagging"])
def test_the_closed_form_puts_the_probabilities_right(name) -> None:
    """Of a model whose truth is known: log-odds are linear, 3 % of rows are positive."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(12_000, 2))
    truth = expit(x @ [1.2, -0.8] - 4.35)
    y = (rng.random(len(x)) < truth).astype(int)
    rows = rows_of(y, *x.T)
    fitted = fit_arm(Arm(name, "logistic"), rows, seed=0)
    raw = fitted.predict_proba(rows)
    proba = correct_prior(raw, fitted.prior_fit, fitted.prior_train)[:, 1]
    assert raw[:, 1].mean() > 8 * y.mean(), "as it comes out it speaks of the draws"
    assert proba.mean() == pytest.approx(y.mean(), rel=0.12)
    slope, offset = np.polyfit(logit(truth), logit(proba), 1)
    assert slope == pytest.approx(1, abs=0.12)
    assert abs(slope * logit(0.03) + offset - logit(0.03)) < 0.25
