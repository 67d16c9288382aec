"""From a model's raw outputs to the repaired probability, and back along the same way.

Every arm is explained by one function: the repaired probability of the shown class. Trees and
linear models are additive in their raw outputs only, so their Shapley values are computed there
and carried over pair by pair. For raw outputs r and any two rows x and b,

    g(x) - g(b) = sum over classes c of  m_c(x, b) * (r_c(x) - r_c(b))

holds exactly with the multipliers of :meth:`OutputMap.multipliers`; so values that add up before
the map add up behind it. (With two classes it is the ratio (g(x) - g(b)) / (r(x) - r(b)).)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rebal_core.decisions.stages import Stage
from rebal_core.rows import Floats

#: Two raw outputs closer than this are treated as one: the secant becomes the tangent.
_CLOSE = 1e-6
#: Points at which the slope on the way from one row to another is looked at.
_POINTS = 16


@dataclass(frozen=True)
class OutputMap:
    """The way from raw outputs to repaired probabilities.

    Parameters
    ----------
    stages : tuple of Stage
        In the order of use.
    margins : bool
        Whether raw outputs are margins, so that the first stage is a softmax.
    """

    stages: tuple[Stage, ...]
    margins: bool = False

    def probabilities(self, raw: Floats) -> Floats:
        """Return repaired probabilities, shape (n, K), rows sum to 1."""
        if self.margins:  # a constant a row changes no softmax, and exp cannot overflow
            raw = raw - raw.max(axis=1, keepdims=True)
        for stage in self.stages:
            risen = stage.rise(raw)
            raw = risen / risen.sum(axis=1, keepdims=True)
        return raw

    def multipliers(self, rows: Floats, background: Floats, label: int) -> Floats:
        """Return what one unit of each raw output is worth between two rows.

        Parameters
        ----------
        rows : ndarray of shape (n, K)
            Raw outputs of the explained rows.
        background : ndarray of shape (b, K)
            Raw outputs of the background rows.
        label : int
            The class whose probability is explained.

        Returns
        -------
        ndarray of shape (n, b, K)
        """
        if self.margins:
            several = rows.shape[1] > 2
            return (self._along if several else self._ratio)(rows, background, label)
        steps = []
        x, b = rows, background
        for stage in self.stages:
            ux, ub = stage.rise(x), stage.rise(b)
            steps.append((stage, x, b, ux, ub))
            x, b = ux / ux.sum(axis=1, keepdims=True), ub / ub.sum(axis=1, keepdims=True)
        worth = np.zeros((len(rows), len(background), rows.shape[1]))
        worth[:, :, label] = 1.0
        for stage, x, b, ux, ub in reversed(steps):
            worth = _through(worth, stage, x, b, ux, ub)
        return worth

    def _along(self, rows: Floats, background: Floats, label: int) -> Floats:
        """Several classes: the mean slope on the straight way from one row to the other.

        The slope of a probability is small everywhere on it. Secants stage by stage are not: those
        of classes that both rows all but exclude grow beyond all bounds, and cancel in the sum
        over the columns only.
        """
        run = rows[:, None, :] - background[None, :, :]
        worth = np.zeros(run.shape)
        for place, share in zip(*np.polynomial.legendre.leggauss(_POINTS), strict=True):
            spot = background[None, :, :] + (1 + place) / 2 * run
            worth += (
                share / 2 * self._slope(spot.reshape(-1, run.shape[2]), label).reshape(run.shape)
            )
        # What a sum over few points misses goes to the classes by how far apart the rows are.
        g = self.probabilities
        missed = g(rows)[:, None, label] - g(background)[None, :, label]
        missed = missed - (worth * run).sum(axis=2)
        size = (run**2).sum(axis=2)
        result: Floats = worth + run * (missed / np.where(size > 0, size, 1.0))[:, :, None]
        return result

    def _slope(self, raw: Floats, label: int) -> Floats:
        """Return how the probability of a class moves with each raw output, shape (n, K)."""
        point, steps = raw - raw.max(axis=1, keepdims=True), []
        for stage in self.stages:
            risen = stage.rise(point)
            total = risen.sum(axis=1, keepdims=True)
            steps.append((stage.slope(point) / total, risen / total))
            point = risen / total
        worth = np.zeros(raw.shape)
        worth[:, label] = 1.0
        for slope, point in reversed(steps):
            worth = slope * (worth - (worth * point).sum(axis=1, keepdims=True))
        return worth

    def _ratio(self, rows: Floats, background: Floats, label: int) -> Floats:
        """Two classes: one secant of the whole way, which extreme margins cannot cancel out."""
        own, other = label, 1 - label
        zx, zb = rows[:, own] - rows[:, other], background[:, own] - background[:, other]
        gx, gb = self.probabilities(rows)[:, own], self.probabilities(background)[:, own]
        run = zx[:, None] - zb[None, :]
        close = np.abs(run) < _CLOSE * (1 + np.abs(zx))[:, None]
        middle = (zx[:, None] + zb[None, :]).ravel() / 2
        ends = []
        for step in (-1e-4, 1e-4):
            pair = np.zeros((middle.size, 2))
            pair[:, own] = middle + step
            ends.append(self.probabilities(pair)[:, own])
        tangent = ((ends[1] - ends[0]) / 2e-4).reshape(run.shape)
        secant = np.where(close, tangent, (gx[:, None] - gb[None, :]) / np.where(close, 1.0, run))
        worth = np.empty((*run.shape, 2))
        worth[:, :, own], worth[:, :, other] = secant, -secant
        return worth


def _through(worth: Floats, stage: Stage, x: Floats, b: Floats, ux: Floats, ub: Floats) -> Floats:
    """Carry the worth of a stage's outputs back to its inputs.

    With u = rise(r), s = sum u: u_k/s at x minus the same at b is
    ((u_k(x) - u_k(b)) mean(s) - (s(x) - s(b)) mean(u_k)) / (s(x) s(b)), linear in the u_c.
    """
    secant = _secant(stage, x, b, ux, ub)
    sx, sb = ux.sum(axis=1)[:, None], ub.sum(axis=1)[None, :]
    middle = (worth * (ux[:, None, :] + ub[None, :, :])).sum(axis=2) / 2
    inner = worth * ((sx + sb) / 2)[:, :, None] - middle[:, :, None]
    result: Floats = secant * inner / (sx * sb)[:, :, None]
    return result


def _secant(stage: Stage, x: Floats, b: Floats, ux: Floats, ub: Floats) -> Floats:
    run = x[:, None, :] - b[None, :, :]
    close = np.abs(run) < _CLOSE * (1 + np.abs(x[:, None, :]))
    shape = (-1, x.shape[1])
    tangent = stage.slope(((x[:, None, :] + b[None, :, :]) / 2).reshape(shape)).reshape(run.shape)
    rise = ux[:, None, :] - ub[None, :, :]
    result: Floats = np.where(close, tangent, rise / np.where(close, 1.0, run))
    return result
