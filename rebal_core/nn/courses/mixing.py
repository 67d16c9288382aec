"""Courses in which a network never sees quite the rows that there are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rebal_core.nn import mixing
from rebal_core.nn.course import Course, Taught
from rebal_core.nn.losses import soft_cross_entropy
from rebal_core.nn.net import Net
from rebal_core.nn.ranges import ranges
from rebal_core.nn.rows import Rows


class Softened(Course):
    """By labels that belong to several classes in part.

    A subclass says in :meth:`seen` what the network answers and what it should have answered.
    """

    stepwise = True

    def start(self, epoch: int) -> None:
        """Count anew what is soft."""
        self.rows, self.soft = 0, torch.zeros(())

    @abstractmethod
    def seen(self, net: Net, rows: Rows) -> tuple[Tensor, Tensor]:
        """Return logits, and the class shares of their rows, shape (n, K), times their weights."""

    def loss(self, net: Net, rows: Rows) -> Tensor:
        """Return the cross-entropy towards the shares, divided by the number of rows."""
        logits, targets = self.seen(net, rows)
        with torch.no_grad():
            most = targets.amax(dim=1) / targets.sum(dim=1).clamp_min(1e-12)
            self.rows, self.soft = self.rows + len(rows), self.soft + (1 - most).sum().cpu()
        return self.each(logits, targets).mean()

    def losses(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the loss of each row, from logits (n, K) and class shares (n, K)."""
        return soft_cross_entropy(logits, y)

    def told(self) -> Mapping[str, Any]:
        """Return which part of the labels was not that of the most probable class."""
        return {"soft": float(self.soft) / max(self.rows, 1)}

    def _labels(self, rows: Rows) -> Tensor:
        """Return a one in the class of each row, shape (n, K)."""
        return one_hot(rows.y, self.taught.n_classes).to(rows.numbers.dtype)


class Mixup(Softened):
    """By rows between two rows of a batch, whose labels and weights are mixed in the same parts.

    They are mixed where the network has made points of them, so that categories are mixed too.

    Parameters
    ----------
    alpha : float
        See :func:`rebal_core.nn.mixing.mixup`; 0 mixes nothing.
    lean : bool
        Whether what is mostly rare counts as wholly rare (Remix).

    References
    ----------
    Zhang, Cissé, Dauphin, Lopez-Paz (2018), mixup: beyond empirical risk minimization, ICLR;
    Verma et al. (2019), Manifold mixup, ICML, for mixing what is embedded; Chou, Chang, Pan, Wei,
    Juan (2020), Remix: rebalanced mixup, ECCV workshops.
    """

    def __init__(self, alpha: float = 0.2, lean: bool = False) -> None:
        self.alpha, self.lean = alpha, lean

    def seen(self, net: Net, rows: Rows) -> tuple[Tensor, Tensor]:
        """Return the answers to mixed rows, and what they are mixed of."""
        points = net.embed(rows.numbers, rows.codes)
        targets = self._labels(rows) * rows.weight[:, None]
        if self.alpha:
            sizes = self.taught.counts[rows.y] if self.lean else None
            draws = torch.default_generator
            points, targets = mixing.mixup(points, targets, self.alpha, draws, sizes)
        return net.head(net.body(points)), targets


class FeatureNoise(Softened):
    """By rows with noise in their numbers, some categories of others, and labels less than sure.

    A shaken row could be another, so a part of its label is that of any row: the class shares.
    (The same part for all classes, as in label smoothing, would make rare ones more frequent.)

    Parameters
    ----------
    sd : float
        Of the noise, in standard deviations of the column.
    swaps : float
        Part of the categories that are those of another row of the batch.
    soften : float
        Part of a label that is that of any row.

    References
    ----------
    Bishop (1995), Training with noise is equivalent to Tikhonov regularization, Neural
    Computation 7.
    """

    def __init__(self, sd: float = 0.1, swaps: float = 0.05, soften: float = 0.05) -> None:
        self.sd, self.swaps, self.soften = sd, swaps, soften

    def begin(self, taught: Taught) -> None:
        """Measure the columns."""
        super().begin(taught)
        self.width = self.sd * ranges(taught.source).unit

    def seen(self, net: Net, rows: Rows) -> tuple[Tensor, Tensor]:
        """Return the answers to shaken rows, and their softened labels."""
        numbers, codes, draws = rows.numbers, rows.codes, torch.default_generator
        if self.sd:
            numbers = mixing.feature_noise(numbers, self.width.to(numbers), draws)
        if self.swaps:
            codes = mixing.swap_noise(codes, self.swaps, draws)
        labels = torch.lerp(self._labels(rows), self.taught.shares.to(numbers), self.soften)
        return net(numbers, codes), labels * rows.weight[:, None]
