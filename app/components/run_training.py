"""Arms that learn in epochs, on the Run page: their curves, and what they confuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from app import cache
from app.components.charts import compare_words, draw, is_dark, training_words
from app.components.legend import lines_of
from app.components.run_generator import generator_curves
from app.components.texts import memory
from app.components.words import arm_looks
from app.i18n import _, message
from app.state import store
from rebal_core.arm import Arm
from rebal_core.classifiers.net import NETWORKS
from rebal_core.experiment.epochs import epochs_of
from rebal_core.figures import training
from rebal_core.figures.compare import confusion
from rebal_core.samplers.generators.networks import Networks
from rebal_core.store.rows import RunRow
from rebal_core.strategies import strategy_of

#: What is shown of an arm, one at a time: of its generator, and of its network.
VIEWS = {
    "generator": message("Generator"),
    "curves": message("Curves"),
    "confusion": message("Confusion"),
    "batches": message("Batches"),
}


#: What it means that single ways of training tell.
COURSES = {
    "robust_recall": message(
        "What is still found of rows that are moved against the network, always by the full reach; "
        "the dotted line is the reach in training, in standard deviations. All classes are taken "
        "for equally frequent. These are rows set aside, or training rows where none of the rarest "
        "class is set aside."
    ),
    "weights": message(
        "What a row of each class counts for in the loss, beside the rows of others."
    ),
    "believed": message(
        "Rows without a label from which the network learns as well, by the class that it takes "
        "them for."
    ),
    "soft": message(
        "Rows are mixed or shaken, and so are their labels: this part of a label belongs, on "
        "average, to other classes than its main one."
    ),
}


@dataclass(frozen=True)
class _Fold:
    """One fold of an arm that has told an epoch."""

    key: str
    name: str
    going: bool
    epochs: pd.DataFrame


def training_panel(run: RunRow, cells: pd.DataFrame, stop: Callable[[str], None]) -> None:
    """Draw how one arm learns; nothing where no arm of the run has told an epoch.

    Parameters
    ----------
    cells : DataFrame
        As :meth:`rebal_core.store.store.Store.cells` returns it, with the arms called by mark and
        label, and by ``name`` as in the store.
    stop : callable
        Draws what stops an arm, by its name, where it can be stopped.
    """
    told = _told(run, cells)
    labels = dict(zip(cells["name"], cells["arm"], strict=True))
    names = {name for tasks in told.values() for name in tasks["name"]}
    if not names:
        return
    going = {n for tasks in told.values() for n in tasks.loc[tasks["state"] == "running", "name"]}
    first = next((name for name in labels if name in going), None)
    arm = _picked({n: labels[n] for n in labels if n in names}, first)
    views = {view: _folds(run, tasks[tasks["name"] == arm]) for view, tasks in told.items()}
    if not any(views.values()):
        return
    view = _viewed(views)
    folds = _of_class(run, views["generator"]) if view == "generator" else views["curves"]
    shown, others = folds[-1], [fold.epochs for fold in folds[:-1]]
    st.caption(_about(shown))
    if view == "confusion":
        _confused(run, shown)
    elif view == "batches":
        _batches(run, shown)
    elif view == "generator":
        generator_curves(shown.epochs, others, _color(run, arm))
    else:
        _curves(run, arm, shown, others)
    stop(arm)


def _told(run: RunRow, cells: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tasks that know epochs, by the view that draws them.

    A finished network keeps them where no engine has heard any.
    """
    arms = [Arm.from_dict(values) for values in run.plan["arms"]]
    makers = store().resampled(run.run).rename(columns={"arm": "name"})
    networks = {
        "curves": (cells, [arm.name for arm in arms if arm.classifier in NETWORKS]),
        "generator": (makers, [arm.name for arm in arms if _makes_by_network(arm)]),
    }
    heard = store().heard(run.run)
    return {
        view: tasks[
            tasks["key"].isin(heard) | (tasks["name"].isin(known) & (tasks["state"] == "done"))
        ]
        for view, (tasks, known) in networks.items()
    }


def _makes_by_network(arm: Arm) -> bool:
    return any(isinstance(step, Networks) for step in strategy_of(arm).samplers)


def _viewed(views: Mapping[str, list[_Fold]]) -> str:
    """Ask what is shown of an arm; whoever has not chosen sees what is at work."""
    network, generator = views["curves"], views["generator"]
    known = [name for name in VIEWS if (generator if name == "generator" else network)]
    if len(known) == 1:
        return known[0]
    made = not network or (bool(generator) and generator[-1].going and not network[-1].going)
    key = _followed("run_view", known, "generator" if made else "curves")
    return str(
        st.segmented_control(
            _("View"),
            known,
            format_func=lambda name: _(VIEWS[name]),
            key=key,
            on_change=_remember,
            args=(key,),
            required=True,
            label_visibility="collapsed",
        )
    )


def _of_class(run: RunRow, folds: list[_Fold]) -> list[_Fold]:
    """Return the folds with the epochs of one class alone, where each has a network of its own."""
    if "label" not in folds[-1].epochs:
        return folds
    known = [int(label) for label in folds[-1].epochs["label"].unique()]
    label = known[-1]
    if len(known) > 1:
        names = cache.labels(str(run.dataset))["classes"]
        key = _followed("run_made_class", known, label)
        label = st.selectbox(
            _("Class"),
            known,
            format_func=names.__getitem__,
            key=key,
            on_change=_remember,
            args=(key,),
            label_visibility="collapsed",
        )
    known_by = [fold for fold in folds if "label" in fold.epochs]
    parts = [replace(f, epochs=f.epochs[f.epochs["label"] == label]) for f in known_by]
    return [fold for fold in parts if len(fold.epochs)]


def _color(run: RunRow, arm: str) -> str:
    arms = [Arm.from_dict(values) for values in run.plan["arms"]]
    return arm_looks(arms, dark=is_dark())[arm].color


def _picked(labels: dict[str, str], going: str | None) -> str:
    """Ask for the arm; whoever has not chosen sees the one that is at work."""
    st.subheader(_("How networks learn"), anchor=False)
    key = _followed("run_learner", list(labels), going or list(labels)[-1])
    return str(
        st.selectbox(
            _("Arm"),
            list(labels),
            format_func=labels.__getitem__,
            key=key,
            on_change=_remember,
            args=(key,),
            label_visibility="collapsed",
        )
    )


def _followed(key: str, options: list[Any], newest: Any) -> str:
    """Set a field to what was chosen, or else to what is newest; return its key."""
    chosen = st.session_state.get(f"{key}_chosen")
    st.session_state[key] = chosen if chosen in options else newest
    return key


def _remember(key: str) -> None:
    st.session_state[f"{key}_chosen"] = st.session_state[key]


def _folds(run: RunRow, cells: pd.DataFrame) -> list[_Fold]:
    """Return the folds of an arm, the one that is looked at last: at work, else the latest."""
    found = []
    cell: Any
    for cell in cells.sort_values(["repeat", "fold"]).itertuples():
        epochs = epochs_of(store(), run.run, cell.key, cell.path, done=cell.state == "done")
        if len(epochs):
            place = f"{cell.repeat + 1}.{cell.fold + 1}"
            found.append(_Fold(cell.key, place, cell.state == "running", epochs))
    return sorted(found, key=lambda fold: fold.going)


def _about(fold: _Fold) -> str:
    """Return which fold is shown, how far it is, and what it takes."""
    epochs = fold.epochs
    last = int(epochs["epoch"].iloc[-1])
    parts = [_("fold {fold}").format(fold=fold.name), _("epoch {n}").format(n=last)]
    best = training.best_epoch(epochs)
    if best is not None:
        words = _("best so far {n}") if fold.going else _("best {n}")
        parts.append(words.format(n=best))
    elif fold.going and training.is_held(epochs):
        parts.append(_("no epoch is kept yet"))
    first = training.sought_from(epochs)
    if first is not None:
        parts.append(_("sought from epoch {n} on").format(n=first))
    if fold.going and training.latest(epochs, "learned") is not None:
        parts.append(_("it has learned, and is measured on its test rows"))
    device, most = training.latest(epochs, "device"), training.latest(epochs, "memory")
    if most is not None:
        gpu, cpu = _("GPU, up to {memory}"), _("CPU, up to {memory} in its process")
        parts.append((gpu if device == "cuda" else cpu).format(memory=memory(int(1e6 * most))))
    return " · ".join(parts)


def _curves(run: RunRow, arm: str, fold: _Fold, others: list[pd.DataFrame]) -> None:
    arms = {one.name: one for one in map(Arm.from_dict, run.plan["arms"])}
    color = _color(run, arm)
    words, dark, same = training_words(), is_dark(), _by_log_loss(arms[arm])
    figure = training.losses(fold.epochs, others, color=color, same=same, words=words, dark=dark)
    lines_of(figure)
    draw(figure, "run_losses")
    if same and training.is_held(fold.epochs):
        st.caption(
            _(
                "Where the loss on rows set aside rises while that in training falls, rows are "
                "learned by heart. What recalibration puts right does not count on rows set aside."
            )
        )
    if _by_class(run, fold, "recall"):
        st.caption(_aside())
    _of_course(run, fold)


def _by_log_loss(arm: Arm) -> bool:
    """Tell whether an arm learns by the log loss, which is that of the rows set aside."""
    course = strategy_of(arm).training
    usual = course is None or course.plain or course.by_log_loss
    return usual and not dict(arm.settings).get("l1")


def _of_course(run: RunRow, fold: _Fold) -> None:
    """Draw what this way of training tells beside what all tell."""
    told = training.told_by_course(fold.epochs)
    if told is None:
        return
    if told == "soft":
        figure = training.of_all(fold.epochs, told, words=training_words(), dark=is_dark())
        draw(figure, "run_soft")
    else:
        _by_class(run, fold, told)
    st.caption(_(COURSES[told]))


def _by_class(run: RunRow, fold: _Fold, told: str) -> bool:
    """Draw what is told of each class; False where it is not told."""
    if told not in fold.epochs:
        return False
    labels = cache.labels(str(run.dataset))
    names = dict(enumerate(labels["classes"]))
    words, dark = training_words(), is_dark()
    figure = training.by_class(fold.epochs, told, names, labels["counts"], words=words, dark=dark)
    lines_of(figure)
    draw(figure, f"run_{told}")
    return True


def _confused(run: RunRow, fold: _Fold) -> None:
    """Draw the confusion on the inner slice after an epoch: the best one, until another is set."""
    if "confusion" not in fold.epochs:
        st.caption(
            _("It is told where rows are set aside for early stopping, of up to 20 classes.")
        )
        return
    told = fold.epochs.dropna(subset=["confusion"])["epoch"].tolist()
    epoch = told[-1]
    if len(told) > 1:
        best = training.best_epoch(fold.epochs)
        key = _followed(f"run_epoch_{fold.key}", told, best or epoch)
        epoch = st.select_slider(_("Epoch"), told, key=key, on_change=_remember, args=(key,))
    names = dict(enumerate(cache.labels(str(run.dataset))["classes"]))
    table = training.confused(fold.epochs, epoch, names)
    if table is not None:
        words = compare_words()
        title = _("epoch {n}").format(n=epoch)
        draw(confusion({title: table}, words=words, dark=is_dark()), "run_confusion", letters=18)
        st.caption(_aside())


def _aside() -> str:
    """Return on which rows recall and confusion are measured, and how these are decided."""
    return _(
        "Measured on training rows that are set aside for early stopping, never on test rows. Each "
        "is given to its most probable class: no cut-off is tuned yet."
    )


def _batches(run: RunRow, fold: _Fold) -> None:
    """Draw how fast it learns, and from which classes."""
    if "learning_rate" in fold.epochs:
        words, dark = training_words(), is_dark()
        figure = training.of_all(fold.epochs, "learning_rate", words=words, dark=dark)
        draw(figure, "run_rates")
    _by_class(run, fold, "mix")
    if "mix" not in fold.epochs:
        st.caption(_("Each step sees all rows: there are no batches."))
