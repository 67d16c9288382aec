"""Where the rows before and after a strategy stand in a plane, and which of them are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rebal_core.preview.effect import Effect
from rebal_core.preview.part import MOST_SEEN, rare_first, spread
from rebal_core.rows import DUPLICATE, ORIGINAL, ORIGINS, Floats

#: Rows of each kind that are drawn, at most.
MOST = {"original": MOST_SEEN, "made": 700, "removed": 600}
#: How far a row may stand beside its category.
_BESIDE = 0.3


@dataclass(frozen=True)
class Picture:
    """Rows in a plane.

    Parameters
    ----------
    before : ndarray of shape (n, 2)
        Where each row before stands.
    after : ndarray of shape (m, 2)
        Where each row after stands.
    marks : DataFrame
        What is drawn, a row each: ``x``, ``y``; ``kind``, a word of
        :data:`rebal_core.rows.ORIGINS`; ``label``; ``weight``, 1 on average; ``flag``; ``times``,
        how many copies lie there; ``row``, its position after, of a removed one -1 - its position
        before.
    whole : int
        Rows that could be drawn; of more than are drawn, rare classes are drawn first. Of the rows
        before it are the same ones, whatever is done to them.
    """

    before: Floats
    after: Floats
    marks: pd.DataFrame
    whole: int


def picture_of(effect: Effect, x: str | None = None, y: str | None = None) -> Picture:
    """Place the rows of an effect in a plane.

    Parameters
    ----------
    effect : Effect
    x, y : str, optional
        One of ``effect.part.columns``; None for the stored projection.
    """
    before, after = _places(effect, x, y)
    marks = pd.concat([_left(effect, after), _gone(effect, before)], ignore_index=True)
    parts = []
    for name, kind in _kinds(marks).items():
        some = marks[kind]
        at = rare_first(some["code"].to_numpy(), some["lot"].to_numpy(), MOST[name])
        parts.append(some.iloc[np.sort(at)])
    drawn = pd.concat(parts, ignore_index=True).drop(columns="lot")
    drawn.insert(3, "label", np.array(effect.part.labels.classes, dtype=object)[drawn.pop("code")])
    return Picture(before, after, drawn, len(marks))


def _kinds(marks: pd.DataFrame) -> dict[str, pd.Series]:
    kind = marks["kind"]
    known = {"original": kind == "original", "removed": kind == "removed"}
    return {**known, "made": ~(known["original"] | known["removed"])}


def _places(effect: Effect, x: str | None, y: str | None) -> tuple[Floats, Floats]:
    part, recipe = effect.part, effect.recipe
    before, after = np.empty((len(part), 2)), np.empty((len(recipe), 2))
    if x is None or y is None:
        before[:], after[:] = part.places, part.plane.place(effect.rows)
    rng, own = np.random.default_rng(0), recipe.origin <= DUPLICATE
    for axis, column in enumerate((x, y)):
        if column is None:
            continue
        before[:, axis] = part.along(column, part.typed)
        after[:, axis] = part.along(column, effect.rows)
        if part.values(column) is not None:
            beside = rng.uniform(-_BESIDE, _BESIDE, len(part))
            before[:, axis] += beside
            new = rng.uniform(-_BESIDE, _BESIDE, len(recipe))
            after[:, axis] += np.where(own, beside[recipe.base], new)
    return before, after


def _left(effect: Effect, places: Floats) -> pd.DataFrame:
    """Return a row for each row after; copies of one row are one."""
    recipe, lots = effect.recipe, spread(np.arange(len(effect.recipe)))
    own = recipe.origin == ORIGINAL
    lots[own] = effect.part.lots[recipe.base[own]]
    weight = recipe.weights / max(float(recipe.weights.mean()), 1e-300)
    frame = pd.DataFrame(
        {
            "x": places[:, 0],
            "y": places[:, 1],
            "kind": np.array(ORIGINS)[recipe.origin],
            "code": recipe.label,
            "weight": weight,
            "flag": np.zeros(len(recipe), dtype=bool) if recipe.flag is None else recipe.flag,
            "times": 1,
            "row": np.arange(len(recipe)),
            "lot": lots,
        }
    )
    copies = np.flatnonzero(recipe.origin == DUPLICATE)
    if not len(copies):
        return frame
    _bases, first, times = np.unique(recipe.base[copies], return_index=True, return_counts=True)
    frame.loc[copies[first], "times"] = times
    keep = np.ones(len(frame), dtype=bool)
    keep[np.delete(copies, first)] = False
    return frame[keep]


def _gone(effect: Effect, places: Floats) -> pd.DataFrame:
    gone = effect.gone
    return pd.DataFrame(
        {
            "x": places[gone, 0],
            "y": places[gone, 1],
            "kind": ORIGINS[-1],
            "code": effect.part.typed.y[gone],
            "weight": 1.0,
            "flag": False,
            "times": 1,
            "row": -1 - gone,
            "lot": effect.part.lots[gone],
        }
    )
