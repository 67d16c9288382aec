"""What a finished run keeps of its judgement; what it lacks, the engine makes in place."""

from __future__ import annotations

import streamlit as st

from app import run_cache
from app.components.task import require_made
from app.components.texts import plain
from app.i18n import _
from rebal_core.evaluation import Evaluation
from rebal_core.store.rows import RunRow


def require_evaluation(run: RunRow) -> Evaluation:
    """Return the evaluation of a finished run; while the engine makes it, the page stops here."""
    made = require_made(
        f"judged_{run.run}",
        _("Judging the comparison again"),
        "judge",
        {"run": run.run},
        dataset=run.dataset,
        there=lambda: run_cache.evaluation(run.run) is not None,
    )
    if not made:
        st.stop()
    evaluation: Evaluation = run_cache.evaluation(run.run)
    return evaluation


def require_curves(run: int, evaluation: Evaluation, label: int) -> bool:
    """Tell whether the curves of a class are there; while the engine makes them, show that."""
    words = _("Counting for the curves of “{label}”")
    return require_made(
        f"curves_{run}_{label}",
        words.format(label=plain(evaluation.classes[label], 40)),
        "judge",
        {"run": run, "label": label},
        dataset=run_cache.run_dataset(run),
        there=lambda: run_cache.curves(run, label) is not None,
    )
