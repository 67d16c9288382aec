"""Deletion of what was struck from the lists; what no list names goes to the trash."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Set
from pathlib import Path

from rebal_core.experiment.checkpoint import Checkpoint
from rebal_core.files import remove
from rebal_core.store.home import Home
from rebal_core.store.ledger import Ledger
from rebal_core.store.recovery import recover
from rebal_core.store.store import Store
from rebal_core.store.trash import put_away

#: What nobody knows of may still be on its way to being known for so long.
ABANDONED_SECONDS = 3600.0
#: What is ours to remove, by its whole name: results that were being written, and locks.
_UNFINISHED = re.compile(r"[0-9a-f]{24,}[^/]*\.\d+\.[0-9a-f]{8}")
_LOCK = re.compile(r"[0-9a-f]{24,}\.lock")


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
            Checkpoint.of(store.home.path, key).clear()
            remove(store.home.results / "model" / key)
            remove(store.home.results / "neighbours" / key)
            remove(store.home.results / "neighbours" / f"{key}.lock")
        remove(store.home.run_folder(run))
        ledger.forget_run(run, [key for key, _ in own])
    for identifier in ledger.doomed_datasets():
        remove(store.home.datasets / identifier)
        ledger.forget_dataset(identifier)


def tidy(store: Store, ledger: Ledger) -> None:
    """Put away what nobody will come back for: nothing that was made is deleted here.

    Datasets that cannot be listed, results that no run wants, and runs that the database does not
    know go to the trash, once they are old. What a killed process was writing is removed.

    Parameters
    ----------
    store, ledger
        Of one home; the caller holds the engine's lock, and nothing runs.
    """
    home = store.home
    recover(home, store.database)
    awaited = {home.path / into for into in ledger.awaited_folders()}
    known = ledger.listed_datasets()
    for folder in home.datasets.iterdir():
        if folder.name not in known and folder not in awaited:
            _put_away_old(home, folder)
    wanted = ledger.wanted_keys()
    for result in _results(home):
        ours = _UNFINISHED.fullmatch(result.name) or _LOCK.fullmatch(result.name)
        if ours or result.name.partition(".")[0] not in wanted:
            _put_away_old(home, result, put=remove if ours else None)
    numbers = ledger.run_numbers()
    for folder in home.runs.iterdir():
        if folder.name not in numbers:
            _put_away_old(home, folder)


def clear_unfinished(home: Home) -> None:
    """Remove what killed processes were writing; the caller holds the lock, and nothing runs."""
    for result in _results(home):
        if _UNFINISHED.fullmatch(result.name):
            remove(result)


def _results(home: Home) -> list[Path]:
    """Return all results; a link among their folders leads to what is not ours."""
    kinds = [kind for kind in home.results.iterdir() if kind.is_dir() and not kind.is_symlink()]
    return [result for kind in kinds for result in kind.iterdir()]


def _put_away_old(home: Home, path: Path, put: Callable[[Path], None] | None = None) -> None:
    with contextlib.suppress(OSError):  # somebody else removed it, or it is for the next time
        whole = path.is_dir() and not path.is_symlink()
        inside = list(path.iterdir()) if whole else []
        newest = max(file.lstat().st_mtime for file in (path, *inside))
        if time.time() - newest <= ABANDONED_SECONDS:
            return
        if put is not None:
            put(path)
        elif whole and not inside:
            path.rmdir()
        else:
            put_away(home, path)
