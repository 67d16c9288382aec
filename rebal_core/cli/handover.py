"""Commands around a finished run: export it, score rows with its model."""

from __future__ import annotations

import argparse

from rebal_core.cli.output import note, tell
from rebal_core.cli.settings import once
from rebal_core.outputs import require_folder, require_output


def predict(arguments: argparse.Namespace) -> int:
    """Score the rows of a table."""
    from rebal_core.export.bundle import load_bundle
    from rebal_core.export.predict import predict_table
    from rebal_core.export.tables import check_suffix, write_table

    check_suffix(arguments.out)
    require_output(arguments.out, "--out", [arguments.data, arguments.model])
    prior = once(arguments.prior, "--prior")
    scored = predict_table(
        load_bundle(arguments.model),
        arguments.data,
        prior,
        encoding=arguments.encoding,
        delimiter=arguments.delimiter,
    )
    write_table(scored.table, arguments.out)
    for sentence in scored.notes:
        note(sentence)
    tell(f"Wrote {scored.table.num_rows:,} rows to {arguments.out}")
    return 0


def generate(arguments: argparse.Namespace) -> int:
    """Draw rows from a saved generator."""
    from rebal_core.export.generator import load_generator
    from rebal_core.export.tables import check_suffix, write_blocks
    from rebal_core.room import require_room

    check_suffix(arguments.out)
    require_output(arguments.out, "--out", [arguments.generator])
    counts = once(arguments.counts, "--count")
    require_room(counts.values())
    generator = load_generator(arguments.generator)
    rules = "; ".join(arguments.rules)
    shares = arguments.marginal
    blocks = generator.rows(counts, arguments.seed, rules=rules, marginal=shares, tell=note)
    write_blocks(blocks, arguments.out)
    told = ", ".join(f"{size:,} of “{label}”" for label, size in counts.items())
    tell(f"Wrote {sum(counts.values()):,} rows to {arguments.out}: {told}")
    return 0


def export(arguments: argparse.Namespace) -> int:
    """Write the data and the model of a run."""
    from rebal_core.export.run import export_names, export_run
    from rebal_core.store import Store

    require_folder(arguments.to, export_names(arguments.refit, arguments.removed), "--to")
    exported = export_run(
        Store(),
        arguments.run,
        arguments.to,
        arm=arguments.arm,
        refit=arguments.refit,
        removed=arguments.removed,
    )
    for sentence in exported.notes:
        note(sentence)
    wrote = (f"Wrote {path}" for path in exported.files)
    tell("\n".join((f"{exported.arm} of run {arguments.run}:", *wrote)))
    return 0
