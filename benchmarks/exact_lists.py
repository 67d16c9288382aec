"""What it takes to put a whole catalogue in order for somebody, without an index of near points.

Two towers of points drawn by lot score every item for a visit of eight events, and the ten best are
cut: processor milliseconds of one visit alone, the least of many tries on one thread, beside those
of the product of matrices that no exact way can do without, and of one visit among many.

    python benchmarks/exact_lists.py [ITEMS ...]

An index would have to be built, kept beside the model and told how much it misses. It begins to pay
where one visit takes longer than a page may: at 1,000,000 items one takes 16 ms, of which 10 are
the product; at 20,000 it takes 2 ms.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from rebal_core.ranking.lists import top_lists
from rebal_core.ranking.log import Visits
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.models.two_tower import TwoTowers

EVENTS, PLACES, TRIES, TOGETHER = 8, 10, 20, 100


def model_of(items: int) -> TwoTowers:
    """Return towers of points by lot."""
    rng = np.random.default_rng(0)
    model = RECOMMENDERS["two_tower"].build()
    assert isinstance(model, TwoTowers)
    model.arrays_ = {
        name: 0.1 * rng.standard_normal([n or 1 for n in shape], dtype=np.float32)
        for name, shape in model.shapes(items).items()
    }
    return model


def visits_of(visits: int, items: int) -> Visits:
    """Return visits of events drawn alike."""
    starts = EVENTS * np.arange(visits + 1)
    item = np.random.default_rng(1).integers(items, size=starts[-1])
    return Visits(np.full(visits, -1), starts, item, np.ones(len(item)))


def least(work: Callable[[], object], tries: int = TRIES) -> float:
    """Return the least processor milliseconds of some tries."""
    found = []
    for _ in range(tries):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return 1e3 * min(found)


def main(catalogues: list[int]) -> None:
    """Print a line for each size of a catalogue."""
    torch.set_num_threads(1)
    print(f"{'items':>10}{'product':>10}{'one visit':>11}{'of many':>10}   ms")
    for items in catalogues:
        model, one, many = model_of(items), visits_of(1, items), visits_of(TOGETHER, items)
        offered = torch.from_numpy(model.arrays_["offered"])
        product = least(lambda offered=offered: offered[:1] @ offered.T)
        alone = least(lambda m=model, v=one, n=items: top_lists(m, v, PLACES, items=n))
        each = (
            least(lambda m=model, v=many, n=items: top_lists(m, v, PLACES, items=n), 3) / TOGETHER
        )
        print(f"{items:10,}{product:10.2f}{alone:11.2f}{each:10.2f}")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [20_000, 200_000, 1_000_000])
