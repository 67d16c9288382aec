"""The loop: it resumes where it was, halves what is too large, and says when it has not ended."""

from __future__ import annotations

import io
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.model import FitJob, FitNote
from rebal_core.nn import training
from rebal_core.nn.answers import predict
from rebal_core.nn.course import Course
from rebal_core.nn.logistic import Logistic
from rebal_core.nn.mlp import MLP
from rebal_core.nn.rows import Source, best_device
from rebal_core.nn.schedule import OPTIMIZERS, RATES, Schedule
from rebal_core.nn.solvers import SOLVERS
from rebal_core.nn.training import seeded, train
from rebal_core.rows import Layout, TypedRows
from rebal_core.strategies import fit_arm
from rebal_core.wording import Unsuitable


class Kept:
    """A memory that a test can look into."""

    def __init__(self) -> None:
        self.state: Any = None

    def load(self) -> Any:
        return self.state

    def save(self, state: Any) -> None:
        self.state = {name: np.array(value) for name, value in state.items()}


class Killed(Exception):
    pass


def rows_of(n: int = 400, seed: int = 0) -> TypedRows:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)).astype(np.float32)
    codes = rng.integers(-1, 3, size=(n, 1)).astype(np.int32)
    p = expit(x @ np.array([1.5, -1.0, 0.4]) - 1.5 + (codes[:, 0] == 1))
    layout = Layout(("a", "b", "c"), ("d",), (3,), players=("a", "b", "c"))
    return TypedRows(x, codes, (rng.random(n) < p).astype(np.int64), layout)


def source(rows: TypedRows) -> Source:
    return Source([rows.numbers], rows.codes, rows.y, np.ones(len(rows)), best_device())


@pytest.mark.parametrize("name", ["none", "focal", "ldam_drw", "class_balanced"])
@pytest.mark.parametrize("network", ["mlp", pytest.param("tabm", marks=pytest.mark.slow)])
def test_a_killed_fit_ends_as_if_nothing_had_happened(name, network, monkeypatch) -> None:
    monkeypatch.setattr("rebal_core.nn.kept.SAVE_EVERY", 0.0)
    rows, settings = rows_of(), (("epochs", 14), ("patience", 14))
    arm = Arm(name, network, (), settings)
    whole: list[dict[str, Any]] = []
    undisturbed = fit_arm(arm, rows, seed=4, progress=lambda **told: whole.append(told))
    memory = Kept()

    def killed(epoch: int, loss: float, **values: Any) -> None:
        if epoch == 8:
            raise Killed

    with pytest.raises(Killed):
        fit_arm(arm, rows, seed=4, progress=killed, memory=memory)
    assert memory.state is not None
    again: list[dict[str, Any]] = []
    resumed = fit_arm(arm, rows, seed=4, progress=lambda **told: again.append(told), memory=memory)
    np.testing.assert_array_equal(resumed.predict_proba(rows), undisturbed.predict_proba(rows))
    assert [lasting(told) for told in again] == [lasting(told) for told in whole], "all anew"


def lasting(told: dict[str, Any]) -> dict[str, Any]:
    """Return what an epoch told, but for what the machine alone decides."""
    return {name: value for name, value in told.items() if name not in ("device", "memory")}


def test_what_is_too_large_for_the_memory_goes_on_in_smaller_batches() -> None:
    class Greedy(Course):
        def loss(self, net, rows):
            if len(rows) > 50:
                raise torch.OutOfMemoryError("too large")
            return super().loss(net, rows)

    rows = source(rows_of())
    schedule = Schedule(epochs=9, batch_size=160)
    net = MLP(3, [4], 2)
    with seeded(0), pytest.warns(FitNote) as caught:
        story = train(net, rows, None, schedule, Greedy())
    assert len(story) == 3
    notes = [str(w.message) for w in caught]
    assert [("160" in n and "80" in n) for n in notes] == [True, False]
    assert "40 at a time" in notes[1]


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, *SOLVERS])
def test_every_optimiser_lowers_the_loss(optimizer: str) -> None:
    rates = {"sgd": 0.05, "adadelta": 1.0, "adagrad": 0.05}
    schedule = Schedule(
        epochs=30, optimizer=optimizer, learning_rate=rates.get(optimizer, 2e-3), batch_size=64
    )
    with seeded(0), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net = MLP(3, [4], 2, hidden=16, depth=1, dropout=0.0)
        story = train(net, source(rows_of()), None, schedule, Course())
    assert story[-1]["training_loss"] < 0.9 * story[0]["training_loss"]


@pytest.mark.parametrize("rate", [*RATES, "plateau"])
def test_the_rate_moves_as_it_is_named(rate: str) -> None:
    schedule = Schedule(rate=rate, warm_up=0.1, patience=3)
    factors = [schedule.factor(done) for done in np.linspace(0, 1, 101)]
    assert factors[0] < 0.02, "it warms up"
    assert factors[5] == pytest.approx(0.5)
    assert max(factors) <= 1
    if rate in ("cosine", "flat_cosine", "coslog"):
        assert factors[-1] == pytest.approx(0, abs=1e-9)
    if rate in ("constant", "plateau"):
        assert factors[-1] == 1


def solved(optimizer: str, rows: TypedRows, **settings: Any) -> np.ndarray:
    model = CLASSIFIERS["torch_logistic"].build({"optimizer": optimizer, **settings}, seed=1)
    model.fit(FitJob(rows, None, 2))
    head = model.net_.head
    weight, bias = head.weight.detach().double().numpy(), head.bias.detach().double().numpy()
    return np.append(weight[1] - weight[0], bias[1] - bias[0])


def numbers_alone() -> TypedRows:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5000, 5)).astype(np.float32)
    y = (rng.random(5000) < expit(x @ np.array([1, -1, 0.8, 0.5, 0]) - 2)).astype(np.int64)
    names = tuple("abcde")
    return TypedRows(x, np.zeros((5000, 0), dtype=np.int32), y, Layout(names, players=names))


def test_all_solvers_come_to_one_answer() -> None:
    """AE-17; the penalty of a softmax of two is half as strong as that of one logit."""
    rows = numbers_alone()
    found = {name: solved(name, rows, C=2.0) for name in SOLVERS}
    # ||w1||^2 + ||w0||^2 = ||w1 - w0||^2 / 2 at the best point.
    theirs = LogisticRegression(C=4.0, tol=1e-10, max_iter=10_000)
    theirs.fit(rows.numbers.astype(float), rows.y)
    expected = np.append(theirs.coef_[0], theirs.intercept_[0])
    for name, coefficients in found.items():
        assert np.abs(coefficients - expected).max() < 1e-6, name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("optimizer", "rate"), [("adam", 0.05), ("sgd", 0.5), ("rmsprop", 0.02), ("adagrad", 0.5)]
)
def test_steps_come_to_the_same_answer_in_the_end(optimizer: str, rate: float) -> None:
    rows = numbers_alone()
    expected = solved("lbfgs", rows)
    settings = {"epochs": 3000, "batch_size": 5000, "learning_rate": rate, "rate": "cosine"}
    assert np.abs(solved(optimizer, rows, **settings) - expected).max() < 1e-3


def test_a_solver_that_has_not_ended_says_so() -> None:
    with pytest.warns(ConvergenceWarning):
        solved("cg", rows_of(), epochs=2)


def test_a_solver_may_take_all_its_iterations() -> None:
    rows, met = source(rows_of()), []
    schedule = Schedule(epochs=6, optimizer="cg")
    with seeded(0), pytest.warns(ConvergenceWarning):
        train(Logistic(3, [4], 2), rows, None, schedule, Course(), lambda **t: met.append(t))
    assert len(met) == 6, "without held rows too"


def test_a_loss_that_still_falls_is_told() -> None:
    rows, held = source(rows_of(2000)), source(rows_of(500, seed=1))
    schedule = Schedule(epochs=20, patience=20, batch_size=256, learning_rate=1e-4)
    with seeded(0), pytest.warns(ConvergenceWarning):
        train(MLP(3, [4], 2), rows, held, schedule, Course())


@pytest.mark.parametrize(("rate", "flagged"), [(10.0, True), (0.02, False)])
def test_a_loss_that_jumps_to_the_end_is_told(rate: float, flagged: bool) -> None:
    """No later epoch may be lower, and yet it has not come to the least loss."""
    schedule = Schedule(epochs=180, optimizer="sgd", learning_rate=rate, weight_decay=0.0)
    with seeded(0), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        story = train(Logistic(3, [4], 2), source(rows_of()), None, schedule, Course())
    losses = [told["loss"] for told in story]
    assert (losses[-1] > 1.01 * min(losses)) == flagged
    assert [w.category for w in caught] == [ConvergenceWarning] * flagged


def test_a_checkpoint_that_is_none_begins_anew_and_one_of_a_gpu_goes_on_without(
    monkeypatch,
) -> None:
    monkeypatch.setattr("rebal_core.nn.kept.SAVE_EVERY", 0.0)
    rows, schedule = source(rows_of()), Schedule(epochs=6, patience=6)

    def taught(memory: Any) -> Any:
        net = MLP(3, [4], 2)
        train(net, rows, rows, schedule, Course(), None, memory)
        return predict(net, rows)

    memory = Kept()
    memory.save({"damaged": np.zeros(3)})
    with seeded(0):
        whole = taught(memory)
    assert set(memory.load()) == {"state"}
    state = torch.load(io.BytesIO(memory.load()["state"].tobytes()), weights_only=True)
    buffer = io.BytesIO()
    torch.save(state | {"cuda": torch.zeros(16, dtype=torch.uint8)}, buffer)
    memory.save({"state": np.frombuffer(buffer.getbuffer(), dtype=np.uint8)})
    with seeded(0):
        np.testing.assert_array_equal(taught(memory), whole)


def test_a_loss_that_is_no_number_ends_and_is_told() -> None:
    class Broken(Course):
        def loss(self, net, rows):
            return super().loss(net, rows) * (float("nan") if self.epoch > 3 else 1.0)

        def start(self, epoch):
            self.epoch = epoch

    rows, held = source(rows_of()), source(rows_of(200, seed=1))
    net = MLP(3, [4], 2)
    with seeded(0), pytest.warns(ConvergenceWarning):
        story = train(net, rows, held, Schedule(epochs=12), Broken())
    assert len(story) == 5
    assert np.isfinite(predict(net, rows)).all(), "the best state is taken back"


@pytest.mark.parametrize("strategy", ["none", "transfer"])
def test_a_network_beyond_all_bounds_is_no_model(strategy) -> None:
    """Without held rows there is no best state; after such a pretraining none is good."""
    wild = (("learning_rate", 10.0), ("optimizer", "sgd"), ("weight_decay", 10.0))
    with pytest.raises(Unsuitable, match="lower its learning rate"):
        fit_arm(Arm(strategy, "mlp", (), (("epochs", 60), *wild)), rows_of(100), seed=1)


def test_l1_drives_weights_to_nothing() -> None:
    rows = source(rows_of(2000))
    found = []
    for l1 in (0.0, 0.05):
        with seeded(0):
            net = Logistic(3, [4], 2)
            schedule = Schedule(
                epochs=120, optimizer="adam", rate="cosine", learning_rate=0.02, l1=l1
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                train(net, rows, None, schedule, Course())
        found.append(int((net.head.weight.abs() < 1e-3).sum()))
    assert found[0] <= 1
    assert found[1] >= 4


def test_the_refined_loss_decides_when_it_stops(monkeypatch) -> None:
    seen = []

    def spied(logits, y, weight):
        seen.append(len(y))
        return 5.0 - len(seen) if len(seen) <= 4 else 9.0

    monkeypatch.setattr(training, "refined", spied)
    rows, held = source(rows_of()), source(rows_of(200, seed=1))
    with seeded(0):
        story = train(MLP(3, [4], 2), rows, held, Schedule(epochs=50, patience=3), Course())
    assert len(story) == 4 + 3
    assert set(seen) == {200}


def test_few_held_rows_of_a_class_leave_the_decision_to_the_log_loss(monkeypatch) -> None:
    """With four rare rows aside, a network that is far too sure can rank them well by chance."""
    monkeypatch.setattr(training, "refined", lambda *_: pytest.fail("looked at too few rows"))
    rows, aside = source(rows_of()), rows_of(200, seed=1)
    few = np.concatenate([np.flatnonzero(aside.y == 0), np.flatnonzero(aside.y == 1)[:4]])
    with seeded(0):
        story = train(MLP(3, [4], 2), rows, source(aside.take(few)), Schedule(epochs=3), Course())
    assert len(story) == 3


WARM = """
import sys
import numpy as np
from rebal_core.experiment import worker
from rebal_core.arm import Arm
from rebal_core.rows import Layout, TypedRows
from rebal_core.strategies import fit_arm

worker.warm_up()
assert "torch" not in sys.modules, "whoever trains no network need not have it"
worker.SPARE_BYTES = 0
worker.get_ready_for_networks()
before = set(sys.modules)
x = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
codes = np.zeros((60, 0), dtype=np.int32)
rows = TypedRows(x, codes, np.arange(60) % 2, Layout(("a", "b"), (), (), players=("a", "b")))
fit_arm(Arm("none", "mlp", settings=(("epochs", 1),)), rows, None, seed=0, n_classes=2, recipe=None)
print(sorted(set(sys.modules) - before))
"""


@pytest.mark.slow
def test_a_worker_that_got_ready_loads_hardly_anything_for_its_first_network():
    done = subprocess.run([sys.executable, "-c", WARM], capture_output=True, text=True)
    assert not done.returncode, done.stderr
    loaded = done.stdout
    assert "rebal_core.nn.mlp" in loaded
    assert loaded.count(",") < 30, loaded
