"""A plain network, with what makes plain networks good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rebal_core.classifiers.base import CLASSIFIERS, Classifier
from rebal_core.classifiers.net import NETWORKS, NetModel, Network, net_model
from rebal_core.classifiers.net_schedule import USUAL, schedule_parameters
from rebal_core.params import Number

if TYPE_CHECKING:
    from rebal_core.nn.net import Net


def _network() -> type[Net]:
    from rebal_core.nn.mlp import MLP

    return MLP


def _make(seed: int, **params: Any) -> NetModel:
    return net_model("mlp", seed, **params)


def _size(params: Mapping[str, Any]) -> float:
    return float(0.56 + 0.22 * params["depth"] * (params["hidden"] / 128) ** 1.25)


NETWORKS["mlp"] = Network(_network, 15, 60, 2.5e-5, _size)


mlp = CLASSIFIERS.add(
    Classifier(
        name="mlp",
        label="MLP",
        family="net",
        aliases=("perceptron", "neural_network_mlp", "real_mlp", "神经网络", "多层感知机"),
        reference="Holzmüller, Grinsztajn & Steinwart (2024), Better by default, NeurIPS 37, "
        "arXiv 2407.04491",
        about="Hidden layers over embedded numbers and categories, stopped early on real training "
        "rows. Uses a GPU when there is one.",
        make=_make,
        parameters=(
            Number("hidden", "Units of a layer", "More see finer patterns.", 128, 1, 4096),
            Number("depth", "Layers", "Hidden layers, one after the other.", 2, 1, 10),
            Number("dropout", "Dropout", "Part of the units that rest meanwhile.", 0.05, 0, 0.9),
            *schedule_parameters(**USUAL, learning_rate=2e-3, weight_decay=0.1),
        ),
        seconds=NETWORKS["mlp"].seconds,
        device="gpu-capable",
        explain="permutation",
        holds_out=True,
    )
)
