"""Cut the splits of one repeat, once for every task that wants to know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rebal_core.arm import Protocol
from rebal_core.experiment.splits import cut_repeat, open_dataset, save_splits
from rebal_core.experiment.worker import Context


def split(params: Mapping[str, Any], context: Context) -> None:
    """Write which rows train and which test in each fold of a repeat."""
    dataset = open_dataset(context.home, params["dataset"], params["schema"])
    protocol = Protocol(**params["protocol"])
    splits = cut_repeat(dataset, protocol, params["rows"], params["repeat"])
    save_splits(context.result, splits, dataset.rows)
