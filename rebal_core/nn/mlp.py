"""A multilayer perceptron for tables."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rebal_core.nn.embeddings import Columns
from rebal_core.nn.net import Net


class MLP(Net):
    """Columns as points, each coordinate weighed, through a few hidden layers.

    Parameters
    ----------
    width : int
        Number columns.
    cardinalities : list of int
        Codes of each category column run from 0, which is missing or unknown, to cardinality - 1.
    n_classes : int
    hidden, depth : int
        Units of a hidden layer, and how many layers.
    dropout : float

    References
    ----------
    Holzmüller, Grinsztajn & Steinwart (2024), Better by default, arXiv 2407.04491.
    """

    def __init__(
        self,
        width: int,
        cardinalities: list[int],
        n_classes: int,
        hidden: int = 128,
        depth: int = 2,
        dropout: float = 0.05,
    ) -> None:
        super().__init__()
        self.columns = Columns(width, cardinalities)
        inputs = sum(self.columns.sizes)
        self.weight = nn.Parameter(torch.ones(inputs))
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [nn.Linear(inputs, hidden), nn.Mish(), nn.Dropout(dropout)]
            inputs = hidden
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(inputs, n_classes)

    def look(self, numbers: Tensor) -> None:
        """Take scale and knots of the numbers."""
        self.columns.numbers.look(numbers)

    def embed(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Return points, shape (n, d)."""
        points: Tensor = self.columns(numbers, codes)
        return points

    def body(self, embedded: Tensor) -> Tensor:
        """Return what the head answers on, shape (n, hidden)."""
        hidden: Tensor = self.layers(self.weight * embedded)
        return hidden
