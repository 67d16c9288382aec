"""What an explanation is, on disk and as the frames that figures are drawn from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.files import read_arrays, write_arrays
from rebal_core.rows import Floats, Ints
from rebal_core.schema import Kind, Schema

_ARRAYS = ("rows", "values", "output", "weight", "told")
_WORDS = ("arm", "label", "players", "base", "method", "error", "notes")


@dataclass(frozen=True)
class Explanation:
    """Shapley values of the repaired probability of one class, for one arm on one fold.

    Parameters
    ----------
    arm : str
        ``strategy/classifier``.
    label : str
        The shown class.
    players : tuple of str
        M of them: the user's own columns, then what is told of the past.
    rows : ndarray of shape (n,)
        Row numbers of the accepted table.
    values : ndarray of shape (n, M)
        What each column adds to the probability of each row.
    base : float
        Mean probability of the background rows; ``base + values.sum(axis=1)`` is the output.
    output : ndarray of shape (n,)
        The fitted model's own repaired probability.
    weight : ndarray of shape (n,)
        Test rows that each row stands for.
    method : {"trees", "linear", "permutation"}
        The first two are exact.
    error : float
        Largest ``|base + sum of values - output|``.
    notes : tuple of str
    told : ndarray of shape (n, rates)
        Values of the last players, which no table holds: what is told of the past of each row.
    """

    arm: str
    label: str
    players: tuple[str, ...]
    rows: Ints
    values: Floats
    base: float
    output: Floats
    weight: Floats
    method: str
    error: float
    notes: tuple[str, ...] = ()
    told: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def columns(self) -> tuple[str, ...]:
        """The players that are columns of the table."""
        return self.players[: len(self.players) - self.told.shape[1]]

    def importance(self) -> pd.DataFrame:
        """Return ``player, importance, rank``, most important first.

        The importance is the mean absolute value over the test fold (weighted, since rows of the
        shown class are explained more often than they occur), in units of probability.
        """
        mean = np.average(np.abs(self.values), axis=0, weights=self.weight)
        order = np.argsort(-mean, kind="stable")
        return pd.DataFrame(
            {
                "player": np.array(self.players)[order],
                "importance": mean[order],
                "rank": np.arange(1, len(order) + 1),
            }
        )

    def frame(self, features: pd.DataFrame, schema: Schema) -> pd.DataFrame:
        """Return the long frame ``row, player, value, feature_value, ordered, weight``.

        ``ordered`` tells numbers and times, which have a low and a high, from names; how a value
        looks cannot tell, since a code is a name of digits.

        Parameters
        ----------
        features : DataFrame
            The table's rows ``self.rows``, in that order, with the ``columns``.
        schema : Schema
            That of the run.
        """
        n, m = self.values.shape
        shown = [_objects(features[name], schema[name].kind) for name in self.columns]
        shown += [values.astype(object) for values in self.told.T]
        ordered = [schema[name].kind in ("number", "time") for name in self.columns]
        ordered += [True] * self.told.shape[1]
        return pd.DataFrame(
            {
                "row": np.repeat(self.rows, m),
                "player": np.tile(np.array(self.players), n),
                "value": self.values.ravel(),
                "feature_value": np.column_stack(shown).ravel(),
                "ordered": np.tile(np.array(ordered), n),
                "weight": np.repeat(self.weight, m),
            }
        )

    def save(self, path: Path) -> None:
        """Write everything into one ``.npz`` without pickle, whole or not at all."""
        words = json.dumps({name: getattr(self, name) for name in _WORDS}, ensure_ascii=False)
        arrays: dict[str, Any] = {name: getattr(self, name) for name in _ARRAYS}
        write_arrays(path, {"words": np.array(words), **arrays}, packed=True)

    @classmethod
    def load(cls, path: Path) -> Explanation:
        """Read what :meth:`save` wrote."""
        stored = read_arrays(path)
        words = json.loads(str(stored["words"]))
        arrays: dict[str, Any] = {name: stored[name] for name in _ARRAYS if name in stored}
        words |= {"players": tuple(words["players"]), "notes": tuple(words["notes"])}
        return cls(**words, **arrays)


def _objects(values: pd.Series, kind: Kind) -> NDArray[Any]:
    """Return values one by one; whole numbers beside missing ones as floats, which can be drawn."""
    if kind == "number" and pd.api.types.is_extension_array_dtype(values.dtype):
        values = values.astype(float)
    found: NDArray[Any] = values.astype(object).to_numpy()
    return found


def compare_importance(left: Explanation, right: Explanation) -> pd.DataFrame:
    """Return the columns of two arms side by side, by their mean importance.

    Returns
    -------
    DataFrame
        ``player, left, left_rank, right, right_rank, shift``; ``shift`` is how many places the
        column stands higher on the right. It is no finding by itself: two fits of one arm shift
        too.
    """
    a, b = (e.importance().set_index("player") for e in (left, right))
    frame = pd.DataFrame(
        {
            "left": a["importance"],
            "left_rank": a["rank"],
            "right": b["importance"].reindex(a.index),
            "right_rank": b["rank"].reindex(a.index),
        }
    )
    frame["shift"] = frame["left_rank"] - frame["right_rank"]
    order = (frame["left"] + frame["right"]).sort_values(ascending=False, kind="stable").index
    return frame.loc[order].reset_index()
