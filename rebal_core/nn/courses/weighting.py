"""Courses in which rows weigh by how the network does, and its answers stay what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from rebal_core.nn.attention_weights import ClassAttention
from rebal_core.nn.course import Course, Taught
from rebal_core.nn.net import Net
from rebal_core.nn.rows import Rows

#: Part of the old average of a class that stays at each epoch.
STAYS = 0.9
#: One row in so many of each class is measured on, where they are set aside for it.
ASIDE = 10
#: Nothing is nearer to perfect than this: else no class would have a weight once all are learned.
_LEAST = 1e-3
#: Rows at a time where they are only measured.
_CHUNK = 16_384


class Weighing(Course):
    """Weigh rows by weights that move, while the logits speak of the classes as they are.

    A row loses ``w_y CE(logits + log w, y)``. That is least where ``softmax(logits + log w)`` is
    proportional to ``w_k`` times the true probability, so where ``softmax(logits)`` is the true
    one: whatever the weights are, and were in the epoch that is kept.
    """

    stepwise = True

    def weighed(self, logits: Tensor, rows: Rows, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of the weighted classes, as `logits`, and the rows' weights (n,).

        Parameters
        ----------
        logits : Tensor of shape (n, K), or (n, members, K)
        rows : Rows
        weights : Tensor of shape (n, K)
            That a row would have in each class.
        """
        shift = weights.log()
        shifted = logits + (shift if logits.ndim == 2 else shift[:, None])
        return shifted, weights.gather(1, rows.y[:, None])[:, 0]


class DynamicWeights(Weighing):
    """By class weights that follow how well each class is learned.

    After each epoch the recall (or the loss) of each class goes into a running average. A class
    weighs ``(1 - recall) ** gamma``, or ``loss ** gamma``, no class more than `most` times another;
    over the rows the weights have mean 1. Both are those of the weighted network: as a class
    is learned, its weight falls again.

    Parameters
    ----------
    gamma : float
        0 weighs all alike, and so does a `most` of 1.
    signal : {"recall", "loss"}
    measured : {"batches", "slice"}
        On the rows as they are learned from, or on a tenth of each class that is not learned from;
        a class of fewer than ten rows is measured on all of them. Never on held rows: they choose
        the epoch, and would no longer be strangers.
    most : float
    due : float
        Part of the epochs before the first weights.
    """

    def __init__(
        self,
        gamma: float = 1.0,
        signal: str = "recall",
        measured: str = "batches",
        most: float = 10.0,
        due: float = 0.2,
    ) -> None:
        self.gamma, self.signal, self.measured = gamma, signal, measured
        self.most, self.due = most, due
        self.settled = due if gamma and most > 1 else 0.0

    def begin(self, taught: Taught) -> None:
        """Set rows aside where they are asked for."""
        super().begin(taught)
        self.weights = torch.ones_like(taught.counts)
        self.average: Tensor | None = None
        self.aside = torch.zeros(len(taught.source), dtype=torch.bool)
        if self.measured == "slice":
            self._set_aside()
        self._know_aside()

    def _set_aside(self) -> None:
        order, y = torch.randperm(len(self.aside)), self.taught.source.y
        for k in range(self.taught.n_classes):
            own = order[y[order] == k]
            self.aside[own[: len(own) // ASIDE]] = True

    def _know_aside(self) -> None:
        """Let the rows that are left of a class count for those that are aside."""
        y, counts = self.taught.source.y, self.taught.counts
        aside = torch.bincount(y[self.aside], minlength=len(counts)).to(counts)
        self.stands_for = counts / (counts - aside)
        few = (aside == 0).cpu()
        self.measured_on = (self.aside | few[y]).nonzero()[:, 0]

    def start(self, epoch: int) -> None:
        """Take the weights that are due, and begin to measure."""
        if self.average is not None and epoch >= self.taught.begins(self.due):
            self.weights = class_weights(self.average, self.gamma, self.most, self.taught.shares)
        self.sum = torch.zeros_like(self.weights)
        self.mass = torch.zeros_like(self.weights)

    def order(self) -> Tensor:
        """Return all rows but those aside, in random order."""
        order = super().order()
        return order[~self.aside[order]]

    def mean(self, logits: Tensor, rows: Rows) -> Tensor:
        """Return the weighted mean of the losses, and measure."""
        shifted, weight = self.weighed(logits, rows, self.weights.expand(len(rows), -1))
        each = self.each(shifted, rows.y)
        if self.measured == "batches":
            self._measure(shifted.detach(), each.detach(), rows)
        return (each * weight * self.stands_for[rows.y] * rows.weight).mean()

    def _measure(self, logits: Tensor, each: Tensor, rows: Rows) -> None:
        value = each
        if self.signal == "recall":
            said = logits if logits.ndim == 2 else logits.softmax(dim=2).mean(dim=1)
            value = (said.argmax(dim=1) != rows.y).to(each)
        self.sum.index_add_(0, rows.y, (value * rows.weight).to(self.sum))
        self.mass.index_add_(0, rows.y, rows.weight.to(self.mass))

    def after(self, epoch: int, net: Net) -> None:
        """Let the averages follow."""
        if self.measured == "slice":
            self._look(net)
        now = self.sum / self.mass.clamp_min(1e-12)
        self.average = now if self.average is None else STAYS * self.average + (1 - STAYS) * now

    @torch.no_grad()
    def _look(self, net: Net) -> None:
        net.eval()
        for part in self.measured_on.split(_CHUNK):  # type: ignore[no-untyped-call]
            rows = self.taught.source.take(part)
            logits = net(rows.numbers, rows.codes)
            shifted, _ = self.weighed(logits, rows, self.weights.expand(len(rows), -1))
            self._measure(shifted, self.each(shifted, rows.y), rows)

    def told(self) -> Mapping[str, Any]:
        """Return the weights of the classes."""
        return {"weights": self.weights.tolist()}

    def state(self) -> dict[str, Any]:
        """Return weights, averages and the rows aside."""
        return {"weights": self.weights, "average": self.average, "aside": self.aside}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on with these."""
        device = self.taught.source.device
        self.weights, self.aside = state["weights"].to(device), state["aside"].cpu()
        average = state["average"]
        self.average = None if average is None else average.to(device)
        self._know_aside()


def class_weights(missed: Tensor, gamma: float, most: float, shares: Tensor) -> Tensor:
    """Return ``missed ** gamma``, bounded, of mean 1 over rows of these class shares, shape (K,).

    Parameters
    ----------
    missed : Tensor of shape (K,)
        What each class lacks: 1 - recall, or its loss.
    gamma : float
    most : float
        No class weighs more than so many times another.
    shares : Tensor of shape (K,)
    """
    weights = missed.clamp_min(_LEAST) ** gamma
    weights = weights.clamp_min(float(weights.max()) / most)
    return weights / ((shares * weights).sum() / shares.sum())


class AttentionWeights(Weighing):
    """By the weights of :class:`ClassAttention`, which learn against the network.

    Parameters
    ----------
    temperature : float
    floor : float
        1 weighs all alike.
    learning_rate : float
        How far the weights go in a step.
    """

    def __init__(
        self, temperature: float = 1.0, floor: float = 0.1, learning_rate: float = 1e-2
    ) -> None:
        self.temperature, self.floor, self.learning_rate = temperature, floor, learning_rate

    def begin(self, taught: Taught) -> None:
        """Make the attention; its first numbers move no other draw."""
        super().begin(taught)
        with torch.no_grad():
            rows = taught.source.take(torch.zeros(1, dtype=torch.int64))
            width = _features(taught.net.eval(), rows).shape[-1]
        with torch.random.fork_rng(devices=[]):
            made = ClassAttention(
                width, taught.n_classes, temperature=self.temperature, floor=self.floor
            )
        self.attention = made.to(taught.source.device)
        self.optimizer = torch.optim.Adam(self.attention.parameters(), self.learning_rate)
        self._at: Tensor | None = None

    def start(self, epoch: int) -> None:
        """Begin to sum what the classes weigh."""
        self.sum = torch.zeros_like(self.taught.counts)
        self.mass = torch.zeros_like(self.sum)

    def loss(self, net: Net, rows: Rows) -> Tensor:
        """Return the weighted mean of the losses; the weights have learned from them by then."""
        features = _features(net, rows)
        logits: Tensor = net.head(features)
        seen = features.detach().float()
        seen = seen if seen.ndim == 2 else seen.mean(dim=1)
        # L-BFGS looks at the same rows again and again: what they weigh must rest meanwhile.
        anew = rows.at is not self._at
        if anew:
            self._at, self._weights = rows.at, self.attention.of_classes(seen, rows.y)
        shifted, weight = self.weighed(logits, rows, self._weights)
        each = self.each(shifted, rows.y)
        if anew:
            self._learn(seen, rows, (each.detach() * rows.weight).float())
            self.sum.index_add_(0, rows.y, weight)
            self.mass.index_add_(0, rows.y, torch.ones_like(weight))
        return (each * weight * rows.weight).mean()

    def _learn(self, seen: Tensor, rows: Rows, losses: Tensor) -> None:
        self.optimizer.zero_grad()
        self.attention.objective(seen, rows.y, losses).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    def told(self) -> Mapping[str, Any]:
        """Return what a row of each class weighed."""
        return {"weights": (self.sum / self.mass.clamp_min(1)).tolist()}

    def state(self) -> dict[str, Any]:
        """Return what the attention has learned."""
        held = self.optimizer.state_dict()
        return {"attention": self.attention.state_dict(), "optimizer": held}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on with this."""
        self.attention.load_state_dict(state["attention"])
        self.optimizer.load_state_dict(state["optimizer"])


def _features(net: Net, rows: Rows) -> Tensor:
    return net.body(net.embed(rows.numbers, rows.codes))
