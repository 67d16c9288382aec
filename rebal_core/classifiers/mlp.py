"""A small neural network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rebal_core.classifiers.base import CLASSIFIERS, Classifier, Held, Progress
from rebal_core.rows import Floats, TypedRows

if TYPE_CHECKING:
    from rebal_core.nn.tabular import TabularNet
    from rebal_core.nn.training import Batch


@dataclass
class MLPModel:
    """A network with embedded categories; torch is loaded when it is first used.

    Parameters
    ----------
    seed : int
    hidden, depth, dropout, epochs, learning_rate
        As in :class:`rebal_core.nn.tabular.TabularNet` and
        :class:`rebal_core.nn.training.Schedule`.
    n_classes : int
        K, known after the fit.
    classes_ : tuple of int
        Labels that the training rows hold.
    history_ : list of float
        Loss of each epoch.
    """

    seed: int
    hidden: int
    depth: int
    dropout: float
    epochs: int
    learning_rate: float
    n_classes: int = 0
    classes_: tuple[int, ...] = ()
    cardinalities_: tuple[int, ...] = ()
    width_: int = 0
    history_: list[float] = field(default_factory=list)
    net_: TabularNet | None = field(default=None, repr=False)

    def fit(
        self,
        rows: TypedRows,
        weight: Floats | None,
        *,
        n_classes: int,
        held: Held | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Train; stop early on the held rows where there are any."""
        from rebal_core.nn.training import Schedule, seeded, train

        self.n_classes = n_classes
        self.classes_ = tuple(np.unique(rows.y).tolist())
        # One place more: code -1, missing or unknown, is embedded as 0.
        self.cardinalities_ = tuple(c + 1 for c in rows.layout.cardinalities)
        self.width_ = _numbers(rows).shape[1]
        aside = None if held is None else self._batch(held.rows, held.weight)
        with seeded(self.seed):
            net = self.new_net()
            schedule = Schedule(epochs=self.epochs, learning_rate=self.learning_rate)
            self.history_ = train(net, self._batch(rows, weight), aside, schedule, progress)
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


def _make(seed: int, **params: Any) -> MLPModel:
    return MLPModel(seed, **params)


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
        defaults=(
            ("hidden", 128),
            ("depth", 2),
            ("dropout", 0.1),
            ("epochs", 100),
            ("learning_rate", 2e-3),
        ),
        device="gpu-capable",
        explain="net",
        holds_out=True,
    )
)
