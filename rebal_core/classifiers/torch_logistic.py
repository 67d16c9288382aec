"""Logistic regression as a network, so that every course of training serves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rebal_core.classifiers.base import CLASSIFIERS, FIXED, Classifier
from rebal_core.classifiers.net import NETWORKS, NetModel, Network, net_model, schedule_parameters
from rebal_core.facts import TableFacts

if TYPE_CHECKING:
    from rebal_core.nn.net import Net


def _network() -> type[Net]:
    from rebal_core.nn.logistic import Logistic

    return Logistic


def _make(seed: int, **params: Any) -> NetModel:
    return net_model("torch_logistic", seed, **params)


NETWORKS["torch_logistic"] = Network(_network, 300, 300)

#: Processor seconds of a row and iteration.
_SECONDS = 1e-6


def _seconds(facts: TableFacts, params: Mapping[str, Any]) -> float:
    return FIXED + _SECONDS * facts.rows * float(params["epochs"])


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
        seconds=_seconds,
        device="gpu-capable",
        explain="permutation",
    )
)
