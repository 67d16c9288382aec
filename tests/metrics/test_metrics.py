"""Every metric against scikit-learn, with and without weights, and what is undefined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn.metrics import geometric_mean_score
from scipy.stats import entropy
from sklearn import metrics as sk

from rebal_core.metrics import (
    METRICS,
    Counts,
    class_average_precision,
    count,
    decision_scores,
    per_class,
    probability_scores,
)
from rebal_core.metrics.calibration import calibration_error
from rebal_core.metrics.names import COST, DECISIONS, SCORES
from rebal_core.metrics.probabilities import rank_scores


@pytest.fixture(params=[2, 5])
def problem(request):
    k = request.param
    rng = np.random.default_rng(k)
    y = rng.choice(k, 400, p=np.arange(k, 0, -1) / (k * (k + 1) / 2)).astype(np.int64)
    z = rng.normal(size=(400, k)).round(1)
    z[np.arange(400), y] += 1.0
    proba = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    weights = rng.poisson(1.0, (400, 3)).astype(float)
    return y, proba, proba.argmax(1).astype(np.int64), weights, k


def test_registry_names_are_those_of_the_design():
    assert tuple(METRICS.names()) == (*SCORES, *DECISIONS, COST)
    assert METRICS.find("AP").name == "average_precision"
    assert METRICS.find("召回率").name == "recall"
    assert METRICS.find("精确率").name == "precision"
    assert METRICS.find("准确率").name == "accuracy"


def _reference_scores(y, proba, w, k):
    """The same numbers by scikit-learn; many classes one against the rest."""
    ones = [1] if k == 2 else range(k)
    pairs = [(y == c, proba[:, c]) for c in ones]
    loss = sk.log_loss(y, proba, sample_weight=w, labels=range(k))
    shares = np.bincount(y, weights=w, minlength=k) / w.sum()
    return {
        "roc_auc": np.mean([sk.roc_auc_score(t, p, sample_weight=w) for t, p in pairs]),
        "average_precision": np.mean(
            [sk.average_precision_score(t, p, sample_weight=w) for t, p in pairs]
        ),
        "log_loss": loss,
        "normalised_entropy": loss / entropy(shares),
        "brier": np.mean([sk.brier_score_loss(t, p, sample_weight=w) for t, p in pairs]),
        "calibration_ratio": np.mean([(p * w).sum() / (t * w).sum() for t, p in pairs]),
    }


def test_the_classes_shares_alone_have_a_normalised_entropy_of_one(problem):
    y, _, _, weights, k = problem
    shares = np.bincount(y, weights=weights[:, 0], minlength=k) / weights[:, 0].sum()
    told = np.tile(shares, (y.size, 1))
    found = probability_scores(y, told, 1 if k == 2 else None, weights[:, :1])
    assert found["normalised_entropy"] == pytest.approx([1.0])


def test_scores_against_scikit_learn(problem):
    y, proba, _, weights, k = problem
    positive = 1 if k == 2 else None
    plain = probability_scores(y, proba, positive)
    drawn = probability_scores(y, proba, positive, weights)
    for name, value in _reference_scores(y, proba, np.ones(y.size), k).items():
        assert plain[name] == pytest.approx([value]), name
    for b in range(3):
        for name, value in _reference_scores(y, proba, weights[:, b], k).items():
            assert drawn[name][b] == pytest.approx(value), name


def _reference_decisions(y, pred, w, k):
    average = "binary" if k == 2 else "macro"
    more = {"average": average, "sample_weight": w, "zero_division": 0.0}
    return {
        "f1": sk.f1_score(y, pred, **more),
        "macro_f1": sk.f1_score(y, pred, **{**more, "average": "macro"}),
        "balanced_accuracy": sk.balanced_accuracy_score(y, pred, sample_weight=w),
        "g_mean": geometric_mean_score(y, pred, average="multiclass", sample_weight=w),
        "mcc": sk.matthews_corrcoef(y, pred, sample_weight=w),
        "accuracy": sk.accuracy_score(y, pred, sample_weight=w),
        "recall": sk.recall_score(y, pred, **more),
        "precision": sk.precision_score(y, pred, **more),
    }


def test_decisions_against_scikit_learn(problem):
    y, _, pred, weights, k = problem
    positive = 1 if k == 2 else None
    plain = decision_scores(count(y, pred, k), positive)
    drawn = decision_scores(count(y, pred, k, weights), positive)
    assert tuple(plain) == DECISIONS
    for name, value in _reference_decisions(y, pred, np.ones(y.size), k).items():
        assert plain[name] == pytest.approx(value), name
    for b in range(3):
        for name, value in _reference_decisions(y, pred, weights[:, b], k).items():
            assert drawn[name][b] == pytest.approx(value), name


weighted_rows = st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 3))


@settings(deadline=None)  # the first call compiles
@given(st.lists(weighted_rows, min_size=2, max_size=30))
def test_ranking_scores_by_their_definition(rows):
    """AUC from all pairs, AP from every cut-off, with ties and whole weights."""
    score, truth, weight = (np.array(column) for column in zip(*rows, strict=True))
    auc, ap = rank_scores(score.astype(float), truth, weight[:, None].astype(np.float32))
    score, truth = np.repeat(score, weight), np.repeat(truth, weight)
    above = np.sign(score[truth][:, None] - score[~truth][None, :])
    expected = ((above + 1) / 2).mean() if above.size else np.nan
    assert auc[0] == pytest.approx(expected, nan_ok=True)
    area, found = 0.0, 0
    for cut in np.unique(score)[::-1]:
        hits = (truth & (score >= cut)).sum()
        area += (hits - found) * hits / (score >= cut).sum()
        found = hits
    assert ap[0] == pytest.approx(area / found if found else np.nan, nan_ok=True)


def test_counts_add_up_over_folds(problem):
    y, _, pred, _, k = problem
    parts = count(y[:150], pred[:150], k) + count(y[150:], pred[150:], k)
    whole = count(y, pred, k)
    assert np.array_equal(parts.hit, whole.hit)
    assert np.array_equal((parts - whole).said, np.zeros(k))


def test_undefined_is_nan_and_never_a_warning():
    y = np.zeros(20, dtype=np.int64)
    proba = np.tile([0.7, 0.3], (20, 1))
    scores = probability_scores(y, proba, 1)
    for name in ("roc_auc", "average_precision", "calibration_ratio", "normalised_entropy"):
        assert np.isnan(scores[name]).all()
    assert scores["log_loss"] == pytest.approx(-np.log(0.7))
    said_no = decision_scores(count(y, y, 2), 1)
    assert np.isnan(said_no["recall"])
    assert np.isnan(said_no["f1"])
    assert said_no["mcc"] == 0.0
    missed = decision_scores(count(np.array([0, 1]), np.array([0, 0]), 2), 1)
    assert np.isnan(missed["precision"])
    assert (missed["f1"], missed["g_mean"], missed["mcc"]) == (0.0, 0.0, 0.0)
    empty = decision_scores(Counts(*(np.zeros(3) for _ in range(3))), None)
    assert all(np.isnan(v) for v in empty.values())


def test_macro_is_over_the_classes_present():
    y = np.array([0, 0, 1, 1], dtype=np.int64)
    pred = np.array([0, 2, 1, 1], dtype=np.int64)
    scores = decision_scores(count(y, pred, 3), None)
    assert scores["balanced_accuracy"] == pytest.approx(0.75)
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 1) / 2)
    assert np.isnan(per_class(count(y, pred, 3))["f1"][2])
    assert np.isnan(class_average_precision(y, np.eye(3)[pred])[2])


def test_mcc_does_not_overflow():
    # At two million rows int64 products pass 2^63.
    c = Counts(np.array([1.4e6, 4e5]), np.array([1.5e6, 5e5]), np.array([1.5e6, 5e5]))
    assert decision_scores(c, 1)["mcc"] == pytest.approx(1 - 1e5 / 1.5e6 - 1e5 / 5e5)


def test_utility_and_margin():
    assert METRICS["log_loss"].utility(2.0) == -2.0
    assert METRICS["calibration_ratio"].utility([0.5, 1.5]) == pytest.approx([-0.5, -0.5])
    assert METRICS["log_loss"].margin(0.01, 0.08) == pytest.approx(0.0004)
    assert METRICS["f1"].margin(0.01, 0.08) == 0.01


@pytest.mark.parametrize(("n", "point"), [(500, 0.036), (2_000, 0.018), (10_000, 0.0085)])
def test_calibration_error_of_the_truth_stays_in_its_band(n, point):
    """AE-13: a perfect model has an error; a shifted one is above the band."""
    rng = np.random.default_rng(0)
    z = rng.normal(-3.5, 1.2, n)
    p = 1 / (1 + np.exp(-z))
    flagged, bands = 0, []
    for _ in range(40):
        error, band = calibration_error(rng.random(n) < p, p, draws=200)
        flagged += error > band
        bands.append(band)
    assert np.mean(bands) == pytest.approx(point, rel=0.15)
    assert flagged <= 7
    if n == 10_000:
        shifted = 1 / (1 + np.exp(-z - 0.5))
        error, band = calibration_error(rng.random(n) < p, shifted, draws=200)
        assert error > band
