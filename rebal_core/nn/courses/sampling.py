"""Courses that draw the rows of an epoch class by class, and whose answers stay what they are."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from rebal_core.nn.course import Course, Taught


class Drawn(Course):
    """Take so many rows of each class; the logits speak of the classes as the table holds them.

    Rows of class k that stand ``m_k / n_k`` times in an epoch are learned from by the cross-entropy
    of ``logits + log(m_k / n_k)``: the logits alone then mean the natural shares, whatever the mix
    is, and was in the epoch that is kept.
    """

    stepwise = True

    @abstractmethod
    def power(self, epoch: int) -> float:
        """Return q of an epoch: class k has a part of the rows proportional to ``n_k ** q``."""

    @abstractmethod
    def places(self, rows: int) -> Tensor:
        """Return where rows of one class stand in an epoch, from 0 to 1, shape (rows,)."""

    def begin(self, taught: Taught) -> None:
        """Learn which rows are whose."""
        super().begin(taught)
        y = taught.source.y
        self.members = [(y == k).nonzero()[:, 0] for k in range(taught.n_classes)]

    def start(self, epoch: int) -> None:
        """Set the mix of an epoch."""
        self.counts = torch.tensor([len(own) for own in self.members], dtype=torch.float64)
        self.drawn = mixed(self.counts, self.power(epoch))
        offset = (self.drawn / self.counts).log()
        self.offset = offset.to(self.taught.source.device, torch.float32)

    def order(self) -> Tensor:
        """Return the rows of an epoch; each as often as any other of its class, or once more."""
        if torch.equal(self.drawn, self.counts):
            return super().order()
        rows = [repeated(own, int(m)) for own, m in zip(self.members, self.drawn, strict=True)]
        places = torch.cat([self.places(len(some)) for some in rows])
        return torch.cat(rows)[places.argsort(stable=True)]

    def losses(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the cross-entropy by the shares of the epoch."""
        return super().losses(logits + self.offset, y)


def repeated(own: Tensor, m: int) -> Tensor:
    """Return m of some rows in random order, each as often as another, or once more."""
    times, rest = divmod(m, len(own))
    drawn = torch.cat([own.repeat(times), own[torch.randperm(len(own))[:rest]]])
    return drawn[torch.randperm(m)]


def mixed(counts: Tensor, power: float) -> Tensor:
    """Return as many rows in all, class k having a part proportional to ``n_k ** power``.

    Parameters
    ----------
    counts : Tensor of shape (K,), float64
    power : float
        1 leaves them as they are, 0 makes them equal, below 0 the rarest has most.

    Returns
    -------
    Tensor of shape (K,), float64
        Whole numbers, at least 1.
    """
    part = counts**power
    return (part / part.sum() * counts.sum()).round().clamp_min(1)


class Progressive(Drawn):
    """From the natural mix to a balanced one.

    Parameters
    ----------
    last : float
        q in the end; 1 stays natural.
    reached : float
        Part of the epochs after which it is.

    References
    ----------
    Kang et al. (2020), Decoupling representation and classifier for long-tailed recognition, ICLR:
    progressively-balanced sampling.
    """

    def __init__(self, last: float = 0.0, reached: float = 0.3) -> None:
        self.last, self.reached = last, reached
        self.settled = reached if last != 1 else 0.0

    def power(self, epoch: int) -> float:
        """Return q, which falls evenly to its last value."""
        moving = round(self.reached * self.taught.epochs)
        return self.last if epoch >= moving else 1 - (1 - self.last) * epoch / moving

    def places(self, rows: int) -> Tensor:
        """Return random places."""
        return torch.rand(rows)


class ClassAware(Drawn):
    """The same number of each class in every batch, whatever its size, but for one row.

    Parameters
    ----------
    even : float
        q: 0 is the same number of each class, 1 the natural mix in every batch.

    References
    ----------
    Shen, Lin, Huang (2016), Relay backpropagation for effective learning of deep convolutional
    neural networks, ECCV: class-aware sampling.
    """

    def __init__(self, even: float = 0.0) -> None:
        self.even = even

    def power(self, epoch: int) -> float:
        """Return q, always the same."""
        return self.even

    def places(self, rows: int) -> Tensor:
        """Return even places, so that each stretch of the epoch holds its part of the class."""
        return (torch.arange(rows, dtype=torch.float64) + 0.5) / rows
