"""New rows in the kinds of a model: it decides how a column is read, not what a file looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from rebal_core.data.dataset import Dataset, label_text
from rebal_core.data.defused import bared
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.data.reading.dates.layout import DateForm
from rebal_core.data.reading.dates.times import read_times
from rebal_core.data.reading.facts import NUMBER_BLANKS
from rebal_core.data.reading.forms import form_from
from rebal_core.data.reading.numbers.notation import Form, plain
from rebal_core.data.reading.numbers.signs import units_of
from rebal_core.schema import Column
from rebal_core.wording import Text, UserError

_WORDS = {
    "number": Text("numbers"),
    "time": Text("times"),
    "text": Text("text"),
    "category": Text("categories"),
    "embedding": Text("lists of numbers"),
}
#: Kinds that a model column can be read from as they are.
_SUITS = {
    "number": ("number",),
    "time": ("time",),
    "category": ("number", "time", "text"),
    "text": ("number", "time", "text"),
    "embedding": ("embedding",),
}
_WHOLE = re.compile("-?(0|[1-9][0-9]*)")


def names(preparation: Preparation, manifest: Mapping[str, Any]) -> set[str]:
    """Return the columns to be read as they are written, whatever their new file looks like.

    These are names (“1.10” is no “1.1”), but for codes that are whole numbers (5 and 5.0 are one
    code), and numbers and times that were not written plainly in training.
    """
    known = preparation.known
    return {
        c.name
        for c in preparation.schema.needed
        if c.kind == "text"
        or (c.kind == "category" and not all(map(_WHOLE.fullmatch, known[c.name])))
        or (c.kind == "time" and c.name in manifest.get("written", {}))
        or (c.kind == "number" and _form(manifest, c.name) is not None)
    }


def _form(manifest: Mapping[str, Any], name: str) -> Form | None:
    """Return how the numbers of a column were written in training; None where plainly."""
    if name in manifest.get("decimal_commas", ()):  # of an earlier version
        return Form(point=",")
    values = manifest.get("written", {}).get(name)
    form = form_from(values) if values else None
    return form if isinstance(form, Form) and not form.plainly else None


def aligned(
    dataset: Dataset,
    own: pa.Table,
    preparation: Preparation,
    manifest: Mapping[str, Any],
    file: str,
) -> tuple[pd.DataFrame, list[Text]]:
    """Return new rows in the kinds of the model, and notes on what had to be taken otherwise.

    Text in place of numbers is read as the numbers of the training table were written, where most
    of it can be; what cannot counts as missing.

    Parameters
    ----------
    dataset : Dataset
        The new rows, read with the columns of :func:`names` as they are written.
    own : pyarrow.Table
        The same rows as the user knows them.
    preparation : Preparation
        Of the model.
    manifest : mapping
        Of the bundle: ``written`` says how its numbers were.
    file : str
        Name of the table, for people.

    Raises
    ------
    UserError
        When a column is of another kind than the model was fitted on, or of another unit.
    """
    needed = preparation.schema.needed
    frame = dataset.frame([c.name for c in needed])
    forms = {n: form_from(form) for n, form in dataset.source.get("written", {}).items()}
    marked = {n for n, form in forms.items() if not (isinstance(form, Form) and form.plainly)}
    known = preparation.known
    changed: dict[str, pd.Series] = {}
    notes: list[Text] = []
    for column in needed:
        values = frame[column.name]
        if column.name in marked and column.kind != "time":
            text = own.column(column.name).to_pandas().astype(object)
            values = changed[column.name] = text.where(values.notna(), None)
        kind = _kind(values)
        if column.kind == "number" and (kind in ("number", "text")):
            values, told = _numbers(values, column.name, manifest, file)
            changed[column.name] = values
            notes += told
        elif column.kind == "time" and kind == "text":
            form = manifest.get("written", {}).get(column.name, {})
            read = read_times(values, DateForm(**form) if "pattern" in form else None)
            changed[column.name], told = _most(values, read, column, file)
            notes += told
        elif column.kind == "category" and kind == "text":
            changed[column.name] = _known(values, set(known[column.name]))
        elif kind is not None and kind not in _SUITS[column.kind]:
            raise _another(kind, column, file)
    return frame.assign(**changed), notes


def _numbers(
    values: pd.Series, name: str, manifest: Mapping[str, Any], file: str
) -> tuple[pd.Series, list[Text]]:
    """Return a column as numbers, by the marks that it had in training."""
    form = _form(manifest, name)
    known, signs, notes = form.sign if form else "", set[str](), list[Text]()
    read, told = values, list[Text]()
    if _kind(values) == "text":
        signs = units_of(values)
        texts = values.map(lambda v: (form and form.plain(v)) or plain(v), na_action="ignore")
        read, told = _most(
            values, pd.to_numeric(texts, errors="coerce"), Column(name, "number"), file
        )
    if known and signs - {known}:
        raise UserError(
            "Column “{name}” of {file} is written with “{sign}”, and the model was "
            "fitted on “{known}”; convert the column.",
            name=name,
            file=file,
            sign=min(signs - {known}),
            known=known,
        )
    if signs and not known:
        notes.append(
            Text(
                "Column “{name}” is written with “{sign}” here and was written without in "
                "training; its numbers are taken as they are.",
                {"name": name, "sign": min(signs)},
            )
        )
    if known and not signs and read.notna().any():
        notes.append(
            Text(
                "Column “{name}” was written with “{known}” in training and comes without; its "
                "numbers are taken as they are.",
                {"name": name, "known": known},
            )
        )
    return read, notes + told


def _most(
    values: pd.Series, read: pd.Series, column: Column, file: str
) -> tuple[pd.Series, list[Text]]:
    """Return what was read of a text column, where that is most of it."""
    there = values.notna() & ~values.isin(NUMBER_BLANKS)
    lost = int((there & read.isna()).sum())
    if 2 * lost > int(there.sum()):
        raise _another("text", column, file)
    if not lost:
        return read, []
    return read, [_lost(column, lost)]


def _lost(column: Column, lost: int) -> Text:
    """Tell how many values could not be read; whole sentences, for each is translated whole."""
    name, one = column.name, lost == 1
    if column.kind == "time":
        if one:
            return Text(
                "Column “{name}” holds one value that is no time; it counts as missing.",
                {"name": name},
            )
        return Text(
            "Column “{name}” holds {lost:,} values that are no times; they count as missing.",
            {"name": name, "lost": lost},
        )
    if one:
        return Text(
            "Column “{name}” holds one value that is no number; it counts as missing.",
            {"name": name},
        )
    return Text(
        "Column “{name}” holds {lost:,} values that are no numbers; they count as missing.",
        {"name": name, "lost": lost},
    )


def _known(values: pd.Series, known: set[str]) -> pd.Series:
    """Return names as the model knows them: without the quote that a safe CSV sets before some."""
    codes = all(map(_WHOLE.fullmatch, known))

    def name(value: Any) -> Any:
        text = label_text(value)
        if text in known:
            return value
        if codes:
            return None if text.strip() in NUMBER_BLANKS else text.strip()
        return bare if (bare := bared(text)) in known else value

    return values.map(name, na_action="ignore")


def _another(kind: str, column: Column, file: str) -> UserError:
    return UserError(
        "Column “{column}” of {file} holds {found}, and the model was fitted on "
        "{known}; correct the column.",
        column=column.name,
        file=file,
        found=_WORDS[kind],
        known=_WORDS[column.kind],
    )


def _kind(values: pd.Series) -> str | None:
    """Return what the column holds, None where it holds nothing."""
    known = values.dropna()
    if known.empty:
        return None
    if pd.api.types.is_numeric_dtype(values.dtype):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return "time"
    first = known.iloc[0]
    if isinstance(first, (list, tuple, np.ndarray)):
        return "embedding"
    return "text" if isinstance(first, str) else "number"
