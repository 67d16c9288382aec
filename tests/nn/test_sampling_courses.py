"""Mixes of classes that are drawn: exact, even where they are said to be, and taken off again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from taught import CPU, NETS, drawn, killed_and_resumed, teach

from rebal_core.nn.course import Course, Taught
from rebal_core.nn.courses.sampling import ClassAware, Drawn, Progressive, mixed
from rebal_core.nn.rows import Source

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
USUAL = {"progressive": Progressive, "class_aware": ClassAware}


@pytest.mark.parametrize("net", NETS)
def test_a_mix_that_stays_natural_teaches_plainly_to_the_last_bit(net):
    rows, held = drawn(400, weighted=True), drawn(200, seed=1)
    plain = teach(Course(), net, rows, held, epochs=6)[0]
    natural = teach(Progressive(last=1.0), net, rows, held, epochs=6)[0]
    np.testing.assert_array_equal(natural, plain)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", USUAL)
def test_others_do_not(name, net):
    assert np.abs(teach(USUAL[name](), net)[0] - teach(Course(), net)[0]).max() > 1e-3


class Uncorrected(ClassAware):
    """The wrong form: the answers of balanced batches, as they are."""

    def losses(self, logits, y):
        return Course.losses(self, logits, y)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("make", [*USUAL.values(), Uncorrected])
def test_the_probabilities_speak_of_the_natural_shares(make, weighted):
    """On a logistic truth the network can be right: observed over expected is 1, or it is not."""
    rows = drawn(6000, weighted=weighted)
    p, story = teach(make(), "logistic", rows, epochs=90, batch_size=512, learning_rate=0.02)
    weight = rows.weight.numpy()
    ratio = np.average(rows.y.numpy(), weights=weight) / np.average(p[:, 1], weights=weight)
    assert story[-1]["mix"] == pytest.approx([0.5, 0.5], abs=1e-3)
    if make is Uncorrected:
        assert ratio < 0.4, "this test would see it"
    else:
        assert ratio == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("patience", [1, 99])
def test_they_speak_of_them_whichever_epoch_is_kept(patience):
    """The mix of the last epoch is not that of the best one."""
    rows, held = drawn(6000), drawn(6000, seed=1)
    more = {"epochs": 60, "batch_size": 512, "learning_rate": 0.02, "patience": patience}
    p, story = teach(Progressive(reached=1.0), "logistic", rows, held, **more)
    course = Progressive(reached=1.0)
    course.settled = 0.0
    early, told = teach(course, "logistic", rows, held, **more)
    assert len(told) < len(story) or patience == 99
    assert len(story) == 60
    assert roc_auc_score(rows.y, p[:, 1]) > 0.75, "the last epoch is kept, not the untaught network"
    for answers in (p, early):
        assert rows.y.float().mean() / answers[:, 1].mean() == pytest.approx(1, abs=0.1)


def test_the_mix_moves_from_natural_to_balanced_and_stays():
    _, story = teach(Progressive(reached=0.5), epochs=30)
    rare = [told["mix"][1] for told in story]  # no held rows: a third of the epochs
    assert len(rare) == 10
    assert rare[0] == pytest.approx(float(drawn().y.float().mean()), abs=1e-6)
    assert rare[:6] == sorted(set(rare[:6]))
    assert rare[5:] == pytest.approx([0.5] * 5, abs=2e-3)


def test_nothing_is_kept_while_the_mix_moves():
    held = drawn(300, seed=1)
    _, story = teach(Progressive(reached=0.8), held=held, epochs=10, patience=1)
    assert len(story) > 8


def begun(course: Drawn, counts: tuple[int, ...], epoch: int = 0) -> Drawn:
    y = np.repeat(np.arange(len(counts)), counts)
    n = len(y)
    source = Source([np.zeros((n, 3), np.float32)], np.zeros((n, 1)), y, np.ones(n), CPU)
    torch.manual_seed(0)
    course.begin(Taught(source, NETS["mlp"](), len(counts), 10))
    course.start(epoch)
    return course


@pytest.mark.parametrize("counts", [(900, 90, 10), (50, 50), (997, 1, 2)])
@pytest.mark.parametrize("make", [ClassAware, lambda: ClassAware(-0.5), Progressive])
def test_an_epoch_holds_what_the_correction_takes_off(make, counts):
    course = begun(make(), counts, epoch=9)
    y = course.taught.source.y
    order = course.order()
    assert torch.bincount(y[order]).tolist() == course.drawn.tolist()
    ratio = torch.bincount(y[order]) / torch.tensor(counts)
    torch.testing.assert_close(course.offset.exp(), ratio)
    # Rows of a class come alike often: none is forgotten while another is repeated.
    times = torch.bincount(order, minlength=len(y))
    for k in range(len(counts)):
        own = times[y == k]
        assert own.max() - own.min() <= 1
    assert len(order) == pytest.approx(sum(counts), abs=len(counts))


@pytest.mark.parametrize("batch", [6, 64, 150])
def test_every_batch_holds_each_class_alike(batch):
    course = begun(ClassAware(), (900, 90, 10))
    y = course.taught.source.y
    for part in course.order().split(batch)[:-1]:
        counts = torch.bincount(y[part], minlength=3)
        assert counts.max() - counts.min() <= 1
    progressive = begun(Progressive(), (900, 90, 10), epoch=9)
    uneven = torch.stack(
        [torch.bincount(y[p], minlength=3) for p in progressive.order().split(64)[:-1]]
    )
    assert (uneven.max(dim=1).values - uneven.min(dim=1).values > 1).any(), "by chance it is not so"


def test_shares_of_powers():
    counts = torch.tensor([900.0, 90.0, 10.0], dtype=torch.float64)
    assert mixed(counts, 1.0).tolist() == [900, 90, 10]
    assert mixed(counts, 0.0).tolist() == [333, 333, 333]
    assert mixed(counts, 0.5).tolist() == pytest.approx([703, 222, 74], abs=1)
    turned = mixed(counts, -0.5)
    assert turned.tolist() == sorted(turned.tolist())
    assert mixed(torch.tensor([1e6, 1.0], dtype=torch.float64), 1.0).tolist() == [1e6, 1]


@pytest.mark.parametrize("name", USUAL)
def test_a_killed_training_goes_on_as_if_nothing_had_been(name, monkeypatch):
    more = {"held": drawn(300, seed=1), "patience": 99, "epochs": 8}
    p, story = teach(USUAL[name](), **more)
    again = killed_and_resumed(USUAL[name], 4, monkeypatch, **more)
    assert again[1] == story
    np.testing.assert_array_equal(again[0], p)
