"""The network: it learns, stops early on real rows, reports, can be stopped, and is repeatable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.nn.answers import predict
from rebal_core.nn.course import Course
from rebal_core.nn.mlp import MLP
from rebal_core.nn.refinement import refined
from rebal_core.nn.rows import Source, best_device
from rebal_core.nn.schedule import Schedule
from rebal_core.nn.training import seeded, train
from rebal_core.rows import Layout, TypedRows
from rebal_core.samplers import Graphs
from rebal_core.strategies import fit as fitting
from rebal_core.strategies import fit_arm, portions, resample, strategy_of, taught_rows


def rows_of(n: int = 600, share: float = 0.15, seed: int = 0) -> TypedRows:
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share).astype(np.int64)
    numbers = rng.normal(size=(n, 4)).astype(np.float32)
    numbers[:, 0] += 2 * y
    codes = rng.integers(-1, 3, size=(n, 1)).astype(np.int32)
    names = ("a", "b", "c", "d")
    layout = Layout(numbers=names, codes=("e",), cardinalities=(3,), players=names)
    return TypedRows(numbers, codes, y, layout)


def source(rows: TypedRows) -> Source:
    return Source([rows.numbers], rows.codes, rows.y, np.ones(len(rows)), best_device())


def test_it_learns_a_border_that_no_line_is() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(800, 2)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    rows = Source([x], np.zeros((800, 0), dtype=np.int32), y, np.ones(800), best_device())
    with seeded(0):
        net = MLP(2, [], 2, hidden=32)
        train(net, rows, None, Schedule(epochs=120), Course())
    hit = (predict(net, rows).argmax(axis=1) == y).mean()
    assert hit > 0.95


def test_it_stops_early_and_goes_back_to_the_best_epoch() -> None:
    part, aside = source(rows_of()), rows_of(300, seed=1)
    with seeded(0):
        net = MLP(4, [4], 2)
        schedule = Schedule(epochs=200, patience=5, learning_rate=1e-2)
        story = train(net, part, source(aside), schedule, Course())
    history = [told["loss"] for told in story]
    assert len(history) < 200
    assert len(history) == int(np.argmin(history)) + 1 + 5
    logits = np.log(predict(net, source(aside)))
    assert refined(logits, aside.y, np.ones(300)) == pytest.approx(min(history), rel=1e-4)


def test_epochs_are_told_and_the_caller_can_stop() -> None:
    class Cancelled(Exception):
        pass

    told = []

    def progress(epoch: int, loss: float, **values: object) -> None:
        told.append((epoch, loss))
        if epoch == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        fit_arm(Arm("none", "mlp"), rows_of(), seed=0, progress=progress)
    assert [epoch for epoch, _ in told] == [1, 2, 3]
    assert all(np.isfinite(loss) for _, loss in told)


def test_a_probability_does_not_depend_on_the_rows_beside_it() -> None:
    rows = rows_of()
    fitted = fit_arm(Arm("none", "mlp"), rows, seed=0)
    whole = fitted.predict_proba(rows)
    single = fitted.predict_proba(rows.take(np.array([5])))
    np.testing.assert_allclose(single[0], whole[5], rtol=0, atol=1e-12)


def test_global_state_is_left_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    threads = torch.get_num_threads()
    torch.manual_seed(5)
    fit_arm(Arm("none", "mlp"), rows_of(100), seed=0)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


def test_held_rows_are_real_and_neither_fitted_nor_copied(monkeypatch) -> None:
    rows = rows_of(400, 0.1)
    numbered = TypedRows(
        np.arange(400, dtype=np.float32)[:, None] * [[1, 0, 0, 0]] + rows.numbers * [[0, 1, 1, 1]],
        rows.codes,
        rows.y,
        rows.layout,
    )
    seen = {}

    class Spy:
        n_classes = 2

        def fit(self, job):
            seen.update(fitted=job.rows, held=job.held)

    spec = CLASSIFIERS["mlp"]
    monkeypatch.setattr(type(spec), "build", lambda self, params=None, seed=0: Spy())
    for name in ("none", "random_over", "random_under", "smote", "class_weight"):
        outcome = fit_arm(Arm(name, "mlp"), numbered, seed=0)
        held = seen["held"].rows.numbers[:, 0]
        assert (
            np.bincount(seen["held"].rows.y).tolist()
            == (np.bincount(rows.y) * 0.15).astype(int).tolist()
        )
        assert not set(held) & set(seen["fitted"].numbers[:, 0])
        # The held rows weigh as the classes do in the fit, so that both losses speak of one aim.
        mass = np.bincount(seen["held"].rows.y, weights=seen["held"].weight)
        np.testing.assert_allclose(mass / mass.sum(), outcome.prior_fit, atol=0.02)


@pytest.mark.parametrize("weighted", [False, True])
def test_holding_whole_rows_out_is_no_shift_of_the_class_shares(monkeypatch, weighted) -> None:
    class Idle:
        n_classes = 3

        def fit(self, job):
            assert job.held is not None

    monkeypatch.setattr(type(CLASSIFIERS["mlp"]), "build", lambda self, params=None, seed=0: Idle())
    rows = rows_of(397, 0.03)
    if weighted:
        rows = replace(rows, weight=np.random.default_rng(0).uniform(0.5, 2, len(rows)))
    for name in ("none", "threshold", "mixup", "focal"):
        outcome = fit_arm(Arm(name, "mlp"), rows, seed=0)
        np.testing.assert_array_equal(outcome.prior_fit, outcome.prior_train, name)
    for name in ("random_under", "class_weight", "weighted_ce", "logit_adjusted_loss"):
        outcome = fit_arm(Arm(name, "mlp"), rows, seed=0)
        assert not np.allclose(outcome.prior_fit, outcome.prior_train, rtol=0.1), name


def test_rows_are_held_out_before_any_step_sees_them(monkeypatch) -> None:
    rows = rows_of(400, 0.2)
    seen: dict[str, list[TypedRows]] = {}

    def noted(steps, part, *rest):
        seen.setdefault(steps[-1].name, []).append(part)
        return real(steps, part, *rest)

    real = fitting.run_steps
    monkeypatch.setattr(fitting, "run_steps", noted)
    taught = taught_rows(Arm("none", "mlp"), rows.y, 7)
    held = np.setdiff1d(np.arange(400), taught)
    assert np.bincount(rows.y[held]).tolist() == (np.bincount(rows.y) * 0.15).astype(int).tolist()
    for name in ("random_over", "random_under", "smote", "smote_enn"):
        arm = Arm(name, "mlp")
        assert np.array_equal(taught_rows(arm, rows.y, 7), taught), "all arms hold out the same"
        recipe = resample(arm, rows, Graphs.of(rows), seed=7)
        (part,) = seen.pop(strategy_of(arm).samplers[-1].name)
        assert np.array_equal(part.numbers, rows.numbers[taught])
        # Told in rows of the whole training part, it makes what the steps made of those they saw.
        assert not np.isin(held, recipe.base).any()
        assert not np.isin(held, recipe.mate).any()
        alone = resample(Arm(name, "logistic"), rows.take(taught), None, seed=7)
        assert np.array_equal(recipe.origin, alone.origin)
        one, other = rows.made(recipe), rows.take(taught).made(alone)
        for name_of in ("numbers", "codes", "y"):
            assert np.array_equal(getattr(one, name_of), getattr(other, name_of))
        whole = resample(Arm(name, "logistic"), rows, None, seed=7)
        assert np.isin(held, np.append(whole.base, whole.mate)).any(), "others hold nothing out"
        seen.clear()
    other = np.setdiff1d(np.arange(400), taught_rows(Arm("none", "mlp"), rows.y, 8))
    assert not np.array_equal(held, other), "each split holds out its own"


def test_few_rows_train_without_early_stopping() -> None:
    assert len(portions._held_rows(np.repeat([0, 1], [80, 5]), 0)) == 0
    assert len(portions._held_rows(np.repeat([0, 1, 2], [180, 50, 2]), 0)) == 34


def test_wild_values_do_not_break_it() -> None:
    rows = rows_of()
    wild = rows.numbers.copy()
    wild[:5] = 1e6
    proba = fit_arm(
        Arm("none", "mlp"), TypedRows(wild, rows.codes, rows.y, rows.layout), seed=0
    ).predict_proba(rows)
    assert np.isfinite(proba).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_gives_the_same_kind_of_model() -> None:
    rows = rows_of()
    proba = fit_arm(Arm("none", "mlp"), rows, seed=0).predict_proba(rows)
    assert proba[rows.y == 1, 1].mean() > 0.5 > proba[rows.y == 0, 1].mean()


def test_classes_are_told_by_their_codes_where_one_is_not_there() -> None:
    rows, told = rows_of(200), []
    settings = (("epochs", 2),)
    for n_classes in (2, 3):
        arm = Arm("none", "mlp", (), settings)
        fit_arm(
            arm, rows, seed=0, n_classes=n_classes, progress=lambda **values: told.append(values)
        )
    assert ["classes" in values for values in told] == [False, False, True, True]
    assert told[-1]["classes"] == [0, 1]
    assert len(told[-1]["recall"]) == 2
