"""Checks of the rows: copies, contradictions, rows that belong together, time."""

from __future__ import annotations

from collections.abc import Sequence

from rebal_core.checks.base import CHECKS, Check, Hit, listed
from rebal_core.checks.look import Look
from rebal_core.data.entities import (
    FEWEST_ROWS_EACH,
    FEWEST_VALUES,
    entity_name,
    find_entities,
)
from rebal_core.data.eras import odd_times
from rebal_core.data.formats import share
from rebal_core.data.units import FEWEST_UNITS, held_too_unevenly


def find_conflicts(look: Look) -> Sequence[Hit] | None:
    """Rows that equal another in every feature and have another label."""
    if look.labels is None or not look.features:
        return None
    rows = look.repeats.conflicting
    return [Hit({"rows": rows, "share": share(rows / look.dataset.rows)})] if rows else []


def find_duplicates(look: Look) -> Sequence[Hit] | None:
    """Rows that equal an earlier one in every feature, whatever their labels."""
    if not look.features:
        return None
    extra = look.repeats.extra
    return [Hit({"rows": extra, "share": share(extra / look.dataset.rows)})] if extra else []


def find_repeated_groups(look: Look) -> Sequence[Hit] | None:
    """Users, patients, cards that stand in several rows."""
    schema = look.dataset.schema
    chosen = schema.named("group")
    if not chosen and not any(entity_name(c.name) for c in schema.columns):
        return None
    hits = _uneven(look, chosen[0]) if chosen else []
    for name in find_entities(look.dataset.table, schema):
        values, filled = look.distinct(name)
        mean = filled / max(values, 1)
        if values > FEWEST_VALUES and mean > FEWEST_ROWS_EACH:
            told = {"column": name, "mean": mean}
            return [Hit(told, (name,), sentence=0 if chosen else 1), *hits]
    return hits


def _uneven(look: Look, column: str) -> list[Hit]:
    """Say before a run that a split by the column can end without a verdict only."""
    found = held_too_unevenly(look.dataset, column) if look.labels is not None else None
    if found is None:
        return []
    label, who = found
    values = {"label": label, "column": column, "values": who.values, "top": who.top}
    sentence = 2 if who.values < FEWEST_UNITS else 3 if who.top == 1 else 4
    return [Hit({**values, "part": share(who.share)}, (column,), sentence)]


def find_time(look: Look) -> Sequence[Hit] | None:
    """Columns of time that no split uses."""
    schema = look.dataset.schema
    if schema.named("time"):
        return []
    names = _times(look)
    return [Hit({"names": listed(names)}, tuple(names))] if names else None


def find_odd_times(look: Look) -> Sequence[Hit] | None:
    """Dates that likely stand for “no end” or “not known”."""
    names = _times(look)
    if not names:
        return None
    hits = []
    for name, found in odd_times(look.dataset.table, names).items():
        for odd in found:
            values = {"name": name, "rows": odd.rows, "values": listed(odd.values)}
            hits.append(Hit(values, (name,), int(not odd.outside)))
    return hits


def _times(look: Look) -> list[str]:
    columns = look.dataset.schema.columns
    return [c.name for c in columns if c.kind == "time" and c.role != "target"]


CHECKS.add(
    Check(
        code="RBL003",
        name="conflicts",
        family="rows",
        title="Same row, different label",
        severity="tip",
        why="Rows that are equal in every feature and differ in the label cannot be told apart by "
        "any model: they set a ceiling to every score.",
        fix="Look at some of them. If the labels are wrong, mend them; if a column that tells them "
        "apart was left out, give it back; else accept the ceiling.",
        sentences=(
            "Rows that have a twin with another label: {rows:,} ({share}). No model can get all of "
            "these right.",
        ),
        passed="No two equal rows have different labels.",
        find=find_conflicts,
    )
)
CHECKS.add(
    Check(
        code="RBL004",
        name="duplicates",
        family="rows",
        title="Rows that repeat",
        severity="tip",
        why="A row in the test part whose copy is in the training part is not a test: scores come "
        "out too high, most of all for nearest neighbours and forests.",
        fix="Remove the copies if they are the same event stored twice. If they are different "
        "events that look alike, keep them; the comparison warns where copies cross the folds.",
        sentences=("Rows that equal an earlier row in every feature: {rows:,} ({share}).",),
        passed="No row repeats an earlier one.",
        find=find_duplicates,
    )
)
CHECKS.add(
    Check(
        code="RBL005",
        name="repeated_groups",
        family="rows",
        title="The same one comes back",
        severity="tip",
        why="A model recognises users, patients or cards it was trained on. If new data will be "
        "about new ones, folds that mix their rows promise too much: .84 instead of .55 AUC in a "
        "case where nothing could be learned.",
        fix="Keep all rows of one in the same fold (role group), unless new data will be about the "
        "very same ones.",
        sentences=(
            "Each value of “{column}” has {mean:.1f} rows on average; its rows stay in one fold.",
            "Each value of “{column}” has {mean:.1f} rows on average, and folds mix them.",
            "Rows of “{label}” stand in {values} “{column}” only: split by it there will be no "
            "verdict, so take the same mix (--split rows), which holds for rows of the same.",
            "Rows of “{label}” stand in {values:,} “{column}”, but one of them holds {part}: split "
            "by it there will be no verdict, so take the same mix (--split rows), which holds for "
            "rows of the same.",
            "Rows of “{label}” stand in {values:,} “{column}”, but {top} of them hold {part}: "
            "split by it there will be no verdict, so take the same mix (--split rows), which "
            "holds for rows of the same.",
        ),
        passed="No user or group stands in several rows.",
        find=find_repeated_groups,
    )
)
CHECKS.add(
    Check(
        code="RBL015",
        name="time_order",
        family="rows",
        title="Rows have a time",
        severity="tip",
        why="Tomorrow's rows differ from today's. Folds that mix days train on the future, and the "
        "score is that of a world that stands still.",
        fix="If the model will be used on later days, give the column the role time: each fold is "
        "then tested on days after its training.",
        sentences=("The rows carry times ({names}), and folds mix them.",),
        passed="The rows have an order in time.",
        find=find_time,
    )
)
CHECKS.add(
    Check(
        code="RBL024",
        name="odd_times",
        family="rows",
        title="Times that stand for none",
        severity="tip",
        why="9999-12-31 often stands for “no end”, 0001-01-01 or 1900-01-01 for “not known”. Read "
        "as times they are the last or the first of all: by them a split would test or train, and "
        "as a feature they outweigh all others.",
        fix="If they stand for something else, name them as missing and read the table again (on "
        "the command line: --na 9999-12-31, as it is written in the file). A split by time leaves "
        "rows before 1500 or after 2400 out.",
        sentences=(
            "Times of “{name}” before 1500 or after 2400: {rows:,}, such as {values}.",
            "{values} in “{name}” ({rows:,} rows) may stand for a time that is not known.",
        ),
        passed="No time stands for another thing.",
        find=find_odd_times,
    )
)
