"""SQLite for what changes, Parquet and JSON beside it for what does not."""

from rebal_core.store.rows import DatasetRow, RunRow
from rebal_core.store.store import Store

__all__ = ["DatasetRow", "RunRow", "Store"]
