"""The table that a command is about."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from rebal_core.cli.output import Bar
from rebal_core.data.at_risk import amounts_at_risk
from rebal_core.data.dataset import Dataset
from rebal_core.data.propose import propose_target
from rebal_core.data.reading.detect import unsure
from rebal_core.data.reading.forms import form_from
from rebal_core.data.reading.load import read_table, require_target
from rebal_core.data.reading.numbers.amounts import OVERRULED
from rebal_core.data.reading.options import ReadOptions
from rebal_core.data.schema import set_target, set_value
from rebal_core.scratch import scratch
from rebal_core.wording import UserError, listed


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[Dataset]:
    """Read DATA into a folder that lives as long as the command."""
    with scratch() as folder:
        yield read(arguments, folder)


def read(arguments: argparse.Namespace, into: Path) -> Dataset:
    """Read DATA into a folder, and set its target and its amounts at risk.

    Raises
    ------
    UserError
        When the file, its target or its amounts are no good.
    """
    dataset = read_untargeted(arguments, into, arguments.target)
    if arguments.target is None:
        _refuse_targetless(dataset)
    target = str(arguments.target)
    renamed = dataset.source.get("renamed", {})
    if target and target in renamed.values():
        _refuse_doubled(dataset, target, arguments.data.name)
    schema = set_target(dataset.schema, target)
    if arguments.value is not None:
        schema = set_value(schema, arguments.value)
    dataset = dataset.with_schema(schema)
    require_target(dataset)
    amounts_at_risk(dataset)
    return dataset


def read_untargeted(
    arguments: argparse.Namespace, into: Path, target: str | None = None
) -> Dataset:
    """Read DATA into a folder, whatever it is for; a target's values are read as labels."""
    bar = Bar("Reading")
    try:
        return read_table(
            arguments.data,
            into,
            ReadOptions(
                na=arguments.na,
                decimal=arguments.decimal,
                encoding=arguments.encoding,
                delimiter=arguments.delimiter,
                target=target,
            ),
            progress=lambda share: bar.show(share, 1.0),
        )
    finally:
        bar.clear()


def read_beside(arguments: argparse.Namespace, into: Path) -> Dataset:
    """Read the table of items of a log; its encoding and separator are those that it looks like."""
    bar = Bar("Reading the items")
    try:
        return read_table(
            arguments.items,
            into,
            ReadOptions(na=arguments.na, decimal=arguments.decimal),
            progress=lambda share: bar.show(share, 1.0),
        )
    finally:
        bar.clear()


def _refuse_targetless(dataset: Dataset) -> NoReturn:
    """Ask for a target, and name the column that looks like one."""
    guess = propose_target(dataset)
    if guess is not None:
        raise UserError(
            "--target is missing: name the column that holds the classes, which may be “{column}”.",
            column=guess,
        )
    names = listed([c.name for c in dataset.schema.columns], 10)
    raise UserError(
        "--target is missing: name the column that holds the classes, of {names}.", names=names
    )


def _refuse_doubled(dataset: Dataset, target: str, file: str) -> NoReturn:
    """Say which columns a target might be: one name twice, or two that differ in capitals."""
    renamed = dataset.source["renamed"]
    if any(c.name == target for c in dataset.schema.columns):
        raise UserError(
            "“{file}” has more than one column called “{target}”, so the target is not "
            "clear; rename one of them.",
            file=file,
            target=target,
        )
    new = next(name for name, old in renamed.items() if old == target)
    other = next(c.name for c in dataset.schema.columns if c.name.casefold() == target.casefold())
    raise UserError(
        "“{file}” has the columns “{other}” and “{target}”, which differ in capitals "
        "only, so “{target}” is called “{new}” here; give --target {new}, or rename one "
        "of them.",
        file=file,
        other=other,
        target=target,
        new=new,
    )


def unused_notes(entries: Sequence[Mapping[str, str]]) -> list[str]:
    """Return which columns no model sees and why, one sentence a reason."""
    alike: dict[str, list[str]] = {}
    for entry in entries:
        alike.setdefault(entry["reason"], []).append(entry["column"])
    return [f"Not used: {listed(names, 3)}. {reason}" for reason, names in alike.items()]


def reading_notes(dataset: Dataset) -> list[str]:
    """Return what happened to the table while it was read, one sentence each."""
    source = dataset.source
    notes = [text.render() for text in unsure(source.get("encodings") or {})]
    if source.get("rejected_rows"):
        notes.append(f"{source['rejected_rows']:,} rows could not be read and are left out.")
    names = {c.name for c in dataset.schema.columns}
    for new, old in source.get("renamed", {}).items():
        if not old:
            notes.append(f"A column without a name is now “{new}”.")
        elif old in names:
            notes.append(f"A second column called “{old}” is now “{new}”.")
        else:
            notes.append(f"“{old}” differs from another column in capitals only; it is “{new}”.")
    for name in source.get("defused") or ():
        notes.append(f"The quote before “{name}” is for spreadsheets only; it is left out.")
    for name, doubt in source.get("doubts", {}).items():
        value, amount = doubt["value"], doubt["thousands"]
        if doubt["taken"] in ("code", "amount"):
            read = "kept as text" if doubt["taken"] == "code" else f"read as {amount}"
            notes.append(f"{name}: “{value}” may be a code or {amount}; it is {read}.")
            continue
        notes.append(
            f"{name}: “{value}” may be {doubt['decimals']} or {amount}; say --decimal point or "
            "--decimal comma."
        )
    overruled = [c.name for c in dataset.schema.columns if OVERRULED in c.note]
    if overruled:
        notes.append(f"{listed(overruled, 3)}: {OVERRULED}")
    alike: dict[str, list[str]] = {}
    for name, form in source.get("written", {}).items():
        alike.setdefault(form_from(form).note, []).append(name)
    return notes + [f"{listed(names, 3)}: {note}" for note, names in alike.items() if note]
