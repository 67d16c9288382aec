"""Adversarial training: what is moved, what is not, and how much robustness it buys."""

from __future__ import annotations

import re
import warnings
from functools import partial

import numpy as np
import pytest
import torch

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.model import FitJob, FitNote, Held, TrainingPlan
from rebal_core.nn.course import Course, Taught
from rebal_core.nn.courses.adversarial import Adversarial
from rebal_core.nn.net import Net
from rebal_core.nn.rows import Source
from rebal_core.rows import Layout, TypedRows

#: Few epochs show what a course does, not what it ends with.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::rebal_core.model.FitNote"),
]
CPU = torch.device("cpu")


def drawn(n: int, seed: int = 0) -> TypedRows:
    """One column tells the classes apart from afar, sixteen only from very near."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.15).astype(np.int64)
    x = rng.normal(size=(n, 17))
    x[:, 0] += 2 * y
    x[:, 1:] += 0.5 * y[:, None]
    names = tuple(f"x{j}" for j in range(17))
    layout = Layout((*names,), ("c",), (3,), players=names)
    return TypedRows(x.astype(np.float32), rng.integers(0, 3, (n, 1)).astype(np.int32), y, layout)


def fitted(course, rows: TypedRows, held=None, epochs: int = 9, **more):
    """Return the model, what it told each epoch, and its notes."""
    story: list[dict] = []
    model = CLASSIFIERS["mlp"].build({"epochs": epochs, "batch_size": 64}, seed=3)
    held = None if held is None else Held(held, np.ones(len(held)))
    plan = TrainingPlan(course=course)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        more.setdefault("progress", lambda **told: story.append(told))
        model.fit(FitJob(rows, None, 2, held, training=plan, **more))
    return model, story, [str(w.message) for w in caught if w.category is FitNote]


@pytest.mark.parametrize("settings", [{"epsilon": 0.0}, {"clean": 1.0}])
def test_neutral_settings_teach_plainly(settings) -> None:
    rows = drawn(300)
    plain, _, _ = fitted(Course, rows)
    same, story, notes = fitted(partial(Adversarial, **settings), rows)
    np.testing.assert_array_equal(same.predict_proba(rows), plain.predict_proba(rows))
    assert not notes
    assert "robust_recall" not in story[0]


class Seen(Net):
    """A linear network that remembers what it was shown while it learned."""

    def __init__(self) -> None:
        super().__init__()
        self.head = torch.nn.Linear(3, 2)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[0.0, 0, 0], [1, -1, 1]]))
        self.shown: list = []

    def embed(self, numbers, codes):
        if self.training:
            self.shown.append((numbers.clone(), codes.clone()))
        return numbers

    def body(self, embedded):
        return embedded


def one_batch(course: Adversarial, epoch: int = 99):
    """Return the rows of a batch and what the network was shown of them, 3 of 4 of class 0."""
    y = (np.arange(2000) % 4 == 0).astype(np.int64)
    rng = np.random.default_rng(0)
    numbers = (rng.normal(size=(2000, 3)) * [1, 10, 1]).astype(np.float32)
    fixed = np.array([False, False, True])
    codes = rng.integers(-1, 3, (2000, 2))
    source = Source([numbers], codes, y, np.ones(2000), CPU, fixed)
    net = Seen().train()
    torch.manual_seed(0)
    course.begin(Taught(source, net, 2, 100))
    course.start(epoch)
    rows = source.take(torch.arange(2000))
    course.loss(net, rows)
    (shown,) = net.shown  # attacks ask the network as it answers, not as it learns
    return rows, *shown


@pytest.mark.parametrize("attack", ["fgsm", "pgd"])
@pytest.mark.parametrize("attacked", ["rare", "all"])
def test_which_rows_are_moved_and_how_far(attack, attacked) -> None:
    rows, numbers, codes = one_batch(Adversarial(attack, 0.2, 0.3, attacked))
    assert torch.equal(codes, rows.codes)
    assert torch.equal(numbers[:, 2], rows.numbers[:, 2]), "a mark was moved"
    away = (numbers - rows.numbers)[:, :2] / rows.numbers.std(dim=0)[:2]
    assert float(away.abs().max()) == pytest.approx(0.2, abs=1e-3)
    moved = away.abs().sum(dim=1) > 0
    part = [float(moved[rows.y == k].float().mean()) for k in (0, 1)]
    assert part == pytest.approx([0.0 if attacked == "rare" else 0.7, 0.7], abs=0.05)
    # Class 1 is more likely to the right of the first column: its rows go left, others right.
    side = torch.where(rows.y == 1, -1.0, 1.0)
    assert float((away[:, 0] * side)[moved].mean()) > 0.15, "not by the true label"
    lowest, highest = rows.numbers.amin(dim=0), rows.numbers.amax(dim=0)
    assert ((numbers >= lowest) & (numbers <= highest)).all()


def test_the_attack_grows_and_nothing_is_kept_before() -> None:
    reach = []
    for epoch in (0, 14, 29, 30, 99):
        course = Adversarial(epsilon=0.3, ramp=0.3)
        one_batch(course, epoch)
        reach.append(course.reach)
    assert reach == pytest.approx([0.01, 0.15, 0.3, 0.3, 0.3])
    assert course.settled == 0.3
    assert Adversarial(epsilon=0.0).settled == 0.0


def test_it_buys_robustness_and_says_how_much() -> None:
    """Judged by both classes: who calls more rows rare finds more of them, under attack too."""
    rows, held = drawn(800), drawn(500, seed=1)
    told, found = {}, {}
    for name, epsilon in (("plain", 1e-6), ("robust", 0.4)):

        class Measured(Adversarial):
            """Taught by one reach, measured by the other."""

            taught_by, of = epsilon, name

            def start(self, epoch: int) -> None:
                super().start(epoch)
                self.reach *= self.taught_by / self.epsilon

            def end(self, net: Net) -> None:
                found[self.of] = [float(recall.mean()) for recall in self._recalls(net)]
                super().end(net)

        course = partial(Measured, "pgd", 0.4, 0.2, "all")
        _, story, (note,) = fitted(course, rows, held, epochs=24)
        told[name] = [int(part) / 100 for part in re.findall(r"(\d+)%", note)]
        assert "rows of the rarest class that it did not learn from" in note
        assert f"finds {told[name][0]:.0%} of {int((held.y == 1).sum())} rows" in note
        assert "up to 0.4 standard deviations" in note
        assert all(len(epoch["robust_recall"]) == 2 for epoch in story)
    assert told["plain"][0] > 0.7
    assert told["plain"][1] < told["plain"][0] - 0.25
    assert told["robust"][1] > told["plain"][1]
    assert found["robust"][1] > found["plain"][1] + 0.15
    assert found["robust"][0] > found["plain"][0] - 0.05, "and it costs little"


def test_without_held_rows_it_says_so() -> None:
    _, _, (note,) = fitted(Adversarial, drawn(200), epochs=3)
    assert "rows of the rarest class that it learned from" in note


class Killed(Exception):
    """Stands for a worker's end."""


class Kept:
    """A memory that outlives its fit."""

    state = None

    def load(self):
        return self.state

    def save(self, state) -> None:
        self.state = {name: np.array(array) for name, array in state.items()}


def test_a_resumed_fit_is_an_undisturbed_one(monkeypatch) -> None:
    monkeypatch.setattr("rebal_core.nn.kept.SAVE_EVERY", 0.0)
    rows, held = drawn(200), drawn(100, seed=1)

    def progress(epoch, loss, **values):
        if epoch == 4:
            raise Killed

    whole, story, _ = fitted(Adversarial, rows, held, epochs=8)
    memory = Kept()
    with pytest.raises(Killed):
        fitted(Adversarial, rows, held, epochs=8, memory=memory, progress=progress)
    resumed, again, _ = fitted(Adversarial, rows, held, epochs=8, memory=memory)
    np.testing.assert_array_equal(resumed.predict_proba(rows), whole.predict_proba(rows))
    told = [[(e["epoch"], e["loss"], e["robust_recall"]) for e in s] for s in (story, again)]
    assert told[0] == told[1]


def test_a_solver_attacks_as_in_the_last_epoch() -> None:
    """It has no epochs: in the first one the attack would still be small."""
    reach = []

    class Spied(Adversarial):
        def loss(self, net, rows):
            reach.append(self.reach)
            return super().loss(net, rows)

    model = CLASSIFIERS["torch_logistic"].build({"epochs": 5}, seed=0)
    model.fit(FitJob(drawn(300), None, 2, training=TrainingPlan(course=Spied)))
    assert set(reach) == {0.1}
