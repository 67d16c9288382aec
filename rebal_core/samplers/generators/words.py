"""The words of which rules and marginals are written: names, numbers and signs."""

from __future__ import annotations

import re
from collections.abc import Collection

from rebal_core.wording import UserError

#: Letters of a text at most, and of what is told of one.
_MOST, _TOLD = 10_000, 120
#: What keyboards for Chinese write instead.
_WIDE = dict(zip("；，（）：＜＞＝＋≤≥", (*";,():<>=+", "<=", ">="), strict=True))
_SIGNS = ("<=", ">=", "==", *"<>=+,():;\n")
_SPECIAL = frozenset({*"<>=+,():;`\n", *_WIDE})
_TOKEN = re.compile(
    r"[^\S\n]*(?:"
    r"`(?P<quoted>(?:[^`]|``)+)`"
    rf"|(?P<sign><=|>=|==|[<>=+,():;\n{''.join(_WIDE)}])"
    rf"|(?P<word>[^\s<>=+,():;`{''.join(_WIDE)}]+)"
    r")"
)
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE]-?\d+)?")


class Name(str):
    """What stands for a column or a value, not for a sign or a number."""

    __slots__ = ()


#: A name, a number, or a sign.
Token = Name | float | str


def tokens(text: str, numbers: bool = True) -> list[Token] | None:
    """Return the words of a text; None where a quotation does not end.

    Words side by side are one name. A name that holds a sign, or reads as a number, stands in
    backticks, of which two stand for one.

    Parameters
    ----------
    text : str
    numbers : bool
        Whether numbers are told from names.
    """
    found: list[Token] = []
    at, joins = 0, False
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        at = match.end()
        if match["sign"] is not None:
            sign = _WIDE.get(str(match["sign"]), str(match["sign"]))
            found.append("=" if sign == "==" else sign)
        elif (word := match["word"]) is not None:
            if joins:
                found[-1] = Name(f"{found[-1]} {word}")
                continue
            found.append(Name(word))
        else:
            found.append(Quoted(str(match["quoted"]).replace("``", "`")))
        joins = match["word"] is not None
    if not numbers:
        return found
    return [
        float(t) if type(t) is Name and _NUMBER.fullmatch(t) and abs(float(t)) < 1e15 else t
        for t in found
    ]


class Quoted(Name):
    """A name in backticks."""

    __slots__ = ()


def require_short(text: str) -> None:
    """Refuse a text that nobody writes.

    Raises
    ------
    UserError
    """
    if len(text) > _MOST:
        raise UserError(
            "“{text}” has {size:,} characters; write at most {most:,}.",
            text=brief(text),
            size=len(text),
            most=_MOST,
        )


def brief(text: str) -> str:
    """Return a text, or how it begins."""
    return text if len(text) <= _TOLD else f"{text[:_TOLD]}…"


def named(name: str) -> str:
    """Return a name as it is written."""
    plain = not _SPECIAL & set(name) and name == " ".join(name.split()) and name
    if plain and not _NUMBER.fullmatch(name):
        return name
    return f"`{name.replace('`', '``')}`"


def numbered(number: float) -> str:
    """Return a number as it is written."""
    return repr(float(number)).removesuffix(".0")


def decimals_of(number: float) -> int:
    """Return how many decimals a number is written with."""
    text = numbered(number)
    return len(text.partition(".")[2]) if "e" not in text else 15


def parts(found: Collection[Token], between: Collection[str]) -> list[list[Token]]:
    """Return what stands between signs, parts without a word left out."""
    result: list[list[Token]] = [[]]
    for token in found:
        if type(token) is str and token in between:
            result.append([])
        else:
            result[-1].append(token)
    return [part for part in result if part]
