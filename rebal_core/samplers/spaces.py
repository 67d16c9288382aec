"""The space in which rows are near: of all columns or some, by one metric or another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rebal_core.rows import Ints, Layout, TypedRows
from rebal_core.samplers.tiles import Points
from rebal_core.wording import Text, Unsuitable

#: A column of more values says too little about nearness.
MAX_VALUES = 20

EUCLIDEAN, MANHATTAN, COSINE = "euclidean", "manhattan", "cosine"
#: Of the differences that are summed in the space of each metric.
POWERS = {EUCLIDEAN: 2, MANHATTAN: 1, COSINE: 2}


def space_of(rows: TypedRows) -> NDArray[np.float32]:
    """Return the space in which neighbours are searched.

    Returns
    -------
    ndarray of shape (n, d)
        Scaled numbers; one-hot / sqrt 2 of categories with at most 20 values, so that two rows
        that differ in one category are 1 apart; the dense form of the text.
    """
    blocks = [rows.numbers]
    for j, cardinality in enumerate(rows.layout.cardinalities):
        if cardinality <= MAX_VALUES:
            values = np.arange(-1, cardinality, dtype=np.int32)
            same = rows.codes[:, j, None] == values
            blocks.append(same.astype(np.float32) / np.float32(np.sqrt(2)))
    if rows.text_dense is not None:
        blocks.append(rows.text_dense)
    return np.hstack(blocks)


def owners_of(layout: Layout) -> tuple[str, ...]:
    """Return the user's column behind each dimension of :func:`space_of`."""
    owners = [*layout.players]
    for name, cardinality in zip(layout.codes, layout.cardinalities, strict=True):
        owners += [name] * (cardinality + 1 if cardinality <= MAX_VALUES else 0)
    for name, (start, end) in zip(layout.texts, layout.dense_blocks, strict=True):
        owners += [name] * (end - start)
    return tuple(owners)


def column_places(layout: Layout | None, columns: tuple[str, ...]) -> Ints:
    """Return the dimensions of :func:`space_of` that stand for some columns of the user's.

    Raises
    ------
    Unsuitable
        When one of them has no place there.
    """
    owners = () if layout is None else owners_of(layout)
    strange = next((name for name in columns if name not in owners), None)
    if strange is None:
        return np.array([j for j, owner in enumerate(owners) if owner in columns], dtype=np.int64)
    if layout is not None and strange in layout.codes:
        raise Unsuitable("{reason}", reason=too_many_values(strange))
    raise Unsuitable(
        "Neighbours cannot be found by “{column}”, of which these rows hold nothing; choose other "
        "columns for them.",
        column=strange,
    )


def too_many_values(column: str) -> Text:
    """Return why a column cannot tell what is near."""
    return Text(
        "“{column}” has more than {most} values, which say too little about what is near; choose "
        "other columns for the neighbours.",
        {"column": column, "most": MAX_VALUES},
    )


def space_by(
    space: Points, layout: Layout | None, columns: tuple[str, ...], metric: str
) -> NDArray[np.floating]:
    """Return the space of some columns in which a sum of powers measures a metric.

    Parameters
    ----------
    space : ndarray of shape (n, d)
        As :func:`space_of` returns it.
    layout : Layout, optional
        Of the rows; without it all dimensions are numbers.
    columns : tuple of str
        The user's; none for all.
    metric : {"euclidean", "manhattan", "cosine"}

    Notes
    -----
    Cosine: rows scaled to length 1, whose Euclidean distance is ``sqrt(2 - 2 cos)``; a row of
    zeros, which has no direction, is 1 away from all others. Manhattan: two rows that differ in one
    category are 1 apart there, too.

    Raises
    ------
    Unsuitable
        When a column has no place in the space.
    """
    places = column_places(layout, columns) if columns else np.arange(space.shape[1])
    result = np.take(space, places, axis=1)
    if metric == COSINE:
        return _directions(result)
    if metric == MANHATTAN and layout is not None:
        result[:, coded(layout, places)] /= np.sqrt(2).astype(result.dtype)
    return result


def coded(layout: Layout, places: Ints) -> NDArray[np.bool_]:
    """Tell which dimensions of :func:`space_of` stand for values of categories."""
    first = len(layout.numbers)
    values = sum(n + 1 for n in layout.cardinalities if n <= MAX_VALUES)
    return (places >= first) & (places < first + values)


def _directions(points: Points) -> NDArray[np.floating]:
    """Return rows scaled to length 1, copies of a row exactly alike; rows of zeros stay."""
    largest = np.abs(points).max(axis=1, initial=0)
    scaled = points / np.where(largest > 0, largest, 1).astype(np.float64)[:, None]
    squares = np.zeros(len(points))
    for column in scaled.T:  # the sums of numpy depend on where in an array a row stands
        squares += column**2
    scaled /= np.sqrt(np.where(squares > 0, squares, 1))[:, None]
    return scaled.astype(points.dtype)
