"""The confidence of a network put right on rows that it did not learn from."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from torch import Tensor

from rebal_core.nn.course import Course
from rebal_core.nn.net import Net, averaged
from rebal_core.nn.rows import Source
from rebal_core.rows import Floats, Ints

#: How far the logarithm of a slope lies from 0 as a rule: few rows cannot say much else.
_USUAL = 0.3
#: A slope beyond is no calibration any more.
_MOST = 3.0
#: Rows at a time; it bounds memory, not the result.
_CHUNK = 16_384


@torch.no_grad()
def temper(net: Net, held: Source, course: Course, fewest: int) -> None:
    """Multiply the logits of a network by the slope under which held rows are foretold best.

    A network that is stopped where the refined loss is least may be too sure of itself by then; so
    it is calibrated afterwards. The slope goes into the last layer, so that nothing else changes.
    Where logits mean the classes as they are only once a course has shifted them, by class weights
    or by shares, it is the shifted ones that are multiplied: the same shift puts them right after.
    What is foretold of few rows hardly moves it. Left alone is what is put right elsewhere: a
    course that bends its answers, a convex loss, and cosines; and a class with fewer held rows than
    `fewest`.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger (2017), On calibration of modern neural networks, ICML; Berta,
    Holzmüller, Jordan, Bach (2025), arXiv 2501.19195.
    """
    y, logits = held.y.numpy(), _logits(net, held)
    rows = np.bincount(y, minlength=logits.shape[-1])
    if net.convex or net.head_kind != "linear" or rows.min() < fewest:
        return
    shift = _shift(course, averaged(logits))
    if shift is None:
        return
    slope = best_slope(logits + shift, y, held.weight.numpy())
    for parameter in net.head.parameters():
        parameter.mul_(slope)
    bias = net.head.bias
    assert isinstance(bias, Tensor)
    bias.add_(((slope - 1) * shift).to(bias))


def _shift(course: Course, answers: Tensor) -> Tensor | None:
    """Return what a course adds to the answers to any row, shape (K,); None where it bends them."""
    shift = course.spoken(answers) - answers
    even = bool(answers.isfinite().all()) and torch.allclose(shift, shift[:1], atol=1e-6)
    return shift[0] if even else None


def best_slope(logits: Tensor, y: Ints, weight: Floats) -> float:
    """Return what logits are best multiplied by, drawn towards 1.

    Parameters
    ----------
    logits : Tensor of shape (n, K), or (n, members, K)
    y : ndarray of shape (n,)
    weight : ndarray of shape (n,)
    """
    share, at = torch.tensor(weight / weight.sum()), torch.arange(len(y))
    labels = torch.tensor(y)

    def lost(log_slope: float) -> float:
        answers = averaged(logits * float(np.exp(log_slope))).log_softmax(dim=1)
        loss = -float(share.to(answers) @ answers[at, labels])
        return loss + (log_slope / _USUAL) ** 2 / (2 * len(y))

    found = minimize_scalar(lost, bounds=(-_MOST, _MOST), method="bounded")
    return float(np.exp(found.x))


def _logits(net: Net, held: Source) -> Tensor:
    """Return the logits of each member, (n, K) or (n, members, K), float64 on the CPU."""
    net.eval()
    kind, parts = next(net.parameters()).dtype, []
    for part in torch.arange(len(held)).split(_CHUNK):  # type: ignore[no-untyped-call]
        rows = held.take(part, kind)
        parts.append(net(rows.numbers, rows.codes).double().cpu())
    return torch.cat(parts)
