"""The one loop that teaches all networks that make rows, and stops by what the rows are worth."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rebal_core.model import Progress
from rebal_core.nn.generators.learner import Batch, Draws, Learner
from rebal_core.nn.kept import Kept
from rebal_core.nn.spent import spent

#: Times that made rows are judged, at most, and steps between two of these, at least.
_ROUNDS, _STEPS = 20, 100
#: Rounds without a better one, after half of them, that end it.
_WAITS = 5
#: How slowly the averaged weights follow.
_DECAY = 0.995


@dataclass
class Teaching:
    """One network, taught round by round.

    Parameters
    ----------
    learner : Learner
        Changed in place; its maker ends with the averaged weights of its best round.
    places : Tensor of shape (n, p)
    codes : Tensor of shape (n, blocks)
    y : Tensor of shape (n,)
    judge : callable
        Returns what rows are worth that the learner makes as it is.
    steps, batch : int
    seed : int
        Of the order of the rows.
    before : list of dict
        What makers of earlier networks ended with; it is kept for these.
    """

    learner: Learner
    places: Tensor
    codes: Tensor
    y: Tensor
    judge: Callable[[], dict[str, float]]
    steps: int
    batch: int
    seed: int
    before: list[dict[str, Any]] = field(default_factory=list)
    round: int = 0
    step: int = 0
    best: float = -np.inf
    since: int = 0
    story: list[dict[str, Any]] = field(default_factory=list)
    best_state: dict[str, Any] = field(default_factory=dict)

    def teach(self, progress: Progress | None, kept: Kept) -> None:
        """Learn, told and kept after each round."""
        learner, rounds = self.learner, max(1, min(_ROUNDS, self.steps // _STEPS))
        learner.look(self.codes, self.y)
        self.optimizers = learner.optimizers()
        self.averaged = copy.deepcopy(learner.maker.state_dict())
        self.best_state = copy.deepcopy(self.averaged)
        if kept.state is not None:
            self._restore(kept.state)
            kept.state = None
            if progress is not None:  # whoever listens now has heard nothing of it yet
                for told in self.story:
                    progress(**told, **spent(self.y.device))
        draws = Draws(self.codes.numpy(), self.y.numpy(), learner.by_value)
        while self.round < rounds and not self._is_stopped(rounds):
            told = self._once(draws, round(self.steps * (self.round + 1) / rounds))
            told |= self._judged()
            self.round += 1
            self.story.append({"epoch": self.round, **told})
            if progress is not None:
                progress(**self.story[-1], **spent(self.y.device))
            kept.save(self._state())
            if not np.isfinite(told["loss"]):
                break
        learner.maker.load_state_dict(self.best_state)
        learner.eval()

    def _once(self, draws: Draws, until: int) -> dict[str, float]:
        """Take the steps of a round; return the mean losses."""
        count = until - self.step
        rng = np.random.default_rng([self.seed, self.round])
        chosen, asked = (torch.from_numpy(x) for x in draws.take(count * self.batch, rng))
        total: dict[str, Tensor] = {}
        self.learner.train()
        pairs = zip(*(torch.split(x, self.batch) for x in (chosen, asked)), strict=True)
        for rows, blocks in pairs:
            self._set_rate()
            losses = self.learner.step(
                Batch(self.places[rows], self.codes[rows], self.y[rows], blocks)
            )
            self.step += 1
            self._average()
            for name, loss in losses.items():
                total[name] = total.get(name, torch.zeros(())) + loss.detach() / count
        return {name: float(loss) for name, loss in total.items()}

    def _judged(self) -> dict[str, Any]:
        """Judge rows of the averaged weights, and keep these if they are the best."""
        maker = self.learner.maker
        now = copy.deepcopy(maker.state_dict())
        maker.load_state_dict(self.averaged)
        self.learner.eval()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)  # by chance alone no round shall be better than another
            told = self.judge()
        worth = sum(told.values())
        if worth > self.best - self.learner.slack or not self.story:
            self.best, self.since = max(worth, self.best), 0
            self.best_state = copy.deepcopy(self.averaged)
        else:
            self.since += 1
        maker.load_state_dict(now)
        return {**told, "kept": self.since == 0}

    def _is_stopped(self, rounds: int) -> bool:
        return self.since >= _WAITS and 2 * self.round >= rounds

    def _set_rate(self) -> None:
        """Keep the rate through the first half, then let it fall."""
        factor = min(1.0, 2 * (1 - self.step / self.steps))
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group.setdefault("highest", group["lr"]) * factor

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(_DECAY, (1 + self.step) / (10 + self.step))
        for name, value in self.learner.maker.state_dict().items():
            self.averaged[name].lerp_(value, 1 - decay)

    def _state(self) -> dict[str, Any]:
        return {
            "net": self.learner.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "draws": torch.get_rng_state(),
            **{name: getattr(self, name) for name in _COUNTED},
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.learner.load_state_dict(state["net"])
        for optimizer, known in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(known)
        torch.set_rng_state(state["draws"])
        for name in _COUNTED:
            setattr(self, name, state[name])


_COUNTED = ("before", "round", "step", "best", "since", "story", "averaged", "best_state")
