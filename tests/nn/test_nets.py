"""The networks: what they take, what they answer, and that they learn."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from rebal_core.nn.ft_transformer import FTTransformer
from rebal_core.nn.logistic import Logistic
from rebal_core.nn.mlp import MLP
from rebal_core.nn.net import Net
from rebal_core.nn.tabm import TabM

NETS = [MLP, TabM, FTTransformer, Logistic]
SHAPES = [(3, [3, 40]), (1, []), (0, [4]), (0, [2, 12, 3]), (2, [])]


def rows_of(width: int, cardinalities: list[int], n: int = 64) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(0)
    codes = [torch.randint(0, most, (n, 1), generator=draw) for most in cardinalities]
    nothing = torch.zeros((n, 0), dtype=torch.int64)
    return torch.randn((n, width), generator=draw), torch.cat([nothing, *codes], dim=1)


def made(
    kind: type[Net], width: int, cardinalities: list[int], classes: int = 3, seed: int = 0
) -> Net:
    torch.manual_seed(seed)
    net = kind(width, cardinalities, classes)
    net.look(rows_of(width, cardinalities)[0])
    return net.eval()


@pytest.mark.parametrize(("width", "cardinalities"), SHAPES)
@pytest.mark.parametrize("kind", NETS)
def test_any_columns_give_one_answer_a_row_and_member(
    kind: type[Net], width: int, cardinalities: list[int]
) -> None:
    net = made(kind, width, cardinalities, classes=5)
    numbers, codes = rows_of(width, cardinalities)
    embedded = net.embed(numbers, codes)
    assert embedded.is_floating_point()
    answers = net(numbers, codes)
    assert answers.shape == ((64, net.members, 5) if net.members > 1 else (64, 5))
    assert torch.equal(answers, net.head(net.body(embedded)))
    one = net(numbers[:1], codes[:1])
    assert torch.allclose(one, answers[:1], atol=1e-5)
    assert answers.std(dim=0).min() > 0, "the rows are not told apart"


@pytest.mark.parametrize("kind", NETS)
def test_a_seed_is_a_network_and_float64_answers_the_same(kind: type[Net]) -> None:
    numbers, codes = rows_of(3, [3, 40])
    net, again, other = (made(kind, 3, [3, 40], seed=seed) for seed in (0, 0, 1))
    answers = net(numbers, codes)
    assert torch.equal(answers, again(numbers, codes))
    assert not torch.allclose(answers, other(numbers, codes))
    exact = copy.deepcopy(net).to(torch.float64)(numbers.double(), codes)
    assert exact.dtype == torch.float64
    assert torch.allclose(exact, answers.double(), atol=1e-5)


@pytest.mark.parametrize(("width", "cardinalities"), SHAPES)
@pytest.mark.parametrize("kind", NETS)
def test_its_shapes_are_known_without_building_it(
    kind: type[Net], width: int, cardinalities: list[int]
) -> None:
    with torch.device("meta"):
        shapes = {n: t.shape for n, t in kind(width, cardinalities, 3).state_dict().items()}
    state = made(kind, width, cardinalities).state_dict()
    assert shapes == {name: tensor.shape for name, tensor in state.items()}
    blank = kind(width, cardinalities, 3).eval()
    blank.load_state_dict(state)
    rows = rows_of(width, cardinalities)
    assert torch.equal(blank(*rows), made(kind, width, cardinalities)(*rows))


@pytest.mark.parametrize("kind", NETS)
def test_every_number_and_every_code_moves_the_answer(kind: type[Net]) -> None:
    cardinalities = [3, 40]
    net = made(kind, 3, cardinalities)
    numbers, codes = rows_of(3, cardinalities)
    numbers.requires_grad_()
    # A sum over all classes would be as good as nothing for a softmax; one class is enough.
    net(numbers, codes)[..., 0].sum().backward()
    assert torch.isfinite(numbers.grad).all()
    assert (numbers.grad.abs().sum(dim=0) > 0).all()
    for j, most in enumerate(cardinalities):
        moved = codes.repeat(most, 1, 1)
        moved[:, :, j] = torch.arange(most).unsqueeze(1)
        answers = torch.stack([net(numbers, part)[0].flatten() for part in moved])
        assert len(answers.detach().unique(dim=0)) == most, "missing is a value like any other"


@pytest.mark.parametrize("kind", NETS)
def test_rows_can_be_mixed_where_they_are_embedded(kind: type[Net]) -> None:
    net = made(kind, 3, [3, 40])
    embedded = net.embed(*rows_of(3, [3, 40]))
    answers = net.head(net.body(embedded.lerp(embedded.flip(0), 0.3)))
    assert not torch.allclose(answers, net.head(net.body(embedded)), atol=1e-3)


@pytest.mark.parametrize("kind", [MLP, TabM, FTTransformer])
def test_wild_values_stay_finite(kind: type[Net]) -> None:
    net = made(kind, 2, [])
    wild = torch.tensor([[1e6, -1e6], [0.0, 1e6]], requires_grad=True)
    answers = net(wild, torch.zeros((2, 0), dtype=torch.int64))
    answers.sum().backward()
    assert torch.isfinite(answers).all()
    assert torch.isfinite(wild.grad).all()


def learnt(kind: type[Net], numbers: Tensor, codes: Tensor, y: Tensor, steps: int) -> float:
    """Return the share of the rows that a network gets right after some steps on all rows."""
    torch.manual_seed(0)
    net = kind(numbers.shape[1], [3] * codes.shape[1], 2)
    net.look(numbers)
    optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3)
    for _ in range(steps):
        answers = net(numbers, codes)
        each = y if net.members == 1 else y.unsqueeze(1).expand(-1, net.members)
        loss = cross_entropy(answers.reshape(-1, 2), each.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    answers = net.eval()(numbers, codes)
    mean = answers if net.members == 1 else answers.softmax(dim=-1).mean(dim=1)
    return float((mean.argmax(dim=1) == y).float().mean())


@pytest.mark.parametrize("kind", [MLP, TabM, FTTransformer])
def test_it_learns_what_two_columns_say_together(kind: type[Net]) -> None:
    numbers, codes = rows_of(2, [3], n=400)
    y = ((numbers[:, 0] > 0) ^ (codes[:, 0] > 1)).long()
    # A code tells with the sign of a number alone: either column by itself tells little.
    assert learnt(kind, numbers, codes, y, 80) > 0.95


def test_the_linear_one_learns_sums_alone() -> None:
    numbers, codes = rows_of(2, [3], n=400)
    together = ((numbers[:, 0] > 0) ^ (numbers[:, 1] > 0)).long()
    added = (numbers[:, 0] + codes[:, 0] > 1).long()
    assert learnt(Logistic, numbers, codes, added, 300) > 0.95
    assert learnt(Logistic, numbers, codes, together, 300) < 0.7


def test_members_are_networks_of_their_own() -> None:
    net = TabM(3, [], 2, members=4)
    numbers, codes = rows_of(3, [])
    answers = net.eval()(numbers, codes)
    assert answers.shape == (64, 4, 2)
    spread = answers.std(dim=1)
    assert spread.min() > 0


def test_a_share_of_the_units_rests_while_it_learns() -> None:
    numbers, codes = rows_of(3, [3])
    for kind in (MLP, TabM, FTTransformer):
        net = made(kind, 3, [3])
        assert torch.equal(net(numbers, codes), net(numbers, codes))
        net.train()
        assert not np.allclose(net(numbers, codes).detach(), net(numbers, codes).detach())
