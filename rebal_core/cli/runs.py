"""What ``rebal runs`` lists."""

from __future__ import annotations

from typing import Any

from rebal_core.cli.output import iso
from rebal_core.store import RunRow, Store
from rebal_core.trouble import tried


def run_rows(store: Store) -> tuple[list[dict[str, Any]], dict[int, str]]:
    """Return ``run, state, dataset, target, started, seconds, verdict`` of each comparison.

    Beside them why the verdict of a run cannot be read, by its number.
    """
    from rebal_core.experiment.results import report

    names = {row.id: row.name for row in store.datasets()}
    listed, damaged = [], {}
    for row in store.runs():
        told, problem = None, None
        if row.state == "done":
            told, problem = tried(report, store, row.run)
        if problem:
            damaged[row.run] = problem.render()
        listed.append(
            {
                "run": row.run,
                "state": row.state,
                "dataset": names.get(row.dataset or ""),
                "target": _target(row),
                "started": iso(row.started),
                "seconds": row.seconds,
                "verdict": told and told["verdict"]["code"],
            }
        )
    return listed, damaged


def _target(row: RunRow) -> str | None:
    columns = row.plan["schema"]["columns"]
    return next((c["name"] for c in columns if c["role"] == "target"), None)
