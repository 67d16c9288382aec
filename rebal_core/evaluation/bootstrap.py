"""Every metric of every arm, on the rows themselves and on the same bootstrap draws of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from rebal_core.decisions import Decided, Decisions
from rebal_core.metrics import (
    Counts,
    class_average_precision,
    count,
    decision_scores,
    probability_scores,
)
from rebal_core.metrics.names import COST, DECISIONS, SCORES
from rebal_core.metrics.probabilities import mean_defined
from rebal_core.rows import Floats, Ints
from rebal_core.seeding import generator

#: Told from 0 to 1 how much is done; what it raises ends the work.
Progress = Callable[[float], None]

MOST_DRAWS, FEWEST_DRAWS = 400, 100
#: Row visits that ranking one arm may cost (about a fifth of a second), weights held at once.
VISITS, HELD = 1.5e8, 16_000_000
#: Poisson(1) by table: its quantiles at 65,536 even steps, ten times faster than drawing it.
POISSON = stats.poisson.ppf((np.arange(65_536) + 0.5) / 65_536, 1.0).astype(np.float32)


def no_progress(share: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Score:
    """One metric of one arm, as it is shown and stored.

    Parameters
    ----------
    repeats : ndarray of shape (R,)
        Its value in each repeat: decisions from counts pooled over the folds, scores as means
        over the folds.
    folds : ndarray of shape (R, F)
        Its value in each fold.
    error : float
        Standard deviation of a repeat's value under the bootstrap draws.
    df : float
        Degrees of freedom of that error: the draws are of so many units, and one.
    """

    repeats: Floats
    folds: Floats
    error: float
    df: float

    @property
    def mean(self) -> float:
        """The displayed score; nan where undefined."""
        return float(mean_defined(self.repeats))


@dataclass(frozen=True)
class Series(Score):
    """A score with its draws, which two arms are compared by.

    Parameters
    ----------
    draws : ndarray of shape (R, B)
        The value of each repeat under each bootstrap draw of its rows.
    """

    draws: Floats

    @classmethod
    def of(cls, repeats: Floats, draws: Floats, folds: Floats, df: float = np.inf) -> Series:
        """Return the series with the error that its draws tell."""
        return cls(repeats, folds, spread(draws), df, draws)

    def shown(self) -> Score:
        """Return the score without the draws."""
        return Score(self.repeats, self.folds, self.error, self.df)


def spread(draws: Floats) -> float:
    """Return the standard deviation under draws of shape (R, B), variances averaged over R."""
    known = ~np.isnan(draws)
    n = np.maximum(known.sum(1), 2)
    mean = np.where(known, draws, 0.0).sum(1) / n
    variance = (np.where(known, draws - mean[:, None], 0.0) ** 2).sum(1) / (n - 1)
    return float(np.sqrt(variance.mean()))


@dataclass(frozen=True)
class ShownScores:
    """Everything that is shown of the scores of an arm.

    Parameters
    ----------
    scores, default, tuned : mapping of metric name to Score
        Scores of probabilities; decisions at the model's own rule and at the tuned one.
    counts : mapping of {"default", "tuned"} to Counts of shape (R, K)
        Pooled over the folds of a repeat.
    class_ap : ndarray of shape (K,)
        Average precision of each class, mean over the folds.
    """

    scores: Mapping[str, Score]
    default: Mapping[str, Score]
    tuned: Mapping[str, Score]
    counts: Mapping[str, Counts]
    class_ap: Floats

    def series(self, metric: str, rule: str = "tuned") -> Score:
        """Return the score of a metric; decisions at the named rule."""
        if metric in self.scores:
            return self.scores[metric]
        return (self.default if rule == "default" else self.tuned)[metric]


@dataclass(frozen=True)
class ArmScores(ShownScores):
    """The scores of an arm with their draws; held only while a run is judged."""

    scores: Mapping[str, Series]
    default: Mapping[str, Series]
    tuned: Mapping[str, Series]

    def series(self, metric: str, rule: str = "tuned") -> Series:
        """Return the series of a metric; decisions at the named rule."""
        found = super().series(metric, rule)
        assert isinstance(found, Series)
        return found

    def shown(self) -> ShownScores:
        """Return the scores without their draws."""
        scores, default, tuned = (
            {name: series.shown() for name, series in part.items()}
            for part in (self.scores, self.default, self.tuned)
        )
        return ShownScores(scores, default, tuned, self.counts, self.class_ap)


def score_arms(
    arms: Mapping[str, Decisions],
    n_classes: int,
    positive: int | None,
    seed: int,
    units: Ints | None = None,
    df: float = np.inf,
    costs: Floats | None = None,
    progress: Progress = no_progress,
) -> dict[str, ArmScores]:
    """Score all arms on the same rows and the same draws.

    A draw gives every row a Poisson(1) weight, fold by fold; rows of one unit share theirs. All
    arms see the same weights, so the differences between them are paired.

    Parameters
    ----------
    arms : mapping of name to Decisions
        All with the same splits.
    n_classes : int
        K.
    positive : int or None
        Code of the class in focus; None for many classes.
    seed : int
        The run's seed.
    units : ndarray, optional
        Unit of each row of the table.
    df : float
        Degrees of freedom that the units leave, see :class:`rebal_core.evaluation.basis.Basis`.
    costs : ndarray, optional
        What a wrong decision on each row of the table costs.
    progress : callable
        Told from 0 to 1 how much is done.

    Raises
    ------
    ValueError
        When the arms were not tested on the same rows.
    """
    _refuse_unequal(arms)
    some = next(iter(arms.values())).cells
    shape = (1 + max(d.cell.repeat for d in some), 1 + max(d.cell.fold for d in some))
    tested = sum(d.cell.rows.size for d in some if d.cell.repeat == 0)
    visits = tested * (n_classes if positive is None else 1)
    draws = int(np.clip(VISITS / max(visits, 1), FEWEST_DRAWS, MOST_DRAWS))
    books = {name: _Book(shape, draws, n_classes, positive, costs) for name in arms}
    for i, decided in enumerate(some):
        cell = decided.cell
        for name, decisions in arms.items():
            books[name].enter(decisions.cells[i])
        rng = generator(seed, "bootstrap", cell.repeat, cell.fold)
        for part, weights in row_weights(cell.rows, units, draws, rng):
            for name, decisions in arms.items():
                books[name].enter_draws(decisions.cells[i], part, weights)
            progress((i + part.stop / draws) / len(some))
    return {name: book.close(df) for name, book in books.items()}


def _refuse_unequal(arms: Mapping[str, Decisions]) -> None:
    first = next(iter(arms.values())).cells
    for name, decisions in arms.items():
        same = len(decisions.cells) == len(first) and all(
            (a.cell.repeat, a.cell.fold) == (b.cell.repeat, b.cell.fold)
            and np.array_equal(a.cell.rows, b.cell.rows)
            for a, b in zip(decisions.cells, first, strict=True)
        )
        if not same:
            raise ValueError(
                f"{name} was not tested on the same rows as the other arms: average precision "
                "follows the class shares of the rows, so the two cannot be compared"
            )


def row_weights(
    rows: Ints, units: Ints | None, draws: int, rng: np.random.Generator
) -> Iterator[tuple[slice, Floats]]:
    """Yield the draws in parts that fit in memory: their positions, and weights (n, part)."""
    code = np.arange(rows.size)
    if units is not None:
        code = np.unique(units[rows], return_inverse=True)[1]
    step = max(1, HELD // max(rows.size, 1))
    for start in range(0, draws, step):
        part = slice(start, min(start + step, draws))
        shape = (int(code.max(initial=-1)) + 1, part.stop - start)
        drawn: Floats = POISSON[rng.integers(0, POISSON.size, shape, dtype=np.uint16)]
        yield part, drawn if units is None else drawn[code]


class _Book:
    """Where the numbers of one arm are entered, fold by fold. The rows themselves are draw 0."""

    def __init__(
        self,
        shape: tuple[int, int],
        draws: int,
        n_classes: int,
        positive: int | None,
        costs: Floats | None,
    ) -> None:
        repeats, folds = shape
        self.k, self.positive, self.costs = n_classes, positive, costs
        self.scores = {name: np.full((repeats, folds, draws + 1), np.nan) for name in SCORES}
        decisions = DECISIONS if costs is None else (*DECISIONS, COST)
        self.folds = {name: np.full((repeats, folds), np.nan) for name in decisions}
        self.counts = {
            rule: Counts(
                hit=np.zeros((repeats, draws + 1, n_classes)),
                true=np.zeros((repeats, draws + 1, n_classes)),
                said=np.zeros((repeats, draws + 1, n_classes)),
                cost=None if costs is None else np.zeros((repeats, draws + 1)),
            )
            for rule in ("default", "tuned")
        }
        self.class_ap: list[Floats] = []

    def enter(self, d: Decided) -> None:
        at = (d.cell.repeat, d.cell.fold)
        scores = probability_scores(d.cell.y, d.proba, self.positive)
        for name, value in scores.items():
            self.scores[name][*at, 0] = value[0]
        for rule, pred in (("default", d.default), ("tuned", d.tuned)):
            counts = self._count(d, pred)
            self._add(rule, d.cell.repeat, slice(0, 1), counts)
            if rule == "tuned":
                for name, value in decision_scores(counts, self.positive).items():
                    self.folds[name][at] = value
        self.class_ap.append(class_average_precision(d.cell.y, d.proba))

    def enter_draws(self, d: Decided, part: slice, weights: Floats) -> None:
        where = slice(part.start + 1, part.stop + 1)
        scores = probability_scores(d.cell.y, d.proba, self.positive, weights)
        for name, value in scores.items():
            self.scores[name][d.cell.repeat, d.cell.fold, where] = value
        for rule, pred in (("default", d.default), ("tuned", d.tuned)):
            self._add(rule, d.cell.repeat, where, self._count(d, pred, weights))

    def _count(self, d: Decided, pred: Ints, weights: Floats | None = None) -> Counts:
        costs = None if self.costs is None else self.costs[d.cell.rows]
        return count(d.cell.y, pred, self.k, weights, costs)

    def _add(self, rule: str, repeat: int, where: slice, counts: Counts) -> None:
        book = self.counts[rule]
        book.hit[repeat, where] += counts.hit
        book.true[repeat, where] += counts.true
        book.said[repeat, where] += counts.said
        if book.cost is not None and counts.cost is not None:
            book.cost[repeat, where] += counts.cost

    def close(self, df: float) -> ArmScores:
        scores = {}
        for name, values in self.scores.items():
            mean = mean_defined(np.moveaxis(values, 1, 0))
            scores[name] = Series.of(mean[:, 0], mean[:, 1:], values[:, :, 0], df)
        at = {}
        for rule, counts in self.counts.items():
            at[rule] = {
                name: Series.of(v[:, 0], v[:, 1:], self.folds[name], df)
                for name, v in decision_scores(counts, self.positive).items()
            }
        pooled = {
            rule: Counts(c.hit[:, 0], c.true[:, 0], c.said[:, 0]) for rule, c in self.counts.items()
        }
        class_ap = mean_defined(np.array(self.class_ap))
        return ArmScores(scores, at["default"], at["tuned"], pooled, class_ap)
