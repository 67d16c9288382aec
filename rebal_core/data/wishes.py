"""What the user said of the columns of a file: types, words for missing, columns to mask."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import duckdb

from rebal_core.data.amounts import Decimal
from rebal_core.data.infer import Reading
from rebal_core.data.mask import salt as read_salt
from rebal_core.data.mask import token_sql
from rebal_core.data.retype import as_written, retyped, with_labels
from rebal_core.schema import Schema
from rebal_core.wording import Text, UserError

Mask = Literal["drop", "tokenise"]


@dataclass(frozen=True)
class Wishes:
    """What the user said of the columns of one file."""

    where: str
    na: tuple[str, ...]
    schema: Schema | None
    target: str | None
    mask: Mapping[str, Mask]
    salt: Path
    least: int
    written: Container[str]
    decimal: Decimal | None

    def heeded(
        self, connection: duckdb.DuckDBPyConnection, relation: str, found: list[Reading]
    ) -> list[Reading]:
        """Return the readings that the user wants; masked columns are tokens, or not among them."""
        readings = with_labels(found, self.target, self.na)
        readings = as_written(connection, relation, readings, self.written, self.na)
        if self.schema is not None:
            kept = tuple(c for c in self.schema.columns if c.name not in self.mask)
            plain = replace(self.schema, columns=kept)
            readings = retyped(connection, relation, readings, plain, self.na, self.where)
        return _masked(readings, self.mask, self.salt, self.where, self.least)


def _masked(
    readings: Sequence[Reading], mask: Mapping[str, Mask], salt: Path, where: str, least: int
) -> list[Reading]:
    """Leave columns out, or read them as tokens, before anything of them is stored."""
    absent = sorted(set(mask) - {r.name for r in readings})
    if absent:
        raise UserError(
            "{where} has no column “{column}” to mask; check the spelling.",
            where=where,
            column=absent[0],
        )
    key = read_salt(salt) if "tokenise" in mask.values() else b""
    kept = []
    for reading in readings:
        what = mask.get(reading.name)
        if what == "tokenise":
            sql = token_sql(f"trim(({reading.sql})::VARCHAR)", key)
            kept.append(
                Reading(reading.raw, reading.name, "text", sql, Text("Masked by tokens.").render())
            )
        elif what is None:
            kept.append(reading)
    if len(kept) < least:
        raise UserError("{where} keeps fewer than two columns; drop fewer of them.", where=where)
    return kept
