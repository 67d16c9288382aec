"""Rows moved to where a network errs on them most: their numbers, never their categories."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from rebal_core.nn.net import Net, averaged

#: Distances held at once while the nearest row is looked for.
_DISTANCES = 10_000_000


def fgsm(
    net: Net,
    numbers: Tensor,
    codes: Tensor,
    y: Tensor,
    epsilon: float | Tensor,
    lowest: Tensor,
    highest: Tensor,
) -> Tensor:
    """Return the numbers after one step of `epsilon` along the sign of the loss's slope in them.

    Parameters
    ----------
    net : Net
        Asked without dropout; it keeps its weights, its mode and its gradients.
    numbers : Tensor of shape (n, width)
        In the scale in which `epsilon` is meant.
    codes : Tensor of shape (n, q), int64
    y : Tensor of shape (n,), int64
        True labels, from which the attack leads away; a predicted label would lead a wrong row
        back.
    epsilon : float, or Tensor that broadcasts to (n, width)
        Largest move of a number; 0 leaves it.
    lowest, highest : Tensor of shape (width,)
        Observed range; what is made stays inside, whatever the move.

    Returns
    -------
    Tensor of shape (n, width)

    References
    ----------
    Goodfellow, Shlens, Szegedy (2015), Explaining and harnessing adversarial examples, ICLR.
    """
    near = _near(numbers, epsilon, lowest, highest)
    return _climbed(net, numbers, codes, y, near, step=epsilon, steps=1)


def pgd(
    net: Net,
    numbers: Tensor,
    codes: Tensor,
    y: Tensor,
    epsilon: float | Tensor,
    lowest: Tensor,
    highest: Tensor,
    generator: torch.Generator,
    steps: int = 7,
) -> Tensor:
    """Return the numbers after several steps of :func:`fgsm`, none further than `epsilon` away.

    It starts anywhere in that range, and steps ``2.5 epsilon / steps`` wide, so that it can reach
    the edge from everywhere.

    Parameters
    ----------
    net, numbers, codes, y, epsilon, lowest, highest
        As in :func:`fgsm`.
    generator : torch.Generator
        Of the start; the same on every device if it is one of the CPU.
    steps : int

    Returns
    -------
    Tensor of shape (n, width)

    References
    ----------
    Madry, Makelov, Schmidt, Tsipras, Vladu (2018), Towards deep learning models resistant to
    adversarial attacks, ICLR.
    """
    low, high = near = _near(numbers, epsilon, lowest, highest)
    drawn = torch.rand(numbers.shape, generator=generator, device=generator.device)
    start = low + drawn.to(numbers) * (high - low)
    return _climbed(net, start, codes, y, near, step=2.5 * epsilon / steps, steps=steps)


def rejected(made: Tensor, y: Tensor, real: Tensor, real_y: Tensor) -> Tensor:
    """Tell which rows have crossed over: a real row of another class is nearer than any of theirs.

    Parameters
    ----------
    made : Tensor of shape (n, width)
    y : Tensor of shape (n,)
    real : Tensor of shape (m, width)
    real_y : Tensor of shape (m,)

    Returns
    -------
    Tensor of shape (n,), bool
    """
    crossed = torch.zeros(len(made), dtype=torch.bool, device=made.device)
    for label in y.unique():  # type: ignore[no-untyped-call]
        theirs, rows = real_y == label, y == label
        own, other = (_nearest(made[rows], real[side]) for side in (theirs, ~theirs))
        crossed[rows] = other < own
    return crossed


def _nearest(points: Tensor, real: Tensor) -> Tensor:
    """Return the distance of each point to the nearest real row; endless where there is none."""
    found = points.new_full((len(points),), torch.inf)
    chunk = max(1, _DISTANCES // max(1, len(real)))
    for start in range(0, len(points) if len(real) else 0, chunk):
        rows = slice(start, start + chunk)
        # Not by products: moves are small beside the numbers, and their digits would be lost.
        away = torch.cdist(points[rows], real, compute_mode="donot_use_mm_for_euclid_dist")
        found[rows] = away.amin(dim=1)
    return found


def _near(
    numbers: Tensor, epsilon: float | Tensor, lowest: Tensor, highest: Tensor
) -> tuple[Tensor, Tensor]:
    """Return from where to where each number may be moved."""
    return torch.maximum(numbers - epsilon, lowest), torch.minimum(numbers + epsilon, highest)


def _climbed(
    net: Net,
    numbers: Tensor,
    codes: Tensor,
    y: Tensor,
    near: tuple[Tensor, Tensor],
    step: float | Tensor,
    steps: int,
) -> Tensor:
    """Step along the sign of the slope, each time back into reach."""
    with _asked(net), torch.enable_grad():
        for _ in range(steps):
            moved = numbers.detach().requires_grad_()
            loss = -_log_probability(net(moved, codes), y).sum()
            (slope,) = torch.autograd.grad(loss, moved)
            numbers = torch.clamp(moved.detach() + step * slope.sign(), *near)
    return numbers


def _log_probability(logits: Tensor, y: Tensor) -> Tensor:
    """Return the log probability of the label, shape (n,)."""
    return averaged(logits).log_softmax(dim=1).gather(1, y[:, None])[:, 0]


@contextmanager
def _asked(net: Net) -> Iterator[None]:
    """Put the network into the mode in which it is asked; each part is in its own afterwards."""
    modes = [(part, part.training) for part in net.modules()]
    net.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode
