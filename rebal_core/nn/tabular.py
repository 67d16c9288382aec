"""A network for tables."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rebal_core.nn.net import Net


class TabularNet(Net):
    """Numbers and embedded categories through a few hidden layers.

    Parameters
    ----------
    width : int
        Number columns.
    cardinalities : sequence of int
        Codes of each category column run from 0 to cardinality - 1.
    n_classes : int
    hidden, depth : int
        Units of a hidden layer, and how many layers.
    dropout : float

    Notes
    -----
    Numbers are softly clipped to plus or minus 3 scales, so that one wild value does not carry
    the whole output (Holzmüller et al. 2024, Better by default, arXiv 2407.04491).
    """

    def __init__(
        self,
        width: int,
        cardinalities: list[int],
        n_classes: int,
        hidden: int = 128,
        depth: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        sizes = [min(50, (values + 1) // 2) for values in cardinalities]
        self.embeddings = nn.ModuleList(
            nn.Embedding(values, size) for values, size in zip(cardinalities, sizes, strict=True)
        )
        layers: list[nn.Module] = []
        inputs = width + sum(sizes)
        for _ in range(depth):
            layers += [nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(dropout)]
            inputs = hidden
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(inputs, n_classes)

    def embed(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Return clipped numbers and embedded categories, shape (n, inputs)."""
        clipped = numbers / torch.sqrt(1 + (numbers / 3) ** 2)
        embedded = [table(codes[:, j]) for j, table in enumerate(self.embeddings)]
        return torch.cat([clipped, *embedded], dim=1)

    def body(self, embedded: Tensor) -> Tensor:
        """Return what the head answers on, shape (n, hidden)."""
        found: Tensor = self.layers(embedded)
        return found
