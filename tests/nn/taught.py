"""Rows of a known truth, and networks that courses teach on them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.special import expit

from rebal_core.nn.answers import predict
from rebal_core.nn.course import Course
from rebal_core.nn.logistic import Logistic
from rebal_core.nn.mlp import MLP
from rebal_core.nn.net import Net
from rebal_core.nn.rows import Source
from rebal_core.nn.schedule import Schedule
from rebal_core.nn.tabm import TabM
from rebal_core.nn.training import seeded, train

CPU = torch.device("cpu")
#: Small ones: what a course does shows on these.
NETS: dict[str, Callable[[], Net]] = {
    "logistic": lambda: Logistic(3, [5], 2),
    "mlp": lambda: MLP(3, [5], 2, hidden=32, depth=2),
    "tabm": lambda: TabM(3, [5], 2, members=3, hidden=16, depth=1),
}
Story = list[dict[str, Any]]


def drawn(n: int = 800, seed: int = 0, weighted: bool = False) -> Source:
    """Return rows of a logistic truth in three numbers and a category; about 1 in 11 is rare."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)).astype(np.float32)
    codes = rng.integers(-1, 4, (n, 1)).astype(np.int32)
    effects = np.array([-4.5, -4.0, -3.0, -2.0, -2.5])[codes[:, 0] + 1]
    y = (rng.random(n) < expit(x @ np.array([1.2, -0.8, 0.0]) + effects)).astype(np.int64)
    weight = np.where(x[:, 0] > 0, 1.5, 0.5) if weighted else np.ones(n)
    rows = Source([x], codes, y, weight / weight.mean(), CPU)
    rows.categories = ("d",)
    return rows


def teach(
    course: Course,
    net: str = "mlp",
    rows: Source | None = None,
    held: Source | None = None,
    epochs: int = 12,
    **more: Any,
) -> tuple[np.ndarray, Story]:
    """Return what a network answers of its own rows in the end, and its story."""
    told = {name: more.pop(name) for name in ("progress", "memory") if name in more}
    schedule = Schedule(**{"epochs": epochs, "patience": 3, "batch_size": 64, **more})
    source = drawn() if rows is None else rows
    with seeded(1):
        made = NETS[net]()
        made.look(source.take(torch.arange(len(source))).numbers)
        story = train(made, source, held, schedule, course, **told)
    return predict(made, source), story


class Killed(Exception):
    """Ends a training from without."""


class Kept:
    """A memory."""

    def __init__(self) -> None:
        self.state: dict[str, Any] | None = None

    def load(self) -> dict[str, Any] | None:
        return self.state

    def save(self, state: dict[str, Any]) -> None:
        self.state = {name: value.copy() for name, value in state.items()}


def killed_and_resumed(
    make: Callable[[], Course], epoch: int, monkeypatch: Any, **more: Any
) -> tuple[np.ndarray, Story]:
    """Return what comes of a training that is killed in an epoch, and goes on."""
    monkeypatch.setattr("rebal_core.nn.kept.SAVE_EVERY", 0.0)
    memory = Kept()

    def kill(epoch: int, **told: Any) -> None:
        if epoch == at:
            raise Killed

    at = epoch
    try:
        teach(make(), memory=memory, progress=kill, **more)
    except Killed:
        assert memory.state is not None
        state = torch.load(io.BytesIO(memory.state["state"].tobytes()), weights_only=True)
        assert len(state["story"]) == epoch - 1
        return teach(make(), memory=memory, **more)
    raise AssertionError("it ended before it was killed")
