"""What the lists of one arm are worth: for each visit, and for the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rebal_core.ranking.bands import within_bands
from rebal_core.ranking.draws import UserDraws
from rebal_core.ranking.log import Bools
from rebal_core.ranking.metrics import METRICS
from rebal_core.ranking.trial import Truth
from rebal_core.rows import Floats, Ints

#: Metrics of a comparison, and what they are taken over.
SHOWN = ("recall", "ndcg", "mrr", "map")
OVER = ("all", "head", "mid", "tail")
#: The means of one arm, each with its draws, by metric and by what it is taken over.
Means = Mapping[str, Mapping[str, Floats]]


@dataclass(frozen=True)
class Scored:
    """What lists are worth.

    Parameters
    ----------
    lists : ndarray of shape (n, k)
    means : Means
        Of each shown metric over each band, with their draws.
    catalogue : mapping of metric to float
        Of all lists together; see :mod:`rebal_core.ranking.exposure`.
    cold : ndarray or None
        Recall of items without an event in training, with its draws; None where none is asked.
    """

    lists: Ints
    means: Means
    catalogue: Mapping[str, float]
    cold: Floats | None = None


def means_of(lists: Ints, truth: Truth, bands: Ints, draws: UserDraws) -> Means:
    """Return each shown metric over all items and over each band, with its draws."""
    over = {"all": truth, **within_bands(truth, bands)}
    values = np.stack([METRICS[metric](lists, over[band]) for metric in SHOWN for band in OVER])
    means = iter(draws.means(values))
    return {metric: {band: next(means) for band in OVER} for metric in SHOWN}


def cold_recall(lists: Ints, truth: Truth, cold: Bools, draws: UserDraws) -> Floats | None:
    """Return recall of items that nobody had in training, with its draws; None if none is asked."""
    wanted = truth.within(cold)
    if not len(wanted.item):
        return None
    found: Floats = draws.means(METRICS["recall"](lists, wanted)[None])[0]
    return found
