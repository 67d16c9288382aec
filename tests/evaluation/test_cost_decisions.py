"""Decisions by costs, by an exponent, by a goal: closed forms, brute force, theory."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from fake_runs import arm_cells, cells_of
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from rebal_core.arm import Protocol
from rebal_core.data.at_risk import AtRisk
from rebal_core.data.split import make_splits
from rebal_core.decisions import Policy, Prices, decide, parse_rule
from rebal_core.decisions.remedies.aim import Aim
from rebal_core.decisions.remedies.cost_matrix import CostMatrix
from rebal_core.decisions.remedies.logit_adjusted import LogitAdjusted
from rebal_core.decisions.remedies.row_costs import RowCosts
from rebal_core.decisions.rules import Rule
from rebal_core.evaluation import build_report, evaluate
from rebal_core.metrics.names import COST
from rebal_core.wording import UserError

F1 = parse_rule("f1")


def pairs(p):
    return np.column_stack([1 - p, p])


def drawn(seed=0, n=4_000, shift=1.5, share=0.1):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share).astype(np.int64)
    x = rng.normal(size=n) + shift * y
    proba = pairs(expit(logit(share) + shift * x - shift**2 / 2))
    return y, proba, cells_of(y, proba, make_splits(y, Protocol("f1", "f1")))


def decided(cells, decision, rule=F1, at_risk=None, repair="none"):
    return decide(cells, repair, rule, "stratified", 1, decision=decision, at_risk=at_risk)


@pytest.mark.parametrize(
    ("table", "cutoff"),
    [
        (((0.0, 1.0), (9.0, 0.0)), 0.1),
        (((0.0, 1.0), (1.0, 0.0)), 0.5),
        (((-0.0, 5.0), (20.0, 2.0)), 5 / 23),
        (((1.0, 4.0), (7.0, 0.0)), 0.3),
    ],
)
def test_two_classes_are_cut_where_elkan_says(table, cutoff):
    """(C_FP - C_TN) / ((C_FP - C_TN) + (C_FN - C_TP))."""
    prices, p = Prices(table), np.linspace(0, 1, 10_001)
    assert prices.cutoff(1) == pytest.approx(cutoff)
    assert np.array_equal(prices.answers(pairs(p), 1) == 1, p >= cutoff - 1e-12)


def test_many_classes_get_the_answer_of_least_expected_cost():
    rng = np.random.default_rng(0)
    proba, costs = rng.dirichlet(np.ones(4), 300), rng.exponential(size=(4, 4))
    said = Prices(tuple(map(tuple, costs))).answers(proba, 0)
    each = np.array([[sum(p[i] * costs[i, j] for i in range(4)) for j in range(4)] for p in proba])
    assert np.array_equal(said, each.argmin(1))
    # The popular form, weights on the probabilities of the true class, is another decision.
    assert (said != (proba * costs.sum(1)).argmax(1)).any()


def test_a_table_of_costs_is_read_and_what_is_left_out_costs_one():
    decision = CostMatrix(((1, ((0, 12.0),)), (2, ((0, 3.0), (2, 0.5)))))
    table = decision.prices(np.ones(3) / 3, None).table
    assert table == ((0.0, 1.0, 1.0), (12.0, 0.0, 1.0), (3.0, 1.0, 0.5))
    usual = CostMatrix().prices(np.array([0.8, 0.2]), None)
    assert usual.cutoff(1) == pytest.approx(0.2), "the class share, as for balanced accuracy"


def test_known_costs_are_not_tuned_and_do_not_see_labels():
    _y, _proba, cells = drawn()
    decision = CostMatrix(((1, ((0, 19.0),)),))
    found = decided(cells, decision)
    turned = decided([replace(c, y=1 - c.y) for c in cells], decision)
    for one, other in zip(found.cells, turned.cells, strict=True):
        assert np.array_equal(one.tuned, one.proba[:, 1] >= 0.05)
        assert np.array_equal(one.tuned, other.tuned)
    assert found.cutoff.value == pytest.approx(0.05)


def money(n, seed=1):
    return np.random.default_rng(seed).exponential(60, n)


@pytest.mark.parametrize("positive", [0, 1])
def test_each_row_has_the_cut_off_of_its_own_amount(positive):
    _y, proba, cells = drawn()
    amounts = money(len(proba))
    amounts[:40] = 0.0
    at_risk = AtRisk("money", amounts, 5.0, positive)
    found = decide(cells, "none", F1, "stratified", positive, decision=RowCosts(), at_risk=at_risk)
    for d in found.cells:
        own = 5.0 / (5.0 + amounts[d.cell.rows])
        assert np.array_equal(d.tuned == positive, d.cell.proba[:, positive] >= own)
    with pytest.raises(UserError, match="money"):
        Policy(1, prices=found.prices).answers(proba, np.array([0.9, 0.1]))


def test_row_costs_save_money_against_any_single_cut_off():
    """Calibrated probabilities and amounts that differ: a mean amount for all leaves money."""
    y, proba, cells = drawn(n=20_000)
    amounts, fp = np.random.default_rng(2).lognormal(3, 1.3, y.size), 8.0
    at_risk = AtRisk("money", amounts, fp, 1)
    tuned = np.concatenate([d.tuned for d in decided(cells, RowCosts(), at_risk=at_risk).cells])
    rows = np.concatenate([c.rows for c in cells])

    def cost(said, rows=slice(None)):
        missed = np.where(y[rows] == 1, amounts[rows], 0.0)
        return np.where(said, fp * (y[rows] == 0), missed).sum()

    ours = cost(tuned == 1, rows)
    single = min(cost(proba[:, 1] >= t) for t in np.linspace(0, 1, 201))
    mean = cost(proba[:, 1] >= fp / (fp + amounts.mean()))
    assert ours < 0.97 * single
    assert ours < 0.97 * mean


def test_what_is_spent_is_told_beside_the_usual_cut_off():
    y, _proba, cells = drawn(n=6_000)
    amounts = money(y.size)
    plain = [
        arm_cells("none/logistic", cells, untreated=True, threshold="default"),
        arm_cells("threshold/logistic", cells, untreated=True),
    ]
    run = [
        *plain,
        replace(arm_cells("row_costs/logistic", cells), decision=RowCosts()),
        replace(
            arm_cells("cost_matrix/logistic", cells), decision=CostMatrix(((1, ((0, 19.0),)),))
        ),
    ]
    facts = {"costs": np.where(y == 1, amounts, 5.0), "at_risk": AtRisk("money", amounts, 5.0, 1)}
    e = evaluate(run, Protocol(COST, COST), ("no", "yes"), 1, facts)
    own, usual = e.spent("row_costs/logistic")
    assert own == e.scores["row_costs/logistic"].series(COST).mean
    assert usual == e.scores["threshold/logistic"].series(COST).mean
    assert e.spent("threshold/logistic") is None
    told = {arm["arm"]: arm["spent"] for arm in build_report(e)["arms"]}
    assert told["row_costs/logistic"] == {"own": own, "reference": usual}
    assert told["threshold/logistic"] is None
    own, usual = e.spent("cost_matrix/logistic")
    matrix = e.confusion("cost_matrix/logistic").to_numpy()
    assert own == pytest.approx(1_000 * (matrix[0, 1] + 19 * matrix[1, 0]) / matrix.sum())
    e_again = evaluate(run, Protocol(COST, COST), ("no", "yes"), 1, facts)
    assert e_again.verdicts["row_costs/logistic"].difference.gain > 0


def test_prices_go_there_and_back_and_strange_ones_are_refused():
    prices = Prices(((0.0, 5.0), (0.0, 0.0)), "money")
    policy = Policy(1, prices=prices)
    told = json.loads(json.dumps(policy.to_dict(("no", "yes"))))
    assert Policy.from_dict(told)[0] == policy
    for wrong in ([[0.0, -1.0], [1.0, 0.0]], [[0.0]], [[0.0, 1.0]], [["1", 0], [0, 1]],
                  [[0.0, float("nan")], [1.0, 0.0]]):  # fmt: skip
        with pytest.raises(ValueError, match=r"costs|number"):
            Policy.from_dict({**told, "prices": {"table": wrong, "column": None}})
    for shares in ([0.5, 0.2], [0.5, 0.25, 0.25], [1.5, -0.5]):
        with pytest.raises(ValueError, match="class shares"):
            Policy.from_dict({**told, "repair": {**told["repair"], "shares": shares}})


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 2.0])
def test_logit_adjustment_of_two_classes_is_a_cut_off(tau):
    _y, _proba, cells = drawn()
    for d in decided(cells, LogitAdjusted(tau)).cells:
        p, prior = d.proba, d.cell.prior_train
        adjusted = np.log(p) - tau * np.log(prior)
        assert np.array_equal(d.tuned, adjusted.argmax(1))
    one = decided(cells, LogitAdjusted(1.0)).cells[0]
    assert one.cutoff.value == pytest.approx(one.cell.prior_train[1])


def test_weights_and_a_cut_off_are_the_same_decisions():
    """science.md AE-9: balanced weights at .5 against no weights at the class share."""
    rng = np.random.default_rng(0)
    w = np.array([1, -1, 0.8, 0.5, 0])
    for base, least in ((-5.2, 0.98), (-3.2, 0.98)):
        x = rng.normal(size=(20_000, 5))
        y = (rng.random(20_000) < expit(x @ w + base)).astype(np.int64)
        train, test = np.arange(10_000), np.arange(10_000, 20_000)
        weighed = LogisticRegression(C=1e6, class_weight="balanced").fit(x[train], y[train])
        plain = LogisticRegression(C=1e6).fit(x[train], y[train]).predict_proba(x[test])
        share = np.bincount(y[train]) / train.size
        cell = cells_of(y, np.zeros((y.size, 2)), make_splits(y, Protocol("f1", "f1")))[0]
        cell = replace(cell, rows=test, y=y[test], proba=plain, prior_train=share, prior_fit=share)
        (ours,) = decided([cell], LogitAdjusted(1.0)).cells
        assert (ours.tuned == weighed.predict(x[test])).mean() >= least
        assert (ours.default == weighed.predict(x[test])).mean() < 0.95, ".5 is another decision"


@pytest.mark.slow
def test_logit_adjustment_reaches_the_best_balanced_accuracy():
    """science.md AE-11: ten Gaussian classes, tail 100; tau 1 is best, the frequent class pays."""
    k, d, rng = 10, 5, np.random.default_rng(0)
    centre = rng.normal(size=(k, d)) * 1.05
    share = 100.0 ** -(np.arange(k) / (k - 1))
    share /= share.sum()
    y = rng.choice(k, 20_000, p=share).astype(np.int64)
    x = centre[y] + rng.normal(size=(y.size, d))
    truth = np.repeat(np.arange(k), 20_000)
    far = centre[truth] + rng.normal(size=(truth.size, d))
    nearest = (-0.5 * ((far[:, None] - centre[None]) ** 2).sum(2)).argmax(1)
    best = (nearest == truth).mean()
    model = LogisticRegression(C=1e4, max_iter=500).fit(x, y)
    policy_shares = np.bincount(y, minlength=k) / y.size
    proba = model.predict_proba(far)

    def balanced(tau):
        said = Policy(0, cutoff=tau).answers(proba, policy_shares)
        return (said == truth).mean(), (said == truth)[truth == 0].mean()

    assert balanced(1.0)[0] == pytest.approx(best, abs=0.01)
    assert balanced(0.0)[0] < best - 0.05
    assert balanced(-1.0)[0] < balanced(0.0)[0], "the wrong sign favours the majority once more"
    assert balanced(1.0)[1] < balanced(0.0)[1], "the frequent class pays"
    splits, own = make_splits(y, Protocol("balanced_accuracy", "none")), np.zeros((y.size, k))
    for s in splits:
        fitted = LogisticRegression(C=1e4, max_iter=500).fit(x[s.train], y[s.train])
        own[s.test] = fitted.predict_proba(x[s.test])
    cells = cells_of(y, own, splits)
    tuned = decide(
        cells, "none", parse_rule("none"), "stratified", 0, decision=LogitAdjusted(tuned=True)
    )
    assert tuned.rule == Rule("balanced_accuracy")
    assert 0.8 <= tuned.cutoff.value <= 1.2


def test_a_cut_off_with_a_goal_of_its_own():
    y, _proba, cells = drawn(n=8_000)

    def said(**goal):
        found = decided(cells, Aim(**goal))
        return found, np.concatenate([d.tuned for d in found.cells])

    truth = np.concatenate([c.y for c in cells])
    usual = decided(cells, None)
    assert [d.cutoff for d in said()[0].cells] == [d.cutoff for d in usual.cells]
    picked = said(goal="recall", floor=0.9)[1]
    assert picked[truth == 1].mean() == pytest.approx(0.9, abs=0.03)
    found, picked = said(goal="precision", floor=0.6)
    assert truth[picked == 1].mean() == pytest.approx(0.6, abs=0.06)
    assert found.rule.text == "precision>=0.6"
    assert parse_rule(found.rule.text) == found.rule
    assert said(goal="top_k", room=30)[1].mean() == pytest.approx(0.03, abs=0.005)
    assert said(goal="mcc")[0].rule.text == "mcc"
    assert y.size == truth.size


def test_a_precision_floor_finds_the_most_that_it_allows():
    y, proba, _cells = drawn(n=3_000)
    from rebal_core.decisions import tune_binary

    found = tune_binary(y == 1, proba[:, 1], parse_rule("precision>=0.5"), 0.1)
    recalls = {}
    for t in np.unique(proba[:, 1]):
        picked = proba[:, 1] >= t
        if picked.sum() >= 10 and y[picked].mean() >= 0.5:
            recalls[t] = y[picked].sum()
    assert y[proba[:, 1] >= found.value].sum() == max(recalls.values())
