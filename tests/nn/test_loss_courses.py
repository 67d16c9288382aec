"""Courses by another loss: neutral, they teach plainly; their answers are put right."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from scipy.special import expit
from taught import NETS, teach
from taught import drawn as taught_rows

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.decisions.repair import Repair
from rebal_core.model import FitJob, TrainingPlan
from rebal_core.nn.course import Taught
from rebal_core.nn.courses.losses import Ldam, Matched, Smoothed, Weighted, effective_weights
from rebal_core.rows import Layout, TypedRows
from rebal_core.strategies import fit_arm
from rebal_core.weighting.effective import effective_weights as in_numpy

NET = "mlp"
#: Nine epochs show what a loss does, not what it ends with.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def drawn(n: int, seed: int = 0, shift: float = -3.0) -> tuple[TypedRows, np.ndarray]:
    """Return rows of a logistic truth, and their true probabilities."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4)).astype(np.float32)
    p = expit(x @ np.array([1.2, -0.8, 0.5, 0.0]) + shift)
    layout = Layout(("a", "b", "c", "d"), players=("a", "b", "c", "d"))
    y = (rng.random(n) < p).astype(np.int64)
    return TypedRows(x, np.zeros((n, 0), dtype=np.int32), y, layout), p


def taught(plan: TrainingPlan, rows: TypedRows) -> np.ndarray:
    model = CLASSIFIERS[NET].build({"epochs": 9}, seed=3)
    model.fit(FitJob(rows, None, 2, training=plan))
    return model.predict_proba(rows)


@pytest.mark.parametrize(
    "plan",
    [
        TrainingPlan(course=partial(Weighted, 0.0)),
        TrainingPlan(course=partial(Weighted, beta=0.0)),
        TrainingPlan(course=partial(Smoothed, 0.0)),
        TrainingPlan(course=partial(Matched, 0.0)),
        TrainingPlan(offset=(0.0, 0.0)),
        TrainingPlan(focus=0.0),
    ],
    ids=["power 0", "beta 0", "epsilon 0", "strength 0", "tau 0", "gamma 0"],
)
def test_neutral_settings_teach_plainly(plan: TrainingPlan) -> None:
    rows, _ = drawn(300)
    np.testing.assert_allclose(taught(plan, rows), taught(TrainingPlan(), rows), atol=1e-5)


@pytest.mark.parametrize(
    "plan",
    [
        TrainingPlan(course=partial(Weighted, 1.0)),
        TrainingPlan(course=partial(Smoothed, 0.1)),
        TrainingPlan(course=partial(Matched, 1.0)),
        TrainingPlan(course=Ldam),
        TrainingPlan(offset=(0.0, -2.0)),
        TrainingPlan(focus=2.0),
    ],
    ids=["weighted", "smoothed", "matched", "ldam", "adjusted", "focal"],
)
def test_others_do_not(plan: TrainingPlan) -> None:
    rows, _ = drawn(300)
    assert np.abs(taught(plan, rows) - taught(TrainingPlan(), rows)).max() > 1e-3


CLOSED = {
    "weighted_ce": {},
    "weighted_ce half": {"power": 0.5},
    "class_balanced": {},
    "balanced_softmax": {},
    "logit_adjusted_loss": {},
    "focal": {},
    "prior_matching": {},
}


@pytest.mark.parametrize("name", CLOSED)
def test_the_closed_form_leads_back_to_the_truth(name: str) -> None:
    """Uncorrected, the weighted ones say four to ten times too much."""
    rows, _ = drawn(6000)
    tested, truth = drawn(4000, seed=1)
    arm = Arm(name.split()[0], "torch_logistic", tuple(CLOSED[name].items()))
    fitted = fit_arm(arm, rows, seed=0)
    raw = fitted.predict_proba(tested)
    right = Repair("prior").apply(raw, fitted.prior_fit, fitted.prior_train)[:, 1]
    assert right.mean() / truth.mean() == pytest.approx(1, abs=0.15)
    assert np.abs(right - truth).mean() < 0.015
    if name in ("weighted_ce", "balanced_softmax", "class_balanced"):
        assert raw[:, 1].mean() / truth.mean() > (1.5 if name == "class_balanced" else 3)


def test_the_effective_number_is_the_same_in_torch_and_numpy() -> None:
    counts = np.array([4000, 300, 7])
    for beta in (0.0, 0.9, 0.999, 0.999999):
        expected = in_numpy(counts, beta)
        found = effective_weights(torch.tensor(counts, dtype=torch.float32), beta).numpy()
        np.testing.assert_allclose(found, expected / expected.sum() * 3, rtol=1e-6)


def test_margins_teach_a_last_layer_of_directions_that_is_handed_over(tmp_path) -> None:
    rows, _ = drawn(600)
    model = CLASSIFIERS[NET].build({"epochs": 9}, seed=3)
    model.fit(FitJob(rows, None, 2, training=TrainingPlan(course=Ldam)))
    assert model.head_ == "cosine"
    again = type(model).load(tmp_path, model.save(tmp_path), ())
    np.testing.assert_array_equal(again.predict_proba(rows), model.predict_proba(rows))


def test_a_second_fit_begins_anew() -> None:
    """The articles' model that is reset goes on from the weights of the strategy before."""
    rows, _ = drawn(300)
    model = CLASSIFIERS[NET].build({"epochs": 9}, seed=3)
    for plan in (TrainingPlan(course=Ldam), TrainingPlan(focus=2.0), TrainingPlan()):
        model.fit(FitJob(rows, None, 2, training=plan))
        np.testing.assert_array_equal(model.predict_proba(rows), taught(plan, rows))


@pytest.mark.parametrize("course", [Weighted(), Ldam(due=0.0)], ids=["weighted", "ldam"])
def test_a_weighted_mean_is_divided_by_its_weights(course) -> None:
    """Divided by rows, the loss of a batch, and so its step, grows with its share of rare rows."""
    rows = taught_rows(400)
    course.begin(Taught(rows, NETS["mlp"](), 2, 5))
    course.start(4)

    def alike(logits, y):
        return torch.ones(len(y))

    course.losses = alike
    net = course.taught.net.eval()
    for label in (0, 1):
        batch = rows.take((rows.y == label).nonzero()[:20, 0])
        assert float(course.loss(net, batch)) == pytest.approx(1)


@pytest.mark.parametrize("epochs", [2, 3, 15])
def test_what_is_due_late_comes_though_epochs_are_few(epochs) -> None:
    """The repair takes the weights for granted: they must have been there in the end."""
    course = Ldam(due=0.97)
    rows, seen = taught_rows(), []
    course.after = lambda epoch, net: seen.append(course.weights)  # type: ignore[method-assign]
    teach(course, rows=rows, held=rows, epochs=epochs, patience=99)
    assert len(seen) == epochs
    assert torch.equal(seen[-1], course.later)
    assert torch.equal(seen[0], torch.ones(2))
