"""Tables with known truth, from which the samples are made.

``python -m rebal_core.data.simulate`` writes them into ``sample_data/``, bit for bit the same each
time. Each function tells in its docstring what causes the label and how strongly, so that a
result on a sample can be held against what is true. No row is anybody's data.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from rebal_core.data.simulate.categories import simulate_product_categories
from rebal_core.data.simulate.clicks import simulate_click_log
from rebal_core.data.simulate.diagnosis import simulate_diagnosis
from rebal_core.data.simulate.fraud import simulate_card_fraud
from rebal_core.data.simulate.questions import simulate_customer_questions
from rebal_core.data.simulate.visits import simulate_shop_visits

__all__ = [
    "TABLES",
    "simulate_card_fraud",
    "simulate_click_log",
    "simulate_customer_questions",
    "simulate_diagnosis",
    "simulate_product_categories",
    "simulate_shop_visits",
    "write_tables",
]

#: File stem to the function that makes the table.
TABLES: dict[str, Callable[..., pd.DataFrame]] = {
    "click_log": simulate_click_log,
    "product_categories": simulate_product_categories,
    "card_fraud": simulate_card_fraud,
    "customer_questions": simulate_customer_questions,
    "diagnosis": simulate_diagnosis,
    "shop_visits": simulate_shop_visits,
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
