"""What ``rebal runs`` lists."""

from __future__ import annotations

from typing import Any

from rebal_core.cli.output import iso
from rebal_core.experiment.reported import written_report
from rebal_core.store import RunRow, Store
from rebal_core.trouble import tried


def run_rows(store: Store) -> tuple[list[dict[str, Any]], dict[int, str]]:
    """Return ``run, state, dataset, target, started, seconds, verdict`` of each comparison.

    Beside them why the verdict of a run cannot be read, by its number.
    """
    names = {row.id: row.name for row in store.datasets()}
    listed, damaged = [], {}
    for row in store.runs():
        told, problem = None, None
        if row.state == "done":
            told, problem = tried(_report, store, row.run)
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


def _report(store: Store, run: int) -> dict[str, Any]:
    written = written_report(store.home.run_folder(run), run)
    if written is not None:
        return written
    # What makes one takes seconds to import.
    from rebal_core.experiment.results import report

    return report(store, run)


def _target(row: RunRow) -> str | None:
    columns = row.plan["schema"]["columns"]
    return next((c["name"] for c in columns if c["role"] == "target"), None)
