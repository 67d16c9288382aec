"""The store: what the app, the command line and the engine know of each other."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from rebal_core.data.dataset import Dataset
from rebal_core.scratch import move
from rebal_core.store.database import (
    Database,
    attempts,
    cells,
    datasets,
    events,
    runs,
    stopped,
    tasks,
)
from rebal_core.store.home import Home
from rebal_core.store.recovery import listing, lost_runs, recover
from rebal_core.store.rows import LIVE, DatasetRow, RunRow
from rebal_core.store.seal import Seal
from rebal_core.wording import UserError


class Store:
    """Datasets, runs and their progress in one home folder.

    Safe to use from several threads and processes at once. The app and the command line write
    intents here ("run this plan", "cancel") and read state; the engine does the rest.

    Parameters
    ----------
    home : Path, optional
        See :class:`rebal_core.store.home.Home`.
    """

    def __init__(self, home: Path | None = None) -> None:
        self.home = Home(home)
        self._seal = Seal(self.home)
        try:
            self.database = Database(self.home.database)
            self._seal.renew(self.database)
            recover(self.home, self.database)
        except BaseException:
            self._seal.close()
            raise

    def close(self) -> None:
        """Close the database."""
        self.database.close()
        self._seal.close()

    # Datasets ----------------------------------------------------------------------------------

    def new_dataset_folder(self) -> tuple[str, Path]:
        """Make an empty folder for a dataset to come; return its id and path."""
        self.database.require_same()
        identifier = secrets.token_hex(6)
        folder = self.home.datasets / identifier
        folder.mkdir()
        return identifier, folder

    def add_dataset(self, dataset: Dataset) -> str:
        """List a dataset that was read into a folder of this home; return its id."""
        if dataset.path.resolve().parent != self.home.datasets.resolve():
            raise ValueError(f"{dataset.path} is no dataset folder of this home")
        with self.database.write() as connection:
            # Listing twice is no fault: the engine lists what an ingest task left behind.
            query = sa.insert(datasets).prefix_with("OR IGNORE")
            connection.execute(query.values(**listing(dataset)))
        return dataset.path.name

    def adopt_dataset(self, dataset: Dataset) -> Dataset:
        """Move a dataset that was read elsewhere into this home, whole, and list it."""
        moved = replace(dataset, path=self.home.datasets / secrets.token_hex(6))
        move(dataset.path, moved.path)
        self.add_dataset(moved)
        return moved

    def datasets(self) -> list[DatasetRow]:
        """All datasets, newest first."""
        query = (
            sa.select(*(datasets.c[n] for n in DatasetRow.__dataclass_fields__))
            .where(~datasets.c.deleted)
            .order_by(datasets.c.created.desc())
        )
        with self.database.read() as connection:
            return [DatasetRow(**row._mapping) for row in connection.execute(query)]

    def dataset(self, identifier: str) -> Dataset:
        """Open a dataset.

        Raises
        ------
        UserError
            When there is none of that id (any more).
        """
        known = sa.select(datasets.c.name).where(datasets.c.id == identifier, ~datasets.c.deleted)
        with self.database.read() as connection:
            row = connection.execute(known).one_or_none()
        if row is None:
            raise UserError(
                "There is no dataset {identifier}; it may have been deleted.", identifier=identifier
            )
        return Dataset.open(self.home.datasets / identifier)

    def rename_dataset(self, identifier: str, name: str) -> None:
        """Give a dataset another name, in the lists and in its own folder."""
        self._update(datasets, datasets.c.id == identifier, name=name)
        with suppress(UserError, OSError):  # of a damaged one the list alone can tell
            self.dataset(identifier).renamed(name)

    # Runs --------------------------------------------------------------------------------------

    def add_run(
        self, kind: str, plan: Mapping[str, Any], *, dataset: str | None, version: str
    ) -> int:
        """Write the intent to run a plan (or a single task) and return the run's number."""
        values = {"kind": kind, "plan": dict(plan), "dataset": dataset, "version": version}
        query = sa.insert(runs).values(state="queued", created=time.time(), **values)
        query = query.returning(runs.c.run)
        with self.database.write() as connection:
            return int(connection.execute(query).scalar_one())

    def cancel_run(self, run: int) -> bool:
        """Write the intent to cancel; True when the run was still live. It shows at once."""
        live = (runs.c.run == run) & runs.c.state.in_(LIVE)
        return self._update(runs, live, state="cancelled", detail=None, finished=time.time()) > 0

    def stop_arm(self, run: int, arm: str) -> bool:
        """Write the intent to go on without an arm; True when it was still being computed."""
        mine = (cells.c.run == run) & (cells.c.arm == arm) & runs.c.state.in_(LIVE)
        of_cells = (tasks.c.run == cells.c.run) & (tasks.c.key == cells.c.key)
        query = sa.select(tasks.c.state).join(cells, of_cells).join(runs, runs.c.run == cells.c.run)
        with self.database.write() as connection:
            states = set(connection.execute(query.where(mine)).scalars())
            if "failed" in states or not states & {"queued", "running"}:
                return False
            wish = sa.insert(stopped).prefix_with("OR IGNORE")
            connection.execute(wish.values(run=run, arm=arm))
        return True

    def stopped_arms(self, run: int) -> set[str]:
        """Return the arms of a run that were stopped alone."""
        with self.database.read() as connection:
            query = sa.select(stopped.c.arm).where(stopped.c.run == run)
            return set(connection.execute(query).scalars())

    def reopen_run(self, run: int) -> None:
        """Let a run that had come to its end go on, because what it had computed is damaged."""
        done = (runs.c.run == run) & (runs.c.state == "done")
        self._update(runs, done, state="queued", finished=None)

    def runs(self, kind: str | None = "compare") -> list[RunRow]:
        """List the runs of that kind (None: of every kind), newest first."""
        return self._runs(kind=kind)

    def run(self, run: int) -> RunRow:
        """Return one run.

        Raises
        ------
        UserError
            When there is none of that number (any more).
        """
        known = 0 < run < 2**63  # greater numbers are none of SQLite's
        found = self._runs(run=run) if known else []
        if not found:
            raise UserError("There is no run {run}; it may have been deleted.", run=run)
        return found[0]

    def lost_runs(self) -> list[int]:
        """Return the numbers of runs that a lost or older database does not know any more."""
        return lost_runs(self.home, self.database)

    def hide_run(self, run: int) -> None:
        """Cancel a run and strike it from all lists; the engine removes what is left of it."""
        self.cancel_run(run)
        self._update(runs, runs.c.run == run, deleted=True)

    def hide_dataset(self, identifier: str) -> None:
        """Strike a dataset and its runs from all lists; the engine removes their files."""
        self._update(datasets, datasets.c.id == identifier, deleted=True)
        with self.database.read() as connection:
            query = sa.select(runs.c.run).where(runs.c.dataset == identifier)
            numbers = list(connection.execute(query).scalars())
        for number in numbers:
            self.hide_run(number)

    # Progress ----------------------------------------------------------------------------------

    def cells(self, run: int) -> pd.DataFrame:
        """Return the grid of a run: one row an arm and split.

        Returns
        -------
        DataFrame
            ``arm, repeat, fold, state, seconds, attempts, error, detail, key, path``; ``making``,
            the key of the task that is changing rows for it now.
        """
        maker = tasks.alias("maker")
        at_work = (maker.c.run == cells.c.run) & (maker.c.key == cells.c.resampled)
        at_work &= maker.c.state == "running"
        tries = (
            sa.select(sa.func.count()).where(attempts.c.key == cells.c.key).scalar_subquery()
        ).label("attempts")
        query = (
            sa.select(cells.c.arm, cells.c.repeat, cells.c.fold, tasks.c.state, tasks.c.seconds)
            .add_columns(tries, tasks.c.error, tasks.c.detail, cells.c.key, tasks.c.path)
            .add_columns(maker.c.key.label("making"))
            .join(tasks, (tasks.c.run == cells.c.run) & (tasks.c.key == cells.c.key))
            .outerjoin(maker, at_work)
            .where(cells.c.run == run)
            .order_by(cells.c.arm, cells.c.repeat, cells.c.fold)
        )
        return self._frame(query)

    def resampled(self, run: int) -> pd.DataFrame:
        """Return the tasks that change rows for the cells of a run: one row an arm and split.

        Returns
        -------
        DataFrame
            ``arm, repeat, fold, state, key, path``, the last three of the task, which arms share.
        """
        query = (
            sa.select(cells.c.arm, cells.c.repeat, cells.c.fold)
            .add_columns(tasks.c.state, tasks.c.key, tasks.c.path)
            .join(tasks, (tasks.c.run == cells.c.run) & (tasks.c.key == cells.c.resampled))
            .where(cells.c.run == run)
            .order_by(cells.c.arm, cells.c.repeat, cells.c.fold)
        )
        return self._frame(query)

    def tasks(self, run: int) -> pd.DataFrame:
        """Return all pieces of work of a run: ``key, kind, state, detail, seconds, error``."""
        names = ("key", "kind", "path", "state", "detail", "seconds", "error", "incident")
        return self._frame(sa.select(*(tasks.c[n] for n in names)).where(tasks.c.run == run))

    def timed(self, run: int) -> pd.DataFrame:
        """Return the pieces of work of a run that took time, in the order of its plan.

        Returns
        -------
        DataFrame
            ``key, kind, seconds``; ``arm``, the first that a cell answers; that of a piece of
            which a cell is made is the cell's, which stands behind it.
        """
        order: sa.ColumnElement[int] = sa.literal_column("rowid")
        work = sa.select(tasks.c.key, tasks.c.kind, tasks.c.seconds).where(tasks.c.run == run)
        grid = sa.select(cells.c.key, cells.c.arm).where(cells.c.run == run)
        found = self._frame(work.order_by(order))
        arms = self._frame(grid.order_by(order)).drop_duplicates("key").set_index("key")["arm"]
        found["arm"] = found["key"].map(arms).bfill()
        return found[found["seconds"].notna()]

    def heard(self, run: int) -> set[str]:
        """Return the keys of the tasks of a run that have told an epoch, cheaply."""
        told = sa.exists().where(events.c.key == tasks.c.key, events.c.epoch > 0)
        query = sa.select(tasks.c.key).where(tasks.c.run == run, told)
        with self.database.read() as connection:
            return set(connection.execute(query).scalars())

    def events(self, run: int, key: str | None = None) -> pd.DataFrame:
        """Return the progress of each task of a run: ``key, epoch, fraction, at`` and its values.

        Each named value that a task reported is a column; nan in the rows without it. ``key`` asks
        for one task alone.
        """
        names = ("key", "epoch", "fraction", "at", "values")
        query = (
            sa.select(*(events.c[n] for n in names))
            .join(tasks, tasks.c.key == events.c.key)
            .where(tasks.c.run == run, sa.true() if key is None else events.c.key == key)
            .order_by(events.c.key, events.c.epoch)
        )
        frame = self._frame(query)
        values = pd.DataFrame(list(frame.pop("values")), index=frame.index)
        return frame.join(values)

    def _runs(self, *, run: int | None = None, kind: str | None = None) -> list[RunRow]:
        """Return runs, newest first: that of this number, or those of this kind; else all."""
        query, values = (_RUNS, {}) if run is None else (_RUN, {"number": run})
        if kind is not None:
            query = query.where(runs.c.kind == kind)
        with self.database.read() as connection:
            return [_run_row(dict(row._mapping)) for row in connection.execute(query, values)]

    def _frame(self, query: sa.Select[Any]) -> pd.DataFrame:
        with self.database.read() as connection:
            result = connection.execute(query)
            return pd.DataFrame(result.all(), columns=list(result.keys()))

    def _update(self, table: sa.Table, condition: sa.ColumnElement[bool], **values: Any) -> int:
        with self.database.write() as connection:
            return connection.execute(sa.update(table).where(condition).values(**values)).rowcount


def _with_progress(
    of_runs: sa.ColumnElement[bool], of_tasks: sa.ColumnElement[bool]
) -> sa.Select[Any]:
    """Return the query of runs, newest first; a poll of one shall not count the tasks of all."""
    finished = tasks.c.state.in_(("done", "failed", "skipped"))
    newest = (
        sa.select(sa.func.max(events.c.fraction))
        .where(events.c.key == tasks.c.key, tasks.c.state == "running")
        .scalar_subquery()
    )
    part = sa.case((finished, 1.0), else_=sa.func.coalesce(newest, 0.0))
    never_run = sa.cast(tasks.c.state == "skipped", sa.Integer)
    counts = (
        sa.select(
            tasks.c.run,
            sa.func.count().label("total"),
            sa.func.sum(sa.cast(finished, sa.Integer)).label("done"),
            sa.func.sum(part).label("parts"),
            sa.func.sum(never_run).label("never_run"),
        )
        .where(of_tasks)
        .group_by(tasks.c.run)
        .subquery()
    )
    return (
        sa.select(runs, counts.c.total, counts.c.done, counts.c.parts, counts.c.never_run)
        .join(counts, counts.c.run == runs.c.run, isouter=True)
        .where(of_runs, ~runs.c.deleted)
        .order_by(runs.c.run.desc())
    )


#: Made once: a page asks several times, and to make one takes longer than to answer it.
_RUNS = _with_progress(sa.true(), sa.true())
_NUMBER = sa.bindparam("number", type_=sa.Integer)
_RUN = _with_progress(runs.c.run == _NUMBER, tasks.c.run == _NUMBER)


def _run_row(values: dict[str, Any]) -> RunRow:
    names = ("total", "done", "parts", "never_run")
    total, done, parts, never_run = (values.pop(n) or 0 for n in names)
    del values["deleted"]
    # A run that broke off got as far as what was done of it; its rest is skipped.
    came = parts - never_run if values["state"] in ("cancelled", "failed") else parts
    fraction = 1.0 if values["state"] == "done" else came / total if total else 0.0
    return RunRow(**values, progress=(int(done), int(total)), fraction=float(fraction))
