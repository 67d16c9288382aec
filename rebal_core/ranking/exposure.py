"""What lists show: how popular it is, how much of the catalogue, and head against tail.

Lists are of shape (n, k), best first, padded with -1. Popularity ``phi(i)`` is the number of
training events of item i, the long tail is the band tail of :mod:`rebal_core.ranking.bands`. A
metric that is a mean over visits is told visit by visit, for intervals over users: shape (n,), nan
where a list is empty. Those that are ratios of sums come from counts by visit, which can be drawn
in the same way.

References
----------
Abdollahpouri, H., Burke, R., Mobasher, B. (2019). Managing popularity bias in recommender systems
with personalized re-ranking. FLAIRS (ARP, APLT, ACLT). Abdollahpouri, H., Mansoury, M., Burke, R.,
Mobasher, B. (2020). The connection between popularity bias, calibration, and fairness in
recommendation. RecSys (popularity lift). Zhu, Z., Wang, J., Caverlee, J. (2020). Measuring and
mitigating item under-recommendation bias in personalized ranking systems. SIGIR (PopRSP, PopREO).
Vargas, S., Castells, P. (2011). Rank and relevance in novelty and diversity metrics for recommender
systems. RecSys (novelty). Ziegler, C.-N. et al. (2005). Improving recommendation lists through
topic diversification. WWW (diversity within a list).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from rebal_core.data.profile import gini
from rebal_core.ranking.bands import BANDS, TAIL, bands_of
from rebal_core.ranking.diversity import diversity, vectors_of
from rebal_core.ranking.log import Bools, EventLog, Visits
from rebal_core.ranking.metrics import hits, over
from rebal_core.ranking.trial import Trial, Truth
from rebal_core.rows import Floats, Ints


@dataclass(frozen=True)
class Catalogue:
    """What a training log says of its items, the same for all lists that are judged.

    Parameters
    ----------
    popularity, bands : ndarray of shape (items,)
        Events, and 0 (head), 1 (mid), 2 (tail).
    users : ndarray of shape (items,)
        Users that had it.
    everybody : int
        Users with an event.
    vectors : csr_matrix of shape (items, users)
        Summed weights, what two items are compared by.
    """

    popularity: Ints
    bands: Ints
    users: Ints
    everybody: int
    vectors: sp.csr_matrix

    @classmethod
    def of(cls, log: EventLog) -> Catalogue:
        """Return it for a log, with the bands by events."""
        vectors = vectors_of(log)
        users = np.diff(vectors.indptr).astype(np.int64)
        everybody = np.unique(log.user).size
        return cls(log.popularity, bands_of(log.popularity), users, everybody, vectors)

    @property
    def cold(self) -> Bools:
        """Which items were never seen in training; ``truth.within(cold)`` judges lists on them."""
        found: Bools = self.popularity == 0
        return found

    @property
    def novelty(self) -> Floats:
        """Bits of surprise of each item, ``-log2(users / everybody)``.

        An item that nobody had counts as one that one user had; endless surprise has no mean.
        """
        found: Floats = -np.log2(np.maximum(self.users, 1) / max(self.everybody, 1))
        return found


def by_visit(lists: Ints, visits: Visits, catalogue: Catalogue) -> dict[str, Floats]:
    """Return what each visit is shown.

    Returns
    -------
    dict of ndarray of shape (n,)
        ``arp``: mean popularity of the list's items; ``profile_popularity``: that of the items of
        the visit; ``aplt``: share of the list that is long tail; ``aclt``: how many of it are
        (the published formula; the share of the tail that all lists together show, of which the
        paper's words speak, is ``tail_coverage`` of :func:`over_all`); ``novelty``: mean surprise
        in bits; ``diversity``: see :func:`~rebal_core.ranking.diversity.diversity`.
    """
    tail = (catalogue.bands == TAIL).astype(np.float64)
    share = list_mean(lists, tail)
    return {
        "arp": list_mean(lists, catalogue.popularity),
        "profile_popularity": profile_mean(visits, catalogue.popularity),
        "aplt": share,
        "aclt": share * (lists >= 0).sum(axis=1),
        "novelty": list_mean(lists, catalogue.novelty),
        "diversity": diversity(lists, catalogue.vectors),
    }


def over_all(
    lists: Ints, trial: Trial, catalogue: Catalogue, unseen: bool = False
) -> dict[str, float]:
    """Return what all lists together show; nan where a number is not defined.

    Parameters
    ----------
    unseen : bool
        Whether what a visit holds was kept out of its list, and so could not be shown.

    Returns
    -------
    dict of float
        ``coverage``, ``tail_coverage``: share of the catalogue, and of its long tail, that some
        list shows; ``gini`` of the exposure over the whole catalogue, 0 where all items are shown
        equally often; ``entropy`` of it in nats; ``popularity_lift``; ``pop_rsp``; ``pop_reo``.
    """
    bands, shown = catalogue.bands, exposure(lists, len(catalogue.bands))
    unequal = gini(shown)
    offered = band_counts(lists, bands), candidates(trial.visits, bands, unseen)
    return {
        "coverage": coverage(shown),
        "tail_coverage": coverage(shown[bands == TAIL]),
        "gini": np.nan if unequal is None else unequal,
        "entropy": entropy(shown),
        "popularity_lift": popularity_lift(
            list_mean(lists, catalogue.popularity),
            profile_mean(trial.visits, catalogue.popularity),
        ),
        "pop_rsp": disparity(*offered),
        "pop_reo": disparity(*opportunities(lists, trial.truth, bands)),
    }


def exposure(lists: Ints, items: int) -> Ints:
    """Return how many lists show each item, shape (items,)."""
    return np.bincount(lists[lists >= 0], minlength=items).astype(np.int64)


def coverage(shown: Ints) -> float:
    """Return the share of items that some list shows; nan of no items."""
    return float((shown > 0).mean()) if len(shown) else np.nan


def entropy(shown: Ints) -> float:
    """Return ``-sum p log p`` in nats, p an item's share of all places; nan where none is filled.

    Its ``exp`` is the number of items that, shown equally often, would be as diverse.
    """
    if shown.sum() == 0:
        return np.nan
    shares = shown[shown > 0] / shown.sum()
    return float(-(shares * np.log(shares)).sum())


def list_mean(lists: Ints, value: Ints | Floats) -> Floats:
    """Return the mean over each list of a number of its items, shape (n,).

    Of popularity it is the list's part of ARP, ``1/n sum_u 1/|L_u| sum_{i in L_u} phi(i)``.
    """
    there = lists >= 0
    sums = np.where(there, value[lists], 0).sum(axis=1, dtype=np.float64)
    return over(sums, there.sum(axis=1))


def profile_mean(visits: Visits, value: Ints | Floats) -> Floats:
    """Return the mean over the items that each visit holds, each once, nan where it holds none."""
    held = _held(visits, len(value))
    return over(held @ value.astype(np.float64), np.diff(held.indptr))


def popularity_lift(shown: Floats, held: Floats) -> float:
    """Return by what share lists are more popular than the profiles that they are made for.

    ``(GAP_lists - GAP_profiles) / GAP_profiles``, GAP the mean over visits of the mean popularity
    of a list (``shown``) or of the items that a visit holds (``held``); visits that have both.
    """
    both = ~(np.isnan(shown) | np.isnan(held))
    base = held[both].sum()
    return float((shown[both].sum() - base) / base) if base > 0 else np.nan


def disparity(given: Ints, possible: Ints) -> float:
    """Return how unequal groups of items are served: ``std / mean`` over them of given / possible.

    Parameters
    ----------
    given, possible : ndarray of shape (n, groups)
        Counts by visit, summed here. Of what :func:`band_counts` and :func:`candidates` count it
        is PopRSP (statistical parity), of :func:`opportunities` PopREO (equal opportunity).

    Returns
    -------
    float
        0 where all groups have the same chance to be shown. A group without a possible item has
        none and is left out; nan where no group is left or nothing was given. The standard
        deviation is that of the groups themselves (divided by their number).
    """
    top, bottom = given.sum(axis=0), possible.sum(axis=0)
    chances = top[bottom > 0] / bottom[bottom > 0]
    return float(chances.std() / chances.mean()) if chances.sum() > 0 else np.nan


def band_counts(lists: Ints, bands: Ints, among: Bools | None = None) -> Ints:
    """Return how many places of each list show head, mid and tail, shape (n, 3).

    Parameters
    ----------
    among : ndarray of shape (n, k) or None
        The places that count; default all that are filled.
    """
    shown = np.where(lists >= 0 if among is None else among, bands[lists], -1)
    return np.stack([(shown == band).sum(axis=1) for band in range(len(BANDS))], axis=1)


def candidates(visits: Visits, bands: Ints, unseen: bool = False) -> Ints:
    """Return how many items of each band could be shown to each visit, shape (n, 3)."""
    whole = np.bincount(bands, minlength=len(BANDS))
    if not unseen:
        return np.tile(whole, (len(visits), 1))
    of_band = (bands[:, None] == np.arange(len(BANDS))).astype(np.int64)
    found: Ints = whole - (_held(visits, len(bands)) @ of_band).astype(np.int64)
    return found


def opportunities(lists: Ints, truth: Truth, bands: Ints) -> tuple[Ints, Ints]:
    """Return how many true items of each band each list shows, and how many there are: (n, 3)."""
    right = band_counts(lists, bands, hits(lists, truth))
    n, groups = len(truth), len(BANDS)
    cells = truth.owner * groups + bands[truth.item]
    return right, np.bincount(cells, minlength=n * groups).reshape(n, groups).astype(np.int64)


def _held(visits: Visits, items: int) -> sp.csr_matrix:
    """Return 1 where a visit holds an item, however often, shape (n, items)."""
    found = visits.matrix(items)
    found.data[:] = 1
    return found
