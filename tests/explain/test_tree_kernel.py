"""The kernel against brute force over all coalitions, and against the models' own outputs."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from imblearn.ensemble import BalancedRandomForestClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from rebal_core.explain import kernel, trees


def table(n_classes=2, seed=0, n=300):
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=(n, 3)), rng.integers(0, 6, n)]).astype(np.float32)
    X[rng.random(n) < 0.2, 1] = np.nan
    score = np.nan_to_num(X[:, 0] * X[:, 1]) + (X[:, 3] == 2) + 0.3 * rng.normal(size=n)
    return X.astype(float), np.digitize(score, np.quantile(score, [0.5, 0.8][: n_classes - 1]))


def brute_force(predict, x, background, player):
    """Average over the background of the Shapley values by their definition."""
    players = int(player.max()) + 1
    values = np.zeros((len(background), players))

    def worth(coalition, b):
        follows = np.isin(player, list(coalition))
        return predict(np.where(follows, x, b)[None, :])[0]

    for j, b in enumerate(background):
        for p in range(players):
            others = [q for q in range(players) if q != p]
            for size in range(players):
                weight = factorial(size) * factorial(players - size - 1) / factorial(players)
                for coalition in combinations(others, size):
                    gain = worth((*coalition, p), b) - worth(coalition, b)
                    values[j, p] += weight * gain
    return values.mean(axis=0)


def seen_by(model, X):
    """Rows as the trees see them: native categories stand first, encoded."""
    inner = model._preprocess_X(X, reset=False)
    moved = model.is_categorical_ is not None
    return inner, np.array([3, 0, 1, 2]) if moved else np.arange(4)


def unit_worth(n, b, width, label):
    worth = np.zeros((n, b, width))
    worth[:, :, label] = 1.0
    return worth


@pytest.mark.parametrize("categories", [None, [3]])
@pytest.mark.parametrize("player", [[0, 1, 2, 3], [0, 1, 1, 2]])
def test_boosting_equals_brute_force(categories, player):
    X, y = table()
    model = HistGradientBoostingClassifier(
        max_iter=8, early_stopping=False, categorical_features=categories, random_state=0
    ).fit(X, y)
    player = np.array(player)
    rows, background = X[:6], X[100:105]
    (inner, order), (behind, _) = seen_by(model, rows), seen_by(model, background)
    ensemble = trees.boosting(model, np.array([1]))
    found = kernel.shapley(ensemble, inner, behind, player[order], unit_worth(6, 5, 2, 1))
    for i, x in enumerate(rows):
        expected = brute_force(model.decision_function, x, background, player)
        np.testing.assert_allclose(found[i], expected, atol=1e-12)


@pytest.mark.parametrize("forest", [RandomForestClassifier, BalancedRandomForestClassifier])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_forest_equals_brute_force(forest, n_classes):
    X, y = table(n_classes)
    model = forest(n_estimators=7, random_state=0).fit(np.nan_to_num(X), y)
    rows, background = np.nan_to_num(X[:4]), np.nan_to_num(X[100:104])
    ensemble = trees.forest(model.estimators_, np.arange(n_classes), n_classes)
    label = n_classes - 1
    player = np.arange(4)
    found = kernel.shapley(ensemble, rows, background, player, unit_worth(4, 4, n_classes, label))
    for i, x in enumerate(rows):
        expected = brute_force(lambda X: model.predict_proba(X)[:, label], x, background, player)
        np.testing.assert_allclose(found[i], expected, atol=1e-12)


def test_unseen_and_missing_categories_follow_the_model():
    X, y = table(3)
    model = HistGradientBoostingClassifier(
        max_iter=10, early_stopping=False, categorical_features=[3], random_state=0
    ).fit(X, y)
    rows = X[:20].copy()
    rows[:5, 3], rows[5:10, 3] = np.nan, 9
    background, label = X[100:130], 2
    (inner, order), (behind, _) = seen_by(model, rows), seen_by(model, background)
    ensemble = trees.boosting(model, np.arange(3))
    found = kernel.shapley(ensemble, inner, behind, order, unit_worth(20, 30, 3, label))
    margin = model.decision_function
    expected = margin(rows)[:, label] - margin(background)[:, label].mean()
    np.testing.assert_allclose(found.sum(axis=1), expected, atol=1e-10)


def test_values_without_a_split_are_zero():
    X, y = table()
    X = np.column_stack([X, np.ones(len(X))])
    model = HistGradientBoostingClassifier(max_iter=5, early_stopping=False).fit(X, y)
    found = kernel.shapley(
        trees.boosting(model, np.array([1])), X[:5], X[5:9], np.arange(5), unit_worth(5, 4, 2, 1)
    )
    assert np.all(found[:, 4] == 0)
    assert np.any(found[:, 0] != 0)
