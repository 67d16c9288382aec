"""The Plan page's picture of what one strategy does to the training rows of one fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from app import cache
from app.beside import beside
from app.components.charts import class_words, draw, effect_words, is_dark
from app.components.plan_effect_rows import rows_in_plane
from app.components.states import show_problem
from app.components.texts import count, counted, in_a_row, joined, plain, seconds, share
from app.i18n import _, sentence
from rebal_core.arm import Protocol
from rebal_core.data.dataset import Dataset
from rebal_core.experiment.sizes import facts_of
from rebal_core.figures.effect import class_shares
from rebal_core.figures.resampling import class_changes
from rebal_core.preview import Effect, TrainingPart, effect_of, rows_to_look_at, training_part
from rebal_core.strategies import STRATEGIES, Strategy
from rebal_core.wording import UserError

#: Seconds that a page waits for the picture before it says that it is on its way.
PATIENCE = 1.5
#: From so many promised seconds on it is drawn only when asked for.
SLOW = 4.0
#: Classes that a sentence names.
NAMED = 4


@dataclass(frozen=True)
class Opened:
    """The strategy whose settings are open.

    Parameters
    ----------
    strategy : Strategy
    values : mapping
        What is set of it, as the user says it.
    place : container
        Where it is told how many rows of each class go and come.
    """

    strategy: Strategy
    values: Mapping[str, Any]
    place: Any


@dataclass(frozen=True)
class _Asked:
    """What is to be worked out, and how it is remembered."""

    strategy: str
    params: Mapping[str, Any]
    protocol: Protocol
    rows: int
    key: str


def show_effect(
    identifier: str, dataset: Dataset, opened: Opened | None, protocol: Mapping[str, Any]
) -> None:
    """Draw what the opened strategy does to the training rows of the fold that is exported.

    How many rows go and come is told where its settings are, the rows themselves stand here.

    Parameters
    ----------
    opened : Opened or None
        None where the settings of a model are open.
    protocol : mapping
        What is judged by, as ``make_plan`` takes it.
    """
    if opened is None:
        return
    strategy = opened.strategy
    if not strategy.changes_rows and strategy.weights is None:
        return
    try:
        _shown(identifier, dataset, opened, protocol_of(protocol))
    except UserError as error:
        with opened.place:
            show_problem(error.text)


def rows_now(identifier: str, dataset: Dataset, protocol: Mapping[str, Any]) -> Sequence[int]:
    """Return the rows of each class in the training part that a remedy is tried on.

    Where the table cannot be split so, which is told beside Start, about as many.
    """
    try:
        return cache.training_counts(identifier, protocol_of(protocol))
    except UserError:
        share = 1 - 1 / protocol["folds"]
        return [round(n * share) for n in dataset.labels().counts]


def protocol_of(wishes: Mapping[str, Any]) -> Protocol:
    """Return what the split follows from; how it is judged moves no row."""
    asked = {name: wishes[name] for name in ("folds", "split", "group", "time") if name in wishes}
    return Protocol(metric="log_loss", rule="none", **asked)


def _shown(identifier: str, dataset: Dataset, opened: Opened, protocol: Protocol) -> None:
    facts = facts_of(dataset, dataset.schema)
    changed = opened.strategy.with_params(opened.values, facts)
    name = opened.strategy.made_of or opened.strategy.name
    if (reason := changed.reason(facts)) is not None:
        opened.place.caption(plain(sentence(reason), 300))
        return
    usual = STRATEGIES[name].params
    params = {n: value for n, value in changed.params.items() if value != usual[n]}
    rows, promised = rows_to_look_at(name, facts, params)
    key = f"{cache.version(identifier)}|{protocol}|{rows}|{name}|{sorted(params.items())}"
    asked = _Asked(name, params, protocol, rows, key)
    with opened.place:
        if promised > SLOW and not _wanted(asked, promised):
            return
        waits = st.empty()
        waits.skeleton(height=150)
    answer = beside().ask(key, lambda: _worked_out(dataset, asked))
    try:
        effect, twin = answer.result(timeout=PATIENCE)
    except TimeoutError:
        with opened.place:
            st.fragment(_waiting, run_every=0.5)(answer, rows)
        return
    finally:
        waits.empty()
    if effect is not None:
        with opened.place:
            _counted(effect)
        st.subheader(_("Where the rows lie"), anchor=False, help=_lineage(effect))
        if twin is not None or effect.recipe.weight is not None:
            _shares(effect, twin)
        st.fragment(rows_in_plane)(effect, key)


def _wanted(asked: _Asked, promised: float) -> bool:
    """Return whether a slow picture was asked for; offer it."""
    if st.session_state.get("plan_effect_asked") == asked.key:
        return True
    words = _("Even on {rows} rows it takes about {time}, so it is drawn only when asked for.")
    st.caption(words.format(rows=count(asked.rows), time=seconds(promised)))
    go = st.button(_("Show what it does"), key=f"plan_effect_go_{asked.strategy}")
    if go:
        st.session_state["plan_effect_asked"] = asked.key
    return go


def _worked_out(dataset: Dataset, asked: _Asked) -> tuple[Effect | None, Effect | None]:
    """Return the effect, and that with the switch for the class shares set the other way."""
    where = f"{dataset.fingerprint}{hash(dataset.schema)}{asked.protocol}"
    whole: TrainingPart = beside().once(where, lambda: training_part(dataset, asked.protocol))
    # Slow remedies are tried on fewer of the same rows, in the same plane.
    part: TrainingPart = beside().once(f"{where}{asked.rows}", lambda: whole.thinned(asked.rows))
    effect, other = effect_of(part, asked.strategy, asked.params), None
    if effect is not None:
        whole.places, part.places, effect.rows  # noqa: B018  they are worked out here, not by the page
        switches = [n for n in effect.strategy.params if n.split(".")[-1] == "keep_prevalence"]
        if switches:
            flipped = {n: not effect.strategy.params[n] for n in switches}
            other = effect_of(part, asked.strategy, {**asked.params, **flipped})
    return effect, other


def _waiting(answer: Future[Any], rows: int) -> None:
    """Say that the picture is on its way; draw the page again once it is there."""
    if answer.done():
        st.rerun(scope="app")
    words = _("Trying it on {rows} training rows …")
    st.markdown(f":material/hourglass_empty: {words.format(rows=count(rows))}")
    st.skeleton(height=430)


def _focus(effect: Effect) -> str:
    return effect.part.labels.classes[effect.part.labels.positive]


def _counted(effect: Effect) -> None:
    """Tell how many rows of each class stay, go and come, and on which rows it was tried."""
    rows, focus = effect.scaled_up(), _focus(effect)
    figure = class_changes(rows, focus=focus, words=class_words(), dark=is_dark())
    draw(figure, "plan_classes", alt=_("Rows of each class: kept, removed, made"))
    for line in [*_told(effect), *(plain(sentence(n), 300) for n in effect.recipe.notes)]:
        st.markdown(line)
    st.caption(_lineage(effect))


def _told(effect: Effect) -> list[str]:
    """Return how much of each class goes or is marked, in the words of the step that does it."""
    lines, frame = [], effect.classes()
    before = frame["before"].to_numpy()
    for _step, which, rows in effect.takes():
        words = _("Left out: {classes}. These are {which}.")
        if not which.template:
            words = _("Left out: {classes}.")
        lines.append(words.format(classes=_parts(effect, rows, before), which=which.render(_)))
    if frame["flagged"].any():
        words = _("Flagged, but kept: {classes}. The file marks them in `_flag`.")
        lines.append(words.format(classes=_parts(effect, frame["flagged"].to_numpy(), before)))
    cleans = any(step.slot == "clean" for step in effect.strategy.samplers)
    if cleans and frame["lighter"].any():
        words = _("Kept with less weight: {classes}.")
        lines.append(words.format(classes=_parts(effect, frame["lighter"].to_numpy(), before)))
    if cleans and not lines:
        lines.append(_("The cleaning finds nothing to take away in this fold."))
    if starved := effect.starved:
        held = np.zeros(len(before), dtype=np.int64)
        held[starved] = np.array(effect.part.counts)[starved]
        words = _(
            "Tried here on {classes}. The comparison learns from all of them and may make other "
            "rows."
        )
        lines.append(words.format(classes=_parts(effect, held, effect.part.whole)))
    return lines


def _parts(effect: Effect, some: Any, whole: Any) -> str:
    """Return ``“common” 5.6%``, for the classes of which there are some, most first."""
    parts = some / np.maximum(whole, 1)
    order = [k for k in np.argsort(-parts, kind="stable").tolist() if some[k]]
    told = [
        counted(
            "“{label}” {share} of 1 row",
            "“{label}” {share} of {n} rows",
            int(effect.part.whole[k]),
            label=plain(effect.part.labels.classes[k], 30),
            share=share(parts[k]),
        )
        for k in order[:NAMED]
    ]
    if len(order) > NAMED:
        told.append(counted("1 class more", "{n} classes more", len(order) - NAMED))
    return joined(told)


def _lineage(effect: Effect) -> str:
    """Return on which rows this was tried."""
    part, protocol = effect.part, _("Training rows of the fold that an export hands over.")
    if not part.sampled:
        return in_a_row([protocol, _("No test row is looked at.")])
    words = _(
        "Tried on {some} of {whole} of them, every class thinned alike; the numbers are estimates "
        "for all. No test row is looked at."
    )
    return in_a_row([protocol, words.format(some=count(len(part)), whole=count(sum(part.whole)))])


def _shares(effect: Effect, twin: Effect | None) -> None:
    """Draw the share that each class gets; with the switch, that it would get otherwise, too."""
    found = effect.shares().rename(columns={"after": "moved"})
    if twin is not None:
        kept = any(v for n, v in effect.strategy.params.items() if n.endswith("keep_prevalence"))
        off, on = (twin, effect) if kept else (effect, twin)
        found["moved"], found["kept"] = off.shares()["after"], on.shares()["after"]
    st.markdown(f"**{_('The share of each class that a model sees')}**")
    draw(
        class_shares(found, focus=_focus(effect), words=effect_words(), dark=is_dark()),
        "plan_shares",
        alt=_("Share of each class before it and after it"),
    )
    if twin is not None:
        st.caption(
            _(
                "The switch “Keep the class shares” tells two effects apart: off, the rows bring "
                "variety and move the shares; on, they bring variety only, and each mark below is "
                "as large as its row weighs."
            )
        )
