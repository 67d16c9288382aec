"""Remedies that only decide: against references, against theory, and what each may not see."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from fake_runs import arm_cells, cells_of
from scipy.special import expit, logit, softmax
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from rebal_core.arm import Protocol
from rebal_core.data.split import make_splits
from rebal_core.decisions import Repair, calibrate, correct_prior, decide, parse_rule
from rebal_core.decisions.logits import logits
from rebal_core.decisions.remedies.calibrated import Calibrated
from rebal_core.decisions.remedies.prior_correction import (
    PriorCorrection,
    completed,
    estimated_shares,
)
from rebal_core.decisions.repairs import REPAIRS, Lesson
from rebal_core.decisions.rules import counts_by_tau
from rebal_core.decisions.stages import reweighted
from rebal_core.evaluation import evaluate
from rebal_core.explain.outputs import OutputMap
from rebal_core.facts import TableFacts

NONE = parse_rule("none")
MAPS = ("sigmoid", "beta", "isotonic")


def pairs(p):
    return np.column_stack([1 - p, p])


def lesson(y, proba, weight=None):
    return Lesson(logits(proba), y, np.ones(y.size) if weight is None else weight)


def bent(seed=0, n=4_000, k=2, share=-2.0):
    """Labels, and probabilities that are too sure and too high."""
    rng = np.random.default_rng(seed)
    if k == 2:
        z = rng.normal(share, 1.5, n)
        y = (rng.random(n) < expit(z)).astype(np.int64)
        return y, pairs(expit(1.8 * z + 0.7))
    z = 1.5 * rng.normal(size=(n, k)) + np.log(np.arange(k, 0, -1))
    p = softmax(z, axis=1)
    y = (p.cumsum(1) < rng.random((n, 1))).sum(1).astype(np.int64)
    return y, softmax(2.0 * z, axis=1)


def cells_from(y, proba, split="stratified", **more):
    times = np.arange(y.size) if split == "time" else None
    splits = make_splits(y, Protocol("log_loss", "none", split=split), times=times)
    return cells_of(y, proba, splits, **more)


def log_loss(cells, proba):
    own = [p[np.arange(c.y.size), c.y] for c, p in zip(cells, proba, strict=True)]
    return -np.log(np.concatenate(own)).mean()


@pytest.mark.parametrize(("a", "b", "c"), [(0.5, 1.4, 0.3), (1.8, 0.2, -0.6)])
def test_beta_finds_its_three_numbers(a, b, c):
    rng = np.random.default_rng(0)
    p = rng.beta(1.2, 2.0, 60_000)
    y = (rng.random(p.size) < expit(a * np.log(p) - b * np.log1p(-p) + c)).astype(np.int64)
    (found,) = REPAIRS["beta"].fit(lesson(y, pairs(p))).curves
    features = np.column_stack([np.log(p), -np.log1p(-p)])
    reference = LogisticRegression(C=1e10, tol=1e-9, max_iter=1_000).fit(features, y)
    assert [found.a, found.b] == pytest.approx(reference.coef_[0], abs=2e-3)
    assert found.c == pytest.approx(reference.intercept_[0], abs=2e-3)
    assert [found.a, found.b, found.c] == pytest.approx([a, b, c], abs=0.15)


def test_beta_sets_a_falling_part_to_nothing_and_stays_rising():
    """Kull et al.: a negative parameter is 0, and the others are fitted again without it."""
    rng = np.random.default_rng(1)
    p = rng.beta(0.7, 0.9, 30_000)
    y = (rng.random(p.size) < expit(-0.4 * np.log(p) - 1.5 * np.log1p(-p) - 1)).astype(np.int64)
    (found,) = REPAIRS["beta"].fit(lesson(y, pairs(p))).curves
    alone = LogisticRegression(C=1e10, tol=1e-9).fit(-np.log1p(-p)[:, None], y)
    assert found.a == 0
    assert [found.b, found.c] == pytest.approx([alone.coef_[0, 0], alone.intercept_[0]], abs=2e-3)
    turned = REPAIRS["beta"].fit(lesson(1 - y, pairs(p)))
    turned.refuse_unsound(2)
    mapped = calibrate(pairs(np.sort(p)), turned)[:, 1]
    assert (np.diff(mapped) >= 0).all()
    assert mapped.mean() == pytest.approx((1 - y).mean(), abs=0.02)


def test_isotonic_with_ties_is_that_of_scikit_learn_and_keeps_the_order():
    rng = np.random.default_rng(2)
    p = np.clip(rng.beta(1.0, 4.0, 3_000).round(2), 0.01, 0.99)  # many ties
    y = (rng.random(p.size) < p**1.5).astype(np.int64)
    weight = rng.integers(1, 4, p.size).astype(float)
    fitted = REPAIRS["isotonic"].fit(lesson(y, pairs(p), weight))
    mapped = calibrate(pairs(p), fitted)[:, 1]
    reference = IsotonicRegression(out_of_bounds="clip").fit(p, y, weight).predict(p)
    bound = 1 / (weight.sum() + 2)
    assert mapped == pytest.approx(np.clip(reference, bound, 1 - bound), abs=1e-5)
    assert roc_auc_score(y, mapped) == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    # The popular form has steps: rows of other scores become equal, and the area moves.
    assert abs(roc_auc_score(y, reference) - roc_auc_score(y, p)) > 1e-4
    backwards = np.arange(p.size)[::-1]
    again = REPAIRS["isotonic"].fit(lesson(y[backwards], pairs(p[backwards]), weight[backwards]))
    assert again.curves[0].x == fitted.curves[0].x


def test_isotonic_is_never_certain():
    y = np.repeat([0, 1], 60).astype(np.int64)
    fitted = REPAIRS["isotonic"].fit(lesson(y, pairs(np.linspace(0.1, 0.9, 120))))
    mapped = calibrate(pairs(np.array([0.0, 0.1, 0.9, 1.0])), fitted)[:, 1]
    assert mapped == pytest.approx([1 / 122, 1 / 122, 121 / 122, 121 / 122], abs=1e-4)


@pytest.mark.parametrize("k", [2, 5])
@pytest.mark.parametrize("name", ["beta", "isotonic"])
def test_curves_go_there_and_back_and_through_an_explanation(name, k):
    y, proba = bent(k=k)
    repair = Repair(f"prior+{name}", REPAIRS[name].fit(lesson(y, proba)), tuple(np.ones(k) / k))
    back = Repair.from_dict(json.loads(json.dumps(repair.to_dict())))
    assert back == repair
    back.calibration.refuse_unsound(k)
    with pytest.raises(ValueError, match="other classes"):
        back.calibration.refuse_unsound(k + 2)
    fit, train = np.ones(k) / k, np.bincount(y) / y.size
    expected = repair.apply(proba, fit, train)
    assert expected.sum(1) == pytest.approx(1.0)
    way = OutputMap((reweighted(np.ones(k)), *repair.stages(fit, train)))
    assert way.probabilities(proba) == pytest.approx(expected, abs=1e-4)
    x, b = proba[:8], proba[8:12]
    worth = way.multipliers(x, b, 1)
    gained = (worth * (x[:, None] - b[None])).sum(2)
    assert gained == pytest.approx(expected[:8, None, 1] - expected[None, 8:12, 1], abs=1e-4)


@pytest.mark.parametrize("values", [
    {"curves": [{"a": -1.0, "b": 1.0, "c": 0.0}]}, {"curves": [{"a": 0.0, "b": 0.0, "c": 0.0}]},
    {"curves": [{"a": float("nan"), "b": 1.0, "c": 0.0}]},
])  # fmt: skip
def test_a_strange_beta_map_is_refused(values):
    with pytest.raises(ValueError, match="calibration"):
        REPAIRS["beta"].load(values).refuse_unsound(2)


@pytest.mark.parametrize("values", [
    {"curves": [{"x": [0.0, 1.0], "y": [1.0, 0.0]}]}, {"curves": [{"x": [1.0, 1.0], "y": [0, 1]}]},
    {"curves": [{"x": [0.0], "y": []}]},
])  # fmt: skip
def test_strange_steps_are_refused(values):
    with pytest.raises(ValueError, match="calibration"):
        REPAIRS["isotonic"].load(values).refuse_unsound(2)


@pytest.mark.parametrize("k", [2, 5])
@pytest.mark.parametrize("name", MAPS)
def test_the_map_that_is_named_is_used_on_every_fold(name, k):
    y, proba = bent(k=k)
    cells = cells_from(y, proba)
    decided = decide(cells, "chosen", NONE, "stratified", 1, decision=Calibrated(name))
    known = "intercepts" if (name, k) == ("sigmoid", 5) else name
    assert {d.repair.name for d in decided.cells} == {known} == {decided.repair.name}
    repaired = log_loss(cells, [d.proba for d in decided.cells])
    assert repaired < log_loss(cells, [c.proba for c in cells]) - 0.01
    undone = cells_from(y, proba, prior_fit=np.ones(k) / k)
    shifted = decide(undone, "chosen", NONE, "stratified", 1, decision=Calibrated(name))
    assert {d.repair.name for d in shifted.cells} == {f"prior+{known}"}


def test_a_map_that_does_not_pay_is_used_all_the_same():
    rng = np.random.default_rng(0)
    z = rng.normal(-2, 1, 900)
    cells = cells_from((rng.random(900) < expit(z)).astype(np.int64), pairs(expit(z)))
    chosen = decide(cells, "chosen", NONE, "stratified", 1)
    assert {d.repair.name for d in chosen.cells} <= {"none", "sigmoid"}, "others are asked for"
    named = decide(cells, "chosen", NONE, "stratified", 1, decision=Calibrated("isotonic"))
    assert {d.repair.name for d in named.cells} == {"isotonic"}


@pytest.mark.parametrize("split", ["stratified", "time"])
@pytest.mark.parametrize("decision", [*map(Calibrated, MAPS), PriorCorrection()], ids=repr)
def test_a_fold_has_no_say_in_what_is_decided_about_it(decision, split):
    """Calibrating on the rows judged is the popular form: there a fold's labels reach its map."""
    y, proba = bent(n=2_000)
    cells = cells_from(y, proba, split)
    before = decide(cells, "chosen", parse_rule("f1"), split, 1, decision=decision)
    changed = list(cells)
    changed[2] = replace(cells[2], y=1 - cells[2].y)
    after = decide(changed, "chosen", parse_rule("f1"), split, 1, decision=decision)
    assert np.array_equal(before.cells[2].proba, after.cells[2].proba)
    assert before.cells[2].cutoff == after.cells[2].cutoff
    assert np.array_equal(before.cells[2].tuned, after.cells[2].tuned)
    assert before.cells[3].repair != after.cells[3].repair, "it teaches the next"


def test_shares_that_are_left_out_keep_their_proportions():
    prior = np.array([0.6, 0.3, 0.1, 0.0])
    assert completed({2: 0.4}, prior) == pytest.approx([0.4, 0.2, 0.4, 0.0])
    assert completed({0: 0.5, 1: 0.2, 2: 0.3}, prior) == pytest.approx([0.5, 0.2, 0.3, 0.0])
    assert completed({3: 0.5, 2: 0.1}, prior) == pytest.approx([0.6, 0.3, 0.1, 0.0])
    facts = TableFacts(100, (60, 30, 10), 1, 0, 0, 0)
    assert PriorCorrection(((0, 0.5), (2, 0.5))).limit(facts) is None
    for wrong in (((0, 0.9), (2, 0.5)), ((0, 0.5), (1, 0.2), (2, 0.2))):
        assert "sum to" in PriorCorrection(wrong).limit(facts).render()


def test_correcting_what_is_corrected_fails_and_ours_does_not():
    """A balanced fit says .5 where 1 in 20 is right; at 1 in 100 that is 1 in 100, not less."""
    half, table, use = np.array([0.5, 0.5]), np.array([0.95, 0.05]), np.array([0.99, 0.01])
    cells = cells_from(np.tile([0] * 19 + [1], 50), np.tile(half, (1_000, 1)), prior_fit=half)
    decision = PriorCorrection(((1, 0.01),))
    decided = decide(cells, "chosen", NONE, "stratified", 1, decision=decision)
    for d in decided.cells:
        assert d.proba == pytest.approx(np.tile(use, (d.cell.y.size, 1)), abs=1e-9)
    corrected = correct_prior(half[None], half, table)
    twice = correct_prior(corrected, half, use)
    assert twice[0, 1] < 0.001
    repaired = decided.repair.apply(half[None], half, table)
    elsewhere = correct_prior(repaired, decided.repair.mix(table), half)
    assert elsewhere[0, 1] == pytest.approx(0.5)


def _gaussians(n, share, seed=0, shift=1.5, known=None):
    """Labels at a share, and what a model says that knows the share ``known``."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share).astype(np.int64)
    x = rng.normal(size=n) + shift * y
    return y, pairs(expit(logit(share if known is None else known) + shift * x - shift**2 / 2))


def test_the_cut_off_is_tuned_for_the_mix_in_which_it_will_be_used():
    """science.md AE-8: at 2 % the best F1 has the cut-off .128; the rows are 20 % of the class."""
    y, proba = _gaussians(60_000, 0.2)
    cells = cells_from(y, proba)
    decided = decide(
        cells, "chosen", parse_rule("f1"), "stratified", 1, decision=PriorCorrection(((1, 0.02),))
    )
    assert decided.cutoff.low <= 0.257 / 2 <= decided.cutoff.high
    assert decided.cutoff.value == pytest.approx(0.257 / 2, abs=0.03)
    here = decide(cells, "chosen", parse_rule("f1"), "stratified", 1).cutoff.value
    moved = correct_prior(pairs(np.array([here])), np.array([0.8, 0.2]), np.array([0.98, 0.02]))
    assert moved[0, 1] < 0.05, "the popular form moves the cut-off of the table's mix"


def test_the_exponent_of_many_classes_is_tuned_for_that_mix_too():
    """Rows weigh as their class does there, as if they were so many more."""
    y, proba = bent(k=4)
    weight = np.array([1.0, 2.0, 1.0, 3.0])[y]
    weighed = counts_by_tau(y, proba, np.ones(4) / 4, weight)
    rows = np.repeat(np.arange(y.size), weight.astype(int))
    repeated = counts_by_tau(y[rows], proba[rows], np.ones(4) / 4)
    for part in ("hit", "true", "said"):
        assert getattr(weighed, part) == pytest.approx(getattr(repeated, part))
    cells = cells_from(y, proba)
    rule, decision = parse_rule("macro_f1", 4), PriorCorrection(((0, 0.1), (3, 0.6)))
    moved = decide(cells, "none", rule, "stratified", 1, decision=decision)
    plain = decide(cells, "none", rule, "stratified", 1)
    assert moved.cells[0].proba.sum(1) == pytest.approx(1.0)
    assert moved.cells[0].proba[:, 3].mean() > 1.5 * plain.cells[0].proba[:, 3].mean()
    assert (moved.cells[0].tuned == 3).sum() > (plain.cells[0].tuned == 3).sum()


@pytest.mark.parametrize(("known", "there"), [(0.5, 0.1), (0.1, 0.35), (0.05, 0.05)])
def test_shares_are_estimated_without_labels(known, there):
    _y, proba = _gaussians(8_000, there, known=known)
    prior = np.array([1 - known, known])
    found = estimated_shares(proba, prior)
    assert found[1] == pytest.approx(there, abs=0.02)
    shares = prior  # the published iteration, as it stands
    for _ in range(400):
        shares = correct_prior(proba, prior, shares).mean(axis=0)
    assert found == pytest.approx(shares, abs=2e-3)
    # The popular form counts decisions, or averages what was said: both stay near the old share.
    if known != there:
        assert abs(proba[:, 1].mean() - there) > 2 * abs(found[1] - there)


def test_a_class_is_never_estimated_away():
    proba = np.tile([0.999, 0.001], (400, 1))
    assert 0 < estimated_shares(proba, np.array([0.9, 0.1]))[1] < 0.001
    never = np.column_stack([proba, np.zeros(400)])
    assert estimated_shares(never, np.array([0.9, 0.1, 0.0]))[2] == 0


def test_a_moved_arm_is_judged_and_its_percentages_are_those_of_the_other_mix():
    y, proba = _gaussians(6_000, 0.2)
    cells, run = cells_from(y, proba), []
    run = [
        arm_cells("none/logistic", cells, untreated=True, threshold="default"),
        arm_cells("threshold/logistic", cells, untreated=True),
        replace(
            arm_cells("prior_correction/logistic", cells), decision=PriorCorrection(((1, 0.02),))
        ),
        replace(arm_cells("calibrated/logistic", cells), decision=Calibrated("isotonic")),
    ]
    e = evaluate(run, Protocol("average_precision", "f1"), ("no", "yes"), 1)
    assert set(e.verdicts) == {"prior_correction/logistic", "calibrated/logistic"}
    assert {v.code for v in e.verdicts.values()} <= {"NO_DIFFERENCE", "CANT_TELL"}
    for v in e.verdicts.values():
        assert v.difference.gain == pytest.approx(0.0, abs=1e-9)
    for arm in e.verdicts:
        assert e.repair(arm).trusted
