"""A network on typed rows: what all learners of ``nn`` are to the rest of the house."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from rebal_core import focal
from rebal_core.arm import Attacked, frozen
from rebal_core.classifiers.base import FIXED
from rebal_core.classifiers.net_schedule import SCHEDULE
from rebal_core.facts import TableFacts
from rebal_core.model import Explains, FitJob, Held, Progress, TrainingPlan
from rebal_core.rows import Floats, Ints, TypedRows
from rebal_core.wording import Unsuitable, UserError

if TYPE_CHECKING:
    import torch

    from rebal_core.nn.attacker import Attacker
    from rebal_core.nn.course import Course
    from rebal_core.nn.net import Net
    from rebal_core.nn.rows import Source
    from rebal_core.nn.schedule import Schedule

#: How far numbers are moved to see how a network stands it, in standard deviations: one reach for
#: all, so that all arms can be compared, and a fit of an untreated network serves every comparison.
REACH = 0.1
#: Steps of that attack, and rows that are attacked: in all, and of a class at least.
_ATTACK_STEPS, _MOST_ATTACKED, _FEWEST_ATTACKED = 10, 1000, 20
#: A network scales numbers by so many rows at most.
LOOKED_AT = 100_000
#: So many passes over few rows as make this many rows in all, within the bounds of a network.
_SEEN = 600_000


@dataclass(frozen=True)
class Network:
    """Where a network stands, how long it learns where nobody says, and what that takes.

    Parameters
    ----------
    kind : callable
        Returns its class; torch is loaded when it is first called.
    least, most : int
        Epochs of a large and of a small table.
    a_row : float
        Processor seconds of a row in an epoch, of a network of the usual shape,
    size : callable
        and how many times that it is of the shape that is set.
    """

    kind: Callable[[], type[Net]]
    least: int
    most: int
    a_row: float
    size: Callable[[Mapping[str, Any]], float]

    def epochs(self, asked: int, n: int) -> int:
        """Return the epochs that are asked for, or those that suit so many rows."""
        return asked or min(self.most, max(self.least, _SEEN // max(n, 1)))

    def seconds(self, facts: TableFacts, params: Mapping[str, Any]) -> float:
        """Return the processor seconds of a fit, all epochs taken."""
        epochs = self.epochs(params["epochs"], facts.rows)
        return FIXED + self.a_row * self.size(params) * facts.rows * epochs


#: Networks by the names of their learners.
NETWORKS: dict[str, Network] = {}


@dataclass
class NetModel:
    """A network of any kind, by the one training loop.

    Parameters
    ----------
    network : str
        A name of :data:`NETWORKS`.
    seed : int
    shape : mapping
        Settings of the network itself.
    schedule : mapping
        As :class:`rebal_core.nn.schedule.Schedule` takes them.
    n_classes : int
        K, known after the fit.
    classes_ : tuple of int
        Labels that the training rows hold.
    cardinalities_ : tuple of int
        Codes of each category column, with one more for missing or unknown.
    width_ : int
        Number columns, those of texts included.
    focus_ : float
        Of the focal loss that it was taught by; its answers are put right in closed form.
    head_ : str
        Kind of its last layer, see :meth:`rebal_core.nn.net.Net.take_head`.
    """

    kind: ClassVar[str] = "net"
    explains: ClassVar[Explains] = "permutation"

    network: str
    seed: int
    shape: Mapping[str, Any]
    schedule: Mapping[str, Any]
    n_classes: int = 0
    classes_: tuple[int, ...] = ()
    cardinalities_: tuple[int, ...] = ()
    width_: int = 0
    focus_: float = 0.0
    head_: str = "linear"
    net_: Net | None = field(default=None, repr=False)

    def fit(self, job: FitJob) -> None:
        """Train; stop early on the held rows where there are any.

        Raises
        ------
        Unsuitable
            When the numbers of the network grew beyond all bounds.
        """
        import torch

        from rebal_core.nn.training import seeded, train

        rows = job.rows
        self.n_classes, self.focus_ = job.n_classes, job.training.focus
        self.head_ = "linear"  # whatever it was taught before
        self.classes_ = tuple(np.unique(rows.y).tolist())
        self.cardinalities_ = tuple(c + 1 for c in rows.layout.cardinalities)
        source = self._source(rows, job.weight)
        self.width_, source.named = source.width, job.values
        with seeded(self.seed):
            net = self.new_net()
            some = torch.randperm(len(source))[:LOOKED_AT]
            net.look(source.take(some).numbers)
            course = self._course(job.training)
            free = None if job.unlabelled is None else self._source(job.unlabelled, None)
            held = self._held(job.held)
            plan, told = self._plan(len(source)), self._told(job)
            train(net, source, held, plan, course, told, job.memory, free)
        if not all(bool(p.isfinite().all()) for p in net.parameters()):
            raise Unsuitable(
                "The numbers of the network grew beyond all bounds while it learned; lower its "
                "learning rate."
            )
        self.head_, self.net_ = net.head_kind, net

    def _told(self, job: FitJob) -> Progress | None:
        """Return who is told, and told the classes by their codes where some are not there."""
        if job.progress is None or len(self.classes_) == job.n_classes:
            return job.progress
        return partial(job.progress, classes=list(self.classes_))

    def _plan(self, n: int) -> Schedule:
        from rebal_core.nn.schedule import Schedule

        settings = dict(self.schedule)
        settings["epochs"] = NETWORKS[self.network].epochs(settings["epochs"], n)
        if "C" in settings:  # as scikit-learn means it: beside the sum of the losses
            settings["weight_decay"] = 1 / (settings.pop("C") * n)
        return Schedule(**settings)

    def _course(self, plan: TrainingPlan) -> Course:
        from rebal_core.nn.course import Shifted

        if plan.course is not None:
            made: Course = plan.course()
            return made
        offset = np.array(plan.offset)[list(self.classes_)] if plan.offset else None
        return Shifted(plan.focus, offset)

    def _held(self, held: Held | None) -> Source | None:
        """Return the held rows, but for those of classes that are not there to be learned."""
        if held is None:
            return None
        known = np.flatnonzero(np.isin(held.rows.y, self.classes_))
        return self._source(held.rows.take(known), held.weight[known]) if len(known) else None

    def new_net(self) -> Net:
        """Return an untrained network of the fitted shape."""
        made: Net = NETWORKS[self.network].kind()(
            self.width_, list(self.cardinalities_), len(self.classes_), **self.shape
        )
        made.take_head(self.head_)
        return made

    def predict_proba(self, rows: TypedRows) -> Floats:
        """Return probabilities over all K classes."""
        from rebal_core.nn.answers import predict

        if self.net_ is None:
            raise ValueError("This model has not been fitted.")
        proba = np.zeros((len(rows), self.n_classes))
        if len(rows):
            known = predict(self.net_, self._source(rows, None))
            proba[:, list(self.classes_)] = focal.recovered(known, self.focus_)
        return proba

    def attacker(self, rows: TypedRows, among: TypedRows) -> Attacker:
        """Return what moves rows against it, by the spread and the range of others."""
        import torch

        from rebal_core.nn.attacker import Attacker

        if self.net_ is None:
            raise ValueError("This model has not been fitted.")
        cpu = torch.device("cpu")
        return Attacker(self.net_, *(self._source(part, None, cpu) for part in (rows, among)))

    def under_attack(self, rows: TypedRows, among: TypedRows, shares: Floats) -> Attacked | None:
        """Return what it finds of some rows of each class, moved against it and as they are."""
        from rebal_core.nn.rows import some_of_each

        most = max(_FEWEST_ATTACKED, _MOST_ATTACKED // self.n_classes)
        known = np.flatnonzero(np.isin(rows.y, self.classes_))
        some = rows.take(known[some_of_each(rows.y[known], most)])
        attacker, at = self.attacker(some, among), np.arange(len(some))
        if not attacker.moves:
            return None
        # Drawn alike for all models: what they find is compared row by row.
        reach = np.full(len(some), REACH, dtype=np.float32)
        numbers = attacker.attacked(at, reach, steps=_ATTACK_STEPS, seed=0)
        moved = replace(some, numbers=numbers[:, : some.numbers.shape[1]])
        own = np.maximum(shares, 1e-12)
        clean, found = (
            (self.predict_proba(part) / own).argmax(axis=1) == some.y for part in (some, moved)
        )
        counts = (np.bincount(some.y[p], minlength=self.n_classes) for p in (clean, clean & found))
        tested = np.bincount(some.y, minlength=self.n_classes)
        return Attacked(REACH, *(tuple(c.tolist()) for c in (tested, *counts)))

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the numbers of the network as safetensors."""
        from safetensors.torch import save_file

        if self.net_ is None:
            raise ValueError("This model has not been fitted.")
        state = {name: tensor.contiguous() for name, tensor in self.net_.state_dict().items()}
        save_file(state, folder / "model.safetensors")
        return {name: getattr(self, name) for name in _told()}

    @classmethod
    def load(cls, folder: Path, about: Mapping[str, Any], trusted: tuple[str, ...]) -> NetModel:
        """Rebuild what :meth:`save` wrote."""
        from safetensors.torch import load_file

        values: dict[str, Any] = {name: about[name] for name in _told()}
        for name in ("classes_", "cardinalities_"):
            values[name] = frozen(values[name])
        model = cls(**values)
        model._refuse_other_sizes(folder / "model.safetensors")
        model.net_ = model.new_net()
        model.net_.load_state_dict(load_file(folder / "model.safetensors"))
        model.net_.eval()
        return model

    def _refuse_other_sizes(self, path: Path) -> None:
        """Build no network but that whose numbers are in the file: its length vouches for them."""
        import torch
        from safetensors import safe_open

        from rebal_core.classifiers.base import CLASSIFIERS

        whole = (self.width_, *self.cardinalities_, *self.classes_)
        if any(type(size) is not int or not 0 <= size < 2**40 for size in whole):
            raise ValueError("a network of no size")
        if type(self.focus_) is not float or not 0 <= self.focus_ <= focal.MOST_FOCUS:
            raise ValueError("a focal loss that is none")
        learner = CLASSIFIERS[self.network]
        try:
            learner.read(self.shape)
        except UserError as error:
            raise ValueError("a network of other settings") from error
        if any(type(value) is not type(learner.params[n]) for n, value in self.shape.items()):
            raise ValueError("settings of other types")
        with safe_open(path, framework="numpy") as file:
            held = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        if sum(whole) > sum(math.prod(shape) for shape in held.values()):
            raise ValueError("more columns or codes than numbers")
        with torch.device("meta"):  # sizes alone
            state = self.new_net().state_dict()
        if {name: tuple(tensor.shape) for name, tensor in state.items()} != held:
            raise ValueError("a network of another size than its numbers")

    def _source(
        self, rows: TypedRows, weight: Floats | None, device: torch.device | None = None
    ) -> Source:
        from rebal_core.nn.rows import Source, best_device

        mean_one = np.ones(len(rows)) if weight is None else weight / weight.mean()
        y: Ints = np.searchsorted(self.classes_, rows.y)
        return Source.of(rows, y, mean_one, device or best_device())


def _told() -> list[str]:
    """Names of the fields that JSON holds: all but the network itself."""
    return [f.name for f in fields(NetModel) if f.name != "net_"]


def net_model(network: str, seed: int, **params: Any) -> NetModel:
    """Return an unfitted network from the parameters of its learner."""
    schedule = {name: params.pop(name) for name in SCHEDULE if name in params}
    return NetModel(network, seed, params, schedule)
