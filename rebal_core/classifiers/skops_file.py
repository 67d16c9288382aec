"""scikit-learn estimators in skops files, of which only listed types are read."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from rebal_core.classifiers.sound_trees import check_trees


def dump(estimator: Any, path: Path) -> None:
    """Write an estimator."""
    _skops().dump(estimator, path)


def load(path: Path, trusted: tuple[str, ...]) -> Any:
    """Read an estimator made of these types, and of those that skops itself trusts, alone.

    Raises
    ------
    TypeError
        When it holds another type: what a file asks for is never looked at.
    """
    skops = _skops()
    check_trees()
    return skops.load(path, trusted=list(trusted))


def _skops() -> Any:
    """Import ``skops.io`` without torch and dask.

    It looks through all of scikit-learn for estimators, and on the way through packages that hold
    none and load those two: three of its four seconds.
    """
    aside = [f"sklearn.externals.array_api_compat.{name}" for name in ("torch", "dask")]
    hidden = [name for name in aside if name not in sys.modules]
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(hidden))  # None: as if it were not installed
    try:
        return importlib.import_module("skops.io")
    finally:
        for name in hidden:
            if modules.get(name) is None:
                modules.pop(name, None)
