"""How the rows of a comparison are split where nobody says."""

from __future__ import annotations

import numpy as np

from rebal_core.arm import Protocol, SplitRule
from rebal_core.data.dataset import Dataset
from rebal_core.data.eras import odd_times
from rebal_core.data.formats import share
from rebal_core.data.profile import JUDGED
from rebal_core.data.units import FEWEST_UNITS, held_too_unevenly
from rebal_core.experiment.splits import group_and_time
from rebal_core.schema import Schema
from rebal_core.wording import Text, UserError


def default_split(dataset: Dataset, folds: int = 5) -> tuple[SplitRule, Text | None]:
    """Return how rows are split where nobody says, and the sentence that tells why.

    By the column of role group, if the class in focus (of many the rarest of ten rows or more)
    stands in two of its values a fold; else by rows.
    """
    group = next(iter(dataset.schema.named("group")), None)
    if group is None:
        return "stratified", None
    labels = dataset.labels()
    large = [k for k, n in enumerate(labels.counts) if n >= JUDGED]
    focus = [0, 1] if len(labels.classes) == 2 else [max(large, default=1)]
    codes = group_and_time(dataset, group, None)["groups"]
    values = {k: len(np.unique(codes[labels.y == k])) for k in focus}
    rare = min(values, key=values.__getitem__)
    if values[rare] >= 2 * folds:
        return "group", (
            Text(
                "Rows are split by “{group}”: new rows are taken to come from new ones; split by "
                "rows if they come from the same.",
                {"group": group},
            )
        )
    return "stratified", (
        Text(
            "“{group}” holds rows together, but only {values} of its values have rows of "
            "“{label}”, too few for {folds} folds: rows are split one by one.",
            {"group": group, "values": values[rare], "label": labels.classes[rare], "folds": folds},
        )
    )


def told_of_split(dataset: Dataset, protocol: Protocol) -> list[Text]:
    """Return what should be known of a split before anything is run."""
    if protocol.time is not None:
        return told_of_times(dataset, protocol.time)
    if protocol.split == "group" and protocol.group is not None:
        return told_of_groups(dataset, protocol.group)
    return []


def told_of_groups(dataset: Dataset, column: str) -> list[Text]:
    """Return why a split by group will end without a verdict, where that is known before."""
    found = held_too_unevenly(dataset, column)
    if found is None:
        return []
    label, who = found
    if who.values < FEWEST_UNITS:
        return [
            Text(
                "Rows of “{label}” stand in {values} “{column}” only: split by it there will be no "
                "verdict, so take the same mix (--split rows), which holds for rows of the same.",
                {"label": label, "values": who.values, "column": column},
            )
        ]
    if who.top == 1:
        return [
            Text(
                "Rows of “{label}” stand in {values:,} “{column}”, but one of them holds "
                "{share}: split by it there will be no verdict, so take the same mix (--split "
                "rows), which holds for rows of the same.",
                {"label": label, "values": who.values, "column": column, "share": share(who.share)},
            )
        ]
    return [
        Text(
            "Rows of “{label}” stand in {values:,} “{column}”, but {top} of them hold {share}: "
            "split by it there will be no verdict, so take the same mix (--split rows), which "
            "holds for rows of the same.",
            {
                "label": label,
                "values": who.values,
                "column": column,
                "top": who.top,
                "share": share(who.share),
            },
        )
    ]


def told_of_times(dataset: Dataset, column: str) -> list[Text]:
    """Return what a split by time does with times that are missing, or likely stand for none."""
    times = group_and_time(dataset, None, column)["times"]
    lost = int(((dataset.labels().y >= 0) & (times != times)).sum())
    notes = []
    if lost:
        notes.append(
            Text(
                "Rows that stand in no fold, for their “{column}” is missing, before 1500 or "
                "after 2400: {lost:,}.",
                {"column": column, "lost": lost},
            )
        )
    if dataset.schema[column].kind == "time":
        notes += [
            Text(
                "“{value}” in “{column}” ({rows:,} rows) may stand for a time that is not known; "
                "if so, name it as missing.",
                {"value": one.values[0], "column": column, "rows": one.rows},
            )
            for one in odd_times(dataset.table, [column])[column]
            if not one.outside
        ]
    return notes


def time_column(schema: Schema, asked: str | None) -> str:
    """Return the column to split by time: the one asked for, of that role, or the only one.

    Raises
    ------
    UserError
        When none of these is there.
    """
    kinds = [c.name for c in schema.columns if c.kind == "time" and c.role != "target"]
    only = kinds[0] if len(kinds) == 1 else None
    found = asked or next(iter(schema.named("time")), only)
    if found is None:
        raise UserError("A split by time needs a time column; name one or split by rows.")
    return found
