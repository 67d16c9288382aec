"""The words of a column's name."""

from __future__ import annotations

import re
from collections.abc import Set

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")


def words_of(name: str, heads: Set[str] = frozenset(), codes: Set[str] = frozenset()) -> list[str]:
    """Return the words of a name, in lower case; digits and other letters are left out.

    Parameters
    ----------
    heads, codes : set of str
        Words of which a head and a code behind it are two, also where they are written as one.

    Examples
    --------
    >>> words_of("fullVisitorID_2"), words_of("itemid", {"item"}, {"id"})
    (['full', 'visitor', 'id'], ['item', 'id'])
    """
    found: list[str] = []
    for word in (part.casefold() for part in _WORD.findall(name)):
        ends = [code for code in codes if word.removesuffix(code) in heads and word.endswith(code)]
        found += [word.removesuffix(ends[0]), ends[0]] if ends else [word]
    return found
