"""What samplers share that take classes to numbers of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

from rebal_core.params import Counts as CountsParam
from rebal_core.params import Number, Param, Switch
from rebal_core.samplers.plain import RowSampler
from rebal_core.wording import Unsuitable

#: Rows per class asked for: a mapping of label code to rows (in ``fit_resample``: of label), or its
#: items.
Counts = Mapping[int, int] | Iterable[tuple[int, int]] | None

RATIO = Number(
    "ratio",
    "Rare rows per frequent row",
    "1 makes the classes equally large; 0.5 makes a rarer class half as large as the most frequent "
    "one.",
    1.0,
    0.001,
    1.0,
)
COUNTS = CountsParam()
KEEP_PREVALENCE = Switch(
    "keep_prevalence",
    "Keep the class shares",
    "All rows of a class share the weight that it had: more variety, and no moved shares.",
)


class ToCounts(RowSampler):
    """Base of samplers that take the classes to a ratio, or to numbers of rows of their own.

    Attributes
    ----------
    direction : {"over", "under"}
    """

    direction: ClassVar[Literal["over", "under"]]
    parameters: ClassVar[tuple[Param, ...]] = (RATIO, COUNTS)
    ratio: float
    counts: Counts

    def counts_after(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Return the rows of each class after it; see :func:`counts_after`."""
        return counts_after(counts, self.ratio, self.direction, self.counts)


def counts_after(
    counts: tuple[int, ...],
    ratio: float,
    direction: Literal["over", "under"],
    asked: Counts = None,
) -> tuple[int, ...]:
    """Return the rows of each class after resampling.

    Parameters
    ----------
    counts : tuple of int
        Rows of each class now; a class without rows keeps none.
    ratio : float
        Rows of a rarer class per row of the most frequent one. ``"over"`` grows every class to
        at least ``ratio`` times the largest; ``"under"`` cuts every class to at most the smallest
        divided by ``ratio``.
    direction : {"over", "under"}
    asked : mapping of label code to rows, or its items, optional
        Wins over the ratio for the classes that it names.

    Raises
    ------
    Unsuitable
        When a class is asked to shrink by oversampling, or to grow by undersampling.
    """
    present = [n for n in counts if n]
    if direction == "over":
        after = [n and max(n, round(ratio * max(present))) for n in counts]
    else:
        after = [min(n, max(1, round(min(present) / ratio))) for n in counts]
    for label, target in dict(asked or ()).items():
        now = counts[label] if label < len(counts) else 0
        if direction == "over" and target < now:
            raise Unsuitable(
                "Oversampling cannot take a class of {now} rows down to {target}; ask for more "
                "rows, or choose undersampling.",
                now=now,
                target=target,
            )
        if direction == "under" and target > now:
            raise Unsuitable(
                "Undersampling cannot take a class of {now} rows up to {target}; ask for fewer "
                "rows, or choose oversampling.",
                now=now,
                target=target,
            )
        if now:
            after[label] = target
    return tuple(after)
