"""How a network is taught: which rows an epoch takes, and what is lost on a batch of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from rebal_core import focal
from rebal_core.nn import losses
from rebal_core.nn.net import Net
from rebal_core.nn.rows import Rows, Source


@dataclass(frozen=True)
class Taught:
    """What a course may know of its task.

    Parameters
    ----------
    source : Source
        The rows that are learned from.
    net : Net
        Untrained, or as an earlier course left it.
    n_classes : int
        K of the classes that are there.
    epochs : int
        At most so many.
    held : Source, optional
        Rows that the epoch is chosen by: to tell of, never to learn from.
    unlabelled : Source, optional
        Rows whose labels say nothing.
    """

    source: Source
    net: Net
    n_classes: int
    epochs: int
    held: Source | None = None
    unlabelled: Source | None = None

    @property
    def counts(self) -> Tensor:
        """Rows of each class, shape (K,), float32, on the device."""
        counts = torch.bincount(self.source.y, minlength=self.n_classes)
        return counts.to(self.source.device, torch.float32)

    def begins(self, part: float) -> int:
        """Return the first epoch, from 0, after a part of all: one at least is left, but after 1.

        Else what is due late would never come in few epochs, and nobody would know.
        """
        return self.epochs if part >= 1 else min(round(part * self.epochs), self.epochs - 1)

    @property
    def shares(self) -> Tensor:
        """Shares of the classes by the weights of their rows, shape (K,), on the device."""
        mass = torch.bincount(self.source.y, self.source.weight, minlength=self.n_classes)
        return (mass / mass.sum()).to(self.source.device, torch.float32)


class Course:
    """The usual course: all rows in random order, by weighted cross-entropy.

    A course of its own overrides what it does otherwise, in one place: :meth:`losses` where it is a
    loss, :meth:`loss` where it changes what the network sees, :meth:`order` where it takes other
    rows, :meth:`after` where it learns from how far the network is.

    Attributes
    ----------
    before : tuple of Course
        Taught first, on the same network.
    share : float
        Part of the epochs that it takes at most, after those of the courses before it.
    stops : bool
        Whether it may end early on the held rows.
    chosen : bool
        Whether it ends in the state of the best epoch, by the held rows; else of the last.
    stepwise : bool
        Whether it moves or draws as it goes. A solver that sees all rows at once would meet it as
        it begins: Adam takes its place then, with the same L2.
    settled : float
        Part of the epochs before which no state is kept and nothing ends: it is still to change
        what it does.
    """

    before: tuple[Course, ...] = ()
    share: float = 1.0
    stops: bool = True
    chosen: bool = True
    stepwise: bool = False
    settled: float = 0.0
    taught: Taught

    def begin(self, taught: Taught) -> None:
        """Get ready; draws come from torch's own generator, which is seeded."""
        self.taught = taught

    def parts(self, net: Net) -> Iterable[tuple[Iterable[nn.Parameter], float]]:
        """Return the parameters that it trains, in groups, each with a factor of the rate."""
        return [(net.parameters(), 1.0)]

    def rate(self, done: float) -> float:
        """Return what the rate is multiplied by, once a part of its steps is done."""
        return 1.0

    def first(self) -> Tensor:
        """Return the logits, shape (K,), of a network that knows the class shares alone."""
        return self.taught.shares.clamp_min(1e-6).log()

    def start(self, epoch: int) -> None:
        """Get ready for an epoch, from 0."""

    def order(self) -> Tensor:
        """Return the places of an epoch's rows in order, shape (m,), on the CPU."""
        return torch.randperm(len(self.taught.source))

    def loss(self, net: Net, rows: Rows) -> Tensor:
        """Return what is lost on a batch, a scalar."""
        return self.mean(net(rows.numbers, rows.codes), rows)

    def mean(self, logits: Tensor, rows: Rows) -> Tensor:
        """Return the weighted mean of the losses of rows; divided by their number.

        Parameters
        ----------
        logits : Tensor of shape (n, K), or (n, members, K)
        rows : Rows
        """
        return (self.each(logits, rows.y) * rows.weight).mean()

    def each(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the loss of each row, shape (n,), its members' mean where there are several.

        Labels are of whatever shape :meth:`losses` takes, a row of them for each row.
        """
        if logits.ndim == 2:
            return self.losses(logits, y)
        n, members, k = logits.shape
        # (n, members, K) -> (n * members, K)
        flat = self.losses(logits.reshape(n * members, k), y.repeat_interleave(members, dim=0))
        return flat.reshape(n, members).mean(dim=1)

    def losses(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the loss of each row, shape (n,), from logits (n, K) and labels (n,)."""
        return cross_entropy(logits, y, reduction="none")

    def spoken(self, logits: Tensor) -> Tensor:
        """Return logits that speak of the classes as the held rows hold them, shape (n, K)."""
        return logits

    def after(self, epoch: int, net: Net) -> None:
        """Learn from how far the network is, after an epoch."""

    def end(self, net: Net) -> None:
        """Tell of the network as it is handed on, in :class:`rebal_core.model.FitNote`."""

    def told(self) -> Mapping[str, Any]:
        """Return what is to be seen of the last epoch, plain values by name."""
        return {}

    def state(self) -> dict[str, Any]:
        """Return what the next epoch depends on, tensors and plain values."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what :meth:`state` returned."""


class Shifted(Course):
    """A course by one or both of the losses that have a closed form for what they bend.

    Parameters
    ----------
    focus : float
        The loss is ``-(1 - p_y) ** focus log p_y``; 0 is the cross-entropy.
    offset : ndarray of shape (K,), optional
        Added to the logits while it learns only.
    """

    def __init__(self, focus: float = 0.0, offset: NDArray[np.float64] | None = None) -> None:
        self.focus, self._offset = focus, offset

    def begin(self, taught: Taught) -> None:
        """Get ready."""
        super().begin(taught)
        offset = np.zeros(taught.n_classes) if self._offset is None else self._offset
        self.offset = torch.tensor(offset, dtype=torch.float32, device=taught.source.device)

    def first(self) -> Tensor:
        """Return the logits whose loss is least where nothing is known but the class shares."""
        shares = self.taught.shares.double().cpu().numpy()
        start = focal.start(np.maximum(shares, 1e-12) / shares.sum(), self.focus)
        return torch.tensor(start) - self.offset.double().cpu()

    def losses(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the focal loss of the shifted logits of each row."""
        if not self.focus:
            return super().losses(logits + self.offset, y)
        return losses.focal(logits + self.offset, y, self.focus)

    def spoken(self, logits: Tensor) -> Tensor:
        """Return what the shifted logits mean."""
        shifted = logits + self.offset.to(logits)
        if not self.focus:
            return shifted
        p = focal.recovered(shifted.softmax(dim=1).numpy(), self.focus)
        return torch.from_numpy(np.log(np.maximum(p, 1e-300)))
