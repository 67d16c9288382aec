"""What models say of made rows: how good to learn from, how strange, of which class."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score
from synthetic_worlds import rows_of

from rebal_core.evaluation.synthetic import utility as told
from rebal_core.evaluation.synthetic.detection import FEWEST, MOST, detection
from rebal_core.evaluation.synthetic.fast import (
    called,
    classifier_for,
    fitted,
    folds_by_class,
    joined,
)
from rebal_core.evaluation.synthetic.majority import hidden_majorities
from rebal_core.evaluation.synthetic.utility import utilities

CENTRES = np.array([[0.0, 0], [2.5, 0], [0, 2.5]])


def blobs(rng, sizes):
    y = np.repeat(np.arange(len(sizes)), sizes)
    return rows_of(CENTRES[y] + rng.normal(size=(len(y), 2)), y)


@pytest.fixture(scope="module")
def three():
    """Three classes; two of them grew, the last by rows of the first."""
    rng = np.random.default_rng(0)
    train, held = blobs(rng, (300, 60, 40)), blobs(rng, (300, 60, 40))
    made = blobs(rng, (0, 100, 100))
    wrong = rng.normal(size=(100, 2))
    numbers = np.where((made.y == 2)[:, None], np.vstack([wrong, wrong]), made.numbers)
    return train, rows_of(numbers, made.y), held


def test_scores_are_average_precisions_of_the_same_rows(three):
    train, made, held = three
    found = utilities(train, made, held, 3)
    name = classifier_for(train.y, 3)
    p = fitted(name, train, 3, 0).predict_proba(held)
    for k in (1, 2):
        one = found.classes[k]
        assert one.real == pytest.approx(average_precision_score(held.y == k, p[:, k]))
        assert one.rows == (held.y == k).sum()
        assert one.instead.gain == pytest.approx(one.made - one.real)
        assert one.beside.gain == pytest.approx(one.both - one.real)
    both = fitted(name, joined(train, made), 3, 0).predict_proba(held)
    assert found.classes[1].both == pytest.approx(average_precision_score(held.y == 1, both[:, 1]))
    for score in ("real", "made", "both"):
        values = [getattr(found.classes[k], score) for k in (1, 2)]
        assert getattr(found.all, score) == pytest.approx(np.mean(values))
    assert found.all.rows == 40


def test_rows_of_another_class_teach_nothing(three):
    found = utilities(*three, 3).classes
    assert found[2].failed
    assert not found[1].failed
    assert found[1].ratio > 0.9 > 0.5 > found[2].ratio


def test_made_rows_stand_in_for_as_many_real_ones(three):
    train, made, _ = three
    instead = told._instead(train, made, [1, 2], 0)
    assert np.bincount(instead.y).tolist() == [300, 60, 40]
    few = made.take(np.flatnonzero(made.y == 2)[:5])
    assert np.bincount(told._instead(train, few, [2], 0).y).tolist() == [300, 60, 5]


def test_units_are_drawn_together(three):
    train, made, held = three
    alone = utilities(train, made, held, 3).classes[1]
    pairs = utilities(train, made, held, 3, units=np.arange(len(held)) // 40).classes[1]
    assert pairs.real == alone.real
    assert pairs.instead.se != alone.instead.se


def test_few_rows_held_back_say_nothing(three):
    train, made, held = three
    kept = held.take(np.flatnonzero((held.y != 2) | (np.cumsum(held.y == 2) <= 9)))
    found = utilities(train, made, kept, 3).classes[2]
    assert found.rows == 9
    assert (found.failed, found.code) == (False, "NO_VERDICT")
    nobody = held.take(np.flatnonzero(held.y != 2))
    assert np.isnan(utilities(train, made, nobody, 3).classes[2].real)


def test_hidden_majority_beside_real_rows(three):
    found = hidden_majorities(*three, 3)
    assert {k: one.failed for k, one in found.items()} == {1: False, 2: True}
    assert {one.fitted_on for one in found.values()} == {"held"}
    shares = found[2].shares
    assert shares.made.rows == 100
    assert shares.made.value > 0.7
    assert shares.held.value < 0.3
    assert shares.held.rows == 40


def test_thirty_rows_held_back_are_enough_to_learn_from(three):
    train, made, held = three
    for size, where in ((30, "held"), (29, "train")):
        kept = held.take(np.flatnonzero((held.y != 2) | (np.cumsum(held.y == 2) <= size)))
        found = hidden_majorities(train, made, kept, 3)
        assert (found[1].fitted_on, found[2].fitted_on) == ("held", where)
        assert found[2].shares.held.rows == size
        assert found[2].failed


def test_the_class_that_is_raised_most():
    y = np.repeat([0, 1], [98, 2])
    proba = np.array([[0.97, 0.03], [0.99, 0.01]])
    assert called(proba, y).tolist() == [1, 0]
    assert called(np.array([[0.5, 0.1, 0.4]]), y).tolist() == [1]  # nobody had the third


def test_fresh_rows_are_not_told_from_real_ones_and_others_are():
    rng = np.random.default_rng(1)
    real, fresh = (rows_of(rng.normal(size=(150, 2)), np.ones(150)) for _ in range(2))
    found = detection(real, fresh)
    assert found.auc.low <= 0.5 <= found.auc.high
    assert found.classifier == "hist_gradient_boosting"
    assert not found.failed
    far = rows_of(rng.normal(size=(150, 2)) + 9, np.ones(150))
    found = detection(real, far)
    assert found.auc.value > 0.999
    assert found.failed


def test_detection_of_few_rows():
    rng = np.random.default_rng(2)
    real = rows_of(rng.normal(size=(FEWEST, 2)), np.ones(FEWEST))
    assert detection(real, real).classifier == "logistic"
    assert np.isfinite(detection(real, real).auc.value)
    short = real.take(np.arange(FEWEST - 1))
    for parts in ((real, short), (short, real)):
        assert np.isnan(detection(*parts).auc.value)
        assert not detection(*parts).failed
    assert (FEWEST, MOST) == (10, 2_500)


def test_classes_of_one_row_stand_in_no_fold():
    assert folds_by_class(np.array([0, 0, 0, 1]), 0) == []
    assert folds_by_class(np.zeros(9, dtype=np.int64), 0) == []
    assert len(folds_by_class(np.array([0, 0, 0, 1, 1]), 0)) == 2


def test_parts_of_a_table_with_all_they_may_have():
    import scipy.sparse as sp

    from rebal_core.rows import Layout, TypedRows

    def part(n):
        ones = np.ones((n, 1), dtype=np.float32)
        return TypedRows(ones, np.zeros((n, 0), np.int32), np.ones(n, np.int64), Layout(),
                         sp.csr_matrix(ones), ones, np.ones(n))  # fmt: skip

    both = joined(part(2), part(3))
    assert len(both) == 5
    assert both.text.shape == both.text_dense.shape == (5, 1)
    assert both.weight.sum() == 5


def test_intervals_know_of_other_training_rows(three):
    """Of twice the rows to learn from, half as much is added to what the draws say."""
    train, made, held = three
    few = held.take(np.arange(0, len(held), 2))
    wide, narrow = (
        told._utility("logistic", 20, scores, np.sqrt(1 + len(part) / len(train)))
        for part in (held, few)
        for scores in [np.random.default_rng(8).random((3, 201))]
    )
    assert wide.instead.se / narrow.instead.se == pytest.approx(np.sqrt(2 / 1.5))
    found = utilities(train, made, held, 3).classes[1]
    assert found.instead.se > 0
