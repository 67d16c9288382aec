"""The rows that an arm made, as they were judged: the verdict, and some rows to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rebal_core.data.preparing.preparation import Preparation
from rebal_core.evaluation.synthetic.columns import Columns, columns_of
from rebal_core.evaluation.synthetic.fast import some
from rebal_core.evaluation.synthetic.verdict import Judgement, judgement_from, judgement_state
from rebal_core.experiment.files import Damaged, reading
from rebal_core.experiment.graph import synthetic_node
from rebal_core.files import put_arrays, put_json, read_arrays, read_json
from rebal_core.rows import TypedRows
from rebal_core.store.store import Store

#: Rows of each kind and class that are kept to be drawn; of many classes or columns fewer, so that
#: so many values are kept in all.
MOST_ROWS, FEWEST_ROWS, MOST_VALUES = 2_000, 50, 4_000_000
_SIDES, _PARTS = ("real", "made"), ("numbers", "codes")


@dataclass(frozen=True)
class MadeRows:
    """What was found of the rows that an arm made.

    Parameters
    ----------
    judgement : Judgement
    drawn : tuple of (Columns, Columns)
        By class of the judgement: some of the real rows that were learned from, and of the made
        ones, in the user's own units; days since 1970 of a time.
    values : mapping of str to tuple of str
        Of each category column, in the order of its codes.
    times : tuple of str
        The columns that are times.
    """

    judgement: Judgement
    drawn: tuple[tuple[Columns, Columns], ...]
    values: Mapping[str, tuple[str, ...]]
    times: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        judgement: Judgement,
        train: TypedRows,
        made: TypedRows,
        preparation: Preparation,
        seed: int,
    ) -> MadeRows:
        """Keep a judgement, and some of the rows that it speaks of."""
        grown = np.unique(made.y).tolist()
        width = max(1, train.numbers.shape[1] + train.codes.shape[1])
        size = MOST_VALUES // (2 * len(grown) * width)
        size = min(MOST_ROWS, max(FEWEST_ROWS, size))

        def looked(rows: TypedRows, label: int) -> Columns:
            part = some(rows.take(np.flatnonzero(rows.y == label)), size, seed)
            return Columns(preparation.numbers.inverse(part.numbers), columns_of(part).codes)

        drawn = tuple((looked(train, k), looked(made, k)) for k in grown)
        times = tuple(c.name for c in preparation.schema.features if c.kind == "time")
        return cls(judgement, drawn, preparation.values, times)

    def save(self, folder: Path) -> None:
        """Write all of it into a new folder."""
        folder.mkdir()
        about = {
            "judgement": judgement_state(self.judgement),
            "numbers": list(self.drawn[0][0].numbers),
            "values": self.values,
            "times": self.times,
        }
        arrays = {
            f"{side}_{part}_{i}": _stacked(list(getattr(columns, part).values()), columns.size)
            for i, pair in enumerate(self.drawn)
            for side, columns in zip(_SIDES, pair, strict=True)
            for part in _PARTS
        }
        put_json(folder / "about.json", about)
        put_arrays(folder / "rows.npz", arrays, packed=True)

    @classmethod
    def load(cls, folder: Path) -> MadeRows:
        """Read what :meth:`save` wrote.

        Raises
        ------
        Damaged
        """
        with reading(folder):
            about, arrays = read_json(folder / "about.json"), read_arrays(folder / "rows.npz")
            judgement = judgement_from(about["judgement"])
            values = {name: tuple(known) for name, known in about["values"].items()}

            def columns(side: str, i: int) -> Columns:
                numbers, codes = (arrays[f"{side}_{part}_{i}"].T for part in _PARTS)
                return Columns(
                    dict(zip(about["numbers"], numbers, strict=True)),
                    dict(zip(values, codes, strict=True)),
                )

            drawn = [
                (columns("real", i), columns("made", i)) for i in range(len(judgement.classes))
            ]
            return cls(judgement, tuple(drawn), values, tuple(about["times"]))

    def of_class(self, label: str) -> tuple[Columns, Columns]:
        """Return some real and some made rows of a class, by its label."""
        return self.drawn[[verdict.label for verdict in self.judgement.classes].index(label)]


def stored(store: Store, run: int, arm: str) -> MadeRows | None:
    """Return what was found of the rows that an arm of a run made; None where nobody has judged.

    Parameters
    ----------
    store : Store
    run : int
    arm : str
        As the run stores it.

    Raises
    ------
    UserError
        When there is no such run or arm.
    """
    folder = store.home.path / synthetic_node(store, run, arm).path
    try:
        return MadeRows.load(folder)
    except Damaged:  # what lacks is made when somebody asks, what is damaged as well
        return None


def _stacked(columns: list[np.ndarray], size: int) -> np.ndarray:
    return np.column_stack(columns) if columns else np.zeros((size, 0))
