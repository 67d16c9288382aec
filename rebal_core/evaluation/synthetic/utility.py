"""What made rows are good for: to teach a model in the place of real rows, and beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rebal_core.evaluation.basis import FEWEST_ROWS
from rebal_core.evaluation.bootstrap import row_weights, spread
from rebal_core.evaluation.intervals import LEVEL, Difference
from rebal_core.evaluation.synthetic.fast import classifier_for, fitted, joined
from rebal_core.evaluation.synthetic.ranked import DRAWS
from rebal_core.evaluation.verdict import ArmCode, arm_code
from rebal_core.metrics.probabilities import mean_defined, rank_scores
from rebal_core.rows import Floats, Ints, TypedRows
from rebal_core.seeding import generator

#: What is too small to matter, as of any remedy.
MARGIN = 0.01
#: Made rows that teach less than this part of what real rows teach fail, chance set aside.
RATIO = 0.8


@dataclass(frozen=True)
class Utility:
    """Average precision of the same classifier, on the same real rows held back.

    Parameters
    ----------
    classifier : str
    rows : int
        Real rows of the class among those held back; of several classes, of the smallest.
    real, made, both : float
        Taught by real rows, by made rows in the place of the real ones of the class (as many, where
        there are as many), and by both; nan where it is not known.
    instead : Difference
        Made instead of real.
    beside : Difference
        Real and made against real alone.
    """

    classifier: str
    rows: int
    real: float
    made: float
    both: float
    instead: Difference
    beside: Difference

    @property
    def ratio(self) -> float:
        """What made rows teach, as a part of what real rows teach."""
        return self.made / self.real if self.real > 0 else np.nan

    @property
    def code(self) -> ArmCode:
        """What the made rows do beside the real ones, as of any remedy."""
        known = self.rows >= FEWEST_ROWS
        return arm_code(self.beside, LEVEL, MARGIN) if known else "NO_VERDICT"

    @property
    def failed(self) -> bool:
        """Whether made rows teach too little in the place of real ones."""
        less = self.ratio < RATIO and self.instead.interval(LEVEL)[1] < 0
        return less and self.rows >= FEWEST_ROWS


@dataclass(frozen=True)
class Utilities:
    """Of each class that grew, and their mean.

    Parameters
    ----------
    classes : mapping of class to Utility
    all : Utility
        Scores averaged over these classes.
    """

    classes: Mapping[int, Utility]
    all: Utility


def utilities(
    train: TypedRows,
    made: TypedRows,
    held: TypedRows,
    n_classes: int,
    seed: int = 0,
    units: Ints | None = None,
) -> Utilities:
    """Return what made rows are good for, by class.

    The intervals tell what other rows held back would have said of the three models (paired
    draws), widened for what other training rows would have taught them (Nadeau and Bengio 2003, of
    one split).

    Parameters
    ----------
    train, held : TypedRows
        Real rows of all classes.
    made : TypedRows
        Made rows of the classes that grew.
    units : ndarray of shape (n,), optional
        Unit of each row held back; rows of one unit are drawn together.
    """
    grown = np.unique(made.y).tolist()
    name = classifier_for(train.y, n_classes)
    taught = (train, _instead(train, made, grown, seed), joined(train, made))
    proba = [fitted(name, rows, n_classes, seed).predict_proba(held) for rows in taught]
    weights: list[np.ndarray] = [np.ones((len(held), 1))]
    rng = generator(seed, "utility")
    weights += [w for _, w in row_weights(np.arange(len(held)), units, DRAWS, rng)]
    scores = np.array([[_ap(p[:, k], held.y == k, weights) for p in proba] for k in grown])
    own = [int((held.y == k).sum()) for k in grown]
    factor = float(np.sqrt(1 + len(held) / len(train)))
    each = {k: _utility(name, n, s, factor) for k, n, s in zip(grown, own, scores, strict=True)}
    return Utilities(each, _utility(name, min(own), mean_defined(scores), factor))


def _instead(train: TypedRows, made: TypedRows, grown: Sequence[int], seed: int) -> TypedRows:
    """Return the training rows, those of the grown classes replaced by made ones, as many."""
    rng, chosen = generator(seed, "instead"), []
    for k in grown:
        rows = rng.permutation(np.flatnonzero(made.y == k))
        chosen.append(rows[: int((train.y == k).sum())])
    rest = train.take(np.flatnonzero(~np.isin(train.y, grown)))
    return joined(rest, made.take(np.sort(np.concatenate(chosen))))


def _ap(score: Floats, positive: np.ndarray, weights: Sequence[np.ndarray]) -> Floats:
    """Return the average precision of the rows themselves, then under each draw."""
    return np.concatenate([rank_scores(score, positive, w)[1] for w in weights])


def _utility(name: str, rows: int, scores: Floats, factor: float) -> Utility:
    """Put the scores of real, made and both, each of shape (1 + draws,), into one."""
    real, made, both = scores
    # Few rows tell too small an error of themselves.
    df = max(1.0, rows - 1.0)
    instead, beside = (
        Difference(float(gain[0]), factor * spread(gain[None, 1:]), df)
        for gain in (made - real, both - real)
    )
    ours, theirs, together = (float(known[0]) for known in scores)
    return Utility(name, rows, ours, theirs, together, instead, beside)
