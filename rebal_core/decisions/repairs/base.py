"""What a recalibration is: fitted on labelled logits, it maps logits, and one file adds one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from rebal_core.decisions.stages import Stage
from rebal_core.registry import Registry
from rebal_core.rows import Floats, Ints


@dataclass(frozen=True)
class Lesson:
    """Labelled logits to learn a recalibration from.

    Parameters
    ----------
    logits : ndarray of shape (n, K)
        See :func:`rebal_core.decisions.logits.logits`; single precision is enough for many classes.
    y : ndarray of shape (n,)
        True codes.
    weight : ndarray of shape (n,)
        Rows of the table that each stands for.
    """

    logits: Floats
    y: Ints
    weight: Floats

    @property
    def counts(self) -> Floats:
        """Rows of each class, of shape (K,)."""
        counts = np.bincount(self.y, self.weight, minlength=self.logits.shape[1])
        return np.asarray(counts, dtype=float)


class FittedRepair(Protocol):
    """A fitted recalibration: a frozen value."""

    def applied(self, x: Floats) -> Floats:
        """Map logits of shape (n, K), as :func:`rebal_core.decisions.logits.logits` gives them."""

    def stage(self, n_classes: int) -> Stage | None:
        """Return the same of probabilities, with its slope; None where it changes nothing."""

    def refuse_unsound(self, n_classes: int) -> None:
        """Refuse numbers that no fit of ours gives, by a ValueError."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""


@dataclass(frozen=True)
class Recalibration:
    """One entry of the registry.

    Parameters
    ----------
    name, family, aliases
        See :class:`rebal_core.registry.Spec`.
    label, after : str
        What was done, in words: alone, and after the closed form.
    reference : str
    serves : callable ``(n_classes) -> bool``
    fit : callable ``(lesson) -> FittedRepair``
        On rows that the models did not see. What changes nothing comes back where too few rows are
        of one class.
    load : callable ``(values) -> FittedRepair``
        Rebuilds what ``to_dict`` gave.
    tried : bool
        Whether every arm may choose it; what is not serves where it is asked for by name.
    """

    name: str
    label: str
    after: str
    reference: str
    serves: Callable[[int], bool] = field(repr=False)
    fit: Callable[[Lesson], FittedRepair] = field(repr=False)
    load: Callable[[Mapping[str, Any]], FittedRepair] = field(repr=False)
    family: str = "recalibration"
    aliases: tuple[str, ...] = ()
    tried: bool = True


REPAIRS: Registry[Recalibration] = Registry("recalibration")
