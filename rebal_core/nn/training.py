"""The one training loop of all networks and courses."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from rebal_core.model import FitNote, Memory, Progress
from rebal_core.nn import spans
from rebal_core.nn.answers import answers
from rebal_core.nn.convergence import SOLVER_STILL, jumps, still_falls
from rebal_core.nn.course import Course, Taught
from rebal_core.nn.kept import Kept
from rebal_core.nn.net import Net
from rebal_core.nn.refinement import log_loss, refined
from rebal_core.nn.rows import Source
from rebal_core.nn.schedule import Schedule, absolute, optimizer_of, squared
from rebal_core.nn.solvers import SOLVERS, solve
from rebal_core.nn.spent import spent
from rebal_core.nn.tempering import temper
from rebal_core.wording import Text

#: On fewer held rows of a class no recalibration can be fitted: the log loss itself decides then.
_FEWEST = 10
#: More classes make a table that nobody reads, and a long story.
MOST_CONFUSED = 20


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


def load_ahead() -> None:
    """Let torch load what it otherwise loads for the first step of the first optimiser."""
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.AdamW([weight])
    weight.sum().backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def train(
    net: Net,
    source: Source,
    held: Source | None,
    schedule: Schedule,
    course: Course,
    progress: Progress | None = None,
    memory: Memory | None = None,
    unlabelled: Source | None = None,
) -> list[dict[str, Any]]:
    """Teach a network, inside :func:`seeded`.

    Parameters
    ----------
    net : Net
        Changed in place; ends in the state of its best epoch, tempered on the held rows (see
        :mod:`rebal_core.nn.tempering`), on the CPU.
    source : Source
        Rows to learn from; each of the K classes has some.
    held : Source or None
        Rows to stop early on: where their log loss after the best temperature, the part that no
        later recalibration mends, is least (Berta et al. 2025, arXiv 2501.19195); where some class
        has fewer than ten of them, the log loss itself.
    schedule : Schedule
    course : Course
    progress : callable, optional
        Told each epoch; what it raises ends the training.
    memory : Memory, optional
        Where it keeps how far it is, and from which it goes on.
    unlabelled : Source, optional
        Rows without a label, for courses that learn from such.

    Returns
    -------
    list of dict
        Of each epoch: ``epoch`` from 1, ``loss`` (of the held rows, else of the training rows),
        ``training_loss``, ``learning_rate``, ``mix`` (shares of the classes in its batches), and of
        the held rows ``recall`` of each class and the ``confusion`` matrix; ``kept`` where it was
        the best so far. Who listens hears what was :func:`~.spent.spent`, too.

    Warns
    -----
    ConvergenceWarning
        When the loss still falls at the last epoch, or is no number any more.
    """
    classes = int(source.y.max()) + 1
    net.to(source.device)
    kept, story, first = Kept.of(memory), list[dict[str, Any]](), 0
    phases = [*course.before, course]
    lengths = _lengths([phase.share for phase in phases], _epochs(schedule, held, phases))
    for place, (phase, length) in enumerate(zip(phases, lengths, strict=True)):
        phase.begin(Taught(source, net, classes, length, held, unlabelled))
        if place == 0:
            _lean(net, phase)
        if kept.state is None or kept.state["phase"] == place:
            run = _Phase(place, net, source, held, schedule, phase, first, length, story)
            run.teach(progress, kept)
        first += length
    net.to("cpu", torch.float32).eval()
    return story


def _lengths(shares: list[float], epochs: int) -> list[int]:
    """Return the epochs of courses after each other, of which the last has one at least.

    Shares of the same sum end at the same epoch, in however many parts.
    """
    ends = np.round(epochs * np.cumsum(shares) - 1e-9).astype(int)
    last = min(max(1, ends[-1]), epochs)
    ends = np.append(np.minimum(ends[:-1], last - 1), last)
    return [int(length) for length in np.diff(ends, prepend=0)]


def _epochs(schedule: Schedule, held: Source | None, phases: list[Course]) -> int:
    """Return the most epochs; a solver ends by itself, where steps need held rows to end by."""
    steps = schedule.optimizer not in SOLVERS or any(phase.stepwise for phase in phases)
    return spans.at_most(schedule.epochs, held=held is not None, steps=steps)


def _lean(net: Net, course: Course) -> None:
    """Start the answers at the class shares: else the first epochs are spent on learning these."""
    bias = getattr(net.head, "bias", None)
    if isinstance(bias, Tensor):
        with torch.no_grad():
            bias.copy_(course.first().to(bias))


@dataclass
class _Phase:
    """One course on one network, epoch by epoch."""

    place: int
    net: Net
    source: Source
    held: Source | None
    schedule: Schedule
    course: Course
    first: int
    epochs: int
    story: list[dict[str, Any]]
    epoch: int = 0
    best: float = np.inf
    since: int = 0
    batch: int = 0
    best_state: dict[str, Any] = field(default_factory=dict)

    def teach(self, progress: Progress | None, kept: Kept) -> None:
        if self.schedule.optimizer in SOLVERS and not self.course.stepwise:
            self._solve(progress)
        else:
            self._step_by_step(progress, kept)
        if self.held is not None and self.course.chosen:
            self.net.load_state_dict(self.best_state)
            temper(self.net, self.held, self.course, _FEWEST)
        self.course.end(self.net.eval())

    def _solve(self, progress: Progress | None) -> None:
        """Learn from all rows at once; an iteration counts as an epoch."""
        self.net.to(torch.float64).eval()
        self.best_state = copy.deepcopy(self.net.state_dict())
        rows = self.source.take(torch.arange(len(self.source)), torch.float64)
        self.course.start(self.epochs - 1)  # what changes over the epochs is as in the last one
        draws = torch.get_rng_state()

        def lost() -> Tensor:
            torch.set_rng_state(draws)  # else it would be another function each time
            loss = self.course.loss(self.net, rows) + self._penalty()
            return loss + 0.5 * self.schedule.weight_decay * squared(self.net)

        def after(loss: float) -> bool:
            self._tell(loss, progress, learning_rate=None)
            return self._is_stopped()

        ended = solve(self.net, lost, self.schedule.optimizer, self.epochs, after)
        if not ended and still_falls(self._losses, SOLVER_STILL):
            warnings.warn("the solver has not ended", ConvergenceWarning, stacklevel=2)

    def _is_stopped(self) -> bool:
        held = self.held is not None and self.course.stops
        return held and self.since >= self.schedule.waits

    def _step_by_step(self, progress: Progress | None, kept: Kept) -> None:
        self.optimizer = optimizer_of(self.schedule, self.course.parts(self.net))
        self.batch = self.schedule.batch(len(self.source))
        self.best_state = copy.deepcopy(self.net.state_dict())
        if kept.state is not None:
            self._restore(kept.state)
            kept.state = None
            if progress is not None:  # whoever listens now has heard nothing of it yet
                for told in self.story:
                    progress(**told, **spent(self.source.device))
        while self.epoch < self.epochs:
            before = copy.deepcopy(self._state())
            try:
                self._go(progress)
            except torch.OutOfMemoryError:
                if self.batch == 1:
                    raise
                self._restore(before)
                self._smaller()
                continue
            kept.save(self._state())
            if not np.isfinite(self.story[-1]["training_loss"]):
                warnings.warn("the loss is no number", ConvergenceWarning, stacklevel=2)
                break
            if self._is_stopped():
                break
        else:
            self._say_if_it_still_falls()

    def _go(self, progress: Progress | None) -> None:
        """Go through one epoch, judge it and tell it."""
        self.course.start(self.epoch)
        order = self.course.order()
        loss = self._once(order)
        self.course.after(self.epoch, self.net)
        mix = torch.bincount(self.source.y[order], minlength=int(self.source.y.max()) + 1)
        rate = self.optimizer.param_groups[0]["lr"]
        shares = (mix / max(len(order), 1)).tolist()
        self._tell(loss, progress, learning_rate=rate, mix=shares)

    def _tell(self, loss: float, progress: Progress | None, **more: Any) -> None:
        """Judge an epoch, keep its state if it is the best, and tell it."""
        told = {
            "epoch": self.first + self.epoch + 1,
            "loss": loss,
            "training_loss": loss,
            **{name: value for name, value in more.items() if value is not None},
            **self.course.told(),
        }
        if self.held is not None and np.isfinite(loss):
            told |= self._judged(self.held)
        told["kept"] = self._keep_if_best(told["loss"])
        self.epoch += 1
        self.story.append(told)
        if progress is not None:
            progress(**told, **spent(self.source.device))

    def _once(self, order: Tensor) -> float:
        """Take the steps of an epoch; return the mean loss."""
        self.net.train()
        parts = order.split(self.batch)  # type: ignore[no-untyped-call]
        total = torch.zeros((), device=self.source.device)
        for step, part in enumerate(parts):
            self._set_rate((self.epoch + step / len(parts)) / self.epochs)
            self.optimizer.zero_grad()
            loss = self._loss(part)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            total += loss.detach() * len(part)
        return float(total / len(order))

    def _loss(self, part: Tensor) -> Tensor:
        return self.course.loss(self.net, self.source.take(part)) + self._penalty()

    def _penalty(self) -> Tensor | float:
        return self.schedule.l1 * absolute(self.net) if self.schedule.l1 else 0.0

    def _set_rate(self, done: float) -> None:
        factor = self.schedule.factor(done) * self.course.rate(done)
        if self.schedule.rate == "plateau":
            factor *= 0.5 ** (self.since // max(1, self.schedule.waits // 3))
        for group in self.optimizer.param_groups:
            group["lr"] = group["highest"] * factor

    def _judged(self, held: Source) -> dict[str, Any]:
        """Return how the held rows are answered now."""
        logits, y = answers(self.net, held), held.y.numpy()
        spoken = self.course.spoken(torch.from_numpy(logits)).numpy()
        k, said = logits.shape[1], spoken.argmax(axis=1)
        table = np.bincount(y * k + said, minlength=k * k).reshape(k, k)
        recall = np.diag(table) / np.maximum(table.sum(axis=1), 1)
        weight = held.weight.numpy()
        few = bool(table.sum(axis=1).min() < _FEWEST)
        loss = log_loss(spoken, y, weight) if few else refined(spoken, y, weight)
        told = {"loss": loss, "recall": recall.tolist()}
        return told | ({"confusion": table.tolist()} if k <= MOST_CONFUSED else {})

    def _keep_if_best(self, loss: float) -> bool:
        # The last epoch is always there to be kept: else the network would end untaught.
        first = min(round(self.course.settled * self.epochs), self.epochs - 1)
        if self.epoch < first or not self.course.chosen:
            return False
        if loss < self.best:
            self.best, self.since = loss, 0
            self.best_state = copy.deepcopy(self.net.state_dict())
        else:
            self.since += 1
        return self.since == 0 and self.held is not None

    def _say_if_it_still_falls(self) -> None:
        if not self.course.chosen:
            return
        if self.held is None and not self.net.convex:
            return  # it may well go on: that it ends here is what keeps it from learning by heart
        same = self.held is None and not self.course.stepwise
        if still_falls(self._losses) or (same and jumps(self._losses)):
            warnings.warn("the loss still moves", ConvergenceWarning, stacklevel=2)

    @property
    def _losses(self) -> list[float]:
        return [told["loss"] for told in self.story[-self.epochs :]]

    def _smaller(self) -> None:
        fewer = self.batch // 2
        note = Text(
            "The memory was too small for a batch of {rows} rows; it went on with {fewer} at a "
            "time.",
            {"rows": self.batch, "fewer": fewer},
        )
        warnings.warn(note.render(), FitNote, stacklevel=2)
        self.batch = fewer

    def _state(self) -> dict[str, Any]:
        cuda = self.source.device.type == "cuda"
        return {
            "phase": self.place,
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "course": self.course.state(),
            "draws": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state() if cuda else None,
            "story": list(self.story),
            **{name: getattr(self, name) for name in _COUNTED},
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.course.restore(state["course"])
        torch.set_rng_state(state["draws"])
        if state["cuda"] is not None and self.source.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda"])
        self.story[:] = state["story"]
        for name in _COUNTED:
            setattr(self, name, state[name])


_COUNTED = ("epoch", "best", "since", "batch", "best_state")
