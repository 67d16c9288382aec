"""The search for the form of a column of times: learnt from some values, proven on all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import duckdb

from rebal_core.data.eras import EARLY, LATE
from rebal_core.data.reading.dates.clock import Cast, iso, reader, shapes
from rebal_core.data.reading.dates.layout import FIGURES, PLAIN_FIGURES, DateForm, Layout, layout_of
from rebal_core.data.reading.dates.words import bare, language_of, month_names
from rebal_core.data.reading.dates.zones import known
from rebal_core.wording import Text

_SAMPLE = 20_000
_LEARNT = 1_000
ROUNDS = 5
_SHOWN = 5
_PATTERNS = 40
#: What people read two-digit years as differs between these: Excel's bound, and that of POSIX.
_UNSURE_YEARS = (2030, 2068)
Why = Literal["order", "century", "zone", "month", "value", "calendar", "form"]


@dataclass(frozen=True)
class Times:
    """How all values of a column are times.

    Parameters
    ----------
    cast : callable
        SQL of the time from SQL of the text.
    form : DateForm, optional
        None where the values are written as we write times ourselves.
    note : str
    plain : bool
        Whether all are ISO 8601 without an offset, with nothing around, so that any cast does.
    """

    cast: Cast
    form: DateForm | None = None
    note: str = ""
    plain: bool = False


@dataclass(frozen=True)
class TimeDoubt:
    """Why a column that looks like times stays text.

    Parameters
    ----------
    why : str
    note : str
    count : int
        Values that stand against it.
    examples : tuple of str
    cast : callable
        The reading that comes nearest.
    form : DateForm, optional
        Of that reading.
    """

    why: Why
    note: str
    count: int = 0
    examples: tuple[str, ...] = ()
    cast: Cast = iso
    form: DateForm | None = None


class _Facts(NamedTuple):
    """Values that are times in a form, their years, and how many have an unsure century."""

    fitting: int
    first: int | None
    last: int | None
    unsure: int


@dataclass
class Search:
    """What has been learnt of the values of one column."""

    connection: duckdb.DuckDBPyConnection
    known: str
    layouts: list[Layout]
    seen: set[str] = field(default_factory=set)
    #: Whether there are figures of other scripts.
    foreign: bool = False
    #: Whether DuckDB's own readings were found not to do.
    exact: bool = False

    def plain(self) -> Times | None:
        """Read ISO 8601 without offsets, the most usual form and the fastest."""
        cast = iso("v")
        fits = f"count(v), count({cast})"
        values, fitting = self._row(f"SELECT {fits} FROM (FROM {self.known} LIMIT {_SAMPLE})")
        if fitting < values:
            return None
        ours = (
            "length(v) = 10 OR (length(v) = 19 AND v[11] = ' ' AND NOT ends_with(v, ' 00:00:00'))"
        )
        values, fitting, own, low, high = self._row(
            f"SELECT count(v), count(t), count_if({ours}), year(min(t)), year(max(t)) "
            f"FROM (SELECT v, {cast} AS t FROM {self.known})"
        )
        if fitting < values or _of_another_calendar(low, high):
            return None
        form = None if own == values else DateForm(self._patterns()[0])
        return Times(iso, form, form.note if form else "", plain=True)

    def run(self) -> Times | TimeDoubt:
        """Read what is written in any other way."""
        query = f"SELECT DISTINCT v FROM (FROM {self.known} LIMIT {_SAMPLE}) LIMIT {_LEARNT}"
        self.learnt([v for (v,) in self.connection.execute(query).fetchall() if v])
        for _ in range(ROUNDS):
            doubt = self._words_in_doubt()
            if doubt:
                return doubt
            forms = self._tried([self._form(pattern) for pattern in self._patterns()])
            values, facts = self._facts(forms, self.known)
            fitting = [k for k, fact in enumerate(facts) if fact.fitting == values]
            if fitting:
                return self._settled([forms[k] for k in fitting], [facts[k] for k in fitting])
            if not self.exact:
                self.exact = True
                continue
            fits = [fact.fitting for fact in facts]
            most = max(fits)
            nearest = forms[fits.index(most)]
            strays = self.strays(self.cast(nearest))
            if not self.learnt(strays):
                break
        count = values - most
        note = Text(
            "Kept as text for values that are no times in the form {pattern}: {count:,}, such as "
            "“{example}”.",
            {"pattern": nearest.pattern, "count": count, "example": strays[0][:40]},
        ).render()
        return TimeDoubt("value", note, count, tuple(strays[:_SHOWN]), self.cast(nearest), nearest)

    def cast(self, form: DateForm) -> Cast:
        """Return how a form is read, with all the words that have been seen."""
        months = month_names(form.language) if form.language else {}
        words = {w: months[b] for w, b in self._months.items() if b in months}
        zones = list(dict.fromkeys([*form.zones.split(), *self._zones]))
        # Every way to read costs memory while a table is written: only those that are met.
        seen = set(map(_alike, self._written))
        first, *shorter = shapes(form.pattern)
        patterns = [first, *(shape for shape in shorter if _alike(shape) in seen)]
        read = reader(patterns, words, [zone for zone in zones if known(zone)], exact=self.exact)
        if not self.foreign:
            return read
        return lambda v: read(f"translate({v}, '{FIGURES}', '{PLAIN_FIGURES}')")

    def strays(self, cast: Cast) -> list[str]:
        """Return the values that are not read, the most frequent first."""
        found = self.connection.execute(
            f"SELECT v FROM {self.known} WHERE v IS NOT NULL AND {cast('v')} IS NULL "
            f"GROUP BY v ORDER BY count(*) DESC, v LIMIT {_LEARNT}"
        ).fetchall()
        return [v for (v,) in found]

    def learnt(self, values: Sequence[str]) -> bool:
        """Look at more values; return whether there was anything new."""
        before = (set(self._months), set(self._zones), self.foreign, set(self._written))
        for value in values:
            if value not in self.seen:
                self.seen.add(value)
                self.foreign = self.foreign or any(c in FIGURES for c in value)
                found = layout_of(value)
                self.layouts += [found] if found else []
        return before != (set(self._months), set(self._zones), self.foreign, set(self._written))

    @property
    def _months(self) -> dict[str, str]:
        return {w: bare(w) for w in {found.month for found in self.layouts if found.month}}

    @property
    def _zones(self) -> list[str]:
        zones = Counter(found.zone for found in self.layouts if found.zone)
        return [zone for zone, _ in zones.most_common()]

    @property
    def _written(self) -> Counter[str]:
        return Counter(p for found in self.layouts for p in found.patterns)

    def _patterns(self) -> list[str]:
        """Return the patterns that fit most of what was seen: several where the order is open."""
        asked = [pattern for pattern, _ in self._written.most_common(_PATTERNS)]
        known = [{_alike(p) for p in found.patterns} for found in self.layouts]
        covers = {p: {_alike(s) for s in shapes(p)} for p in asked}
        count = {p: sum(not covers[p].isdisjoint(k) for k in known) for p in asked}
        best = [p for p in asked if count[p] == max(count.values())]
        best.sort(key=lambda p: (-len(covers[p]), "%b" in p, asked.index(p)))
        kept: list[str] = []
        for pattern in best:
            if not any(_alike(pattern) in covers[other] for other in kept):
                kept.append(pattern)
        return kept

    def _form(self, pattern: str) -> DateForm:
        language = language_of(self._months) if self._months else ""
        zones = " ".join(self._zones) if "%Z" in pattern else ""
        return DateForm(pattern, language or "", zones)

    def _words_in_doubt(self) -> TimeDoubt | None:
        for zone in self._zones:
            if not known(zone):
                note = Text(
                    "Kept as text: “{zone}” does not say for certain which time zone is meant.",
                    {"zone": zone},
                ).render()
                return TimeDoubt("zone", note, examples=(zone,))
        if self._months and language_of(self._months) is None:
            shown = next(iter(self._months))
            note = Text(
                "Kept as text: “{shown}” and the other months are of no one language.",
                {"shown": shown},
            ).render()
            return TimeDoubt("month", note, examples=(shown,))
        return None

    def _tried(self, forms: list[DateForm]) -> list[DateForm]:
        """Return the forms that fit the first rows, all of them where none does."""
        if len(forms) < 2:
            return forms
        values, facts = self._facts(forms, f"(FROM {self.known} LIMIT {_SAMPLE})")
        fit = [form for form, fact in zip(forms, facts, strict=True) if fact.fitting == values]
        return fit or forms

    def _facts(self, forms: Sequence[DateForm], relation: str) -> tuple[int, list[_Facts]]:
        """Return how many values there are, and what comes of them in each form."""
        casts = ", ".join(f"{self.cast(form)('v')} AS t{k}" for k, form in enumerate(forms))
        low, high = _UNSURE_YEARS
        picks = ", ".join(
            f"count(t{k}), year(min(t{k})), year(max(t{k})), "
            f"count_if(year(t{k}) BETWEEN {low} AND {high})"
            for k in range(len(forms))
        )
        values, *found = self._row(
            f"SELECT count(v), {picks} FROM (SELECT v, {casts} FROM {relation})"
        )
        return values, [_Facts(*found[4 * k : 4 * k + 4]) for k in range(len(forms))]

    def _settled(self, forms: list[DateForm], facts: list[_Facts]) -> Times | TimeDoubt:
        """Return the one form that is meant, if only one can be."""
        form = forms[0] if len(forms) == 1 else self._likelier(forms)
        if form is None:
            note = Text("Kept as text: day and month cannot be told apart.").render()
            if "%y" in forms[0].pattern:
                note = Text("Kept as text: day, month and year cannot be told apart.").render()
            return TimeDoubt("order", note, examples=(self._example,))
        cast, fact = self.cast(form), facts[forms.index(form)]
        if "%y" in form.pattern and fact.unsure:
            note = Text("Kept as text: the century of the two-digit years is not certain.").render()
            return TimeDoubt("century", note, fact.unsure, (self._example,), cast, form)
        if _of_another_calendar(fact.first, fact.last):
            note = Text("Kept as text: the years may be those of another calendar.").render()
            return TimeDoubt("calendar", note, 1, (self._example,), cast, form)
        return Times(cast, form, form.note)

    def _likelier(self, forms: list[DateForm]) -> DateForm | None:
        """Choose between the year behind and before: days of the month are not always the same."""
        if len(forms) != 2 or "%y" not in forms[0].pattern:
            return None
        spread = []
        for form in forms:
            dates, days = self._row(
                f"SELECT count(DISTINCT t::DATE), count(DISTINCT day(t)) FROM (SELECT "
                f"{self.cast(form)('v')} AS t FROM {self.known} LIMIT {_SAMPLE})"
            )
            spread.append(days / (31 * (1 - (30 / 31) ** dates)) if dates >= 8 else 0.5)
        sure = max(spread) >= 0.7 and min(spread) <= 0.4
        return forms[spread.index(max(spread))] if sure else None

    @property
    def _example(self) -> str:
        return min(self.seen, key=lambda v: (layout_of(v) is None, v), default="")

    def _row(self, query: str) -> tuple[int, ...]:
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return row


def _of_another_calendar(first: int | None, last: int | None) -> bool:
    return first is not None and last is not None and (last < EARLY or first > LATE)


def _alike(pattern: str) -> str:
    """Return a pattern without what differs from value to value: long and short names, spaces."""
    pattern = re.sub(r"%[bB]\.?", "%b", re.sub(r"%[aA]\.?", "%a", pattern))
    return re.sub(r"\s+", " ", re.sub(r"\s*%Z", "%Z", pattern))
