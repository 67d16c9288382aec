"""What an item that came next stands against while two towers learn, and how that is corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

#: Of so many items all stand against each other in each step: the softmax is exact, and nothing is
#: left to correct. Beyond, a step would spend most of its time on items that it tells nothing of.
EXACT = 4_000
#: Of what was shown to a user and left alone so many stand against each of his events.
LEFT_ALONE = 4


@dataclass(frozen=True)
class Way:
    """Where the negatives of a step come from.

    Parameters
    ----------
    whole : bool
        All items, where they are few enough.
    batch : bool
        The items of the step's other events.
    power : float or None
        Others are drawn by the count of their events to this power; None where none are drawn.
    shown : bool
        What was shown to the same user and left alone.
    """

    whole: bool = False
    batch: bool = False
    power: float | None = None
    shown: bool = False


WAYS: Mapping[str, Way] = {
    "all": Way(whole=True, batch=True, power=0.0),
    "in_batch": Way(batch=True),
    "uniform": Way(power=0.0),
    "popularity": Way(power=0.75),
    "impressions": Way(batch=True, shown=True),
}


class Offer:
    """Which items stand against each other in a step, and by how much their logits are corrected.

    An item that is there with probability q stands for 1 / q such draws, so its logit is less by
    log q: else popular items would be held down for no other reason than that they are often
    there. The item that did come is always there and is not corrected in its own row, so that the
    sum of the softmax is right on average, whatever the way.

    Parameters
    ----------
    item : Tensor of shape (n,)
        Items of the events that are learned from.
    items : int
        In the catalogue.
    others : int
        Items that are drawn from all that were met, at most as many as those.
    way : str
        A name of :data:`WAYS`.

    References
    ----------
    Yi et al. (2019), Sampling-bias-corrected neural modeling for large corpus item
    recommendations, RecSys; batch and others together after Yang et al. (2020), Mixed negative
    sampling for learning two-tower neural networks in recommendations, WWW; the power after
    Mikolov et al. (2013), Distributed representations of words and phrases, NIPS.
    """

    def __init__(self, item: Tensor, items: int, others: int, way: str = "all") -> None:
        self.way = WAYS[way]
        counts = torch.bincount(item, minlength=items)
        self.known = counts.nonzero()[:, 0]
        self.exact = self.way.whole and len(self.known) <= EXACT
        self.share = counts.double() / counts.sum()
        self.others = 0 if self.way.power is None else min(others, len(self.known))
        chances = counts[self.known].double() ** (self.way.power or 0.0)
        self.chance = torch.zeros(items, dtype=torch.double, device=item.device)
        self.chance[self.known] = chances / chances.sum()
        self._up_to = self.chance[self.known].cumsum(0).cpu()

    def of(self, item: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return what stands against each other where these items came, shape (n,).

        Returns
        -------
        codes : Tensor of shape (m,)
        place : Tensor of shape (n,)
            Where the items stand among them.
        rarity : Tensor of shape (m,) or None
            What is taken from the logits of all but a row's own item; infinite where an item is
            there for its own row alone. None where all items are there.
        """
        if self.exact:
            return self.known, torch.searchsorted(self.known, item), None
        drawn = torch.zeros(len(self.share), dtype=torch.bool, device=item.device)
        drawn[self._drawn().to(item.device)] = True
        there = drawn.clone()
        there[item] = True
        codes = there.nonzero()[:, 0]
        place = (there.cumsum(0) - 1)[item]
        absent = torch.xlogy(self.others, 1 - self.chance[codes])
        if self.way.batch:
            absent += torch.xlogy(len(item) - 1, 1 - self.share[codes])
        rarity = torch.log(-torch.expm1(absent)).float()
        if not self.way.batch:
            rarity[~drawn[codes]] = torch.inf
        return codes, place, rarity

    def _drawn(self) -> Tensor:
        """Return the others of a step; draws are drawn on the CPU."""
        if not self.way.power:
            return self.known[torch.randint(len(self.known), (self.others,)).to(self.known.device)]
        lots = torch.rand(self.others, dtype=torch.double)
        place = torch.searchsorted(self._up_to, lots).clamp(max=len(self.known) - 1)
        return self.known[place.to(self.known.device)]
