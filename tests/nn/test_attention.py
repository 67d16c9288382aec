"""Attention between the columns of a row, against its formula."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from rebal_core.nn.ft_transformer import Attention, FTTransformer


def through(layer: nn.Linear, x: NDArray[np.float64]) -> NDArray[np.float64]:
    return x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()


def by_formula(
    attention: Attention, asking: NDArray[np.float64], tokens: NDArray[np.float64], root: float
) -> NDArray[np.float64]:
    """One row: softmax(q k' / root) v of each head, joined."""
    query = through(attention.ask, asking)
    key, value = np.split(through(attention.offer, tokens), 2, axis=1)
    each = []
    heads = (np.split(part, attention.heads, axis=1) for part in (query, key, value))
    for q, k, v in zip(*heads, strict=True):
        likeness = np.exp(q @ k.T / root)
        each.append(likeness / likeness.sum(axis=1, keepdims=True) @ v)
    return through(attention.join, np.hstack(each))


def test_it_is_the_published_formula_on_each_row() -> None:
    torch.manual_seed(0)
    attention = Attention(12, 3).double()
    tokens = 3 * torch.randn(4, 5, 12, dtype=torch.float64)
    given = attention(tokens[:, :2], tokens).detach().numpy()
    for row, answer in zip(tokens.numpy(), given, strict=True):
        assert np.allclose(answer, by_formula(attention, row[:2], row, root=4**0.5))
        for wrong in (1.0, 12**0.5, 4.0):
            assert not np.allclose(answer, by_formula(attention, row[:2], row, wrong), atol=1e-3)
        alone = by_formula(attention, row[:1], row[:1], root=4**0.5)
        assert not np.allclose(answer[:1], alone, atol=1e-3), "only one token was looked at"


@pytest.mark.parametrize(("width", "cardinalities"), [(3, [3, 4]), (1, []), (0, [2])])
def test_every_column_is_a_token_beside_that_of_the_row(
    width: int, cardinalities: list[int]
) -> None:
    net = FTTransformer(width, cardinalities, 2, size=8, heads=2, depth=3).eval()
    seen = []
    for layer in net.layers:
        layer.attention.register_forward_hook(
            lambda _, given, answer: seen.append((given[0].shape[1], given[1].shape[1]))
        )
    codes = torch.zeros((6, len(cardinalities)), dtype=torch.int64)
    net(torch.randn(6, width), codes)
    columns = width + len(cardinalities)
    # Of the last layer only the token of the row is needed.
    assert seen == [(columns + 1, columns + 1)] * 2 + [(1, columns + 1)]


def test_the_last_layer_gives_the_row_what_it_would_give_all() -> None:
    torch.manual_seed(0)
    layer = FTTransformer(2, [], 2, size=8, heads=2).layers[0].eval()
    tokens = torch.randn(5, 4, 8)
    assert torch.allclose(layer(tokens, asking=1), layer(tokens)[:, :1], atol=1e-6)


def test_heads_must_share_a_token_evenly() -> None:
    with pytest.raises(ValueError, match="5 heads cannot share a token of 64 numbers evenly"):
        FTTransformer(2, [], 2, size=64, heads=5)
