"""A registry of frozen specs that are found by name or by the words of articles."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from rebal_core.wording import Names, Text, UserError


class Spec(Protocol):
    """What every registered thing tells about itself."""

    @property
    def name(self) -> str:
        """Stable name, as in code and on the command line."""

    @property
    def label(self) -> str:
        """Name for people, in English."""

    @property
    def family(self) -> str:
        """The group it belongs to."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other words for it, English and Chinese."""


T = TypeVar("T", bound=Spec)


class Registry(Generic[T]):
    """Specs by name, in the order in which they were added.

    Parameters
    ----------
    noun : str
        What an entry is called in an error: ``"strategy"``.
    families : mapping of str to tuple of str, optional
        Family name to its other words (上采样, ...); such a word names several entries.
    """

    def __init__(self, noun: str, families: dict[str, tuple[str, ...]] | None = None) -> None:
        self.noun = noun
        self._families = families or {}
        self._specs: dict[str, T] = {}
        self._words: dict[str, str] = {}

    def add(self, spec: T) -> T:
        """Register a spec and hand it back; a word that is taken already is a programming error."""
        for word in (spec.name, *spec.aliases):
            if self._words.setdefault(self._fold(word), spec.name) != spec.name:
                raise ValueError(f"{word!r} already names {self._words[self._fold(word)]!r}")
        if spec.name in self._specs:
            raise ValueError(f"{self.noun} {spec.name!r} is registered twice")
        self._specs[spec.name] = spec
        return spec

    def __iter__(self) -> Iterator[T]:
        return iter(self._specs.values())

    def __len__(self) -> int:
        return len(self._specs)

    def __contains__(self, name: object) -> bool:
        return name in self._specs

    def __getitem__(self, name: str) -> T:
        """Return the spec of that exact name; KeyError when there is none."""
        return self._specs[name]

    def names_one(self, word: str) -> bool:
        """Return whether a word is the name or an alias of one entry."""
        return self._fold(word) in self._words

    def names_any(self, word: str) -> bool:
        """Return whether a word is a name or an alias of an entry or of a family."""
        families = (w for name, words in self._families.items() for w in (name, *words))
        return self.names_one(word) or self._fold(word) in map(self._fold, families)

    def names(self) -> list[str]:
        """All names, in order."""
        return [spec.name for spec in self]

    def find(self, word: str) -> T:
        """Return the one entry that a user's word names.

        Raises
        ------
        UserError
            When the word is a family's (the entries are told) or names nothing.
        """
        key = self._fold(word)
        if key in self._words:
            return self._specs[self._words[key]]
        for family, words in self._families.items():
            if key in {self._fold(w) for w in (family, *words)}:
                names = Names(s.name for s in self if s.family == family)
                raise UserError(
                    "“{word}” is a family, choose one of its entries: {names}.",
                    word=word,
                    names=names,
                )
        near = difflib.get_close_matches(key, list(self._words), n=1)
        if near:
            raise UserError(
                "There is no {noun} called “{word}”; did you mean {near}?",
                noun=Text(self.noun),
                word=word,
                near=self._words[near[0]],
            )
        raise UserError(
            "There is no {noun} called “{word}”; choose from: {names}.",
            noun=Text(self.noun),
            word=word,
            names=Names(self.names()),
        )

    def search(self, text: str, say: Callable[[str], str] = str) -> list[T]:
        """Entries that a user may mean by a text, all for an empty one; else those of a near word.

        Parameters
        ----------
        text : str
        say : callable
            What the reader is shown for a label, in his language.
        """
        words = {spec.name: self._words_of(spec, say) for spec in self}
        found = [s for s in self if holds(words[s.name], text)]
        if found:
            return found
        known = {self._fold(word): word for all_of in words.values() for word in all_of}
        near = difflib.get_close_matches(self._fold(text), list(known), n=1)
        return [s for s in self if near and holds(words[s.name], known[near[0]])]

    def _words_of(self, spec: T, say: Callable[[str], str]) -> set[str]:
        """Return all words for an entry, also of those after which it is named."""
        named_after = (self._specs.get(part) for part in re.split(r"\W+", spec.label.casefold()))
        words = {w for s in (spec, *filter(None, named_after)) for w in (s.name, *s.aliases)}
        family = (spec.family, *self._families.get(spec.family, ()))
        return words | {spec.label, say(spec.label), *family}

    @staticmethod
    def _fold(word: str) -> str:
        return word.strip().casefold().replace("-", "_").replace(" ", "_")


def holds(texts: Iterable[str], wanted: str) -> bool:
    """Return whether texts hold every word that is looked for, in whatever form of it."""
    whole = "\n".join(_plain(text) for text in texts)
    return all(_stem(word) in whole for word in _plain(wanted).split())


def _plain(text: str) -> str:
    return re.sub(r"[-_ ]+", " ", unicodedata.normalize("NFKC", text).casefold())


def _stem(word: str) -> str:
    """Return a word without its English ending: ``upsample`` is looked for in *upsampling*."""
    return re.sub(r"(?<=[a-z]{4})(ing|ed|es|e|(?<!s)s)$", "", word)
