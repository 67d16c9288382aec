"""Interventional TreeSHAP, exact, over any fitted trees; in float64.

For an explained row x and a background row b, a coalition sends each player either to its value
in x or to its value in b. A tree then needs to be walked only where the two rows part: a player
met for the first time at such a node is tried on both sides. A leaf that is reached with a
players on the side of x and c on that of b adds ``(a-1)! c! / (a+c)!`` times its value to each of
the former and takes ``a! (c-1)! / (a+c)!`` times its value from each of the latter.

Players are the user's own columns, so several inputs may belong to one player.

References
----------
Lundberg et al. (2020), From local explanations to global understanding with explainable AI for
trees, Nature Machine Intelligence 2, 56-67 (interventional feature perturbation).
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
import platformdirs
from numpy.typing import NDArray
from scipy.special import gammaln

from rebal_core.rows import Floats, Ints

# Compiled once: beside this file, or in the home where the package may not be written.
_settings: Any = numba.config
if not _settings.CACHE_DIR and not os.access(Path(__file__).parent, os.W_OK):
    _HOME = os.environ.get("REBAL_HOME") or platformdirs.user_data_path("rebal")
    _settings.CACHE_DIR = str(Path(_HOME).expanduser().absolute() / "numba")


class Ensemble(NamedTuple):
    """Trees laid end to end; a named tuple, which numba can read.

    Parameters
    ----------
    roots : ndarray of shape (trees,)
        Position of each root.
    outputs : ndarray of shape (trees,)
        Raw output that a tree adds to; -1 where its leaves hold all of them.
    left, right : ndarray of shape (nodes,)
        Children; -1 at a leaf.
    feature : ndarray of shape (nodes,)
        Input column compared at the node.
    threshold : ndarray of shape (nodes,), float64
        ``value <= threshold`` goes left.
    missing_left : ndarray of shape (nodes,), bool
        Where NaN goes.
    bitset : ndarray of shape (nodes,)
        Row of ``bits`` for a node that splits categories, else -1.
    bits : ndarray of shape (sets, words), uint32
        A category goes left where its bit is set.
    values : ndarray of shape (nodes, K or 1)
        What a leaf adds.
    depth : int
        Nodes on the longest way from a root to a leaf, at most.
    """

    roots: Ints
    outputs: Ints
    left: Ints
    right: Ints
    feature: Ints
    threshold: Floats
    missing_left: NDArray[np.bool_]
    bitset: Ints
    bits: NDArray[np.uint32]
    values: Floats
    depth: int


def shapley(
    trees: Ensemble, rows: Floats, background: Floats, player: Ints, worth: Floats
) -> Floats:
    """Return the Shapley values of ``sum_c worth_c * raw output_c``, averaged over the background.

    Parameters
    ----------
    trees : Ensemble
        The fitted trees.
    rows : ndarray of shape (n, inputs)
        Explained rows, as the trees see them; NaN where missing.
    background : ndarray of shape (b, inputs)
        Background rows.
    player : ndarray of shape (inputs,)
        The player 0..M-1 that each input belongs to.
    worth : ndarray of shape (n, b, K)
        Multipliers of the raw outputs for each pair of rows.

    Returns
    -------
    ndarray of shape (n, M)
    """
    out = np.zeros((len(rows), int(player.max()) + 1))
    _walk_all(
        trees,
        np.ascontiguousarray(rows, dtype=np.float64),
        np.ascontiguousarray(background, dtype=np.float64),
        np.ascontiguousarray(player, dtype=np.int64),
        np.ascontiguousarray(worth, dtype=np.float64),
        _weights(min(out.shape[1], trees.depth) + 1),
        out,
    )
    return out / len(background)


def _weights(size: int) -> Floats:
    """Return the table ``[a, c] -> (a-1)! c! / (a+c)!``, 0 where a = 0."""
    a, c = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    table: Floats = np.exp(gammaln(np.maximum(a, 1)) + gammaln(c + 1) - gammaln(a + c + 1))
    table[0] = 0.0
    return table


@numba.njit(inline="always")
def _goes_left(value, threshold, missing_left, bitset, bits):  # type: ignore[no-untyped-def]
    if np.isnan(value):
        return missing_left
    if bitset >= 0:
        code = int(value)
        if code < 0 or code >= 32 * bits.shape[1]:
            return missing_left
        return (bits[bitset, code >> 5] >> np.uint32(code & 31)) & np.uint32(1) == 1
    return value <= threshold


@numba.njit(inline="always")
def _leaf(values, output, worth):  # type: ignore[no-untyped-def]
    """Return what a leaf adds to the explained sum."""
    if output >= 0:
        return worth[output] * values[0]
    value = 0.0
    for k in range(worth.size):
        value += worth[k] * values[k]
    return value


@numba.njit(cache=True)
def _walk_all(trees, rows, background, player, worth, weights, out):  # type: ignore[no-untyped-def]
    """Walk every tree for every pair of rows; ``out`` receives the sums."""
    for i in range(rows.shape[0]):
        for j in range(background.shape[0]):
            _walk(trees, rows[i], background[j], player, worth[i, j], weights, out[i])


@numba.njit(cache=True)
def _walk(trees, x, b, player, worth, weights, out):  # type: ignore[no-untyped-def]
    """Walk every tree for one pair of rows.

    ``side`` says of each player whether it was met on the way and follows x (1) or b (2); ``met``
    lists those players in order; ``later`` holds the branches on the side of b that still wait:
    node, players met before it, the player that parts there.
    """
    # Local names: numba counts references each time a field of a tuple is read.
    roots, outputs, left, right, feature, threshold = trees[:6]
    missing_left, bitset, bits, values = trees[6:10]
    side = np.zeros(out.size, np.int8)
    met = np.zeros(out.size, np.int64)
    later = np.zeros((out.size, 3), np.int64)
    for tree in range(roots.size):
        node, n, followers, waiting = roots[tree], 0, 0, 0
        while node >= 0:
            while left[node] >= 0:
                f, t, m, s = feature[node], threshold[node], missing_left[node], bitset[node]
                p = player[f]
                go = _goes_left(b[f] if side[p] == 2 else x[f], t, m, s, bits)
                if side[p] == 0 and go != _goes_left(b[f], t, m, s, bits):
                    later[waiting, 0] = right[node] if go else left[node]
                    later[waiting, 1] = n
                    later[waiting, 2] = p
                    waiting += 1
                    side[p] = 1
                    met[n] = p
                    n += 1
                    followers += 1
                node = left[node] if go else right[node]
            if n > 0:
                value = _leaf(values[node], outputs[tree], worth)
                gain = weights[followers, n - followers] * value
                loss = weights[n - followers, followers] * value
                for q in range(n):
                    out[met[q]] += gain if side[met[q]] == 1 else -loss
            kept = later[waiting - 1, 1] if waiting > 0 else 0
            while n > kept:
                n -= 1
                followers -= side[met[n]] == 1
                side[met[n]] = 0
            node = -1
            if waiting > 0:
                waiting -= 1
                node = later[waiting, 0]
                side[later[waiting, 2]] = 2
                met[n] = later[waiting, 2]
                n += 1
