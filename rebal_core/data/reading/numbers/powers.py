"""A letter behind a number: a power of ten as in ``5K``, or part of a code as in ``1B``.

Blocks, sections, grades, sizes and widths are a small number and a letter, and a few of these
letters stand for powers of ten as well. The values themselves tell: who shortens amounts has
decimals, or more than one power; who numbers things has few, small and whole ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from rebal_core.data.reading.numbers.signs import MAGNITUDES, NOUGHT, Parts, parts, usual

#: What a column of such values is: ``amounts`` and ``codes`` for certain; else it is asked about,
#: and read as amounts or kept as text meanwhile.
Sense = Literal["amounts", "codes", "amounts?", "codes?"]
#: Words for powers of ten that are also parts of codes.
LETTERS = frozenset(("K", "k", "M", "B", "Cr"))
#: So many different values are no list of blocks or sizes, and of these all are below the bound.
FEW, SMALL = 20, 100
#: So many rows each make codes of values that are few.
_OFTEN = 2
_BARE = re.compile(f"[9{NOUGHT}]+(?:[.,]9)?")


def may_be_codes(found: Sequence[Parts]) -> bool:
    """Return whether shapes leave it open what their letters are: whole or half, and bare."""
    words = {part.times for part in found} - {""}
    bare = all(_BARE.fullmatch(p.number) and not p.unit and not p.minus for p in found)
    return bool(words) and words <= LETTERS and bare


def sense_of(values: Sequence[tuple[str, int]]) -> Sense:
    """Decide what the letters of a column are.

    Parameters
    ----------
    values : sequence of (str, int)
        Different values, of shapes that :func:`may_be_codes`, and their rows.

    Examples
    --------
    >>> sense_of([("1B", 40), ("2B", 31)])
    'codes'
    >>> sense_of([("5K", 1), ("2.3K", 1), ("750", 1)])
    'amounts'
    >>> sense_of([("5K", 1), ("750", 1)])
    'codes?'
    """
    told = [part for text, _ in values if (part := parts(usual(text.strip()))) is not None]
    sizes: dict[int, list[float]] = {}
    for part in told:
        power = MAGNITUDES.get(part.times, 0)
        sizes.setdefault(power, []).append(float(part.number.replace(",", ".")))
    numbers = [number for some in sizes.values() for number in some]
    if _shortened(sizes):
        return "amounts"
    whole, one = all(number % 1 == 0 for number in numbers), len(sizes) == 1
    if whole and one and len(values) > FEW:
        return "amounts?"
    often = sum(rows for _, rows in values) >= _OFTEN * len(values)
    return "codes" if whole and one and often and max(numbers) < SMALL else "codes?"


def both(value: str) -> tuple[str, str]:
    """Return the number before a letter, and the amount.

    Examples
    --------
    >>> both("2.5M")
    ('2.5', '2,500,000')
    """
    part = parts(usual(value.strip()))
    assert part is not None
    number = part.number.replace(",", ".")
    return number, f"{round(float(number) * 10 ** MAGNITUDES[part.times]):,}"


def _shortened(sizes: dict[int, list[float]]) -> bool:
    """Return whether only amounts are written so; ``sizes``: the numbers of each power."""
    numbers = [number for some in sizes.values() for number in some]
    if any(number % 1 not in (0, 0.5) for number in numbers):
        return True
    # Shoes have half sizes, and widths M and B; none has K.
    if 3 in sizes and any(number % 1 for number in numbers):
        return True
    # The next power is taken where the number would have four digits.
    most, powers = max(sizes), sizes.keys() - {0}
    below = any(SMALL <= number < 1_000 for p in sizes if p < most for number in sizes[p])
    return len(powers) > 1 and below and min(sizes[most]) < SMALL
