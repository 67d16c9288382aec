"""Exports and explanations as single tasks of the engine; each leaves JSON as its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from rebal_core.export.explain_run import explain_run
from rebal_core.export.files import write_json
from rebal_core.export.run_bundle import export_run
from rebal_core.store import Store


class Context(Protocol):
    """What a task asks of the engine."""

    home: Path
    result: Path
    progress: Callable[[float], None]


def export(params: Mapping[str, Any], context: Context) -> None:
    """Export a run: ``run``, ``to`` (folder), optionally ``arm`` and ``refit``.

    Answers ``{"files": [...], "notes": [...]}``.
    """
    store = Store(context.home)
    done = export_run(
        store,
        params["run"],
        Path(params["to"]),
        arm=params.get("arm"),
        refit=bool(params.get("refit")),
        progress=context.progress,
    )
    store.close()
    context.result.parent.mkdir(parents=True, exist_ok=True)
    write_json({"files": [str(f) for f in done.files], "notes": list(done.notes)}, context.result)


def explain(params: Mapping[str, Any], context: Context) -> None:
    """Explain an arm of a run: ``run``, ``arm``, ``label``, optionally ``rows``.

    Writes ``explanation.npz`` beside the result and answers ``{"path": ..., "error": ...}``.
    """
    store = Store(context.home)
    options = {"rows": params["rows"]} if params.get("rows") else {}
    found = explain_run(
        store,
        params["run"],
        params["arm"],
        params["label"],
        progress=context.progress,
        **options,
    )
    store.close()
    path = context.result.with_name("explanation.npz")
    path.parent.mkdir(parents=True, exist_ok=True)
    found.save(path)
    write_json({"path": str(path), "error": found.error, "method": found.method}, context.result)
