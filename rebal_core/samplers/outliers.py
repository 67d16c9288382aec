"""Outliers of each class: flagged, weighed less, dropped, or drawn anew."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2
from sklearn.covariance import LedoitWolf
from sklearn.ensemble import IsolationForest

from rebal_core.facts import TableFacts
from rebal_core.params import Choice, Number, Param
from rebal_core.rows import Floats, Ints, Recipe, TypedRows
from rebal_core.samplers.cleaning import CLASSES, cleaned_classes
from rebal_core.samplers.nearness import Near
from rebal_core.samplers.plain import RowSampler
from rebal_core.step import Fold
from rebal_core.wording import Text

#: A class of fewer rows has no outliers that one could know.
FEWEST = 10
#: Weight of an outlier that is weighed less.
LESS = 0.5
#: Part of a class that its centre is computed of, and how often that part is chosen anew.
_CORE, _ROUNDS = 0.75, 10

ACTION = Choice(
    "action",
    "What is done with outliers",
    "Outliers of the other classes are flagged only.",
    "drop",
    (
        ("flag", "flag them"),
        ("weigh", "halve their weight"),
        ("drop", "leave them out"),
        ("replace", "draw a row of their class instead"),
    ),
)


class Outliers(RowSampler):
    """Base of the three; a subclass defines :meth:`strange`.

    Parameters
    ----------
    action : {"drop", "flag", "weigh", "replace"}
        What is done with outliers of the classes that may lose rows; all others are flagged. A
        row that replaces one is a draw of the smoothed bootstrap of the rest of its class.
    classes : {"others", "majority", "all"}
        Which classes may lose rows; by default all but the rarest.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    Notes
    -----
    Each class is looked at alone: beside a large one, every row of a small one is an outlier.
    """

    slot = "clean"
    foretells: ClassVar[bool] = False
    parameters: ClassVar[tuple[Param, ...]] = (ACTION, CLASSES)
    action: str
    classes: str
    goes = Text("outliers of their class")

    @abstractmethod
    def strange(self, fold: Fold, label: int) -> NDArray[np.bool_]:
        """Tell which rows of a class are outliers of it, in the order of its rows."""

    @property
    def makes(self) -> str:  # type: ignore[override]
        """Origin of the rows that it adds."""
        return "generated" if self.action == "replace" else "original"

    def recipe(self, fold: Fold) -> Recipe:
        """Return what the action leaves and makes, in the order of the rows."""
        y, counts = fold.rows.y, np.array(fold.counts)
        flag = np.zeros(len(y), dtype=bool)
        for label in np.flatnonzero(counts >= FEWEST).tolist():
            found = self.strange(fold, label)
            flag[fold.members(label)] = found & ~found.all()
        acted = flag & np.isin(y, cleaned_classes(fold.counts, self.classes))
        whole = replace(Recipe.kept(np.arange(len(y)), y), flag=flag)
        if self.action == "weigh":
            whole = replace(whole, weight=np.where(acted, LESS, 1.0))
        elif self.action in ("drop", "replace"):
            whole = whole.take(~acted)
        if self.action == "replace":
            parts = [
                redrawn(fold, y == k, flag, acted & (y == k)) for k in np.unique(y[acted]).tolist()
            ]
            whole = Recipe.join([whole, *parts])
        small = int(np.count_nonzero((counts > 0) & (counts < FEWEST)))
        return whole.noted(_small_note(small)) if small else whole

    def seconds(self, facts: TableFacts) -> float:
        """Return about the time of a look at each class."""
        return 1e-7 * facts.rows * facts.width


def redrawn(
    fold: Fold, own: NDArray[np.bool_], strange: NDArray[np.bool_], gone: NDArray[np.bool_]
) -> Recipe:
    """Return as many rows as go, drawn by the smoothed bootstrap from the rest of their class.

    Parameters
    ----------
    own, strange, gone : ndarray of shape (n,), bool
        Rows of the class; outliers; those that are replaced.
    """
    rows, rest = fold.rows, np.flatnonzero(own & ~strange)
    base = fold.rng.choice(rest, size=np.count_nonzero(gone))
    spread = np.where(rows.layout.indicators, 0.0, rows.numbers[rest].std(axis=0))
    free = max(1, int(np.count_nonzero(spread)))
    width = (4 / ((free + 2) * len(rest))) ** (1 / (free + 4))
    noise = fold.rng.normal(size=(len(base), len(spread))) * spread * width
    numbers = (rows.numbers[base] + noise).astype(np.float32)
    return Recipe.draws(base, rows.y, numbers, rows.codes[base])


def _small_note(classes: int) -> Text:
    if classes == 1:
        return Text("One class has too few rows to tell its outliers.")
    return Text("{classes} classes have too few rows to tell their outliers.", {"classes": classes})


class OutliersCentre(Outliers):
    """Rows far from the centre of their class, as its spread goes.

    The squared Mahalanobis distance is compared with a quantile of chi-square, centre and
    covariance being those of the three quarters of the class nearest to it, shrunk as Ledoit and
    Wolf do, so that columns may be collinear. Categories and text are not looked at, nor numbers
    of which most rows of the class have one value.

    Parameters
    ----------
    quantile : float
        Part of the rows of a normal class that is nearer than the limit.
    action, classes, random_state
        Of :class:`Outliers`.

    References
    ----------
    Boudt, Rousseeuw, Vanduffel & Verdonck (2020), The minimum regularized covariance determinant
    estimator, Statistics and Computing 30, 113-128.
    """

    parameters = (
        Number(
            "quantile",
            "Share that is no outlier",
            "Of a normally distributed class, this share of rows lies nearer than the limit.",
            0.99,
            0.5,
            0.99999,
        ),
        *Outliers.parameters,
    )

    def __init__(
        self,
        quantile: float = 0.99,
        action: str = "drop",
        classes: str = "others",
        random_state: int | None = None,
    ) -> None:
        self.quantile = quantile
        self.action = action
        self.classes = classes
        self.random_state = random_state

    def strange(self, fold: Fold, label: int) -> NDArray[np.bool_]:
        """Tell which rows lie beyond the quantile."""
        free = ~fold.rows.layout.indicators
        squares, width = centre_distances(fold.rows.numbers[fold.members(label)][:, free])
        return np.asarray(squares > chi2.ppf(self.quantile, max(width, 1)))

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when there is no number to measure a distance by."""
        if facts.numbers or facts.embeddings:
            return None
        return Text(
            "The distance to a centre needs a column of numbers, and there is none; choose "
            "{strategy}.",
            {"strategy": "outliers_isolation"},
        )


def centre_distances(values: NDArray[np.floating]) -> tuple[Floats, int]:
    """Return the robust squared Mahalanobis distance of each row to the centre of all.

    Parameters
    ----------
    values : ndarray of shape (n, p)

    Returns
    -------
    squares : ndarray of shape (n,)
        Their median is that of chi-square.
    width : int
        Columns that it is measured by, the degrees of freedom of that.
    """
    gaps = np.asarray(values, dtype=np.float64) - np.median(values, axis=0)
    scale = 1.4826 * np.median(np.abs(gaps), axis=0)
    used = scale > 1e-9
    points, width = gaps[:, used] / scale[used], int(np.count_nonzero(used))
    squares = np.einsum("ij,ij->i", points, points)
    if not width:
        return squares, 0
    core = np.zeros(0, dtype=np.int64)
    for _round in range(_ROUNDS):
        nearest = np.sort(np.argsort(squares, kind="stable")[: int(np.ceil(_CORE * len(points)))])
        if np.array_equal(nearest, core):
            break
        core = nearest
        fitted = LedoitWolf().fit(points[core])
        apart = points - fitted.location_
        squares = np.einsum("ij,ij->i", apart @ fitted.precision_, apart)
    middle = np.median(squares)
    return squares * (chi2.ppf(0.5, width) / middle if middle > 0 else 1.0), width


class OutliersIsolation(Outliers):
    """Rows that a forest of random cuts through their class isolates early.

    Parameters
    ----------
    n_estimators : int
        Trees for each class.
    action, classes, random_state
        Of :class:`Outliers`.

    References
    ----------
    Liu, Ting & Zhou (2008), Isolation forest, ICDM 2008, 413-422.
    """

    parameters = (
        Number("n_estimators", "Trees", "Trees in the forest.", 100, 10, 1000),
        *Outliers.parameters,
    )

    def __init__(
        self,
        n_estimators: int = 100,
        action: str = "drop",
        classes: str = "others",
        random_state: int | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.action = action
        self.classes = classes
        self.random_state = random_state

    def strange(self, fold: Fold, label: int) -> NDArray[np.bool_]:
        """Tell which rows have a score beyond that of the middle of any data."""
        values = _values(fold.rows, fold.members(label))
        seed = int(fold.rng.integers(2**31))
        forest = IsolationForest(n_estimators=self.n_estimators, random_state=seed).fit(values)
        return np.asarray(forest.predict(values) == -1)

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of growing and asking the trees."""
        return 1.2e-7 * facts.rows * self.n_estimators + 0.003 * self.n_estimators * facts.classes


def _values(rows: TypedRows, members: Ints) -> NDArray[np.float32]:
    """Return the rows of a class as trees take them."""
    blocks = (rows.numbers, rows.codes, rows.text_dense)
    return np.hstack([b[members] for b in blocks if b is not None]).astype(np.float32)


class OutliersDensity(Near, Outliers):
    """Rows in a place of their class where its rows lie less densely than around their neighbours.

    Parameters
    ----------
    n_neighbors : int
        Near rows of the class; at most as many as it has others.
    action, classes, random_state
        Of :class:`Outliers`.

    References
    ----------
    Breunig, Kriegel, Ng & Sander (2000), LOF: Identifying density-based local outliers, SIGMOD
    2000, 93-104.
    """

    parameters = (
        Number(
            "n_neighbors",
            "Neighbours k",
            "How many near rows of the class a row is compared with.",
            20,
            2,
            200,
        ),
        *Outliers.parameters,
    )

    def __init__(
        self,
        n_neighbors: int = 20,
        action: str = "drop",
        classes: str = "others",
        random_state: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.action = action
        self.classes = classes
        self.random_state = random_state

    def strange(self, fold: Fold, label: int) -> NDArray[np.bool_]:
        """Tell which rows lie 1.5 times less densely, as scikit-learn has it by default."""
        distances, positions = fold.neighbors.within(label, self.n_neighbors)
        near = np.searchsorted(fold.members(label), positions)
        return local_outlier_factor(np.asarray(distances), near) > 1.5

    def searches(self, facts: TableFacts) -> dict[str, float]:
        """Return the search within each class."""
        return self.searched({f"class_{k}": n for k, n in enumerate(facts.counts)}, facts)

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of the searches."""
        return sum(self.searches(facts).values())


def local_outlier_factor(distances: Floats, positions: Ints) -> Floats:
    """Return how much denser the neighbours of each row lie than itself, shape (n,).

    Parameters
    ----------
    distances, positions : ndarray of shape (n, k)
        Of the k nearest other rows, nearest first.
    """
    reach = np.maximum(distances, distances[positions, -1])
    density = 1.0 / (reach.mean(axis=1) + 1e-10)
    return np.asarray(density[positions].mean(axis=1) / density)
