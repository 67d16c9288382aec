"""What a network that makes rows is to the loop that teaches it."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from rebal_core.nn.generators.parts import Blocks, Shape
from rebal_core.rows import Floats, Ints

#: Normal scores lie within.
FARTHEST = 4.0


@dataclass(frozen=True)
class Batch:
    """Real rows to learn from.

    Parameters
    ----------
    places : Tensor of shape (n, p)
    codes : Tensor of shape (n, blocks), int64
    y : Tensor of shape (n,), int64
    asked : Tensor of shape (n,), int64
        The block whose value of the row is asked for.
    """

    places: Tensor
    codes: Tensor
    y: Tensor
    asked: Tensor

    def __len__(self) -> int:
        return len(self.y)


class Learner(nn.Module):
    """Base of networks that make rows.

    Attributes
    ----------
    maker : nn.Module
        The part that makes rows; its averaged weights are what is kept.
    modes : int
        Stretches into which it has numbers cut, beside values that many rows share;
        0 for a place alone.
    own : bool
        Whether the stretches are those of each class, else of all rows.
    by_value : bool
        Whether rows are drawn by one value of theirs, rare ones more often.
    slack : float
        How much less than the best round a later one may be worth and be kept: so much is chance,
        where what is learned gets better as long as the rate falls.
    """

    maker: nn.Module
    modes: ClassVar[int] = 1
    own: ClassVar[bool] = False
    by_value: ClassVar[bool] = False
    slack: ClassVar[float] = 0.0

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.blocks = Blocks(shape)

    def look(self, codes: Tensor, y: Tensor) -> None:
        """See all rows before the first step: their codes, (n, blocks), and classes, (n,)."""

    @abstractmethod
    def optimizers(self) -> list[torch.optim.Optimizer]:
        """Return what changes its weights, once."""

    @abstractmethod
    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Learn from some rows; return losses, among them ``loss``."""

    @abstractmethod
    def made(self, y: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Return places and codes of new rows.

        Parameters
        ----------
        y : Tensor of shape (n,)
            Their classes.
        wanted : Tensor of shape (n, width)
            Indicator of one value that each should have; who cannot ask for one leaves it.
        """

    def beside(self, y: Tensor, given: Mapping[int, Tensor]) -> tuple[Tensor, Tensor]:
        """Return places and codes of new rows around codes of blocks that are given, (n,) each."""
        raise NotImplementedError(f"{type(self).__name__} makes whole rows only")

    def kinds(self, y: Tensor) -> Tensor:
        """Return indicators of classes, (n, classes)."""
        return one_hot(y, self.shape.classes).float()


def scored(places: Tensor) -> Tensor:
    """Return normal scores of places of equal share."""
    return (math.sqrt(2) * torch.erfinv(places)).clamp(-FARTHEST, FARTHEST)


def placed(scores: Tensor) -> Tensor:
    """Return the places of normal scores."""
    return torch.erf(scores / math.sqrt(2))


class Draws:
    """Which rows a step learns from: of rare classes more often, by the root of their rows.

    With `by_value`, each row is drawn by one of its blocks, and there by the logarithm of how many
    rows of its class have its value (training by sampling).

    Parameters
    ----------
    codes : ndarray of shape (n, blocks)
    y : ndarray of shape (n,)
    by_value : bool

    References
    ----------
    Xu, Skoularidou, Cuesta-Infante & Veeramachaneni (2019), Modeling tabular data using conditional
    GAN, arXiv 1907.00503.
    """

    def __init__(self, codes: Ints, y: Ints, by_value: bool) -> None:
        counts = np.bincount(y)
        self.members = [np.flatnonzero(y == k) for k in range(len(counts))]
        self.shares = np.sqrt(counts) / np.sqrt(counts).sum()
        self.blocks = codes.shape[1]
        self.sums: list[list[Floats]] = []
        if by_value:
            self.sums = [[_by_logarithm(c) for c in codes[rows].T] for rows in self.members]

    def take(self, size: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Return rows, and of each the block by which it was drawn, shape (size,) each."""
        kinds = rng.choice(len(self.members), size, p=self.shares)
        blocks = rng.integers(0, self.blocks, size)
        chance, rows = rng.random(size), np.empty(size, dtype=np.int64)
        group = kinds * self.blocks + blocks if self.sums else kinds
        order = np.argsort(group, kind="stable")
        for part in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
            members = self.members[kinds[part[0]]]
            if self.sums:
                sums = self.sums[kinds[part[0]]][blocks[part[0]]]
                at = np.searchsorted(sums, chance[part] * sums[-1], side="right")
            else:
                at = (chance[part] * len(members)).astype(np.int64)
            rows[part] = members[np.minimum(at, len(members) - 1)]
        return rows, blocks


def _by_logarithm(codes: Ints) -> Floats:
    """Return cumulated weights of rows: all of a value have the logarithm of their number."""
    if not codes.size:
        return np.zeros(0)
    counts = np.bincount(codes)
    return np.cumsum((np.log1p(counts) / np.maximum(counts, 1))[codes])
