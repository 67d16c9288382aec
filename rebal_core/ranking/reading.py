"""A table as a log of events: rows in the order of time, users and items as codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.data.dataset import Dataset, label_text
from rebal_core.data.formats import count
from rebal_core.data.schema import require_columns
from rebal_core.ranking.about import about_items, named_columns
from rebal_core.ranking.events import wanted
from rebal_core.ranking.item_table import ItemTable, Joined
from rebal_core.ranking.log import Bools, EventLog
from rebal_core.rows import Ints
from rebal_core.wording import Text, UserError

#: So small a part of the users may have several items at their last time, unsaid.
_FEW_TIES = 0.01
#: Fewer users of two events or more leave nothing to be asked.
FEWEST_USERS, FEWEST_ITEMS = 10, 3


@dataclass(frozen=True)
class LogColumns:
    """Which columns of a table make a log of it.

    Parameters
    ----------
    user, item : str
        Who, and what.
    time : tuple of str
        When: one column, or several of which the first is the coarsest (year, month, day).
    event : str or None
        What kind of event a row is; without it every row is one.
    """

    user: str
    item: str
    time: tuple[str, ...]
    event: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (self.user, self.item, *self.time, *([self.event] if self.event else ()))


@dataclass(frozen=True)
class LogRead:
    """A log, and what became of rows that are not in it.

    Parameters
    ----------
    log : EventLog
    dropped : dict of str to int
        Rows left out: ``user``, ``item``, ``time`` (missing there), ``event`` (not wanted).
    notes : list of Text
    joined : Joined or None
        What the table of items said.
    """

    log: EventLog
    dropped: dict[str, int]
    notes: list[Text]
    joined: Joined | None = None


def read_log(
    dataset: Dataset,
    columns: LogColumns,
    beside: Sequence[str] = (),
    of_items: Sequence[str] = (),
    table: ItemTable | None = None,
    *,
    judged: bool = True,
) -> LogRead:
    """Return the log that a table holds.

    The catalogue is every item that the table names, also in rows that are no events. Columns that
    say the same in all rows of an item are what is known of items.

    Parameters
    ----------
    beside : sequence of str
        Columns that remedies want to know of each event.
    of_items : sequence of str
        Those that they want to know of each item; of the table of items before the log's own.
    table : ItemTable or None
        Another table that tells of items.
    judged : bool
        Whether something shall be judged by the log, for which it has to be long enough.

    Raises
    ------
    UserError
        When a column is missing or named twice, holds nothing to order by or tells nothing of an
        item, or too few users have two events.
    """
    _require_columns(dataset, columns)
    of_log = [name for name in of_items if table is None or name not in table.columns]
    require_columns(dataset.schema, (*beside, *of_log))
    frame = dataset.frame(list(dict.fromkeys((*columns.names, *beside))))
    dropped: dict[str, int] = {}
    kept = np.ones(len(frame), dtype=bool)
    for role, names in (("user", [columns.user]), ("item", [columns.item]), ("time", columns.time)):
        there = kept & frame[list(names)].notna().all(axis=1).to_numpy()
        dropped[role] = int(kept.sum() - there.sum())
        kept = there
    item, items = _coded(frame[columns.item], kept)
    notes = [_note(role, n) for role, n in dropped.items() if n]
    counted, dropped["event"] = kept, 0
    if columns.event is not None:
        events, told = wanted(frame[columns.event], columns.event)
        dropped["event"] = int((kept & ~events).sum())
        kept, notes = kept & events, notes + told
    user, users = _who_did(*_coded(frame[columns.user], counted), kept)
    moment = _moments(frame, columns.time, counted)
    about = about_items(dataset, columns.names, item, len(items))
    named = named_columns(dataset, of_log, item, len(items))
    joined = None if table is None else table.join(items)
    if joined is not None:
        about, named = about | joined.about_items(), named | joined.named(of_items)
        notes += joined.notes()

    def of_rows(chosen: Bools) -> EventLog:
        rows = np.flatnonzero(chosen)
        order = rows[np.argsort(moment[rows], kind="stable")]
        return EventLog(
            user=user[order],
            item=item[order],
            weight=np.ones(order.size),
            moment=moment[order],
            row=order,
            users=users,
            items=items,
            about_items=pd.DataFrame(about) if about else None,
            beside=frame[list(beside)].iloc[order].reset_index(drop=True) if beside else None,
            beside_items=pd.DataFrame(named) if named else None,
        )

    log = of_rows(kept)
    if (left := counted & ~kept).any():
        log = replace(log, shown=of_rows(left))
    if judged:
        _require_enough(log, columns)
    return LogRead(log, dropped, notes + _ties(log), joined)


def _require_columns(dataset: Dataset, columns: LogColumns) -> None:
    require_columns(dataset.schema, columns.names)
    for name in columns.names:
        if columns.names.count(name) > 1:
            raise UserError(
                "“{column}” is named twice; a column is the user, the item, the time or the event.",
                column=name,
            )


def _coded(values: pd.Series, kept: Bools) -> tuple[Ints, NDArray[np.object_]]:
    """Return a code of each row (-1 where it is left out), and the labels in their order."""
    codes = np.full(len(values), -1, dtype=np.int64)
    found, labels = pd.factorize(values[kept], sort=True)
    codes[kept] = found
    return codes, np.array([label_text(label) for label in labels], dtype=object)


def _who_did(
    user: Ints, users: NDArray[np.object_], kept: Bools
) -> tuple[Ints, NDArray[np.object_]]:
    """Return who did anything that counts, and the code among them, or -1, of each row."""
    did = np.unique(user[kept])
    codes = np.full(len(users) + 1, -1, dtype=np.int64)
    codes[did] = np.arange(did.size)
    return codes[user], users[did]


def _moments(frame: pd.DataFrame, names: Sequence[str], kept: Bools) -> Ints:
    """Return the rank of the time of each kept row; equal for equal times."""
    found = np.zeros(len(frame), dtype=np.int64)
    rank = np.zeros(int(kept.sum()), dtype=np.int64)
    for name in names:
        values = frame.loc[kept, name]
        if not (
            pd.api.types.is_numeric_dtype(values.dtype)
            or pd.api.types.is_datetime64_any_dtype(values.dtype)
        ):
            raise UserError(
                "“{column}” holds neither times nor numbers, so nothing can be ordered by it; "
                "choose another column for the time.",
                column=name,
            )
        codes, labels = pd.factorize(values, sort=True)
        rank = np.unique(rank * max(len(labels), 1) + codes, return_inverse=True)[1]
    found[kept] = rank
    return found


def _note(role: str, rows: int) -> Text:
    templates = {
        "user": "Rows without a user are left out: {rows}.",
        "item": "Rows without an item are left out: {rows}.",
        "time": "Rows without a time are left out: {rows}.",
    }
    return Text(templates[role], {"rows": count(rows)})


def _ties(log: EventLog) -> list[Text]:
    """Return what is said where the order of the table, not the time, says which event is last."""
    last = np.full(len(log.users), -1)
    last[log.user] = np.arange(len(log))
    at_last = log.moment == log.moment[last[log.user]]
    other = log.item != log.item[last[log.user]]
    tied = np.unique(log.user[at_last & other]).size
    asked = int((np.bincount(log.user, minlength=len(log.users)) >= 2).sum())
    if tied <= _FEW_TIES * asked:
        return []
    template = (
        "{tied} of {asked} users did several things at their last time; which of them is asked "
        "for is decided by the order of the rows."
    )
    return [Text(template, {"tied": count(tied), "asked": count(asked)})]


def _require_enough(log: EventLog, columns: LogColumns) -> None:
    asked = int((np.bincount(log.user, minlength=len(log.users)) >= 2).sum())
    if asked < FEWEST_USERS:
        raise UserError(
            "A ranking is judged by the last event of at least {least} users, and of those of "
            "“{column}” {asked} have two events or more.",
            asked=count(asked),
            column=columns.user,
            least=str(FEWEST_USERS),
        )
    if len(log.items) < FEWEST_ITEMS:
        raise UserError(
            "A ranking needs at least {least} items, and “{column}” has {items}.",
            column=columns.item,
            items=count(len(log.items)),
            least=str(FEWEST_ITEMS),
        )
