"""Stacking learns from what is said of rows that were not seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from worked import rows_of

from rebal_core.arm import Arm
from rebal_core.ensembles.stacking import inner_folds, inner_splits
from rebal_core.layout import Unseen
from rebal_core.strategies import fit_arm
from rebal_core.wording import Unsuitable

ARM = Arm("stacking", "stacking", (("folds", 3), ("over", "logistic+random_forest")))


def test_learning_from_what_is_said_of_seen_rows_is_the_wrong_form() -> None:
    """Of noise nothing can be learnt; the wrong form trusts the forest that learns by heart."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(900, 3)), (rng.random(900) < 0.3).astype(int)
    train, test = slice(0, 500), slice(500, 900)
    fitted = fit_arm(ARM, rows_of(y[train], *x[train].T), seed=0)
    ours = log_loss(y[test], fitted.predict_proba(rows_of(y[test], *x[test].T)))
    shares = log_loss(y[test], np.full(400, y[train].mean()))
    forest = RandomForestClassifier(random_state=0).fit(x[train], y[train])
    logs = [np.log(np.maximum(forest.predict_proba(part), 1e-6)) for part in (x[train], x[test])]
    wrong = LogisticRegression().fit(logs[0], y[train])
    assert ours < shares + 0.03
    assert log_loss(y[test], wrong.predict_proba(logs[1])) > shares + 0.3


def test_copies_of_a_row_stay_together_and_each_fold_has_each_class() -> None:
    rng = np.random.default_rng(1)
    x = np.repeat(rng.normal(size=(100, 2)), 3, axis=0)
    y = np.repeat(np.arange(100) % 4 == 0, 3).astype(int)
    place = inner_folds(rows_of(y, *x.T), 5, np.random.default_rng(0))
    assert (place.reshape(100, 3) == place[::3, None]).all()
    held = np.array([np.bincount(y[place == k], minlength=2) for k in range(5)])
    np.testing.assert_array_equal(held, [[45, 15]] * 5)


def test_it_is_as_good_as_what_it_stacks() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(1_200, 3))
    y = (rng.random(1_200) < 1 / (1 + np.exp(2 - 1.5 * x[:, 0] * x[:, 1] - x[:, 2]))).astype(int)
    rows, new = rows_of(y[:800], *x[:800].T), rows_of(y[800:], *x[800:].T)
    losses = {
        arm.classifier: log_loss(y[800:], fit_arm(arm, rows, seed=0).predict_proba(new))
        for arm in (ARM, Arm("none", "logistic"), Arm("none", "random_forest"))
    }
    assert losses["stacking"] < min(losses["logistic"], losses["random_forest"]) + 0.01


def beside(rows, **columns):
    """Return rows with columns beside them that no model sees, by role."""
    unseen = tuple(Unseen(role, role, np.asarray(v, dtype=float)) for role, v in columns.items())
    return replace(rows, unseen=unseen)


def visits(users, each=10, seed=0, apart=4):
    """Rows of users whose label is their own: between users there is nothing to learn."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(users), each)
    y = np.repeat(rng.random(users) < 0.3, each) ^ (rng.random(users * each) < 0.05)
    x = np.repeat(rng.normal(size=(users, apart)), each, axis=0)
    x += 0.1 * rng.normal(size=x.shape)
    return rows_of(y.astype(int), *x.T), who


def test_no_group_is_asked_that_has_taught() -> None:
    """The wrong form, folds of rows, takes knowing the users for knowing anything."""
    rows, who = visits(60)
    grouped = beside(rows, group=np.where(who == 7, np.nan, who))
    for taught, asked in inner_splits(grouped, 5, np.random.default_rng(0)):
        assert not set(who[taught]) - {7} & set(who[asked])
        assert len(taught) + len(asked) == len(rows)
    mixed = inner_splits(rows, 5, np.random.default_rng(0))
    assert all(set(who[taught]) & set(who[asked]) for taught, asked in mixed)
    new, _ = visits(200, seed=1)
    losses = [
        log_loss(new.y, fit_arm(ARM, some, seed=0).predict_proba(new)) for some in (grouped, rows)
    ]
    shares = log_loss(new.y, np.full(len(new), rows.y.mean()))
    assert losses[0] < shares + 0.05
    assert losses[1] > losses[0] + 0.2


def test_what_is_asked_is_later_than_what_taught() -> None:
    rng = np.random.default_rng(0)
    n = 900
    when, who = rng.integers(0, 60, n).astype(float), rng.integers(0, 900, n)
    when[:5] = np.nan
    rows = beside(rows_of((rng.random(n) < 0.3).astype(int), *rng.normal(size=(3, n))),
                  group=who, time=when)  # fmt: skip
    splits = inner_splits(rows, 4, np.random.default_rng(0))
    assert len(splits) == 4
    early = np.nan_to_num(when, nan=-1)
    for taught, asked in splits:
        assert early[taught].max() < early[asked].min()
        assert not set(who[taught]) & set(who[asked])
    fitted = fit_arm(ARM, beside(rows, time=when), seed=0)
    assert np.isfinite(fitted.predict_proba(rows)).all()


def test_a_class_that_came_too_early_to_be_asked_about_is_known_to_the_members() -> None:
    rng = np.random.default_rng(1)
    y = np.r_[np.repeat([0, 2, 1], 25), rng.integers(0, 2, 225)]
    rows = beside(rows_of(y, *(rng.normal(size=(2, 300)) + y)), time=np.arange(300) // 2)
    fitted = fit_arm(ARM, rows, seed=0, n_classes=4)
    proba = fitted.predict_proba(rows)
    assert fitted.model.classes_.tolist() == [0, 1]
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-9)
    assert proba[y == 2, 2].mean() > 0.3
    assert (proba[:, 3] == 0).all()


def test_one_group_of_each_class_is_a_reason() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 50)
    with pytest.raises(Unsuitable, match="two rows, groups or times"):
        fit_arm(ARM, beside(rows_of(y, *rng.normal(size=(2, 100))), group=y), seed=0)
