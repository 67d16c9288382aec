"""Many small networks in one."""

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
    from rebal_core.nn.tabm import TabM

    return TabM


def _make(seed: int, **params: Any) -> NetModel:
    return net_model("tabm", seed, **params)


def _size(params: Mapping[str, Any]) -> float:
    members, units = params["members"] / 16, params["hidden"] * params["depth"] / 256
    return float(0.27 + 0.73 * members * units)


NETWORKS["tabm"] = Network(_network, 12, 60, 2e-4, _size)


tabm = CLASSIFIERS.add(
    Classifier(
        name="tabm",
        label="TabM",
        family="net",
        aliases=("tabular_ensemble_network", "表格集成网络"),
        reference="Gorishniy, Kotelnikov & Babenko (2025), TabM, ICLR, arXiv 2410.24210",
        about="Many networks that share most of their weights; their probabilities are averaged.",
        make=_make,
        parameters=(
            Number("members", "Networks", "So many are averaged.", 16, 1, 256),
            Number("hidden", "Units of a layer", "More see finer patterns.", 128, 1, 4096),
            Number("depth", "Layers", "Hidden layers, one after the other.", 2, 1, 10),
            Number("dropout", "Dropout", "Part of the units that rest meanwhile.", 0.1, 0, 0.9),
            *schedule_parameters(**USUAL, learning_rate=2e-3, weight_decay=1e-2),
        ),
        seconds=NETWORKS["tabm"].seconds,
        device="gpu-capable",
        explain="permutation",
        holds_out=True,
    )
)
