"""Ensembles over every classifier: they fit, they are kept without pickle, and come back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.schema import Column, Schema
from rebal_core.strategies import STRATEGIES, fit_arm, load_arm, save_arm
from rebal_core.wording import UserError

SCHEMA = Schema(
    (
        Column("amount", "number"),
        Column("city", "category"),
        Column("label", "category", "target"),
    )
)
ENSEMBLES = [s for s in STRATEGIES if s.ensemble is not None]
#: Settings of classifiers that are small: what is tested is the ensemble.
SMALL = {"n_estimators": 10, "max_iter": 8, "epochs": 3}


def small(classifier: str) -> tuple[tuple[str, int], ...]:
    names = [p.name for p in CLASSIFIERS[classifier].parameters]
    return tuple((name, SMALL[name]) for name in sorted(SMALL) if name in names)


ARMS = [
    Arm(s.name, c, tuple(sorted(s.fast.items())), small(c))
    for k, s in enumerate(ENSEMBLES)
    # Every classifier with one ensemble, every ensemble with the two first and one more.
    for j, c in enumerate(c for c in s.serves if CLASSIFIERS[c].absent() is None)
    if s.name == "bagging" or j < 1 or j == k % len(s.serves)
]


@pytest.fixture(scope="module")
def fold(tiny_tables):
    table = tiny_tables["multiclass"]
    y = table["label"].map({"a": 0, "b": 1, "c": 2, "d": 3}).to_numpy()
    return table, Preparation.fit(table, y, SCHEMA, seed=0)


@pytest.mark.parametrize("arm", ARMS, ids=lambda a: a.name)
def test_the_same_numbers_after(arm, fold, tmp_path) -> None:
    table, (preparation, rows) = fold
    fitted = fit_arm(arm, rows, seed=0, n_classes=5)
    expected = fitted.predict_proba(rows)
    assert expected.shape == (len(rows), 5)
    np.testing.assert_allclose(expected.sum(axis=1), 1, atol=1e-9)
    save_arm(tmp_path / "a", fitted, preparation)
    back, again = load_arm(tmp_path / "a")
    np.testing.assert_allclose(
        back.predict_proba(again.transform(table)), expected, rtol=0, atol=1e-6
    )
    np.testing.assert_array_equal(back.prior_fit, fitted.prior_fit)
    for path in (tmp_path / "a").rglob("*.*"):
        assert path.suffix in (".json", ".npz", ".skops", ".safetensors", ".txt")


@pytest.mark.parametrize(
    "broken",
    [
        {"votes": [0.5, 0.5]},
        {"votes": [0.5, 0.5, 0.5]},
        {"votes": [1.5, -0.25, -0.25]},
        {"votes": [], "members": []},
        {"members": "all"},
        {"members": [{"kind": "ensemble"}] * 3},
    ],
)
def test_members_of_a_stranger_are_refused(broken, fold, tmp_path) -> None:
    _table, (preparation, rows) = fold
    arm = Arm("bagging", "logistic", (("n_estimators", 3),))
    save_arm(tmp_path, fit_arm(arm, rows, seed=0), preparation)
    about = json.loads((tmp_path / "arm.json").read_text(encoding="utf-8"))
    about["model"] |= broken
    (tmp_path / "arm.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(UserError, match="no model that Rebal can read"):
        load_arm(tmp_path)


def test_a_fitted_ensemble_holds_nothing_but_its_members(fold) -> None:
    arm = Arm("self_paced", "logistic", (("n_estimators", 3),))
    model = fit_arm(arm, fold[1][1], seed=0).model
    assert model.grow is None
    with pytest.raises(ValueError, match="fitted before"):
        model.fit(None)
