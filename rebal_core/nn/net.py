"""What a network on tables is: three parts, so that a course of training can reach between them."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize


class CosineHead(nn.Module):
    """A last layer of directions alone: it answers cosines, times one scale.

    Parameters
    ----------
    shape : tuple of int
        (K, d), or (members, K, d).
    scale : float
        What the cosines are multiplied by, so that the answers are logits.
    """

    scale: Tensor

    def __init__(self, shape: tuple[int, ...], scale: float = 30.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape) / shape[-1] ** 0.5)
        self.register_buffer("scale", torch.tensor(scale))

    def forward(self, features: Tensor) -> Tensor:
        """Return scaled cosines, (n, d) -> (n, K), or (n, members, d) -> (n, members, K)."""
        near = torch.einsum("...d,...kd->...k", normalize(features, dim=-1), self._directions)
        return self.scale * near

    @property
    def _directions(self) -> Tensor:
        return normalize(self.weight, dim=-1)


class Net(nn.Module):
    """A network on tables: its rows are embedded, then worked on, then answered.

    A course may mix or attack what :meth:`embed` gives, learn by what :meth:`body` gives, and train
    or replace the ``head`` alone.

    Attributes
    ----------
    members : int
        Answers that it gives a row, each trained as a network of its own; their probabilities are
        averaged.
    convex : bool
        Whether the cross-entropy has one least value: there is an end to come to.
    head : nn.Module
        The last layer; its answers are logits.
    """

    members: int = 1
    convex: ClassVar[bool] = False
    head: nn.Module

    def look(self, numbers: Tensor) -> None:
        """Take from the training rows, shape (n, width), what it scales numbers by; once."""

    @property
    def head_kind(self) -> str:
        """Kind of the last layer: ``linear``, or ``cosine``."""
        return "cosine" if isinstance(self.head, CosineHead) else "linear"

    def take_head(self, kind: str) -> None:
        """Replace the last layer by one of another kind, untrained; by one of the same: nothing.

        Raises
        ------
        ValueError
            When there is no such kind.
        """
        if kind == self.head_kind:
            return
        if kind != "cosine":
            raise ValueError(f"a last layer of kind {kind!r}")
        weight: Tensor = self.head.weight  # type: ignore[assignment]
        # Linear holds (K, d); an ensemble of them (members, d, K).
        shape = weight.shape if weight.ndim == 2 else weight.mT.shape
        self.head = CosineHead(shape)

    @abstractmethod
    def embed(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Return rows as points between which lines make sense, shape (n, ...).

        Parameters
        ----------
        numbers : Tensor of shape (n, width)
        codes : Tensor of shape (n, q), int64
            From 0, which is missing or unknown.
        """

    @abstractmethod
    def body(self, embedded: Tensor) -> Tensor:
        """Return what the head answers on, shape (n, d), or (n, members, d) of several members."""

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Return logits, shape (n, K), or (n, members, K)."""
        logits: Tensor = self.head(self.body(self.embed(numbers, codes)))
        return logits


def averaged(logits: Tensor) -> Tensor:
    """Return (n, K) from (n, members, K): the logarithm of the members' mean probability."""
    if logits.ndim == 2:
        return logits
    return logits.log_softmax(dim=2).logsumexp(dim=1) - math.log(logits.shape[1])
