"""What generators share: they learn what the rows of a class look like, and draw new ones."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from rebal_core.facts import TableFacts
from rebal_core.params import Param, Switch
from rebal_core.rows import Ints, Recipe
from rebal_core.samplers.generators.choosing import DRAWN, Sure
from rebal_core.samplers.generators.sheet import Columns, Sheet
from rebal_core.samplers.over import OverSampler
from rebal_core.step import Fold
from rebal_core.wording import Text, Unsuitable

WIDEN = Switch(
    "widen",
    "Beyond the observed range",
    "Numbers may lie outside of the range that the training rows have.",
)
SELECT = Switch(
    "select",
    "Keep the surest half",
    "Twice as many rows are drawn, and the half is kept of which a fast model of the real rows is "
    "surest. It is compared with the generator without it, too.",
    apart=True,
)


class Fitted(Protocol):
    """What a generator has learned."""

    @property
    def labels(self) -> Ints:
        """The classes of which it can draw rows."""

    def draw(
        self, label: int, size: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], Ints]:
        """Return numbers and codes of new rows of a class, as a :class:`Sheet` has them.

        Memory does not grow with `size` beyond what is returned.
        """

    def to_state(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays from which it can be rebuilt."""

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild what :meth:`to_state` gave."""


class Generator(OverSampler):
    """Base of samplers that draw rows of a class from what was learned of it.

    A subclass says in :meth:`learn` how it learns; it is asked for those classes only that grow and
    have the rows for it. Classes of fewer rows are grown by plain SMOTE, and a note says so.

    Attributes
    ----------
    enough : int
        Rows that a class needs to be learned from.
    plenty : int
        Rows below which a note warns that little was learned.
    width : int
        The most columns, as typed rows have them, that it can serve.
    learned : str
        Module and class of what :meth:`learn` returns, which a file is read back into.
    """

    makes = "generated"
    enough: ClassVar[int] = 100
    plenty: ClassVar[int] = 200
    width: ClassVar[int] = 2000
    learned: ClassVar[str]
    parameters: ClassVar[tuple[Param, ...]] = (WIDEN, SELECT, *OverSampler.parameters)
    later = (SELECT.name, *OverSampler.later)
    widen: bool = False
    select: bool

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.why = Text("fewer than {rows} rows are too little to learn from", {"rows": cls.enough})

    @abstractmethod
    def learn(self, sheet: Sheet, columns: Columns, labels: Ints, fold: Fold) -> Fitted:
        """Learn what rows look like.

        Parameters
        ----------
        sheet : Sheet
            All training rows.
        columns : Columns
            What their columns hold.
        labels : ndarray of int
            The classes that rows will be asked of.
        fold : Fold
            Whose random numbers are used, and who is told how far it is.
        """

    @classmethod
    def rebuilt(cls, state: Mapping[str, NDArray[Any]]) -> Fitted:
        """Return what was learned, from its plain arrays."""
        module, _, name = cls.learned.partition(":")
        fitted: Fitted = getattr(import_module(module), name).from_state(state)
        return fitted

    def grower(self, fold: Fold) -> Callable[[int, int], Recipe | None]:
        """Learn once for all classes that grow."""
        now, after = np.array(fold.counts), np.array(self.counts_after(fold.counts))
        labels = np.flatnonzero((after > now) & (now >= self.enough))
        if not labels.size:
            return lambda _label, _size: None
        columns = Columns.of(fold.rows)
        fitted = self.learn(columns.sheet(fold.rows), columns, labels, fold)
        if fold.aids.keep is not None:
            fold.aids.keep(self, columns, fitted)
        sure = Sure.of(fold.rows) if self.select else None
        return partial(self._grown, fold, columns, fitted, frozenset(labels.tolist()), sure)

    def grow(self, fold: Fold, label: int, size: int) -> Recipe | None:
        """Return drawn rows of one class; None of one that is too small."""
        return self.grower(fold)(label, size)

    def _grown(
        self,
        fold: Fold,
        columns: Columns,
        fitted: Fitted,
        labels: frozenset[int],
        sure: Sure | None,
        label: int,
        size: int,
    ) -> Recipe | None:
        if label not in labels:
            return None
        asked = size if sure is None else DRAWN * size
        drawn = columns.typed(*fitted.draw(label, asked, fold.rng), widen=self.widen)
        if sure is not None:
            kept = sure.surest(*drawn, label, size)
            drawn = drawn[0][kept], drawn[1][kept]
        members = fold.members(label)  # a text is that of some row of the class
        made = Recipe.draws(members[fold.rng.integers(0, len(members), size)], fold.rows.y, *drawn)
        if len(members) >= self.plenty:
            return made
        return made.noted(
            Text(
                "A class of {rows} rows is little to learn from; compare with SMOTE.",
                {"rows": len(members)},
            )
        )

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when no class that grows has the rows, or a row is too wide."""
        if facts.width > self.width:
            return Text(
                "It learns up to {most:,} columns, and there are {width:,}; choose {strategy}.",
                {"most": self.width, "width": facts.width, "strategy": "smote"},
            )
        try:
            after = self.counts_after(facts.counts)
        except Unsuitable:
            return None  # what was asked for is refused where it is asked
        grown = [now for now, then in zip(facts.counts, after, strict=True) if then > now]
        if not grown or max(grown) >= self.enough:
            return super().limit(facts)
        return Text(
            "No class that would grow has the {rows} rows that it learns from; choose {strategy}.",
            {"rows": self.enough, "strategy": "smote"},
        )

    def made(self, facts: TableFacts) -> int:
        """Return how many rows it would draw on a table of this size."""
        try:
            made = sum(self.counts_after(facts.counts)) - facts.rows
        except Unsuitable:
            return 0
        return DRAWN * made if self.select else made

    def draw_settings(self) -> dict[str, Any]:
        """Return the settings that its rows follow from; what is kept of them changes no draw."""
        return {k: v for k, v in super().draw_settings().items() if k != SELECT.name}
