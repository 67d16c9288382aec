"""What decisions cost: the metric, its cut-off, its verdicts; by hand, theory, brute force."""

from __future__ import annotations

import numpy as np
import pytest
from fake_runs import binary_run, many_run
from scipy.special import expit
from scipy.stats import norm

from rebal_core.decisions import Tallies, decide, parse_rule, tune_binary, tune_tallies
from rebal_core.evaluation import build_report, evaluate
from rebal_core.metrics import METRICS, count, decision_scores
from rebal_core.metrics.names import COST
from rebal_core.wording import UserError

LOWEST = parse_rule(COST)


def test_a_cost_by_hand():
    """Missed: 20 and 30; false alarms: two of 4; 100 rows. (50 + 8) / 100 x 1,000 = 580."""
    y, pred = np.zeros(100, np.int64), np.zeros(100, np.int64)
    costs = np.full(100, 4.0)
    y[:4], costs[:4] = 1, (20.0, 30.0, 40.0, 0.0)
    pred[[2, 50, 51]] = 1  # the row of 40 is found; one of no amount is missed
    assert decision_scores(count(y, pred, 2, costs=costs), 1)[COST] == pytest.approx(580.0)
    assert COST not in decision_scores(count(y, pred, 2), 1)


def test_costs_under_weights_are_those_of_repeated_rows():
    rng = np.random.default_rng(0)
    y, pred = rng.integers(0, 2, (2, 300))
    costs, weights = rng.exponential(50, 300), rng.poisson(1.0, (300, 7)).astype(np.float32)
    found = decision_scores(count(y, pred, 2, weights, costs), 1)[COST]
    for draw in range(7):
        rows = np.repeat(np.arange(300), weights[:, draw].astype(int))
        again = decision_scores(count(y[rows], pred[rows], 2, costs=costs[rows]), 1)[COST]
        assert found[draw] == pytest.approx(again, rel=1e-6)


@pytest.mark.parametrize(("share", "shift"), [(0.02, 1.5), (0.05, 1.0), (0.2, 1.5)])
def test_the_cut_off_of_equal_amounts_is_that_of_theory(share, shift):
    """A missed row costs 20, a false alarm 1: the cut-off is 1/21 (science.md AE-8)."""

    def drawn(rng, n):
        y = rng.random(n) < share
        x = rng.normal(size=n) + shift * y
        return y, expit(np.log(share / (1 - share)) + shift * x - shift**2 / 2)

    def cost(t):
        """Of a cut-off, per row, without noise."""
        at = (np.log(t / (1 - t)) - np.log(share / (1 - share)) + shift**2 / 2) / shift
        return share * 20 * norm.cdf(at - shift) + (1 - share) * norm.sf(at)

    best, regrets, inside = cost(1 / 21), [], 0
    for seed in range(40):
        y, p = drawn(np.random.default_rng(seed), 20_000)
        cutoff = tune_binary(y, p, LOWEST, share, np.where(y, 20.0, 1.0))
        regrets.append(cost(cutoff.value) / best - 1)
        inside += cutoff.low <= 1 / 21 <= cutoff.high
    assert np.mean(regrets) <= 0.015
    assert min(regrets) >= 0
    y, p = drawn(np.random.default_rng(99), 1_000_000)
    wide = tune_binary(y, p, LOWEST, share, np.where(y, 20.0, 1.0))
    assert wide.low <= 1 / 21 <= wide.high
    assert wide.value == pytest.approx(1 / 21, abs=0.01)


def test_the_cut_off_is_that_of_all_cut_offs_tried():
    rng = np.random.default_rng(1)
    p = rng.random(400).round(3)
    y = rng.random(400) < p**2
    costs = np.where(y, rng.exponential(8, 400), 2.5)
    found = tune_binary(y, p, LOWEST, 0.3, costs)
    tried = [t for t in np.linspace(0, 1, 2_001) if (p >= t).sum() >= 10 or not (p >= t).any()]
    sums = [costs[y & (p < t)].sum() + costs[~y & (p >= t)].sum() for t in tried]
    mine = costs[y & (p < found.value)].sum() + costs[~y & (p >= found.value)].sum()
    assert mine == pytest.approx(min(sums))
    near = [t for t, s in zip(tried, sums, strict=True) if s <= 1.01 * mine]
    assert found.low <= found.value <= found.high
    assert (p >= found.low).sum() == (p >= min(near)).sum()


def test_to_act_on_no_row_or_on_all_may_be_cheapest():
    rng = np.random.default_rng(2)
    p = rng.uniform(0.1, 0.9, 500)
    y = rng.random(500) < p
    y[p.argmin()] = True
    assert tune_binary(y, p, LOWEST, 0.5, np.where(y, 1.0, 1e6)).value == 1.0
    assert tune_binary(y, p, LOWEST, 0.5, np.where(y, 1e6, 0.01)).value <= p.min()


def test_counted_cut_offs_travel_with_a_model():
    rng = np.random.default_rng(3)
    p = rng.random(2_000)
    y = rng.random(2_000) < p / 4
    tallies = Tallies.of(y, p, np.where(y, 20.0, 1.0))
    again = Tallies.from_dict(tallies.thinned().to_dict())
    assert tune_tallies(again, LOWEST) == tune_tallies(tallies.thinned(), LOWEST)
    rarer, own = (tune_tallies(tallies, LOWEST, share) for share in (0.01, None))
    assert rarer.value > own.value  # fewer rows of the class among those picked
    old = {k: v for k, v in tallies.to_dict().items() if k not in ("lost", "wasted")}
    assert tune_tallies(Tallies.from_dict(old), LOWEST) is None
    assert tune_tallies(Tallies.from_dict(old), parse_rule("f1")) is not None
    for name, value in (("lost", -1.0), ("wasted", float("inf"))):
        strange = {**tallies.to_dict(), name: [value] * tallies.cutoffs.size}
        with pytest.raises(ValueError, match="cut-offs"):
            Tallies.from_dict(strange)
    with pytest.raises(ValueError, match="cut-offs"):
        Tallies.from_dict({**tallies.to_dict(), "lost": None})


def test_the_rule_serves_two_classes_only():
    with pytest.raises(UserError, match="needs two classes and the table has 3"):
        parse_rule(COST, 3)


def priced(n, y, seed=0):
    return np.where(y == 1, np.random.default_rng(seed).exponential(40, n), 10.0)


def run_of(**more):
    arms, protocol, classes, positive = binary_run(
        n=3_000, positives=300, metric=COST, rule=COST, value="amount", **more
    )
    y = np.empty(3_000, np.int64)
    for cell in arms[0].cells:
        y[cell.rows] = cell.y
    return arms, protocol, classes, positive, {"costs": priced(3_000, y)}


def test_each_fold_is_cut_where_the_others_cost_least():
    arms, _, _, positive, facts = run_of()
    costs = facts["costs"]
    before = decide(arms[2].cells, "chosen", LOWEST, "stratified", positive, costs)
    changed = costs.copy()
    changed[arms[2].cells[0].rows] = 1e5
    after = decide(arms[2].cells, "chosen", LOWEST, "stratified", positive, changed)
    assert before.cells[0].cutoff == after.cells[0].cutoff
    assert before.cells[1].cutoff != after.cells[1].cutoff
    own = [d for d in before.cells if d.cutoff.sure]
    assert len(own) == 5
    assert all(0.1 < d.cutoff.value < 0.4 for d in own)  # about 1/5


def test_a_cheaper_arm_helps_and_its_difference_is_negative():
    arms, protocol, *rest, facts = run_of(better=1.2)
    e = evaluate(arms, protocol, *rest, facts)
    assert e.run.code == "HELPS"
    assert e.run.best_arm == "remedy0/logistic"
    v = e.verdicts["remedy0/logistic"]
    base = e.scores["threshold/logistic"].series(COST).mean
    assert v.margin == pytest.approx(0.01 * base)
    told = {a["arm"]: a for a in build_report(e)["arms"]}["remedy0/logistic"]
    assert told["verdict"]["low"] <= told["verdict"]["delta"] <= told["verdict"]["high"] < 0
    tuned = told["at"]["tuned"][COST]
    assert tuned["low"] < tuned["mean"] < tuned["high"]
    assert tuned["mean"] - base == pytest.approx(told["verdict"]["delta"])
    assert tuned["mean"] < told["at"]["default"][COST]["mean"]
    matrix = e.confusion("remedy0/logistic")
    alarms = float(matrix.loc["no", "yes"])
    positive = rest[1]
    cells = decide(arms[2].cells, "chosen", LOWEST, "stratified", positive, facts["costs"]).cells
    missed = sum(facts["costs"][d.cell.rows[(d.cell.y == 1) & (d.tuned == 0)]].sum() for d in cells)
    assert tuned["mean"] == pytest.approx(1_000 * (missed + 10 * alarms) / 3_000)
    assert "Cost per 1,000 rows" in e.sentence
    assert "(−" in e.sentence
    folds = e.folds()
    assert (folds["metric"] == COST).sum() == 5 * 5


def test_equal_arms_are_not_shown_to_cost_less():
    codes = [evaluate(*run_of(seed=seed, arms=2)).run.code for seed in range(6)]
    assert "HELPS" not in codes


def test_the_report_tells_costs_where_they_are_known():
    arms, protocol, *rest, facts = run_of()
    report = build_report(evaluate(arms, protocol, *rest, facts))
    assert (report["protocol"]["value"], report["protocol"]["false_alarm"]) == ("amount", 1.0)
    for make in (binary_run, many_run):
        report = build_report(evaluate(*make()))
        assert (report["protocol"]["value"], report["protocol"]["false_alarm"]) == (None, None)
        assert all(COST not in a["at"]["tuned"] for a in report["arms"])
    arms, protocol, *rest = binary_run()
    beside = build_report(evaluate(arms, protocol, *rest, {"costs": priced(600, np.zeros(600))}))
    assert COST in beside["arms"][0]["at"]["default"]
    assert COST in beside["arms"][0]["at"]["tuned"]


def test_margins_of_costs_are_relative_and_others_stay():
    assert METRICS[COST].margin(0.01, 250.0) == pytest.approx(2.5)
    assert METRICS["log_loss"].margin(0.01, 0.4) == pytest.approx(0.002)
    assert METRICS["calibration_ratio"].margin(0.01, 1.3) == 0.01
    assert METRICS["f1"].margin(0.01, 0.4) == 0.01
    assert METRICS[COST].large(100.0) == pytest.approx(15.0)
    assert METRICS["log_loss"].large(100.0) == 0.15
    assert METRICS.find("每千行成本").name == COST
