"""Single tasks: read a table, profile it, explain an arm, export a run; each answers with JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rebal_core.data.dataset import Dataset
from rebal_core.data.load import read_table
from rebal_core.experiment.files import write_json
from rebal_core.experiment.worker import Context
from rebal_core.types import Schema


def ingest(params: Mapping[str, Any], context: Context) -> None:
    """Read an uploaded file into a dataset folder of the home.

    ``params``: ``source`` (path), ``into`` (folder, relative to the home), and optionally what
    :func:`rebal_core.data.load.read_table` takes: ``name, encoding, delimiter, na, schema, mask``.
    """
    into = context.home / params["into"]
    options = {k: v for k, v in params.items() if k not in ("source", "into")}
    if options.get("schema") is not None:
        options["schema"] = Schema.from_dict(options["schema"])
    try:
        dataset = Dataset.open(into)  # read by an attempt that died before it could say so
    except Exception:
        dataset = read_table(Path(params["source"]), into, progress=context.progress, **options)
    write_json(context.result, {"dataset": into.name, "rows": dataset.rows})
