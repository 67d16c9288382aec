"""Which two arms are explained, for which class, and how far that is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from app import run_cache
from app.components.recipes import recipes_told
from app.components.states import headline
from app.components.task import require_made
from app.components.texts import counted, number, plain
from app.components.words import arm_labels, arm_marks, families
from app.i18n import _, message
from rebal_core.evaluation import Evaluation
from rebal_core.explain import Explanation, compare_importance
from rebal_core.explain.sample import BACKGROUND

#: Columns whose importances differ by less than this part of the larger stand equal.
TIE = 0.1

VIEWS = {"importance": message("Importance"), "column": message("One column")}


@dataclass(frozen=True)
class Pair:
    """Two explained arms.

    Parameters
    ----------
    names : dict of arm to str
        Left first; one entry when both are the same.
    families : dict of arm to family
    tasks : dict of arm to int
        The engine's task that explained it.
    label : str
        The shown class.
    """

    names: dict[str, str]
    families: dict[str, str]
    tasks: dict[str, int]
    label: str

    def explanations(self) -> list[Explanation]:
        """Return what the tasks found, left first."""
        return [run_cache.explanation(task) for task in self.tasks.values()]

    def importance(self) -> pd.DataFrame:
        """Return columns of the user's down, arms across; most important first."""
        found = self.explanations()
        table = compare_importance(found[0], found[-1]).set_index("player")
        sides = zip(self.tasks, ("left", "right"), strict=False)
        return pd.DataFrame({arm: table[side] for arm, side in sides})


def pick_pair(run: int, evaluation: Evaluation) -> tuple[Pair | None, str]:
    """Draw the pickers; explain what is not stored yet.

    Returns
    -------
    pair : Pair or None
        None while the engine works on it, or when an arm cannot be explained.
    view : {"importance", "column"}
    """
    top = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        arms, label, view = _pickers(run, evaluation)
        st.space("stretch")
        lineage = st.container()
    recipes_told([a.arm for a in evaluation.arms if a.name in arms], evaluation.classes)
    pair = _explained(run, evaluation, list(dict.fromkeys(arms)), label)
    with top:
        if pair is None:
            headline(_("What do the models go by?"), _("Two arms are explained side by side."))
        else:
            headline(*_story(pair))
    if pair is not None:
        words = counted(
            "same {b} background rows, same explained row, all of them real",
            "same {b} background rows, same {n} explained rows, all of them real",
            len(pair.explanations()[0].rows),
            b=BACKGROUND,
        )
        lineage.caption(words)
    return pair, view


def _pickers(run: int, evaluation: Evaluation) -> tuple[list[str], str, str]:
    """Draw a field for each arm, the class and the view; return what they hold."""
    labels = arm_labels(evaluation)
    arms = [a.name for a in evaluation.arms if a.status == "done" and not a.dummy]
    marks = arm_marks(a.arm for a in evaluation.arms)
    signs = {arm: f"{sign} {labels[arm]}" for arm, sign in marks.items()}
    left, right = _preset(evaluation, arms)
    chosen = [
        st.selectbox(
            title,
            arms,
            index=arms.index(preset),
            format_func=signs.__getitem__,
            key=f"explain_{side}_{run}",
            width=300,
        )
        for side, title, preset in (("left", _("Left"), left), ("right", _("Right"), right))
    ]
    code = st.selectbox(
        _("Class"),
        range(len(evaluation.classes)),
        index=evaluation.focus,
        format_func=evaluation.classes.__getitem__,
        key=f"explain_class_{run}",
        width=150,
    )
    view = st.segmented_control(
        _("View"),
        list(VIEWS),
        format_func=lambda name: _(VIEWS[name]),
        default="importance",
        key="explain_view",
        required=True,
        label_visibility="collapsed",
    )
    return chosen, evaluation.classes[int(code)], str(view)


def _preset(evaluation: Evaluation, arms: list[str]) -> tuple[str, str]:
    """Return the best untreated arm, and the winner or the remedy that came nearest."""
    left = evaluation.run.best_untreated or arms[0]
    near = evaluation.differences().sort_values("best_gain", ascending=False)["arm"]
    best = evaluation.run.best_arm
    right = best if best not in (None, left) else next(iter(near), arms[-1])
    return left, str(right)


def _explained(run: int, evaluation: Evaluation, arms: list[str], label: str) -> Pair | None:
    dataset = run_cache.run_dataset(run)
    names = arm_labels(evaluation)
    ready = []
    for arm in arms:
        words = _("Explaining {arm}").format(arm=plain(names[arm]))
        ready.append(
            require_made(
                f"explain_{run}_{arm}_{label}",
                words,
                "explain",
                {"run": run, "arm": arm, "label": label},
                dataset=dataset,
                there=partial(_is_there, run, arm, label),
                again=_("Explain {arm} again").format(arm=plain(names[arm])),
            )
        )
    if not all(ready):
        return None
    tasks = {arm: int(run_cache.explanation_run(run, arm, label) or 0) for arm in arms}
    return Pair({a: names[a] for a in arms}, families(evaluation), tasks, label)


def _story(pair: Pair) -> tuple[str, str]:
    """Return what both go by first, and how alike their orders are; no more can be claimed."""
    table = pair.importance()
    firsts = [plain(str(table[arm].idxmax())) for arm in table]
    names = [plain(name) for name in pair.names.values()]
    if len(firsts) == 1:
        return _("{arm} goes by {column} first").format(arm=names[0], column=firsts[0]), ""
    ranks = table.rank(ascending=False).to_numpy()
    same = float(np.corrcoef(ranks.T)[0, 1]) if len(ranks) > 1 and ranks.std() else 1.0
    evidence = _(
        "Rank agreement of the columns {r}. Two fits of one arm differ as well, so a small shift "
        "alone says nothing."
    ).format(r=number(same, 2))
    if firsts[0] == firsts[1]:
        return _("Both models go by {column} first").format(column=firsts[0]), evidence
    if tied(table, *table.idxmax()):
        words = _("Both models go by {a} and {b} first, about equally")
        return words.format(a=firsts[0], b=firsts[1]), evidence
    words = _("{left} goes by {a} first, {right} by {b}")
    values = {"left": names[0], "right": names[1], "a": firsts[0], "b": firsts[1]}
    return words.format(**values), evidence


def tied(table: pd.DataFrame, a: str, b: str) -> bool:
    """Tell whether no arm sets one column clearly before the other.

    Parameters
    ----------
    table : DataFrame, columns of the user's down, arms across
        Importances, as :meth:`Pair.importance` returns them.
    a, b : str
        Two of the user's columns.
    """
    pair = table.loc[[a, b]]
    return bool((pair.max() - pair.min() <= TIE * pair.max()).all())


def _is_there(run: int, arm: str, label: str) -> bool:
    return run_cache.explanation_run(run, arm, label) is not None
