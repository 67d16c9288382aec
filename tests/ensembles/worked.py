"""Rows whose numbers say who they are, and members that tell what they saw."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from rebal_core.model import FitJob
from rebal_core.rows import Layout, TypedRows


def rows_of(y: Any, *columns: Any, weight: Any = None) -> TypedRows:
    """Return rows with these numbers."""
    y = np.asarray(y, dtype=np.int64)
    numbers = np.column_stack(columns).astype(np.float32)
    names = tuple(f"x{j}" for j in range(numbers.shape[1]))
    codes = np.zeros((len(y), 0), dtype=np.int32)
    return TypedRows(numbers, codes, y, Layout(names, players=names), weight=weight)


@dataclass
class Spy:
    """Says class 1 as likely as the second number of a row, and knows the rows that it saw."""

    kind: ClassVar[str] = "spy"
    explains: ClassVar[str] = "none"

    n_classes: int = 0
    seen: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    job: FitJob | None = None

    def fit(self, job: FitJob) -> None:
        self.n_classes = job.n_classes
        self.seen = job.rows.numbers[:, 0].astype(np.int64)
        self.job = job

    def predict_proba(self, rows: TypedRows) -> np.ndarray:
        p = rows.numbers[:, 1].astype(np.float64)
        return np.column_stack([1 - p, p])


def watched(step: Any, rows: TypedRows, seed: int = 0) -> list[Spy]:
    """Return the members of an ensemble after its fit."""
    model = step.build(lambda _seed: Spy(), seed)
    members = list(model.members)
    model.fit(FitJob(rows, rows.weight, int(rows.y.max()) + 1))
    return members
