"""``rebal past``: add what had happened strictly before each row of a log."""

from __future__ import annotations

import argparse

from rebal_core.cli.output import columns, note, tell
from rebal_core.outputs import require_output
from rebal_core.scratch import scratch
from rebal_core.wording import UserError, listed


def past(arguments: argparse.Namespace) -> int:
    """Write the table with the columns added, and tell what each holds."""
    import numpy as np
    import pyarrow as pa

    from rebal_core.cli.tables import read_untargeted, reading_notes
    from rebal_core.data.asof import Past, as_of, columns_of, read_key, seconds
    from rebal_core.data.schema import require_columns
    from rebal_core.data.unsure_times import refuse_unsure_times
    from rebal_core.export.tables import check_suffix, free_name, write_table

    check_suffix(arguments.out)
    require_output(arguments.out, "--out", [arguments.data])
    if arguments.price is not None and arguments.user is None:
        raise UserError("--price is set against the mean of a user; give --user with it.")
    with scratch() as folder:
        dataset = read_untargeted(arguments, folder)
        known = [column.name for column in dataset.schema.columns]
        keys = tuple(read_key(text, known) for text in arguments.by)
        asked = Past(arguments.time, keys, arguments.user, arguments.price, arguments.pause * 60)
        require_columns(dataset.schema, asked.read)
        refuse_unsure_times(dataset, asked.time)
        about = {column.name: column.about for column in columns_of(asked)}
        _refuse_unknown(arguments.only, list(about))
        frame = dataset.frame(asked.read)
        added = as_of(frame, asked, arguments.only or None)
        table = dataset.own()
        for name in map(str, added):
            values = pa.array(added[name].to_numpy(), from_pandas=True)
            table = table.append_column(free_name(name, table.column_names), values)
        write_table(table, arguments.out)
        undated = int(np.isnan(seconds(frame[arguments.time])).sum())
        notes = reading_notes(dataset)
    rows = [(name, about[name].render()) for name in map(str, added)]
    tell("\n".join([columns(rows, ("column", "what it holds")), f"Wrote {arguments.out}"]))
    if undated:
        notes.append(f"Rows without a time are empty in these columns: {undated:,}.")
    for sentence in notes:
        note(sentence)
    return 0


def _refuse_unknown(only: list[str], known: list[str]) -> None:
    if not known:
        raise UserError("Nothing is asked for; name columns with --by or --user.")
    for name in only:
        if name not in known:
            raise UserError(
                "--only: “{name}” is none of the columns that would be added; these are {known}.",
                name=name,
                known=listed([f"“{text}”" for text in known], 12),
            )
