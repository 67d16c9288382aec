"""``generator.rebal``: what a generator has learned of a table, in a zip without pickle."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from rebal_core.arm import Arm
from rebal_core.data.dataset import Dataset, Labels, label_text
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.data.preparing.restore import decimals, emptied, empty_share
from rebal_core.data.reading.forms import form_from
from rebal_core.drawn import Drawn
from rebal_core.export.archive import MANIFEST, pack, read_foreign, require_format
from rebal_core.export.tables import cast, free_name
from rebal_core.export.validate import refuse_other_columns, refuse_strange_forms
from rebal_core.files import put_arrays, put_json, read_arrays, read_json
from rebal_core.outputs import written
from rebal_core.rows import TypedRows
from rebal_core.samplers.generators import Columns, Fitted, Generator
from rebal_core.samplers.generators.asked import Asked
from rebal_core.samplers.generators.draws import Draws, Typed
from rebal_core.samplers.generators.marginal import apportioned
from rebal_core.schema import Column
from rebal_core.scratch import scratch
from rebal_core.step import Aids
from rebal_core.strategies import STRATEGIES, resample, strategy_of
from rebal_core.units import Reading
from rebal_core.wording import Names, UserError

FORMAT = 1
GENERATOR = "generator.rebal"
_NAMES = re.compile(r"manifest\.json|(preparation|columns|learned)\.npz|table\.arrow")
#: Rows that are in memory at once.
_BLOCK = 65_536


@dataclass(frozen=True)
class SavedGenerator:
    """A fitted generator ready to draw rows in the user's own columns.

    Parameters
    ----------
    strategy : str
        The registered name of the generator.
    preparation : Preparation
    columns : Columns
    fitted : Fitted
    classes : tuple of str
        Labels by code.
    learned : tuple of str
        Those of the classes that it can draw.
    table : pyarrow.Schema
        The user's columns and types.
    manifest : mapping
        Everything else: ``decimals`` of the columns that have so many, ``empty`` (of the drawn
        values that equal the stand-in, the part that is missing), ``written`` (how numbers are
        written), ``allowed`` (values that stand together, by the rules about them).
    """

    strategy: str
    preparation: Preparation
    columns: Columns
    fitted: Fitted
    classes: tuple[str, ...]
    learned: tuple[str, ...]
    table: pa.Schema
    manifest: Mapping[str, Any]

    def rows(
        self,
        counts: Mapping[str, int],
        seed: int = 0,
        *,
        rules: str = "",
        marginal: str | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> Iterator[pa.Table]:
        """Draw rows of classes, a block at a time, in the user's columns and types.

        Columns that no generator learns (identifiers, groups, times, texts, what is ignored) are
        null; ``_origin`` and ``_fit`` stand last.

        Parameters
        ----------
        counts : mapping of str to int
        seed : int
        rules : str
            More rules that rows keep, beside those that it was learned with.
        marginal : str, optional
            Shares of values of a column, instead of those that it was learned with.
        tell : callable, optional
            Hears in sentences what became of drawn rows.

        Raises
        ------
        UserError
            When a class is not one that it has learned, or what is asked for cannot be drawn.
        """
        asked = self._asked(rules, marginal)
        for label in counts:
            if label not in self.learned:
                raise UserError(
                    "The generator has not learned the class “{label}”; it knows {known}.",
                    label=label,
                    known=Names(self.learned[:10]),
                )
        for label, size in counts.items():
            code = self.classes.index(label)
            rng = np.random.default_rng([seed, code])
            fit = f"{self.strategy}(class={label}, seed={seed})"
            draws = Draws(self.fitted, code, rng, self.columns.tails)
            blocks = (
                self._plain(draws, size) if asked is None else _as_asked(asked, draws, size, tell)
            )
            for drawn in blocks:
                yield self._table(Drawn(np.arange(len(drawn[0])), *drawn), label, fit)

    def _plain(self, draws: Draws, size: int) -> Iterator[Typed]:
        for start in range(0, size, _BLOCK):
            yield self.columns.typed(*draws(min(_BLOCK, size - start)))

    def _asked(self, rules: str, marginal: str | None) -> Asked | None:
        """Return what is asked of drawn rows."""
        params = self.manifest["params"]
        told, empty = self.manifest["decimals"], self.manifest["empty"]
        units = self.preparation.units(told, empty)
        reading = Reading(self.preparation.layout, units, self.classes)
        every = "; ".join(text for text in (params.get("rules"), rules) if text)
        shares = params.get("marginal") or "" if marginal is None else marginal
        allowed = self.manifest.get("allowed", {})
        return Asked.saved(every, shares, reading, self.columns, allowed)

    def _table(self, drawn: Drawn, label: str, fit: str) -> pa.Table:
        values, size = self.preparation.values_of(drawn), len(drawn)
        columns = {column.name: column for column in self.preparation.schema.columns}
        arrays, fields = [], []
        for field in self.table:
            column = columns.get(field.name)
            if column is not None and column.role == "target":
                array = _typed(pd.Series([label] * size, dtype=object), field.type)
            elif column is not None and column.role == "feature" and field.name in values:
                array = self._column(column, values[field.name], field.type)
            else:
                array = pa.nulls(size, field.type)
            arrays.append(array)
            fields.append(pa.field(field.name, array.type, metadata=field.metadata))
        table = pa.table(arrays, schema=pa.schema(fields))
        for name, told in (("_origin", "generated"), ("_fit", fit)):
            free = free_name(name, table.column_names)
            table = table.append_column(free, pa.array([told] * size, pa.string()))
        return table

    def _column(self, column: Column, values: Any, kind: pa.DataType) -> pa.Array:
        """Return drawn values of a column in the user's own type."""
        if column.kind in ("category", "embedding"):
            return _typed(pd.Series(list(values), dtype=object), kind)
        numbers, name = np.asarray(values, dtype=np.float64), column.name
        if name in self.manifest["empty"]:
            place = self.preparation.numbers.names.index(name)
            fill = float(self.preparation.numbers.fills[place])
            numbers = emptied(numbers, fill, self.manifest["empty"][name])
        digits = self.manifest["decimals"].get(name)
        series: pd.Series[Any] = pd.Series(numbers if digits is None else np.round(numbers, digits))
        if column.kind == "time":
            series = pd.to_datetime(series, unit="D").dt.round("s")
        form = self.manifest["written"].get(name)
        if form and pa.types.is_string(kind):
            series = series.map(form_from(form).write, na_action="ignore").astype(object)
        return _typed(series, kind)

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        values, arrays = self.preparation.to_state()
        about = {
            **self.manifest,
            "format": FORMAT,
            "strategy": self.strategy,
            "classes": self.classes,
            "learned": self.learned,
            "preparation": values,
        }
        with scratch() as folder, written(path) as (part,):
            put_json(folder / MANIFEST, about)
            put_arrays(folder / "preparation.npz", arrays)
            put_arrays(folder / "columns.npz", self.columns.to_state())
            put_arrays(folder / "learned.npz", self.fitted.to_state())
            (folder / "table.arrow").write_bytes(self.table.serialize().to_pybytes())
            pack(folder, part)


def load_generator(path: Path) -> SavedGenerator:
    """Read a ``generator.rebal`` that may come from a stranger; nothing in it is ever executed.

    Raises
    ------
    UserError
        When it is none of ours, of another format, or holds anything that does not belong.
    """
    return read_foreign(
        path,
        _NAMES,
        _read,
        UserError(
            "There is no file {path}; name a generator.rebal from `rebal export`.",
            path=path,
        ),
        lambda error: UserError(
            "{name} is no generator that Rebal can read ({error}); name a generator.rebal from "
            "`rebal export`.",
            name=path.name,
            error=error,
        ),
    )


def _read(folder: Path) -> SavedGenerator:
    about = read_json(folder / MANIFEST)
    require_format(about["format"], FORMAT, folder.name)
    states = {n: read_arrays(folder / f"{n}.npz") for n in ("preparation", "columns")}
    preparation = Preparation.from_state(about["preparation"], states["preparation"])
    refuse_other_columns(preparation)
    refuse_strange_forms(about["written"], [])
    saved = SavedGenerator(
        strategy=about["strategy"],
        preparation=preparation,
        columns=Columns.from_state(states["columns"]),
        fitted=_step(about["strategy"]).rebuilt(read_arrays(folder / "learned.npz")),
        classes=tuple(about["classes"]),
        learned=tuple(about["learned"]),
        table=pa.ipc.read_schema(pa.py_buffer((folder / "table.arrow").read_bytes())),
        manifest=about,
    )
    if not saved.columns.suit(preparation.layout):
        raise ValueError("the columns are not those of the preparation")
    for _ in saved.rows(dict.fromkeys(saved.learned, 1)):
        pass  # whatever does not go together shows here
    return saved


def _as_asked(
    asked: Asked, draws: Draws, size: int, tell: Callable[[str], None] | None
) -> Iterator[Typed]:
    """Draw rows of a class as they are asked for, a block at a time; tell of all at the end."""
    left, told = asked.wanted(size), None
    while left.any():
        part = apportioned(left, min(_BLOCK, int(left.sum())))
        drawn, became = asked.rows(draws, part)
        yield drawn
        left, told = left - part, became if told is None else told.plus(became)
    if tell is not None and told is not None:
        for note in asked.notes(told, draws.label):
            tell(note.render())


def generates(arm: Arm) -> bool:
    """Tell whether an arm draws rows from a fitted generator."""
    return any(isinstance(step, Generator) for step in strategy_of(arm).samplers)


def generator_of(
    arm: Arm,
    dataset: Dataset,
    labels: Labels,
    preparation: Preparation,
    frame: pd.DataFrame,
    typed: TypedRows,
    seed: int,
) -> SavedGenerator | None:
    """Return what the generator of an arm learns of training rows; None where no class can be.

    Parameters
    ----------
    arm : Arm
    dataset : Dataset
    labels : Labels
    preparation : Preparation
        Fitted on the rows.
    frame : DataFrame
        The rows.
    typed : TypedRows
        The same.
    seed : int
        Of the split: the same fit as the arm's.
    """
    kept: list[tuple[Generator, Columns, Fitted]] = []
    told = _told(preparation, frame)
    typed = replace(typed, units=preparation.units(told["decimals"], told["empty"]))
    resample(arm, typed, None, seed=seed, aids=Aids(keep=lambda *known: kept.append(known)))
    if not kept:
        return None
    step, columns, fitted = kept[0]
    named = next(s for s in STRATEGIES if any(type(p) is type(step) for p in s.steps))
    return SavedGenerator(
        strategy=named.name,
        preparation=preparation,
        columns=columns,
        fitted=fitted,
        classes=labels.classes,
        learned=tuple(labels.classes[k] for k in fitted.labels.tolist()),
        table=dataset.own().schema,
        manifest={
            "params": step.get_params(deep=False),
            "seed": seed,
            "target": dataset.schema.target,
            "fingerprint": dataset.fingerprint,
            "written": dict(dataset.source.get("written", {})),
            "allowed": _allowed(step, typed, columns),
            **told,
        },
    )


def _allowed(step: Generator, typed: TypedRows, columns: Columns) -> dict[str, Any]:
    """Return what stands together by the rules of a generator."""
    asked = Asked.of(step.rules, step.marginal, typed, columns)
    return {} if asked is None else asked.allowed()


def _told(preparation: Preparation, frame: pd.DataFrame) -> dict[str, Any]:
    """Return the decimals of numbers, and how many of those at the stand-in are missing."""
    digits, empty = {}, {}
    flagged = {preparation.numbers.names[j] for j in preparation.numbers.flagged}
    plain = preparation.plain(frame)
    for (name, known), fill in zip(plain.items(), preparation.numbers.fills, strict=True):
        if (places := decimals(known)) is not None:
            digits[name] = places
        if name not in flagged and (share := empty_share(known, float(fill))):
            empty[name] = share
    return {"decimals": digits, "empty": empty}


def _step(name: Any) -> type[Generator]:
    """Return the generator of a registered name."""
    steps = STRATEGIES[name].samplers
    return next(type(step) for step in steps if isinstance(step, Generator))


def _typed(values: pd.Series, kind: pa.DataType) -> pa.Array:
    """Return values in the user's own type, or as text where it does not change back."""
    try:
        return cast(values, kind)
    except pa.ArrowException:
        return pa.array(values.map(label_text, na_action="ignore"), pa.string())
