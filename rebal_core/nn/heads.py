"""Heads on two towers: the chance that somebody chooses an item that he is shown, or buys it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from rebal_core.nn.losses import focal
from rebal_core.nn.schedule import Schedule, optimizer_of

#: Exponent of the focal loss.
_FOCUS = 2.0
#: Log-probabilities are kept so far below 0.
_SURE = -1e-6
#: Meetings that are judged at once.
_BLOCK = 65_536
SCHEDULE = Schedule(epochs=30, patience=3, batch_size=512, learning_rate=3e-3, weight_decay=0.1)


@dataclass(frozen=True)
class Pairs:
    """Users and items that met.

    Parameters
    ----------
    users : Tensor of shape (pasts, size)
        Points.
    offers : Tensor of shape (items, size)
        Points.
    prior : Tensor of shape (items,)
        Of popularity.
    past, item : Tensor of shape (n,)
        Who met what.
    outcome : Tensor of shape (n, tasks), bool
        Whether it was chosen, and bought.
    held : Tensor of shape (n,), bool
        Which are not learned from.
    """

    users: Tensor
    offers: Tensor
    prior: Tensor
    past: Tensor
    item: Tensor
    outcome: Tensor
    held: Tensor

    def told(self, at: Tensor) -> Tensor:
        """Return what heads are told of some meetings, shape (m, 3 size + 1)."""
        user, item = self.users[self.past[at]], self.offers[self.item[at]]
        return torch.cat([user * item, user, item, self.prior[self.item[at], None]], dim=1)


class Heads(nn.Module):
    """A linear layer on the product of two points, each of them, and the popularity of the item.

    Parameters
    ----------
    size : int
        Coordinates of a point.
    shares : Tensor of shape (tasks,)
        Of the choices among the meetings, and of the purchases among the choices: heads begin
        there.
    """

    def __init__(self, size: int, shares: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(len(shares), 3 * size + 1))
        self.bias = nn.Parameter(torch.logit(shares, 1e-6))
        # Points have length 1: like this all that is told is of one size.
        scale = torch.full((3 * size + 1,), size**0.5)
        scale[:size], scale[-1] = size, 1.0
        self.register_buffer("scale", scale, persistent=False)

    scale: Tensor

    def forward(self, told: Tensor) -> Tensor:
        """Return logits of a choice, and of a purchase where it is chosen, shape (n, tasks)."""
        return told * self.scale @ self.weight.T + self.bias

    @torch.no_grad()
    def kept(self) -> tuple[Tensor, Tensor]:
        """Return weights and biases for points as they are."""
        return (self.weight * self.scale).detach(), self.bias.detach()


def joint(logits: Tensor) -> Tensor:
    """Return logits of all tasks: that of a purchase is of the product of both chances."""
    if logits.shape[1] == 1:
        return logits
    both = logsigmoid(logits).sum(dim=1).clamp(max=_SURE)
    return torch.stack([logits[:, 0], both - torch.log(-torch.expm1(both))], dim=1)


def learn(
    pairs: Pairs, form: str, loss: str, task_weight: float, schedule: Schedule = SCHEDULE
) -> Heads:
    """Return heads, inside :func:`~rebal_core.nn.training.seeded`; those of the best epoch.

    Parameters
    ----------
    form : {"esmm", "apart"}
        Whether a purchase is learned from all meetings, as the product of the chance of a choice
        and of a purchase then, or from what was chosen alone.
    loss : {"plain", "balanced", "focal"}
    task_weight : float
        Of the loss of purchases beside that of choices.

    References
    ----------
    Ma et al. (2018), Entire space multi-task model: an effective approach for estimating
    post-click conversion rate, SIGIR.
    """
    learned, held = (~pairs.held).nonzero()[:, 0], pairs.held.nonzero()[:, 0]
    counted = pairs.outcome[learned].float().sum(0)
    among = torch.cat([counted.new_tensor([len(learned)]), counted[:-1]])
    heads = Heads(pairs.users.shape[1], counted / among.clamp(min=1))
    shares = counted / len(learned) if form == "esmm" else counted / among.clamp(min=1)
    lost = _Loss(form, loss, task_weight, shares)
    optimizer = optimizer_of(schedule, [(heads.parameters(), 1.0)])
    best, since, state = torch.inf, 0, heads.state_dict()
    for _ in range(schedule.epochs):
        for at in torch.split(learned[torch.randperm(len(learned))], schedule.batch(len(learned))):
            optimizer.zero_grad()
            lost.of(heads(pairs.told(at)), pairs.outcome[at]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        with torch.no_grad():
            now = float(lost.of(heads(pairs.told(held)), pairs.outcome[held]))
        since = 0 if now < best else since + 1
        if since == 0:
            best, state = now, copy.deepcopy(heads.state_dict())
        if since >= schedule.waits:
            break
    heads.load_state_dict(state)
    return heads


@dataclass(frozen=True)
class _Loss:
    """What :func:`learn` makes small; shares are those of the positives of each task."""

    form: str
    loss: str
    task_weight: float
    shares: Tensor

    def of(self, logits: Tensor, outcome: Tensor) -> Tensor:
        """Return the mean loss over meetings, the tasks summed."""
        if self.form == "esmm":
            logits = joint(logits)
        total = self._each(logits[:, 0], outcome[:, 0], 0).mean()
        if logits.shape[1] == 1:
            return total
        each = self._each(logits[:, 1], outcome[:, 1], 1)
        if self.form == "apart":
            each = each * outcome[:, 0]
        return total + self.task_weight * each.mean()

    def _each(self, logits: Tensor, outcome: Tensor, task: int) -> Tensor:
        two = torch.stack([torch.zeros_like(logits), logits], dim=1)
        gamma, alpha = (_FOCUS if self.loss == "focal" else 0.0), None
        if self.loss == "balanced":
            share = self.shares[task].clamp(1e-6, 1 - 1e-6)
            alpha = 0.5 / torch.stack([1 - share, share])
        return focal(two, outcome.long(), gamma, alpha)


@torch.no_grad()
def raw(heads: Heads, pairs: Pairs) -> Tensor:
    """Return logits of all tasks of all meetings, not yet calibrated, shape (n, tasks)."""
    parts = torch.split(torch.arange(len(pairs.item)), _BLOCK)
    return torch.cat([joint(heads(pairs.told(part))) for part in parts])


@torch.no_grad()
def chances(
    kept: Mapping[str, Tensor], users: Tensor, offers: Tensor, prior: Tensor, items: Tensor | None
) -> Tensor:
    """Return the chance of each task, shape (tasks, n, k).

    Parameters
    ----------
    kept : mapping
        ``weight``, ``bias``, and ``slope`` and ``offset`` of the calibration of each task.
    users : Tensor of shape (n, size)
        Points.
    offers : Tensor of shape (items, size)
    prior : Tensor of shape (items,)
    items : Tensor of shape (n, k) or None
        Codes; None for all items.
    """
    size, found = users.shape[1], []
    for weight, bias in zip(kept["weight"], kept["bias"], strict=True):
        both, user, item = weight[: 3 * size].split(size)
        of_item = offers @ item + weight[-1] * prior + bias
        if items is None:
            told = (users * both) @ offers.T + of_item
        else:
            told = torch.einsum("nd,nkd->nk", users * both, offers[items]) + of_item[items]
        found.append(told + (users @ user)[:, None])
    logits = joint(torch.stack(found, dim=-1).flatten(0, 1)).view(*found[0].shape, len(found))
    told = torch.sigmoid(logits * kept["slope"] + kept["offset"])
    # What is bought was chosen; each is calibrated by itself.
    return torch.cummin(told, dim=-1).values.movedim(-1, 0)
