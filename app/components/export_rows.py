"""Rows of an exported table, by where they come from."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import streamlit as st

from app.components.charts import effect_words
from app.components.texts import count
from app.i18n import _
from rebal_core.data.schema import FLAG, ORIGIN
from rebal_core.rows import ORIGINS

#: Rows that are shown.
SHOWN = 200
FLAGGED = "flagged"


def removed_of(folder: Path) -> int:
    """Return how many rows of an export were taken away."""
    path = folder / "removed.parquet"
    return int(pq.read_metadata(path).num_rows) if path.is_file() else 0


def exported_rows(folder: Path, target: str) -> None:
    """Let the rows be looked at that come from one origin.

    Parameters
    ----------
    folder : Path
        Of an export that is complete.
    target : str
        The column that stands first.
    """
    train, gone = folder / "train_balanced.parquet", folder / "removed.parquet"
    with st.expander(_("Look at the rows")):
        counts = _counts(str(train), train.stat().st_mtime)
        if removed := removed_of(folder):
            counts |= {ORIGINS[-1]: removed}
        words = effect_words()
        chosen = st.segmented_control(
            _("Origin"),
            list(counts),
            format_func=lambda kind: f"{getattr(words, kind)} {count(counts[kind])}",
            default=next(iter(counts)),
            key=f"export_origin_{folder.name}",
            required=True,
        )
        path = gone if chosen == ORIGINS[-1] else train
        rows = _rows(str(path), path.stat().st_mtime, str(chosen), target)
        st.dataframe(rows, key="export_look", hide_index=True, height=318)
        if counts[chosen] > len(rows):
            told = _("The first {some} of {whole}; the file holds all.")
            st.caption(told.format(some=count(len(rows)), whole=count(counts[chosen])))


def _added(names: list[str], name: str) -> str | None:
    """Return what one of our columns is called in a table whose user may have had one like it."""
    return next((n for n in reversed(names) if n == name or n.startswith(f"{name}_")), None)


@st.cache_data(max_entries=16, show_spinner=False)
def _counts(path: str, changed: float) -> dict[str, int]:
    """Return how many rows there are of each origin, and how many are flagged."""
    names = pq.read_schema(path).names
    origin, flag = _added(names, ORIGIN), _added(names, FLAG)
    table = pq.ParquetFile(path).read(columns=[n for n in (origin, flag) if n])
    pairs = {p["values"]: p["counts"] for p in pc.value_counts(table[origin]).to_pylist()}
    found = {kind: int(pairs[kind]) for kind in ORIGINS if kind in pairs}
    flagged = pc.sum(table[flag]).as_py() if flag else 0
    return found | ({FLAGGED: int(flagged)} if flagged else {})


@st.cache_data(max_entries=16, show_spinner=False)
def _rows(path: str, changed: float, kind: str, target: str) -> pd.DataFrame:
    """Return the first rows of one origin, where they come from first."""
    names = pq.read_schema(path).names
    of = _added(names, FLAG) if kind == FLAGGED else _added(names, ORIGIN)
    wanted = True if kind == FLAGGED else kind
    found = pq.read_table(path, filters=[(of, "=", wanted)]).slice(0, SHOWN)
    ours = [n for n in reversed(names[-6:]) if n.startswith("_")]
    first = [*(n for n in ours if n != _added(names, ORIGIN)), target]
    order = [*first, *(n for n in names if n not in first)]
    frame: pd.DataFrame = found.select(order).to_pandas()
    return frame
