"""Logistic regression as a network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rebal_core.nn.embeddings import OneHot
from rebal_core.nn.net import Net


class Logistic(Net):
    """One linear layer on numbers and an indicator of each category, missing ones included.

    Parameters
    ----------
    width : int
        Number columns.
    cardinalities : list of int
        Codes of each category column run from 0, which is missing or unknown, to cardinality - 1.
    n_classes : int
    """

    convex = True

    def __init__(self, width: int, cardinalities: list[int], n_classes: int) -> None:
        super().__init__()
        self.one_hot = OneHot(cardinalities)
        self.head = nn.Linear(width + self.one_hot.size, n_classes)

    def embed(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Return numbers and indicators, shape (n, d)."""
        return torch.cat([numbers, self.one_hot(codes, numbers)], dim=1)

    def body(self, embedded: Tensor) -> Tensor:
        """Return the same: nothing lies between the columns and the head."""
        return embedded
