"""What teaching two towers costs beside the arithmetic, and on a log of a million events.

Our loop and the least that one can write in torch take the same steps over the same tensors, in
turns in one run, on one thread: processor seconds a step, and the ratio. Then the whole way: a fit
of one epoch, and the scores of all visits in blocks, with the most memory that the process took.

    python benchmarks/two_tower.py [EVENTS [USERS [ITEMS]]]

Both do the same arithmetic; we are below 1 by what is saved around it: no sorting to find which
items are there, and a correction that is added where the table of logits is made.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import resource
import sys
import time

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import cross_entropy, embedding, normalize

from rebal_core.nn.next_items import Lesson
from rebal_core.nn.schedule import Schedule
from rebal_core.nn.training import seeded
from rebal_core.nn.two_tower import TwoTower, before
from rebal_core.ranking.attributes import attribute_vectors
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.models.tower_events import events_of

ROUNDS, STEPS, BATCH, OTHERS, LENGTH, RATE, DECAY = 3, 40, 2_048, 1_024, 20, 3e-3, 1e-2
TOWERS = {"size": 64, "length": LENGTH, "hidden": 128, "dropout": 0.1, "rests": 0.1}


def log_of(events: int, users: int, items: int) -> EventLog:
    """Return a log in which users and items are as unlike as words, of 50 kinds of items."""
    rng = np.random.default_rng(0)
    kind = rng.integers(50, size=items)
    by_kind = [np.flatnonzero(kind == k) for k in range(50)]
    user = np.minimum(rng.zipf(1.3, events) - 1, 10 * users) % users
    user[:users] = np.arange(users)  # each is there
    wanted = (user + (rng.random(events) < 0.3) * rng.integers(50, size=events)) % 50
    rank = rng.random(events) ** 4
    item = np.empty(events, dtype=np.int64)
    for k, own in enumerate(by_kind):
        item[wanted == k] = own[(rank[wanted == k] * len(own)).astype(np.int64)]
    order = rng.permutation(events)
    about = pd.DataFrame(
        {
            "kind": np.array([f"k{k}" for k in kind], dtype=object),
            "price": rng.lognormal(3, 1, items).round(2),
        }
    )
    moment = np.arange(events)
    names = [np.arange(n).astype(str).astype(object) for n in (users, items)]
    return EventLog(user[order], item[order], np.ones(events), moment, moment, *names, about)


def new_net(log: EventLog) -> TwoTower:
    """Return the same untaught network each time."""
    assert log.about_items is not None
    torch.manual_seed(0)
    attributes = torch.from_numpy(attribute_vectors(log.about_items, 0))
    return TwoTower(torch.from_numpy(log.popularity > 0), attributes, **TOWERS)


def ours(log: EventLog) -> float:
    """Return the processor seconds of a step of our loop."""
    net, events = new_net(log), events_of(log)
    order = events.order[: STEPS * BATCH]
    plan = Schedule(10, 3, BATCH, learning_rate=RATE, weight_decay=DECAY)
    lesson = Lesson(net, events, plan, 0.1, OTHERS)
    lesson.prepare(events.order)
    began = time.process_time()
    lesson.once(0, order, lambda done: None)
    return (time.process_time() - began) / STEPS


def bare(log: EventLog) -> float:
    """Return those of the least that one can write."""
    net, events = new_net(log), events_of(log)
    order = events.order[: STEPS * BATCH]
    share = torch.bincount(events.item, minlength=events.items) / len(events.item)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY, betas=(0.9, 0.95))
    net.train()
    began = time.process_time()
    for at in order[torch.randperm(len(order))].split(BATCH):
        item, none = events.item[at], events.items
        optimizer.zero_grad()
        found = before(events.item, events.first[at], at, LENGTH, none)
        read, place = torch.unique(found, return_inverse=True)
        points = torch.where((read == none)[:, None], 0.0, net.read(read.clamp(max=none - 1)))
        users = net.user(embedding(place, points), (found != none).sum(1))
        drawn = torch.cat([item, torch.randint(events.items, (OTHERS,))])
        codes, place = torch.unique(drawn, return_inverse=True)
        offered = normalize(net.offered(codes), dim=1)
        logits = normalize(users, dim=1) @ offered.T / 0.1
        absent = (BATCH - 1) * torch.log1p(-share[codes]) + OTHERS * np.log1p(-1 / events.items)
        own = torch.arange(len(at)), place[: len(at)]
        corrected = logits - torch.log(-torch.expm1(absent))
        corrected = corrected.index_put(own, logits[own])
        cross_entropy(corrected, place[: len(at)]).backward()
        optimizer.step()
    return (time.process_time() - began) / STEPS


def whole_way(log: EventLog) -> None:
    """Print what one epoch and the scores of all visits take."""
    model = RECOMMENDERS["two_tower"].build({"epochs": 1}, 0)
    began = time.process_time()
    model.fit(log)
    print(f"one epoch         {time.process_time() - began:8.1f} s")
    visits, began = log.visits(), time.process_time()
    for block in np.array_split(np.arange(len(visits)), -(-len(visits) // 1_000)):
        model.score(visits.take(block))
    print(f"scores of all     {time.process_time() - began:8.1f} s")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"most memory       {most:8.2f} GB")


def main(events: int, users: int, items: int) -> None:
    """Measure both in turns, then the whole way."""
    log = log_of(events, users, items)
    ways = {"bare": bare, "ours": ours}
    with seeded(0):
        bare(log)
        spent: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                spent[name].append(way(log))
    print(f"{events:,} events, {users:,} users, {items:,} items; steps of {BATCH}")
    for name, seconds in spent.items():
        ratio = min(seconds) / min(spent["bare"])
        print(f"{name:14}{1e3 * min(seconds):8.1f} ms a step{ratio:8.2f} of bare")
    whole_way(log)


if __name__ == "__main__":
    main(*(int(a) for a in (*sys.argv[1:], *("1000000", "100000", "20000")[len(sys.argv) - 1 :])))
