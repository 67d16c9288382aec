"""What a network on tables is: three parts, so that a course of training can reach between them."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor, nn


class Net(nn.Module):
    """A network on tables: its rows are embedded, then worked on, then answered.

    A course may mix or attack what :meth:`embed` gives, learn by what :meth:`body` gives, and train
    or replace the ``head`` alone.

    Attributes
    ----------
    members : int
        Answers that it gives a row, each trained as a network of its own; their probabilities are
        averaged.
    head : nn.Module
        The last layer; its answers are logits.
    """

    members: int = 1
    head: nn.Module

    def look(self, numbers: Tensor) -> None:
        """Take from the training rows, shape (n, width), what it scales numbers by; once."""

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
