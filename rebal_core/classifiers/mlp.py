"""A small neural network."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from rebal_core.classifiers.base import CLASSIFIERS, FIXED, Classifier
from rebal_core.classifiers.net import NETWORKS, net_model, schedule_parameters
from rebal_core.facts import TableFacts
from rebal_core.params import Number

NETWORKS["mlp"] = "rebal_core.nn.tabular:TabularNet"

#: Processor seconds of rows ^ 1.25: large tables are gone through more often before it stops.
_SECONDS = 1.7e-5


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
        make=partial(net_model, "mlp"),
        parameters=(
            Number("hidden", "Units of a layer", "More see finer patterns.", 128, 1, 4096),
            Number("depth", "Layers", "Hidden layers, one after the other.", 2, 1, 10),
            Number("dropout", "Dropout", "Part of the units that rest meanwhile.", 0.1, 0, 0.9),
            *schedule_parameters(
                epochs=100, patience=10, batch_size=256, learning_rate=2e-3, weight_decay=1e-2
            ),
        ),
        seconds=_seconds,
        device="gpu-capable",
        explain="permutation",
        holds_out=True,
    )
)
