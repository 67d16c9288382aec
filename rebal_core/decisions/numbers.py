"""Numbers of a stranger's file."""

from __future__ import annotations


def plain_number(value: object) -> float:
    """Return a number from a file; a text or a truth value is none, whatever Python makes of it.

    Raises
    ------
    ValueError
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"a {type(value).__name__} in place of a number")
    return float(value)
