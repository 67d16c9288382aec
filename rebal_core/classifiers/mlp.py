"""A small neural network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rebal_core.arm import frozen
from rebal_core.classifiers.base import CLASSIFIERS, FIXED, Classifier
from rebal_core.facts import TableFacts
from rebal_core.model import Explains, FitJob
from rebal_core.params import Number
from rebal_core.rows import Floats, TypedRows

if TYPE_CHECKING:
    from rebal_core.nn.tabular import TabularNet
    from rebal_core.nn.training import Batch


#: Processor seconds of rows ^ 1.25: large tables are gone through more often before it stops.
_SECONDS = 1.7e-5


@dataclass
class MLPModel:
    """A network with embedded categories; torch is loaded when it is first used.

    Parameters
    ----------
    seed : int
    hidden, depth, dropout, epochs, learning_rate, weight_decay, patience
        As in :class:`rebal_core.nn.tabular.TabularNet` and
        :class:`rebal_core.nn.training.Schedule`.
    n_classes : int
        K, known after the fit.
    classes_ : tuple of int
        Labels that the training rows hold.
    history_ : list of float
        Loss of each epoch.
    """

    kind: ClassVar[str] = "mlp"
    explains: ClassVar[Explains] = "permutation"

    seed: int
    hidden: int
    depth: int
    dropout: float
    epochs: int
    learning_rate: float
    weight_decay: float = 1e-2
    patience: int = 10
    n_classes: int = 0
    classes_: tuple[int, ...] = ()
    cardinalities_: tuple[int, ...] = ()
    width_: int = 0
    history_: list[float] = field(default_factory=list)
    net_: TabularNet | None = field(default=None, repr=False)

    def fit(self, job: FitJob) -> None:
        """Train; stop early on the held rows where there are any."""
        from rebal_core.nn.training import Schedule, seeded, train

        rows, held = job.rows, job.held
        self.n_classes = job.n_classes
        self.classes_ = tuple(np.unique(rows.y).tolist())
        # One place more: code -1, missing or unknown, is embedded as 0.
        self.cardinalities_ = tuple(c + 1 for c in rows.layout.cardinalities)
        self.width_ = _numbers(rows).shape[1]
        aside = None if held is None else self._batch(held.rows, held.weight)
        with seeded(self.seed):
            net = self.new_net()
            schedule = Schedule(self.epochs, self.patience, self.learning_rate, self.weight_decay)
            batch = self._batch(rows, job.weight)
            self.history_ = train(net, batch, aside, schedule, job.training, job.progress)
        self.net_ = net

    def new_net(self) -> TabularNet:
        """Return an untrained network of the fitted shape."""
        from rebal_core.nn.tabular import TabularNet

        return TabularNet(
            self.width_,
            list(self.cardinalities_),
            len(self.classes_),
            self.hidden,
            self.depth,
            self.dropout,
        )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each tensor of the fitted network, without building it."""
        sizes = [min(50, (values + 1) // 2) for values in self.cardinalities_]
        shapes: dict[str, tuple[int, ...]] = {
            f"embeddings.{j}.weight": (values, size)
            for j, (values, size) in enumerate(zip(self.cardinalities_, sizes, strict=True))
        }
        inputs = self.width_ + sum(sizes)
        for layer in range(self.depth):
            # A layer, what bends it and what drops units of it stand one after the other.
            shapes[f"body.{3 * layer}.weight"] = (self.hidden, inputs)
            shapes[f"body.{3 * layer}.bias"] = (self.hidden,)
            inputs = self.hidden
        return shapes | {
            "head.weight": (len(self.classes_), inputs),
            "head.bias": (len(self.classes_),),
        }

    def predict_proba(self, rows: TypedRows) -> Floats:
        """Return probabilities over all K classes."""
        from rebal_core.nn.training import predict

        if self.net_ is None:
            raise ValueError("This model has not been fitted.")
        proba = np.zeros((len(rows), self.n_classes))
        proba[:, list(self.classes_)] = predict(self.net_, _numbers(rows), _codes(rows))
        return proba

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the numbers of the network as safetensors."""
        from safetensors.torch import save_file

        if self.net_ is None:
            raise ValueError("This model has not been fitted.")
        save_file(self.net_.state_dict(), folder / "model.safetensors")
        return {name: getattr(self, name) for name in _shape()}

    @classmethod
    def load(cls, folder: Path, about: Mapping[str, Any], trusted: tuple[str, ...]) -> MLPModel:
        """Rebuild what :meth:`save` wrote."""
        from safetensors.torch import load_file

        values: dict[str, Any] = {n: frozen(about[n]) for n in _shape() if n in about}
        model = cls(**values)
        model.history_ = list(model.history_)
        model._refuse_other_sizes(folder / "model.safetensors")
        model.net_ = model.new_net()
        model.net_.load_state_dict(load_file(folder / "model.safetensors"))
        model.net_.eval()
        return model

    def _refuse_other_sizes(self, path: Path) -> None:
        """Build no network but that whose numbers are in the file: its length vouches for them."""
        from safetensors import safe_open

        whole = (self.hidden, self.depth, self.width_, *self.cardinalities_, *self.classes_)
        with safe_open(path, framework="numpy") as file:
            names = file.keys()
            held = {name: tuple(file.get_slice(name).get_shape()) for name in names}
        if any(type(size) is not int or size < 0 for size in whole) or 2 * self.depth > len(held):
            raise ValueError("a network of no size")
        if self.shapes() != held:
            raise ValueError("a network of another size than its numbers")

    def _batch(self, rows: TypedRows, weight: Floats | None) -> Batch:
        from rebal_core.nn.training import Batch

        mean_one = np.ones(len(rows)) if weight is None else weight / weight.mean()
        y = np.searchsorted(self.classes_, rows.y)
        return Batch(_numbers(rows), _codes(rows), y, mean_one.astype(np.float32))


def _numbers(rows: TypedRows) -> NDArray[np.float32]:
    """Return numbers and text; a text has length 1, so its parts are brought to scale 1."""
    if rows.text_dense is None:
        return rows.numbers
    return np.hstack([rows.numbers, rows.text_dense * np.float32(rows.text_dense.shape[1] ** 0.5)])


def _codes(rows: TypedRows) -> NDArray[np.int64]:
    return rows.codes.astype(np.int64) + 1


def _shape() -> list[str]:
    """Names of the fields that JSON holds: all but the network itself."""
    return [f.name for f in fields(MLPModel) if f.name != "net_"]


def _make(seed: int, **params: Any) -> MLPModel:
    return MLPModel(seed, **params)


def _seconds(facts: TableFacts, params: Mapping[str, Any]) -> float:
    return FIXED + _SECONDS * float(facts.rows**1.25)


mlp = CLASSIFIERS.add(
    Classifier(
        name="mlp",
        label="Neural network",
        family="net",
        aliases=("perceptron", "neural_network_mlp", "神经网络", "多层感知机"),
        reference="Rumelhart, Hinton & Williams (1986), Nature 323; AdamW: Loshchilov & Hutter "
        "(2019), ICLR",
        about="Two hidden layers over numbers and embedded categories, stopped early on real "
        "training rows. Uses a GPU when there is one.",
        make=_make,
        parameters=(
            Number("hidden", "Units of a layer", "More see finer patterns.", 128, 1, 4096),
            Number("depth", "Layers", "Hidden layers, one after the other.", 2, 1, 10),
            Number("dropout", "Dropout", "Part of the units that rest meanwhile.", 0.1, 0, 0.9),
            Number("epochs", "Epochs", "At most so many passes over the rows.", 100, 1, 10_000),
            Number("learning_rate", "Learning rate", "How far a step goes.", 2e-3, 1e-6, 1.0),
            Number("weight_decay", "Weight decay", "How fast weights shrink.", 1e-2, 0.0, 1.0),
            Number("patience", "Patience", "Epochs without a gain before it stops.", 10, 1, 1000),
        ),
        later=("weight_decay", "patience"),
        seconds=_seconds,
        device="gpu-capable",
        explain="permutation",
        holds_out=True,
    )
)
