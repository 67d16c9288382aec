"""What generators share: they learn what the rows of a class look like, and draw new ones."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from importlib import import_module
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from rebal_core.facts import TableFacts
from rebal_core.params import Amounts, Param, Switch
from rebal_core.rows import Ints, Recipe
from rebal_core.samplers.generators.asked import Asked
from rebal_core.samplers.generators.choosing import DRAWN, Sure
from rebal_core.samplers.generators.draws import Draws, Typed
from rebal_core.samplers.generators.marginal import MARGINAL
from rebal_core.samplers.generators.rules import RULES
from rebal_core.samplers.generators.sheet import Columns, Sheet
from rebal_core.samplers.more import taking
from rebal_core.samplers.over import OverSampler
from rebal_core.step import Fold
from rebal_core.wording import Text, Unsuitable

WIDEN = Switch(
    "widen",
    "Beyond the observed range",
    "Of each number about one drawn value in n lies above all n real values of its class, and one "
    "below all, about as far as the outermost are apart. Whole numbers stay whole, and one that is "
    "never negative stays so.",
)
SELECT = Switch(
    "select",
    "Keep the surest half",
    "Twice as many rows are drawn, and the half is kept of which a fast model of the real rows is "
    "surest. It is compared with the generator without it, too.",
    apart=True,
)
FILL = Amounts(
    "fill",
    "Made rows per missing row",
    "1 makes as many as the ratio asks for, 2 twice as many. Of several amounts a comparison holds "
    "an arm each, and draws the scores as a curve.",
    1.0,
    0.01,
    10.0,
    (0.25, 0.5, 1.0, 2.0),
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
    shared : tuple of Param
        Parameters that each subclass has at the end, without naming them in its constructor.
    learned : str
        Module and class of what :meth:`learn` returns, which a file is read back into.
    """

    makes = "generated"
    enough: ClassVar[int] = 100
    plenty: ClassVar[int] = 200
    width: ClassVar[int] = 2000
    learned: ClassVar[str]
    parameters: ClassVar[tuple[Param, ...]] = (SELECT, FILL, *OverSampler.parameters)
    later = (SELECT.name, FILL.name, *OverSampler.later)
    shared: ClassVar[tuple[Param, ...]] = (WIDEN, RULES, MARGINAL)
    widen: bool = False
    select: bool
    fill: float | tuple[float, ...]
    rules: str = ""
    marginal: str = ""

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        names = tuple(parameter.name for parameter in cls.shared)
        cls.parameters = (*(p for p in cls.parameters if p.name not in names), *cls.shared)
        cls.later = (*(name for name in cls.later if name not in names), *names)
        if "__init__" in vars(cls):
            cls.__init__ = taking(cls.__init__, cls.shared)  # type: ignore[method-assign]
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
        if self.widen:
            columns = columns.widened(fold.rows, labels)
        asked = Asked.of(self.rules, self.marginal, fold.rows, columns)
        told = {k: asked.of_real(fold.rows, k) if asked else [] for k in labels.tolist()}
        fitted = self.learn(columns.sheet(fold.rows), columns, labels, fold)
        if fold.aids.keep is not None:
            fold.aids.keep(self, columns, fitted)
        sure = Sure.of(fold.rows) if self.select else None
        return partial(self._grown, fold, partial(self._drawn, columns, fitted, asked, sure), told)

    def grow(self, fold: Fold, label: int, size: int) -> Recipe | None:
        """Return drawn rows of one class; None of one that is too small."""
        return self.grower(fold)(label, size)

    def _grown(
        self,
        fold: Fold,
        draw: Callable[[int, int, np.random.Generator], tuple[Typed, list[Text]]],
        told: Mapping[int, Sequence[Text]],
        label: int,
        size: int,
    ) -> Recipe | None:
        if label not in told:
            return None
        drawn, became = draw(label, size, fold.rng)
        notes = [*told[label], *became]
        members = fold.members(label)  # a text is that of some row of the class
        made = Recipe.draws(members[fold.rng.integers(0, len(members), size)], fold.rows.y, *drawn)
        if len(members) < self.plenty:
            notes.append(
                Text(
                    "The {rows} rows of “{cls}” are little to learn from; compare with SMOTE.",
                    {"rows": len(members), "cls": fold.rows.reading.called(label)},
                )
            )
        return reduce(Recipe.noted, notes, made)

    def _drawn(
        self,
        columns: Columns,
        fitted: Fitted,
        asked: Asked | None,
        sure: Sure | None,
        label: int,
        size: int,
        rng: np.random.Generator,
    ) -> tuple[Typed, list[Text]]:
        """Draw rows of a class as they are asked for, and choose among them."""
        times = 1 if sure is None else DRAWN
        draws = Draws(fitted, label, rng, columns.tails)
        if asked is None:
            notes, wanted = list[Text](), np.array([size])
            drawn = columns.typed(*draws(times * size))
            kinds = np.zeros(times * size, dtype=np.int64)
        else:
            wanted = asked.wanted(size)
            drawn, told = asked.rows(draws, times * wanted)
            notes, kinds = asked.notes(told, label), asked.kinds(*drawn)
        if sure is not None:
            kept = sure.surest(*drawn, label, kinds, wanted)
            drawn = drawn[0][kept], drawn[1][kept]
        return drawn, notes

    def instead(self, fold: Fold, label: int, size: int) -> Recipe:
        """Return rows by plain SMOTE that keep the rules, too."""
        make = partial(super().instead, fold, label)
        asked = Asked.of(self.rules, self.marginal, fold.rows, Columns.of(fold.rows))
        return make(size) if asked is None else asked.between(make, fold.rows, label, size)

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when no class that grows has the rows, or a row is too wide."""
        if facts.width > self.width:
            return Text(
                "It learns up to {most:,} columns, and there are {width:,}; choose {strategy}.",
                {"most": self.width, "width": facts.width, "strategy": "smote"},
            )
        try:
            # A class that has the rows in the table alone would be grown by SMOTE in every fold.
            counts = facts.of_training().counts
            after = self.counts_after(counts)
        except Unsuitable:
            return None  # what was asked for is refused where it is asked
        grown = [now for now, then in zip(counts, after, strict=True) if then > now]
        if not grown or max(grown) >= self.enough:
            return super().limit(facts)
        return super().limit(facts) or Text(
            "No class that would grow has the {rows} training rows that it learns from; choose "
            "{strategy}.",
            {"rows": self.enough, "strategy": "smote"},
        )

    def made(self, facts: TableFacts) -> int:
        """Return how many rows it would draw on a table of this size."""
        try:
            made = sum(self.counts_after(facts.counts)) - facts.rows
        except Unsuitable:
            return 0
        return DRAWN * made if self.select else made

    def counts_after(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Return the rows of each class after it; of several amounts those after the largest.

        A class whose rows are asked for has these.
        """
        fill = max(self.fill) if isinstance(self.fill, tuple) else self.fill
        asked, after = dict(self.counts or ()), super().counts_after(counts)
        return tuple(
            then if label in asked else now + round(fill * (then - now))
            for label, (now, then) in enumerate(zip(counts, after, strict=True))
        )

    def draw_settings(self) -> dict[str, Any]:
        """Return the settings that what is learned follows from, not which rows are kept of it."""
        aside = {SELECT.name, FILL.name, *(parameter.name for parameter in self.shared)}
        return {k: v for k, v in super().draw_settings().items() if k not in aside}
