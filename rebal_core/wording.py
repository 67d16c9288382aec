"""Sentences that can be translated, and the two errors that a user can cause."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

#: Gaps that hold names of registered things as one types them: one, several with commas, those of a
#: combination, or an arm. A page says labels there. (A further one has a number: `strategy2`.)
NAMED = (
    *("strategy", "strategies", "classifier", "classifiers", "metric", "parts", "arm"),
    *("model", "models"),
)


@dataclass(frozen=True)
class Text:
    """A sentence with named gaps.

    Parameters
    ----------
    template : str
        English, with ``{name}`` gaps; the msgid of its translation.
    values : mapping
        What goes into the gaps: text, written numbers, another Text, or a tuple of names.
    clause : Text or None
        What is added in the place of the full stop.
    """

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    clause: Text | None = None

    def render(self, translate: Callable[[str], str] = str) -> str:
        """Fill the gaps, in the language that ``translate`` speaks."""
        filled = {name: _filled(value, translate) for name, value in self.values.items()}
        told = translate(self.template)
        # Without values the braces of a sentence are its own.
        told = told.format(**filled) if filled else told
        if self.clause is None:
            return told
        return told.removesuffix(".").removesuffix("。") + self.clause.render(translate)

    def __str__(self) -> str:
        return self.render()

    def changed(self, change: Callable[[str, Any], Any]) -> Text:
        """Return the sentence with ``change(gap, value)`` in its gaps, also in those of its parts.

        Of several names each is changed by itself; the clause is left as it is.
        """

        def inside(gap: str, value: Any) -> Any:
            if isinstance(value, Text):
                return value.changed(change)
            if isinstance(value, tuple):
                return tuple(change(gap, one) for one in value)
            return change(gap, value)

        return replace(self, values={gap: inside(gap, v) for gap, v in self.values.items()})


def is_named(gap: str) -> bool:
    """Return whether a gap holds names of registered things."""
    return gap.rstrip("0123456789") in NAMED


def _filled(value: Any, translate: Callable[[str], str]) -> Any:
    if isinstance(value, Text):
        return value.render(translate)
    names = value.names if isinstance(value, Names) else value
    if not isinstance(names, tuple) or not names:
        return value
    # The app has the comma in its catalogue: Chinese parts names by another one than clauses.
    comma = translate("{a}, {b}")
    return reduce(lambda first, more: comma.format(a=first, b=more), names)


class Names(str):
    """Several names as one text; a sentence has its language's comma between them.

    Parameters
    ----------
    names : iterable of str
    """

    names: tuple[str, ...]

    def __new__(cls, names: Iterable[str]) -> Names:
        """Join them as English does."""
        known = tuple(names)
        made = super().__new__(cls, ", ".join(known))
        made.names = known
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.names,)


def listed(names: Sequence[str], most: int) -> Text | Names:
    """Write the first few names, and how many more there are."""
    shown = Names(names[:most])
    if len(names) <= most:
        return shown
    return Text("{names} and {n} more", {"names": shown, "n": len(names) - most})


def render(parts: Sequence[Text], translate: Callable[[str], str] = str) -> str:
    """Join sentences with spaces."""
    return " ".join(part.render(translate) for part in parts)


class UserError(Exception):
    """A mistake of the user's making, told in one sentence: what, where, what to do.

    Parameters
    ----------
    text : str or Text
        The sentence in English, with ``{name}`` gaps; the msgid of its translation.
    **values
        What goes into the gaps.

    Attributes
    ----------
    text : Text
    """

    def __init__(self, text: str | Text, /, **values: Any) -> None:
        self.text = text if isinstance(text, Text) else Text(text, values)
        super().__init__(self.text)

    def __str__(self) -> str:
        return self.text.render()

    def __reduce__(self) -> tuple[Any, ...]:
        # Not by calling the class: one of its kinds takes other things than a sentence.
        return _again, (type(self), self.text), self.__dict__


def _again(kind: type[UserError], text: Text) -> UserError:
    return kind.__new__(kind, text)


class Unsuitable(UserError):
    """A strategy or classifier that cannot serve this table; the text is the reason."""
