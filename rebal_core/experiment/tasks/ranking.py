"""Rank the items of a log for each user by several models and remedies, and judge the lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rebal_core.data.dataset import Dataset
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
    found = compare_rankings(read.log, plan, context.progress)
    write_once(context.result, Ranked.of(found, read, columns).save)
