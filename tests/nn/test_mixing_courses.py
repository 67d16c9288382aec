"""Courses by mixed and shaken rows: labels and weights go along, columns stay columns."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.model import FitJob, TrainingPlan
from rebal_core.nn import course as courses
from rebal_core.nn.course import Taught
from rebal_core.nn.courses.mixing import FeatureNoise, Mixup
from rebal_core.nn.net import Net
from rebal_core.nn.ranges import ranges
from rebal_core.nn.rows import Source
from rebal_core.rows import Layout, TypedRows

#: Few epochs show what a course does, not what it ends with.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
CPU = torch.device("cpu")


def drawn(n: int, seed: int = 0) -> tuple[TypedRows, np.ndarray]:
    """Return rows of a logistic truth in three numbers and a category, and that truth."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)).astype(np.float32)
    codes = rng.integers(0, 4, (n, 1)).astype(np.int32)
    p = expit(x @ np.array([1.2, -0.8, 0.0]) + np.array([-4.0, -3, -2, -1])[codes[:, 0]])
    layout = Layout(("a", "b", "c"), ("d",), (4,), players=("a", "b", "c"))
    return TypedRows(x, codes, (rng.random(n) < p).astype(np.int64), layout), p


def taught(course, rows: TypedRows, net: str = "mlp", weight=None, epochs=9) -> np.ndarray:
    model = CLASSIFIERS[net].build({"epochs": epochs}, seed=3)
    model.fit(FitJob(rows, weight, 2, training=TrainingPlan(course=course)))
    return model.predict_proba(rows)


NEUTRAL = {"mixup": partial(Mixup, 0.0), "feature_noise": partial(FeatureNoise, 0.0, 0.0, 0.0)}
USUAL = {"mixup": Mixup, "lean": partial(Mixup, lean=True), "feature_noise": FeatureNoise}


@pytest.mark.parametrize("name", NEUTRAL)
def test_neutral_settings_teach_plainly(name: str) -> None:
    rows, _ = drawn(300)
    weight = np.where(rows.y == 1, 2.0, 1.0)
    plain = taught(courses.Course, rows, weight=weight)
    np.testing.assert_allclose(taught(NEUTRAL[name], rows, weight=weight), plain, atol=1e-5)


@pytest.mark.parametrize("name", USUAL)
def test_others_do_not_and_still_rank(name: str) -> None:
    rows, truth = drawn(2000)
    p = taught(USUAL[name], rows)[:, 1]
    assert np.abs(p - taught(courses.Course, rows)[:, 1]).max() > 1e-2
    assert roc_auc_score(rows.y, p) > roc_auc_score(rows.y, truth) - 0.03


class Echo(Net):
    """Answers what it is shown: two points a row, its number and its category."""

    def embed(self, numbers, codes):
        return torch.cat([numbers, codes.to(numbers)], dim=1)

    def body(self, embedded):
        return embedded

    head = torch.nn.Identity()


def source(n: int = 400, weight=None) -> Source:
    """Number and category of a row are its class, so that what is mixed can be read off."""
    y = np.arange(n) % 2
    numbers = y[:, None].astype(np.float32)
    return Source([numbers], y[:, None] - 1, y, np.ones(n) if weight is None else weight, CPU)


def seen(course, rows: Source):
    torch.manual_seed(0)
    course.begin(Taught(rows, Echo(), 2, 9))
    course.start(0)
    return course.seen(Echo(), rows.take(torch.arange(len(rows))))


def test_labels_numbers_categories_and_weights_are_mixed_in_the_same_parts() -> None:
    weighs = np.where(np.arange(400) % 2, 3.0, 1.0)
    answers, targets = seen(Mixup(1.0), source(weight=weighs))
    part = answers[:, 0]
    assert ((part > 0.2) & (part < 0.8)).float().mean() > 0.2
    torch.testing.assert_close(answers[:, 1], part, msg="a category was left hard")
    torch.testing.assert_close(targets[:, 1], 3 * part, msg="a row's weight was lost, or its label")
    torch.testing.assert_close(targets[:, 0], 1 - part)


def test_several_answers_of_a_row_are_taught_the_same_mixture() -> None:
    course = Mixup()
    logits, targets = torch.randn(5, 4, 3), torch.rand(5, 3)
    alone = torch.stack([course.losses(logits[:, m], targets) for m in range(4)], dim=1)
    torch.testing.assert_close(course.each(logits, targets), alone.mean(dim=1))


def test_a_soft_label_keeps_the_class_shares() -> None:
    """Shared out evenly it would make the rare class five times as frequent as it is."""
    rows = source(1000)
    rare = np.where(np.arange(1000) < 20, 1, 0)
    rows = Source([rare[:, None].astype(np.float32)], rare[:, None], rare, np.ones(1000), CPU)
    _, targets = seen(FeatureNoise(0.0, 0.0, 0.2), rows)
    torch.testing.assert_close(targets.mean(dim=0), torch.tensor([0.98, 0.02]))
    assert targets[:, 1].max() == pytest.approx(0.8 + 0.2 * 0.02)


def test_noise_is_as_wide_as_its_column_and_leaves_marks_alone() -> None:
    n = 4000
    rng = np.random.default_rng(0)
    wide, mark, still = rng.normal(0, 50, n), rng.integers(0, 2, n), np.ones(n)
    numbers = np.column_stack([wide, wide / 1000, mark, still]).astype(np.float32)
    fixed = np.array([False, False, True, False])
    codes = rng.integers(-1, 9, (n, 1))
    rows = Source([numbers], codes, rng.integers(0, 2, n), np.ones(n), CPU, fixed)
    answers, _ = seen(FeatureNoise(0.5, 0.3, 0.0), rows)
    moved = (answers[:, :4] - torch.tensor(numbers)).std(dim=0)
    torch.testing.assert_close(moved, torch.tensor([25, 0.025, 0, 0]), rtol=0.05, atol=0)
    swapped = answers[:, 4] != torch.tensor(codes[:, 0] + 1)
    assert float(swapped.float().mean()) == pytest.approx(0.3 * 0.9, abs=0.03)
    assert set(answers[:, 4].tolist()) <= set(range(10))


def test_ranges_are_those_of_all_rows_whatever_their_chunks(monkeypatch) -> None:
    rng = np.random.default_rng(1)
    numbers = (rng.normal(size=(500, 3)) * [1, 9, 0] + 4).astype(np.float32)
    rows = Source([numbers], np.zeros((500, 0), int), np.zeros(500, int), np.ones(500), CPU)
    whole = ranges(rows)
    monkeypatch.setattr("rebal_core.nn.ranges._CHUNK", 7)
    np.testing.assert_allclose(whole.unit, numbers.std(axis=0, dtype=np.float64), rtol=1e-5)
    np.testing.assert_array_equal(whole.lowest, numbers.min(axis=0))
    for name in ("unit", "lowest", "highest"):
        torch.testing.assert_close(getattr(ranges(rows), name), getattr(whole, name))


@pytest.mark.parametrize("kind", [Mixup, FeatureNoise])
def test_a_solver_is_given_one_function(kind) -> None:
    """With new draws at each look it would never come to an end."""
    draws = []

    class Spied(kind):
        stepwise = False

        def loss(self, net, rows):
            draws.append(torch.get_rng_state())
            return super().loss(net, rows)

    rows, truth = drawn(2000)
    p = taught(Spied, rows, "torch_logistic", epochs=300)[:, 1]
    assert len(draws) > 10
    assert all(torch.equal(draw, draws[0]) for draw in draws)
    assert roc_auc_score(rows.y, p) > roc_auc_score(rows.y, truth) - 0.02


class Killed(Exception):
    """Stands for a worker's end."""


class Kept:
    """A memory that outlives its fit."""

    state = None

    def load(self):
        return self.state

    def save(self, state) -> None:
        self.state = {name: np.array(array) for name, array in state.items()}


@pytest.mark.parametrize("name", USUAL)
def test_a_resumed_fit_is_an_undisturbed_one_and_tells_what_is_soft(name, monkeypatch) -> None:
    monkeypatch.setattr("rebal_core.nn.kept.SAVE_EVERY", 0.0)
    rows, _ = drawn(300)

    def fit(memory, last: int = 99):
        story = []

        def progress(epoch, loss, **values):
            story.append((epoch, loss, values["soft"]))
            if epoch == last:
                raise Killed

        model = CLASSIFIERS["mlp"].build({"epochs": 18}, seed=3)
        plan = TrainingPlan(course=USUAL[name])
        model.fit(FitJob(rows, None, 2, training=plan, progress=progress, memory=memory))
        return model.predict_proba(rows), story

    whole, story = fit(Kept())
    memory = Kept()
    with pytest.raises(Killed):
        fit(memory, last=4)
    resumed, again = fit(memory)
    np.testing.assert_array_equal(resumed, whole)
    assert again == story
    assert all(0 < soft < 0.3 for _, _, soft in story)
