"""Weights by attention: mean 1, a floor, learned against the network and never with it."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from rebal_core.nn.attention_weights import ClassAttention


def rows(n: int = 200) -> tuple[Tensor, Tensor]:
    """Two classes, the second one row in ten."""
    torch.manual_seed(0)
    return torch.randn(n, 5), (torch.arange(n) % 10 == 0).long()


def attention(**options: float) -> ClassAttention:
    torch.manual_seed(1)
    return ClassAttention(5, 2, **options)


def learned(net: ClassAttention, features: Tensor, y: Tensor, losses: Tensor) -> Tensor:
    """Return the weights after they were learned on these losses."""
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        net.objective(features, y, losses).backward()
        optimizer.step()
    return net(features, y)


@pytest.mark.parametrize("floor", [0.0, 0.1, 0.6, 1.0])
@pytest.mark.parametrize("temperature", [0.05, 1.0])
def test_mean_one_and_floor(floor, temperature):
    features, y = rows()
    weights = attention(floor=floor, temperature=temperature)(100 * features, y)
    assert weights.shape == y.shape
    assert float(weights.mean()) == pytest.approx(1, abs=1e-5)
    assert float(weights.min()) >= floor - 1e-6
    assert bool((weights.max() - weights.min() > 0.2) == (floor < 1))


def test_no_row_outweighs_another_by_more_than_the_temperature_allows():
    features, y = rows()
    net = attention(floor=0.0)
    weights = learned(net, features, y, 1e4 * y.float())
    assert weights.max() / weights.min() <= math.exp(2) + 1e-3


def test_it_is_the_softmax_that_it_is_said_to_be():
    features, y = rows(30)
    net = attention(temperature=0.5)
    query, own = net.query(features), net.classes(y)
    query, own = (v / v.norm(dim=1, keepdim=True) * 16**0.25 for v in (query, own))
    shares = torch.softmax((query * own).sum(1) / (math.sqrt(16) * 0.5), dim=0)
    torch.testing.assert_close(net(features, y), 0.1 + 0.9 * 30 * shares)


def test_the_loss_of_the_network_cannot_move_the_weights():
    features, y = rows()
    net, learner = attention(), nn.Linear(5, 2)
    losses = cross_entropy(learner(features), y, reduction="none")
    weights = net(features, y)
    assert not weights.requires_grad
    (weights * losses).mean().backward()
    assert learner.weight.grad is not None
    assert all(p.grad is None for p in net.parameters())


def test_the_objective_of_the_weights_cannot_move_the_network():
    features, y = rows()
    net, learner, below = attention(), nn.Linear(5, 2), nn.Linear(5, 5)
    seen = below(features)
    net.objective(seen, y, cross_entropy(learner(seen), y, reduction="none")).backward()
    assert all(p.grad is not None for p in net.parameters())
    assert all(p.grad is None for part in (learner, below) for p in part.parameters())


def test_weights_that_are_learned_with_the_network_shirk():
    """The wrong form: paid by the weighted loss itself, hard rows are weighed down; ours, up."""
    features, y = rows()
    hard = 0.2 + 2.0 * y.float()
    ours = learned(attention(), features, y, hard)
    shirks = learned(attention(), features, y, -hard)
    assert ours[y == 1].mean() > 1.5
    assert shirks[y == 1].mean() < 0.5
    assert (shirks * hard).mean() < hard.mean() < (ours * hard).mean()


def test_a_hard_look_within_a_class_is_found():
    features, y = rows()
    hard = (features[:, 0] > 1).float()
    weights = learned(attention(), features, y, hard)
    assert weights[hard == 1].mean() > 1.5 * weights[hard == 0].mean()


def test_self_similarity_is_blind_to_the_classes():
    """The articles' a_ii, of a row with itself, is a matter of the row's length; ours of its class.

    Each row of the rare class, which is hard, stands nine times in the other class here.
    """
    features, y = rows(200)[0].repeat(10, 1), (torch.arange(2000) < 200).long()
    article = torch.softmax(features @ features.T, dim=1).diagonal()
    lengths = features.norm(dim=1)
    assert spearmanr(article, lengths).statistic > 0.8
    assert float(article[y == 1].mean() / article[y == 0].mean()) == pytest.approx(1, rel=1e-4)
    ours = learned(attention(), features, y, 0.2 + 2.0 * y.float())
    assert ours[y == 1].mean() > 1.5 * ours[y == 0].mean()
    assert abs(spearmanr(ours, lengths).statistic) < 0.3


def test_attention_is_shared_out_over_the_rows_of_the_batch():
    """The articles divide e^(e_i e_j) by a sum over coordinates, a clash of indices: no share."""
    features, y = rows(50)
    likeness = torch.exp(features @ features.T)
    clash = likeness / torch.exp(features[:, None] * features[None]).sum(dim=2)
    assert (clash.sum(dim=1) - 1).abs().min() > 0.1
    module = attention(floor=0.0)
    assert float(module(features, y).sum()) == pytest.approx(len(y), rel=1e-5)
    # A row is held against the others: beside fewer its weight is another.
    part = module(features[:25], y[:25])
    assert not torch.allclose(part, module(features, y)[:25], rtol=1e-3)
