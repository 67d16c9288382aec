"""Which notation a column of written numbers has, decided by its cells and by its whole file."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal

import duckdb

from rebal_core.data.reading.facts import PADDED, TOO_LONG, TextFacts
from rebal_core.data.reading.numbers.non_numeric import infinite_sql
from rebal_core.data.reading.numbers.notation import Form, Shapes
from rebal_core.data.reading.numbers.powers import both, may_be_codes, sense_of
from rebal_core.data.reading.numbers.signs import shape_sql
from rebal_core.wording import Text

#: What parts the decimals, where the user says so.
Decimal = Literal["point", "comma"]
_MOST = 3_000
_POINT = {"point": ".", "comma": ","}


@dataclass(frozen=True)
class Doubt:
    """A value that can be read in two ways.

    Parameters
    ----------
    value : str
        As it is written.
    decimals, thousands : str
        The two numbers that it may be; of a letter that may be part of a code, the number before
        it and the amount.
    taken : {"decimals", "thousands", "text", "code", "amount"}
        How its column was read; the last two where the doubt is about a letter.
    """

    value: str
    decimals: str
    thousands: str
    taken: str


@dataclass(frozen=True)
class Decision:
    """How a column of written numbers is read.

    Parameters
    ----------
    number : bool
        Whether it is read as numbers at all.
    form : Form, optional
        None where the numbers are plain.
    whole : bool
        Whether all are whole.
    note : str
        Why they are not read, or how.
    doubt : Doubt, optional
        What the user should be asked.
    """

    number: bool
    form: Form | None = None
    whole: bool = False
    note: str = ""
    doubt: Doubt | None = None


@dataclass(frozen=True)
class Evidence:
    """What a file tells of the sign that parts its decimals.

    Parameters
    ----------
    points : collection of str
        Those that some column has for certain.
    commas : bool
        Whether another sign than the comma parts the fields.
    chosen : {"point", "comma"}, optional
        The user's word, which ends all doubt.
    """

    points: Collection[str]
    commas: bool
    chosen: Decimal | None = None

    @property
    def point(self) -> str | None:
        """The one sign that parts decimals; None where there is none or more than one."""
        if self.chosen:
            return _POINT[self.chosen]
        return next(iter(self.points)) if len(self.points) == 1 else None

    def decide(self, shapes: Shapes | None, plain: bool) -> Decision:
        """Decide how the numbers of these shapes are read; ``plain``: each could be as it is."""
        readings = shapes.readings if shapes else []
        if shapes is None or not readings:
            return Decision(False)
        if shapes.padded:
            return Decision(False, note=PADDED)
        if shapes.alike and readings[0][1] != ",":
            return Decision(False, note=ALIKE)
        if shapes.sense == "codes":
            return Decision(False, note=CODES)
        if shapes.sense == "codes?":
            return Decision(False, note=LETTERED, doubt=self._lettered(shapes))
        if shapes.sense == "amounts?":
            return self._read(shapes, plain, readings[0], self._lettered(shapes))
        if len(readings) == 1:
            point, group = readings[0]
            if self.chosen and self._contradicts(point, group):
                return self._read(shapes, plain, (point, group), overruled=True)
            if shapes.mixed(group) and self.point != point:
                asked = self._doubt(shapes, "thousands", group)
                return self._read(shapes, plain, (point, group), asked)
            listed = not (self.commas or group or shapes.clear or self.point == ",")
            if point != "," or not listed:
                return self._read(shapes, plain, (point, group))
            return Decision(False, note=UNCLEAR, doubt=self._doubt(shapes, "text"))
        if all(point for point, _ in readings):  # 1,234 and 1.234
            pair = next((r for r in readings if r[0] == self.point), None)
            unclear = Decision(False, note=UNCLEAR, doubt=self._doubt(shapes, "text"))
            return self._read(shapes, plain, pair) if pair else unclear
        decimals, thousands = (next(r for r in readings if bool(r[0]) is b) for b in (True, False))
        taken, settled = self._taken(shapes, decimals[0])
        doubt = None if settled else self._doubt(shapes, taken)
        if taken == "text":
            return Decision(False, note=UNCLEAR, doubt=doubt)
        return self._read(shapes, plain, decimals if taken == "decimals" else thousands, doubt)

    def plainly(self, fact: TextFacts) -> Decision:
        """Decide of a column whose numbers, if it has any, are plain."""
        number = fact.kind == "number"
        overruled = number and fact.plainly_pointed and self.chosen == "comma"
        note = f"{fact.note} {OVERRULED}".strip() if overruled else fact.note
        return Decision(number, whole=fact.whole, note=note)

    def _contradicts(self, point: str, group: str) -> bool:
        """Whether the one reading that fits a column is not the one that the user named."""
        chosen = _POINT[self.chosen] if self.chosen else ""
        return bool(chosen) and (group == chosen or (point in (".", ",") and point != chosen))

    def _taken(self, shapes: Shapes, mark: str) -> tuple[str, bool]:
        """Return how a mark that may part both is read, and whether that is beyond doubt."""
        if self.chosen or self.point:
            taken = "decimals" if self.point == mark else "thousands"
            return taken, bool(self.chosen) or taken == "thousands" or not shapes.grouped
        if mark == "." and not self.commas:
            # Where commas part the fields, points part decimals, also beside a code such as 999:
            # asked about where a whole number or a currency speaks for thousands.
            return "decimals", not (shapes.bare or shapes.units)
        if shapes.grouped:
            return "thousands", not self.commas
        if self.commas:
            return ("decimals" if mark == "." else "text"), False
        return "thousands", True

    def _read(
        self,
        shapes: Shapes,
        plain: bool,
        reading: tuple[str, str],
        doubt: Doubt | None = None,
        overruled: bool = False,
    ) -> Decision:
        point, group = reading
        whole = shapes.whole(point)
        if whole and shapes.digits > 18:
            return Decision(False, note=TOO_LONG)
        form = None if plain and not group else shapes.form(point, group, self.point or ".")
        notes = (form.note if form else "", OVERRULED if overruled else "")
        return Decision(True, form, whole, " ".join(filter(None, notes)), doubt)

    @staticmethod
    def _lettered(shapes: Shapes) -> Doubt:
        """Return the doubt about a letter: part of a code, or a power of ten."""
        taken = "amount" if shapes.sense == "amounts?" else "code"
        return Doubt(shapes.lettered, *both(shapes.lettered), taken)

    @staticmethod
    def _doubt(shapes: Shapes, taken: str, mark: str = "") -> Doubt:
        value = shapes.with_mark(mark)
        plain = value.replace(",", ".")
        return Doubt(value, plain, plain.replace(".", ""), taken)


ALIKE = Text("Kept as text: the values look like numbers of accounts or telephones.").render()
OVERRULED = Text("The decimal sign you chose does not fit this column.").render()
CODES = Text(
    "Kept as text: small whole numbers and a letter look like codes; choose the type number "
    "if the letter stands for a power of ten."
).render()
LETTERED = Text(
    "Kept as text: the letter may be part of a code; choose the type number if it stands for "
    "a power of ten."
).render()
UNCLEAR = Text("Kept as text: the commas may part decimals or thousands.").render()


def shapes_of(connection: duckdb.DuckDBPyConnection, known: str) -> Shapes | None:
    """Return the shapes of the values ``v`` of a relation; None where not all are numbers."""
    rows = connection.execute(
        f"SELECT {shape_sql('v')} AS s, count(*), any_value(v) "
        f"FROM {known} WHERE v IS NOT NULL AND NOT {infinite_sql('v')} "
        f"GROUP BY s ORDER BY 2 DESC, s LIMIT {_MOST + 1}"
    ).fetchall()
    shapes = Shapes.of(rows) if len(rows) <= _MOST else None
    if shapes is None or not may_be_codes([part for part, _, _ in shapes.found]):
        return shapes
    values = connection.execute(
        f"SELECT v, count(*) FROM {known} WHERE v IS NOT NULL GROUP BY v LIMIT {_MOST}"
    ).fetchall()
    return replace(shapes, sense=sense_of(values))


def points_of(shapes: Iterable[Shapes | None], commas: bool) -> set[str]:
    """Return the signs that part decimals for certain in some of these columns."""
    found: set[str] = set()
    for one in shapes:
        readings = one.readings if one and not one.padded else []
        if one is None or len(readings) != 1 or one.alike:
            continue
        point, group = readings[0]
        if one.mixed(group):
            continue
        if group in (".", ",") and not point:
            found.add("," if group == "." else ".")
        elif point in (".", ",") and (point == "." or group or commas or one.clear):
            found.add(point)
    return found
