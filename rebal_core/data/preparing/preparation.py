"""Preparation: a table becomes typed rows, fitted on the training rows of one fold."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from rebal_core.data.dataset import focus_of
from rebal_core.data.preparing.encoders import Categories, Embeddings, Numbers, as_numbers
from rebal_core.data.preparing.rates import Rate
from rebal_core.data.preparing.restore import decimals, restored
from rebal_core.data.preparing.tfidf import TextEncoder
from rebal_core.drawn import Drawn
from rebal_core.layout import UNSEEN
from rebal_core.rows import Floats, Ints, Layout, Recipe, TypedRows, Unseen
from rebal_core.schema import Column, Schema
from rebal_core.units import Units
from rebal_core.wording import UserError, listed


@dataclass(frozen=True)
class Preparation:
    """What was learned from training rows, to be applied to any rows of the same table.

    Parameters
    ----------
    schema : Schema
        Roles, kinds and ways to fill.
    numbers, categories, texts, embeddings
        The fitted encoders of each kind of column.
    rates : tuple of Rate
        What is told of the past of each row; to a classifier they are numbers like others.
    """

    schema: Schema
    numbers: Numbers
    categories: Categories
    texts: tuple[TextEncoder, ...]
    embeddings: Embeddings
    rates: tuple[Rate, ...] = ()

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame,
        y: Ints,
        schema: Schema,
        *,
        seed: int = 0,
        classes: Sequence[str] = (),
    ) -> tuple[Preparation, TypedRows]:
        """Learn from training rows.

        Parameters
        ----------
        frame : DataFrame of n training rows
        y : ndarray of shape (n,)
            Labels 0..K-1.
        schema : Schema
        seed : int
            Of the truncated SVD of the text.
        classes : sequence of str
            Labels by code, by which steps call them.

        Returns
        -------
        Preparation
        TypedRows
            The same rows, typed, with the columns beside them that steps may ask for.

        Raises
        ------
        UserError
            When the schema has no feature, a feature is absent, or a fill value cannot be read.
        """
        if not schema.features:
            raise UserError("No column is a feature; give at least one column the role feature.")
        _require(frame, schema.needed)
        rates = _fitted_rates(frame, y, schema, classes)
        frame = _with_rates(frame, rates, schema)
        kinds: dict[str, list[Column]] = {}
        for column in schema.features:
            kinds.setdefault("number" if column.kind == "time" else column.kind, []).append(column)
        if schema.rates is not None:
            kinds.setdefault("number", []).extend(Column(n, "number") for n in schema.rates.names)
        fitted = [TextEncoder.fit(frame[c.name], y, seed=seed) for c in kinds.get("text", [])]
        preparation = cls(
            schema=schema,
            numbers=Numbers.fit(frame, kinds.get("number", [])),
            categories=Categories.fit(frame, kinds.get("category", [])),
            texts=tuple(encoder for encoder, _ in fitted),
            embeddings=Embeddings.fit(frame, kinds.get("embedding", [])),
            rates=rates,
        )
        rows = preparation._typed(frame, y, [tfidf for _, tfidf in fitted])
        known = preparation.plain(frame)
        digits = {name: places for name, v in known.items() if (places := decimals(v)) is not None}
        units = preparation.units(digits, {name for name, v in known.items() if np.isnan(v).any()})
        unseen = _unseen(frame, schema)
        return preparation, replace(rows, unseen=unseen, units=units, classes=tuple(classes))

    def transform(self, frame: pd.DataFrame, y: Ints | None = None) -> TypedRows:
        """Return any rows of the same table as typed rows; ``y`` is -1 where it is not given."""
        _require(frame, self.schema.needed)
        frame = _with_rates(frame, self.rates, self.schema)
        tfidf = [encoder.transform(frame[encoder.name]) for encoder in self.texts]
        return self._typed(frame, np.full(len(frame), -1) if y is None else y, tfidf)

    def told(self, frame: pd.DataFrame) -> Floats:
        """Return what is told of the past of each row, shape (n, rates)."""
        rates = _with_rates(frame, self.rates, self.schema)
        return rates[[rate.name for rate in self.rates]].to_numpy(dtype=np.float64)

    def plain(self, frame: pd.DataFrame) -> dict[str, Floats]:
        """Return the values of each number column, neither filled nor scaled, of any rows."""
        if not all(name in frame for name in self.numbers.names):
            frame = _with_rates(frame, self.rates, self.schema)
        return {name: as_numbers(frame[name]) for name in self.numbers.names}

    @property
    def players(self) -> tuple[str, ...]:
        """Columns that speak for or against a class: the features, then the rates."""
        features = (column.name for column in self.schema.features)
        return (*features, *(rate.name for rate in self.rates))

    def _typed(self, frame: pd.DataFrame, y: Ints, tfidf: Sequence[sp.csr_matrix]) -> TypedRows:
        blocks = [self.numbers.transform(frame), *self.embeddings.transform(frame)]
        text = dense = None
        if self.texts:
            text = sp.csr_matrix(sp.hstack(tfidf, format="csr"))
            parts = [encoder.dense(t) for encoder, t in zip(self.texts, tfidf, strict=True)]
            dense = np.hstack(parts)
        return TypedRows(
            numbers=np.ascontiguousarray(np.hstack(blocks)),
            codes=self.categories.transform(frame),
            y=np.asarray(y, dtype=np.int64),
            layout=self.layout,
            text=text,
            text_dense=dense,
            weight=self._weight(frame),
        )

    def _weight(self, frame: pd.DataFrame) -> Floats | None:
        """Return the user's row weights; a missing one counts as 1."""
        names = [name for name in self.schema.named("weight") if name in frame]
        if not names:
            return None
        weight = as_numbers(frame[names[0]])
        weight = np.where(np.isnan(weight), 1.0, weight)
        if (weight < 0).any():
            raise UserError(
                "Column “{column}” holds negative weights; weights start at 0.", column=names[0]
            )
        return weight

    @property
    def values(self) -> dict[str, tuple[str, ...]]:
        """Known values of each category column, in the order of their codes."""
        return dict(zip(self.categories.names, self.categories.values, strict=True))

    @property
    def known(self) -> dict[str, tuple[str, ...]]:
        """Known values of all columns that are read as names: categories, and keys of rates."""
        keys = [dict(zip(r.columns.names, r.columns.values, strict=True)) for r in self.rates]
        return {name: values for own in (*keys, self.values) for name, values in own.items()}

    @cached_property
    def layout(self) -> Layout:
        """Names and widths of the typed columns."""
        flagged = [self.numbers.names[j] for j in self.numbers.flagged]
        names = [*self.numbers.names, *(f"{name}=missing" for name in flagged)]
        players = [*self.numbers.names, *flagged]
        for name, center in zip(self.embeddings.names, self.embeddings.centers, strict=True):
            names += [f"{name}[{j}]" for j in range(len(center))]
            players += [name] * len(center)
        return Layout(
            numbers=tuple(names),
            codes=self.categories.names,
            cardinalities=tuple(len(values) for values in self.categories.values),
            texts=tuple(encoder.name for encoder in self.texts),
            text_blocks=_blocks([len(encoder.terms) for encoder in self.texts]),
            dense_blocks=_blocks([len(encoder.components) for encoder in self.texts]),
            embeddings=self.embeddings.names,
            players=tuple(players),
        )

    def units(self, digits: Mapping[str, int], gaps: Container[str]) -> Units:
        """Return how the typed columns read.

        Parameters
        ----------
        digits : mapping of str to int
            Decimals of the number columns that have so many.
        gaps : container of str
            Number columns of which a value is missing.
        """
        numbers = self.numbers
        flagged = {numbers.names[j] for j in numbers.flagged}
        stand_ins = zip(numbers.names, numbers.fills.tolist(), strict=True)
        return Units(
            centers=tuple(numbers.centers.tolist()),
            scales=tuple(numbers.scales.tolist()),
            fills=tuple(v if n in gaps and n not in flagged else None for n, v in stand_ins),
            decimals=tuple(map(digits.get, numbers.names)),
            values=self.categories.values,
        )

    def restore(
        self,
        frame: pd.DataFrame,
        recipe: Recipe,
        rows: Ints,
        fits: Sequence[str | None] | None = None,
        distances: Floats | None = None,
    ) -> pd.DataFrame:
        """Return a resampled set in the user's own columns, types and values.

        Parameters
        ----------
        frame : DataFrame
            The training rows that the recipe speaks of, with all columns of the table.
        recipe : Recipe
        rows : ndarray
            0-based row numbers of the accepted table, one for each row of ``frame``.
        fits : sequence of str or None, optional
            From which fit each row of the recipe was drawn that has no parents.
        distances : ndarray, optional
            How far such a row lies from the nearest row of its class.

        Returns
        -------
        DataFrame
            As told in :func:`rebal_core.data.preparing.restore.restored`.
        """
        fills = dict(zip(self.numbers.names, self.numbers.fills.tolist(), strict=True))
        drawn = {} if recipe.drawn is None else self.values_of(recipe.drawn)
        return restored(frame, recipe, rows, self.schema, fills, drawn, fits, distances)

    def values_of(self, drawn: Drawn) -> dict[str, Any]:
        """Return drawn rows by the user's own columns, texts aside."""
        plain = len(self.numbers.names) + len(self.numbers.flagged)
        return {
            **self.numbers.inverse(drawn.numbers),
            **self.embeddings.inverse(drawn.numbers[:, plain:]),
            **self.categories.inverse(drawn.codes),
        }

    def to_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return plain values for JSON, and arrays for ``np.savez``; no pickle is needed."""
        values: dict[str, Any] = {
            "schema": self.schema.to_dict(),
            "numbers": {"names": self.numbers.names, "flagged": self.numbers.flagged},
            "categories": asdict(self.categories),
            "texts": [{"name": t.name, "terms": t.terms} for t in self.texts],
            "embeddings": self.embeddings.names,
        }
        arrays: dict[str, NDArray[Any]] = {
            "fills": self.numbers.fills,
            "centers": self.numbers.centers,
            "scales": self.numbers.scales,
        }
        for j, encoder in enumerate(self.texts):
            arrays[f"idf_{j}"] = encoder.idf
            arrays[f"components_{j}"] = encoder.components
        for j, (center, scale) in enumerate(
            zip(self.embeddings.centers, self.embeddings.scales, strict=True)
        ):
            arrays[f"embedding_centers_{j}"] = center
            arrays[f"embedding_scales_{j}"] = scale
        for j, rate in enumerate(self.rates):
            about, own = rate.to_state()
            values.setdefault("rates", []).append(about)
            arrays |= {f"rate_{j}_{name}": array for name, array in own.items()}
        return values, arrays

    @classmethod
    def from_state(
        cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Preparation:
        """Rebuild what :meth:`to_state` gave."""
        number, category = values["numbers"], values["categories"]
        width = range(len(values["embeddings"]))
        return cls(
            schema=Schema.from_dict(values["schema"]),
            numbers=Numbers(
                tuple(number["names"]),
                arrays["fills"],
                arrays["centers"],
                arrays["scales"],
                tuple(number["flagged"]),
            ),
            categories=Categories(
                tuple(category["names"]),
                tuple(tuple(known) for known in category["values"]),
                tuple(category["fills"]),
            ),
            texts=tuple(
                TextEncoder(
                    t["name"], tuple(t["terms"]), arrays[f"idf_{j}"], arrays[f"components_{j}"]
                )
                for j, t in enumerate(values["texts"])
            ),
            embeddings=Embeddings(
                tuple(values["embeddings"]),
                tuple(arrays[f"embedding_centers_{j}"] for j in width),
                tuple(arrays[f"embedding_scales_{j}"] for j in width),
            ),
            rates=tuple(
                Rate.from_state(about, {n: arrays[f"rate_{j}_{n}"] for n in Rate.ARRAYS})
                for j, about in enumerate(values.get("rates", ()))
            ),
        )


def _require(frame: pd.DataFrame, columns: Sequence[Column]) -> None:
    absent = [c.name for c in columns if c.name not in frame]
    if absent:
        raise UserError(
            "The table lacks the columns {columns} that the model was fitted on.",
            columns=listed([f"“{name}”" for name in absent], 5),
        )


def _fitted_rates(
    frame: pd.DataFrame, y: Ints, schema: Schema, classes: Sequence[str]
) -> tuple[Rate, ...]:
    """Learn how often the class in focus, the rarest unless one is named, occurred before."""
    if schema.rates is None:
        return ()
    focus = focus_of(classes, schema.positive) if classes else int(y.max(initial=0))
    hit = np.asarray(y) == focus
    return tuple(Rate.fit(frame, hit, key, schema.rates.time) for key in schema.rates.keys)


def _with_rates(frame: pd.DataFrame, rates: Sequence[Rate], schema: Schema) -> pd.DataFrame:
    if schema.rates is None:
        return frame
    time = schema.rates.time
    told = {rate.name: rate.transform(frame, time) for rate in rates}
    return pd.concat([frame, pd.DataFrame(told, index=frame.index)], axis=1)


def _unseen(frame: pd.DataFrame, schema: Schema) -> tuple[Unseen, ...]:
    """Return the columns that hold rows together or in order, as numbers."""
    found = []
    for column in schema.columns:
        if column.role in UNSEEN and column.name in frame:
            if column.role == "time":
                values = as_numbers(frame[column.name])
            else:
                codes = pd.factorize(frame[column.name])[0].astype(np.float64)
                values = np.where(codes < 0, np.nan, codes)
            found.append(Unseen(column.name, column.role, values))
    return tuple(found)


def _blocks(widths: Sequence[int]) -> tuple[tuple[int, int], ...]:
    ends = np.cumsum([0, *widths]).tolist()
    return tuple(pairwise(ends))
