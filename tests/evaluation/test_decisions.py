"""Repair and thresholds: pinned values, theory, and what cross-fitting may see."""

from __future__ import annotations

import numpy as np
import pytest
from fake_runs import cells_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from rebal_core.arm import Protocol
from rebal_core.data.split import make_splits
from rebal_core.decisions import (
    Calibration,
    calibrate,
    correct_prior,
    decide,
    parse_rule,
    predict,
    tune_binary,
)
from rebal_core.decisions.logits import logits
from rebal_core.decisions.repairs import REPAIRS, Lesson
from rebal_core.wording import UserError


def test_prior_shift_pinned():
    half = np.array([0.5, 0.5])
    assert correct_prior(half[None], half, np.array([0.95, 0.05])) == pytest.approx(
        np.array([[0.95, 0.05]])
    )


def test_prior_shift_undoes_weights():
    """Weights (1, b) are undone by p / (p + b (1 - p))."""
    b, p, prior = 19.0, 0.3, np.array([0.9, 0.1])
    seen = prior * [1.0, b]
    moved = correct_prior(np.array([[1 - p, p]]), seen / seen.sum(), prior)
    assert moved[0, 1] == pytest.approx(p / (p + b * (1 - p)))


probabilities = hnp.arrays(
    float, st.tuples(st.integers(1, 6), st.integers(2, 5)), elements=st.floats(0, 1)
).map(lambda a: (a + 1e-9) / (a + 1e-9).sum(1, keepdims=True))


def fitted(y, proba, name=None):
    """The recalibration that these labelled probabilities ask for."""
    name = name or ("sigmoid" if proba.shape[1] == 2 else "temperature")
    return REPAIRS[name].fit(Lesson(logits(proba), y, np.ones(y.size)))


@settings(deadline=None)  # the first call may be slow beside others
@given(probabilities, st.floats(0.05, 4.0), st.integers(0, 10**6))
def test_repaired_probabilities_sum_to_one(proba, slope, seed):
    k, rng = proba.shape[1], np.random.default_rng(seed)
    before, after = rng.dirichlet(np.ones(k), 2)
    moved = correct_prior(proba, before, after)
    mapped = calibrate(moved, Calibration(slope, tuple(rng.uniform(-3, 3, k))))
    for p in (moved, mapped):
        assert np.isfinite(p).all()
        assert (p >= 0).all()
        assert p.sum(1) == pytest.approx(1.0)
    back = correct_prior(moved, after, before)
    assert back == pytest.approx(proba, abs=1e-6)


def test_class_never_seen_keeps_zero_and_no_row_is_lost():
    moved = correct_prior(
        np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]), np.array([0.5, 0.5, 0.0]), np.ones(3) / 3
    )
    assert moved == pytest.approx(np.array([[0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]]))


@pytest.mark.parametrize("positive", [0, 1])
def test_platt_finds_slope_and_intercept(positive):
    rng = np.random.default_rng(0)
    z = rng.normal(-2, 2, 60_000)
    y = np.where(rng.random(z.size) < expit(0.5 * z + 1.0), positive, 1 - positive)
    p = expit(z)
    proba = np.column_stack([p, 1 - p] if positive == 0 else [1 - p, p])
    c = fitted(y.astype(np.int64), proba)
    reference = LogisticRegression(C=1e10, tol=1e-8).fit(z[:, None], y == positive)
    assert c.slope == pytest.approx(reference.coef_[0, 0], abs=1e-3)
    intercept = c.offsets[positive] - c.offsets[1 - positive]
    assert intercept == pytest.approx(reference.intercept_[0], abs=1e-3)
    mapped = calibrate(proba, c)[:, positive]
    assert mapped == pytest.approx(expit(c.slope * z + intercept), abs=1e-4)


def test_temperature_is_found():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(20_000, 4))
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    y = (p.cumsum(1) < rng.random((20_000, 1))).sum(1).astype(np.int64)
    too_sure = p**2.5 / (p**2.5).sum(1, keepdims=True)
    assert fitted(y, too_sure).slope == pytest.approx(0.4, abs=0.02)


def test_too_few_rows_leave_probabilities_alone():
    y = np.array([1] * 9 + [0] * 50, dtype=np.int64)
    proba = np.tile([0.5, 0.5], (59, 1))
    assert fitted(y, proba) == Calibration()


def test_separable_and_useless_scores_do_not_break_the_fit():
    y = np.repeat([0, 1], 50).astype(np.int64)
    perfect = np.column_stack([1.0 - y, y.astype(float)])
    p = calibrate(perfect, fitted(y, perfect))[:, 1]
    assert p[y == 1].min() > 0.9
    turned = fitted(y, perfect[:, ::-1])
    assert turned.slope > 0
    assert calibrate(perfect[:, ::-1], turned)[:, 1].mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("text", ["f2", "top_k:", "top_k:0", "recall>=1.5", "recall>0.8", ""])
def test_unknown_rules_are_told(text):
    with pytest.raises(UserError, match="no threshold rule"):
        parse_rule(text)


def test_rules_are_read():
    assert parse_rule("top_k:20").value == 20.0
    assert parse_rule("recall>=.8").value == 0.8
    assert parse_rule("g_mean", 7).kind == "g_mean"
    with pytest.raises(UserError, match="needs two classes"):
        parse_rule("recall>=0.8", 3)


def _gaussians(seed, n, share, shift):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < share
    x = rng.normal(size=n) + shift * y
    return y, expit(logit(share) + shift * x - shift**2 / 2)


# AE-8: Bayes posteriors of two Gaussians; cut-offs in theory, tuned on 20,000 rows.
CASES = [(0.02, 1.5, 0.257, 0.774), (0.05, 1.0, 0.239, 0.691), (0.2, 1.5, 0.596, 0.773)]


@pytest.mark.parametrize(("share", "shift", "best_f1", "best_ba"), CASES)
def test_tuned_cutoffs_against_theory(share, shift, best_f1, best_ba):
    y_all, p_all = _gaussians(99, 400_000, share, shift)

    def truth(cutoff):
        said = p_all >= cutoff
        tp, n1, n0 = (said & y_all).sum(), y_all.sum(), (~y_all).sum()
        ba = (tp / n1 + ((~said) & ~y_all).sum() / n0) / 2
        return 2 * tp / (n1 + said.sum()), ba

    assert truth(best_f1 / 2)[0] == pytest.approx(best_f1, abs=0.008)
    assert truth(share)[1] == pytest.approx(best_ba, abs=0.006)
    regret, inside = [], []
    for seed in range(10):
        y, p = _gaussians(seed, 20_000, share, shift)
        f1 = tune_binary(y, p, parse_rule("f1"), share)
        ba = tune_binary(y, p, parse_rule("balanced_accuracy"), share)
        assert f1.sure
        assert f1.low <= f1.value <= f1.high
        inside.append((f1.low <= best_f1 / 2 <= f1.high, ba.low <= share <= ba.high))
        regret.append((best_f1 - truth(f1.value)[0], best_ba - truth(ba.value)[1]))
    assert np.mean(inside, axis=0).min() >= 0.8
    mean = np.mean(regret, axis=0)
    assert mean[0] < 0.008 + 0.005
    assert mean[1] < 0.006 + 0.003


def test_capacity_and_recall_rules():
    y, p = _gaussians(0, 5_000, 0.05, 1.5)
    top = tune_binary(y, p, parse_rule("top_k:20"), 0.05)
    assert (p >= top.value).sum() == pytest.approx(100, abs=2)
    floor = tune_binary(y, p, parse_rule("recall>=0.8"), 0.05)
    assert (p[y] >= floor.value).mean() == pytest.approx(0.8, abs=0.01)
    assert (p[y] >= floor.value).mean() >= 0.8


def test_fewer_than_ten_picked_or_one_class_falls_back_to_the_share():
    p = np.linspace(0, 1, 8)
    short = tune_binary(p > 0.5, p, parse_rule("f1"), 0.3)
    assert (short.value, short.sure) == (0.3, False)
    assert not tune_binary(np.zeros(50, bool), np.linspace(0, 1, 50), parse_rule("f1"), 0.3).sure


def _arm(n=600, k=2, seed=0, **more):
    rng = np.random.default_rng(seed)
    share = np.array([0.85, 0.15]) if k == 2 else np.arange(k, 0, -1) / (k * (k + 1) / 2)
    y = rng.choice(k, n, p=share).astype(np.int64)
    z = rng.normal(size=(n, k)) + np.log(share)
    z[np.arange(n), y] += 1.5
    proba = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    protocol = Protocol("f1", "f1", **more)
    times = np.arange(n) if protocol.split == "time" else None
    return y, cells_of(y, proba, make_splits(y, protocol, times=times))


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("split", ["stratified", "time"])
def test_a_fold_never_teaches_itself(k, split):
    """Other labels in one fold change neither its own cut-off nor, under time, earlier ones."""
    from dataclasses import replace

    _, cells = _arm(k=k, split=split)
    rule = parse_rule("macro_f1", k)
    before = decide(cells, "chosen", rule, split, 1)
    changed = list(cells)
    changed[2] = replace(cells[2], y=np.roll(cells[2].y, 7))
    after = decide(changed, "chosen", rule, split, 1)
    same = [a.repair == b.repair for a, b in zip(before.cells, after.cells, strict=True)]
    assert same[2]
    later = [False] * 2
    assert same == [split == "time"] * 2 + [True] + later
    if split == "time":
        assert not before.cells[0].cutoff.sure
        assert before.cells[1].cutoff.sure
        assert [c.cutoff for c in before.cells[:3]] == [c.cutoff for c in after.cells[:3]]


@pytest.mark.parametrize("k", [2, 4])
def test_a_fold_decides_nothing_of_its_own_cutoff(k):
    """Nor through the repair of those that teach it: theirs have seen it, and are not used."""
    from dataclasses import replace

    _, cells = _arm(n=1_500, k=k)
    sharp = [c.proba**3.0 / (c.proba**3.0).sum(1, keepdims=True) for c in cells]
    cells = [replace(c, proba=p) for c, p in zip(cells, sharp, strict=True)]
    rule = parse_rule("macro_f1", k)
    before = decide(cells, "chosen", rule, "stratified", 1)
    assert all(d.repair.calibration != Calibration() for d in before.cells)
    for i, cell in enumerate(cells):
        changed = list(cells)
        changed[i] = replace(cell, y=(cell.y + 1) % k, proba=cell.proba[:, ::-1])
        after = decide(changed, "chosen", rule, "stratified", 1)
        assert after.cells[i].cutoff == before.cells[i].cutoff
        others = [d.cutoff for j, d in enumerate(after.cells) if j != i]
        assert others != [d.cutoff for j, d in enumerate(before.cells) if j != i]


def test_repeats_do_not_mix():
    from dataclasses import replace

    _, cells = _arm(repeats=2)
    rule = parse_rule("f1")
    changed = [replace(c, y=np.roll(c.y, 3)) if c.repeat == 1 else c for c in cells]
    a, b = (decide(c, "chosen", rule, "stratified", 1) for c in (cells, changed))
    assert [c.cutoff for c in a.cells[:5]] == [c.cutoff for c in b.cells[:5]]
    assert [c.cutoff for c in a.cells[5:]] != [c.cutoff for c in b.cells[5:]]


@pytest.mark.parametrize("slope", [0.05, 0.5, 1.5])
@pytest.mark.parametrize("positive", [0, 1])
def test_repair_keeps_the_order_of_two_classes(slope, positive):
    low = np.concatenate([[0.0], 10.0 ** -np.arange(300, 0, -3.0)])
    p = np.concatenate(
        [low, np.linspace(0.11, 0.89, 50), 1 - low[:-5:-1], 1 - 1e-15 * 5.0 ** -np.arange(3)]
    )
    p = np.unique(p)
    proba = np.column_stack([p, 1 - p] if positive == 0 else [1 - p, p])
    moved = correct_prior(proba, np.array([0.5, 0.5]), np.array([0.9, 0.1]))
    repaired = calibrate(moved, Calibration(slope, (0.0, -0.3)))[:, positive]
    assert (np.diff(repaired) > 0).all()
    assert repaired[0] > 0
    assert repaired[-1] < 1


def test_no_rule_means_the_most_likely_class_of_the_repaired_probabilities():
    _, cells = _arm(k=3)
    d = decide(cells, "chosen", parse_rule("none", 3), "stratified", 2).cells[0]
    assert np.array_equal(d.tuned, d.proba.argmax(1))
    _, cells = _arm()
    d = decide(cells, "none", parse_rule("none"), "stratified", 1).cells[0]
    assert d.cutoff.value == 0.5
    assert np.array_equal(d.tuned, (d.proba[:, 1] >= 0.5).astype(int))


def test_tau_one_serves_balanced_accuracy():
    """AE-11 in small: with true posteriors the best exponent for balanced accuracy is 1."""
    rng = np.random.default_rng(0)
    n, k = 30_000, 5
    share = 0.4 ** np.arange(k)
    share /= share.sum()
    centres = rng.normal(size=(k, 3)) * 1.2
    y = rng.choice(k, n, p=share).astype(np.int64)
    x = rng.normal(size=(n, 3)) + centres[y]
    z = x @ centres.T - (centres**2).sum(1) / 2 + np.log(share)
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    cells = cells_of(y, p, make_splits(y, Protocol("balanced_accuracy", "balanced_accuracy")))
    d = decide(cells, "none", parse_rule("balanced_accuracy", k), "stratified", 0)
    assert d.cutoff.low <= 1.0 <= d.cutoff.high
    assert 0.8 <= d.cutoff.value <= 1.2
    zero = predict(p, 0.0, share, 0)
    assert np.array_equal(zero, p.argmax(1))


@pytest.mark.parametrize("seed", [0, 1])
def test_undersampling_is_repaired(seed):
    """AE-1 in small: E/O 15 before, about 1 after, and the same Brier score as without it."""
    rng = np.random.default_rng(seed)
    w = np.array([1, -1, 0.8, 0.5, 0])

    def draw(n):
        x = rng.normal(size=(n, 5))
        return x, rng.random(n) < expit(x @ w - 5.2)

    x, y = draw(50_000)
    keep = np.r_[np.flatnonzero(y), rng.choice(np.flatnonzero(~y), y.sum(), replace=False)]
    test, truth = draw(50_000)
    raw = LogisticRegression().fit(x[keep], y[keep]).predict_proba(test)
    prior = np.array([1 - y.mean(), y.mean()])
    p = correct_prior(raw, np.array([0.5, 0.5]), prior)[:, 1]
    plain = LogisticRegression().fit(x, y).predict_proba(test)[:, 1]
    assert raw[:, 1].mean() / truth.mean() > 10
    assert p.mean() / truth.mean() == pytest.approx(1.0, abs=0.2)
    assert np.mean((p - truth) ** 2) == pytest.approx(np.mean((plain - truth) ** 2), abs=6e-4)


def test_temperature_of_classes_told_apart_without_error_stays_small():
    y = np.repeat([0, 1, 2], [220, 60, 30])
    proba = np.full((y.size, 3), 0.02)
    proba[np.arange(y.size), y] = 0.96
    slope = fitted(y, proba).slope
    assert 0.8 < slope < 1.6
