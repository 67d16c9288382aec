"""A comparison of rankings as it is kept: what was found, and the lists of everybody asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rebal_core.experiment.files import Damaged, reading
from rebal_core.experiment.graph import rank_node
from rebal_core.files import put_arrays, put_json, read_arrays, read_json
from rebal_core.ranking.compare import RankingComparison
from rebal_core.ranking.reading import LogColumns, LogRead
from rebal_core.ranking.report import report
from rebal_core.rows import Ints
from rebal_core.store import Store

#: Columns that are told of an item beside its name.
_TOLD = 2


@dataclass(frozen=True)
class Ranked:
    """What a page shows of a comparison of rankings.

    Parameters
    ----------
    report : mapping
        As :func:`rebal_core.ranking.report.report` returns it.
    notes : tuple of str
        What became of the rows of the table.
    users : ndarray of object, shape (n,)
        Who was asked.
    items, about : ndarray of object, shape (items,)
        The catalogue, and what else is known of each item, in a few words.
    arrays : mapping of str to ndarray
        ``held_starts``, ``held``: what each asked user did, oldest first; ``true_starts``,
        ``true``: what came next; ``bands``, ``popularity`` of the catalogue; ``lists_0`` ...: of
        each arm that was fitted, in the order of the report.
    fronts : mapping of model to DataFrame
        What re-ranking trades on the events that are judged, as
        :func:`rebal_core.ranking.rerank.front` tells it.
    """

    report: Mapping[str, Any]
    notes: tuple[str, ...]
    users: np.ndarray
    items: np.ndarray
    about: np.ndarray
    arrays: Mapping[str, Ints]
    fronts: Mapping[str, pd.DataFrame]

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that were fitted."""
        return tuple(arm["arm"] for arm in self.report["arms"] if arm["status"] == "done")

    def arm(self, name: str) -> Mapping[str, Any]:
        """Return what the report says of an arm."""
        found: Mapping[str, Any] = next(a for a in self.report["arms"] if a["arm"] == name)
        return found

    def lists(self, arm: str) -> Ints:
        """Return the lists of an arm, shape (n, k)."""
        return self.arrays[f"lists_{self.arms.index(arm)}"]

    def held(self, user: int) -> Ints:
        """Return the items that one of those asked had, oldest first."""
        starts = self.arrays["held_starts"]
        return self.arrays["held"][starts[user] : starts[user + 1]]

    def true(self, user: int) -> Ints:
        """Return the items that came next for one of those asked."""
        starts = self.arrays["true_starts"]
        return self.arrays["true"][starts[user] : starts[user + 1]]

    @classmethod
    def of(cls, found: RankingComparison, read: LogRead, columns: LogColumns) -> Ranked:
        """Return what is kept of a comparison."""
        trial, done = found.trial, [o.scored for o in found.outcomes if o.scored is not None]
        arrays = {
            "held_starts": trial.visits.starts,
            "held": trial.visits.item,
            "true_starts": trial.truth.starts,
            "true": trial.truth.item,
            "bands": found.bands,
            "popularity": trial.log.popularity,
            **{f"lists_{k}": scored.lists for k, scored in enumerate(done)},
        }
        return cls(
            report(found, read, columns),
            tuple(note.render() for note in read.notes),
            trial.log.users[trial.visits.user],
            trial.log.items,
            _told(trial.log.about_items, len(trial.log.items)),
            {name: array.astype(np.int32) for name, array in arrays.items()},
            found.traded,
        )

    def save(self, folder: Path) -> None:
        """Write JSON, plain arrays and Parquet into a folder that is made."""
        folder.mkdir(parents=True)
        put_arrays(folder / "lists.npz", self.arrays)
        pq.write_table(pa.table({"user": pa.array(self.users, pa.string())}), folder / _USERS)
        texts = {"item": self.items, "about": self.about}
        table = pa.table({name: pa.array(text, pa.string()) for name, text in texts.items()})
        pq.write_table(table, folder / _ITEMS)
        fronts = {model: front.to_dict("list") for model, front in self.fronts.items()}
        about = {"report": self.report, "notes": self.notes, "fronts": fronts}
        put_json(folder / "about.json", about, allow_nan=True)

    @classmethod
    def load(cls, folder: Path) -> Ranked:
        """Read what :meth:`save` wrote.

        Raises
        ------
        Damaged
        """
        with reading(folder):
            about, arrays = read_json(folder / "about.json"), read_arrays(folder / "lists.npz")
            items = pq.read_table(folder / _ITEMS).to_pandas()
            return cls(
                about["report"],
                tuple(about["notes"]),
                pq.read_table(folder / _USERS).to_pandas()["user"].to_numpy(object),
                items["item"].to_numpy(object),
                items["about"].to_numpy(object),
                arrays,
                {model: pd.DataFrame(front) for model, front in about["fronts"].items()},
            )


_USERS, _ITEMS = "users.parquet", "items.parquet"


def rank_params(
    dataset: str,
    columns: LogColumns,
    models: Sequence[str],
    strategies: Sequence[str],
    *,
    k: int = 10,
    unseen: bool = False,
    seed: int = 0,
    params: Mapping[str, Mapping[str, Any]] | None = None,
    items: Mapping[str, str] | None = None,
    windows: int = 0,
) -> dict[str, Any]:
    """Return what the engine's task ``rank`` takes: plain values.

    Parameters
    ----------
    dataset : str
        Its id in the home.
    columns : LogColumns
    models, strategies, k, unseen, seed, params, windows
        As :func:`rebal_core.ranking.plan.plan_rankings` takes them.
    items : mapping or None
        The table of items, if there is one: its id as ``dataset``, and its column ``key``.
    """
    return {
        "dataset": dataset,
        "columns": {**asdict(columns), "time": list(columns.time)},
        "models": list(models),
        "strategies": list(strategies),
        "params": {owner: dict(values) for owner, values in (params or {}).items()},
        "k": k,
        "unseen": unseen,
        "seed": seed,
        "items": None if items is None else dict(items),
        "windows": windows,
    }


def stored(store: Store, params: Mapping[str, Any]) -> Ranked | None:
    """Return what was found for these wishes; None where nobody has asked yet.

    Raises
    ------
    UserError
        When the wishes name no dataset, model or remedy.
    """
    try:
        return Ranked.load(store.home.path / rank_node(store, params).path)
    except Damaged:  # what lacks is made when somebody asks, what is damaged as well
        return None


def _told(about: pd.DataFrame | None, items: int) -> np.ndarray:
    """Return what is known of each item in a few words: categories and texts before numbers."""
    if about is None:
        return np.full(items, "", dtype=object)
    texts = [n for n in about if not pd.api.types.is_numeric_dtype(about[n].dtype)]
    told = about[texts[:_TOLD]].fillna("").astype(str)
    return np.array([" · ".join(filter(None, row)) for row in told.itertuples(index=False)], object)
