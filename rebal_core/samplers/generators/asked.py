"""Rows that are asked to be somehow: drawn again until they keep the rules and have the shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rebal_core.rows import Ints, Recipe, TypedRows
from rebal_core.samplers.generators.draws import Draws, Raw, Told, Typed
from rebal_core.samplers.generators.marginal import Marginal, read_marginal
from rebal_core.samplers.generators.rules import Pairs, Rules, Sums, read_rules
from rebal_core.samplers.generators.sheet import Columns
from rebal_core.units import Reading
from rebal_core.wording import Text, Unsuitable, UserError

#: So often rows are drawn again, and from this time on a sum is made equal by its last column; at
#: once where so large a part of the rows breaks one, as of numbers with decimals nearly all do.
_ROUNDS, _CLOSES, _CHANCE = 20, 2, 0.9
#: Rows drawn in a round, per row that is wanted and at least.
_TIMES, _SOME = 4, 4096
#: Nothing is learned where so large a part of the real rows breaks a rule.
_HOPELESS = 0.98


@dataclass(frozen=True)
class Asked:
    """What is asked of drawn rows.

    Parameters
    ----------
    rules : Rules
    marginal : Marginal or None
    columns : Columns
    """

    rules: Rules
    marginal: Marginal | None
    columns: Columns

    @classmethod
    def of(cls, rules: str, marginal: str, rows: TypedRows, columns: Columns) -> Self | None:
        """Return what is asked by texts; None where nothing is.

        Raises
        ------
        UserError
            When a text cannot be read, a column is absent, or a value is one that no row has.
        """
        read, shares, reading = read_rules(rules), read_marginal(marginal), rows.reading
        if not read and shares is None:
            return None
        require_columns(read, shares, reading)
        if shares is not None:
            shares.require_seen(reading, rows.numbers, rows.codes)
        kept = Rules.of(read, reading, rows.numbers, rows.codes)
        return cls(kept, shares, columns)

    @classmethod
    def saved(
        cls,
        rules: str,
        marginal: str,
        reading: Reading,
        columns: Columns,
        allowed: Mapping[str, Any],
    ) -> Self | None:
        """Return what is asked where the training rows are gone; None where nothing is.

        Parameters
        ----------
        allowed : mapping of str to list
            Of each rule about pairs, as it is written, what stands together; see :meth:`allowed`.

        Raises
        ------
        UserError
            When a text cannot be read, a column is absent, or nothing is known of a rule.
        """
        read, shares = read_rules(rules), read_marginal(marginal)
        if not read and shares is None:
            return None
        require_columns(read, shares, reading)
        known: list[NDArray[Any] | None] = []
        for rule in read:
            if isinstance(rule, Pairs) and str(rule) not in allowed:
                raise UserError(
                    "The generator does not know which values stand together by “{rule}”: it was "
                    "learned without this rule; leave it out, or learn with it.",
                    rule=str(rule),
                )
            cells = allowed[str(rule)] if isinstance(rule, Pairs) else None
            known.append(cells and np.array(cells, dtype=np.float64).reshape(-1, len(rule.columns)))
        return cls(Rules(read, reading, tuple(known)), shares, columns)

    def allowed(self) -> dict[str, list[list[float]]]:
        """Return what stands together by each rule about pairs."""
        pairs = zip(self.rules.rules, self.rules.allowed, strict=True)
        return {str(rule): cells.tolist() for rule, cells in pairs if cells is not None}

    def wanted(self, size: int) -> Ints:
        """Return how many rows of each value are wanted; of all together without a marginal."""
        return np.array([size]) if self.marginal is None else self.marginal.wanted(size)

    def kinds(self, numbers: NDArray[np.float32], codes: NDArray[np.int32]) -> Ints:
        """Return the place of the value of each typed row; see :meth:`wanted`."""
        if self.marginal is None:
            return np.zeros(len(numbers), dtype=np.int64)
        return self.marginal.which(self.rules.reading, numbers, codes)

    def rows(self, draw: Draws, wanted: Ints) -> tuple[Typed, Told]:
        """Draw so many rows of each value; see :meth:`wanted`.

        Raises
        ------
        Unsuitable
            When rows still break a rule, or lack a value, after twenty rounds.
        """
        left, kept = wanted.copy(), list[Typed]()
        told = Told.none(len(self.rules), len(wanted))
        most = max(_TIMES * int(wanted.sum()), _SOME)
        for turn in range(_ROUNDS):
            if not left.any():
                break
            for raw in self._draws(draw, left, told, most):
                typed, place, closed = self._judged(raw, told, turn >= _CLOSES)
                chosen = _first(place, left)
                left = left - np.bincount(place[chosen], minlength=len(left))
                told.taken += len(chosen)
                told.closed += int(closed[chosen].sum())
                kept.append((typed[0][chosen], typed[1][chosen]))
        if left.any():
            raise self._impossible(wanted, left, told, draw)
        numbers, codes = (np.concatenate([part[k] for part in kept]) for k in (0, 1))
        order = np.arange(len(numbers))
        if self.marginal is not None:
            order = draw.rng.permutation(order)  # else rows of one value stand together
        return (numbers[order], codes[order]), told

    def _draws(self, draw: Draws, left: Ints, told: Told, most: int) -> Iterator[Raw]:
        """Draw about as many rows as it takes to have those that are left."""
        given = self._given(left) if draw.guided else {}
        if not given:
            yield draw(min(told.needed(left), most) if told.drawn else int(left.sum()))
        rate = (int(told.seen.sum()) + 0.5) / (told.drawn + 0.5)  # of all values alike
        for k, (place, code) in given.items():
            n = min(int(left[k] / rate) + 1, most)
            yield draw(n, {place: np.full(n, code)})

    def _given(self, left: Ints) -> dict[int, tuple[int, int]]:
        """Return the place and the code of each value that may be given; of none unless of all."""
        if self.marginal is None:
            return {}
        reading, p = self.rules.reading, len(self.columns.plain)
        place, found = reading.category(self.marginal.column), {}
        for k, _n in _some(left):
            code = self.marginal.code(reading, k)
            if place is None or code is None:
                return {}
            found[k] = (p + place, code)
        return found

    def _judged(self, raw: Raw, told: Told, closes: bool) -> tuple[Typed, Ints, NDArray[np.bool_]]:
        """Return typed rows, the value of each (-1 where it breaks a rule), and which were set."""
        rules, typed = self.rules, self.columns.typed(*raw)
        broken = rules.broken(*typed)
        closed: NDArray[np.bool_] = np.zeros(len(broken), dtype=bool)
        sums = [isinstance(rule, Sums) and rule.last is not None for rule in rules.rules]
        closes |= broken[:, sums].any(axis=1).mean() > _CHANCE
        if closes and broken.any():
            numbers = raw[0].copy()
            for j, values in rules.closed(*typed).items():
                numbers[:, np.flatnonzero(self.columns.plain == j)[0]] = values
            again = self.columns.typed(numbers, raw[1])
            still = rules.broken(*again)
            closed = np.asarray(still.sum(axis=1) < broken.sum(axis=1))
            typed[0][closed], broken[closed] = again[0][closed], still[closed]
        told.drawn += len(broken)
        told.broke += broken.sum(axis=0)
        place = self.kinds(*typed)
        place[broken.any(axis=1)] = -1
        told.seen += np.bincount(place[place >= 0], minlength=len(told.seen))
        return typed, place, closed

    def _advice(self, told: Told, guided: bool) -> Text:
        """Return what may be done where a value is too rare."""
        if told.broke.any():
            return Text("ask for less of it, or loosen the rules")
        category = self.marginal and self.rules.reading.category(self.marginal.column) is not None
        if guided or not category:
            return Text("ask for less of it")
        return Text("ask for less of it, or choose {strategy}", {"strategy": "autoregressive"})

    def _impossible(self, wanted: Ints, left: Ints, told: Told, draw: Draws) -> Unsuitable:
        """Return why rows are missing."""
        if self.marginal is not None and 10 * told.broke.max(initial=0) < 9 * told.drawn:
            k = int(left.argmax())
            return Unsuitable(
                "Of {drawn:,} rows drawn of “{cls}”, {found:,} of the {wanted:,} asked for have "
                "“{value}” of “{column}”; {advice}.",
                cls=self.rules.reading.called(draw.label),
                drawn=told.drawn,
                found=int(wanted[k] - left[k]),
                wanted=int(wanted[k]),
                value=str(self.marginal.values[k]),
                column=self.marginal.column,
                advice=self._advice(told, draw.guided),
            )
        return self._broke(told, draw.label)

    def _broke(self, told: Told, label: int) -> Unsuitable:
        """Return which rule too many rows broke."""
        worst = int(told.broke.argmax())
        return Unsuitable(
            "Of {drawn:,} rows drawn of “{cls}”, {broke:,} broke the rule “{rule}”, also after "
            "{rounds} rounds; loosen it or leave it out.",
            cls=self.rules.reading.called(label),
            drawn=told.drawn,
            broke=int(told.broke[worst]),
            rule=str(self.rules.rules[worst]),
            rounds=_ROUNDS,
        )

    def between(
        self, make: Callable[[int], Recipe], rows: TypedRows, label: int, size: int
    ) -> Recipe:
        """Return so many rows of a class between real ones, not drawn, that keep the rules.

        Raises
        ------
        Unsuitable
            When rows still break a rule after twenty rounds.
        """
        parts, left, told = list[Recipe](), size, Told.none(len(self.rules), 1)
        most = max(_TIMES * size, _SOME)
        for _ in range(_ROUNDS):
            made = make(min(told.needed(np.array([left])), most) if told.drawn else left)
            values = rows.made(made)
            broken = self.rules.broken(values.numbers, values.codes)
            good = np.flatnonzero(~broken.any(axis=1))
            told.drawn += len(made)
            told.broke += broken.sum(axis=0)
            told.seen += len(good)
            parts.append(made.take(good[:left]))
            left -= len(parts[-1])
            if not left:
                break
        else:
            raise self._broke(told, label)
        notes = self.notes(told, label)
        if self.marginal is not None:
            notes.append(
                Text(
                    "“{cls}” was grown by SMOTE and has not the shares of “{column}” that were "
                    "asked for.",
                    {"cls": rows.reading.called(label), "column": self.marginal.column},
                )
            )
        return reduce(Recipe.noted, notes, Recipe.join(parts))

    def of_real(self, rows: TypedRows, label: int) -> list[Text]:
        """Tell of the rules that real rows of a class break.

        Raises
        ------
        Unsuitable
            When hardly a row keeps one.
        """
        own, named = np.flatnonzero(rows.y == label), rows.reading.called(label)
        shares = self.rules.broken(rows.numbers[own], rows.codes[own], real=True).mean(axis=0)
        notes = []
        for rule, share in zip(self.rules.rules, shares.tolist(), strict=True):
            if share > _HOPELESS:
                raise Unsuitable(
                    "Of the {rows:,} real rows of “{cls}”, {share:.0%} break the rule “{rule}”; "
                    "change it or leave it out.",
                    cls=named,
                    rows=len(own),
                    share=share,
                    rule=str(rule),
                )
            if share:
                notes.append(
                    Text(
                        "Of the {rows:,} real rows of “{cls}”, {broke:,} break the rule "
                        "“{rule}”; no drawn row does.",
                        {
                            "rows": len(own),
                            "cls": named,
                            "broke": round(share * len(own)),
                            "rule": str(rule),
                        },
                    )
                )
        return notes

    def notes(self, told: Told, label: int) -> list[Text]:
        """Tell what became of drawn rows of a class."""
        named = self.rules.reading.called(label)
        notes = [
            Text(
                "Of {drawn:,} rows drawn of “{cls}”, {broke:,} broke the rule “{rule}” and were "
                "drawn again.",
                {"drawn": told.drawn, "cls": named, "broke": int(broke), "rule": str(rule)},
            )
            for rule, broke in zip(self.rules.rules, told.broke, strict=True)
            if broke
        ]
        if told.closed:
            notes.append(
                Text(
                    "In {rows:,} drawn rows of “{cls}” the last column of a sum was set so that "
                    "the rule holds.",
                    {"rows": told.closed, "cls": named},
                )
            )
        aside = int(told.seen.sum()) - told.taken
        if told.taken and aside and self.marginal is not None:
            notes.append(
                Text(
                    "Of {drawn:,} rows drawn of “{cls}”, {aside:,} were left aside: of their value "
                    "of “{column}” there were enough.",
                    {
                        "cls": named,
                        "drawn": told.drawn,
                        "aside": aside,
                        "column": self.marginal.column,
                    },
                )
            )
        return notes


def require_columns(rules: tuple[Any, ...], shares: Marginal | None, reading: Reading) -> None:
    """Refuse columns that rows do not have.

    Raises
    ------
    Unsuitable
    """
    for rule in rules:
        for name in rule.columns:
            known = reading.number(name) is not None
            if not known and (reading.category(name) is None or hasattr(rule, "sign")):
                raise Unsuitable(
                    "The rule “{rule}” names “{column}”, which is no column that it can speak of.",
                    rule=str(rule),
                    column=name,
                )
    if shares is not None:
        shares.require_known(reading)


def _some(left: Ints) -> list[tuple[int, int]]:
    return [(int(k), int(left[k])) for k in np.flatnonzero(left)]


def _first(place: Ints, left: Ints) -> Ints:
    """Return the rows that are wanted: of each value the first."""
    chosen = [np.flatnonzero(place == k)[:n] for k, n in enumerate(left.tolist())]
    return np.sort(np.concatenate(chosen))
