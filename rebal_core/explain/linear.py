"""Shapley values of a linear model, exact and without any sampling."""

from __future__ import annotations

from typing import Any

import numpy as np

from rebal_core.rows import Floats, Ints


def shapley(
    coefficients: Floats, rows: Any, background: Any, player: Ints, worth: Floats
) -> Floats:
    """Return the Shapley values of ``sum_c worth_c * margin_c``, averaged over the background.

    For one pair of rows and one margin a player's value is ``coef * (x - b)`` summed over its
    inputs, whatever the coalition.

    Parameters
    ----------
    coefficients : ndarray of shape (K, inputs)
        One row a margin.
    rows : ndarray or csr_matrix of shape (n, inputs)
        Explained rows, as the model sees them.
    background : ndarray or csr_matrix of shape (b, inputs)
        Background rows.
    player : ndarray of shape (inputs,)
        The player 0..M-1 that each input belongs to.
    worth : ndarray of shape (n, b, K)
        Multipliers of the margins for each pair of rows.

    Returns
    -------
    ndarray of shape (n, M)
    """
    order = np.argsort(player, kind="stable")
    starts = np.searchsorted(player[order], np.arange(int(player.max()) + 1))
    out = np.zeros((rows.shape[0], len(starts)))
    for k, coefficient in enumerate(coefficients):
        ours = _by_player(rows, coefficient, order, starts)
        theirs = _by_player(background, coefficient, order, starts)
        out += ours * worth[:, :, k].mean(axis=1)[:, None]
        out -= worth[:, :, k] @ theirs / len(theirs)
    return out


def _by_player(rows: Any, coefficient: Floats, order: Ints, starts: Ints) -> Floats:
    """Sum ``coef * x`` over the inputs of each player, shape (n, M)."""
    ends = np.append(starts[1:], len(order))
    blocks = [order[start:end] for start, end in zip(starts, ends, strict=True)]
    parts = [np.asarray(rows[:, block] @ coefficient[block]) for block in blocks]
    return np.column_stack([part.astype(np.float64).ravel() for part in parts])
