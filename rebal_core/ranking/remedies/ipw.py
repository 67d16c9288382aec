"""Events at places that are seldom looked at count more in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from rebal_core.data.formats import count, share
from rebal_core.params import Choice, ColumnName, Number
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.remedies.base import REMEDIES, Remedy
from rebal_core.ranking.remedies.columns import CLIP, evened, lacks_numbers, left_out, numbers
from rebal_core.rows import Floats, Ints
from rebal_core.wording import Text

#: Fewer events leave the propensity of a place to chance.
_FEWEST = 100
_ROUNDS, _STILL = 500, 1e-7


def found_on(log: EventLog, column: str) -> tuple[Floats, Floats] | None:
    """Return the places, and how often each is looked at beside the one that is so most.

    An event follows where a place is looked at and the item suits: ``p(place) r(item)``. Both are
    those of greatest likelihood where events are Poisson counts: ``r = events of the item / sum of
    p over its offers``, ``p = events of the place / sum of r over its offers``, in turn. So a place
    is compared with others by the same items, and that good items stand above does not count.

    Returns
    -------
    (ndarray, ndarray) or None
        None where the log does not tell what was shown and left alone, or has too few events.
    """
    if log.shown is None:
        return None
    place = np.concatenate([numbers(log, column), numbers(log.shown, column)])
    item = np.concatenate([log.item, log.shown.item])
    took = np.arange(len(place)) < len(log)
    known = np.isfinite(place)
    if (took & known).sum() < _FEWEST or not (~took & known).any():
        return None
    places, code = np.unique(place[known], return_inverse=True)
    item, took = item[known], took[known]
    offers = sp.csr_matrix((np.ones(len(item)), (item, code)), (len(log.items), len(places)))
    of_item = np.bincount(item[took], minlength=len(log.items))
    of_place = np.bincount(code[took], minlength=len(places))
    p = np.ones(len(places))
    for _ in range(_ROUNDS):
        r = _over(of_item, offers @ p)
        new = _over(of_place, offers.T @ r)
        new /= new.max()
        still = np.abs(new - p).max() < _STILL
        p = new
        if still:
            break
    return places, p


def _over(events: Ints, looks: Floats) -> Floats:
    found: Floats = np.divide(events, looks, out=np.zeros(len(looks)), where=looks > 0)
    return found


def propensity(log: EventLog, params: Mapping[str, Any]) -> Floats:
    """Return how often the place of each event is looked at; nan where it has no place."""
    place = numbers(log, params["position"])
    found = found_on(log, params["position"]) if params["estimate"] == "shown" else None
    if found is None:
        # Some count places from 0.
        first = np.min(place, where=np.isfinite(place), initial=1.0)
        return np.asarray((place + max(0.0, 1.0 - first)) ** -float(params["eta"]))
    places, p = found
    at = np.searchsorted(places, place).clip(max=len(places) - 1)
    return np.where(np.isfinite(place), p[at], np.nan)


def weigh(log: EventLog, params: Mapping[str, Any]) -> Floats:
    """Return one over the propensity of an event's place, cut, with a mean of 1."""
    return evened(1.0 / propensity(log, params), float(params["clip"]))


def serves(log: EventLog, params: Mapping[str, Any]) -> Text | None:
    """Refuse a column without numbers."""
    return lacks_numbers(log, params["position"])


def tells(log: EventLog, params: Mapping[str, Any]) -> Text | None:
    """Tell where the propensities come from, and how many places are none."""
    strange, told = left_out(log, params["position"]), _how(log, params)
    return told if strange is None else Text("{first} {second}", {"first": told, "second": strange})


def _how(log: EventLog, params: Mapping[str, Any]) -> Text:
    found = found_on(log, params["position"]) if params["estimate"] == "shown" else None
    if found is None or log.shown is None:
        template = "Place k is taken to be looked at k^−{eta:g} times as often as the first."
        return Text(template, {"eta": float(params["eta"])})
    return Text(
        "Of {places} places the last is looked at {share} as often as the one most looked at: from "
        "{rows} rows that were shown, each place compared by the same items.",
        {
            "places": count(len(found[0])),
            "share": share(float(found[1][-1])),
            "rows": count(len(log) + len(log.shown)),
        },
    )


ipw = REMEDIES.add(
    Remedy(
        name="ipw",
        label="Inverse propensity",
        family="weights",
        reference="Schnabel et al. (2016), Recommendations as treatments: debiasing learning and "
        "evaluation, ICML",
        about="In training an event counts the more, the less its place in the list is looked at: "
        "a click on place 10 says more than one on place 1.",
        aliases=(
            *("inverse_propensity", "inverse_propensity_weighting", "ips", "position_debias"),
            *("逆倾向加权", "逆倾向得分", "位置去偏"),
        ),
        parameters=(
            ColumnName("position", "Place in the list", "The column of the place: 1 on top."),
            Choice(
                "estimate",
                "How often places are looked at",
                "Where the log does not tell what was shown and left alone, it is the power.",
                "shown",
                (("shown", "found on what was shown"), ("power", "a power of the place")),
            ),
            Number("eta", "Power of the place", "Place k is looked at k to minus this.", 1.0, 0, 3),
            CLIP,
        ),
        needs=("position",),
        weigh=weigh,
        serves=serves,
        tells=tells,
    )
)
