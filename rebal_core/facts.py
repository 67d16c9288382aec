"""What is known of a table before anything is prepared or fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class TableFacts:
    """Sizes of a table, or of a part of it.

    Parameters
    ----------
    rows : int
        Rows with a label.
    counts : tuple of int
        Rows of each class, 0..K-1.
    numbers, categories, texts, embeddings : int
        Feature columns of each kind.
    training : float
        Part of the rows that a fit sees: of the smallest training part of a comparison.
    levels : int
        Values of all category columns together, about; 0 where nobody counted.
    letters : float
        Letters of a row in all text columns together, on average; 0 where nobody counted.
    labels : tuple of str
        Names of the classes; empty where nobody needs them.
    columns : tuple of (str, str)
        Name and role of each column of the table; empty where nobody needs them.
    kinds : tuple of (str, str)
        Name and kind of each feature column; empty where nobody needs them.
    values : tuple of (str, int)
        Name of each category column, and how many values it has, about; empty where nobody counted.
    unlabelled : int
        Rows beside these whose label is missing.
    """

    rows: int
    counts: tuple[int, ...]
    numbers: int
    categories: int
    texts: int
    embeddings: int
    training: float = 1.0
    levels: int = 0
    letters: float = 0.0
    labels: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    kinds: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, int], ...] = ()
    unlabelled: int = 0

    @property
    def classes(self) -> int:
        """K."""
        return len(self.counts)

    @property
    def width(self) -> int:
        """Columns as a model sees them that does not write categories out; at least 1."""
        wide = self.numbers + self.embeddings + TEXT_COLUMNS * self.texts
        return max(wide + self.categories, 1)

    def of_counts(self, counts: Sequence[int]) -> TableFacts:
        """Return the facts of other numbers of rows of each class."""
        return replace(self, rows=sum(counts), counts=tuple(counts))

    def of_columns(self, names: Sequence[str]) -> TableFacts:
        """Return the facts of some feature columns; of all where none is named or known."""
        kinds = [kind for name, kind in self.kinds if name in names]
        if not kinds:
            return self
        return replace(
            self,
            numbers=kinds.count("number") + kinds.count("time"),
            categories=kinds.count("category"),
            texts=kinds.count("text"),
            embeddings=kinds.count("embedding"),
        )

    def of_training(self, share: float | None = None) -> TableFacts:
        """Return the facts of a training part: of the smallest, or of the share given."""
        part = self.training if share is None else share
        return replace(self.of_counts([int(n * part + 1e-9) for n in self.counts]), training=1.0)


#: What a text column costs, in columns, where not its sparse form is learned from.
TEXT_COLUMNS = 100
#: Values of a category, and letters of a text, where nobody counted them.
SOME_LEVELS, SOME_LETTERS = 8, 150.0
