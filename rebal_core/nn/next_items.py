"""Teaching two towers what comes next: each event of a visit, from what came before it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from rebal_core.nn.negatives import LEFT_ALONE, Offer
from rebal_core.nn.rows import best_device
from rebal_core.nn.schedule import Schedule, optimizer_of
from rebal_core.nn.two_tower import Context, TwoTower, before

#: Events that are foretold to stop early, at most, and the part of all last events.
_HELD, _PART = 2_000, 0.1
#: Places of the list by which the story tells how good it is.
_K = 10
#: Events that are judged at once.
_JUDGED = 256
#: Steps after which is told how much is done.
_TOLD = 8
#: Part of the epochs before an attack.
_PLAIN = 1 / 3
_NOTHING = torch.zeros(0, dtype=torch.long)


@dataclass(frozen=True)
class Events:
    """What is learned from: events one visit after the other, oldest first in each.

    Parameters
    ----------
    item : Tensor of shape (m,)
        Codes.
    first : Tensor of shape (m,)
        Of each event, where its visit begins.
    weight : Tensor of shape (m,)
        How much it counts that an event is foretold; with a mean of 1.
    order : Tensor of shape (m,)
        Places of the events in the order of time: so it is all the same which user has which code.
    items : int
        In the catalogue.
    shown : Tensor of shape (s,)
        Codes of what was shown and left alone, one user after the other.
    shown_starts, shown_ends : Tensor of shape (m,)
        Of each event, where what its user was shown begins and ends.
    words : Tensor of shape (m, width)
    numbers : Tensor of shape (m, numbers)
        What was known when each event came; no columns where nothing was.
    made : int
        So many of the events, the last ones, are of made users: nothing is judged by them.
    """

    item: Tensor
    first: Tensor
    weight: Tensor
    order: Tensor
    items: int
    shown: Tensor = _NOTHING
    shown_starts: Tensor = _NOTHING
    shown_ends: Tensor = _NOTHING
    words: Tensor = _NOTHING
    numbers: Tensor = _NOTHING
    made: int = 0

    def to(self, device: torch.device) -> Events:
        """Return the same on a device; the order stays, for draws are drawn on the CPU."""
        stay = ("order", "items", "made")
        moved = {
            f.name: getattr(self, f.name).to(device) for f in fields(self) if f.name not in stay
        }
        return replace(self, **moved)

    def left_alone(self, at: Tensor) -> tuple[Tensor, Tensor]:
        """Return some of what was shown to the user of each event, and whether there is any.

        Returns
        -------
        codes : Tensor of shape (n, LEFT_ALONE)
            Drawn with replacement.
        there : Tensor of shape (n, 1)
        """
        start, end = self.shown_starts[at, None], self.shown_ends[at, None]
        lots = torch.rand(len(at), LEFT_ALONE).to(at.device)
        drawn = start + (lots * (end - start)).long()
        there = end > start
        return self.shown[torch.where(there, drawn, 0)], there

    def known(self, at: Tensor) -> Context | None:
        """Return words and numbers of what was known when events at some places came."""
        if self.words.ndim < 2 or not (self.words.shape[1] or self.numbers.shape[1]):
            return None
        return self.words[at], self.numbers[at]

    def split(self) -> tuple[Tensor, Tensor]:
        """Return places of events to learn from, and of some last ones of visits to stop by."""
        ends = torch.ones(len(self.item), dtype=torch.bool)
        ends[:-1] = self.first[1:] != self.first[:-1]
        ends &= self.first != torch.arange(len(self.item))
        ends[len(ends) - self.made :] = False
        last = self.order[ends[self.order]]
        held = last[torch.randperm(len(last))[: min(_HELD, int(_PART * len(last)))]]
        learned = torch.ones(len(self.item), dtype=torch.bool)
        learned[held] = False
        left = torch.bincount(self.item[learned], minlength=self.items)
        held = held[left[self.item[held]] > 0]  # an item that is met nowhere else is no question
        learned[:] = True
        learned[held] = False
        return self.order[learned[self.order]], held


@dataclass
class Lesson:
    """One network, taught epoch by epoch; it ends in the state of its best.

    Parameters
    ----------
    net : TwoTower
    events : Events
    schedule : Schedule
    temperature : float
        What cosines are divided by: the lower, the surer the network can be.
    others : int
    negatives : str
        Of :class:`~rebal_core.nn.negatives.Offer`.
    attack : float
        Times the loss of points that are moved to where it grows most, which is added once the
        network has learned without: after a third of the epochs, or as soon as it gains no more.
    epsilon : float
        How far each point is moved; 0 as without an attack.
    values : Tensor of shape (items,) or None
        Codes of the values of items that a head foretells, too; -1 where one is missing.
    values_weight : float
        Times the loss of that head, which is added.
    attacked : bool
        Whether the attack has begun.

    References
    ----------
    He, He, Du & Chua (2018), Adversarial personalized ranking for recommendation, SIGIR.
    """

    net: TwoTower
    events: Events
    schedule: Schedule
    temperature: float
    others: int
    negatives: str = "all"
    attack: float = 0.0
    epsilon: float = 0.0
    values: Tensor | None = None
    values_weight: float = 0.0
    attacked: bool = False
    story: list[dict[str, Any]] = field(default_factory=list)
    best: float = np.inf
    since: int = 0

    def teach(self, progress: Callable[..., None]) -> list[dict[str, Any]]:
        """Learn, inside :func:`~rebal_core.nn.training.seeded`.

        Parameters
        ----------
        progress : callable
            Told from 0 to 1 how much is done at most, and by name how each epoch went; what it
            raises ends the training.

        Returns
        -------
        list of dict
            Of each epoch ``epoch`` from 1, ``training_loss``, and, where events were held back,
            their ``loss`` and ``ndcg`` at 10 over all items; ``kept`` where it was the best so far;
            of a head for values its ``value_loss``, and the ``value_shares_loss`` of their shares.
        """
        learned, held = self.events.split()
        self.prepare(learned)
        epochs, state = self.schedule.epochs, self.net.state_dict()
        epochs = epochs if len(held) else max(1, epochs // 3)
        for epoch in range(epochs):
            if self._attacks and epoch == min(round(_PLAIN * epochs), epochs - 1):
                self._begin_attack(state)
            loss = self.once(epoch, learned, progress)
            told = {"epoch": epoch + 1, "training_loss": loss, **self._judged(held)}
            told["kept"] = self._is_best(told.get("loss", -epoch))
            self.story.append(told)
            progress((epoch + 1) / self.schedule.epochs, **told)
            if told["kept"]:
                state = copy.deepcopy(self.net.state_dict())
            if self.since >= self.schedule.waits:
                if not self._attacks:
                    break
                self._begin_attack(state)
        self.net.load_state_dict(state)
        self.net.eval()
        progress(1.0)
        return self.story

    @property
    def _attacks(self) -> bool:
        """Whether attacks are still to come."""
        return bool(self.attack and self.epsilon) and not self.attacked

    def _begin_attack(self, state: Mapping[str, Any]) -> None:
        """Go on from the best so far; no state from before the attack is kept."""
        self.net.load_state_dict(state)
        self.attacked, self.best, self.since = True, np.inf, 0

    def prepare(self, learned: Tensor) -> None:
        """Make ready for steps over events at some places, on the GPU where there is one."""
        device = best_device()
        self.net.to(device)
        self.events = self.events.to(device)
        item = self.events.item[learned.to(device)]
        self.offer = Offer(item, self.events.items, self.others, self.negatives)
        if self.values is not None:
            self.values = self.values.to(device)
            met = self.values[item]
            counts = torch.bincount(met[met >= 0], minlength=int(self.values.max()) + 1) + 1.0
            self._shares = torch.log(counts / counts.sum())
        self.optimizer = optimizer_of(self.schedule, [(self.net.parameters(), 1.0)])

    def once(self, epoch: int, learned: Tensor, progress: Callable[[float], None]) -> float:
        """Take the steps of an epoch; return the mean loss."""
        self.net.train()
        order = learned[torch.randperm(len(learned))]
        parts = torch.split(order, self.schedule.batch(len(order)))
        total = torch.zeros((), device=self.events.item.device)
        for step, part in enumerate(parts):
            done = (epoch + step / len(parts)) / self.schedule.epochs
            if step % _TOLD == 0:
                progress(done)
            for group in self.optimizer.param_groups:
                group["lr"] = group["highest"] * self.schedule.factor(done)
            self.optimizer.zero_grad()
            loss = self.loss(part.to(total.device))
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            total += loss.detach() * len(part)
        return float(total / len(learned))

    def loss(self, at: Tensor) -> Tensor:
        """Return how badly events at some places are foretold, against the items of the step."""
        codes, place, rarity = self.offer.of(self.events.item[at])
        points = [self.users(at), self.net.offers(codes)]
        absent = None
        if self.offer.way.shown:
            shown, there = self.events.left_alone(at)
            points.append(self.net.offers(shown.flatten()).view(*shown.shape, -1))
            absent = ~there | (shown == self.events.item[at, None])

        def lost(*points: Tensor) -> Tensor:
            logits = self._logits(place, rarity, absent, *points)
            each = cross_entropy(logits, place, reduction="none")
            return (each * self.events.weight[at]).mean()

        plain = lost(*points)
        if self.values is not None:
            plain = plain + self.values_weight * self._value_loss(points[0], at)
        if not self.attacked:
            return plain
        return plain + self.attack * lost(*moved(plain, points, self.epsilon))

    def _value_loss(self, users: Tensor, at: Tensor) -> Tensor:
        """Return how badly the values of events are foretold from the points of who did them."""
        assert self.values is not None
        assert self.net.values is not None
        return _of_known(self.net.values(users), self.values[self.events.item[at]])

    def _logits(
        self,
        place: Tensor,
        rarity: Tensor | None,
        absent: Tensor | None,
        users: Tensor,
        offers: Tensor,
        shown: Tensor | None = None,
    ) -> Tensor:
        """Return logits of a step, of its items first, then of what was shown and left alone.

        Those are not corrected: that they were left alone is to be learned.
        """
        users = users / self.temperature
        if rarity is None:
            logits = users @ offers.T
        else:
            own = torch.arange(len(place), device=place.device), place
            logits = torch.addmm(-rarity, users, offers.T)
            logits.index_put_(own, (users * offers[place]).sum(1))
        if shown is None or absent is None:
            return logits
        passed = torch.einsum("nd,nkd->nk", users, shown)
        return torch.cat([logits, passed.masked_fill(absent, -torch.inf)], dim=1)

    def users(self, at: Tensor) -> Tensor:
        """Return points of length 1 of who did events at some places, shape (n, size)."""
        events, none = self.events, self.events.items
        histories = before(events.item, events.first[at], at, len(self.net.user.places), none)
        return self.net.users(histories, events.known(at))

    def logits(self, at: Tensor, codes: Tensor) -> Tensor:
        """Return cosines by the temperature of events at some places and items, shape (n, m)."""
        return self.users(at) / self.temperature @ self.net.offers(codes).T

    @torch.no_grad()
    def _judged(self, held: Tensor) -> dict[str, float]:
        """Return how well held events are foretold among all items that were met."""
        if not len(held):
            return {}
        self.net.eval()
        lost, gain, weight = 0.0, 0.0, 0.0
        for part in torch.split(held, _JUDGED):
            at = part.to(self.events.item.device)
            place = torch.searchsorted(self.offer.known, self.events.item[at])
            logits, w = self.logits(at, self.offer.known), self.events.weight[at]
            own = logits.gather(1, place[:, None])
            above = (logits > own).sum(1)
            lost += float((cross_entropy(logits, place, reduction="none") * w).sum())
            gain += float((1 / torch.log2(above + 2.0) * (above < _K)).sum())
            weight += float(w.sum())
        found = {"loss": lost / max(weight, 1e-12), "ndcg": gain / len(held)}
        return {**found, **self._judged_values(held)}

    def _judged_values(self, held: Tensor) -> dict[str, float]:
        if self.values is None:
            return {}
        held = held.to(self.values.device)
        told = self.values[self.events.item[held]]
        shares = _of_known(self._shares.expand(len(held), -1), told)
        return {
            "value_loss": float(self._value_loss(self.users(held), held)),
            "value_shares_loss": float(shares),
        }

    def _is_best(self, loss: float) -> bool:
        better = loss < self.best
        self.best, self.since = min(loss, self.best), 0 if better else self.since + 1
        return better


def _of_known(logits: Tensor, told: Tensor) -> Tensor:
    """Return the mean loss over those whose value is known; 0 where none is."""
    lost = cross_entropy(logits, told, ignore_index=-1, reduction="sum")
    return lost / (told >= 0).sum().clamp(min=1)


def moved(lost: Tensor, points: Sequence[Tensor], epsilon: float) -> list[Tensor]:
    """Return points, each `epsilon` away in the direction in which a loss grows most.

    Parameters
    ----------
    lost : Tensor
        The loss, of these points; its graph stays.
    points : sequence of Tensor of shape (..., size)
        The moves are no part of what is learned; the points themselves are.
    """
    slopes = torch.autograd.grad(lost, points, retain_graph=True)
    return [p + epsilon * normalize(slope, dim=-1) for p, slope in zip(points, slopes, strict=True)]
