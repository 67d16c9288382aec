"""``recommender.rebal``: a fitted model of a ranking in a zip without pickle, and its lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from rebal_core.data.profile import BANDS
from rebal_core.export.archive import MANIFEST, pack, read_foreign, require_format
from rebal_core.export.tables import write_blocks
from rebal_core.files import put_arrays, put_json, read_arrays, read_json
from rebal_core.outputs import written
from rebal_core.ranking.bands import bands_of
from rebal_core.ranking.fitting import fit_arm, why_not
from rebal_core.ranking.lists import top_lists
from rebal_core.ranking.log import EventLog, Visits
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.models.base import FitProgress, Progress, Ranker, chances_of, no_progress
from rebal_core.ranking.plan import RankingArm, RankingPlan
from rebal_core.ranking.reading import LogColumns
from rebal_core.ranking.rerank import cutting_of, discount, spread_of
from rebal_core.ranking.rules import Rules
from rebal_core.rows import Floats, Ints
from rebal_core.scratch import scratch
from rebal_core.wording import UserError

FORMAT = 1
RECOMMENDER = "recommender.rebal"
_NAMES = re.compile(r"manifest\.json|(model|items|rules)\.npz")
#: Places of a list, at most.
MOST_PLACES = 100
#: Users whose lists are in memory at once.
_BLOCK = 16_384


@dataclass(frozen=True)
class SavedRecommender:
    """A fitted model of a ranking, ready to order its catalogue for anybody.

    Parameters
    ----------
    arm : str
        As ``rerank/two_tower``.
    ranker : Ranker
    items : ndarray of object, shape (items,)
        Labels of the catalogue.
    popularity : ndarray of shape (items,)
        Events of each item that were learned from.
    adjust : ndarray of shape (items,)
        What the decision of the arm adds to each score; 0 where it decides nothing.
    rules : Rules or None
        What it decides beside the scores.
    spread : float
        Of the scores; see :func:`rebal_core.ranking.rerank.spread_of`.
    columns : LogColumns
        Of the log that was learned from.
    manifest : mapping
        ``model``, ``params`` of it, ``k``, ``unseen``, ``seed``, ``fingerprint`` of the table,
        ``events`` and ``users`` that were learned from, ``context`` (columns of what was known
        when lists were asked for; see :meth:`SavedRecommender.known_when_asked`).
    """

    arm: str
    ranker: Ranker
    items: NDArray[Any]
    popularity: Ints
    adjust: Floats
    rules: Rules | None
    spread: float
    columns: LogColumns
    manifest: Mapping[str, Any]

    def visits(self, log: EventLog) -> tuple[Visits, int]:
        """Return what the users of a log did with items that are known, and how many events not.

        Parameters
        ----------
        log : EventLog
            Any log: its codes are its own.
        """
        place = {label: code for code, label in enumerate(self.items)}
        codes = np.array([place.get(label, -1) for label in log.items], dtype=np.int64)
        known = codes[log.item] >= 0
        found = log.take(known).visits()
        strangers = np.full(len(found), -1, dtype=np.int64)
        asked = replace(
            found, user=strangers, item=codes[found.item], beside=self.known_when_asked(log)
        )
        return asked, int((~known).sum())

    def known_when_asked(self, log: EventLog) -> pd.DataFrame | None:
        """Return the context of each user: what stands beside his last event.

        None where the model knows of no context, or the log lacks a column of it.
        """
        names = list(self.manifest["context"])
        if not names or log.beside is None or not set(names) <= set(log.beside):
            return None
        last = np.zeros(len(log.users), dtype=np.int64)
        last[log.user] = np.arange(len(log))  # in the order of time: the last one stays
        return log.beside[names].iloc[last]

    def tables(
        self,
        users: NDArray[Any],
        visits: Visits,
        k: int | None = None,
        progress: Progress = no_progress,
    ) -> Iterator[pa.Table]:
        """Yield ``user, rank, item, band`` of each place of each list, a block of users at a time.

        Where the model tells chances, ``click`` and ``buy`` are those that the user chooses, or
        buys, the item where he is shown it.

        Parameters
        ----------
        users : ndarray of object, shape (n,)
            Labels of the visits.
        visits : Visits
            In the codes of this catalogue.
        k : int or None
            Places of a list; None for as many as were judged.
        """
        bands = np.array(BANDS, dtype=object)[bands_of(self.popularity)]
        for start in range(0, len(visits), _BLOCK):
            rows = np.arange(start, min(start + _BLOCK, len(visits)))
            asked = visits.take(rows)
            lists = self.lists(asked, k)
            visit, place = np.nonzero(lists >= 0)
            chances = chances_of(self.ranker, asked, np.maximum(lists, 0))
            item = lists[visit, place]
            yield pa.table(
                {
                    "user": pa.array(users[rows[visit]], pa.string()),
                    "rank": pa.array(place + 1, pa.int32()),
                    "item": pa.array(self.items[item], pa.string()),
                    "band": pa.array(bands[item], pa.string()),
                    **{task: pa.array(p[visit, place]) for task, p in chances.items()},
                }
            )
            progress((rows[-1] + 1) / len(visits))

    def lists(self, visits: Visits, k: int | None = None) -> Ints:
        """Return the list of each visit, shape (visits, k); -1 where no item is left."""
        return top_lists(
            *(self.ranker, visits, self.manifest["k"] if k is None else k),
            items=len(self.items),
            unseen=bool(self.manifest["unseen"]),
            adjust=self.adjust,
            cutting=cutting_of(self.rules, self.spread),
        )

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        with scratch() as folder, written(path) as (part,):
            about = {
                **self.manifest,
                "format": FORMAT,
                "arm": self.arm,
                "columns": {**vars(self.columns), "time": list(self.columns.time)},
                "spread": self.spread,
                "params": self.ranker.save(folder),
            }
            put_json(folder / MANIFEST, about)
            catalogue = {"popularity": self.popularity, "adjust": self.adjust}
            put_arrays(folder / "items.npz", {**catalogue, **_as_bytes(self.items)})
            if self.rules is not None:
                put_arrays(folder / "rules.npz", self.rules.to_state())
            pack(folder, part)


def recommender_of(
    arm: RankingArm,
    log: EventLog,
    columns: LogColumns,
    plan: RankingPlan,
    *,
    tau: float | None,
    fingerprint: str,
    progress: FitProgress = no_progress,
) -> SavedRecommender:
    """Return an arm fitted on all events of a log, the last of each user as well.

    Parameters
    ----------
    plan : RankingPlan
        That the arm is of.
    tau : float or None
        How far an arm that re-ranks does so, as its comparison found.
    fingerprint : str
        Of the table.

    Raises
    ------
    UserError
        When the arm cannot serve this log.
    """
    refused = why_not(arm, log)
    if refused is not None:
        raise UserError("{arm}: {reason}", arm=arm.name, reason=refused)
    ranker = fit_arm(arm, log, plan.seed, progress)
    rules = Rules.of(log, arm.remedy_params, plan.seed) if arm.remedy.reranks else None
    spread = spread_of(ranker, log) if arm.remedy.reranks else 1.0
    return SavedRecommender(
        arm=arm.name,
        ranker=ranker,
        items=log.items,
        popularity=log.popularity,
        adjust=discount(log.popularity, tau or 0.0, spread),
        rules=rules,
        spread=spread,
        columns=columns,
        manifest={
            "model": arm.model.name,
            "k": plan.k,
            "unseen": plan.unseen,
            "seed": plan.seed,
            "fingerprint": fingerprint,
            "context": list(arm.model.columns(arm.model_params)),
            "events": len(log),
            "users": len(log.users),
        },
    )


def load_recommender(path: Path) -> SavedRecommender:
    """Read a ``recommender.rebal`` that may come from a stranger; nothing in it is ever executed.

    Raises
    ------
    UserError
        When it is none of ours, of another format, or holds anything that does not belong.
    """
    return read_foreign(
        path,
        _NAMES,
        _read,
        UserError(
            "There is no file {path}; name a recommender.rebal from `rebal recommend --to`.",
            path=path,
        ),
        lambda error: UserError(
            "{name} is no recommender that Rebal can read ({error}); name a recommender.rebal "
            "from `rebal recommend --to`.",
            name=path.name,
            error=error,
        ),
    )


def _read(folder: Path) -> SavedRecommender:
    about = read_json(folder / MANIFEST)
    require_format(about["format"], FORMAT, folder.name)
    catalogue = read_arrays(folder / "items.npz")
    items, columns, rules = _from_bytes(catalogue), about.pop("columns"), None
    if (folder / "rules.npz").exists():
        rules = Rules.from_state(read_arrays(folder / "rules.npz"), len(items))
    names = [columns["user"], columns["item"], *columns["time"], columns["event"] or ""]
    if not all(isinstance(name, str) for name in (*names, *about["context"])):
        raise ValueError("names of columns that are none")
    model = RECOMMENDERS[about["model"]].build()
    saved = SavedRecommender(
        arm=str(about["arm"]),
        ranker=type(model).load(folder, about.pop("params")),
        items=items,
        popularity=catalogue["popularity"].astype(np.int64),
        adjust=catalogue["adjust"].astype(np.float64),
        rules=rules,
        spread=float(about.pop("spread")),
        columns=LogColumns(**{**columns, "time": tuple(columns["time"])}),
        manifest=about,
    )
    context = about["context"]
    if len(set(context)) < len(context) or not {*getattr(saved.ranker, "context", ())} <= {
        *context
    }:
        raise ValueError("another context than the model's")
    if type(about["k"]) is not int or not 1 <= about["k"] <= MOST_PLACES:
        raise ValueError("places that are none")
    if not len(items) == len(saved.popularity) == len(saved.adjust):
        raise ValueError("the catalogue does not fit together")
    if (saved.popularity < 0).any() or not np.isfinite([saved.spread, *saved.adjust]).all():
        raise ValueError("numbers of another kind")
    # Somebody of no event, and somebody of one.
    asked = Visits(np.full(2, -1), np.array([0, 0, 1]), np.zeros(1, np.int64), np.ones(1))
    scores = saved.ranker.score(asked)
    if scores.shape != (2, len(items)):
        raise ValueError("the model orders another catalogue")
    told = chances_of(saved.ranker, asked, np.maximum(saved.lists(asked), 0))
    if not all(np.isfinite(found).all() for found in (scores, *told.values())):
        raise ValueError("scores or chances that are none")
    return saved


def _as_bytes(labels: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Return texts as one array of bytes and where each ends."""
    texts = [str(label).encode() for label in labels]
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    return {"text": np.frombuffer(b"".join(texts), dtype=np.uint8), "ends": ends}


def _from_bytes(arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Return what :func:`_as_bytes` wrote.

    Raises
    ------
    ValueError
        When ends do not rise, or are not those of the bytes.
    """
    text, ends = arrays["text"].astype(np.uint8).tobytes(), arrays["ends"].astype(np.int64)
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    if (ends < starts).any() or (ends[-1] if ends.size else 0) != len(text):
        raise ValueError("texts of another length")
    found = [text[a:b].decode() for a, b in zip(starts, ends, strict=True)]
    return np.array(found, dtype=object)


def hand_over(
    saved: SavedRecommender,
    log: EventLog,
    files: Sequence[Path],
    k: int | None = None,
    progress: Progress = no_progress,
) -> int:
    """Write the list of every user of a log into files, and return how many events are unknown.

    Parameters
    ----------
    log : EventLog
        Any log: its codes are its own.
    files : sequence of Path
        Each a .csv or .parquet file.
    k : int or None
        Places of a list; None for as many as were judged.

    Raises
    ------
    UserError
        When nobody did anything.
    """
    visits, unknown = saved.visits(log)
    if not len(visits):
        raise UserError("The table has no user with an event, so there is no list to write.")
    for place, file in enumerate(files):
        told = partial(_part, progress, place, len(files))
        write_blocks(saved.tables(log.users, visits, k, told), file)
    return unknown


def _part(progress: Progress, place: int, parts: int, share: float) -> None:
    progress((place + share) / parts)
