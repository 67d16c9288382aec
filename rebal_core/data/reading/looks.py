"""One look at all values of text columns, a batch at a time, shared among threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rebal_core.data.duck import default_threads
from rebal_core.data.reading.facts import TextFacts

_BATCH_VALUES, _BATCH_ROWS = 500_000, 1 << 16


def batch_rows(columns: int) -> int:
    """Return the rows of a batch of so many text columns."""
    return min(max(_BATCH_VALUES // max(columns, 1), 2048), _BATCH_ROWS)


@contextmanager
def looking(
    facts: dict[int, TextFacts], na: Sequence[str]
) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """Give the function that adds a batch to the facts of its columns.

    Parameters
    ----------
    facts : dict of int to TextFacts
        By the place of the column in the batches; changed.
    na : sequence of str
        Tokens that mean "missing".
    """
    threads = default_threads()
    places = list(facts)
    shares = [places[k::threads] for k in range(threads)]

    def share_added(batch: pa.RecordBatch, share: Sequence[int]) -> None:
        for place in share:
            facts[place].add(batch.column(place), na)

    with ThreadPoolExecutor(threads) as pool:
        yield lambda batch: [*pool.map(partial(share_added, batch), shares)].clear()
    pa.default_memory_pool().release_unused()


def facts_of(path: Path, places: Sequence[int], na: Sequence[str]) -> dict[int, TextFacts]:
    """Return the facts of some text columns of a Parquet file.

    Parameters
    ----------
    places : sequence of int
        Of the columns, from 0.
    """
    file = pq.ParquetFile(path)
    names = file.schema_arrow.names
    # Doubled names cannot be asked for one by one.
    once = len(set(names)) == len(names)
    found = {(k if once else place): TextFacts() for k, place in enumerate(places)}
    size = batch_rows(len(places))
    with looking(found, na) as look:
        # One row group after the other: asked for all of them, Arrow keeps too many at hand.
        for group in range(file.metadata.num_row_groups) if places else ():
            asked = [names[place] for place in places] if once else None
            for batch in file.iter_batches(batch_size=size, row_groups=[group], columns=asked):
                look(batch)
    return dict(zip(places, found.values(), strict=True))
