"""Judge the rows that an arm of a run made, on the fold that is handed over."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import numpy as np

from rebal_core.data.split import resampling_units
from rebal_core.evaluation.bootstrap import Progress, no_progress
from rebal_core.evaluation.synthetic.verdict import judge
from rebal_core.experiment.arm_result import open_arm
from rebal_core.experiment.made_rows import MadeRows
from rebal_core.experiment.splits import group_and_time
from rebal_core.experiment.worker import Context
from rebal_core.files import write_once
from rebal_core.rows import ORIGINAL
from rebal_core.store.store import Store
from rebal_core.strategies import taught_rows
from rebal_core.wording import UserError


def judge_made_rows(
    store: Store, run: int, name: str, progress: Progress = no_progress
) -> MadeRows:
    """Judge all rows that an arm added to its training rows, by the untouched test rows.

    Parameters
    ----------
    store : Store
    run : int
    name : str
        Of the arm, as :func:`rebal_core.experiment.arm_result.open_arm` takes it.
    progress : callable
        Receives the finished share.

    Raises
    ------
    UserError
        When there is no such run or arm, or it added no row.
    """
    result = open_arm(store, run, name)
    recipe, split, y = result.fitted.recipe, result.split, result.labels.y
    if recipe is None or not (added := recipe.origin != ORIGINAL).any():
        raise UserError(
            "{arm} added no row to this training part, so there is nothing to judge.",
            arm=result.called,
        )
    every, held = (
        result.preparation.transform(result.dataset.frame(rows=rows), y[rows])
        for rows in (split.train, split.test)
    )
    made = every.made(recipe.take(added))
    train = every.take(taught_rows(result.arm.arm, every.y, result.seed))
    protocol = result.plan.protocol
    known = group_and_time(result.dataset, protocol.group, protocol.time)
    units = resampling_units(protocol, **known)
    judgement = judge(
        train,
        made,
        held,
        result.labels.classes,
        result.seed,
        None if units is None else np.asarray(units)[split.test],
        progress,
    )
    return MadeRows.of(judgement, train, made, result.preparation, result.seed)


def synthetic(params: Mapping[str, Any], context: Context) -> None:
    """Judge the made rows of an arm: ``run``, ``arm``; the result is a folder."""
    with closing(Store(context.home)) as store:
        found = judge_made_rows(store, params["run"], params["arm"], context.progress)
    write_once(context.result, found.save)
