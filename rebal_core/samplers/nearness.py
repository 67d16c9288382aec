"""What defines who is near: columns and a metric, parameters of every step that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rebal_core.facts import TableFacts
from rebal_core.params import Choice, ColumnNames, Param
from rebal_core.samplers.more import taking
from rebal_core.samplers.neighbors import (
    SEARCH_SECONDS,
    SUMMED,
    Graphs,
    compares_some,
    search_bytes,
    search_seconds,
)
from rebal_core.samplers.spaces import (
    COSINE,
    EUCLIDEAN,
    MANHATTAN,
    MAX_VALUES,
    POWERS,
    too_many_values,
)
from rebal_core.step import Step
from rebal_core.wording import Text, Unsuitable

COLUMNS = ColumnNames(
    "columns",
    "Columns that define neighbours",
    "Only these columns tell how near two rows are; none chosen: all of them do. A row made "
    "between two lies between them in every column.",
)
METRIC = Choice(
    "metric",
    "Distance",
    "What is measured between two rows: the straight line, the sum of their differences, or the "
    "angle, to which only the proportions of their values matter.",
    EUCLIDEAN,
    ((EUCLIDEAN, "Euclidean"), (MANHATTAN, "Manhattan"), (COSINE, "Cosine")),
)
NEARNESS: tuple[Param, ...] = (COLUMNS, METRIC)
#: A search by sums of differences that takes more processor seconds is not begun.
MOST_SECONDS = 120.0


class Near(Step):
    """Base of the steps that ask for near rows; each has the same parameters of nearness.

    They are the last ones that may be named in the constructor of every subclass, whose own
    ``__init__`` knows nothing of them. Random numbers do not follow from them: where other rows are
    near, the same rows are grown by the same draws.

    Attributes
    ----------
    nearness : tuple of Param
        Those of the parameters that the step has: its definition may fix the metric.
    of_any_values : bool
        Whether categories of however many values may define neighbours.
    columns : tuple of str
        The user's columns that define neighbours; empty for all.
    metric : {"euclidean", "manhattan", "cosine"}
    """

    nearness: ClassVar[tuple[Param, ...]] = NEARNESS
    of_any_values: ClassVar[bool] = False
    columns: tuple[str, ...] = ()
    metric: str = EUCLIDEAN

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        names = tuple(parameter.name for parameter in cls.nearness)
        own = (p for p in cls.parameters if p.name not in {n.name for n in NEARNESS})
        cls.parameters = (*own, *cls.nearness)
        cls.later = (*(name for name in cls.later if name not in names), *names)
        if "__init__" in vars(cls):
            cls.__init__ = taking(cls.__init__, cls.nearness)  # type: ignore[method-assign]

    def draw_settings(self) -> dict[str, Any]:
        """Return the settings that its random numbers follow from."""
        aside = {parameter.name for parameter in self.nearness}
        return {n: value for n, value in super().draw_settings().items() if n not in aside}

    def searched(self, rows: Mapping[str, int], facts: TableFacts) -> dict[str, float]:
        """Return the seconds of searches among so many rows each.

        By their names and what defines neighbours: only such are the same of two steps.
        """
        near, usual = facts.of_columns(self.columns), not self.columns and self.metric == EUCLIDEAN
        by = "" if usual else f" by {self.columns} {self.metric}"
        p = POWERS[self.metric]
        return {f"{name}{by}": search_seconds(n, near, p) for name, n in rows.items()}

    def within(self, facts: TableFacts) -> dict[str, float]:
        """Return the seconds of the search within each class that grows."""
        try:
            after = self.counts_after(facts.counts)
        except Unsuitable:
            return {}
        pairs = enumerate(zip(facts.counts, after, strict=True))
        return self.searched({f"class_{k}": n for k, (n, m) in pairs if m > n}, facts)

    def within_seconds(self, facts: TableFacts) -> float:
        """Return the seconds of all of them."""
        return sum(self.within(facts).values())

    def pair_seconds(self, pairs: float, facts: TableFacts) -> float:
        """Return about how long it takes to measure the distances of so many pairs of rows."""
        times = SUMMED if POWERS[self.metric] == 1 else 1
        return SEARCH_SECONDS * pairs * facts.of_columns(self.columns).width * times

    def memory(self, facts: TableFacts) -> float:
        """Return the bytes of a search among all rows, if any."""
        near = facts.of_columns(self.columns)
        return search_bytes(near.rows, near) if self.seconds(facts) else 0.0

    def approximates(self, facts: TableFacts) -> bool:
        """Tell whether near rows are searched where most of them are, and not among all."""
        exact = POWERS[self.metric] == 1
        return self.compares_all and not exact and compares_some(facts.of_columns(self.columns))

    def reason(self, facts: TableFacts) -> Text | None:
        """Tell also when a column has too many values, or sums of differences take too long."""
        told = super().reason(facts)
        if not self.of_any_values:
            many = (name for name, values in facts.values if values > MAX_VALUES)
            wide = next((name for name in many if name in self.columns), None)
            told = told if wide is None else told or too_many_values(wide)
        if told or self.metric != MANHATTAN or self.seconds(facts.of_training()) <= MOST_SECONDS:
            return told
        return Text(
            "Manhattan distances of {rows:,} rows take too long in so many columns; choose the "
            "Euclidean metric, or few columns that define neighbours.",
            {"rows": facts.rows},
        )


def seen_by(step: Step, graphs: Graphs) -> Graphs:
    """Return the graphs of the same rows by what defines neighbours for a step."""
    return graphs.by(step.columns, step.metric) if isinstance(step, Near) else graphs
