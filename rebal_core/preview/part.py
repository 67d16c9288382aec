"""The training rows of one fold, prepared as a comparison prepares them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from rebal_core.arm import Protocol
from rebal_core.data.dataset import Dataset, Labels
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.experiment.splits import cut_repeat
from rebal_core.preview.plane import Plane
from rebal_core.rows import Floats, Ints, TypedRows
from rebal_core.samplers import Graphs
from rebal_core.samplers.spaces import MAX_VALUES
from rebal_core.seeding import child_seed

#: Rows that are looked at, at most.
MOST_ROWS = 17_000
#: Values that are looked at, at most: of wide tables fewer rows.
MOST_VALUES = 2_000_000
FEWEST_ROWS = 750
#: Rows before that are seen in a picture, at most.
MOST_SEEN = 1_500


@dataclass(frozen=True)
class TrainingPart:
    """Training rows of one fold of a protocol, or a sample of them; never a test row.

    Parameters
    ----------
    dataset : Dataset
    labels : Labels
    rows : ndarray of shape (n,)
        Row numbers of the accepted table.
    whole : tuple of K int
        Rows of each class in a training part without sampling.
    preparation : Preparation
        Fitted on these rows, or on those of ``among``.
    typed : TypedRows
        The rows, prepared.
    seed : int
        Of the split.
    among : TrainingPart, optional
        The rows of which these are some. They are prepared alike and drawn in the same plane, so
        that what is tried on fewer rows can be held beside what is tried on all.
    """

    dataset: Dataset
    labels: Labels
    rows: Ints
    whole: tuple[int, ...]
    preparation: Preparation
    typed: TypedRows
    seed: int
    among: TrainingPart | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def sampled(self) -> bool:
        """Whether they are a part of the training rows only."""
        return len(self) < sum(self.whole)

    @property
    def counts(self) -> tuple[int, ...]:
        """Rows of each class."""
        size = len(self.labels.classes)
        return tuple(np.bincount(self.typed.y, minlength=size).tolist())

    @cached_property
    def graphs(self) -> Graphs:
        """Their neighbours, searched once for all strategies and settings."""
        return Graphs.of(self.typed)

    @cached_property
    def plane(self) -> Plane:
        """The projection: one for all that is tried on rows of this fold."""
        return Plane.fit(self.typed) if self.among is None else self.among.plane

    @cached_property
    def places(self) -> Floats:
        """Where the rows stand in the plane, shape (n, 2)."""
        return self.plane.place(self.typed)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows in the user's own columns."""
        return self.dataset.frame(rows=self.rows)

    @property
    def lots(self) -> Ints:
        """The lot of each row: of more rows than are wanted, those of the lowest are taken."""
        return spread(self.rows)

    def thinned(self, most: int) -> TrainingPart:
        """Return at most so many of these rows, every class thinned alike."""
        if most >= len(self):
            return self
        y, lots = self.typed.y, self.lots
        parts = []
        for label, n in enumerate(self.counts):
            own = np.flatnonzero(y == label)
            keep = max(-(-n * most // len(self)), min(n, 2))
            parts.append(own[np.argsort(lots[own], kind="stable")[:keep]])
        return self.some(np.sort(np.concatenate(parts)))

    def some(self, at: Ints) -> TrainingPart:
        """Return the rows at these positions, prepared alike and drawn in the same plane."""
        whole = self if self.among is None else self.among
        return replace(self, rows=self.rows[at], typed=self.typed.take(at), among=whole)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that can be an axis: numbers, dates, and categories of few values."""
        layout = self.typed.layout
        pairs = zip(layout.codes, layout.cardinalities, strict=True)
        few = [name for name, cardinality in pairs if cardinality <= MAX_VALUES]
        return (*self.preparation.numbers.names, *few)

    def along(self, column: str, rows: TypedRows) -> Floats:
        """Return where rows stand along a column: a number in its unit, a category's place.

        What is missing stands where the model sees it: a number at its filling, a category at -1.
        """
        if column in self.preparation.numbers.names:
            j = self.preparation.numbers.names.index(column)
            scale, center = self.preparation.numbers.scales[j], self.preparation.numbers.centers[j]
            return np.asarray(rows.numbers[:, j] * scale + center, dtype=np.float64)
        return rows.codes[:, rows.layout.codes.index(column)].astype(np.float64)

    def side(self, column: str | None, place: int) -> Floats:
        """Return where rows before stand on an axis of a picture, whatever is tried on them.

        Of each class about as many, so that a picture has room for the rare ones.

        Parameters
        ----------
        column : str or None
            None: the direction ``place``, 0 or 1, of the plane.
        """
        whole = self if self.among is None else self.among
        some = rare_first(whole.typed.y, whole.lots, MOST_SEEN)
        line = whole.places[:, place] if column is None else whole.along(column, whole.typed)
        return np.asarray(line[some])

    def values(self, column: str) -> tuple[str, ...] | None:
        """Return the values of a category by their places; None of a number."""
        names = self.preparation.categories.names
        if column not in names:
            return None
        return tuple(self.preparation.categories.values[names.index(column)])


def spread(numbers: Ints) -> Ints:
    """Return a number for each number, the same whenever it is asked for, as if drawn by lot."""
    mixed = np.asarray(numbers).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(1)).astype(np.int64)


def rare_first(codes: Ints, lots: Ints, most: int) -> Ints:
    """Return positions of at most so many rows: as many of every class as it has, up to a level."""
    if len(codes) <= most:
        return np.arange(len(codes))
    order = np.argsort(lots, kind="stable")
    places = pd.Series(codes[order]).groupby(codes[order]).cumcount().to_numpy()
    return np.asarray(order[np.argsort(places, kind="stable")[:most]])


def training_counts(dataset: Dataset, protocol: Protocol) -> tuple[int, ...]:
    """Return the rows of each class in the training part of the fold that an export hands over.

    Raises
    ------
    UserError
        When the rows cannot be split so.
    """
    labels = dataset.labels()
    repeat, fold = protocol.handed_over
    train = cut_repeat(dataset, protocol, None, repeat)[fold].train
    return tuple(np.bincount(labels.y[train], minlength=len(labels.classes)).tolist())


def training_part(dataset: Dataset, protocol: Protocol, most: int = MOST_ROWS) -> TrainingPart:
    """Cut and prepare the training rows of the fold that an export hands over.

    They are those of a comparison by this protocol, prepared by its seeds. Of more rows than
    ``most`` a sample is taken before the cut, of every class alike.

    Parameters
    ----------
    dataset : Dataset
        With a target.
    protocol : Protocol
    most : int

    Raises
    ------
    UserError
        When the rows cannot be split so, or prepared.
    """
    labels, schema = dataset.labels(), dataset.schema
    most = min(most, max(FEWEST_ROWS, MOST_VALUES // max(1, len(schema.features))))
    repeat, fold = protocol.handed_over
    share = (protocol.folds - 1) / protocol.folds
    labelled = sum(labels.counts)
    rows = None if labelled * share <= most else round(most / share)
    split = cut_repeat(dataset, protocol, rows, repeat)[fold]
    columns = [c.name for c in schema.columns if c.role == "weight" or c in schema.needed]
    seed = child_seed(protocol.seed, "prepare", repeat, fold)
    frame = dataset.frame(columns, split.train)
    preparation, typed = Preparation.fit(
        frame, labels.y[split.train], schema, seed=seed, classes=labels.classes
    )
    part = TrainingPart(
        dataset=dataset,
        labels=labels,
        rows=split.train,
        whole=(),
        preparation=preparation,
        typed=typed,
        seed=child_seed(protocol.seed, "split", repeat, fold),
    )
    return replace(part, whole=part.counts if rows is None else training_counts(dataset, protocol))
