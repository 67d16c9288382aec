"""How long and how fast a network learns: optimisers, and how their rate moves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rebal_core.nn import spans


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    Parameters
    ----------
    epochs : int
        At most; where no rows are held out a third of it, always, but for a solver.
    patience : int
        Epochs without a better held-out loss before the best state is taken back; 0 for a third.
    batch_size : int
        Rows of a step; 0 for a number that suits the table, from 32 to 1,024.
    optimizer : str
        A name of :data:`OPTIMIZERS`, or of :data:`rebal_core.nn.solvers.SOLVERS`, which take all
        rows at once.
    learning_rate : float
        The highest.
    rate : str
        How it moves, a name of :data:`RATES`, or ``plateau``: halved after a third of the patience
        without a gain.
    warm_up : float
        Part of the steps in which it rises from 0.
    weight_decay : float
        Of ``adamw`` as Loshchilov and Hutter (2019) take it; else L2, the gradient of half of it
        times the squared weights. Biases and scales have none.
    l1 : float
        Times the sum of absolute weights, added to the loss.
    """

    epochs: int = 100
    patience: int = 10
    batch_size: int = 0
    optimizer: str = "adamw"
    learning_rate: float = 2e-3
    rate: str = "constant"
    warm_up: float = 0.0
    weight_decay: float = 1e-2
    l1: float = 0.0

    def batch(self, n: int) -> int:
        """Return the rows of a step where n are learned from."""
        return spans.batch(self.batch_size, n)

    @property
    def waits(self) -> int:
        """Epochs without a gain before it ends."""
        return spans.waits(self.patience, self.epochs)

    def factor(self, done: float) -> float:
        """Return what the learning rate is multiplied by once a part of all steps is done."""
        if done < self.warm_up:
            return max(done, 1e-3) / self.warm_up
        shape = RATES.get(self.rate, _constant)
        return shape((done - self.warm_up) / max(1.0 - self.warm_up, 1e-9))


def _constant(done: float) -> float:
    return 1.0


def _cosine(done: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def _flat_cosine(done: float) -> float:
    return _cosine(max(0.0, 2 * done - 1))


def _coslog(done: float) -> float:
    return 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * min(done, 1.0))))


#: How the rate moves, from the part of the steps that is done: ``coslog`` is that of RealMLP, four
#: ever longer waves (Holzmüller et al. 2024, arXiv 2407.04491).
RATES: Mapping[str, Callable[[float], float]] = {
    "constant": _constant,
    "cosine": _cosine,
    "flat_cosine": _flat_cosine,
    "coslog": _coslog,
}

#: What makes each optimiser from groups of parameters; SGD has Nesterov's momentum of .9.
OPTIMIZERS: Mapping[str, Callable[..., torch.optim.Optimizer]] = {
    "adamw": lambda groups, lr: torch.optim.AdamW(groups, lr, betas=(0.9, 0.95)),
    "adam": torch.optim.Adam,
    "sgd": lambda groups, lr: torch.optim.SGD(groups, lr, momentum=0.9, nesterov=True),
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "rmsprop": torch.optim.RMSprop,
}


def optimizer_of(
    schedule: Schedule, parts: Iterable[tuple[Iterable[nn.Parameter], float]]
) -> torch.optim.Optimizer:
    """Return an optimiser of parts of a network, each with a factor of the learning rate.

    Every group holds its own highest rate as ``highest``.
    """
    groups: list[dict[str, Any]] = []
    for parameters, factor in parts:
        held = list(parameters)
        rate = schedule.learning_rate * factor
        for decays in (True, False):
            some = [p for p in held if (p.ndim >= 2) == decays]
            decay = schedule.weight_decay if decays else 0.0
            if some:
                group = {"params": some, "lr": rate, "highest": rate, "weight_decay": decay}
                groups.append(group)
    made = OPTIMIZERS.get(schedule.optimizer, torch.optim.Adam)  # in the place of a solver
    return made(groups, lr=schedule.learning_rate)


def absolute(net: nn.Module) -> Tensor:
    """Return the sum of the absolute weights of a network, biases and scales aside."""
    return torch.stack([p.abs().sum() for p in net.parameters() if p.ndim >= 2]).sum()


def squared(net: nn.Module) -> Tensor:
    """Return the sum of the squared weights of a network, biases and scales aside."""
    return torch.stack([(p**2).sum() for p in net.parameters() if p.ndim >= 2]).sum()
