"""Two towers: somebody's history and an item as points, whose cosine tells what comes next."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import embedding, normalize

#: Words and numbers of what is known when a list is asked for.
Context = tuple[Tensor, Tensor]
#: Visits that are scored at once.
_BLOCK = 4_096
#: How much an item's attributes say at first, beside a point of its own.
_SHARED = 0.3


class ItemTower(nn.Module):
    """A point for each item: one of its own, and what its attributes add.

    While it learns, an item's own point rests now and then: so attributes learn to speak for an
    item of which nothing else is known.

    Parameters
    ----------
    seen : Tensor of shape (items,), bool
        Which are learned from; others have no point of their own.
    attributes : Tensor of shape (items, width)
    size : int
    rests : float
        Part of the own points that rest, where there are attributes.

    References
    ----------
    Volkovs, Yu & Poutanen (2017), DropoutNet: addressing cold start in recommender systems, NIPS.
    """

    attributes: Tensor
    speaks: Tensor

    def __init__(self, seen: Tensor, attributes: Tensor, size: int, rests: float) -> None:
        super().__init__()
        scale = size**-0.5
        met = (attributes[seen] != 0).any(dim=0)
        # What is never learned from shall say nothing, not something by chance.
        own = torch.randn(len(seen), size) * scale * seen[:, None]
        shared = torch.randn(attributes.shape[1], size) * _SHARED * scale * met[:, None]
        self.own, self.shared, self.rests = nn.Parameter(own), nn.Parameter(shared), rests
        self.register_buffer("attributes", attributes, persistent=False)
        self.register_buffer("speaks", (attributes != 0).any(dim=1), persistent=False)

    def forward(self, codes: Tensor) -> Tensor:
        """Return points, shape (m, size), of items, shape (m,)."""
        own = embedding(codes, self.own)
        if self.training and self.rests:
            awake = torch.rand(len(codes), 1, device=own.device) >= self.rests
            own = own * (awake | ~self.speaks[codes, None])
        return own + self.attributes[codes] @ self.shared


class UserTower(nn.Module):
    """A point for what somebody did last: nobody has to be known to have one.

    Items count by the place that they have from the end, for each coordinate on its own, and all
    alike in their mean; what comes of these two is bent a little by a hidden layer.

    Parameters
    ----------
    length : int
        Events that are looked back at.
    size, hidden : int
    dropout : float
    numbers : int or None
        Numbers of a context; None where there is none. What is known when a list is asked for adds
        to the point: each of its words has a point of its own, that of 0 says nothing.
    """

    def __init__(
        self,
        length: int,
        size: int,
        hidden: int,
        dropout: float = 0.0,
        numbers: int | None = None,
        words: int = 0,
    ) -> None:
        super().__init__()
        fading = 0.6 ** torch.arange(length, dtype=torch.float32)
        self.places = nn.Parameter(fading[:, None].repeat(1, size))
        self.start = nn.Parameter(torch.randn(size) * size**-0.5)
        self.straight = nn.Linear(2 * size, size, bias=False)
        self.bent = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(2 * size, hidden),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, size),
        )

        self.words: nn.Parameter | None = None
        if numbers is not None:
            # What is never met shall say nothing, not something by chance.
            self.words = nn.Parameter(torch.zeros(words, size))
            self.slopes = nn.Parameter(torch.zeros(numbers, size))

    def forward(self, points: Tensor, events: Tensor, known: Context | None = None) -> Tensor:
        """Return points, shape (n, size).

        Parameters
        ----------
        points : Tensor of shape (n, length, size)
            Of the items before, the last first; 0 where there is none.
        events : Tensor of shape (n,)
            How many there are; who has none gets the point of all who begin.
        known : (Tensor of shape (n, width), Tensor of shape (n, numbers)) or None
            Words and numbers of what is known beside.
        """
        some = events[:, None]
        told = torch.cat([(points * self.places).sum(1), points.sum(1) / some.clamp(min=1)], 1)
        found = torch.where(some > 0, self.straight(told) + self.bent(told), self.start)
        if known is None or self.words is None:
            return found
        words, numbers = known
        there = (words != 0).sum(1, keepdim=True).clamp(min=1)
        said = embedding(words.long(), self.words, padding_idx=0).sum(1)
        return found + said / there.sqrt() + numbers @ self.slopes


def before(item: Tensor, first: Tensor, at: Tensor, length: int, none: int) -> Tensor:
    """Return the items of events before some, the nearest first, shape (n, length).

    Parameters
    ----------
    item : Tensor of shape (m,)
        Codes of events, one visit after the other, oldest first.
    first : Tensor of shape (n,)
        Where the visit of each begins.
    at : Tensor of shape (n,)
        The places before which to look.
    none : int
        Stands where there is no event.
    """
    back = at[:, None] - 1 - torch.arange(length, device=at.device)
    return torch.where(back >= first[:, None], item[back.clamp(min=0)], none)


class TwoTower(nn.Module):
    """The towers of users and of items; an item has a point where it is read and one where offered.

    Parameters
    ----------
    seen, attributes, size, rests
        Of :class:`ItemTower`.
    length, hidden, dropout, numbers, words
        Of :class:`UserTower`.
    values : int
        Values of a column of items of which a head foretells that of what comes next; 0 for none.

    References
    ----------
    Yi et al. (2019), Sampling-bias-corrected neural modeling for large corpus item
    recommendations, RecSys.
    """

    def __init__(
        self,
        seen: Tensor,
        attributes: Tensor,
        *,
        size: int,
        length: int,
        hidden: int,
        dropout: float,
        rests: float,
        numbers: int | None = None,
        words: int = 0,
        values: int = 0,
    ) -> None:
        super().__init__()
        self.rests = rests
        self.read = ItemTower(seen, attributes, size, rests)
        self.offered = ItemTower(seen, attributes, size, rests)
        self.user = UserTower(length, size, hidden, dropout, numbers, words)
        self.values = nn.Linear(size, values) if values else None

    def users(self, histories: Tensor, known: Context | None = None) -> Tensor:
        """Return points of length 1, shape (n, size), of histories as :func:`before` gives them.

        While it learns, what is known beside rests now and then, so that lists can do without.
        """
        if known is not None and self.training and self.rests:
            awake = torch.rand(len(histories), 1, device=histories.device) >= self.rests
            known = known[0] * awake, known[1] * awake
        met = torch.zeros(len(self.read.own) + 1, dtype=torch.bool)
        met = met.to(histories.device)
        met[histories.flatten()] = True
        met[-1] = False
        codes = met.nonzero()[:, 0]
        place = torch.where(met, met.cumsum(0) - 1, len(codes))
        points = self.read(codes)
        held = torch.cat([points, points.new_zeros(1, points.shape[1])])
        events = (histories != len(met) - 1).sum(1)
        return normalize(self.user(embedding(place[histories], held), events, known), dim=1)

    def offers(self, codes: Tensor) -> Tensor:
        """Return points of length 1 of items, shape (m, size); 0 where nothing is known."""
        return normalize(self.offered(codes), dim=1)

    @torch.no_grad()
    def kept(self) -> dict[str, NDArray[np.float32]]:
        """Return all that :func:`user_points` needs, and the points of items that are offered."""
        codes = torch.arange(len(self.read.own), device=self.user.start.device)
        found = {"read": self.read(codes), "offered": self.offers(codes)}
        found |= {f"user.{name}": value for name, value in self.user.state_dict().items()}
        return {name: value.cpu().numpy() for name, value in found.items()}


@torch.no_grad()
def user_points(
    kept: Mapping[str, NDArray[np.float32]],
    item: NDArray[np.int64],
    starts: NDArray[np.int64],
    context: tuple[NDArray[np.int16], NDArray[np.float32]] | None = None,
) -> Tensor:
    """Return the point of each visit, of length 1, shape (visits, size).

    Parameters
    ----------
    kept : mapping
        What :meth:`TwoTower.kept` returned.
    item : ndarray of shape (m,)
        Codes of events, one visit after the other, oldest first.
    starts : ndarray of shape (visits + 1,)
    context : pair of ndarray or None
        Words and numbers of what is known of each visit beside.
    """
    arrays = {name: torch.from_numpy(array) for name, array in kept.items() if name != "offered"}
    points = arrays.pop("read")
    state = {name.removeprefix("user."): value for name, value in arrays.items()}
    length, size = state["places"].shape
    slopes, words = state.get("slopes"), len(state.get("words", ()))
    numbers = None if slopes is None else len(slopes)
    tower = UserTower(length, size, len(state["bent.1.bias"]), 0.0, numbers, words).eval()
    tower.load_state_dict(state)
    events, bounds = torch.from_numpy(np.append(item, 0)), torch.from_numpy(starts)
    found = torch.empty(len(starts) - 1, size)
    for block in torch.split(torch.arange(len(found)), _BLOCK):
        first, at = bounds[block], bounds[block + 1]
        histories = before(events, first, at, length, len(points))
        known: Context | None = None
        if context is not None:
            known = torch.from_numpy(context[0][block]), torch.from_numpy(context[1][block])
        there = histories != len(points)
        # Not all points are copied to put one of nothing beside them: there may be a million.
        held = points[torch.where(there, histories, 0)] * there[..., None]
        found[block] = normalize(tower(held, there.sum(1), known), dim=1)
    return found


@torch.no_grad()
def scores(users: Tensor, offered: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return the cosines of visits and items by the temperature, shape (visits, items).

    Parameters
    ----------
    users : Tensor of shape (visits, size)
        Of :func:`user_points`.
    offered : ndarray of shape (items, size)

    Returns
    -------
    ndarray
        Items of which nothing is known have the least score of each visit.
    """
    offers = torch.from_numpy(offered)
    found = np.empty((len(users), len(offers)), dtype=np.float32)
    for block in torch.split(torch.arange(len(found)), _BLOCK):
        told = users[block] / temperature @ offers.T
        unknown = unknown_items(told, offers)
        if len(unknown):
            told[:, unknown] = told.min(dim=1, keepdim=True).values
        found[block] = told.numpy()
    return found


def unknown_items(told: Tensor, offered: Tensor) -> Tensor:
    """Return the items without a point: looked for among those that score 0, which are few.

    Parameters
    ----------
    told : Tensor of shape (visits, items)
        Products of points of users and items.
    offered : Tensor of shape (items, size)
    """
    some = (told[:1] == 0).any(dim=0).nonzero()[:, 0]
    return some[(offered[some] == 0).all(dim=1)]
