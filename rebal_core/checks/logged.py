"""Check for columns that the system wrote which showed, scored, sampled or parted the rows."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow.parquet as pq

from rebal_core.checks.base import CHECKS, Check, Hit
from rebal_core.checks.look import Look
from rebal_core.data.logged import Origin, names_part, origin_of_name, parts_rows
from rebal_core.data.profile import query_table, raw_counts

_SHOWN, _PEEK = 10, 200
#: In the order of the sentences.
_ORIGINS: tuple[Origin, ...] = ("model", "weight", "parts", "shown")


def find_logged(look: Look) -> Sequence[Hit] | None:
    """Features that a system seems to have written beside the rows."""
    kinds = {
        c.name: c.kind for c in look.dataset.schema.features if c.name not in look.dataset.trusted
    }
    if not look.features:
        return None
    found = {name: origin for name in kinds if (origin := origin_of_name(name)) is not None}
    words = [name for name, kind in kinds.items() if kind == "category" and name not in found]
    parting: Origin = "parts"
    found = dict.fromkeys(_parting(look, words), parting) | found  # what values tell is sure
    hits = [Hit({"column": name}, (name,), _ORIGINS.index(o)) for name, o in found.items()]
    others = [Hit({"count": len(hits) - _SHOWN}, (), len(_ORIGINS))] * (len(hits) > _SHOWN)
    return [*hits[:_SHOWN], *others]


def _parting(look: Look, names: Sequence[str]) -> list[str]:
    """Return the columns whose values are train, test and the like."""
    if not names:
        return []
    file = pq.ParquetFile(look.dataset.table)
    first = next(file.iter_batches(batch_size=_PEEK, columns=list(names)))
    # Most columns of words are told by their first values.
    maybe = [n for n in names if all(map(names_part, first.column(n).drop_null().to_pylist()))]
    with query_table(look.dataset) as connection:
        values = {name: [v for v, _ in raw_counts(connection, name)] for name in maybe}
    return [name for name in maybe if parts_rows(values[name])]


CHECKS.add(
    Check(
        code="RBL025",
        name="logged",
        family="columns",
        title="A system may have written it",
        severity="tip",
        why="What the system that showed, scored, sampled or parted the rows wrote beside them is "
        "not there for new rows, or tells what that system guessed: a model that learns from it "
        "repeats the system.",
        fix="If it is not known when you predict, leave it out; a weight of rows can have the role "
        "weight. If it is, say so and keep it (on the command line: --drop or --trust).",
        sentences=(
            "“{column}” is named like the output of a model.",
            "“{column}” is named like a weight: how much a row counts, not what it is.",
            "“{column}” seems to tell which rows train and which test.",
            "“{column}” is named like the place at which something was shown.",
            "More columns that a system may have written: {count:,}.",
        ),
        passed="No feature looks as if a system had written it.",
        find=find_logged,
        answerable=True,
    )
)
