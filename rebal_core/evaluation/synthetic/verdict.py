"""The verdict on the made rows of a class: all that was measured, and which gates failed.

How alike rows are is never told without what they are good for: :class:`Quality` holds both, and
cannot be made of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rebal_core.evaluation.bootstrap import Progress, no_progress
from rebal_core.evaluation.stored import from_state, state_of
from rebal_core.evaluation.synthetic import shapes
from rebal_core.evaluation.synthetic.columns import columns_of
from rebal_core.evaluation.synthetic.detection import FEWEST, Detection, detection
from rebal_core.evaluation.synthetic.fast import some
from rebal_core.evaluation.synthetic.majority import HiddenMajority, hidden_majorities
from rebal_core.evaluation.synthetic.nearness import Nearness, nearness
from rebal_core.evaluation.synthetic.ranges import TOLERATED, Ranges, ranges
from rebal_core.evaluation.synthetic.shapes import Coverage, Shape
from rebal_core.evaluation.synthetic.utility import Utility, utilities
from rebal_core.rows import Floats, Ints, TypedRows

#: Made rows of a class that are looked at; of more a random part, but all of them teach.
MOST = 50_000

#: What made rows may fail, the gravest first.
GATES = (
    "copies",
    "nearness",
    "membership",
    "utility",
    "majority",
    "columns",
    "pairs",
    "coverage",
    "outside",
    "impossible",
    "detection",
)


@dataclass(frozen=True)
class Quality:
    """What made rows are good for, and how alike they are to real ones: never one by itself.

    Parameters
    ----------
    utility : Utility
    columns, pairs : tuple of Shape
        The worst first.
    coverage : tuple of Coverage
        By category column, the most vanished first.
    """

    utility: Utility
    columns: tuple[Shape, ...]
    pairs: tuple[Shape, ...]
    coverage: tuple[Coverage, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.utility, Utility) or None in (self.columns, self.pairs):
            raise TypeError("how alike rows are is not told without what they are good for")


@dataclass(frozen=True)
class SyntheticVerdict:
    """All that was measured of the made rows of one class.

    Parameters
    ----------
    label : str
        The class.
    trained, made, held : int
        Its rows that the generator learned from, those that it made, and real rows held back.
    quality : Quality
    nearness : Nearness
    majority : HiddenMajority
    ranges : Ranges
    detection : Detection
    """

    label: str
    trained: int
    made: int
    held: int
    quality: Quality
    nearness: Nearness
    majority: HiddenMajority
    ranges: Ranges
    detection: Detection

    @property
    def failed(self) -> tuple[str, ...]:
        """The gates of :data:`GATES` that the rows fail, the gravest first.

        None of them says that rows are good, or that they give nothing away.
        """
        quality, near = self.quality, self.nearness
        found = {
            "copies": near.copied,
            "nearness": near.too_near,
            "membership": near.recognised,
            "utility": quality.utility.failed,
            "majority": self.majority.failed,
            "columns": any(shape.failed for shape in quality.columns),
            "pairs": any(shape.failed for shape in quality.pairs),
            "coverage": any(column.vanished for column in quality.coverage),
            "outside": self.ranges.outside.beyond(TOLERATED),
            "impossible": self.ranges.impossible.beyond(TOLERATED),
            "detection": self.detection.failed,
        }
        return tuple(gate for gate in GATES if found[gate])


@dataclass(frozen=True)
class Judgement:
    """What is said of all made rows.

    Parameters
    ----------
    classes : tuple of SyntheticVerdict
        In the order of the class codes.
    utility : Utility
        Averaged over these classes.
    """

    classes: tuple[SyntheticVerdict, ...]
    utility: Utility

    @property
    def worst_first(self) -> tuple[SyntheticVerdict, ...]:
        """The classes by the gravest gate that they fail, how many they fail, and their use."""

        def order(verdict: SyntheticVerdict) -> tuple[float, ...]:
            failed, ratio = verdict.failed, verdict.quality.utility.ratio
            gravest = GATES.index(failed[0]) if failed else len(GATES)
            return gravest, -len(failed), np.inf if np.isnan(ratio) else ratio

        return tuple(sorted(self.classes, key=order))


#: How much of judging is done once it is known what the rows teach, and what they are taken for.
USE, TAKEN = 0.4, 0.6


def judge(
    train: TypedRows,
    made: TypedRows,
    held: TypedRows,
    labels: Sequence[str],
    seed: int = 0,
    units: Ints | None = None,
    progress: Progress = no_progress,
) -> Judgement:
    """Return the verdict on the made rows of each class.

    Parameters
    ----------
    train : TypedRows
        Real rows of all classes, those that the generator learned from.
    made : TypedRows
        What it made.
    held : TypedRows
        Real rows of all classes that it never saw.
    labels : sequence of str
        Of the classes 0..K-1.
    seed : int
    units : ndarray of shape (n,), optional
        Unit of each row held back.
    progress : callable
        Receives the finished share.
    """
    useful = utilities(train, made, held, len(labels), seed, units)
    progress(USE)
    hidden = hidden_majorities(train, made, held, len(labels), seed)
    every, grown = columns_of(train), np.unique(made.y).tolist()
    classes: list[SyntheticVerdict] = []
    for k in grown:
        progress(TAKEN + (1 - TAKEN) * len(classes) / len(grown))
        own, drawn, kept = (part.take(np.flatnonzero(part.y == k)) for part in (train, made, held))
        size, drawn = len(drawn), some(drawn, MOST, seed)
        real, new = columns_of(own), columns_of(drawn)
        quality = Quality(
            useful.classes[k],
            shapes.column_shapes(real, new),
            shapes.pair_trends(real, new),
            shapes.coverage(real, new),
        )
        verdict = SyntheticVerdict(
            label=labels[k],
            trained=len(own),
            made=size,
            held=len(kept),
            quality=quality,
            nearness=nearness(own, drawn, kept, seed),
            majority=hidden[k],
            ranges=ranges(every, new, columns_of(kept)),
            detection=detection(kept if len(kept) >= FEWEST else own, drawn, seed),
        )
        classes.append(verdict)
    return Judgement(tuple(classes), useful.all)


def judgement_state(judgement: Judgement) -> dict[str, Any]:
    """Return a judgement as strict JSON."""
    state: dict[str, Any] = state_of(judgement)[0]
    return state


def judgement_from(state: Mapping[str, Any]) -> Judgement:
    """Return the judgement that :func:`judgement_state` told."""
    nothing: Floats = np.zeros(0)
    return from_state(Judgement, state, nothing)
