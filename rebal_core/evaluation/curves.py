"""Points of the curves: of one class, over all out-of-fold rows, on repaired probabilities.

Pooling the folds is right here, and only here: the pictures share one cut-off, and repaired
probabilities are on one scale. The numbers in the table are means over folds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rebal_core.decisions import Decisions
from rebal_core.evaluation.intervals import clopper_pearson
from rebal_core.rows import Floats, Ints

MOST_POINTS = 1_000
GRID_STEPS = 200
MOST_BINS, ROWS_PER_BIN = 15, 20


@dataclass(frozen=True)
class ArmCurves:
    """What the pictures of one class show of one arm: counted and thinned, without its rows.

    Parameters
    ----------
    rows, positives : float
        Rows of all repeats, and those of the class.
    found, acted, cutoff : ndarray of shape (m,)
        Rows of the class, and rows in all, from that probability on; cut-offs fall.
    steps, steps_found, steps_acted : ndarray of shape (g,)
        The same at the cut-offs of a slider, which rise.
    said, happened, size : ndarray of shape (b,)
        Bins of nearly equally many rows: mean probability, rows of the class, rows.
    """

    rows: float
    positives: float
    found: Floats
    acted: Floats
    cutoff: Floats
    steps: Floats
    steps_found: Floats
    steps_acted: Floats
    said: Floats
    happened: Floats
    size: Floats

    @classmethod
    def of(cls, truth: np.ndarray, p: Floats, own: float | None = None) -> ArmCurves:
        """Count.

        Parameters
        ----------
        truth : ndarray of shape (n,), bool
            Whether the row is of the class.
        p : ndarray of shape (n,)
            Its repaired probability.
        own : float, optional
            A cut-off that the slider has to have.
        """
        rising = np.argsort(p, kind="stable")
        falling = p[rising][::-1]
        hits = np.append(0.0, np.cumsum(truth[rising][::-1]))
        acted = 1 + np.flatnonzero(np.append(np.diff(falling) != 0, True)[: p.size])
        acted = acted[_thinned(acted.size)]
        steps = grid_cutoffs(falling)
        steps = steps if own is None else np.union1d(steps, own)
        steps_acted = p.size - np.searchsorted(falling[::-1], steps, side="left")
        bins = max(1, min(MOST_BINS, p.size // ROWS_PER_BIN))
        parts = [part for part in np.array_split(rising, bins) if part.size]
        return cls(
            rows=float(p.size),
            positives=float(truth.sum()),
            found=hits[acted],
            acted=acted.astype(float),
            cutoff=falling[acted - 1],
            steps=steps,
            steps_found=hits[steps_acted],
            steps_acted=steps_acted.astype(float),
            said=np.array([p[part].mean() for part in parts]),
            happened=np.array([float(truth[part].sum()) for part in parts]),
            size=np.array([float(part.size) for part in parts]),
        )

    def grid(self) -> pd.DataFrame:
        """Return the columns ``t, tp, fp, fn, tn`` at each step of a slider."""
        tp, fn = self.steps_found, self.positives - self.steps_found
        fp = self.steps_acted - tp
        tn = self.rows - self.positives - fp
        return pd.DataFrame({"t": self.steps, "tp": tp, "fp": fp, "fn": fn, "tn": tn})


@dataclass(frozen=True)
class ClassCurves:
    """The curves of one class.

    Parameters
    ----------
    repeats : int
        How many times each row was tested.
    arms : mapping of arm name to ArmCurves
    """

    repeats: int
    arms: Mapping[str, ArmCurves]

    def curve(self, kind: str, arms: Iterable[str]) -> pd.DataFrame:
        """Return the points of a curve, a name of :data:`CURVES`; its columns and ``arm``."""
        frames = [CURVES[kind](self.arms[arm]).assign(arm=arm) for arm in arms]
        return pd.concat(frames, ignore_index=True)

    def grid(self, arm: str) -> pd.DataFrame:
        """Return counts of one repeat at up to 201 cut-offs: ``t, tp, fp, fn, tn``."""
        frame = self.arms[arm].grid()
        frame[["tp", "fp", "fn", "tn"]] /= self.repeats
        return frame


def class_curves(
    decisions: Mapping[str, Decisions], label: int, cutoffs: Mapping[str, float] | None = None
) -> ClassCurves:
    """Return the curves of a class, by code, for every arm that was decided.

    ``cutoffs`` are those that the sliders have to have, by arm.
    """
    own = cutoffs or {}
    cells = {name: [(d.cell.y, d.proba) for d in arm.cells] for name, arm in decisions.items()}
    repeats = {d.cell.repeat for arm in decisions.values() for d in arm.cells}
    return ClassCurves(len(repeats), {n: pooled(of, label, own.get(n)) for n, of in cells.items()})


def pooled(cells: Sequence[tuple[Ints, Floats]], label: int, own: float | None = None) -> ArmCurves:
    """Return the curves of a class over all cells of an arm.

    Parameters
    ----------
    cells : sequence of (ndarray of shape (m,), ndarray of shape (m, K))
        True codes and repaired probabilities of each.
    label : int
        Code of the class.
    own : float, optional
        A cut-off that the slider has to have.
    """
    y = np.concatenate([y for y, _ in cells])
    return ArmCurves.of(y == label, np.concatenate([proba[:, label] for _, proba in cells]), own)


def _thinned(size: int) -> np.ndarray:
    """Positions that keep the shape: dense at the start, where a rare class is decided."""
    if size <= MOST_POINTS:
        return np.arange(size)
    half = MOST_POINTS // 2
    spaced = np.concatenate([np.linspace(0, size - 1, half), np.geomspace(1, size, half) - 1])
    return np.unique(spaced.round().astype(int))


def grid_cutoffs(falling: Floats, steps: int = GRID_STEPS) -> Floats:
    """Return rising cut-offs for a slider: each step changes the number of picked rows alike.

    The picked share runs geometrically from one row to all, for a rare class is decided among the
    few most likely rows. 0.5 is always among them.
    """
    picked = np.unique(np.geomspace(1, max(falling.size, 2), steps - 1).round().astype(int))
    return np.unique(np.append(falling[np.minimum(picked, falling.size) - 1], 0.5))


def roc(c: ArmCurves) -> pd.DataFrame:
    """Return ``false_alarms`` (share of the other rows) and ``recall``, from 0 to 1."""
    others = c.rows - c.positives
    if min(others, c.positives) == 0:
        return pd.DataFrame({"false_alarms": [], "recall": []}, dtype=float)
    return pd.DataFrame(
        {
            "false_alarms": np.append(0.0, (c.acted - c.found) / others),
            "recall": np.append(0.0, c.found / c.positives),
        }
    )


def precision_recall(c: ArmCurves) -> pd.DataFrame:
    """Return ``recall``, ``precision`` and the ``cutoff`` that gives them."""
    if not c.positives:
        return pd.DataFrame({"recall": [], "precision": [], "cutoff": []}, dtype=float)
    return pd.DataFrame(
        {"recall": c.found / c.positives, "precision": c.found / c.acted, "cutoff": c.cutoff}
    )


def capture(c: ArmCurves) -> pd.DataFrame:
    """Return ``acted`` (of 1,000 rows, most likely first) and ``recall``, the share caught."""
    if not c.positives:
        return pd.DataFrame({"acted": [], "recall": []}, dtype=float)
    return pd.DataFrame(
        {
            "acted": np.append(0.0, 1_000.0 * c.acted / c.rows),
            "recall": np.append(0.0, c.found / c.positives),
        }
    )


def calibration(c: ArmCurves) -> pd.DataFrame:
    """Return what was ``said`` and what ``happened`` in up to 15 bins of equally many rows.

    ``low`` and ``high`` are the exact 95 % interval of what happened, ``rows`` the size of a bin.
    """
    low, high = clopper_pearson(c.happened, c.size)
    shares = {"said": c.said, "happened": c.happened / c.size, "low": low, "high": high}
    return pd.DataFrame({**shares, "rows": c.size.astype(int)})


#: Name of a curve to the function that computes its points.
CURVES: dict[str, Callable[[ArmCurves], pd.DataFrame]] = {
    "roc": roc,
    "precision_recall": precision_recall,
    "capture": capture,
    "calibration": calibration,
}
