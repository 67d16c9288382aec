"""Rebal: does rebalancing help, by how much, for which classes, with what certainty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rebal_core.library import Comparison, balance, compare

__all__ = ["Comparison", "balance", "compare"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load the front door when it is first used, so that ``rebal --help`` stays quick."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from rebal_core import library

    return getattr(library, name)
