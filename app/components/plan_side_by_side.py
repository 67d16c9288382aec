"""The Plan page's picture of what several strategies would make of one class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import cache
from app.beside import beside
from app.components.charts import draw, effect_words, is_dark
from app.components.plan_effect import PATIENCE, SLOW, protocol_of
from app.components.states import show_problem
from app.components.texts import counted, plain, seconds
from app.components.words import strategy_label
from app.i18n import _, sentence
from rebal_core.data.dataset import Dataset
from rebal_core.experiment.sizes import facts_of
from rebal_core.figures.side_by_side import Side, side_by_side
from rebal_core.preview import (
    Panel,
    TrainingPart,
    makers,
    panel,
    panel_seconds,
    rows_for,
    training_part,
)
from rebal_core.wording import UserError

#: Strategies that are drawn unasked, with those that are ticked; and the most at once.
USUAL, MOST = ("smote", "copula"), 6
#: Real rows that a panel shows, of the class and of all others each.
SEEN = 400


def show_side_by_side(
    identifier: str, dataset: Dataset, ticked: Sequence[str], protocol: Mapping[str, Any]
) -> None:
    """Offer to draw, beside each other, the rows that strategies would make of one class."""
    if not st.toggle(_("Side by side: what each would make of one class"), key="plan_side"):
        return
    labels, names = dataset.labels(), [spec.name for spec in makers()]
    first = [n for n in dict.fromkeys((*USUAL, *ticked)) if n in names][:MOST]
    with st.container(horizontal=True):
        label = st.selectbox(
            _("Class"),
            range(len(labels.classes)),
            index=labels.positive,
            format_func=lambda k: labels.classes[k],
            key=f"plan_side_class@{dataset.fingerprint[:8]}",
            width=240,
        )
        chosen = st.multiselect(
            _("Strategies"),
            names,
            default=first,
            max_selections=MOST,
            format_func=strategy_label,
            key="plan_side_strategies",
        )
    try:
        _drawn(identifier, dataset, label, chosen, protocol)
    except UserError as error:
        show_problem(error.text)


def _drawn(
    identifier: str,
    dataset: Dataset,
    label: int,
    chosen: Sequence[str],
    protocol: Mapping[str, Any],
) -> None:
    if not chosen:
        st.caption(_("Choose at least one strategy."))
        return
    cut = protocol_of(protocol)
    where = f"{dataset.fingerprint}{hash(dataset.schema)}{cut}"
    key = f"{cache.version(identifier)}|{cut}|side|{label}|"
    facts, counts = facts_of(dataset, dataset.schema), cache.training_counts(identifier, cut)
    slow = {n: t for n in chosen if (t := panel_seconds(counts, n, label, facts)) > SLOW}
    if slow and not _wanted(f"{key}{sorted(slow)}", slow):
        chosen = [name for name in chosen if name not in slow]

    def made(name: str) -> tuple[TrainingPart, Panel]:
        whole: TrainingPart = beside().once(where, lambda: training_part(dataset, cut))
        part: TrainingPart = beside().once(f"{where}side{label}", lambda: rows_for(whole, label))
        part.places  # noqa: B018  worked out here, not by the page
        return part, panel(part, name, label)

    answers = {name: beside().ask(f"{key}{name}", partial(made, name)) for name in chosen}
    try:
        found = {name: answer.result(timeout=PATIENCE) for name, answer in answers.items()}
    except TimeoutError:
        st.fragment(_waiting, run_every=0.5)(list(answers.values()))
        return
    if found:
        _panels(dataset, label, found)


def _wanted(key: str, slow: Mapping[str, float]) -> bool:
    """Return whether slow panels were asked for; offer them."""
    if st.session_state.get("plan_side_asked") == key:
        return True
    words = _("{strategies} take about {time}, so they are drawn only when asked for.")
    names = ", ".join(strategy_label(name) for name in slow)
    st.caption(words.format(strategies=plain(names, 200), time=seconds(sum(slow.values()))))
    go = st.button(_("Draw them too"), key="plan_side_go")
    if go:
        st.session_state["plan_side_asked"] = key
    return go


def _waiting(answers: Sequence[Future[Any]]) -> None:
    """Say that the panels are on their way; draw the page again once they are there."""
    if all(answer.done() for answer in answers):
        st.rerun(scope="app")
    st.markdown(f":material/hourglass_empty: {_('Making the rows …')}")
    st.skeleton(height=300)


def _panels(dataset: Dataset, label: int, found: Mapping[str, tuple[TrainingPart, Panel]]) -> None:
    part = next(iter(found.values()))[0]
    able = {name: one for name, (_part, one) in found.items() if one.reason is None}
    if able:
        own = part.labels.classes[label]
        figure = side_by_side(
            _real(part, label),
            [Side(strategy_label(name), one.marks) for name, one in able.items()],
            own=_("“{label}”: your rows").format(label=own),
            words=effect_words(),
            dark=is_dark(),
        )
        draw(figure, "plan_side_figure", alt=_("Made rows of one class, a panel a strategy"))
        words = counted(
            "The same training rows and the same plane in each panel; {n} made row of “{label}” "
            "each. How it looks says little about what it is good for: that tells the comparison.",
            "The same training rows and the same plane in each panel; {n} made rows of “{label}” "
            "each. How they look says little about what they are good for: that tells the "
            "comparison.",
            max(len(one.marks) for one in able.values()),
            label=plain(own, 40),
        )
        st.caption(words)
    for name, (_part, one) in found.items():
        notes = one.notes if one.reason is None else [one.reason]
        for note in notes:
            st.caption(f"**{plain(strategy_label(name))}**: {plain(sentence(note), 300)}")


def _real(part: TrainingPart, label: int) -> pd.DataFrame:
    """Return where real rows stand: some of the class, and as many of all others."""
    inside = part.typed.y == label
    order = np.argsort(part.lots, kind="stable")
    shown = np.concatenate([order[inside[order] == side][:SEEN] for side in (False, True)])
    places = part.places[shown]
    return pd.DataFrame({"x": places[:, 0], "y": places[:, 1], "inside": inside[shown]})
