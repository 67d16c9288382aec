"""Weights that move: by training rows, bounded, and without a trace in the probabilities."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from taught import CPU, NETS, drawn, killed_and_resumed, teach

from rebal_core.nn.course import Course, Taught
from rebal_core.nn.courses.sampling import Progressive
from rebal_core.nn.courses.weighting import AttentionWeights, DynamicWeights, class_weights
from rebal_core.nn.rows import Source

#: Few epochs show what a course does, not what it ends with.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

USUAL = {
    "recall": DynamicWeights,
    "loss": lambda: DynamicWeights(signal="loss"),
    "slice": lambda: DynamicWeights(measured="slice"),
    "attention": AttentionWeights,
}
NEUTRAL = {
    "recall": lambda: DynamicWeights(gamma=0.0),
    "loss": lambda: DynamicWeights(gamma=0.0, signal="loss"),
    "attention": lambda: AttentionWeights(floor=1.0),
}


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", NEUTRAL)
def test_neutral_settings_teach_plainly_to_the_last_bit(name, net):
    rows, held = drawn(400, weighted=True), drawn(200, seed=1)
    plain = teach(Course(), net, rows, held, epochs=6)[0]
    np.testing.assert_array_equal(teach(NEUTRAL[name](), net, rows, held, epochs=6)[0], plain)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", USUAL)
def test_usual_settings_do_not(name, net):
    plain = teach(Course(), net)[0]
    p, story = teach(USUAL[name](), net)
    assert np.abs(p - plain).max() > 1e-3
    frequent, rare = story[-1]["weights"]
    assert rare > 1.5 * frequent


class Unshifted(DynamicWeights):
    """The wrong form: the weights act on the loss alone."""

    def weighed(self, logits, rows, weights):
        return logits, super().weighed(logits, rows, weights)[1]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("make", [*USUAL.values(), Unshifted])
def test_the_probabilities_speak_of_the_natural_shares(make, weighted):
    """On a logistic truth the network can be right: observed over expected is 1, or it is not."""
    rows = drawn(6000, weighted=weighted)
    p, story = teach(make(), "logistic", rows, epochs=90, batch_size=512, learning_rate=0.02)
    weight = rows.weight.numpy()
    ratio = np.average(rows.y.numpy(), weights=weight) / np.average(p[:, 1], weights=weight)
    assert story[-1]["weights"][1] > 1.5
    if make is Unshifted:
        assert ratio < 0.6, "this test would see it"
    else:
        assert ratio == pytest.approx(1, abs=0.07)


def test_held_rows_do_not_move_the_weights():
    rows, held = drawn(), drawn(300, seed=1)
    turned = Source(
        [held.take(torch.arange(300)).numbers.numpy()],
        np.full((300, 1), -1),
        1 - held.y.numpy(),
        np.ones(300),
        CPU,
    )
    for measured in ("batches", "slice"):
        one, other = (
            teach(DynamicWeights(measured=measured), "mlp", rows, aside, patience=99)[1]
            for aside in (held, turned)
        )
        assert [told["recall"] for told in one] != [told["recall"] for told in other]
        assert [told["weights"] for told in one] == [told["weights"] for told in other]


def test_a_rate_that_is_set_again_and_again_changes_nothing():
    """The article's learning rate “for each class” is the same number for all of them."""

    class Again(Course):
        def __init__(self, of_classes):
            self.of_classes = of_classes

        def rate(self, done):
            now = 1.0
            for factor in self.of_classes:
                now = factor
            return now

    plain = teach(Course())[0]
    np.testing.assert_array_equal(teach(Again((1.0, 1.0)))[0], plain)
    assert np.abs(teach(Again((1.0, 0.3)))[0] - plain).max() > 1e-3, "a rate is heard"
    assert np.abs(teach(DynamicWeights())[0] - plain).max() > 1e-3


def test_weights_are_bounded_and_of_mean_one():
    shares = torch.tensor([0.9, 0.09, 0.01])
    missed = torch.tensor([0.0, 0.3, 1.0])
    for gamma in (0.5, 1.0, 3.0):
        weights = class_weights(missed, gamma, 10.0, shares)
        assert float((shares * weights).sum()) == pytest.approx(1, abs=1e-6)
        assert float(weights.max() / weights.min()) == pytest.approx(10, rel=1e-5)
        assert torch.equal(weights.argsort(), torch.arange(3)), "the more is missed, the more"
    assert torch.equal(class_weights(missed, 0.0, 10.0, shares), torch.ones(3))
    for all_learned in (torch.zeros(3), torch.full((3,), 0.2)):
        torch.testing.assert_close(class_weights(all_learned, 1.0, 10.0, shares), torch.ones(3))
    halves = class_weights(torch.tensor([0.2, 0.4]), 1.0, 10.0, torch.tensor([0.5, 0.5]))
    torch.testing.assert_close(halves, torch.tensor([2 / 3, 4 / 3]))


def test_weights_come_late_and_nothing_is_kept_before_them():
    course = DynamicWeights(due=0.5)
    _, story = teach(course, held=drawn(300, seed=1), epochs=10, patience=1)
    weights = [told["weights"] for told in story]
    assert all(w == [1, 1] for w in weights[:5])
    assert len(story) > 5, "it does not end before there are weights"
    assert all(w[1] > w[0] for w in weights[5:])


def ready(course: Course, counts: tuple[int, ...]) -> Course:
    """Return a course that has begun on rows of so many of each class."""
    y = np.repeat(np.arange(len(counts)), counts)
    n = len(y)
    source = Source([np.ones((n, 3), np.float32)], np.zeros((n, 1)), y, np.ones(n), CPU)
    torch.manual_seed(0)
    course.begin(Taught(source, NETS["mlp"](), len(counts), 10))
    return course


def test_the_slice_is_not_learned_from_and_few_rows_are_no_reason_to_refuse():
    course = ready(DynamicWeights(measured="slice"), (200, 35, 9, 1))
    y = course.taught.source.y
    assert torch.bincount(y[course.aside], minlength=4).tolist() == [20, 3, 0, 0]
    order = course.order()
    assert not course.aside[order].any()
    assert len(order) == len(order.unique()) == 245 - 23
    assert torch.bincount(y[course.measured_on]).tolist() == [20, 3, 9, 1]
    # What is left of a class stands for all of it, to the row.
    stands_for = course.stands_for[y[order]].double()
    assert torch.bincount(y[order], stands_for).tolist() == pytest.approx([200, 35, 9, 1])


class Shirking(AttentionWeights):
    """The wrong form: the weights learn with the network, by the same loss."""

    def _learn(self, seen, rows, losses):
        super()._learn(seen, rows, -losses)


def test_attention_does_not_weigh_hard_rows_down():
    ours, shirks = (
        teach(make(), epochs=30)[1][-1]["weights"] for make in (AttentionWeights, Shirking)
    )
    assert ours[1] > 1.5 > 1 > ours[0]
    assert shirks[1] < 0.8 < shirks[0], "this test would see it"


def test_attention_rests_while_the_same_rows_are_looked_at_again():
    course, source = AttentionWeights(), drawn(200)
    net = NETS["mlp"]()
    net.look(source.take(torch.arange(200)).numbers)
    course.begin(Taught(source, net.eval(), 2, 10))
    course.start(0)
    batch = source.take(torch.arange(200))
    first = course.loss(net, batch)
    assert torch.equal(course.loss(net, batch), first)
    assert not torch.equal(course.loss(net, source.take(torch.arange(200))), first)


@pytest.mark.parametrize("name", USUAL)
def test_a_killed_training_goes_on_as_if_nothing_had_been(name, monkeypatch):
    p, story = teach(USUAL[name](), held=drawn(300, seed=1), patience=99, epochs=8)
    again = killed_and_resumed(
        USUAL[name], 5, monkeypatch, held=drawn(300, seed=1), patience=99, epochs=8
    )
    assert again[1] == story
    np.testing.assert_array_equal(again[0], p)


@pytest.mark.parametrize("make", [DynamicWeights, AttentionWeights, Progressive])
def test_a_solver_that_sees_all_rows_at_once_gives_way(make):
    """It would meet weights and mixes as they begin, and teach plainly under another name."""
    plain = teach(Course(), "logistic", optimizer="lbfgs", epochs=60)[0]
    p, story = teach(make(), "logistic", optimizer="lbfgs", epochs=60, learning_rate=0.02)
    assert len(story) == 20
    assert story[-1].get("weights", story[-1]["mix"]) != story[0].get("weights", story[0]["mix"])
    assert np.abs(p - plain).max() > 1e-3
