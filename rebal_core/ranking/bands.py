"""Head, mid and tail of a catalogue."""

from __future__ import annotations

from typing import Literal

import numpy as np

from rebal_core.data.profile import BANDS as BANDS
from rebal_core.data.profile import HEAD_VALUES, TAIL_VALUES, band_of
from rebal_core.ranking.trial import Truth
from rebal_core.rows import Ints

HEAD, MID, TAIL = range(len(BANDS))


def bands_of(popularity: Ints, by: Literal["events", "items"] = "events") -> Ints:
    """Return 0 (head), 1 (mid) or 2 (tail) for each item of the catalogue.

    Parameters
    ----------
    popularity : ndarray of shape (items,)
        Events of each item in what is learned from.
    by : {"events", "items"}
        By events the head are the most popular items that begin within the first 50 % of the
        events, the tail those that begin beyond 80 %: the product's bands. By items the head is
        the first 20 % of the items, the tail the last half. Mid is between.

    Returns
    -------
    ndarray of shape (items,)
        Of equally popular items the one of the lower code counts as more popular. Items without
        an event are tail, however few events there are.
    """
    order = np.argsort(-popularity, kind="stable")
    place = np.arange(len(order)) / max(len(order), 1)
    found = np.empty(len(order), dtype=np.int64)
    found[order] = (
        band_of(popularity) if by == "events" else np.digitize(place, (HEAD_VALUES, TAIL_VALUES))
    )
    found[popularity == 0] = TAIL
    return found


def visits_in(truth: Truth, bands: Ints, band: int) -> int:
    """Return how many visits come to an item of a band."""
    return int(np.count_nonzero(np.diff(truth.within(bands == band).starts)))


def within_bands(truth: Truth, bands: Ints) -> dict[str, Truth]:
    """Return the truth in which only items of head, of mid and of tail count."""
    return {name: truth.within(bands == band) for band, name in enumerate(BANDS)}
