"""Attacks go along the slope of the true label's loss, stay in reach, and leave the net alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from rebal_core.nn import attacks
from rebal_core.nn.attacks import fgsm, pgd, rejected
from rebal_core.nn.net import Net

EPSILON = 0.1
WIDE = (torch.full((4,), -9.0), torch.full((4,), 9.0))


class Small(Net):
    """Four numbers and one category through a bent layer, with all that has a mode."""

    def __init__(self, members: int = 1) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.table = nn.Embedding(5, 2)
        self.inner = nn.Sequential(
            nn.Linear(6, 16), nn.Tanh(), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 8)
        )
        self.several = members
        self.head = nn.Linear(8, 3)
        with torch.no_grad():
            self.inner[0].weight *= 4
            self.head.weight *= 6

    def embed(self, numbers: Tensor, codes: Tensor) -> Tensor:
        return torch.cat([numbers, self.table(codes[:, 0])], dim=1)

    def body(self, embedded: Tensor) -> Tensor:
        inner = self.inner(embedded)
        if self.several == 1:
            return inner
        return torch.stack([inner.roll(k, dims=1) for k in range(self.several)], dim=1)


def rows(n: int = 40) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(4)
    return torch.randn(n, 4), torch.randint(0, 5, (n, 1)), torch.randint(0, 3, (n,))


def run(name: str, net: Net, given=None, epsilon: float = EPSILON, range_=WIDE) -> Tensor:
    given = given or rows()
    if name == "fgsm":
        return fgsm(net, *given, epsilon, *range_)
    return pgd(net, *given, epsilon, *range_, torch.Generator().manual_seed(0), steps=10)


def losses(net: Net, numbers: Tensor, codes: Tensor, y: Tensor) -> Tensor:
    with torch.no_grad():
        return cross_entropy(net(numbers, codes), y, reduction="none")


def test_one_step_is_the_sign_of_the_slope():
    """Of a linear net it is known: the weights of a class, by how much more it got than it is."""
    net = Small()
    net.inner = nn.Identity()
    net.head = nn.Linear(6, 3)
    numbers, codes, y = rows()
    excess = net(numbers, codes).softmax(1) - torch.eye(3)[y]
    slope = (excess @ net.head.weight)[:, :4]
    moved = fgsm(net, numbers, codes, y, EPSILON, *WIDE) - numbers
    torch.testing.assert_close(moved, EPSILON * slope.sign())
    without_sign = EPSILON * slope
    assert (without_sign.abs() - EPSILON).abs().max() > EPSILON / 2, "of no set size"


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("name", ["fgsm", "pgd"])
def test_it_leads_to_where_the_true_label_is_less_likely(name, members):
    net, (numbers, codes, y) = Small(members).eval(), rows()

    def likely(at: Tensor) -> Tensor:
        p = net(at, codes).softmax(-1).detach()
        return (p if members == 1 else p.mean(1))[torch.arange(len(y)), y]

    assert (likely(run(name, net)) < likely(numbers)).float().mean() > 0.95


def test_a_predicted_label_would_lead_wrong_rows_back():
    net, (numbers, codes, y) = Small().eval(), rows()
    said = net(numbers, codes).argmax(1)
    wrong = said != y
    assert wrong.sum() > 10
    before = losses(net, numbers, codes, y)
    by_true = losses(net, fgsm(net, numbers, codes, y, EPSILON, *WIDE), codes, y)
    by_said = losses(net, fgsm(net, numbers, codes, said, EPSILON, *WIDE), codes, y)
    assert (by_true - before)[wrong].mean() > 0.05
    assert (by_said - before)[wrong].mean() < -0.05


def test_the_steps_of_pgd_are_brought_back_into_reach():
    """Ten steps of a quarter epsilon lead 2.5 epsilon away unless each is brought back."""
    net, (numbers, codes, y) = Small().eval(), rows()
    at = numbers
    for _ in range(10):
        at = fgsm(net, at, codes, y, EPSILON / 4, *WIDE)
    assert (at - numbers).abs().max() > 2 * EPSILON
    moved = (run("pgd", net) - numbers).abs()
    assert moved.max() <= EPSILON + 1e-6
    assert (moved > EPSILON - 1e-6).float().mean() > 0.8, "the edge is reached from everywhere"


def test_pgd_finds_more_than_one_step():
    net, (numbers, codes, y) = Small().eval(), rows(200)
    given = numbers, codes, y
    one = losses(net, run("fgsm", net, given, epsilon=1.0), codes, y).mean()
    assert losses(net, run("pgd", net, given, epsilon=1.0), codes, y).mean() > one + 0.05


@pytest.mark.parametrize("name", ["fgsm", "pgd"])
def test_what_is_made_lies_in_the_observed_range(name):
    numbers, codes, y = rows()
    observed = numbers.amin(0), numbers.amax(0)
    made = run(name, Small(), (numbers, codes, y), epsilon=0.5, range_=observed)
    free = run(name, Small(), (numbers, codes, y), epsilon=0.5)
    assert ((made >= observed[0]) & (made <= observed[1])).all()
    assert ((free < observed[0]) | (free > observed[1])).any()


@pytest.mark.parametrize("name", ["fgsm", "pgd"])
def test_categories_stay_and_the_category_counts(name):
    numbers, codes, y = rows()
    kept, before = codes.clone(), numbers.clone()
    made = run(name, Small(), (numbers, codes, y))
    assert torch.equal(codes, kept)
    assert torch.equal(numbers, before)
    assert made.shape == numbers.shape
    assert not torch.equal(run(name, Small(), (numbers, (codes + 1) % 5, y)), made)


@pytest.mark.parametrize("name", ["fgsm", "pgd"])
@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_left_as_it_was(name, training):
    net = Small().train(training)
    net.inner[2].training = False  # A part that is frozen stays so.
    net.head.bias.grad = torch.ones(3)
    state = {key: value.clone() for key, value in net.state_dict().items()}
    modes = [part.training for part in net.modules()]
    given = rows()
    made = run(name, net, given)
    assert [part.training for part in net.modules()] == modes
    assert all(torch.equal(value, state[key]) for key, value in net.state_dict().items())
    assert [key for key, p in net.named_parameters() if p.grad is not None] == ["head.bias"]
    assert torch.equal(net.head.bias.grad, torch.ones(3))
    assert all(p.requires_grad for p in net.parameters())
    assert not made.requires_grad
    with torch.no_grad():
        assert torch.equal(run(name, net, given), made), "no dropout in it"


def test_pgd_draws_by_its_generator():
    net = Small()
    first = run("pgd", net)
    torch.manual_seed(77)
    assert torch.equal(run("pgd", net), first)
    other = pgd(net, *rows(), EPSILON, *WIDE, torch.Generator().manual_seed(1), steps=1)
    again = pgd(net, *rows(), EPSILON, *WIDE, torch.Generator().manual_seed(2), steps=1)
    assert not torch.equal(other, again)


@pytest.mark.parametrize("held", [100, 10_000_000])
def test_rows_that_crossed_over_are_told(monkeypatch, held):
    monkeypatch.setattr(attacks, "_DISTANCES", held)
    torch.manual_seed(5)
    real, real_y = torch.randn(60, 4) + 1000, torch.randint(0, 3, (60,))
    made, y = torch.randn(50, 4) + 1000, torch.randint(0, 3, (50,))
    away = (made.double()[:, None] - real.double()).norm(dim=2)
    assert torch.equal(rejected(made, y, real, real_y), real_y[away.argmin(1)] != y)
    assert rejected(made[:0], y[:0], real, real_y).shape == (0,)


def test_a_row_as_near_to_its_own_class_has_not_crossed():
    real, real_y = torch.tensor([[0.0], [0.0], [2.0]]), torch.tensor([0, 1, 1])
    crossed = rejected(torch.tensor([[0.0], [0.0], [1.9]]), torch.tensor([0, 1, 0]), real, real_y)
    assert crossed.tolist() == [False, False, True]
