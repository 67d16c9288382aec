"""What ``rebal runs`` lists."""

from __future__ import annotations

import json
from typing import Any

from rebal_core.store import RunRow, Store


def run_rows(store: Store) -> list[dict[str, Any]]:
    """Return ``run, state, dataset, target, started, seconds, verdict`` of each comparison."""
    from rebal_core.cli.look import iso

    names = {row.id: row.name for row in store.datasets()}
    return [
        {
            "run": row.run,
            "state": row.state,
            "dataset": names.get(row.dataset or ""),
            "target": _target(row),
            "started": iso(row.started),
            "seconds": row.seconds,
            "verdict": _verdict(store, row),
        }
        for row in store.runs()
    ]


def _target(row: RunRow) -> str | None:
    columns = row.plan["schema"]["columns"]
    return next((c["name"] for c in columns if c["role"] == "target"), None)


def _verdict(store: Store, row: RunRow) -> str | None:
    path = store.home.run_folder(row.run) / "report.json"
    if row.state != "done" or not path.is_file():
        return None
    code: str = json.loads(path.read_text(encoding="utf-8"))["verdict"]["code"]
    return code
