"""Tables with known truth, from which the samples are made.

``python -m rebal_core.data.simulate`` writes them into ``sample_data/``, bit for bit the same each
time. Each function tells in its docstring what causes the label and how strongly, so that a
result on a sample can be held against what is true. No row is anybody's data.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from rebal_core.data.simulate.clicks import simulate_click_log
from rebal_core.data.simulate.fraud import simulate_card_fraud

__all__ = ["TABLES", "simulate_card_fraud", "simulate_click_log", "write_tables"]

#: File stem to the function that makes the table.
TABLES: dict[str, Callable[..., pd.DataFrame]] = {
    "click_log": simulate_click_log,
    "card_fraud": simulate_card_fraud,
}


def write_tables(folder: Path) -> list[Path]:
    """Write every table as Parquet (zstd) with its default size and seed; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, simulate in TABLES.items():
        path = folder / f"{name}.parquet"
        simulate().to_parquet(path, compression="zstd", index=False)
        paths.append(path)
    return paths
