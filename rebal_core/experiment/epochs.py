"""How a fit went, epoch by epoch: as a finished cell keeps it, or as it is told meanwhile."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from rebal_core.experiment.files import OWN_EPOCH, load_history
from rebal_core.store.store import Store
from rebal_core.wording import UserError

#: Cells whose epochs stay at hand: the folds of the few arms that somebody looks at.
CELLS_KEPT = 64


def epochs_of(store: Store, run: int, key: str, path: str, *, done: bool) -> pd.DataFrame:
    """Return the epochs of a task that learns, a row each.

    A result that is gone or damaged is stood in for by what was told while it was made.

    Parameters
    ----------
    store, run
    key, path : str
        Of the task, as :meth:`rebal_core.store.store.Store.cells` and ``resampled`` tell them.
    done : bool
        Whether its result is there.

    Returns
    -------
    DataFrame
        Read-only: ``epoch`` from 1, ``loss``, and what else was told, see
        :func:`rebal_core.nn.training.train`.
    """
    if done:
        with suppress(UserError):
            return _kept(store.home.path / path)
    told = store.events(run, key)
    told = told[told["epoch"] > 0].drop(columns=["key", "fraction", "at"]).reset_index(drop=True)
    if OWN_EPOCH in told:
        told["epoch"] = told.pop(OWN_EPOCH).fillna(told["epoch"]).astype(int)
    # A loss that is no number is not told: it may never have been one.
    return told if "loss" in told else told.assign(loss=np.nan)


@lru_cache(maxsize=CELLS_KEPT)
def _kept(path: Path) -> pd.DataFrame:
    return pd.DataFrame(list(load_history(path)))
