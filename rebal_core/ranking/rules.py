"""What a list has to keep beside the order of its scores: quality, a cap, and diversity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from rebal_core.data.preparing.encoders import as_numbers
from rebal_core.data.preparing.encoders import spread as spread_of_columns
from rebal_core.ranking.attributes import attribute_vectors
from rebal_core.ranking.diversity import diversity, unit_rows, vectors_of
from rebal_core.ranking.exposure import list_mean
from rebal_core.ranking.lists import cut
from rebal_core.ranking.log import Bools, EventLog, Visits
from rebal_core.ranking.metrics import mean_of_known
from rebal_core.ranking.models.base import Scores
from rebal_core.rows import Floats, Ints
from rebal_core.wording import Text

#: What items are compared by.
TOGETHER, ATTRIBUTES = "together", "attributes"
#: Items that a place is chosen among; where a cap leaves none of them, more are looked at.
CANDIDATES = 200
#: The arrays of a sparse matrix.
_SPARSE = ("data", "indices", "indptr")
#: How many times more are looked at then.
_MORE = 10
#: Numbers of candidates held at a time (64 MB).
_BLOCK = 1 << 23


@dataclass(frozen=True)
class Rules:
    """What decides beside the scores; all of it is told, nothing is learned.

    Parameters
    ----------
    standing : ndarray of shape (items,) or None
        Quality, in standard deviations above the mean of the catalogue; unknown quality is 0.
    weight : float
        Spreads of the model's scores that an item gains for one of them.
    group : ndarray of shape (items,) or None
        Code of the value that is capped, -1 for items that have none and are not.
    most : int
        Places of a list that items of one group may hold. Where the catalogue has too few others,
        the best of those left over fill the list.
    diversity : float
        Share of what decides that is unlikeness, from 0 to 1. A place goes to the item of the
        largest ``(1 - diversity) score / spread - diversity max cos(item, shown)``, over the items
        that stand in the list already: maximal marginal relevance.
    units : csr_matrix or ndarray of shape (items, d), or None
        Vectors of length 1 that items are compared by.
    cosines : csr_matrix of shape (items, items) or None
        Those of sparse vectors, made once; the columns of a row rise.

    References
    ----------
    Carbonell & Goldstein (1998), The use of MMR, diversity-based reranking for reordering documents
    and producing summaries, SIGIR.
    """

    standing: Floats | None = None
    weight: float = 0.0
    group: Ints | None = None
    most: int = 1
    diversity: float = 0.0
    units: Any = None
    cosines: sp.csr_matrix | None = None

    @classmethod
    def of(cls, log: EventLog, params: Mapping[str, Any], seed: int = 0) -> Rules | None:
        """Return what the parameters of re-ranking say of a log; None where nothing is ruled."""
        quality, cap, share = params["quality"], params["cap"], float(params["diversity"])
        if not (quality or cap or share):
            return None
        about, standing, group, units = log.beside_items, None, None, None
        if quality and about is not None:
            standing = standings(about[quality])
        if cap and about is not None:
            group = pd.factorize(about[cap])[0].astype(np.int64)
        if share and params["alike"] == TOGETHER:
            units = unit_rows(vectors_of(log))
        elif share and log.about_items is not None:
            units = unit_rows(attribute_vectors(log.about_items, seed)).toarray()
        weight, most = float(params["quality_weight"]), int(params["most"])
        return cls(standing, weight, group, most, share, units, _cosines(units))

    def to_state(self) -> dict[str, Any]:
        """Return plain arrays from which :meth:`from_state` makes the same rules."""
        found = {"numbers": np.array([self.weight, self.most, self.diversity])}
        found |= {} if self.standing is None else {"standing": self.standing}
        found |= {} if self.group is None else {"group": self.group}
        if sp.issparse(self.units):
            found |= {name: getattr(self.units, name) for name in _SPARSE}
            found["shape"] = np.array(self.units.shape)
        elif self.units is not None:
            found["units"] = self.units
        return found

    @classmethod
    def from_state(cls, arrays: Mapping[str, Any], items: int) -> Rules:
        """Rebuild the rules from arrays that a stranger may have made.

        Raises
        ------
        ValueError
            When they are not the rules of a catalogue of so many items.
        """
        weight, most, share = arrays["numbers"].astype(np.float64).tolist()
        standing, group = arrays.get("standing"), arrays.get("group")
        units: Any = arrays.get("units")
        if "shape" in arrays:
            parts = tuple(arrays[name] for name in _SPARSE)
            units = sp.csr_matrix(parts, shape=tuple(arrays["shape"].tolist()))
            units.check_format(full_check=True)
        values = units.data if sp.issparse(units) else units
        for named, numbers in ((standing, standing), (group, group), (units, values)):
            if named is None:
                continue
            if named.shape[0] != items or not np.isfinite(np.asarray(numbers)).all():
                raise ValueError("rules of another catalogue")
        if not (most >= 1 and 0 <= share <= 1 and np.isfinite(weight) and most == int(most)):
            raise ValueError("numbers of another kind")
        if share and units is None:
            raise ValueError("nothing to be unlike by")
        if group is not None:
            group = group.astype(np.int64)
        return cls(standing, weight, group, int(most), share, units, _cosines(units))

    def cut(
        self,
        scores: Scores,
        k: int,
        *,
        spread: float,
        adjust: Floats | None = None,
        seen: Visits | None = None,
    ) -> Ints:
        """Return the lists of one block; see :func:`rebal_core.ranking.lists.cut`.

        Parameters
        ----------
        spread : float
            See :func:`rebal_core.ranking.rerank.spread_of`.
        """
        if self.standing is not None:
            raised = spread * self.weight * self.standing
            adjust = raised if adjust is None else adjust + raised
        if adjust is not None:
            scores = scores + adjust.astype(np.float32)
        if self.group is None and not self.diversity:
            return cut(scores, k, seen=seen)
        n, items = scores.shape
        lists = np.full((n, k), -1, dtype=np.int64)
        left, size = np.arange(n), max(CANDIDATES, 4 * k)
        while left.size:
            size = min(size, items)
            some, asked = scores[left], None if seen is None else seen.take(left)
            codes = cut(some, size, seen=asked)
            worth = np.take_along_axis(some, codes, axis=1).astype(np.float64)
            lists[left] = self._chosen(worth / (spread or 1.0), codes, k, last=size == items)
            left = left[(lists[left] < 0).any(axis=1) & (size < items)]
            size *= _MORE
        return lists

    def told(self, lists: Ints) -> dict[str, float]:
        """Return what lists are by these rules.

        Returns
        -------
        dict of float
            ``quality``: mean of the places, in standard deviations above the mean of the catalogue;
            ``over_cap``: share of the lists that break the cap; ``diversity`` of a list, by what
            items are compared by. What is not ruled is left out.
        """
        found: dict[str, float] = {}
        if self.standing is not None:
            found["quality"] = mean_of_known(list_mean(lists, self.standing))
        if self.group is not None:
            found["over_cap"] = float(self._breaks(lists).mean())
        if self.units is not None:
            found["diversity"] = mean_of_known(diversity(lists, self.units))
        return found

    def _breaks(self, lists: Ints) -> Bools:
        """Return which lists hold more of one group than they may."""
        assert self.group is not None
        groups = np.sort(np.where(lists >= 0, self.group[lists], -1), axis=1)
        # In their order, equal ones stand side by side: one too many equals that `most` before it.
        one, before = groups[:, self.most :], groups[:, : max(lists.shape[1] - self.most, 0)]
        found: Bools = ((one == before) & (one >= 0)).any(axis=1)
        return found

    def _chosen(self, worth: Floats, codes: Ints, k: int, *, last: bool) -> Ints:
        """Choose place after place among candidates, which stand best first.

        Parameters
        ----------
        last : bool
            Whether they are all there are: a cap that leaves none of them gives way.
        """
        lists = np.full((len(codes), k), -1, dtype=np.int64)
        cells = codes.shape[1]
        if self.diversity and self.cosines is None:
            cells *= max(self.units.shape[1], 1)
        step = max(_BLOCK // cells, 1)
        for start in range(0, len(codes), step):
            part = slice(start, start + step)
            self._fill(lists[part], worth[part], codes[part], last)
        return lists

    def _fill(self, lists: Ints, worth: Floats, codes: Ints, last: bool) -> None:
        rows, there = np.arange(len(codes)), codes >= 0
        closest = np.full(codes.shape, -1.0)
        held = np.zeros(codes.shape, dtype=np.int64)
        groups = None if self.group is None else self.group[codes]
        for place in range(lists.shape[1]):
            able = there & (held < self.most) if groups is not None else there
            if last:
                able = np.where(able.any(axis=1, keepdims=True), able, there)
            value = (1 - self.diversity) * worth - self.diversity * closest
            best = np.where(able, value, -np.inf).argmax(axis=1)
            given = able[rows, best]
            lists[given, place] = codes[rows, best][given]
            there[rows, best] &= ~given
            if groups is not None:
                same = groups == groups[rows, best][:, None]
                held += same & (groups >= 0) & given[:, None]
            if self.diversity:
                closest = np.maximum(closest, self._likeness(codes[rows, best], codes))

    def _likeness(self, shown: Ints, codes: Ints) -> Floats:
        """Return the cosine of each candidate to the item that was shown, shape of ``codes``."""
        if self.cosines is None:
            found: Floats = np.einsum("nd,nmd->nm", self.units[shown], self.units[codes])
            return found
        # Looked up row by row: a sparse matrix hands out single cells a hundred times slower.
        near, found = self.cosines, np.zeros(codes.shape)
        for row, item in enumerate(shown):
            own = slice(near.indptr[item], near.indptr[item + 1])
            there, value = near.indices[own], near.data[own]
            at = np.searchsorted(there, codes[row])
            hit = np.flatnonzero(at < there.size)
            hit = hit[there[at[hit]] == codes[row, hit]]
            found[row, hit] = value[at[hit]]
        return found


def _cosines(units: Any) -> sp.csr_matrix | None:
    """Return the cosines of all pairs of sparse vectors of length 1."""
    if units is None or not sp.issparse(units):
        return None
    found = sp.csr_matrix(units @ units.T)
    found.sort_indices()
    return found


def standings(values: pd.Series) -> Floats:
    """Return numbers in standard deviations above their mean; 0 where one is missing."""
    numbers = as_numbers(values)
    known = ~np.isnan(numbers)
    center, scale = spread_of_columns(numbers[known][:, None])
    return np.where(known, (numbers - center) / scale, 0.0)


def unserved(log: EventLog, params: Mapping[str, Any]) -> Text | None:
    """Return why a log cannot be ruled so, or None."""
    quality, about = params["quality"], log.beside_items
    # What is missing has no quality of its own, and is a group that no cap holds back.
    for named, dropna in ((quality, True), (params["cap"], False)):
        if named and about is not None and about[named].nunique(dropna=dropna) < 2:
            return Text(
                "“{column}” has no two different values among the items, so it changes nothing.",
                {"column": named},
            )
    if quality and about is not None and not pd.api.types.is_numeric_dtype(about[quality].dtype):
        return Text(
            "“{column}” holds neither numbers nor dates, so no item is better by it.",
            {"column": quality},
        )
    if float(params["diversity"]) and params["alike"] == ATTRIBUTES and log.about_items is None:
        return Text("There are no attributes of the items; name a table or columns that hold some.")
    return None
