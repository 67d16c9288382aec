"""What is said of a file before it is read; what is not said is found."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import duckdb

from rebal_core.data.reading.infer import Reading
from rebal_core.data.reading.mask import salt as read_salt
from rebal_core.data.reading.mask import token_sql
from rebal_core.data.reading.numbers.amounts import Decimal
from rebal_core.data.reading.retype import as_written, retyped, with_labels
from rebal_core.schema import Schema
from rebal_core.wording import Text, UserError

Mask = Literal["drop", "tokenise"]


@dataclass(frozen=True)
class ReadOptions:
    """How one file is to be read.

    Parameters
    ----------
    name : str, optional
        What the user calls the table; default the file's name without its suffix. What is wrong
        with the file is told by this name too: an upload lies under one that nobody knows.
    encoding, delimiter : str, optional
        What the user says, instead of what is found.
    decimal : {"point", "comma"}, optional
        What parts the decimals of numbers, where the user says so.
    na : sequence of str
        Tokens that mean "missing" in every column. Blanks always do; ``? NA N/A NaN nan null
        None`` do in columns that are numbers otherwise.
    schema : Schema, optional
        Kinds and roles as the user edited them; default a guess. A kind that differs from what was
        found changes what is stored.
    mask : mapping of str to {"drop", "tokenise"}
        Columns that must not be stored as they are. A token is a keyed hash: equal values keep
        equal tokens, so the column still serves as group.
    salt : Path, optional
        File with the key of the tokens, made if absent; default one of this reading alone. Tables
        read with the same file share their tokens.
    target : str, optional
        Column whose labels stay as they are written; default the schema's.
    written : container of str
        Columns that stay as they are written where they came as text, whatever they look like.
    least : int
        Fewest columns: 2, but 1 for rows that are only to be scored.
    """

    name: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: Decimal | None = None
    na: Sequence[str] = ()
    schema: Schema | None = None
    mask: Mapping[str, Mask] = field(default_factory=dict)
    salt: Path | None = None
    target: str | None = None
    written: Container[str] = ()
    least: int = 2

    def heeded(
        self,
        connection: duckdb.DuckDBPyConnection,
        relation: str,
        found: list[Reading],
        source: Path,
        salt: Path,
    ) -> list[Reading]:
        """Return the readings that the user wants; masked columns are tokens, or not among them."""
        target = self.target if self.schema is None else self.schema.target
        readings = with_labels(found, target, self.na)
        readings = as_written(connection, relation, readings, self.written, self.na)
        if self.schema is not None:
            kept = tuple(c for c in self.schema.columns if c.name not in self.mask)
            plain = replace(self.schema, columns=kept)
            readings = retyped(connection, relation, readings, plain, self.na, source.name)
        return _masked(readings, self.mask, self.salt or salt, source.name, self.least)


#: Nothing is said: all is found.
AS_FOUND = ReadOptions()


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
