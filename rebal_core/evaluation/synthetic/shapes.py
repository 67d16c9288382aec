"""How alike made and real rows are, column by column and pair by pair, and what vanished.

Scores are 1 where the two are alike and 0 where they have nothing in common. They are those of
``sdmetrics`` where both define the same thing: KSComplement, TVComplement, CorrelationSimilarity
and ContingencySimilarity.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from scipy import stats

from rebal_core.evaluation.intervals import LEVEL
from rebal_core.evaluation.synthetic.columns import Columns
from rebal_core.rows import Floats, Ints

Kind = Literal["number", "missing", "category", "correlation", "contingency"]

#: Ranges of equal width into which a number is cut beside a category; the outer ones are open.
BINS = 10
#: A score below this is a failure unless chance explains it: a fifth of the rows would have to move
#: to another value, or the correlation is off by .4. Usual generators score .85 to .95.
FLOOR = 0.8
#: So many rows of a kind have to be expected before their absence says anything: a Poisson number
#: with this mean is 0 in .7 % of cases.
EXPECTED = 5.0


@dataclass(frozen=True)
class Shape:
    """How alike a column, or a pair of columns, is.

    Parameters
    ----------
    columns : tuple of str
        One, or two.
    kind : {"number", "missing", "category", "correlation", "contingency"}
        What was compared: the values of a number, whether it is missing, the values of a category,
        the correlation of two numbers, or how often values of two columns meet.
    score : float
        nan where there is nothing to compare.
    chance : float
        What rows as good as real ones fall below by chance in one of twenty tables.
    """

    columns: tuple[str, ...]
    kind: Kind
    score: float
    chance: float

    @property
    def failed(self) -> bool:
        """Whether the two are too unlike."""
        return self.score < min(FLOOR, self.chance)


@dataclass(frozen=True)
class Coverage:
    """Which values of a category are found among made rows.

    Parameters
    ----------
    column : str
    values, found : int
        Values of the real rows, and how many of them the made rows have too.
    vanished : tuple of int
        Codes of those that are missing although so many made rows should have had some.
    """

    column: str
    values: int
    found: int
    vanished: tuple[int, ...] = ()


def column_shapes(real: Columns, made: Columns) -> tuple[Shape, ...]:
    """Return how alike each column is, the worst first.

    Numbers: 1 - Kolmogorov-Smirnov distance of the known values; whether they are missing counts
    by itself. Categories: 1 - total variation; missing is a value of its own.
    """
    numbers = [(name, values, made.numbers[name]) for name, values in real.numbers.items()]
    gaps = [
        (name, np.isnan(a).astype(np.int64), np.isnan(b).astype(np.int64)) for name, a, b in numbers
    ]
    gaps = [(name, a, b) for name, a, b in gaps if a.any() or b.any()]
    alpha = LEVEL / max(1, len(real.names) + len(gaps))
    shapes = [Shape((name,), "number", *_steps(a, b, alpha)) for name, a, b in numbers]
    shapes += [Shape((name,), "missing", *_tables([a], [b], alpha)) for name, a, b in gaps]
    for name, codes in real.codes.items():
        score, chance = _tables([codes], [made.codes[name]], alpha)
        shapes.append(Shape((name,), "category", score, chance))
    return _worst_first(shapes)


def pair_trends(real: Columns, made: Columns) -> tuple[Shape, ...]:
    """Return how alike each pair of columns is, the worst first.

    Two numbers: 1 - half the difference of their correlations (Pearson); a column of one value on
    one side only has none there, on both sides there is nothing to compare. All other pairs: 1 -
    total variation of how often their values meet, numbers cut at :data:`BINS` ranges.
    """
    pairs = len(real.names) * (len(real.names) - 1) // 2
    alpha = LEVEL / max(1, pairs)
    shapes = [*_correlated(real, made, alpha)]
    binned = {name: _binned(values, made.numbers[name]) for name, values in real.numbers.items()}
    coded = {name: (codes, made.codes[name]) for name, codes in real.codes.items()}
    ready = {name: _compressed(*both) for name, both in {**binned, **coded}.items()}
    for one, two in combinations(real.names, 2):
        if two in real.codes:
            (a, b), (c, d) = ready[one], ready[two]
            shapes.append(Shape((one, two), "contingency", *_tables([a, c], [b, d], alpha)))
    return _worst_first(shapes)


def coverage(real: Columns, made: Columns) -> tuple[Coverage, ...]:
    """Return which values of each category are found among made rows, the most vanished first.

    A value has vanished where at least :data:`EXPECTED` real rows have it, no made row does, and
    by its share at least as many of them should; of many values more, as one of them may be absent
    by chance.
    """
    counted = {
        name: np.unique(codes[codes >= 0], return_counts=True) for name, codes in real.codes.items()
    }
    least = enough(sum(len(values) for values, _ in counted.values()))
    found = []
    for name, (values, rows) in counted.items():
        present = np.isin(values, made.codes[name])
        expected = made.size * rows / max(1, real.size)
        gone = ~present & (rows >= EXPECTED) & (expected >= least)
        known = int(present.sum())
        found.append(Coverage(name, len(values), known, tuple(values[gone].tolist())))
    return tuple(sorted(found, key=lambda c: -len(c.vanished)))


def enough(cells: int) -> float:
    """Return how many rows have to be expected in each of many cells for one empty to say much.

    That one of them is empty by chance then happens in one of twenty tables at most.
    """
    return max(EXPECTED, float(np.log(max(1, cells) / LEVEL)))


def _worst_first(shapes: Sequence[Shape]) -> tuple[Shape, ...]:
    def order(shape: Shape) -> float:
        return 2.0 if np.isnan(shape.score) else shape.score

    return tuple(sorted(shapes, key=order))


def _steps(real: Floats, made: Floats, alpha: float) -> tuple[float, float]:
    """Return 1 - Kolmogorov-Smirnov distance, and its bound (Smirnov's asymptotic one)."""
    a, b = (np.sort(values[~np.isnan(values)]) for values in (real, made))
    if not (a.size and b.size):
        return (np.nan if a.size == b.size else 0.0), 1.0
    at = np.concatenate([a, b])
    gaps = np.searchsorted(a, at, "right") / a.size - np.searchsorted(b, at, "right") / b.size
    far = np.sqrt(np.log(2 / alpha) / 2 * (1 / a.size + 1 / b.size))
    return 1.0 - float(np.abs(gaps).max()), 1.0 - float(far)


def _tables(real: Sequence[Ints], made: Sequence[Ints], alpha: float) -> tuple[float, float]:
    """Return 1 - total variation of one column, or of two that meet, and its bound.

    Two samples of the same shares differ by chance by at most half of ``sum sqrt(2 p (1 - p) (1/n +
    1/m) / pi)`` on average, and by McDiarmid's inequality seldom by much more.
    """
    n, m = len(real[0]), len(made[0])
    cells = _cells(real, made)
    shares = np.bincount(cells[:n]) / n, np.bincount(cells[n:]) / m
    width = max(s.size for s in shares)
    p, q = (np.pad(s, (0, width - s.size)) for s in shares)
    pooled, noise = (n * p + m * q) / (n + m), 1 / n + 1 / m
    usual = np.sqrt(noise / (2 * np.pi)) * np.sqrt(pooled * (1 - pooled)).sum()
    far = usual + np.sqrt(np.log(1 / alpha) / 2 * noise)
    return 1.0 - 0.5 * float(np.abs(p - q).sum()), 1.0 - float(far)


def _cells(real: Sequence[Ints], made: Sequence[Ints]) -> Ints:
    """Return the cell of each real and each made row, numbered from 0."""
    cells = np.zeros(len(real[0]) + len(made[0]), dtype=np.int64)
    for a, b in zip(real, made, strict=True):
        both = np.concatenate([a, b])
        cells = cells * (int(both.max(initial=0)) + 2) + both + 1
    return np.unique(cells, return_inverse=True)[1].ravel()


def _compressed(real: Ints, made: Ints) -> tuple[Ints, Ints]:
    codes = np.unique(np.concatenate([real, made]), return_inverse=True)[1].ravel()
    return codes[: len(real)], codes[len(real) :]


def _binned(real: Floats, made: Floats) -> tuple[Ints, Ints]:
    """Return the range of each value; missing is a range of its own, the last."""
    known = real[~np.isnan(real)]
    edges = np.histogram_bin_edges(known if known.size else np.zeros(1), BINS)[1:-1]
    return tuple(  # type: ignore[return-value]
        np.where(np.isnan(values), BINS, np.digitize(values, edges)) for values in (real, made)
    )


def _correlated(real: Columns, made: Columns, alpha: float) -> Iterator[Shape]:
    """Yield the pairs of numbers.

    A correlation of heavy tails stands on few rows: as many as the larger kurtosis leaves of them
    (Muirhead 1982, for elliptical tables). Of two columns that are 0 but for a row or two it may
    be 1 in one sample and 0, or unknown, in the next.
    """
    names = tuple(real.numbers)
    (r, n), (s, m) = (correlations(list(part.numbers.values())) for part in (real, made))
    tails = np.maximum(*(_tails(list(part.numbers.values())) for part in (real, made)))
    kept, far = 1.0 / np.maximum.outer(tails, tails), float(stats.norm.ppf(1 - alpha / 2))
    for i, j in combinations(range(len(names)), 2):
        one, two, rows = r[i, j], s[i, j], kept[i, j] * np.array([n[i, j], m[i, j]])
        if np.isnan(one) and np.isnan(two):
            score, chance = np.nan, 1.0
        elif np.isnan(one) or np.isnan(two):  # a third of the rows: so many differ from the rest
            expected = rows[int(np.isnan(two))] / 3
            score = 1 - abs(np.nan_to_num(one) - np.nan_to_num(two)) / 2
            chance = float(expected >= enough(len(names) ** 2 // 2))
        else:
            score, chance = 1 - abs(one - two) / 2, _by_chance(one, two, rows, far)
        yield Shape((names[i], names[j]), "correlation", float(score), chance)


def _by_chance(real: float, made: float, rows: Floats, far: float) -> float:
    """Return the score at the bound of Fisher's z; of n rows no r is nearer to 1 than 1/n."""
    if rows.min() <= 3:
        return 0.0
    most = 1 - 1 / rows[0]
    half = far * np.sqrt((1 / (rows - 3)).sum())
    bound = np.tanh(np.arctanh(np.clip(real, -most, most)) + (half if made > real else -half))
    return float(1 - abs(real - bound) / 2)


def correlations(columns: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return Pearson's correlation of all pairs, and on how many rows it stands.

    Parameters
    ----------
    columns : sequence of p ndarrays of shape (n,)
        NaN where missing; a row counts for a pair where both are known.

    Returns
    -------
    r, rows : ndarray of shape (p, p)
        r is nan where one of the two has a single value.
    """
    values = np.array(columns, dtype=np.float64).reshape(len(columns), -1)
    known = ~np.isnan(values)
    # Of standard columns the sums of squares lose no digits.
    values = np.array([_standard(v) for v in values]).reshape(values.shape)
    count = known.astype(np.float64) @ known.T
    sums, squares = values @ known.T.astype(np.float64), values**2 @ known.T.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.maximum(count * squares - sums**2, 0.0)
        spread = np.where(spread > 1e-12 * count * squares, spread, np.nan)
        r = (count * (values @ values.T) - sums * sums.T) / np.sqrt(spread * spread.T)
    return np.clip(r, -1.0, 1.0), count


def _tails(columns: Sequence[Floats]) -> Floats:
    """Return by how much the kurtosis of each column is that of a normal one; 1 at least."""
    rows = [max(1, int((~np.isnan(values)).sum())) for values in columns]
    found = [(_standard(v) ** 4).sum() / n / 3 for v, n in zip(columns, rows, strict=True)]
    return np.array([max(1.0, float(value)) for value in found])


def _standard(values: Floats) -> Floats:
    """Return values with mean 0 and deviation 1, 0 where missing."""
    known = values[~np.isnan(values)]
    if not known.size:
        return np.zeros_like(values)
    centred = np.nan_to_num(values - known.mean())
    spread = float(known.std())
    return centred / spread if spread > 0 else np.zeros_like(values)


def merged(shapes: Sequence[Shape]) -> float:
    """Return the mean score of what could be compared; nan where nothing could."""
    scores = [s.score for s in shapes if not np.isnan(s.score)]
    return float(np.mean(scores)) if scores else np.nan
