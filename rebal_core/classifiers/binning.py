"""Weighted bin edges of histogram boosting, all quantiles of a column in one pass.

scikit-learn 1.9 asks for each of the 254 quantiles alone, and sorts and sums the column anew each
time: three quarters of a weighted fit on 10,000 rows, minutes on 100,000 rows of 50 columns. The
edges are the same to the last bit; ``tests/classifiers/test_binning.py`` holds it so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble._hist_gradient_boosting import binning

Edges = Callable[..., NDArray[Any]]


def install() -> None:
    """Let scikit-learn find weighted edges in one pass, from now on in this process."""
    if not hasattr(binning._find_binning_thresholds, "one_by_one"):
        binning._find_binning_thresholds = in_one_pass(binning._find_binning_thresholds)


def in_one_pass(one_by_one: Edges) -> Edges:
    """Return scikit-learn's function, with all weighted quantiles of a column asked for at once."""

    def edges(
        column: NDArray[Any], max_bins: int, sample_weight: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        if sample_weight is None:
            return one_by_one(column, max_bins)
        known = ~np.isnan(column) & (sample_weight != 0)
        order = np.argsort(column[known])
        values, weights = column[known][order], sample_weight[known][order]
        if np.unique(values).size <= max_bins:
            return one_by_one(column, max_bins, sample_weight)
        shares = np.linspace(0, 100, num=max_bins + 1)[1:-1] / 100
        found = np.unique(_quantiles(values, weights, shares))
        return np.asarray(np.minimum(found, binning.ALMOST_INF))

    edges.one_by_one = one_by_one  # type: ignore[attr-defined]
    return edges


def _quantiles(values: NDArray[Any], weights: NDArray[Any], shares: NDArray[Any]) -> NDArray[Any]:
    """Return weighted quantiles of sorted values, the mean of two where one falls between them.

    References
    ----------
    Hyndman, Fan (1996), The American Statistician 50, 361-365, definition 2.
    """
    # Sorted again as scikit-learn does: among equal values the sums must round alike.
    sums = np.cumsum(weights.astype(values.dtype)[np.argsort(values)])
    asked = shares * sums[-1]
    last = values.size - 1
    at = np.minimum(np.searchsorted(sums, asked), last)
    between = sums[at] - asked <= np.finfo(values.dtype).eps
    means = (values[at] + values[np.minimum(at + 1, last)]) / 2
    return np.asarray(np.where(between, means, values[at]))
