"""Explain one arm of a run on the fold that is handed over."""

from __future__ import annotations

from collections.abc import Callable

from rebal_core.explain import Explanation, explain_arm
from rebal_core.explain.sample import EXPLAINED
from rebal_core.export.handed import hand_over
from rebal_core.store import Store
from rebal_core.wording import UserError


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
    handed = hand_over(store, run, arm)
    if label not in handed.labels.classes:
        shown = ", ".join(handed.labels.classes[:10])
        raise UserError(f"There is no class “{label}”; the classes are {shown}.")
    return explain_arm(
        handed.fitted,
        handed.preparation,
        handed.dataset,
        handed.split,
        label=label,
        repair=handed.rules.repair,
        seed=handed.plan.protocol.seed,
        rows=rows,
        progress=progress,
    )
