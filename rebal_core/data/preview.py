"""A look at a table before it is read: what the page shows, and lets the user correct."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rebal_core.data.columnar import open_parquet
from rebal_core.data.delimited import Text, open_text
from rebal_core.data.dialect import records
from rebal_core.data.encoding import candidates
from rebal_core.data.load import read_table, require_file
from rebal_core.data.mask import Personal, find_personal
from rebal_core.types import Schema, UserError

ROWS = 200
_SAMPLE_ROWS = 2_000


@dataclass(frozen=True)
class Preview:
    """What a table looks like as it would be read.

    Parameters
    ----------
    encoding, delimiter : str or None
        In use; None for Parquet.
    candidates : tuple of (str, str)
        Other encodings that fit, likeliest first, each with a sample of the text.
    schema : Schema
        Guess from the first 2,000 rows.
    head : DataFrame
        The first 200 rows.
    rows : int
        Rows of the whole table: exact for Parquet, an estimate for text.
    renamed : dict of str to str
        New name to name in the file.
    na_proposed : dict of str to list of str
        Words that may mean "missing", each with the columns it stands in.
    personal : dict of str to str
        Columns that look like personal data.
    """

    encoding: str | None
    delimiter: str | None
    candidates: tuple[tuple[str, str], ...]
    schema: Schema
    head: pd.DataFrame
    rows: int
    renamed: dict[str, str]
    na_proposed: dict[str, list[str]]
    personal: dict[str, Personal]


def preview(
    source: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    na: Sequence[str] = (),
) -> Preview:
    """Look at the first rows of a table, read by the rules of :func:`read_table`.

    Parameters
    ----------
    source : Path
        As for :func:`read_table`.
    encoding, delimiter : str, optional
        What the user says.
    na : sequence of str
        Tokens that mean "missing".

    Raises
    ------
    UserError
        For what is wrong up to the first 2,000 rows.
    """
    kind = require_file(source)
    with tempfile.TemporaryDirectory(prefix="rebal-") as name:
        folder = Path(name)
        if kind == "parquet":
            found: tuple[tuple[str, str], ...] = ()
            open_parquet(source)
            file, part = pq.ParquetFile(source), folder / source.name
            rows = file.metadata.num_rows
            first = next(file.iter_batches(batch_size=_SAMPLE_ROWS))
            pq.write_table(pa.Table.from_batches([first]), part)
        else:
            text = open_text(source, folder / "text.csv", encoding=encoding, delimiter=delimiter)
            found = tuple(candidates(text.scan))
            part, rows = _beginning(text, folder / f"{source.name.split('.')[0]}.csv")
            encoding, delimiter = text.dialect.encoding, text.dialect.delimiter
        dataset = read_table(part, folder / "table", delimiter=delimiter, na=na)
        count = min(ROWS, dataset.rows)
        return Preview(
            encoding=encoding,
            delimiter=delimiter,
            candidates=found,
            schema=dataset.schema,
            head=dataset.frame().head(count),
            rows=rows,
            renamed=dict(dataset.source["renamed"]),
            na_proposed=dict(dataset.source["na_proposed"]),
            personal=find_personal(dataset.table),
        )


def _beginning(text: Text, target: Path) -> tuple[Path, int]:
    """Write the first rows as UTF-8; also estimate the rows of the whole text."""
    rows = len(records(text.head, text.dialect.delimiter, _SAMPLE_ROWS + 1))
    if rows < 2:
        raise UserError(f"{target.name} has a header but no rows; choose a file that holds data.")
    target.write_text(text.head, encoding="utf-8", newline="")
    whole = text.path.stat().st_size / max(len(text.head.encode()), 1)
    lines = len(records(text.head, text.dialect.delimiter, 1 << 30)) - 1
    return target, round(lines * whole)
