"""What the columns of an accepted table are for: a guess that explains itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from rebal_core.data.column_facts import ColumnFacts, column_facts, told_by_footer
from rebal_core.data.duck import open_duck, parquet, quoted, with_room
from rebal_core.data.entities import FEWEST_ROWS_EACH, FEWEST_VALUES, entities, entity_name
from rebal_core.data.log_columns import items_by_name
from rebal_core.schema import Column, Kind, Role, Schema
from rebal_core.wording import Text, UserError, listed

#: What an export adds to each row: where it comes from, and from which rows, or from which fit;
#: which step took it away; whether it looks strange.
ORIGIN, PARENTS, FIT, REMOVED_BY, FLAG = "_origin", "_parents", "_fit", "_removed_by", "_flag"
DISTANCE = "_distance"
#: The same in a table that was balanced before it was balanced.
ORIGINS_NAME = re.compile(rf"({ORIGIN}|{PARENTS}|{FIT}|{DISTANCE}|{REMOVED_BY})(_\d+)?")
_ID_NAME = re.compile(
    r"(^|[\s_.\-])(id|ids|uuid|guid|uid|key|hash|no|nr|nbr|number|code)$|[a-z](Id|ID|Uuid|UUID)$"
    r"|(编号|编码|号码|流水号|序号|单号|账号|主键)$|^Unnamed: 0$|^index$",
    re.IGNORECASE,
)
#: Whole numbers that all differ, in a column called so, count the rows: what R and others write
#: before the first column, and what a column without a name is called here.
_ROW_NAME = re.compile(r"^(row[\s_.\-]?names?|rows?|obs|s[\s_.]?no\.?|column_1)$", re.IGNORECASE)
_REPEATS = Text("Looks like an identifier that repeats.").render()
#: How the notes begin that say why a column is no feature.
LEFT_ALONE = ("All values are", "A time:", "Looks like", "Written by Rebal")
#: Texts of so few values are categories, however long.
_FEW = 50


def guess_schema(table: Path, target: str | None = None) -> Schema:
    """Guess kind and role of every column of an accepted table.

    Parameters
    ----------
    table : Path
        Written by :func:`rebal_core.data.reading.load.read_table`.
    target : str, optional
        Column to predict.

    Returns
    -------
    Schema
        In the order of the table; ``Column.note`` says why.

    Raises
    ------
    UserError
        When there is no such target.
    """
    file = pq.ParquetFile(table)
    fields = list(file.schema_arrow)
    rows = file.metadata.num_rows
    relation = parquet(table)
    told = told_by_footer(file)

    def guess(columns: int) -> Schema:
        with open_duck(table, columns=columns) as connection:
            asked = [f for f in fields if f.name not in told]
            facts = {**column_facts(connection, relation, asked), **told}
            schema = Schema(tuple(_column(f, facts.get(f.name), rows) for f in fields))
            named = [c.name for c in schema.columns if c.kind in ("number", "category")]
            about = {name: (f.distinct, f.values) for name, f in facts.items() if f.distinct}
            schema = _grouped(schema, entities(connection, relation, named, about))
            return _added_by_us(_about_items(schema, about))

    schema = with_room(guess, 1)
    return schema if target is None else set_target(schema, target)


def codes(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[tuple[str, str]]
) -> set[str]:
    """Return the columns of whole numbers that :func:`guess_schema` would take for categories.

    Parameters
    ----------
    relation : str
        SQL of a raw table.
    columns : sequence of (str, str)
        Final name, and expression over the raw table.
    """
    if not columns:
        return set()
    picks = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns)
    query = f"(SELECT {picks} FROM {relation})"
    types = connection.execute(f"DESCRIBE FROM {query}").fetchall()
    fields = [pa.field(name, pa.int64()) for name, kind, *_ in types if kind == "BIGINT"]
    facts = column_facts(connection, query, fields)
    return {f.name for f in fields if _judge_number(f, facts[f.name])[0] == "category"}


def set_target(schema: Schema, name: str) -> Schema:
    """Return the schema with another target.

    Raises
    ------
    UserError
        When there is no such column, or it holds embeddings.
    """
    require_columns(schema, [name])
    if schema[name].kind == "embedding":
        raise UserError(
            "“{name}” holds lists of numbers and cannot be the target; choose another.", name=name
        )
    changed = schema.with_role("target", name)
    return with_column(changed, name, kind="category", note="")


def set_value(schema: Schema, name: str) -> Schema:
    """Return the schema with the column that says what is at risk in a row.

    Raises
    ------
    UserError
        When there is no such column, or it is the target.
    """
    require_columns(schema, [name])
    if name == schema.target:
        raise UserError(
            "“{column}” is the target and cannot hold what is at risk; name another column.",
            column=name,
        )
    return schema.with_role("value", name)


def numbers_kept(schema: Schema, names: Iterable[str]) -> Schema:
    """Return the schema with these columns, numbers but for few values, as features.

    Nearly all their values differ because they are amounts: that makes no identifier of them. One
    that is named as an identifier stays one.
    """
    wrong = [n for n in names if schema[n].role == "id" and not _ID_NAME.search(n)]
    for name in wrong:
        note = Text(
            "Numbers but for a few values: name those as missing, and it is read as numbers."
        ).render()
        schema = with_column(schema.with_role("feature", name), name, note=note)
    return schema


def drop(schema: Schema, names: Iterable[str]) -> Schema:
    """Return the schema with these columns ignored.

    Raises
    ------
    UserError
        When there is no such column.
    """
    names = list(names)
    require_columns(schema, names)
    return schema.with_role("ignore", *names)


def with_column(schema: Schema, name: str, **changes: str | None) -> Schema:
    """Return the schema with another ``kind``, ``role``, ``fill`` and so on of one column."""
    require_columns(schema, [name])
    columns = (replace(c, **changes) if c.name == name else c for c in schema.columns)  # type: ignore[arg-type]
    return replace(schema, columns=tuple(columns))


def require_columns(schema: Schema, names: Iterable[str]) -> None:
    """Refuse names that no column has; the sentence tells the nearest."""
    known = [c.name for c in schema.columns]
    for name in names:
        if name not in known:
            near = [k for k in known if k.casefold() == name.strip().casefold()]
            if near:
                raise UserError(
                    "The table has no column “{name}”; did you mean “{near}”?",
                    name=name,
                    near=near[0],
                )
            raise UserError(
                "The table has no column “{name}”; it has {known}.",
                name=name,
                known=listed(known, 12),
            )


def _added_by_us(schema: Schema) -> Schema:
    """Give the columns of a table that we balanced the roles that they have in it.

    Where a row comes from tells its class where only rare rows were made; its weight is for the
    model to use, not to learn from.
    """
    for column in schema.columns:
        if ORIGINS_NAME.fullmatch(column.name):
            note = Text("Written by Rebal: where the row comes from.").render()
            schema = with_column(schema.with_role("ignore", column.name), column.name, note=note)
        if re.fullmatch(rf"{FLAG}(_\d+)?", column.name):
            note = Text("Written by Rebal: whether the row looks strange in its class.").render()
            schema = with_column(schema.with_role("ignore", column.name), column.name, note=note)
        if column.name == "_weight" and column.kind == "number":
            note = Text("Written by Rebal: how much the row counts.").render()
            schema = with_column(schema.with_role("weight", column.name), column.name, note=note)
    return schema


def _grouped(schema: Schema, names: Sequence[str]) -> Schema:
    """Let the column of most values hold rows together; the others name what they belong to."""
    for name in names[1:]:
        schema = with_column(schema, name, role="id", note=_REPEATS)
    for name in names[:1]:
        note = Text(
            "Comes back in several rows: all rows of one value stay on one side of a split."
        ).render()
        schema = with_column(schema, name, role="group", note=note)
    return schema


def _about_items(schema: Schema, about: Mapping[str, tuple[int, int]]) -> Schema:
    """Let what is surely called an item, beside users who come back, say what a row is about.

    Parameters
    ----------
    about : mapping of str to (int, int)
        About how many values a column has, in how many rows.
    """
    if "sure" not in map(entity_name, schema.named("group")):
        return schema
    often = [
        c.name
        for c in schema.columns
        if c.kind in ("number", "category") and c.role in ("feature", "id")
        for values, rows in [about.get(c.name, (0, 0))]
        if values > FEWEST_VALUES and rows > FEWEST_ROWS_EACH * values
    ]
    for name in items_by_name(often, sure=True)[:1]:
        note = Text("Says what the row is about; as a feature, models would learn from it.")
        schema = with_column(schema, name, role="item", note=note.render())
    return schema


def _column(field: pa.Field, facts: ColumnFacts | None, rows: int) -> Column:
    kind, role, note = _judge(field, facts, rows)
    return Column(field.name, kind, role, note=note)


def _judge(field: pa.Field, facts: ColumnFacts | None, rows: int) -> tuple[Kind, Role, str]:
    """Return kind, role and reason of one column."""
    if facts is None:
        return "embedding", "feature", Text("A list of numbers: one group of features.").render()
    kind = _plain_kind(field.type)
    if facts.values == 0:
        return kind, "ignore", Text("All values are missing.").render()
    if facts.constant and facts.values == rows:
        return kind, "ignore", Text("All values are the same.").render()
    if kind == "time":
        return (
            kind,
            "ignore",
            Text("A time: choose it as time column to test on later rows.").render(),
        )
    if kind == "number":
        return _judge_number(field, facts)
    return (
        _judge_text(field.name, facts)
        if not pa.types.is_boolean(field.type)
        else ("category", "feature", "")
    )


def _judge_number(field: pa.Field, facts: ColumnFacts) -> tuple[Kind, Role, str]:
    named = bool(_ID_NAME.search(field.name))
    if not pa.types.is_integer(field.type):
        return "number", "feature", ""
    counts = facts.dense or bool(_ROW_NAME.search(field.name))
    if facts.distinct == facts.values and (named or counts) and facts.values > 20:
        note = Text(
            "Looks like a row number: every value is different."
            if counts
            else "Looks like an identifier: every value is different."
        )
        return "number", "id", note.render()
    if named and facts.distinct > 20:
        return _judge_code(field.name, facts)
    return "number", "feature", ""


def _judge_text(name: str, facts: ColumnFacts) -> tuple[Kind, Role, str]:
    share = facts.distinct / facts.values
    if facts.words >= 2 and facts.distinct > 1000 and share > 0.5:
        return "text", "feature", Text("Free text: nearly every value is different.").render()
    if facts.words >= 3 and facts.distinct > _FEW and share > 0.2:
        return "text", "feature", Text("Free text: long values, most of them different.").render()
    if facts.distinct == facts.values and facts.values > 20:
        return (
            "category",
            "id",
            Text("Looks like an identifier: every value is different.").render(),
        )
    if facts.distinct > 1000 and share > 0.5:
        return (
            "category",
            "id",
            Text("Looks like an identifier: most values are different.").render(),
        )
    if _ID_NAME.search(name) and facts.distinct > 20:
        return _judge_code(name, facts)
    return "category", "feature", ""


def _judge_code(name: str, facts: ColumnFacts) -> tuple[Kind, Role, str]:
    """Judge an id by name whose values repeat: rows that belong together, or a code."""
    if entity_name(name):
        return "category", "id", _REPEATS
    if facts.distinct <= 2000 and facts.values >= 10 * facts.distinct:
        return "category", "feature", Text("A code: its numbers are names, not amounts.").render()
    return "category", "id", _REPEATS


def _plain_kind(kind: pa.DataType) -> Kind:
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return "number"
    return "time" if pa.types.is_timestamp(kind) else "category"
