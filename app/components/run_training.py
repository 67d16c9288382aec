"""Arms that learn in epochs, on the Run page: their curves, and what they confuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from app import cache
from app.components.charts import compare_words, draw, is_dark, training_words
from app.components.legend import lines_of
from app.components.texts import memory
from app.components.words import arm_looks
from app.i18n import _, message
from app.state import store
from rebal_core.arm import Arm
from rebal_core.classifiers.net import NETWORKS
from rebal_core.experiment.epochs import epochs_of
from rebal_core.figures import training
from rebal_core.figures.compare import confusion
from rebal_core.store.rows import RunRow
from rebal_core.strategies import strategy_of

#: What is shown of an arm, one at a time.
VIEWS = {
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
    told = cells[_has_told(run, cells)]
    if told.empty:
        return
    going = told.loc[told["state"] == "running", "name"]
    arm = _picked(dict(zip(told["name"], told["arm"], strict=True)), next(iter(going), None))
    folds = _folds(run, told[told["name"] == arm])
    if not folds:
        return
    shown, others = folds[-1], [fold.epochs for fold in folds[:-1]]
    st.caption(_about(shown))
    view = st.segmented_control(
        _("View"),
        list(VIEWS),
        format_func=lambda name: _(VIEWS[name]),
        default="curves",
        key="run_view",
        required=True,
        label_visibility="collapsed",
    )
    if view == "confusion":
        _confused(run, shown)
    elif view == "batches":
        _batches(run, shown)
    else:
        _curves(run, arm, shown, others)
    stop(arm)


def _has_told(run: RunRow, cells: pd.DataFrame) -> pd.Series[bool]:
    """Tell which cells know epochs: a finished network keeps them where no engine has heard any."""
    arms = [Arm.from_dict(values) for values in run.plan["arms"]]
    networks = [arm.name for arm in arms if arm.classifier in NETWORKS]
    heard = cells["key"].isin(store().heard(run.run))
    return heard | (cells["name"].isin(networks) & (cells["state"] == "done"))


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
    color = arm_looks(arms.values(), dark=is_dark())[arm].color
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
