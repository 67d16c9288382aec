"""FT-Transformer: attention between the columns of a row."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from rebal_core.nn.embeddings import PiecewiseLinear
from rebal_core.nn.net import Net


class Attention(nn.Module):
    """Tokens that ask, answered by a mean over tokens weighted by likeness, for each head.

    Parameters
    ----------
    size : int
        Of a token; each of the heads works on ``size / heads`` of it.
    heads : int
    dropout : float
        Part of the likenesses that rest meanwhile.

    References
    ----------
    Vaswani et al. (2017), Attention is all you need, arXiv 1706.03762.
    """

    def __init__(self, size: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if size % heads:
            raise ValueError(f"{heads} heads cannot share a token of {size} numbers evenly.")
        self.heads, self.dropout = heads, dropout
        self.ask = nn.Linear(size, size)
        self.offer = nn.Linear(size, 2 * size)
        self.join = nn.Linear(size, size)

    def forward(self, asking: Tensor, tokens: Tensor) -> Tensor:
        """Return answers, shape (n, a, size).

        Parameters
        ----------
        asking : Tensor of shape (n, a, size)
        tokens : Tensor of shape (n, t, size)
        """
        key, value = self.offer(tokens).chunk(2, dim=-1)
        # (n, length, size) -> (n, heads, length, size / heads)
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in (self.ask(asking), key, value)
        )
        dropout = self.dropout if self.training else 0.0
        # Likenesses are divided by the root of size / heads, else the softmax saturates.
        answers = scaled_dot_product_attention(query, key, value, dropout_p=dropout)
        joined: Tensor = self.join(answers.transpose(1, 2).flatten(2))  # (n, a, size)
        return joined


class Layer(nn.Module):
    """Attention, then two linear layers on each token; both normalise before, and add to it.

    Parameters
    ----------
    size, heads : int
    dropout : float
    """

    def __init__(self, size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(size, heads, dropout)
        self.before = nn.LayerNorm(size)
        self.think = nn.Sequential(
            nn.LayerNorm(size),
            nn.Linear(size, 2 * size),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(2 * size, size),
        )

    def forward(self, tokens: Tensor, asking: int | None = None) -> Tensor:
        """Return the first ``asking`` tokens (all without) after the layer."""
        normal = self.before(tokens)
        tokens = tokens[:, :asking] + self.attention(normal[:, :asking], normal)
        thought: Tensor = tokens + self.think(tokens)
        return thought


class FTTransformer(Net):
    """A token for each column and one for the whole row, which asks the others what they hold.

    Parameters
    ----------
    width : int
        Number columns.
    cardinalities : list of int
        Codes of each category column run from 0, which is missing or unknown, to cardinality - 1.
    n_classes : int
    size : int
        Of a token.
    heads : int
        Attentions beside each other in a layer; ``size`` is divisible by it.
    depth : int
        Layers.
    dropout : float

    References
    ----------
    Gorishniy, Rubachev, Khrulkov & Babenko (2021), Revisiting deep learning models for tabular
    data, arXiv 2106.11959.
    """

    def __init__(
        self,
        width: int,
        cardinalities: list[int],
        n_classes: int,
        size: int = 64,
        heads: int = 4,
        depth: int = 2,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.numbers = PiecewiseLinear(width, size)
        self.categories = nn.ModuleList(nn.Embedding(codes, size) for codes in cardinalities)
        self.row = nn.Parameter(torch.zeros(size))
        self.layers = nn.ModuleList(Layer(size, heads, dropout) for _ in range(depth))
        self.normal = nn.LayerNorm(size)
        self.head = nn.Linear(size, n_classes)

    def look(self, numbers: Tensor) -> None:
        """Take scale and knots of the numbers."""
        self.numbers.look(numbers)

    def embed(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Return a token for each column, shape (n, width + q, size)."""
        vectors = self.numbers(numbers)
        looked_up = [table(codes[:, j, None]) for j, table in enumerate(self.categories)]
        return torch.cat([vectors, *looked_up], dim=1)

    def body(self, embedded: Tensor) -> Tensor:
        """Return the token of the row, shape (n, size)."""
        tokens = torch.cat([self.row.expand(len(embedded), 1, -1), embedded], dim=1)
        *first, last = self.layers
        for layer in first:
            tokens = layer(tokens)
        token: Tensor = self.normal(last(tokens, asking=1)[:, 0])
        return token
