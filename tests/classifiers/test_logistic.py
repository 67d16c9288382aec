"""Solvers of logistic regression find one model, and say so where they did not."""

from __future__ import annotations

import numpy as np
import pytest
from test_crossfit import rows_of

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.strategies import fit_arm, fit_signature

SOLVERS = ("lbfgs", "newton-cg", "newton-cholesky", "sag", "saga")


@pytest.mark.parametrize("counts", [(4500, 500), (3500, 1000, 500)])
def test_all_solvers_agree(counts) -> None:
    """AE-17: C = 1, n = 5,000, tolerance 1e-8: the greatest gap of coefficients is below 1e-6."""
    rows, found = rows_of(counts), {}
    for solver in SOLVERS:
        set_to = {"C": 1.0, "solver": solver, "tol": 1e-8, "max_iter": 20_000}
        fitted = fit_arm(Arm("none", "logistic", (), tuple(set_to.items())), rows, seed=0)
        assert not fitted.notes
        estimator = fitted.model.estimator
        found[solver] = np.column_stack([estimator.coef_, estimator.intercept_])
    for solver in SOLVERS[1:]:
        assert np.abs(found[solver] - found["newton-cholesky"]).max() < 1e-6, solver


def test_a_run_that_did_not_converge_says_so() -> None:
    arm = Arm("none", "logistic", (), (("max_iter", 1), ("solver", "lbfgs")))
    (note,) = fit_arm(arm, rows_of((200, 50)), seed=0).notes
    assert "converge" in note


def test_a_part_of_l1_sets_coefficients_to_nothing() -> None:
    rows, zeros = rows_of((200, 50)), {}
    for part in (0.0, 1.0):
        arm = Arm("none", "logistic", (), (("C", 0.05), ("l1_ratio", part)))
        zeros[part] = (fit_arm(arm, rows, seed=0).model.estimator.coef_ == 0).sum()
    assert zeros[0.0] == 0 < zeros[1.0] < 3


@pytest.mark.parametrize("spec", [c for c in CLASSIFIERS if c.later], ids=lambda c: c.name)
def test_what_was_opened_later_moves_no_seed(spec) -> None:
    """The seeds of older runs knew of the other parameters only."""
    bare = {p.name: p.default for p in spec.parameters if p.name not in spec.later}
    assert spec.identity({}) == bare
    for name in spec.later:
        assert name in spec.params
        assert spec.identity({name: "other"}) == {**bare, name: "other"}
    assert fit_signature(Arm("none", spec.name)) != fit_signature(Arm("smote", spec.name))
