"""The splits of a protocol on a dataset: which rows train and which test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.arm import Protocol, Split
from rebal_core.data.dataset import Dataset
from rebal_core.data.eras import outside
from rebal_core.data.split import make_splits, splits_of_repeat
from rebal_core.data.unsure_times import refuse_unsure_times
from rebal_core.experiment.files import Damaged, reading
from rebal_core.files import read_arrays, write_arrays
from rebal_core.rows import Ints
from rebal_core.schema import Schema
from rebal_core.seeding import generator
from rebal_core.wording import UserError


def open_dataset(home: Path, identifier: str, schema: Mapping[str, Any]) -> Dataset:
    """Open a dataset with the roles of a plan; the dataset's own stay as they are."""
    dataset = Dataset.open(home / "datasets" / identifier)
    return replace(dataset, schema=Schema.from_dict(schema))


def group_and_time(
    dataset: Dataset, group: str | None, time: str | None
) -> dict[str, NDArray[Any]]:
    """Read the columns by which rows are split, as ``make_splits`` wants them.

    A row without a group is a group of its own; a row without a time stands in no split, nor does
    one with a time of no event, such as 9999-12-31.

    Raises
    ------
    UserError
        When the time column holds neither numbers nor dates.
    """
    found: dict[str, NDArray[Any]] = {}
    if group:
        codes = pd.factorize(dataset.frame([group])[group])[0].astype(np.int64)
        alone = codes < 0
        codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
        found["groups"] = codes
    if time:
        times = dataset.frame([time])[time]
        if not pd.api.types.is_numeric_dtype(times):
            times = pd.to_datetime(times, errors="coerce", format="ISO8601")
        if times.isna().all():
            refuse_unsure_times(dataset, time)
            raise UserError(
                "The column “{time}” holds neither numbers nor dates such as "
                "2026-01-31; name another time column or split by rows.",
                time=time,
            )
        whole = pd.api.types.is_extension_array_dtype(times.dtype)
        stamps = times.to_numpy(float, na_value=np.nan) if whole else times.to_numpy()
        if stamps.dtype.kind == "M":
            stamps = np.where(outside(stamps), np.datetime64("NaT"), stamps)
        found["times"] = stamps
    return found


def splits_of(dataset: Dataset, protocol: Protocol, rows: int | None = None) -> list[Split]:
    """Return every split of a protocol, of all labelled rows or of some drawn from each class."""
    y = drawn(dataset.labels().y, rows, protocol.seed)
    return make_splits(y, protocol, **group_and_time(dataset, protocol.group, protocol.time))


def cut_repeat(dataset: Dataset, protocol: Protocol, rows: int | None, repeat: int) -> list[Split]:
    """Return the splits of one repeat, as :func:`splits_of` cuts them."""
    y = drawn(dataset.labels().y, rows, protocol.seed)
    columns = group_and_time(dataset, protocol.group, protocol.time)
    return splits_of_repeat(y, protocol, repeat, **columns)


def save_splits(path: Path, splits: Sequence[Split], rows: int) -> None:
    """Write the splits of one repeat as ``.npz``: a bit a row for each training and test part."""
    parts = np.zeros((2, len(splits), rows), dtype=bool)
    for split in splits:
        parts[0, split.fold, split.train] = parts[1, split.fold, split.test] = True
    bits = np.packbits(parts, axis=-1)
    about = {"repeat": np.array(splits[0].repeat), "rows": np.array(rows)}
    write_arrays(path, {"bits": bits, **about})


def stored_splits(
    path: Path, dataset: Dataset, protocol: Protocol, rows: int | None, repeat: int
) -> list[Split]:
    """Return the splits of one repeat as they were stored, or cut again where they are gone."""
    with suppress(Damaged, FileNotFoundError), reading(path):
        found = read_arrays(path)
        parts = np.unpackbits(found["bits"], axis=-1, count=int(found["rows"]))
        folds = enumerate(zip(*parts, strict=True))
        return [Split(repeat, k, np.flatnonzero(a), np.flatnonzero(b)) for k, (a, b) in folds]
    return cut_repeat(dataset, protocol, rows, repeat)  # equal splits come of cutting again


def drawn(y: Ints, rows: int | None, seed: int) -> Ints:
    """Return the labels with -1 on all but about ``rows`` rows; every class keeps its share."""
    labelled = np.flatnonzero(y >= 0)
    if rows is None or rows >= len(labelled):
        return y
    rng = generator(seed, "rows")
    lot, codes = rng.random(len(labelled)), y[labelled]
    counts = np.bincount(codes)
    keep = np.maximum(np.round(counts * rows / len(labelled)), np.minimum(counts, 2)).astype(int)
    # Few classes are sorted as small numbers, which takes one pass over ten million rows.
    order = np.argsort(codes.astype(np.min_scalar_type(len(counts))), kind="stable")
    parts = np.split(order, np.cumsum(counts)[:-1])
    kept = np.concatenate(
        [
            p[np.argpartition(lot[p], k)[:k]] if k < len(p) else p
            for p, k in zip(parts, keep, strict=True)
        ]
    )
    kept = labelled[kept]
    thinned = np.full_like(y, -1)
    thinned[kept] = y[kept]
    return thinned
