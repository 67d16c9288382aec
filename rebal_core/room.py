"""How many rows this computer can hold at all: asked before any work is done for them."""

from __future__ import annotations

from collections.abc import Iterable

from rebal_core.wording import UserError

#: Bytes that one value of a made row takes at least while a table is balanced, recipe and all.
_VALUE_BYTES = 32


def require_room(counts: Iterable[int], columns: int = 2) -> None:
    """Refuse rows that cannot fit into the memory of this computer.

    Parameters
    ----------
    counts : iterable of int
        Rows that single classes shall have.
    columns : int
        Of the table; a table has two at least.

    Raises
    ------
    UserError
    """
    import psutil

    asked = sum(counts)
    most = psutil.virtual_memory().total // (_VALUE_BYTES * max(columns, 2))
    if asked > most:
        raise UserError(
            "{asked:,} rows are more than this computer's memory holds (about {most:,} of this "
            "table); ask for fewer.",
            asked=asked,
            most=most,
        )
