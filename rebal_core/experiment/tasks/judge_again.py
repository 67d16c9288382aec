"""Judge what a finished run does not keep yet: its evaluation, or the curves of one class."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from rebal_core.experiment.results import curves, evaluation
from rebal_core.experiment.worker import Context
from rebal_core.files import write_json
from rebal_core.store.store import Store


def judge(params: Mapping[str, Any], context: Context) -> None:
    """Store what a finished run does not keep yet, and answer with its number.

    ``params``: ``run``, and optionally ``label``, the code of a class whose curves are wanted;
    without it the evaluation.
    """
    run, label = params["run"], params.get("label")
    with closing(Store(context.home)) as store:
        if label is None:
            evaluation(store, run, context.progress)
        else:
            curves(store, run, label, context.progress)
    write_json(context.result, {"run": run})
