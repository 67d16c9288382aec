"""Checks of single columns: identifiers, constants, empty ones, personal data."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from rebal_core.checks.base import CHECKS, Check, Hit, listed
from rebal_core.checks.look import Look
from rebal_core.data.duck import quoted
from rebal_core.data.profile import query_table
from rebal_core.data.reading.mask import find_personal

#: Below so few rows, distinct values are normal.
_ROWS = 50


def find_ids(look: Look) -> Sequence[Hit] | None:
    """Features that name the row: every value once, and either text or a counter."""
    kinds = {c.name: c.kind for c in look.dataset.schema.features}
    if look.dataset.rows < _ROWS or not kinds:
        return None
    # Who has all its values once has them once in the sample; only those are counted exactly.
    frame, _ = look.sample
    near = [name for name in frame.columns if kinds[name] != "time" and _once(frame[name])]
    found = []
    with query_table(look.dataset) as connection:
        for name in near:
            c = quoted(name)
            counter = (
                "true" if kinds[name] == "category" else f"max({c}) - min({c}) < 2 * count({c})"
            )
            query = f"SELECT count(DISTINCT {c}) >= 0.999 * count({c}) AND {counter} FROM rows"
            row = connection.execute(query).fetchone()
            if row and row[0]:
                found.append(name)
    return [Hit({"names": listed(found)}, tuple(found))] if found else []


def find_constants(look: Look) -> Sequence[Hit] | None:
    """Columns of at most one value."""
    target = look.dataset.schema.target
    found = tuple(name for name, f in look.facts.items() if f.constant and name != target)
    return [Hit({"names": listed(found)}, found)] if found else []


def find_empty(look: Look) -> Sequence[Hit] | None:
    """Features that are missing in most rows."""
    rows = max(look.dataset.rows, 1)
    facts = {name: look.facts[name] for name in look.features if name in look.facts}
    found = tuple(n for n, f in facts.items() if f.filled < 0.5 * rows and not f.constant)
    return [Hit({"names": listed(found)}, found)] if found else []


def find_personal_columns(look: Look) -> Sequence[Hit] | None:
    """Columns whose values look like e-mail addresses, phone, id or card numbers."""
    found = tuple(find_personal(look.dataset.table))
    return [Hit({"names": listed(found)}, found)] if found else []


def _once(values: pd.Series) -> bool:
    """Return whether nearly all values differ and none is a fraction."""
    values = values.dropna()
    if len(values) < _ROWS or values.nunique() < 0.999 * len(values):
        return False
    return not pd.api.types.is_float_dtype(values) or bool((values == values.round()).all())


CHECKS.add(
    Check(
        code="RBL006",
        name="id_like",
        family="columns",
        title="A column names the row",
        severity="tip",
        why="A number or text that is different in every row cannot generalise: at best it is "
        "noise, at worst it carries the order in which the rows were collected.",
        fix="Give it the role id: it is kept and exported, and no model sees it.",
        sentences=("{names}: nearly every row has a value of its own.",),
        passed="No feature merely names the row.",
        find=find_ids,
    )
)
CHECKS.add(
    Check(
        code="RBL010",
        name="constants",
        family="columns",
        title="Columns of one value",
        severity="tip",
        why="A column that says the same in every row tells a model nothing.",
        fix="Nothing need be done, they are ignored. If a value was expected to vary, look at the "
        "export of the table.",
        sentences=("Only one value: {names}.",),
        passed="Every column varies.",
        find=find_constants,
    )
)
CHECKS.add(
    Check(
        code="RBL014",
        name="personal_data",
        family="columns",
        title="Likely personal data",
        severity="issue",
        why="E-mail addresses, phone, id or card numbers name people. They do not belong into a "
        "model or an export, and what is stored here can be copied from here.",
        fix="Read the table again and drop the column, or tokenise it: equal values keep equal "
        "tokens, so it can still hold the rows of one person together.",
        sentences=("Looks like e-mail, phone, id or card numbers: {names}.",),
        passed="No column looks like personal data.",
        find=find_personal_columns,
    )
)
CHECKS.add(
    Check(
        code="RBL016",
        name="mostly_missing",
        family="columns",
        title="Columns mostly empty",
        severity="tip",
        why="Where most values are filled in, a sampler that mixes rows mostly mixes the filler. "
        "Whether the value is there at all may say more than the value.",
        fix="Fill with an indicator column (Data page), or leave the column out.",
        sentences=("Missing in more than half of the rows: {names}.",),
        passed="No feature is missing in most rows.",
        find=find_empty,
    )
)
