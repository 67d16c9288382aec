"""The training loop, and prediction, for networks on tables."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from rebal_core.model import Loss, TrainingPlan
from rebal_core.nn.tabular import TabularNet

#: Rows at a time outside training; it bounds memory, not the result.
_CHUNK = 16_384


@dataclass(frozen=True)
class Batch:
    """Rows as a network takes them.

    Parameters
    ----------
    numbers : ndarray of shape (n, p), float32
    codes : ndarray of shape (n, q), int64
    y : ndarray of shape (n,), int64
    weight : ndarray of shape (n,), float32
    """

    numbers: NDArray[np.float32]
    codes: NDArray[np.int64]
    y: NDArray[np.int64]
    weight: NDArray[np.float32]

    def on(self, device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the four arrays as tensors of a device."""
        arrays = (self.numbers, self.codes, self.y, self.weight)
        numbers, codes, y, weight = (torch.tensor(a, device=device) for a in arrays)
        return numbers, codes, y, weight


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    Parameters
    ----------
    epochs : int
        At most; a third of it, and always that, when no rows are held out.
    patience : int
        Epochs without a better held-out loss before the best state is taken back.
    learning_rate, weight_decay : float
        Of AdamW.
    """

    epochs: int = 100
    patience: int = 10
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2


def best_device() -> torch.device:
    """Return the first GPU that this process may see, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from a seed of one's own, on one thread; all is as before afterwards."""
    threads = torch.get_num_threads()
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def train(
    net: TabularNet,
    rows: Batch,
    held: Batch | None,
    schedule: Schedule,
    plan: TrainingPlan,
    progress: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Fit a network, by weighted cross-entropy if not planned otherwise, inside :func:`seeded`.

    Parameters
    ----------
    net : TabularNet
        Changed in place; ends in the state of its best epoch, on the CPU.
    rows : Batch
    held : Batch or None
        Rows to stop early on.
    schedule : Schedule
    plan : TrainingPlan
    progress : callable ``(epoch, loss)``, optional
        Called after each epoch; what it raises ends the training.

    Returns
    -------
    list of float
        Loss of each epoch: of the held rows, else of the training rows.
    """
    device = best_device()
    net.to(device)
    # The output starts at the class shares: else the first epochs are spent on learning these.
    shares = np.bincount(rows.y, weights=rows.weight, minlength=net.head.out_features)
    with torch.no_grad():
        net.head.bias.copy_(torch.tensor(np.log(np.maximum(shares / shares.sum(), 1e-6))))
    data, aside = rows.on(device), None if held is None else held.on(device)
    optimizer = torch.optim.AdamW(
        net.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay
    )
    losses = plan.loss or _cross_entropy
    best, state, history = np.inf, copy.deepcopy(net.state_dict()), list[float]()
    for epoch in range(schedule.epochs if held else max(1, schedule.epochs // 3)):
        loss = _epoch(net, data, optimizer, losses)
        if aside is not None:
            loss = _loss(net, aside, losses)
        history.append(loss)
        if progress is not None:
            progress(epoch + 1, loss)
        if loss < best or aside is None:
            best, state, since = loss, copy.deepcopy(net.state_dict()), epoch
        elif epoch - since >= schedule.patience:
            break
    net.load_state_dict(state)
    net.to("cpu").eval()
    return history


def _cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    return cross_entropy(logits, y, reduction="none")


def _epoch(
    net: TabularNet, data: tuple[Tensor, ...], optimizer: torch.optim.Optimizer, losses: Loss
) -> float:
    """Go once through the rows in random order; return the mean loss."""
    net.train()
    numbers, codes, y, weight = data
    order = torch.randperm(len(y)).to(y.device)
    total = torch.zeros((), device=y.device)
    for part in order.split(256 if len(y) < 100_000 else 2048):  # type: ignore[no-untyped-call]
        loss = (losses(net(numbers[part], codes[part]), y[part]) * weight[part]).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += loss.detach() * len(part)
    return float(total / len(y))


@torch.no_grad()
def _loss(net: TabularNet, data: tuple[Tensor, ...], losses: Loss) -> float:
    """Return the weighted mean loss."""
    net.eval()
    numbers, codes, y, weight = data
    total = torch.zeros((), device=y.device)
    for start in range(0, len(y), _CHUNK):
        part = slice(start, start + _CHUNK)
        each = losses(net(numbers[part], codes[part]), y[part])
        total += (each * weight[part]).sum()
    return float(total / weight.sum())


@torch.no_grad()
def predict(
    net: TabularNet, numbers: NDArray[np.float32], codes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return probabilities of shape (n, n_classes).

    Computed in float64, so that a probability depends neither on its neighbours in the batch nor
    on the device.
    """
    device = best_device()
    exact = copy.deepcopy(net).to(device, torch.float64).eval()
    parts = [np.zeros((0, net.head.out_features))]
    for start in range(0, len(numbers), _CHUNK):
        rows = slice(start, start + _CHUNK)
        x = torch.tensor(numbers[rows], dtype=torch.float64, device=device)
        logits = exact(x, torch.tensor(codes[rows], device=device))
        parts.append(logits.softmax(dim=1).cpu().numpy())
    return np.concatenate(parts)
