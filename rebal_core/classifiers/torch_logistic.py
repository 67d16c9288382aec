"""Logistic regression as a network, so that every course of training serves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rebal_core.classifiers.base import CLASSIFIERS, Classifier
from rebal_core.classifiers.net import NETWORKS, NetModel, Network, net_model
from rebal_core.classifiers.net_schedule import schedule_parameters

if TYPE_CHECKING:
    from rebal_core.nn.net import Net


def _network() -> type[Net]:
    from rebal_core.nn.logistic import Logistic

    return Logistic


def _make(seed: int, **params: Any) -> NetModel:
    return net_model("torch_logistic", seed, **params)


def _size(params: Mapping[str, Any]) -> float:
    return 1.0


NETWORKS["torch_logistic"] = Network(_network, 300, 300, 1e-6, _size)


torch_logistic = CLASSIFIERS.add(
    Classifier(
        name="torch_logistic",
        label="Logistic regression (torch)",
        family="net",
        aliases=("linear_network", "softmax_regression", "softmax回归", "逻辑回归_torch"),
        reference="Cox (1958), The regression analysis of binary sequences; Nocedal & Wright "
        "(2006), Numerical optimization",
        about="The same model as logistic regression, with a choice of solvers, and for every loss "
        "of networks.",
        make=_make,
        parameters=schedule_parameters(
            C=1.0,
            epochs=300,
            batch_size=0,
            optimizer="lbfgs",
            learning_rate=1e-2,
            rate="cosine",
            l1=0.0,
        ),
        seconds=NETWORKS["torch_logistic"].seconds,
        device="gpu-capable",
        explain="permutation",
    )
)
