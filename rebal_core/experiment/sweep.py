"""Deletion: what was struck from the lists goes from the disk, once nothing works on it."""

from __future__ import annotations

from collections.abc import Set

from rebal_core.experiment.files import remove
from rebal_core.store.ledger import Ledger
from rebal_core.store.store import Store


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
