"""Rank the items of a log for each user by several models and remedies, and judge the lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rebal_core.data.dataset import Dataset
from rebal_core.experiment.files import OWN_EPOCH
from rebal_core.experiment.graph import columns_of, item_table_of, rankings_of
from rebal_core.experiment.ranked import Ranked
from rebal_core.experiment.worker import Context
from rebal_core.files import write_once
from rebal_core.ranking.compare import compare_rankings
from rebal_core.ranking.reading import read_log


def rank(params: Mapping[str, Any], context: Context) -> None:
    """Judge what :func:`rebal_core.experiment.ranked.rank_params` names; the result is a folder."""
    folder = context.home / "datasets"
    dataset, table = Dataset.open(folder / params["dataset"]), item_table_of(params, folder)
    columns, plan = columns_of(params), rankings_of(params)
    read = read_log(dataset, columns, plan.columns, plan.item_columns, table)
    context.check()
    found = compare_rankings(read.log, plan, Epochs(context))
    write_once(context.result, Ranked.of(found, read, columns).save)


@dataclass
class Epochs:
    """Tells the engine of the epochs of fits that follow each other, each by a number of its own.

    Parameters
    ----------
    context : Context
    fit : int
        Fits that told of epochs; told beside each.
    number : int
        Epochs told, of all fits.
    """

    context: Context
    fit: int = 0
    number: int = 0

    def __call__(self, share: float, *, epoch: int = 0, **told: Any) -> None:
        """Tell how far all is, and how an epoch (from 1) of a fit went."""
        if not epoch:
            self.context.progress(share)
            return
        self.fit += epoch == 1
        self.number += 1
        told |= {OWN_EPOCH: epoch, "fit": self.fit}
        self.context.progress(share, epoch=self.number, **told)
