"""How large a table is: its classes and columns, and how wide and long those are."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rebal_core.data.dataset import Dataset
from rebal_core.facts import TableFacts
from rebal_core.samplers.spaces import MAX_VALUES
from rebal_core.schema import Schema

#: Rows that are looked at.
LOOKED_AT = 50_000


class Sizes(TypedDict):
    """What :class:`rebal_core.facts.TableFacts` wants to know of columns."""

    levels: int
    letters: float
    values: tuple[tuple[str, int], ...]


def sizes_of(dataset: Dataset, schema: Schema) -> Sizes:
    """Return the values of categories, each and all, and the letters of a row in all texts.

    Of the first rows; few values in these are counted in all: a table may be sorted.
    """
    categories = tuple(c.name for c in schema.features if c.kind == "category")
    texts = tuple(c.name for c in schema.features if c.kind == "text")
    values, letters = _sizes(dataset.table, dataset.fingerprint, categories, texts)
    return {
        "levels": sum(values),
        "letters": letters,
        "values": tuple(zip(categories, values, strict=False)),
    }


@lru_cache(maxsize=64)
def _sizes(
    path: Path, fingerprint: str, categories: tuple[str, ...], texts: tuple[str, ...]
) -> tuple[tuple[int, ...], float]:
    """Return the values of each category, and the letters; remembered by content."""
    if not categories and not texts:
        return (), 0.0
    with pq.ParquetFile(path) as file:
        batches = file.iter_batches(LOOKED_AT, columns=[*categories, *texts])
        batch = next(batches, None)
        if batch is None:
            return (), 0.0
        head = pa.Table.from_batches([batch])
        more = head.num_rows < file.metadata.num_rows
        seen = {name: pc.count_distinct(head[name]).as_py() for name in categories}
        values = tuple(
            _few_or_many(file, name) if more and n <= MAX_VALUES else n for name, n in seen.items()
        )
    lengths = (pc.sum(pc.utf8_length(head[name].cast(pa.string()))).as_py() for name in texts)
    return values, sum(length or 0 for length in lengths) / max(1, head.num_rows)


def _few_or_many(file: pq.ParquetFile, name: str) -> int:
    """Return how many values a column has; where it has many, that there are more than a few."""
    seen: set[object] = set()
    for batch in file.iter_batches(LOOKED_AT, columns=[name]):
        seen.update(pc.unique(batch.column(0)).drop_null().to_pylist())
        if len(seen) > MAX_VALUES:
            break
    return len(seen)


def facts_of(dataset: Dataset, schema: Schema, rows: int | None = None) -> TableFacts:
    """Return what strategies and classifiers want to know of a table before it is prepared."""
    labels = replace(dataset, schema=schema).labels()
    kinds = [c.kind for c in schema.features]
    added = 0 if schema.rates is None else len(schema.rates.keys)
    facts = TableFacts(
        rows=sum(labels.counts),
        counts=labels.counts,
        numbers=kinds.count("number") + kinds.count("time") + added,
        categories=kinds.count("category"),
        texts=kinds.count("text"),
        embeddings=kinds.count("embedding"),
        labels=labels.classes,
        columns=tuple((c.name, c.role) for c in schema.columns),
        kinds=tuple((c.name, c.kind) for c in schema.features),
        unlabelled=labels.missing,
        **sizes_of(dataset, schema),
    )
    return facts if rows is None else thinned(facts, rows)


def thinned(facts: TableFacts, rows: int) -> TableFacts:
    """Return the facts of fewer rows, drawn from every class alike."""
    if rows >= facts.rows:
        return facts
    part = tuple(max(round(n * rows / facts.rows), min(n, 2)) for n in facts.counts)
    return replace(facts, rows=sum(part), counts=part)
