"""Networks that make rows, taught, and kept as plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rebal_core.model import Memory, Progress
from rebal_core.nn.generators.autoregressive import Autoregressive
from rebal_core.nn.generators.cgan import Cgan
from rebal_core.nn.generators.coding import Coding
from rebal_core.nn.generators.diffusion import Diffusion
from rebal_core.nn.generators.gan import Gan
from rebal_core.nn.generators.learner import Learner
from rebal_core.nn.generators.loop import Teaching
from rebal_core.nn.generators.parts import Blocks, Shape
from rebal_core.nn.generators.probe import Probe
from rebal_core.nn.generators.vae import Vae
from rebal_core.nn.kept import Kept
from rebal_core.nn.training import seeded
from rebal_core.rows import Floats, Ints

#: Rows made at a time: what is between the layers of a network stays near the processor.
_BLOCK = 2048
#: Share of the rows that judge, of each class.
_HELD = 0.2
KINDS: dict[str, type[Learner]] = {
    "autoregressive": Autoregressive,
    "gan": Gan,
    "cgan": Cgan,
    "vae": Vae,
    "diffusion": Diffusion,
}


class Sheet(Protocol):
    """Rows to learn from, as :class:`rebal_core.samplers.generators.Sheet` has them."""

    @property
    def numbers(self) -> NDArray[np.float32]:
        """Shape (n, p)."""

    @property
    def codes(self) -> Ints:
        """Shape (n, q)."""

    @property
    def y(self) -> Ints:
        """Shape (n,)."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """Shape (n, p); False where a number stands for a missing one."""


@dataclass(frozen=True)
class Course:
    """How networks of a kind are taught.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    conditional : bool
        Whether one network learns all classes; else each has one of its own.
    steps, batch : int
    settings : mapping
        What else the network is built with; numbers.
    """

    kind: str
    conditional: bool
    steps: int
    batch: int
    settings: Mapping[str, float]


@dataclass(frozen=True)
class Taught:
    """What was learned of classes.

    Parameters
    ----------
    kind : str
    settings : mapping
    coding : Coding
    labels : ndarray of shape (k,)
        Of which rows can be made.
    shares : ndarray of shape (k, width)
        Of each class, the shares of the codes of each block.
    learners : tuple of Learner
        One for all classes, or one a class in the order of the labels.
    """

    kind: str
    settings: Mapping[str, float]
    coding: Coding
    labels: Ints
    shares: Floats
    learners: tuple[Learner, ...]

    @property
    def guided(self) -> bool:
        """Whether rows are made around values that are given."""
        return KINDS[self.kind].beside is not Learner.beside

    def draw(
        self,
        label: int,
        size: int,
        rng: np.random.Generator,
        fixed: Mapping[int, NDArray[Any]] | None = None,
    ) -> tuple[NDArray[np.float32], Ints]:
        """Return numbers and codes of new rows of a class.

        Parameters
        ----------
        label, size : int
        rng : numpy Generator
        fixed : mapping of int to ndarray of shape (size,), optional
            Values that a column has, by its place among the numbers and then the codes; the others
            are made around them, where the network can.
        """
        p, q = len(self.coding.bins), len(self.coding.cardinalities)
        numbers, codes = np.empty((size, p), np.float32), np.empty((size, q), np.int64)
        kind = self._kind(label)
        given = {j: self.coding.code(j, values, kind) for j, values in (fixed or {}).items()}
        with seeded(int(rng.integers(2**31))):
            for start in range(0, size, _BLOCK):
                part = slice(start, min(start + _BLOCK, size))
                beside = {j: torch.from_numpy(known[part]) for j, known in given.items()}
                numbers[part], codes[part] = self._block(label, part.stop - part.start, beside)
        for j, values in (fixed or {}).items():
            (numbers if j < p else codes)[:, j if j < p else j - p] = values
        return numbers, codes

    @torch.no_grad()
    def _block(
        self, label: int, size: int, given: Mapping[int, Tensor] | None = None
    ) -> tuple[NDArray[np.float32], Ints]:
        k = int(np.flatnonzero(self.labels == label)[0])
        one = len(self.learners) == 1 and self.learners[0].shape.classes > 1
        learner = self.learners[0 if one else k]
        y = torch.full((size,), label if one else 0)
        if given:
            places, codes = learner.beside(y, given)
        else:
            places, codes = learner.made(y, _wanted(learner.blocks, self.shares[k], size))
        return self.coding.decoded(places.numpy(), codes.numpy(), self._kind(label))

    def _kind(self, label: int) -> int:
        """Return whose stretches rows of a class have."""
        return label if KINDS[self.kind].own else 0

    def to_state(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays."""
        state = {f"coding.{name}": value for name, value in self.coding.to_state().items()}
        state |= {f"settings.{name}": np.array(value) for name, value in self.settings.items()}
        for k, learner in enumerate(self.learners):
            weights = learner.maker.state_dict().items()
            state |= {f"{k}.{name}": value.numpy() for name, value in weights}
        shape = self.learners[0].shape
        return {
            **state,
            "kind": np.array(self.kind),
            "labels": self.labels,
            "shares": self.shares,
            "classes": np.array(shape.classes),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild what :meth:`to_state` gave.

        Raises
        ------
        ValueError
            When the weights are not those of such a network.
        """
        coding = Coding.from_state(_under(state, "coding"))
        settings = {name: value.item() for name, value in _under(state, "settings").items()}
        kind, labels, classes = str(state["kind"]), state["labels"], int(state["classes"])
        learners = []
        for k in range(1 if classes > 1 else len(labels)):
            built = partial(KINDS[kind], _shape(coding, classes), **settings)
            weights = {n: torch.from_numpy(x.copy()) for n, x in _under(state, str(k)).items()}
            _refuse_others(built, weights)
            learner = built()
            learner.maker.load_state_dict(weights)
            learners.append(learner.eval())
        return cls(kind, settings, coding, labels, state["shares"], tuple(learners))


def teach(
    sheet: Sheet,
    labels: Ints,
    course: Course,
    seed: int,
    progress: Progress | None = None,
    memory: Memory | None = None,
) -> Taught:
    """Teach networks to make rows of classes.

    Parameters
    ----------
    sheet : Sheet
        Training rows, of which a fifth judge what is made of the others.
    labels : ndarray of int
        The classes.
    course : Course
    seed : int
    progress : callable, optional
        Is told after each round; also the ``label`` where each class has its own network.
    memory : Memory, optional
        Keeps how far it is.
    """
    rng, kept = np.random.default_rng(seed), Kept.of(memory)
    network, seen = KINDS[course.kind], (sheet.numbers, sheet.known, sheet.codes)
    kind, made = (sheet.y, labels) if network.own else (np.zeros_like(sheet.y), np.array([0]))
    coding = Coding.of(*seen, kind, made, network.modes)
    places, codes = coding.coded(*seen, kind, rng)
    fit, held = _parted(sheet.y, rng)
    both = np.hstack([sheet.numbers, sheet.codes]).astype(np.float32)
    probe = Probe(both, sheet.y, fit, held, labels, sheet.numbers.shape[1])
    shares = _shares(codes, sheet.y, labels, coding.sizes)
    taught = Taught(course.kind, course.settings, coding, labels, shares, ())
    before = [] if kept.state is None else list(kept.state["before"])
    groups = [labels] if course.conditional else np.split(labels, len(labels))
    classes = int(sheet.y.max()) + 1 if course.conditional else 1
    for place, group in enumerate(groups):
        with seeded(seed):
            learner = KINDS[course.kind](_shape(coding, classes), **course.settings)
            if place < len(before):
                learner.maker.load_state_dict(before[place])
            else:
                told = progress
                own, y = fit, sheet.y[fit]
                if not course.conditional:
                    own = fit[y == group[0]]
                    y = np.zeros(len(own), dtype=np.int64)
                    told = progress and partial(progress, label=int(group[0]))
                mine = np.isin(labels, group)
                now = replace(taught, labels=group, shares=shares[mine], learners=(learner,))
                judge = partial(_judged, now, replace(probe, labels=group))
                row, at, kinds = (torch.from_numpy(x) for x in (places[own], codes[own], y))
                asked = (judge, course.steps, course.batch, seed, before)
                Teaching(learner, row, at, kinds, *asked).teach(told, kept)
                before = [*before, learner.maker.state_dict()]
        taught = replace(taught, learners=(*taught.learners, learner.eval()))
    return taught


def _shares(codes: Ints, y: Ints, labels: Ints, sizes: tuple[int, ...]) -> Floats:
    """Return the shares of the codes of each block in each class, shape (k, width)."""
    starts, width = np.cumsum((0, *sizes[:-1])), sum(sizes)
    result = np.zeros((len(labels), width))
    for k, label in enumerate(labels.tolist()):
        own = codes[y == label]
        result[k] = np.bincount((own + starts).ravel(), minlength=width) / len(own)
    return result


def _judged(taught: Taught, probe: Probe) -> dict[str, float]:
    def make(label: int, size: int) -> NDArray[np.float32]:
        return np.hstack(taught._block(label, size)).astype(np.float32)

    return probe.judged(make)


def _parted(y: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return the rows that are learned from, and those of each class that judge."""
    held = []
    for label in np.unique(y).tolist():
        members = rng.permutation(np.flatnonzero(y == label))
        held.append(members[: int(len(members) * _HELD)])
    rows = np.sort(np.concatenate(held))
    return np.setdiff1d(np.arange(len(y)), rows), rows


def _wanted(blocks: Blocks, shares: Floats, size: int) -> Tensor:
    """Return one value each that rows of a class have, by their shares; shape (size, width)."""
    logits = torch.from_numpy(shares).float().clamp_min(1e-30).log().expand(size, -1)
    hot = blocks.hot(blocks.drawn(logits))
    return blocks.only(hot, torch.randint(len(blocks.shape.sizes), (size,)))


def _shape(coding: Coding, classes: int) -> Shape:
    return Shape(tuple(coding.alone.tolist()), coding.sizes, classes)


def _refuse_others(built: Callable[[], Learner], weights: Mapping[str, Tensor]) -> None:
    """Refuse weights that do not fit, before a network that may be too large takes memory."""
    with torch.device("meta"):  # where tensors have a shape, and no values
        expected = built().maker.state_dict()
    if {n: x.shape for n, x in expected.items()} != {n: x.shape for n, x in weights.items()}:
        raise ValueError("the weights are not those of such a network")


def _under(state: Mapping[str, NDArray[Any]], name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays under a name, without it."""
    return {
        key[len(name) + 1 :]: value for key, value in state.items() if key.startswith(f"{name}.")
    }
