"""Courses by another loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from rebal_core.nn import losses
from rebal_core.nn.course import Course, Shifted, Taught
from rebal_core.nn.net import CosineHead, Net
from rebal_core.nn.rows import Rows


class Weighted(Shifted):
    """By a cross-entropy, or focal loss, in which each class has a weight.

    A batch's mean is over its weights, so that one of many rare rows makes no larger step.

    Parameters
    ----------
    power : float
        Weights are ``N_k ** -power``, scaled to a mean of 1 over the rows; or
    beta : float, optional
        ``(1 - beta) / (1 - beta ** N_k)``, scaled to sum K.
    focus : float
        Of the focal loss; 0 is the cross-entropy.

    References
    ----------
    Cui, Jia, Lin, Song, Belongie (2019), Class-balanced loss based on effective number of samples,
    CVPR.
    """

    def __init__(self, power: float = 1.0, beta: float | None = None, focus: float = 0.0) -> None:
        super().__init__(focus)
        self.power, self.beta = power, beta

    def begin(self, taught: Taught) -> None:
        """Weigh the classes by their rows."""
        super().begin(taught)
        counts = taught.counts
        if self.beta is None:
            weights = counts**-self.power
            self.weights = weights / (weights * counts).sum() * counts.sum()
        else:
            self.weights = effective_weights(counts, self.beta)

    def first(self) -> Tensor:
        """Return the logits of the weighted class shares."""
        return super().first() + self.weights.double().cpu().log()

    def loss(self, net: Net, rows: Rows) -> Tensor:
        """Return the weighted mean of the losses, divided by the weights."""
        weight = self.weights[rows.y] * rows.weight
        return (self.each(net(rows.numbers, rows.codes), rows.y) * weight).sum() / weight.sum()

    def spoken(self, logits: Tensor) -> Tensor:
        """Return the logits without the weights."""
        return super().spoken(logits) - self.weights.to(logits).log()


class Ldam(Course):
    """By label-distribution-aware margins, and by class weights as well once they are due.

    The last layer answers cosines, of which the true class must win by ``C / N_k ** (1/4)``.

    Parameters
    ----------
    most : float
        Margin of the rarest class.
    beta : float
        Of the weights, by the effective number of rows.
    due : float
        Part of the epochs after which the rows weigh.

    References
    ----------
    Cao, Wei, Gaidon, Arechiga, Ma (2019), Learning imbalanced datasets with
    label-distribution-aware margin loss, NeurIPS 32.
    """

    stepwise = True

    def __init__(self, most: float = 0.5, beta: float = 0.9999, due: float = 0.8) -> None:
        self.most, self.beta, self.due, self.settled = most, beta, due, due

    def begin(self, taught: Taught) -> None:
        """Give the network a last layer of directions."""
        super().begin(taught)
        taught.net.take_head("cosine")
        head = taught.net.head.to(taught.source.device)
        assert isinstance(head, CosineHead)
        self.scale = float(head.scale)
        self.margins = losses.ldam_margins(taught.counts, self.most)
        self.later = effective_weights(taught.counts, self.beta)
        self.weights = torch.ones_like(self.later)

    def start(self, epoch: int) -> None:
        """Weigh the rows once it is due."""
        if epoch >= self.taught.begins(self.due):
            self.weights = self.later

    def loss(self, net: Net, rows: Rows) -> Tensor:
        """Return the weighted mean of the losses, divided by the weights."""
        weight = self.weights[rows.y] * rows.weight
        return (self.each(net(rows.numbers, rows.codes), rows.y) * weight).sum() / weight.sum()

    def told(self) -> Mapping[str, Any]:
        """Return the weights of the classes."""
        return {"weights": self.weights.tolist()}

    def losses(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the loss of each row by margins; the logits are scaled cosines."""
        return losses.ldam(logits / self.scale, y, self.margins, self.scale)

    def spoken(self, logits: Tensor) -> Tensor:
        """Return the logits without the weights; what margins bend stays."""
        return logits - self.weights.to(logits).log()


class Smoothed(Course):
    """By labels that hold for ``1 - epsilon`` only, the rest of all classes alike.

    References
    ----------
    Szegedy, Vanhoucke, Ioffe, Shlens, Wojna (2016), Rethinking the Inception architecture, CVPR.
    """

    def __init__(self, epsilon: float = 0.1) -> None:
        self.epsilon = epsilon

    def losses(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the smoothed loss of each row."""
        return losses.label_smoothing(logits, y, self.epsilon)

    def spoken(self, logits: Tensor) -> Tensor:
        """Return what the answers mean: ``p = (1 - epsilon) eta + epsilon / K``, turned round."""
        floor = self.epsilon / logits.shape[1]
        return (logits.softmax(dim=1) - floor).clamp_min(1e-6).log()


class Matched(Course):
    """By the cross-entropy, and by how far the mean answer of a batch is from the class shares."""

    def __init__(self, strength: float = 1.0) -> None:
        self.strength = strength

    def mean(self, logits: Tensor, rows: Rows) -> Tensor:
        """Return the mean loss of a batch and what its mean answer adds."""
        flat = logits.reshape(-1, logits.shape[-1])
        added = losses.prior_matching(flat, self.taught.shares, self.strength)
        return super().mean(logits, rows) + added


def effective_weights(counts: Tensor, beta: float) -> Tensor:
    """Return ``(1 - beta) / (1 - beta ** N_k)`` of each class, scaled to sum K, shape (K,)."""
    double = counts.double()
    # 1 - beta ** n without the loss of digits where beta is near 1.
    seen = -torch.expm1(double * math.log(beta)) if beta > 0 else torch.ones_like(double)
    return (1 / seen / (1 / seen).sum() * len(seen)).to(counts)
