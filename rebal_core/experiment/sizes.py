"""How wide the categories and how long the texts of a table are, from its first rows."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rebal_core.data.dataset import Dataset
from rebal_core.schema import Schema

#: Rows that are looked at.
LOOKED_AT = 50_000


class Sizes(TypedDict):
    """What :class:`rebal_core.strategies.FoldFacts` wants to know of columns."""

    levels: int
    letters: float


def sizes_of(dataset: Dataset, schema: Schema) -> Sizes:
    """Return the values of all categories together, and the letters of a row in all texts."""
    categories = tuple(c.name for c in schema.features if c.kind == "category")
    texts = tuple(c.name for c in schema.features if c.kind == "text")
    levels, letters = _sizes(dataset.table, dataset.fingerprint, categories, texts)
    return {"levels": levels, "letters": letters}


@lru_cache(maxsize=64)
def _sizes(
    path: Path, fingerprint: str, categories: tuple[str, ...], texts: tuple[str, ...]
) -> tuple[int, float]:
    """Return both numbers; remembered by content."""
    if not categories and not texts:
        return 0, 0.0
    with pq.ParquetFile(path) as file:
        batches = file.iter_batches(LOOKED_AT, columns=[*categories, *texts])
        batch = next(batches, None)
        if batch is None:
            return 0, 0.0
        head = pa.Table.from_batches([batch])
    levels = sum(pc.count_distinct(head[name]).as_py() for name in categories)
    lengths = (pc.sum(pc.utf8_length(head[name].cast(pa.string()))).as_py() for name in texts)
    return levels, sum(length or 0 for length in lengths) / max(1, head.num_rows)
