"""Made users of a sparse segment: learned from beside the real ones, and never asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rebal_core.data.formats import count
from rebal_core.params import Number
from rebal_core.ranking.log import Bools, EventLog
from rebal_core.ranking.remedies.base import REMEDIES, Remedy
from rebal_core.ranking.remedies.columns import SEGMENT, VALUE, has_segment
from rebal_core.ranking.segments import segments_of
from rebal_core.rows import Ints
from rebal_core.seeding import generator
from rebal_core.wording import Text

USERS = Number("users", "Made users", "So many for each real one.", 1.0, 0, 100)


def in_segment(log: EventLog, params: Mapping[str, Any]) -> Bools:
    """Return which users are to be more: of the segment, or those of few events; made ones not."""
    events = np.bincount(log.user, minlength=len(log.users))
    if params["segment"]:
        found: Bools = segments_of(log, params["segment"]) == params["value"]
    else:
        found = events <= int(params["few"])
    return found & (events > 0)


class _Moves:
    """Which event follows which, by the item that was left: runs to draw from.

    Parameters
    ----------
    log : EventLog
    origins : ndarray of int
        Events that another of the same user follows.
    """

    def __init__(self, log: EventLog, origins: Ints) -> None:
        self.origins = origins[np.argsort(log.item[origins], kind="stable")]
        self.counts = np.bincount(log.item[origins], minlength=len(log.items))
        self.starts = np.cumsum(self.counts) - self.counts

    def draw(self, item: Ints, rng: np.random.Generator) -> Ints:
        """Return an event with each item, drawn from those that something follows."""
        within = (rng.random(len(item)) * self.counts[item]).astype(np.int64)
        found: Ints = self.origins[self.starts[item] + within]
        return found


def _followers(log: EventLog) -> Ints:
    """Return of each event the next one of the same user, -1 for none."""
    order = np.argsort(log.user, kind="stable")
    same = log.user[order[1:]] == log.user[order[:-1]]
    found = np.full(len(log), -1, dtype=np.int64)
    found[order[:-1][same]] = order[1:][same]
    return found


def walks(log: EventLog, users: Bools, lengths: Ints, backing: float, seed: int) -> Ints:
    """Return made walks as places of real events, shape (most events, walks), -1 past the end.

    A walk begins as one of the users begins, and goes on by a Markov chain of first order: from
    item i to j with probability ``(n(i, j) + backing P(j | i)) / (n(i) + backing)``, n counted over
    these users and P the same share over all. Where nothing ever followed an item, it begins anew.

    References
    ----------
    Rendle, Freudenthaler, Schmidt-Thieme (2010), Factorizing personalized Markov chains for
    next-basket recommendation, WWW; backed off as MacKay, Peto (1995), A hierarchical Dirichlet
    language model, Natural Language Engineering 1, 289-308.
    """
    rng = generator(seed, "virtual behaviour")
    follows = _followers(log)
    origins = np.flatnonzero(follows >= 0)
    own, every = _Moves(log, origins[users[log.user[origins]]]), _Moves(log, origins)
    first = np.full(len(log.users), -1)
    first[log.user[::-1]] = np.arange(len(log))[::-1]  # in this order the first one stays
    begins = first[users]
    found = np.full((int(lengths.max(initial=0)), len(lengths)), -1, dtype=np.int64)
    for place in range(len(found)):
        going = np.flatnonzero(lengths > place)
        new = rng.choice(begins, len(going))
        if place:
            item = log.item[found[place - 1, going]]
            mine = own.counts[item] / np.maximum(own.counts[item] + backing, 1e-12)
            of_own = rng.random(len(going)) < mine
            of_all = ~of_own & (every.counts[item] > 0)
            for moves, rows in ((own, of_own), (every, of_all)):
                new[rows] = follows[moves.draw(item[rows], rng)]
        found[place, going] = new
    return found


def grow(log: EventLog, params: Mapping[str, Any], seed: int) -> EventLog:
    """Return the log with made users after the real ones: copies of events under new names."""
    users = in_segment(log, params)
    events = np.bincount(log.user, minlength=len(log.users))[users]
    made = _made(users, params)
    if not made:
        return log
    lengths = generator(seed, "lengths").choice(events, made)
    found = walks(log, users, lengths, float(params["backing"]), seed)
    place, walk = np.nonzero(found >= 0)
    source = found[place, walk]
    both = log.take(np.concatenate([np.arange(len(log)), source]))
    real, last = len(log), log.moment[-1]
    both.user[real:] = len(log.users) + walk
    both.moment[real:] = last + 1 + place
    return replace(both, users=np.concatenate([log.users, _names(log.users, made)]), made=made)


def _made(users: Bools, params: Mapping[str, Any]) -> int:
    """Return how many users are made beside those that are to be more."""
    return round(float(params["users"]) * int(users.sum()))


def _names(users: NDArray[Any], made: int) -> NDArray[Any]:
    """Return names that no user has."""
    known, stem = set(map(str, users)), "made"
    while any(f"{stem} {k}" in known for k in range(made)):
        stem += "*"
    return np.array([f"{stem} {k}" for k in range(made)], dtype=object)


def serves(log: EventLog, params: Mapping[str, Any]) -> Text | None:
    """Refuse where nobody is to be more."""
    refused = has_segment(log, params) if params["segment"] else None
    if refused is not None:
        return refused
    users = in_segment(log, params)
    if users.any():
        if _made(users, params):
            return None
        return Text(
            "With {made} for each of {real} users nobody is made; raise “{label}”.",
            {
                "made": f"{float(params['users']):g}",
                "real": count(int(users.sum())),
                "label": Text(USERS.label),
            },
        )
    if params["segment"]:
        return Text("“{value}” is nobody's last value.", {"value": params["value"]})
    return Text("No user has {few} events or fewer.", {"few": str(params["few"])})


virtual_behaviour = REMEDIES.add(
    Remedy(
        name="virtual_behaviour",
        label="Virtual users",
        family="synthesis",
        reference="Rendle, Freudenthaler & Schmidt-Thieme (2010), Factorizing personalized Markov "
        "chains for next-basket recommendation, WWW (the chain that makes them)",
        about="Made users of a segment, or like those of few events, are learned from beside the "
        "real ones. Each goes from item to item as the segment does, or as everybody where the "
        "segment says little.",
        aliases=("virtual_users", "virtual_behavior", "sequence_generator", "虚拟行为", "虚拟用户"),
        parameters=(
            SEGMENT,
            VALUE,
            Number("few", "Few events", "Without a segment: users of at most so many.", 3, 1, 1000),
            USERS,
            Number(
                "backing",
                "Backing off",
                "Moves of everybody that count beside those of the segment.",
                5.0,
                0,
                1e6,
            ),
        ),
        grow=grow,
        serves=serves,
    )
)
