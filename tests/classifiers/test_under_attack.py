"""What a network finds of rows that are moved against it, by a network whose slope is known."""

from dataclasses import replace

import numpy as np
import pytest

from rebal_core.arm import Arm, Attacked, CellResult
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.classifiers.net import REACH
from rebal_core.experiment.files import load_cell, save_cell
from rebal_core.model import FitJob
from rebal_core.rows import Layout, TypedRows
from rebal_core.strategies import fit_arm

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SHARES = np.array([0.8, 0.2])


def drawn(n: int, seed: int, classes: int = 2, scale: float = 1.0) -> TypedRows:
    rng = np.random.default_rng(seed)
    y = rng.choice(classes, n, p=SHARES if classes == 2 else None).astype(np.int64)
    x = scale * (rng.normal(size=(n, 9)) + 0.35 * y[:, None])
    names = tuple(f"x{j}" for j in range(9))
    layout = Layout(names, ("c",), (3,), players=names)
    return TypedRows(x.astype(np.float32), rng.integers(0, 3, (n, 1)).astype(np.int32), y, layout)


def linear(rows: TypedRows, classes: int = 2):
    model = CLASSIFIERS["torch_logistic"].build({}, seed=0)
    model.fit(FitJob(rows, None, classes))
    return model


def balanced(model, rows) -> np.ndarray:
    return (model.predict_proba(rows) / SHARES).argmax(axis=1) == rows.y


@pytest.mark.parametrize("scale", [1.0, 40.0])
def test_it_is_the_worst_move_within_reach_and_range(scale):
    """Of a linear model the worst is known: each number goes against its own weight."""
    among, test = drawn(1500, 0, scale=scale), drawn(400, 1, scale=scale)
    model = linear(among)
    told = model.under_attack(test, among, SHARES)
    slope = np.zeros(9)
    for j in range(9):
        up = among.numbers[:1].copy()
        up[0, j] += scale
        logits = [
            np.diff(np.log(model.predict_proba(replace(among.take(np.array([0])), numbers=x))))
            for x in (among.numbers[:1], up)
        ]
        slope[j] = (logits[1] - logits[0]).item()
    away = np.where(test.y == 1, -1, 1)[:, None] * np.sign(slope)
    moved = test.numbers + REACH * among.numbers.std(axis=0) * away
    moved = np.clip(moved, among.numbers.min(axis=0), among.numbers.max(axis=0))
    worst = balanced(model, replace(test, numbers=moved.astype(np.float32)))
    clean = balanced(model, test)
    count = lambda right: tuple(np.bincount(test.y[right], minlength=2).tolist())  # noqa: E731
    assert told == Attacked(REACH, count(test.y >= 0), count(clean), count(clean & worst))
    # It is an attack: some of each class are lost, not all.
    assert all(0 < f < c for f, c in zip(told.found, told.clean, strict=True))


def test_rows_of_classes_that_it_never_saw_and_tables_without_numbers_are_left_out():
    among, test = drawn(400, 0), drawn(200, 1, classes=3)
    told = linear(among, classes=3).under_attack(test, among, np.array([0.8, 0.2, 0.0]))
    assert told.rows[2] == 0
    assert min(told.rows[:2]) > 20
    flat = [replace(rows, numbers=0 * rows.numbers) for rows in (among, test)]
    assert linear(flat[0]).under_attack(flat[1], flat[0], SHARES) is None


def test_an_arm_is_asked_where_it_is_a_network_and_its_cell_keeps_the_answer(tmp_path):
    among, test = drawn(300, 0), drawn(150, 1)
    assert fit_arm(Arm("none", "logistic"), among, seed=0).under_attack(test, among) is None
    arm = Arm("none", "torch_logistic")
    told = [fit_arm(arm, among, seed=0).under_attack(test, among) for _ in range(2)]
    assert told[0] is not None
    assert told[0] == told[1]
    proba = np.full((150, 2), 0.5)
    for attacked in (told[0], None):
        cell = CellResult(0, 0, np.arange(150), test.y, proba, SHARES, SHARES, attacked=attacked)
        save_cell(tmp_path / f"{attacked is None}.npz", cell)
        assert load_cell(tmp_path / f"{attacked is None}.npz").attacked == attacked
