"""What stands in place of a 0 among the settings of a network, on a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.classifiers.net import NETWORKS
from rebal_core.nn import spans
from rebal_core.strategies.portions import HELD_LEAST, HELD_OUT


def suited(learner: str, values: Mapping[str, Any], rows: Sequence[int]) -> dict[str, int]:
    """Return what a learner takes where it is asked to suit the table, by parameter.

    Parameters
    ----------
    learner : str
    values : mapping
        What is set of it.
    rows : sequence of K int
        Rows of each class that a fold trains on.

    Returns
    -------
    dict
        Of those of ``epochs, patience, batch_size`` that are 0 and matter; empty of other learners.
    """
    if learner not in NETWORKS:
        return {}
    spec, n = CLASSIFIERS[learner], sum(rows)
    params = {**spec.params, **values}
    held = sum(int(count * HELD_OUT) for count in rows) if spec.holds_out else 0
    held = held if held >= HELD_LEAST else 0
    steps = params["optimizer"] not in spans.AT_ONCE
    epochs = NETWORKS[learner].epochs(params["epochs"], n - held)
    found = {"epochs": spans.at_most(epochs, held=held > 0, steps=steps)}
    if held:
        found["patience"] = spans.waits(0, epochs)
    if steps:
        found["batch_size"] = spans.batch(0, n - held)
    return {name: value for name, value in found.items() if params.get(name) == 0}
