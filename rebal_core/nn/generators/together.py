"""What columns of rows have together, compared between made and real rows."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from rebal_core.nn.generators.parts import WAVES, Shape, waves

#: What it costs, beside a loss of one, when made rows are apart from real ones.
APART = 30.0
#: Weight of the slowest wave where rows are compared; faster ones have less.
_SLOWEST = 1.2


class Together(nn.Module):
    """Compares rows by their codes, and by where these lie among the stretches of a number.

    Parameters
    ----------
    shape : Shape

    References
    ----------
    Li, Swersky & Zemel (2015), Generative moment matching networks, arXiv 1502.02761.
    """

    waves: Tensor
    weights: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.blocks = len(shape.sizes)
        self.register_buffer("waves", waves(shape), persistent=False)
        weights = (_SLOWEST / torch.arange(1, WAVES + 1)).repeat(shape.places)
        self.register_buffer("weights", weights, persistent=False)

    def apart(self, real: Tensor, made: Tensor, y: Tensor) -> Tensor:
        """Return how far apart rows are, for each block of codes.

        Parameters
        ----------
        real : Tensor of shape (n, width)
            Indicators.
        made : Tensor of shape (n, width)
            Probabilities, of rows of the same classes.
        y : Tensor of shape (n,)
        """
        return self.blocks * apartness(self._seen(real), self._seen(made), y)

    def _seen(self, hot: Tensor) -> Tensor:
        """Return what inner products are taken of; these are up to about 1."""
        seen = torch.cat([hot, hot @ self.waves * self.weights], dim=1)
        return seen / math.sqrt(self.blocks)


def apartness(real: Tensor, made: Tensor, y: Tensor) -> Tensor:
    """Return how far apart real and made rows are in what two and three columns have together.

    It is the squared distance of their means where an inner product is s^2 + s^3 of that of rows,
    by all pairs of different rows of a class, so that it is 0 on average where they are alike.

    Parameters
    ----------
    real, made : Tensor of shape (n, width)
        Rows of inner products up to about 1.
    y : Tensor of shape (n,)
    """
    same = (y.unsqueeze(1) == y).float().fill_diagonal_(0)
    same = same / same.sum(dim=1, keepdim=True).clamp_min(1)
    result: Tensor = (alike(made, made) - 2 * alike(made, real) + alike(real, real)) * same
    return result.sum() / len(y)


def alike(first: Tensor, second: Tensor) -> Tensor:
    """Return how alike rows are, (n, m)."""
    product = first @ second.T
    return product.square() * (1 + product)
