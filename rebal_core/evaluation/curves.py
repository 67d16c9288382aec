"""Points of the curves: of one class, over all out-of-fold rows, on repaired probabilities.

Pooling the folds is right here, and only here: the pictures share one cut-off, and repaired
probabilities are on one scale. The numbers in the table are means over folds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from rebal_core.evaluation.intervals import clopper_pearson
from rebal_core.metrics.calibration import equal_mass_bins
from rebal_core.rows import Floats

MOST_POINTS = 1_000
GRID_STEPS = 200


def _tallies(truth: np.ndarray, p: Floats) -> tuple[Floats, Floats, Floats]:
    """Return rows found, rows acted on and cut-off at each distinct probability, falling."""
    order = np.argsort(-p, kind="stable")
    last = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))
    found = np.cumsum(truth[order])[last]
    return found.astype(float), (last + 1).astype(float), p[order][last]


def _thinned(size: int) -> np.ndarray:
    """Positions that keep the shape: dense at the start, where a rare class is decided."""
    if size <= MOST_POINTS:
        return np.arange(size)
    half = MOST_POINTS // 2
    spaced = np.concatenate([np.linspace(0, size - 1, half), np.geomspace(1, size, half) - 1])
    return np.unique(spaced.round().astype(int))


def roc(truth: np.ndarray, p: Floats) -> pd.DataFrame:
    """Return ``false_alarms`` (share of the other rows) and ``recall``, from 0 to 1."""
    found, acted, _ = _tallies(truth, p)
    n1 = truth.sum()
    n0 = truth.size - n1
    if min(n0, n1) == 0:
        return pd.DataFrame({"false_alarms": [], "recall": []}, dtype=float)
    keep = _thinned(found.size)
    return pd.DataFrame(
        {
            "false_alarms": np.append(0.0, ((acted - found) / n0)[keep]),
            "recall": np.append(0.0, (found / n1)[keep]),
        }
    )


def precision_recall(truth: np.ndarray, p: Floats) -> pd.DataFrame:
    """Return ``recall``, ``precision`` and the ``cutoff`` that gives them."""
    found, acted, cutoff = _tallies(truth, p)
    if not truth.any():
        return pd.DataFrame({"recall": [], "precision": [], "cutoff": []}, dtype=float)
    keep = _thinned(found.size)
    frame = {"recall": found / truth.sum(), "precision": found / acted, "cutoff": cutoff}
    return pd.DataFrame({name: values[keep] for name, values in frame.items()})


def capture(truth: np.ndarray, p: Floats) -> pd.DataFrame:
    """Return ``acted`` (of 1,000 rows, most likely first) and ``recall``, the share caught."""
    found, acted, _ = _tallies(truth, p)
    if not truth.any():
        return pd.DataFrame({"acted": [], "recall": []}, dtype=float)
    keep = _thinned(found.size)
    return pd.DataFrame(
        {
            "acted": np.append(0.0, 1_000.0 * acted[keep] / truth.size),
            "recall": np.append(0.0, found[keep] / truth.sum()),
        }
    )


def calibration(truth: np.ndarray, p: Floats) -> pd.DataFrame:
    """Return what was ``said`` and what ``happened`` in up to 15 bins of equally many rows.

    ``low`` and ``high`` are the exact 95 % interval of what happened, ``rows`` the size of a bin.
    """
    bins = equal_mass_bins(p, max(1, min(15, p.size // 20)))
    rows = []
    for part in bins:
        hits = int(truth[part].sum())
        low, high = clopper_pearson(hits, part.size)
        rows.append((p[part].mean(), hits / part.size, low, high, part.size))
    return pd.DataFrame(rows, columns=["said", "happened", "low", "high", "rows"])


#: Name of a curve to the function that computes its points.
CURVES: dict[str, Callable[[np.ndarray, Floats], pd.DataFrame]] = {
    "roc": roc,
    "precision_recall": precision_recall,
    "capture": capture,
    "calibration": calibration,
}


def grid_cutoffs(p: Floats, steps: int = GRID_STEPS) -> Floats:
    """Return rising cut-offs for a slider: each step changes the number of picked rows alike.

    The picked share runs geometrically from one row to all, for a rare class is decided among the
    few most likely rows. 0.5 is always among them.
    """
    falling = np.sort(p)[::-1]
    picked = np.unique(np.geomspace(1, max(p.size, 2), steps - 1).round().astype(int))
    return np.unique(np.append(falling[np.minimum(picked, p.size) - 1], 0.5))


def count_grid(truth: np.ndarray, p: Floats, cutoffs: Floats) -> pd.DataFrame:
    """Return the columns ``t, tp, fp, fn, tn`` at each cut-off, ready for a slider."""
    order = np.argsort(p, kind="stable")
    acted = p.size - np.searchsorted(p[order], cutoffs, side="left")
    tp = np.append(0, np.cumsum(truth[order][::-1]))[acted]
    n1 = int(truth.sum())
    fn, fp = n1 - tp, acted - tp
    counts = {"tp": tp, "fp": fp, "fn": fn, "tn": truth.size - n1 - fp}
    return pd.DataFrame({"t": cutoffs, **{k: v.astype(float) for k, v in counts.items()}})
