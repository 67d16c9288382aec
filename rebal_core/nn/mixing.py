"""Rows that are mixed or shaken within a batch, while a network learns."""

from __future__ import annotations

import torch
from scipy.special import betaincinv
from torch import Tensor

#: Remix: how many times more frequent a class must be to give way, and up to which part of a row.
_GIVES_WAY, _UP_TO = 3.0, 0.5


def mixup(
    points: Tensor,
    targets: Tensor,
    alpha: float,
    generator: torch.Generator,
    sizes: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return each row mixed with another of the batch, its target in the same parts.

    Parameters
    ----------
    points : Tensor of shape (n, ...)
        Points between which lines make sense, as of :meth:`rebal_core.nn.net.Net.embed`.
    targets : Tensor of shape (n, K)
        Class shares of each row, for :func:`rebal_core.nn.losses.soft_cross_entropy`. Multiplied
        by the rows' weights they mix these, too.
    alpha : float
        Above 0. A row keeps a part drawn from Beta(alpha, alpha): .2 seldom mixes much, 1 evenly.
    generator : torch.Generator
    sizes : Tensor of shape (n,), optional
        Rows that the class of each row has in the table. If given, a mixture whose smaller part is
        of a class 3 times as frequent belongs to the rarer class alone (Remix).

    Returns
    -------
    points : Tensor of shape (n, ...)
    targets : Tensor of shape (n, K)

    Notes
    -----
    The part is drawn for each row, as the method is defined. The authors' own code draws one for
    a batch, which expects the same, but whole steps are then mixed much or hardly.

    References
    ----------
    Zhang, Cissé, Dauphin, Lopez-Paz (2018), mixup: beyond empirical risk minimization, ICLR;
    Chou, Chang, Pan, Wei, Juan (2020), Remix: rebalanced mixup, ECCV workshops, eq. 7.
    """
    n = len(points)
    mate = torch.randperm(n, generator=generator, device=generator.device).to(points.device)
    drawn = torch.rand(n, generator=generator, device=generator.device, dtype=torch.float64)
    part = torch.as_tensor(betaincinv(alpha, alpha, drawn.cpu().numpy())).to(points)
    share = part.to(targets)
    if sizes is not None:
        ratio = sizes / sizes[mate]
        share = share.masked_fill((ratio >= _GIVES_WAY) & (part < _UP_TO), 0.0)
        share = share.masked_fill((ratio <= 1 / _GIVES_WAY) & (1 - part < _UP_TO), 1.0)
    mixed = torch.lerp(points[mate], points, part.view(-1, *[1] * (points.ndim - 1)))
    return mixed, torch.lerp(targets[mate], targets, share[:, None])


def feature_noise(numbers: Tensor, sd: float | Tensor, generator: torch.Generator) -> Tensor:
    """Return numbers with Gaussian noise added, in the scale of the numbers.

    Parameters
    ----------
    numbers : Tensor of shape (n, width)
    sd : float, or Tensor of shape (width,)
    generator : torch.Generator

    Returns
    -------
    Tensor of shape (n, width)
    """
    drawn = torch.randn(numbers.shape, generator=generator, device=generator.device)
    return numbers + sd * drawn.to(numbers)


def swap_noise(values: Tensor, rate: float, generator: torch.Generator) -> Tensor:
    """Return values of which a part is replaced, each by that of another row in its column.

    So every value is one that occurs, as often as it does.

    Parameters
    ----------
    values : Tensor of shape (n, q)
        Category codes, or numbers.
    rate : float
        Part of the values that is replaced, 0 to 1.
    generator : torch.Generator

    Returns
    -------
    Tensor of shape (n, q)
    """
    n, device = len(values), generator.device
    if n < 2:
        return values
    further = torch.randint(1, n, values.shape, generator=generator, device=device)
    replaced = torch.rand(values.shape, generator=generator, device=device) < rate
    other = (torch.arange(n, device=device)[:, None] + further * replaced) % n
    return values.gather(0, other.to(values.device))
