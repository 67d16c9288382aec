"""A network that is too sure of itself is put right on held rows, in its last layer alone."""

import numpy as np
import pytest
import torch
from taught import NETS, drawn

from rebal_core.nn.answers import answers
from rebal_core.nn.course import Course, Shifted, Taught
from rebal_core.nn.courses.losses import Smoothed, Weighted
from rebal_core.nn.refinement import log_loss
from rebal_core.nn.schedule import Schedule
from rebal_core.nn.tempering import best_slope, temper
from rebal_core.nn.training import seeded, train

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def taught(net: str, times: float):
    """Return a network whose answers are made surer or less sure than they were."""
    rows = drawn()
    with seeded(0):
        made = NETS[net]()
        made.look(rows.take(torch.arange(800)).numbers)
        train(made, rows, None, Schedule(epochs=12, batch_size=64), Course())
    with torch.no_grad():
        for parameter in made.head.parameters():
            parameter.mul_(times)
    return made


def lost(net, rows) -> float:
    return log_loss(answers(net, rows), rows.y.numpy(), rows.weight.numpy())


@pytest.mark.parametrize("net", ["mlp", "tabm"])
@pytest.mark.parametrize("times", [0.5, 12.0])
def test_it_takes_the_slope_that_foretells_held_rows_best(net, times):
    made, held = taught(net, times), drawn(4000, seed=1)
    before = {name: tensor.clone() for name, tensor in made.state_dict().items()}
    was = lost(made, held)
    temper(made, held, Course(), 10)
    assert lost(made, held) < was
    moved = {n for n, t in made.state_dict().items() if not torch.equal(t, before[n])}
    assert moved
    assert all(name.startswith("head") for name in moved)
    best = lost(made, held)
    for factor in (0.9, 1.1):
        with torch.no_grad():
            for parameter in made.head.parameters():
                parameter.mul_(factor)
        assert lost(made, held) > best - 1e-4
        with torch.no_grad():
            for parameter in made.head.parameters():
                parameter.div_(factor)


def test_few_rows_say_little_and_many_say_it_all():
    rng = np.random.default_rng(0)
    z = torch.tensor(rng.normal(size=(200_000, 2)) * 2)
    y = (rng.random(200_000) < torch.sigmoid(0.4 * (z[:, 1] - z[:, 0])).numpy()).astype(int)
    slopes = [best_slope(z[:n], y[:n], np.ones(n)) for n in (20, 200_000)]
    assert slopes[1] == pytest.approx(0.4, rel=0.02)
    assert 0.45 < slopes[0] < 1


@pytest.mark.parametrize("net", ["mlp", "tabm"])
@pytest.mark.parametrize(
    "course", [Shifted(0.0, np.array([-0.2, -2.5])), Weighted()], ids=["offset", "weights"]
)
def test_shifted_answers_are_put_right_around_what_they_mean(net, course):
    made, held = taught(net, 8.0), drawn(4000, seed=1)
    course.begin(Taught(drawn(), made, 2, 3))
    meant = course.spoken(torch.tensor(answers(made, held)))
    temper(made, held, course, 10)
    now = course.spoken(torch.tensor(answers(made, held)))
    if net == "mlp":  # of several members the mean probability is no product
        slope = np.polyfit((meant[:, 1] - meant[:, 0]), (now[:, 1] - now[:, 0]), 1)
        assert slope[0] < 0.7
        assert abs(slope[1]) < 1e-4, "what was even stays even"
    y, weight = held.y.numpy(), held.weight.numpy()
    assert log_loss(now.numpy(), y, weight) < log_loss(meant.numpy(), y, weight)


@pytest.mark.parametrize(
    ("course", "fewest"),
    [(Shifted(2.0), 10), (Smoothed(), 10), (Course(), 10_000)],
)
def test_what_is_put_right_elsewhere_is_left_alone(course, fewest):
    made, held = taught("mlp", 12.0), drawn(1000, seed=1)
    course.begin(Taught(drawn(), made, 2, 3))
    before = answers(made, held)
    temper(made, held, course, fewest)
    np.testing.assert_array_equal(answers(made, held), before)
    cosine = taught("mlp", 1.0)
    cosine.take_head("cosine")
    before = answers(cosine, held)
    temper(cosine, held, Course(), 10)
    np.testing.assert_array_equal(answers(cosine, held), before)
