"""Deletion: what was struck from the lists, or left behind, goes from the disk."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Set
from pathlib import Path

from rebal_core.experiment.files import remove
from rebal_core.store.home import Home
from rebal_core.store.ledger import Ledger
from rebal_core.store.store import Store

#: What nobody knows of may still be on its way to being known for so long.
ABANDONED_SECONDS = 3600.0
_TEMPORARY = re.compile(r"\.\d+\.[0-9a-f]{8}$")


def sweep(store: Store, ledger: Ledger, busy: Set[str] = frozenset()) -> None:
    """Remove deleted runs and datasets, files first: a crash in between is repeated, not leaked.

    Parameters
    ----------
    store, ledger
        Of one home; the caller holds the engine's lock.
    busy : set of str
        Keys of running tasks; runs that want one of them are left for the next time.
    """
    for run in ledger.doomed_runs():
        own = ledger.own_results(run)
        if busy & ledger.known_tasks(run).keys():
            continue
        for key, path in own:
            remove(store.home.path / path)
            remove(store.home.results / "model" / key)
            remove(store.home.results / "neighbours" / key)
            remove(store.home.results / "neighbours" / f"{key}.lock")
        remove(store.home.run_folder(run))
        ledger.forget_run(run, [key for key, _ in own])
    for identifier in ledger.doomed_datasets():
        remove(store.home.datasets / identifier)
        ledger.forget_dataset(identifier)


def tidy(store: Store, ledger: Ledger) -> None:
    """Remove what nobody will come back for.

    Folders of tables that were never read to their end, results that no run wants, and what a
    killed process was writing.

    Parameters
    ----------
    store, ledger
        Of one home; the caller holds the engine's lock, and nothing runs.
    """
    home = store.home
    awaited = {home.path / into for into in ledger.awaited_folders()}
    known = ledger.listed_datasets()
    for folder in home.datasets.iterdir():
        if folder.name not in known and folder not in awaited:
            _remove_old(folder)
    wanted = ledger.wanted_keys()
    for result in home.results.glob("*/*"):
        if _TEMPORARY.search(result.name) or result.name.partition(".")[0] not in wanted:
            _remove_old(result)
    numbers = ledger.run_numbers()
    for folder in home.runs.iterdir():
        if folder.name not in numbers:
            _remove_old(folder)


def clear_unfinished(home: Home) -> None:
    """Remove what killed processes were writing; the caller holds the lock, and nothing runs."""
    for result in home.results.glob("*/*"):
        if _TEMPORARY.search(result.name):
            remove(result)


def _remove_old(path: Path) -> None:
    with contextlib.suppress(OSError):  # somebody else removed it, or it is for the next time
        inside = path.iterdir() if path.is_dir() else ()
        newest = max(file.lstat().st_mtime for file in (path, *inside))
        if time.time() - newest > ABANDONED_SECONDS:
            remove(path)
