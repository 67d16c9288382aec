"""The engine's side of the store: tasks, attempts and events; only the engine writes here."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from rebal_core.store.database import (
    attempts,
    cells,
    datasets,
    events,
    runs,
    stopped,
    tasks,
)
from rebal_core.store.rows import LIVE
from rebal_core.store.store import Store


class Ledger:
    """What is to be done, what was tried and how it went.

    Every method is one transaction that may be repeated without harm.

    Parameters
    ----------
    store : Store
        The home it belongs to.
    """

    def __init__(self, store: Store) -> None:
        self._database = store.database

    def live_runs(self) -> dict[int, str]:
        """Return the runs that wait or run, oldest first, each with its code version."""
        query = sa.select(runs.c.run, runs.c.version)
        with self._database.read() as connection:
            rows = connection.execute(query.where(runs.c.state.in_(LIVE)).order_by(runs.c.run))
            return {row.run: row.version for row in rows}

    def stopped_arms(self) -> dict[int, set[str]]:
        """Return the arms that were stopped alone, of each run that waits or runs."""
        query = sa.select(stopped).join(runs, runs.c.run == stopped.c.run)
        found: dict[int, set[str]] = {}
        with self._database.read() as connection:
            for row in connection.execute(query.where(runs.c.state.in_(LIVE))):
                found.setdefault(row.run, set()).add(row.arm)
        return found

    def set_run(self, run: int, **values: Any) -> None:
        """Change a run that is live; one that was cancelled meanwhile stays as it is."""
        live = (runs.c.run == run) & runs.c.state.in_(LIVE)
        self._execute(sa.update(runs).where(live).values(**values))

    def add_tasks(
        self, run: int, rows: Sequence[Mapping[str, Any]], grid: Sequence[Mapping[str, Any]]
    ) -> None:
        """Write the tasks of a run, all queued, and which arm and split each answers."""
        with self._database.write() as connection:
            connection.execute(sa.delete(tasks).where(tasks.c.run == run))
            connection.execute(sa.delete(cells).where(cells.c.run == run))
            for table, values in ((tasks, rows), (cells, grid)):
                if values:
                    connection.execute(sa.insert(table), [{"run": run, **v} for v in values])

    def known_tasks(self, run: int) -> dict[str, tuple[str, str | None]]:
        """State and error of each task of a run that was taken up before."""
        query = sa.select(tasks.c.key, tasks.c.state, tasks.c.error).where(tasks.c.run == run)
        with self._database.read() as connection:
            return {row.key: (row.state, row.error) for row in connection.execute(query)}

    def past_seconds(self, keys: Iterable[str]) -> dict[str, float]:
        """How long these tasks took when another run did them."""
        mine = tasks.c.key.in_(list(keys)) & tasks.c.seconds.is_not(None)
        query = sa.select(tasks.c.key, tasks.c.seconds).where(mine)
        with self._database.read() as connection:
            return {row.key: row.seconds for row in connection.execute(query)}

    def set_task(self, wanted_by: Iterable[int], key: str, **values: Any) -> None:
        """Change a task in each run that wants it."""
        where = (tasks.c.run.in_(list(wanted_by))) & (tasks.c.key == key)
        self._execute(sa.update(tasks).where(where).values(**values))

    def skip_rest(self, run: int) -> None:
        """Mark what the run will not do any more."""
        rest = (tasks.c.run == run) & tasks.c.state.in_(("queued", "running"))
        self._execute(sa.update(tasks).where(rest).values(state="skipped", detail=None))

    # Attempts ----------------------------------------------------------------------------------

    def begin_attempt(self, run: int, key: str, seat: str) -> int:
        """Write the row that outlives whatever the attempt may kill; its progress begins anew."""
        row = {"run": run, "key": key, "seat": seat, "started": time.time()}
        query = sa.insert(attempts).values(**row).returning(attempts.c.id)
        with self._database.write() as connection:
            # An attempt that died with its engine may have come further than this one will.
            connection.execute(sa.delete(events).where(events.c.key == key))
            return int(connection.execute(query).scalar_one())

    def end_attempt(self, attempt: int, outcome: str) -> None:
        """Close an attempt: done, failed, died (with its worker), cancelled, stopped or full.

        ``orphaned`` (its engine died) is written by :meth:`bury_orphans` only.
        """
        mine = attempts.c.id == attempt
        self._execute(sa.update(attempts).where(mine).values(outcome=outcome, ended=time.time()))

    def deaths(self, key: str, wanted_by: Iterable[int]) -> int:
        """How often the task has taken its worker, or the engine, with it, in these runs.

        The larger of the two counts: one worker and one engine that somebody else killed are no
        evidence against a task that was on both.
        """
        mine = attempts.c.run.in_(list(wanted_by)) & (attempts.c.key == key)
        lost = mine & attempts.c.outcome.in_(("died", "orphaned"))
        query = sa.select(sa.func.count()).where(lost).group_by(attempts.c.outcome)
        with self._database.read() as connection:
            return max(connection.execute(query).scalars(), default=0)

    def bury_orphans(self) -> set[str]:
        """Close the attempts that a dead engine left open; return their keys."""
        with self._database.write() as connection:
            query = sa.select(attempts.c.key).where(attempts.c.outcome.is_(None))
            keys = set(connection.execute(query).scalars())
            died = sa.update(attempts).where(attempts.c.outcome.is_(None))
            connection.execute(died.values(outcome="orphaned", ended=time.time()))
            running = sa.update(tasks).where(tasks.c.state == "running")
            connection.execute(running.values(state="queued", detail=None))
        return keys

    # Events ------------------------------------------------------------------------------------

    def write_events(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write ``key, epoch, at, fraction, values``; what stood there of an epoch is replaced."""
        if not rows:
            return
        new = insert(events)
        changed = {n: new.excluded[n] for n in ("at", "fraction", "values")}
        query = new.on_conflict_do_update(index_elements=["key", "epoch"], set_=changed)
        with self._database.write() as connection:
            connection.execute(query, list(rows))

    def clear_events(self, key: str) -> None:
        """Forget the progress of an attempt that came to nothing."""
        self._execute(sa.delete(events).where(events.c.key == key))

    # Deletion ----------------------------------------------------------------------------------

    def doomed_runs(self) -> list[int]:
        """Return the runs struck from the lists whose files still lie there."""
        with self._database.read() as connection:
            return list(connection.execute(sa.select(runs.c.run).where(runs.c.deleted)).scalars())

    def doomed_datasets(self) -> list[str]:
        """Datasets struck from the lists whose runs are all gone."""
        used = sa.select(runs.c.dataset).where(runs.c.dataset.is_not(None))
        query = sa.select(datasets.c.id).where(datasets.c.deleted, datasets.c.id.not_in(used))
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def own_results(self, run: int) -> list[tuple[str, str]]:
        """Key and path of the results that no other run wants."""
        other = tasks.alias("other")
        shared = sa.exists().where(other.c.key == tasks.c.key, other.c.run != run)
        query = sa.select(tasks.c.key, tasks.c.path).where(tasks.c.run == run, ~shared)
        with self._database.read() as connection:
            return [(row.key, row.path) for row in connection.execute(query)]

    def forget_run(self, run: int, keys: Sequence[str]) -> None:
        """Remove the rows of a run and of results that went with it."""
        with self._database.write() as connection:
            connection.execute(sa.delete(events).where(events.c.key.in_(keys)))
            for table in (attempts, cells, stopped, tasks, runs):
                connection.execute(sa.delete(table).where(table.c.run == run))

    def forget_dataset(self, identifier: str) -> None:
        """Remove the row of a dataset."""
        self._execute(sa.delete(datasets).where(datasets.c.id == identifier))

    # What is known -------------------------------------------------------------------------------

    def listed_datasets(self) -> set[str]:
        """Return the ids of all datasets."""
        return self._column(datasets.c.id)

    def wanted_keys(self) -> set[str]:
        """Return the keys of all tasks of all runs."""
        return self._column(tasks.c.key)

    def run_numbers(self) -> set[str]:
        """Return the numbers of all runs, as text."""
        return {str(number) for number in self._column(runs.c.run)}

    def awaited_folders(self) -> set[str]:
        """Return where live runs will put a dataset, relative to the home."""
        query = sa.select(runs.c.plan).where(runs.c.state.in_(LIVE), runs.c.kind == "ingest")
        with self._database.read() as connection:
            return {str(plan.get("into", "")) for plan in connection.execute(query).scalars()}

    def _column(self, column: sa.Column[Any]) -> set[Any]:
        with self._database.read() as connection:
            return set(connection.execute(sa.select(column)).scalars())

    def _execute(self, query: sa.Executable) -> None:
        with self._database.write() as connection:
            connection.execute(query)
