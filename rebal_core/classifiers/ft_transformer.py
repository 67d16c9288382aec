"""Attention over the columns."""

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
    from rebal_core.nn.ft_transformer import FTTransformer

    return FTTransformer


def _make(seed: int, **params: Any) -> NetModel:
    return net_model("ft_transformer", seed, **params)


def _size(params: Mapping[str, Any]) -> float:
    return float((0.4 + 0.6 * params["size"] / 64) * params["depth"] / 2)


NETWORKS["ft_transformer"] = Network(_network, 8, 40, 2.2e-4, _size)


ft_transformer = CLASSIFIERS.add(
    Classifier(
        name="ft_transformer",
        label="FT-Transformer",
        family="net",
        aliases=("transformer", "attention", "multi_head_attention", "多头注意力", "变换器"),
        reference="Gorishniy, Rubachev, Khrulkov & Babenko (2021), Revisiting deep learning models "
        "for tabular data, NeurIPS 34",
        about="Each column is a token, and the tokens attend to one another, with several heads.",
        make=_make,
        parameters=(
            Number("size", "Numbers of a token", "A multiple of the heads.", 64, 1, 1024),
            Number("heads", "Heads", "So many attentions beside one another.", 4, 1, 32),
            Number("depth", "Layers", "Attentions one after the other.", 2, 1, 10),
            Number("dropout", "Dropout", "Part of the units that rest meanwhile.", 0.2, 0, 0.9),
            *schedule_parameters(**USUAL, learning_rate=1e-3, weight_decay=1e-2),
        ),
        seconds=NETWORKS["ft_transformer"].seconds,
        device="gpu-capable",
        explain="permutation",
        holds_out=True,
    )
)
