"""Shapley values of any model, by walking from background rows to the explained row.

Each pair of rows gets a random order of the players of its own; along it the players change one
by one from the background row's value to the explained row's, and each is credited with the
change of the output. The orders come in pairs, one the reverse of the other. Whatever the orders,
the values of a row add up exactly.

References
----------
Mitchell et al. (2022), Sampling permutations for Shapley value estimation, JMLR 23, 1-46.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rebal_core.rows import Floats, Ints, Layout, TypedRows

#: Rows that are predicted at once.
_BATCH = 50_000

#: Predicts the explained probability, (n rows) -> shape (n,).
Predict = Callable[[TypedRows], Floats]


def shapley(
    predict: Predict,
    rows: TypedRows,
    background: TypedRows,
    players: tuple[str, ...],
    rng: np.random.Generator,
    progress: Callable[[float], None] | None = None,
) -> Floats:
    """Return Shapley values averaged over the background.

    Parameters
    ----------
    predict : callable
        The explained function.
    rows, background : TypedRows
        n explained and b background rows.
    players : tuple of str
        The user's own columns; the M players.
    rng : Generator
        Draws the orders.
    progress : callable, optional
        Receives the finished share; what it raises ends the work.

    Returns
    -------
    ndarray of shape (n, M)
    """
    pairs, size = len(background), len(players)
    out = np.zeros((len(rows), size))
    step = max(1, _BATCH // (pairs * (size + 1)))
    for start in range(0, len(rows), step):
        part = np.arange(start, min(start + step, len(rows)))
        ranks = _ranks(len(part), pairs, size, rng)
        outputs = _outputs(predict, rows, background, players, part, ranks)
        gain = np.diff(outputs, axis=2)
        out[part] = np.take_along_axis(gain, ranks, axis=2).mean(axis=1)
        if progress is not None:
            progress((part[-1] + 1) / len(rows))
    return out


def _ranks(rows: int, pairs: int, size: int, rng: np.random.Generator) -> Ints:
    """Return the place of each player in the order of each pair, shape (rows, pairs, size)."""
    ranks = rng.permuted(np.broadcast_to(np.arange(size), (rows, pairs, size)), axis=2)
    ranks[:, 1::2] = size - 1 - ranks[:, : pairs - pairs % 2 : 2]
    return ranks


def _outputs(
    predict: Predict,
    rows: TypedRows,
    background: TypedRows,
    players: tuple[str, ...],
    part: Ints,
    ranks: Ints,
) -> Floats:
    """Predict every station of every walk, shape (rows, pairs, size + 1)."""
    n, pairs, size = ranks.shape
    stations = np.arange(size + 1)
    walks = ranks.reshape(-1, 1, size) < stations[:, None]  # (n * pairs, size + 1, size)
    mine = np.repeat(part, pairs * (size + 1))
    theirs = np.tile(np.repeat(np.arange(pairs), size + 1), n)
    moved = walks.reshape(-1, size)
    parts = []
    for cut in _slices(len(moved)):
        mixed = _mixed(rows.take(mine[cut]), background.take(theirs[cut]), players, moved[cut])
        parts.append(predict(mixed))
    return np.concatenate(parts).reshape(n, pairs, size + 1)


def _slices(size: int) -> Iterator[slice]:
    for start in range(0, size, _BATCH):
        yield slice(start, start + _BATCH)


def _mixed(
    rows: TypedRows, background: TypedRows, players: tuple[str, ...], moved: NDArray[np.bool_]
) -> TypedRows:
    """Return rows that hold the moved players' values of ``rows``, the others' of ``background``.

    Sparse text is left out: models that want it are linear, and explained exactly.
    """
    layout, place = rows.layout, {name: j for j, name in enumerate(players)}
    numbers = moved[:, [place[name] for name in layout.players]]
    codes = moved[:, [place[name] for name in layout.codes]]
    dense = rows.text_dense
    if dense is not None and background.text_dense is not None:
        text = moved[:, [place[name] for name in _text_players(layout)]]
        dense = np.where(text, dense, background.text_dense)
    return replace(
        rows,
        numbers=np.where(numbers, rows.numbers, background.numbers),
        codes=np.where(codes, rows.codes, background.codes),
        text=None,
        text_dense=dense,
    )


def _text_players(layout: Layout) -> list[str]:
    names = []
    for name, (start, end) in zip(layout.texts, layout.dense_blocks, strict=True):
        names += [name] * (end - start)
    return names
