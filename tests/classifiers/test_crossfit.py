"""Sigmoids of cross-fitted margins: scikit-learn's where it can, and sound where it cannot."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import PredefinedSplit
from sklearn.svm import SVC, LinearSVC

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.classifiers.crossfit import FOLDS, folds_of
from rebal_core.classifiers.encode import encode
from rebal_core.model import FitJob
from rebal_core.rows import Layout, TypedRows
from rebal_core.strategies import fit_arm


def rows_of(counts: tuple[int, ...], seed: int = 0) -> TypedRows:
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts)
    numbers = rng.normal(size=(y.size, 3)).astype(np.float32)
    numbers[np.arange(y.size), y % 3] += 1.6
    layout = Layout(numbers=("a", "b", "c"), players=("a", "b", "c"))
    return TypedRows(numbers, np.zeros((y.size, 0), dtype=np.int32), y, layout)


@pytest.mark.parametrize("counts", [(150, 40), (120, 60, 40)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["linear_svm", "rbf_svm"])
def test_probabilities_are_those_of_calibrated_classifier_cv(name, counts, weighted) -> None:
    rows = rows_of(counts)
    weight = np.where(rows.y > 0, 2.0, 0.7) if weighted else None
    model = CLASSIFIERS[name].build(seed=5)
    model.fit(FitJob(rows, weight, len(counts)))
    matrix = encode(rows, model.encoding)
    if name == "linear_svm":
        machine = LinearSVC(C=model.C, dual=False, max_iter=model.max_iter)
    elif len(counts) == 2:
        gamma = 1 / (matrix.shape[1] * matrix.astype(np.float64).var())
        machine = SVC(C=model.C, gamma=gamma)
    else:
        pytest.skip("of many classes ours is the mean margin of the pairs, scikit-learn's a vote")
    folds = PredefinedSplit(folds_of(rows, rows.y, 5))
    reference = CalibratedClassifierCV(machine, method="sigmoid", cv=folds, ensemble=False)
    reference.fit(matrix.astype(np.float64), rows.y, sample_weight=weight)
    expected = reference.predict_proba(matrix.astype(np.float64))
    if name == "rbf_svm":  # the width is of the rows that each machine is taught, there of all
        np.testing.assert_allclose(model.predict_proba(rows), expected, atol=0.02)
    else:
        np.testing.assert_allclose(model.predict_proba(rows), expected, atol=1e-5)


def test_pairs_rank_as_votes_do() -> None:
    rows, other = rows_of((120, 60, 40)), rows_of((120, 60, 40), seed=1)
    model = CLASSIFIERS["rbf_svm"].build(seed=0)
    model.fit(FitJob(rows, None, 3))
    svc = SVC(C=model.C, gamma=model.machine_.gamma).fit(rows.numbers.astype(np.float64), rows.y)
    same = model.margins(other).argmax(axis=1) == svc.predict(other.numbers.astype(np.float64))
    assert same.mean() > 0.97


def test_copies_of_a_row_stay_in_one_fold() -> None:
    rows = rows_of((60, 9))
    copied = rows.take(np.concatenate([np.arange(69), np.repeat(np.arange(60, 69), 6)]))
    fold = folds_of(copied, copied.y, 0)
    for row in range(60, 69):
        same = (copied.numbers == rows.numbers[row]).all(axis=1)
        assert same.sum() == 7
        assert np.unique(fold[same]).size == 1
    assert np.unique(fold[copied.y == 1]).size == FOLDS
    # Folds that tear copies apart show a machine the rows that its sigmoid is fitted on.
    torn = np.arange(len(copied)) % FOLDS
    assert all(set(np.flatnonzero(copied.y == 1)) - set(np.flatnonzero(torn == f)) for f in (0, 1))


@pytest.mark.parametrize("name", ["linear_svm", "rbf_svm", "naive_bayes", "decision_tree", "knn"])
@pytest.mark.parametrize("counts", [(80, 1), (80, 2), (60, 40, 1), (1, 1), (30, 1, 2, 3)])
@pytest.mark.parametrize("strategy", ["none", "random_over", "class_weight"])
def test_classes_of_one_to_three_rows(name, counts, strategy) -> None:
    rows = rows_of(counts)
    fitted = fit_arm(Arm(strategy, name), rows, seed=0)
    proba = fitted.predict_proba(rows)
    assert np.isfinite(proba).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    # Nobody can learn from one row how sure to be: it is about as likely as it is frequent.
    mean = proba.mean(axis=0)
    if name.endswith("svm") and strategy == "none":
        np.testing.assert_allclose(mean, fitted.prior_fit, atol=0.12)


def test_no_convergence_is_told_once() -> None:
    rows = rows_of((150, 40))
    arm = Arm("none", "linear_svm", (), (("max_iter", 1),))
    notes = fit_arm(arm, rows, seed=0).notes
    assert len(notes) == 1
    assert "converge" in notes[0]
    arm = Arm("none", "rbf_svm", (), (("C", 100.0), ("max_iter", 1)))
    assert any(
        "terminated" in note or "converge" in note for note in fit_arm(arm, rows, seed=0).notes
    )
