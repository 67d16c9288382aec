"""Figures of networks and generators while they learn, along the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from rebal_core.figures.theme import escape, layout, palette, translucent, upright

#: Classes with a line of their own.
MOST_LINES = 8
#: Points of one chart.
MOST_POINTS = 5_000
#: Colours, by their names in the palette, and dashes of the classes that are not the rarest.
_STROKES = [
    (color, dash) for dash in ("solid", "dash", "dot", "dashdot") for color in ("others", "ink")
]


@dataclass(frozen=True)
class Words:
    """The words on the figures; the app passes translated ones."""

    epoch: str = "epoch"
    loss: str = "loss"
    held: str = "loss on rows set aside"
    training: str = "loss in training"
    other: str = "loss in training, another measure"
    folds: str = "other folds"
    best: str = "best epoch"
    recall: str = "found"
    share: str = "share in the batches"
    rate: str = "learning rate"
    ndcg: str = "NDCG@10"
    rest: str = "mean of the other classes"
    robust: str = "found under attack"
    reach: str = "reach of the attack"
    weight: str = "weight of a row"
    believed: str = "rows believed"
    soft: str = "share of other classes"
    generator: str = "loss of the generator"
    critic: str = "loss of the critic"
    worth: str = "what made rows are worth"
    use: str = "use"
    shape: str = "shape"
    right: str = "rows where real ones lie"


WORDS = Words()
_WHOLE = {"tickformat": ".0%", "range": [-0.02, 1.02]}
#: What is told of each class: its word, its axis, and how a number of it is written.
_BY_CLASS: dict[str, tuple[str, dict[str, Any], str]] = {
    "recall": ("recall", _WHOLE, ".1%"),
    "mix": ("share", {"tickformat": ".3~%", "rangemode": "tozero"}, ".1%"),
    "robust_recall": ("robust", _WHOLE, ".1%"),
    "weights": ("weight", {"type": "log", "tickformat": "~g", "nticks": 6}, ".3~g"),
    "believed": ("believed", {}, ",.0f"),
}
#: What a line is that has one point yet, by its dash.
_POINTS = {"solid": "circle", "dot": "diamond", "dash": "square", "dashdot": "diamond-open"}
#: So many have a mark each.
_FEW_EPOCHS = 8
#: What is told of all rows.
_OF_ALL = {"learning_rate": "rate", "soft": "soft", "ndcg": "ndcg"}
#: What single courses tell beside the rest: at most one is told by one course.
OF_COURSES = ("robust_recall", "weights", "believed", "soft")


def told_by_course(epochs: pd.DataFrame) -> str | None:
    """Return what the course of a network tells beside what all tell; None where nothing."""
    return next((name for name in OF_COURSES if latest(epochs, name) is not None), None)


def latest(epochs: pd.DataFrame, name: str) -> Any:
    """Return what was told last under this name; None where nothing was."""
    told = epochs[name].dropna() if name in epochs else epochs["epoch"][:0]
    return told.iloc[-1] if len(told) else None


def best_epoch(epochs: pd.DataFrame) -> int | None:
    """Return the epoch whose state would be kept if the fit ended now; None where none is."""
    if "kept" not in epochs:
        return None
    kept = epochs.loc[epochs["kept"].eq(True), "epoch"]
    return int(kept.iloc[-1]) if len(kept) else None


def sought_from(epochs: pd.DataFrame) -> int | None:
    """Return the first epoch that might be kept; None where it is the first, or still to come.

    Some ways of training keep no state before they have changed what they were to change.
    """
    if best_epoch(epochs) is None:
        return None
    first = int(epochs.loc[epochs["kept"].eq(True), "epoch"].iloc[0])
    return first if first > epochs["epoch"].iloc[0] else None


def is_held(epochs: pd.DataFrame) -> bool:
    """Tell whether rows or events are set aside, whose loss is then the first of two."""
    return any(latest(epochs, told) is not None for told in ("recall", "ndcg"))


def losses(
    epochs: pd.DataFrame,
    others: Sequence[pd.DataFrame] = (),
    *,
    color: str,
    same: bool = True,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Loss of the held rows and in training; where they are of one measure, on one axis.

    Parameters
    ----------
    epochs : DataFrame with columns ``epoch, loss`` and, of a network, ``training_loss, kept``
        As :func:`rebal_core.experiment.epochs.epochs_of` returns it.
    others : sequence of DataFrame
        Those of the other folds, drawn thin; thinned out where they are very many.
    color : str
        Of the arm.
    same : bool
        Whether both are the log loss, so that how far they are apart tells how much is learned by
        heart; else the axis of the loss in training says that it is another measure.
    """
    best, held = best_epoch(epochs), is_held(epochs)
    name = words.held if held else words.training
    more = {} if same or not held else {"yaxis2": _right(words.other, dark)}
    title = words.loss if same and held else name
    figure = go.Figure(layout=_layout(words.epoch, title, epochs, best, dark, **more))
    _thin(figure, others, "loss", words.folds, palette(dark).others)
    _line(figure, epochs, "loss", name, color)
    if held and "training_loss" in epochs:
        axis = "y2" if more else "y"
        _line(figure, epochs, "training_loss", words.training, color, dash="dot", yaxis=axis)
    _ring(figure, epochs, "loss", words.best, color)
    return figure


def generator_losses(
    epochs: pd.DataFrame, *, color: str, words: Words = WORDS, dark: bool = False
) -> go.Figure:
    """Draw the loss of a generator, and that of its critic on an axis of its own.

    Parameters
    ----------
    epochs : DataFrame with columns ``epoch, loss`` and what else was told
    color : str
        Of the arm.
    """
    rivals = latest(epochs, "critic_loss") is not None
    more = {"yaxis2": _right(words.critic, dark)} if rivals else {}
    best = best_epoch(epochs)
    figure = go.Figure(layout=_layout(words.epoch, words.generator, epochs, best, dark, **more))
    _line(figure, epochs, "loss", words.generator, color)
    if rivals:
        _line(figure, epochs, "critic_loss", words.critic, color, dash="dot", yaxis="y2")
    return figure


def worth(
    epochs: pd.DataFrame,
    others: Sequence[pd.DataFrame] = (),
    *,
    color: str,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Draw what the rows of a generator are worth: how useful they are, and how like real ones.

    Parameters
    ----------
    epochs : DataFrame with columns ``epoch, use, shape``
        As :class:`rebal_core.nn.generators.probe.Probe` judges them; both are 1 at best.
        Also ``right`` where the density is known: the share of rows that lie where real ones do.
    others : sequence of DataFrame
        Those of the other folds, whose use is drawn thin.
    color : str
        Of the arm.
    """
    best = best_epoch(epochs)
    figure = go.Figure(layout=_layout(words.epoch, words.worth, epochs, best, dark))
    _thin(figure, others, "use", words.folds, palette(dark).others)
    _line(figure, epochs, "use", words.use, color)
    for told, dash in (("shape", "dot"), ("right", "dash")):
        if told in epochs:
            _line(figure, epochs, told, getattr(words, told), color, dash=dash)
    _ring(figure, epochs, "use", words.best, color)
    return figure


def by_class(
    epochs: pd.DataFrame,
    told: str,
    labels: Mapping[int, str],
    counts: Sequence[int],
    *,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Draw what is told of each class, along the epochs: recall, share in the batches, weight.

    Parameters
    ----------
    epochs : DataFrame
        As :func:`losses` takes it; ``classes`` where not all classes are there.
    told : {"recall", "mix", "robust_recall", "weights", "believed"}
        The column; a list of K numbers an epoch.
    labels : mapping of code to str
    counts : sequence of int
        Rows of each class, by code: the rarest comes first and is in focus.
    """
    rows = epochs[epochs[told].map(lambda value: isinstance(value, list))]
    values = np.array(rows[told].tolist(), dtype=float).reshape(len(rows), -1)
    codes = codes_of(epochs, values.shape[1])
    drawn = worst(epochs, [counts[code] for code in codes])
    word, axis, hover = _BY_CLASS[told]
    counted, attacked = told == "believed", told == "robust_recall" and "reach" in rows
    name, more = getattr(words, word), {"yaxis": _counts_axis(values) if counted else axis}
    if attacked:
        more["yaxis2"] = _right(words.reach, dark) | {"rangemode": "tozero"}
    figure = go.Figure(layout=_layout(words.epoch, name, epochs, best_epoch(epochs), dark, **more))
    colors = palette(dark)
    strokes = [(colors.focus, "solid", 2), *((getattr(colors, c), d, 2) for c, d in _STROKES)]
    lines = [(escape(labels[codes[k]]), values[:, k], *strokes[i]) for i, k in enumerate(drawn)]
    left = np.setdiff1d(np.arange(len(codes)), drawn)
    if len(left):
        pale = translucent(colors.others, 0.55)
        lines.append((words.rest, values[:, left].mean(axis=1), pale, "solid", 6))
    for label, line, color, dash, width in lines:
        shown = rows[["epoch"]].assign(value=np.log10(1 + line) if counted else line)
        _line(figure, shown, "value", label, color, dash=dash, width=width, said=line)
    figure.update_traces(hovertemplate=f"%{{customdata:{hover}}}")
    if attacked:
        _line(figure, rows, "reach", words.reach, colors.mute, dash="dot", width=1, yaxis="y2")
    return figure


def _counts_axis(values: NDArray[np.float64]) -> dict[str, Any]:
    """Return an axis on which a class of few rows is seen beside one of many, and none at all."""
    most = values.max(initial=0)
    ticks = [0, *(10**power for power in range(int(most >= 10), 8) if 10**power <= max(most, 1))]
    words = [f"{tick:,}" for tick in ticks]
    top = float(np.log10(1 + max(most, 1)))
    places = np.log10(1 + np.array(ticks)).tolist()
    return {"tickvals": places, "ticktext": words, "range": [-0.03 * top, 1.05 * top]}


def worst(epochs: pd.DataFrame, counts: Sequence[int]) -> list[int]:
    """Return the places of at most eight classes, those found least of late; the rarest first.

    Parameters
    ----------
    epochs : DataFrame
    counts : sequence of K int
        Rows of the classes that are there.
    """
    recall = latest(epochs, "recall") or [0.0] * len(counts)
    chosen = sorted(range(len(counts)), key=lambda k: (recall[k], counts[k]))[:MOST_LINES]
    return sorted(chosen, key=lambda k: counts[k])


def codes_of(epochs: pd.DataFrame, k: int) -> list[int]:
    """Return the codes of the K classes that are there."""
    return list(latest(epochs, "classes") or range(k))


def confused(epochs: pd.DataFrame, epoch: int, labels: Mapping[int, str]) -> pd.DataFrame | None:
    """Return the counts on the held rows after an epoch, true classes down; None where untold."""
    counts = latest(epochs[epochs["epoch"] == epoch], "confusion")
    if counts is None:
        return None
    names = [labels[code] for code in codes_of(epochs, len(counts))]
    return pd.DataFrame(counts, index=names, columns=names, dtype=float)


def of_all(
    epochs: pd.DataFrame, told: str, *, words: Words = WORDS, dark: bool = False
) -> go.Figure:
    """Draw what is told of all rows together, along the epochs.

    Parameters
    ----------
    epochs : DataFrame
    told : {"learning_rate", "soft", "ndcg"}
        The column; a number an epoch.
    """
    best = best_epoch(epochs) if told == "ndcg" else None
    axis = {"rangemode": "tozero", "exponentformat": "power"}
    if told == "soft":
        axis = {"rangemode": "tozero", "tickformat": "~%"}
    name = getattr(words, _OF_ALL[told])
    figure = go.Figure(layout=_layout(words.epoch, name, epochs, best, dark, yaxis=axis))
    _line(figure, epochs, told, name, palette(dark).ink)
    return figure


def _layout(
    x: str, y: str, epochs: pd.DataFrame, best: int | None, dark: bool, **more: Any
) -> dict[str, Any]:
    mark = {"color": palette(dark).mute, "dash": "dot", "width": 1}
    # There is no half of an epoch to be marked.
    more["xaxis"] = {"dtick": 1} if epochs["epoch"].max() < _FEW_EPOCHS else {}
    # No legend of plotly's: that of many classes takes most of the plot.
    return layout(
        x=x, y=y, height=196, dark=dark, hovermode="x", margin={"l": 4, "r": 4, "t": 10, "b": 4},
        shapes=[] if best is None else [upright(best, mark)], **more,
    )  # fmt: skip


def _right(name: str, dark: bool) -> dict[str, Any]:
    base: dict[str, Any] = layout(y=name, dark=dark)["yaxis"]
    # Ticks of its own: those at the heights of the left axis's are no round numbers.
    own = {"tickmode": "auto", "nticks": 5, "tickformat": ".3~g", "showgrid": False}
    return {**base, "overlaying": "y", "side": "right", **own}


def _thin(
    figure: go.Figure, others: Sequence[pd.DataFrame], value: str, name: str, color: str
) -> None:
    """Draw the lines of other folds as one, thin, and thinned out where they are very many."""
    others = [other[["epoch", value]] for other in others if value in other]
    if not others:
        return
    thin = max(1, ceil(sum(map(len, others)) / (MOST_POINTS // 2)))
    gap = pd.DataFrame({"epoch": [np.nan], value: [np.nan]})
    parts = [part for other in others for part in (other.iloc[::thin], gap)]
    _line(figure, pd.concat(parts), value, name, color, width=1)


def _ring(figure: go.Figure, epochs: pd.DataFrame, value: str, name: str, color: str) -> None:
    """Mark the best epoch, where there is one."""
    best = best_epoch(epochs)
    if best is None:
        return
    marker = {"symbol": "circle-open", "size": 10, "color": color, "line": {"width": 2}}
    at = epochs.loc[epochs["epoch"] == best, value]
    figure.add_scatter(x=[best], y=at, name=name, mode="markers", marker=marker)


def _line(
    figure: go.Figure,
    rows: pd.DataFrame,
    value: str,
    name: str,
    color: str,
    *,
    dash: str = "solid",
    width: int = 2,
    yaxis: str = "y",
    said: NDArray[np.float64] | None = None,
) -> None:
    # One epoch alone is a line of no length: until there are two, it is a point.
    figure.add_scatter(
        x=rows["epoch"], y=rows[value], name=name, mode="lines" if len(rows) > 1 else "markers",
        line={"color": color, "dash": dash, "width": width}, yaxis=yaxis,
        marker={"color": color, "symbol": _POINTS[dash], "size": 7},
        hovertemplate="%{y:.4g}", connectgaps=False, customdata=said,
    )  # fmt: skip
