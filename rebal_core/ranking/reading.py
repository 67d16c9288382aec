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
from rebal_core.data.unsure_times import refuse_unsure_times
from rebal_core.ranking.about import about_items, named_columns
from rebal_core.ranking.events import Kinds, kinds_of
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
        When a column is missing, named twice or of no use, or too few users have two events.
    """
    _require_columns(dataset, columns)
    require_columns(dataset.schema, beside)
    frame = dataset.frame(list(dict.fromkeys((*columns.names, *beside))))
    counted, dropped = _whole_rows(frame, columns)
    notes = [_note(role, n) for role, n in dropped.items() if n]
    item, items = _coded(frame[columns.item], counted)
    kept, bought, told = _kinds_of_rows(frame, columns, counted)
    dropped["event"], notes = int((counted & ~kept).sum()), notes + told
    user, users = _who_did(*_coded(frame[columns.user], counted), kept)
    moment = _moments(frame, columns.time, counted)
    about, named, joined = _about(dataset, columns, item, items, of_items, table)
    notes += joined.notes() if joined else []
    every = EventLog(
        user=user,
        item=item,
        weight=np.ones(len(frame)),
        moment=moment,
        row=np.arange(len(frame)),
        users=users,
        items=items,
        about_items=about,
        beside=frame[list(beside)] if beside else None,
        beside_items=named,
        bought=bought,
    )
    left = _in_order(every, counted & ~kept) if dropped["event"] else None
    log = replace(_in_order(every, kept), shown=left)
    if judged:
        _require_enough(log, columns)
    return LogRead(log, dropped, notes + _ties(log), joined)


def _about(
    dataset: Dataset,
    columns: LogColumns,
    item: Ints,
    items: NDArray[np.object_],
    of_items: Sequence[str],
    table: ItemTable | None,
) -> tuple[pd.DataFrame | None, pd.DataFrame | None, Joined | None]:
    """Return what is known of items, what was named of them, and what a table of them said."""
    of_log = [name for name in of_items if table is None or name not in table.columns]
    require_columns(dataset.schema, of_log)
    about = about_items(dataset, columns.names, item, len(items))
    named = named_columns(dataset, of_log, item, len(items))
    joined = None if table is None else table.join(items)
    if joined is not None:
        about, named = about | joined.about_items(), named | joined.named(of_items)
    frames = (pd.DataFrame(told) if told else None for told in (about, named))
    return next(frames), next(frames), joined


def _whole_rows(frame: pd.DataFrame, columns: LogColumns) -> tuple[Bools, dict[str, int]]:
    """Return which rows have a user, an item and a time, and how many lack which."""
    dropped: dict[str, int] = {}
    kept = np.ones(len(frame), dtype=bool)
    for role, names in (("user", [columns.user]), ("item", [columns.item]), ("time", columns.time)):
        there = kept & frame[list(names)].notna().all(axis=1).to_numpy()
        dropped[role] = int(kept.sum() - there.sum())
        kept = there
    return kept, dropped


def _kinds_of_rows(frame: pd.DataFrame, columns: LogColumns, counted: Bools) -> Kinds:
    """Return which rows are events that speak for an item or purchases, and how that is known."""
    if columns.event is None:
        return Kinds(counted, None, [])
    found = kinds_of(frame[columns.event], columns.event)
    return found._replace(wanted=counted & found.wanted)


def _in_order(every: EventLog, chosen: Bools) -> EventLog:
    """Return some rows of a table in the order of time."""
    rows = np.flatnonzero(chosen)
    log = every.take(rows[np.argsort(every.moment[rows], kind="stable")])
    beside = None if log.beside is None else log.beside.reset_index(drop=True)
    return replace(log, beside=beside)


def _require_columns(dataset: Dataset, columns: LogColumns) -> None:
    require_columns(dataset.schema, columns.names)
    for name in columns.names:
        if columns.names.count(name) > 1:
            raise UserError(
                "“{column}” is named twice; a column is the user, the item, the time or the event.",
                column=name,
            )
    for name in columns.time:
        refuse_unsure_times(dataset, name)


def _coded(values: pd.Series, kept: Bools) -> tuple[Ints, NDArray[np.object_]]:
    """Return a code of each row (-1 where it is left out), and the labels in their order."""
    codes = np.full(len(values), -1, dtype=np.int64)
    found, labels = pd.factorize(values[kept], sort=True)
    codes[kept] = found
    return codes, np.array([label_text(label) for label in labels], dtype=object)


def _who_did(
    user: Ints, users: NDArray[np.object_], kept: Bools
) -> tuple[Ints, NDArray[np.object_]]:
    """Return who did anything that counts, and the code among them of each row.

    Others have codes below -1, each his own; rows without anybody have -1.
    """
    did = np.unique(user[kept])
    codes = -2 - np.arange(len(users) + 1)
    codes[-1] = -1
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
