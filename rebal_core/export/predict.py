"""Score new rows with a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from rebal_core.data.dataset import Dataset, label_text
from rebal_core.data.formats import share
from rebal_core.data.preparing.encoders import as_numbers
from rebal_core.data.reading.detect import unsure
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.decisions import correct_prior
from rebal_core.evaluation.words import cut_off
from rebal_core.export.align import aligned, names
from rebal_core.export.bundle import Bundle, prior_of
from rebal_core.export.tables import ADDED, free_name
from rebal_core.rows import Floats, Ints
from rebal_core.scratch import scratch
from rebal_core.trouble import told_as
from rebal_core.wording import Text, UserError, listed


@dataclass(frozen=True)
class Scored:
    """Scored rows, and what the user should know of them.

    Parameters
    ----------
    table : pyarrow.Table
        The rows in their order and columns, then ``prediction`` and one ``p_<label>`` a class.
    notes : tuple of str
    """

    table: pa.Table
    notes: tuple[str, ...]


_KNOWN_ROWS = Text(
    "This is the table that the model was made from, and it has learned from rows of it; measure "
    "it on others, such as test_untouched.parquet."
)


def predict_table(
    bundle: Bundle,
    data: Path,
    prior: Mapping[str, float] | None = None,
    *,
    name: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Scored:
    """Read a table and score its rows.

    Parameters
    ----------
    bundle : Bundle
    data : Path
        ``.csv``, ``.tsv`` (also ``.gz``) or ``.parquet``.
    prior : mapping of label to share, optional
        Class shares of the population that the rows come from.
    name : str, optional
        What the user calls the table; default the file's name.
    encoding, delimiter : str, optional
        Of a text file, instead of what is found.

    Raises
    ------
    UserError
        When the table cannot be read, lacks a column of the model or has it in another kind, or
        the shares are no shares.
    """
    shares, called = prior_of(bundle, prior) if prior else None, name or data.name
    with scratch() as folder:
        # Numbers that were plain in training are plain here: their own file decides nothing.
        options = ReadOptions(
            decimal="point",
            name=name,
            encoding=encoding,
            delimiter=delimiter,
            na=tuple(bundle.manifest.get("na", ())),
            written=names(bundle.preparation, bundle.manifest),
            least=1,
        )
        dataset = read_table(data, folder, options)
        columns, table = [column.name for column in dataset.schema.columns], dataset.own()
        _require(bundle, columns, called)
        frame, told = aligned(dataset, table, bundle.preparation, bundle.manifest, called)
        proba = _scored(bundle, frame)
        amounts = _amounts(bundle, dataset, called)
        codes = bundle.decide(proba, amounts=amounts)
        notes = _notes(bundle, frame, columns, int(dataset.source.get("rejected_rows") or 0))
        if _learned_from(bundle, dataset):
            notes.append(_KNOWN_ROWS)
        if shares is not None:
            own = bundle.policy.repair.mix(bundle.fitted.prior_train)
            proba, before = correct_prior(proba, own, shares), codes
            codes = bundle.decide(proba, shares, amounts)
            notes.append(_of_another_mix(bundle, shares, codes, before))
        notes += told + unsure(dataset.source.get("encodings") or {})
    table, renamed = _appended(table, bundle.classes, codes, proba)
    return Scored(table, tuple(note.render() for note in (*notes, *renamed)))


def _learned_from(bundle: Bundle, dataset: Dataset) -> bool:
    """Return whether a table is the one that a bundle says its model was made from."""
    told = bundle.manifest.get("dataset")
    return isinstance(told, Mapping) and told.get("fingerprint") == dataset.fingerprint


def _amounts(bundle: Bundle, dataset: Dataset, called: str) -> Floats | None:
    """Return what is at risk in each row, where the decision goes by that."""
    name = bundle.policy.prices and bundle.policy.prices.column
    if not name:
        return None
    if name not in [column.name for column in dataset.schema.columns]:
        raise UserError(
            "{file} lacks the column “{column}”, which says what is at risk in a row; add it.",
            file=called,
            column=name,
        )
    amounts = as_numbers(dataset.frame([name])[name])
    if (amounts < 0).any():
        raise UserError(
            "“{column}” holds amounts below 0; what is at risk in a row starts at 0, so mend it.",
            column=name,
        )
    return np.nan_to_num(amounts)


def _appended(
    table: pa.Table, classes: Sequence[str], codes: Ints, proba: Floats
) -> tuple[pa.Table, list[Text]]:
    """Append the answers under names that are free, and tell of those that were not."""
    labels = np.array(classes, dtype=object)[codes]
    answers = {"prediction": pa.array(labels.tolist(), pa.string())}
    for label, column in zip(classes, proba.T, strict=True):
        answers[f"p_{label}"] = pa.array(column)
    notes = []
    for name, values in answers.items():
        free = free_name(name, table.column_names)
        if free != name:
            notes.append(
                Text(
                    "The table has a column “{name}” already; ours is “{free}”.",
                    {"name": name, "free": free},
                )
            )
        table = table.append_column(free, values)
    return table, notes


def _scored(bundle: Bundle, frame: pd.DataFrame) -> Floats:
    """Return probabilities; a foreign model may hold parts that do not go together."""
    with told_as(
        lambda error: UserError(
            "The model cannot score these rows ({error}); name a model.rebal from `rebal export`.",
            error=error,
        )
    ):
        proba = bundle.predict_proba(frame)
        if not np.isfinite(proba).all():
            raise ValueError("probabilities that are no numbers")
        return proba


def _of_another_mix(bundle: Bundle, shares: Floats, codes: Ints, before: Ints) -> Text:
    """Say what became of the cut-off at other class shares, and how many rows are above it."""
    policy, classes, rows = bundle.policy, bundle.classes, codes.size
    if np.count_nonzero(shares) == 1:
        only = classes[int(np.argmax(shares))]
        return Text(
            "These shares leave one class only: every row is “{only}”, whatever it holds.",
            {"only": only},
        )
    if len(classes) > 2:
        return _moved_decisions(int((codes != before).sum()), rows)
    label = classes[policy.positive]
    there, here = (
        share(float(prior[policy.positive])) for prior in (bundle.fitted.prior_train, shares)
    )
    values = {
        "label": label,
        "here": here,
        "there": there,
        "picked": int((codes == policy.positive).sum()),
        "rows": rows,
    }
    if policy.prices is not None:
        return Text(
            "“{label}” at {here} (in training {there}): each row still gets the answer that costs "
            "least, which picks {picked:,} of {rows:,} rows.",
            values,
        )
    old = cut_off(policy.cutoff)
    if policy.rule == "none":
        return Text(
            "“{label}” at {here} (in training {there}): the cut-off stays {old}, from which on the "
            "class is the likelier one, and picks {picked:,} of {rows:,} rows; for another cut-off "
            "use the probabilities.",
            {**values, "old": old},
        )
    new = cut_off(policy.cutoff_at(bundle.fitted.prior_train, shares))
    if policy.retuned:
        return Text(
            "“{label}” at {here} (in training {there}): the cut-off for “{rule}” is {new} "
            "instead of {old}, by what the held-out rows did at each, and picks {picked:,} of "
            "{rows:,} rows; for another cut-off use the probabilities.",
            {**values, "old": old, "new": new, "rule": policy.rule},
        )
    return Text(
        "“{label}” at {here} (in training {there}): the cut-off is moved from {old} to {new}, as "
        "the probabilities are, and picks the same rows as before, {picked:,} of {rows:,}; for "
        "another cut-off use the probabilities.",
        {**values, "old": old, "new": new},
    )


def _moved_decisions(changed: int, rows: int) -> Text:
    if not changed:
        return Text(
            "At the new shares every row gets the same answer as at those of the training rows."
        )
    if changed == 1:
        return Text(
            "The new shares move the decisions too: one of {rows:,} rows gets another answer "
            "than at the shares of the training rows.",
            {"rows": rows},
        )
    return Text(
        "The new shares move the decisions too: {changed:,} of {rows:,} rows get another answer "
        "than at the shares of the training rows.",
        {"changed": changed, "rows": rows},
    )


def _require(bundle: Bundle, names: list[str], file: str) -> None:
    missing = [c.name for c in bundle.preparation.schema.needed if c.name not in names]
    if missing:
        shown = listed([f"“{name}”" for name in missing], 5)
        if len(missing) == 1:
            raise UserError(
                "{file} lacks the column {columns} that the model was fitted on; add what is "
                "missing.",
                file=file,
                columns=shown,
            )
        raise UserError(
            "{file} lacks the columns {columns} that the model was fitted on; add what is missing.",
            file=file,
            columns=shown,
        )


def _notes(bundle: Bundle, frame: pd.DataFrame, names: list[str], rejected: int) -> list[Text]:
    notes = []
    if rejected:
        notes.append(
            Text("One row could not be read and is left out.")
            if rejected == 1
            else Text(
                "{rejected:,} rows could not be read and are left out.", {"rejected": rejected}
            )
        )
    known = {column.name for column in bundle.preparation.schema.columns}.union(ADDED)
    extra = [name for name in names if name not in known]
    if extra:
        shown = ", ".join(f"“{name}”" for name in extra[:5]) + " ..." * (len(extra) > 5)
        notes.append(
            Text(
                "Columns that the model does not know are carried along unread: {shown}.",
                {"shown": shown},
            )
        )
    categories = bundle.preparation.categories
    for name, values in zip(categories.names, categories.values, strict=True):
        found = frame[name].dropna().unique()
        unknown = sorted({label_text(value) for value in found} - set(values))
        if unknown:
            shown = ", ".join(unknown[:3]) + " ..." * (len(unknown) > 3)
            notes.append(
                Text(
                    "Column “{name}” holds one value that the model has never seen and treats as "
                    "missing: {shown}.",
                    {"name": name, "shown": shown},
                )
                if len(unknown) == 1
                else Text(
                    "Column “{name}” holds {values} values that the model has never seen and "
                    "treats as missing: {shown}.",
                    {"name": name, "values": len(unknown), "shown": shown},
                )
            )
    return notes
