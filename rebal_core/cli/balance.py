"""``rebal balance``: a balanced table, or two files of which one stays untouched."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rebal_core.cli.output import columns, note, tell
from rebal_core.cli.settings import once
from rebal_core.outputs import require_output, written
from rebal_core.wording import UserError

if TYPE_CHECKING:
    from rebal_core.data.dataset import Dataset
    from rebal_core.export.balance import Balanced


def balance(arguments: argparse.Namespace) -> int:
    """Write the balanced table and tell what was done."""
    from rebal_core.cli.tables import opened, reading_notes, unused_notes
    from rebal_core.data.unused import unused
    from rebal_core.experiment.settings import settings_of
    from rebal_core.export.balance import balance_table
    from rebal_core.export.tables import check_suffix, write_table
    from rebal_core.room import require_room
    from rebal_core.strategies import saved_strategies

    _check(arguments)
    check_suffix(arguments.out)
    params, counts = once(arguments.params, "--set"), once(arguments.counts, "--count")
    require_room(counts.values())  # before the table is read
    known = saved_strategies().beside()
    with opened(arguments) as dataset:
        dataset = _with_split(dataset, arguments)
        made = balance_table(
            dataset,
            arguments.strategy,
            params=params,
            counts=counts,
            holdout=arguments.holdout,
            group=arguments.group,
            time=arguments.time,
            seed=arguments.seed,
            known=known,
        )
        spec = known.find(arguments.strategy)
        about = {
            "strategy": spec.made_of or arguments.strategy,
            "params": {**spec.preset, **settings_of(spec, params)},
        }
        about |= {"seed": arguments.seed, "fingerprint": dataset.fingerprint, **made.note()}
        files = _names(arguments)
        tables = [made.train, *([] if made.test is None else [made.test]), made.removed]
        with written(*files) as parts:
            for table, part in zip(tables, parts, strict=False):
                write_table(table, part, about)
        notes = (*reading_notes(dataset), *unused_notes(unused(dataset.schema, dataset.source)))
    tell(_text(made, files))
    for sentence in notes:
        note(sentence)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    if arguments.holdout is None and (arguments.group or arguments.time):
        flag = "--group" if arguments.group else "--time"
        raise UserError(
            "{flag} says how rows are held out; give --holdout SHARE with it.", flag=flag
        )
    for path in _names(arguments):
        require_output(path, "--out", [arguments.data])


def _names(arguments: argparse.Namespace) -> list[Path]:
    """Return the files that are written: balanced, untouched, removed, as far as asked for."""
    out: Path = arguments.out
    ends = ["train_balanced", "test_untouched"] if arguments.holdout is not None else [""]
    ends += ["removed"] * arguments.removed
    return [out.with_name(f"{out.stem}_{end}{out.suffix}") if end else out for end in ends]


def _with_split(dataset: Dataset, arguments: argparse.Namespace) -> Dataset:
    """Give the columns that the split is made by their role; no model sees them."""
    from rebal_core.data.unsure_times import refuse_unsure_times

    schema = dataset.schema
    known = {column.name: column for column in schema.columns}
    for role, name in (("group", arguments.group), ("time", arguments.time)):
        if name is None:
            continue
        if name not in known:
            raise UserError(
                "--{role}: the table has no column “{name}”; check the spelling.",
                role=role,
                name=name,
            )
        if name == schema.target:
            raise UserError(
                "--{role}: “{name}” is the target; name another column.", role=role, name=name
            )
        if role == "time" and known[name].kind not in ("time", "number"):
            refuse_unsure_times(dataset, name)
            raise UserError(
                "--time: “{name}” holds neither times nor numbers; name another.", name=name
            )
        schema = schema.with_role("group" if role == "group" else "time", name)
    return dataset.with_schema(schema)


def _text(made: Balanced, files: Sequence[Path]) -> str:
    rows = [
        (label, f"{made.natural[label]:.4%}", f"{made.balanced[label]:.4%}", count)
        for label, count in list(made.counts.items())[:20]
    ]
    lines = [columns(rows, ("class", "natural share", "new share", "rows"))]
    if len(made.counts) > len(rows):
        lines.append(f"... and {len(made.counts) - len(rows):,} more classes")
    note = made.note()
    lines += [
        f"A model of these rows says probabilities q for the new shares; for the natural ones use "
        f"{note['undo']}.",
        *made.notes,
        *(f"Wrote {path}" for path in files),
    ]
    return "\n".join(lines)
