"""Which rates of the class in focus a comparison adds, and by which time."""

from __future__ import annotations

from collections.abc import Sequence

from rebal_core.data.asof import read_key
from rebal_core.data.schema import require_columns
from rebal_core.schema import Rates, Schema
from rebal_core.wording import Text, UserError, listed


def rates_of(schema: Schema, asked: Sequence[str], time: str | None) -> Rates | None:
    """Return the rates that are asked for, None where none are.

    Parameters
    ----------
    schema : Schema
    asked : sequence of str
        Columns, or several together as ``user+category``.
    time : str or None
        Column that says what came before; else that of role time, or the only one of times.

    Raises
    ------
    UserError
        When there is no such column, it is the target, or nothing says what came before.
    """
    if not asked:
        return None
    known = [column.name for column in schema.columns]
    keys = tuple(dict.fromkeys(read_key(text, known) for text in asked))
    for name in (*(name for key in keys for name in key), *([time] if time else [])):
        require_columns(schema, [name])
        if name == schema.target or schema[name].kind in ("text", "embedding"):
            raise UserError(
                "A rate cannot be counted by “{name}”: it is the target, free text or a list of "
                "numbers; name another column.",
                name=name,
            )
    found = Rates(time or _time(schema), keys)
    taken = [name for name in found.names if name in known]
    if taken:
        raise UserError(
            "The table has a column “{name}” already; rename it, or leave this rate out.",
            name=taken[0],
        )
    return found


def refuse_split_by_key(rates: Rates | None, group: str | None) -> None:
    """Refuse a split that leaves no earlier row of a key to the rows that are tested.

    Raises
    ------
    UserError
    """
    if rates is not None and any(group in key for key in rates.keys):
        raise UserError(
            "A split by “{group}” leaves test rows no earlier row of theirs, so its rate would "
            "say nothing there; split by time.",
            group=group,
        )


def timed_by_rates(
    schema: Schema,
    asked: Sequence[str],
    split: str | None,
    group: str | None,
    time: str | None,
) -> tuple[Rates | None, str | None, list[Text]]:
    """Return the rates, and the time by which rows are split, with why where nobody said how."""
    found = rates_of(schema, asked, time)
    if found is None or (split, group, time) != (None, None, None):
        return found, time, []
    why = Text(
        "Rows are split by “{time}”, so that rates are judged as they will be used: on later rows.",
        {"time": found.time},
    )
    return found, found.time, [why]


def told_of_rates(rates: Rates | None) -> list[Text]:
    """Return what is added, for the notes of a plan."""
    if rates is None:
        return []
    return [
        Text(
            "Added in each fold: {names}: how often the class in focus occurred in the training "
            "rows before, by “{time}”; no row counts its own label or a later one.",
            {"names": listed([f"“{name}”" for name in rates.names], 6), "time": rates.time},
        )
    ]


def _time(schema: Schema) -> str:
    named = schema.named("time") or tuple(c.name for c in schema.columns if c.kind == "time")
    if not named:
        raise UserError(
            "Rates count what came before, and no column is read as times; name one (--time COL)."
        )
    if len(named) > 1:
        raise UserError(
            "Rates count what came before, and {columns} hold times; name one (--time COL).",
            columns=listed([f"“{name}”" for name in named], 4),
        )
    return named[0]
