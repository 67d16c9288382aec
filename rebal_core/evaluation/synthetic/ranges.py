"""Made rows that cannot be: outside the observed range, or values that never meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rebal_core.evaluation.synthetic.columns import Columns
from rebal_core.evaluation.synthetic.shapes import enough
from rebal_core.evaluation.synthetic.shares import Share, Shares
from rebal_core.rows import Ints

#: Of a hundred made rows one more than of real ones may be impossible: they can be dropped.
TOLERATED = 0.01
#: What arithmetic loses, as a part of the range.
_LOST = 1e-6

#: Which rows are strange, by the column or the two columns that make them so.
Found = Mapping[tuple[str, ...], np.ndarray]


@dataclass(frozen=True)
class Ranges:
    """Rows that do not look possible.

    Parameters
    ----------
    outside : Shares
        Rows with a number outside the range of the training rows.
    impossible : Shares
        Rows with two values that never meet in training rows.
    column : tuple of str
        The column whose values are outside most often; none where none is.
    pair : tuple of str
        The two columns whose values meet most often though they never do; none where none do.
    """

    outside: Shares
    impossible: Shares
    column: tuple[str, ...] = ()
    pair: tuple[str, ...] = ()


def ranges(train: Columns, made: Columns, held: Columns) -> Ranges:
    """Return how many made rows lie outside what was observed, beside real rows held back.

    Two values never meet where no training row has both, although at least 5 should if the columns
    had nothing to do with each other (rows of the one times rows of the other by all rows; more
    than 5 where there are many pairs of values, as one may be empty by chance). Missing is a value.

    Parameters
    ----------
    train : Columns
        Real training rows, of all classes.
    made, held : Columns
        Of one class: made rows, and real ones that were held back.
    """
    found = [[find(train, part) for part in (made, held)] for find in (_outside, _impossible)]
    outside, impossible = (
        Shares(Share.of(_any(here, made)), Share.of(_any(there, held))) for here, there in found
    )
    return Ranges(outside, impossible, _most(found[0][0]), _most(found[1][0]))


def _outside(train: Columns, rows: Columns) -> Found:
    found: dict[tuple[str, ...], np.ndarray] = {}
    for name, values in train.numbers.items():
        known = values[~np.isnan(values)]
        if known.size:
            low, high = known.min(), known.max()
            slack = _LOST * max(high - low, abs(low), abs(high))
            asked = rows.numbers[name]
            found[(name,)] = (asked < low - slack) | (asked > high + slack)
    return found


def _impossible(train: Columns, rows: Columns) -> Found:
    counted = {name: np.unique(v, return_counts=True) for name, v in train.codes.items()}
    least = enough(sum(len(a[0]) * len(b[0]) for a, b in combinations(counted.values(), 2)))
    # Fewer rows than these can be expected to meet none.
    common = {name: (v[n >= least], n[n >= least]) for name, (v, n) in counted.items()}
    found: dict[tuple[str, ...], np.ndarray] = {}
    for one, two in combinations(train.codes, 2):
        (a, n), (b, m) = common[one], common[two]
        cells = _cells(train.codes[one], train.codes[two], a, b)
        met = np.bincount(cells[cells >= 0], minlength=len(a) * len(b))
        expected = np.outer(n, m).ravel() / len(train.codes[one])
        barred = np.flatnonzero((met == 0) & (expected >= least))
        if barred.size:
            asked = _cells(rows.codes[one], rows.codes[two], a, b)
            found[(one, two)] = np.isin(asked, barred)
    return found


def _cells(one: Ints, two: Ints, a: Ints, b: Ints) -> Ints:
    """Return the cell of each row in the table of values ``a`` and ``b``; -1 of all others."""
    known = np.isin(one, a) & np.isin(two, b)
    return np.where(known, np.searchsorted(a, one) * len(b) + np.searchsorted(b, two), -1)


def _any(found: Found, rows: Columns) -> np.ndarray:
    strange = np.zeros(rows.size, dtype=bool)
    for one in found.values():
        strange |= one
    return strange


def _most(found: Found) -> tuple[str, ...]:
    most: tuple[str, ...] = max(found, key=lambda name: found[name].sum(), default=())
    return most if most and found[most].any() else ()
