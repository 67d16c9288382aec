"""Explain one arm of a run on the fold that is handed over; it is fitted by the run alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rebal_core.experiment.arm_result import open_arm
from rebal_core.experiment.worker import Context
from rebal_core.explain import Explanation, explain_arm
from rebal_core.explain.sample import EXPLAINED
from rebal_core.files import write_json
from rebal_core.store import Store
from rebal_core.wording import Names, UserError


def explain_run(
    store: Store,
    run: int,
    arm: str,
    label: str,
    *,
    rows: int = EXPLAINED,
    progress: Callable[[float], None] | None = None,
) -> Explanation:
    """Return Shapley values of one arm for one class; see :func:`rebal_core.explain.explain_arm`.

    Raises
    ------
    UserError
        When there is no such run, arm or class, or the arm cannot be explained.
    """
    result = open_arm(store, run, arm)
    if label not in result.labels.classes:
        shown = Names(result.labels.classes[:10])
        raise UserError(
            "There is no class “{label}”; the classes are {shown}.", label=label, shown=shown
        )
    return explain_arm(
        result.fitted,
        result.preparation,
        result.dataset,
        result.split,
        label=label,
        policy=result.policy,
        seed=result.plan.protocol.seed,
        rows=rows,
        progress=progress,
    )


def explain(params: Mapping[str, Any], context: Context) -> None:
    """Explain an arm of a run: ``run``, ``arm``, ``label``, optionally ``rows``.

    Writes ``explanation.npz`` beside the result and answers ``{"path": ..., "error": ...}``.
    """
    store = Store(context.home)
    options = {"rows": params["rows"]} if params.get("rows") else {}
    found = explain_run(
        store,
        params["run"],
        params["arm"],
        params["label"],
        progress=context.progress,
        **options,
    )
    store.close()
    path = context.result.with_name("explanation.npz")
    found.save(path)
    write_json(context.result, {"path": str(path), "error": found.error, "method": found.method})
