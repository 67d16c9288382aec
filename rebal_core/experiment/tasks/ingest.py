"""Read a table, and profile it; each answers with JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rebal_core.checks.report import profile_report
from rebal_core.data.dataset import ABOUT, Dataset
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.experiment.worker import Context
from rebal_core.files import write_json
from rebal_core.schema import Schema
from rebal_core.scratch import held


def ingest(params: Mapping[str, Any], context: Context) -> None:
    """Read an uploaded file into a dataset folder of the home.

    ``params``: ``source`` (path), ``into`` (folder), and what
    :class:`rebal_core.data.reading.options.ReadOptions` takes. Answers
    ``{"dataset": id, "rows": n}``; the engine lists the dataset.
    """
    into = context.home / params["into"]
    if (into / ABOUT).exists():
        # An earlier attempt read it and died before it could say so.
        dataset = Dataset.open(into)
    else:
        options = {k: v for k, v in params.items() if k not in ("source", "into")}
        if options.get("schema") is not None:
            options["schema"] = Schema.from_dict(options["schema"])
        if options.get("salt") is not None:
            options["salt"] = Path(options["salt"])
        source = Path(params["source"])
        with held(source), held(into.parent):
            dataset = read_table(source, into, ReadOptions(**options), progress=context.progress)
    write_json(context.result, {"dataset": into.name, "rows": dataset.rows})


def profile(params: Mapping[str, Any], context: Context) -> None:
    """Profile a dataset: ``params`` holds its id as ``dataset``; answers the profile's JSON."""
    dataset = Dataset.open(context.home / "datasets" / params["dataset"])
    write_json(context.result, profile_report(dataset))
