"""Shares of rows that come in groups: as how many rows drawn one by one they count."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from rebal_core.data.units import held
from rebal_core.evaluation.intervals import LEVEL, clopper_pearson
from rebal_core.rows import Floats, Ints


def effective_rows(units: Ints, hits: np.ndarray, repeats: int = 1) -> float:
    """Return as how many rows drawn one by one some rows count for the share of hits among them.

    The variance of a ratio over groups against that of single rows (design effect, 1 at least),
    and fewer degrees of freedom. Where all rows are hits or none is, the groups do not show how
    alike their rows are: these count as one row each, by Kish's measure.

    Parameters
    ----------
    units : ndarray of shape (n,)
        Group of each row.
    hits : ndarray of shape (n,), bool
        Of all repeats, one behind the other.
    repeats : int
        How often each row stands there.

    References
    ----------
    Korn, Graubard (1998), Survey Methodology 24, 193-201.
    """
    code = np.unique(units, return_inverse=True)[1]
    sizes = np.bincount(code) / repeats
    found = np.bincount(code, weights=hits) / repeats
    rows, groups = float(sizes.sum()), held(sizes).units
    if sizes.size == round(rows):
        return rows
    if sizes.size < 2 or groups < 2 or found.sum() in (0.0, rows):
        return groups
    share = found.sum() / rows
    variance = sizes.size / (sizes.size - 1) * float(((found - share * sizes) ** 2).sum()) / rows**2
    effect = max(1.0, variance * (rows - 1) / (share * (1 - share)))
    wider = stats.t.ppf(1 - LEVEL / 2, groups - 1) / stats.t.ppf(1 - LEVEL / 2, rows - 1)
    return float(rows / effect / wider**2)


def recall_interval(confusion: Floats, counted: Floats | None) -> tuple[Any, Any]:
    """Return the interval of each class's recall; ``counted`` are its rows in effect, if fewer."""
    found, rows = np.diag(confusion), confusion.sum(axis=1)
    if counted is None:
        return clopper_pearson(found, rows)
    share = np.divide(found, rows, out=np.zeros(rows.size), where=rows > 0)
    return clopper_pearson(share * counted, counted)
