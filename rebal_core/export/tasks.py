"""Exports, scoring and drawing rows as tasks of the engine; each leaves JSON as its result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from rebal_core.data.dataset import Dataset
from rebal_core.experiment.graph import columns_of, item_table_of, rankings_of
from rebal_core.experiment.ranked import stored
from rebal_core.export.bundle import load_bundle
from rebal_core.export.generator import load_generator
from rebal_core.export.predict import predict_table
from rebal_core.export.recommender import hand_over, recommender_of
from rebal_core.export.run import export_run
from rebal_core.export.tables import write_blocks, write_table
from rebal_core.files import write_json
from rebal_core.ranking.reading import read_log
from rebal_core.scratch import held
from rebal_core.store import Store
from rebal_core.wording import UserError


class Context(Protocol):
    """What a task asks of the engine."""

    home: Path
    result: Path
    progress: Callable[[float], None]


def export(params: Mapping[str, Any], context: Context) -> None:
    """Export a run: ``run``, ``to`` (folder), optionally ``arm``, ``refit``, ``removed``, ``csv``.

    With ``csv`` the tables of rows are also written as safe CSV.
    Answers ``{"files": [...], "notes": [...]}``.
    """
    store = Store(context.home)
    done = export_run(
        store,
        params["run"],
        Path(params["to"]),
        arm=params.get("arm"),
        refit=bool(params.get("refit")),
        removed=bool(params.get("removed")),
        progress=context.progress,
    )
    store.close()
    files = list(done.files)
    for table in [f for f in done.files if params.get("csv") and f.suffix == ".parquet"]:
        write_table(pq.ParquetFile(table).read(), table.with_suffix(".csv"))
        files.append(table.with_suffix(".csv"))
    write_json(context.result, {"files": [str(f) for f in files], "notes": list(done.notes)})


def predict(params: Mapping[str, Any], context: Context) -> None:
    """Score a table: ``model``, ``data``, ``to`` (a folder), ``prior`` (None: as trained).

    With ``name`` what is wrong with the table is told by that name, which its user gave it.

    Writes ``scored.parquet`` and ``scored.csv`` and answers ``{"rows", "files", "notes"}``.
    """
    context.progress(0.05)
    bundle = load_bundle(Path(params["model"]))
    data = Path(params["data"])
    with held(data):
        scored = predict_table(bundle, data, params["prior"], name=params.get("name"))
    context.progress(0.7)
    to = Path(params["to"])
    to.mkdir(parents=True, exist_ok=True)
    files = [to / f"scored.{suffix}" for suffix in ("parquet", "csv")]
    for file in files:
        write_table(scored.table, file)
    told = {"rows": scored.table.num_rows, "notes": list(scored.notes)}
    write_json(context.result, {"files": [str(file) for file in files], **told})


def lists(params: Mapping[str, Any], context: Context) -> None:
    """Fit an arm of a ranking on all events: its wishes, and ``arm``.

    Writes the list of every user as CSV and Parquet, and the fitted model, beside the result and
    answers ``{"files": [...]}``.

    Raises
    ------
    UserError
        When the ranking is gone.
    """
    with closing(Store(context.home)) as store:
        found = stored(store, params)
    if found is None:
        raise UserError("The ranking is gone; rank the items again.")
    folder = context.home / "datasets"
    dataset, table = Dataset.open(folder / params["dataset"]), item_table_of(params, folder)
    columns, plan = columns_of(params), rankings_of(params)
    log = read_log(dataset, columns, plan.columns, plan.item_columns, table).log
    arm = plan.arm(params["arm"])
    saved = recommender_of(
        *(arm, log, columns, plan),
        tau=found.arm(arm.name)["tau"],
        fingerprint=dataset.fingerprint,
        progress=lambda share, **_: context.progress(0.7 * share),
    )
    context.result.parent.mkdir(exist_ok=True)
    name = f"lists_{arm.remedy.name}_{arm.model.name}"
    files = [context.result.with_name(f"{name}.{suffix}") for suffix in ("csv", "parquet")]
    hand_over(saved, log, files, progress=lambda share: context.progress(0.7 + 0.3 * share))
    files.append(context.result.with_name(f"{arm.remedy.name}_{arm.model.name}.rebal"))
    saved.save(files[-1])
    write_json(context.result, {"files": [str(file) for file in files]})


def generate(params: Mapping[str, Any], context: Context) -> None:
    """Draw rows: ``generator`` (a file), ``counts`` (by label), ``seed``, ``to`` (a folder).

    Optionally also ``rules`` and ``marginal``. Writes ``generated.parquet`` and ``generated.csv``
    and answers ``{"rows", "files", "notes"}``.
    """
    context.progress(0.05)
    saved, counts = load_generator(Path(params["generator"])), params["counts"]
    to, asked = Path(params["to"]), sum(counts.values())
    to.mkdir(parents=True, exist_ok=True)
    files = [to / f"generated.{suffix}" for suffix in ("parquet", "csv")]

    def told(blocks: Iterable[pa.Table], part: float) -> Iterator[pa.Table]:
        done = 0
        for block in blocks:
            yield block
            done += block.num_rows
            context.progress(part + 0.45 * done / asked)

    more = {"rules": params.get("rules", ""), "marginal": params.get("marginal")}
    for place, file in enumerate(files):
        notes: list[str] = []
        blocks = saved.rows(counts, params["seed"], tell=notes.append, **more)
        write_blocks(told(blocks, 0.05 + 0.45 * place), file)
    written = {"files": [str(file) for file in files], "rows": asked, "notes": notes}
    write_json(context.result, written)
