"""Two languages: the English sentence is the message id, the catalogue holds the Chinese."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from string import Formatter
from typing import Any

import streamlit as st
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from rebal_core.wording import Text, is_named

LANGUAGES = {"en": "EN", "zh": "中文"}
CATALOGUES = {"zh": "zh_CN"}
_GAP = re.compile(r"\{(\w+)[^{}]*\}")
#: A registered name, what is set of it, and what stands between it and the next.
_NAMED = re.compile(r"([a-z]\w*)(\([^()]*\))?(?:(\s*[+,/]\s*)(?=[a-z])|$)")
_SET = re.compile(r"(\w+)=")
#: Chinese and a Latin letter or a digit, in either order.
_MEET = re.compile("[\u3400-\u9fff][A-Za-z0-9]|[A-Za-z0-9%][\u3400-\u9fff]")
#: Names in quotation marks with commas between, and how many more there are, in words or in signs.
_LIST = re.compile(r"(“[^”]*”(?:, “[^”]*”)*)(?: and ([0-9]+) more|( … \(\+[0-9]+\)))?")
#: Letters that a setting's name must save to be told in place of its label.
SHORTER = 5


class Spaced(str):
    """A template between whose words and what fills its gaps a space stands where one belongs.

    Chinese sets one beside Latin letters and digits, and none beside Chinese: which of them a gap
    will hold, such as the name of a metric, no translation can know.
    """

    def format(self, *given: Any, **named: Any) -> str:
        """Fill the gaps."""
        told = ""
        for literal, name, form, turned in Formatter().parse(self):
            told = _beside(told, literal)
            if name is not None:
                gap = f"{{{name}{f'!{turned}' if turned else ''}{f':{form}' if form else ''}}}"
                told = _beside(told, gap.format(*given, **named))
        return told


def _beside(text: str, more: str) -> str:
    """Return a text and what follows, with a space where Chinese and a Latin letter meet."""
    return f"{text}{' ' if _MEET.fullmatch(text[-1:] + more[:1]) else ''}{more}"


@lru_cache
def _entries(language: str) -> tuple[Message, ...]:
    folder = CATALOGUES.get(language)
    if folder is None:
        return ()
    source = files("app") / "locales" / folder / "LC_MESSAGES" / "rebal.po"
    return tuple(read_po(io.BytesIO(source.read_bytes()), locale=folder))


@lru_cache
def catalogue(language: str) -> dict[str, str]:
    """Return the translations of a language by their English sentence; English has none."""
    return {str(m.id): Spaced(m.string) for m in _entries(language) if m.id and m.string}


def choose_language() -> str:
    """Settle the language of this session: the address, the choice before, the browser, English."""
    asked = st.query_params.get("lang")
    if asked in LANGUAGES:
        st.session_state["language"] = asked
    if "language" not in st.session_state:
        browser = (st.context.locale or "en").casefold()
        st.session_state["language"] = "zh" if browser.startswith("zh") else "en"
    return str(st.session_state["language"])


def language() -> str:
    """Return the language of this session."""
    return str(st.session_state.get("language", "en"))


def _(message: str) -> str:
    """Translate; resolve at call time, never at import, for two users may read two languages."""
    return catalogue(language()).get(message, message)


def message(text: str) -> str:
    """Mark a text that :func:`_` translates where it is shown, for the catalogue to hold it."""
    return text


def sentence(text: str | Text) -> str:
    """Translate a sentence of the core; registered things are called by their labels in it.

    A stored one is found back by the template that it was made of. Several in a row are
    translated one by one; what matches no template stays English.
    """
    if isinstance(text, Text):
        return text.changed(_called).render(_)
    translated = _pattern_match(text, language())
    if translated is not None:
        return translated
    head, stop, tail = text.partition(". ")
    first = _pattern_match(f"{head}.", language()) if stop else None
    if language() == "en" and stop:
        return f"{first or f'{head}.'} {sentence(tail)}"
    return text if first is None else f"{first}{sentence(tail)}"


def labels_in(names: str) -> str:
    """Return registered names by their labels; what is none stays as it is.

    Parameters
    ----------
    names : str
        One, several with commas, those of a combination, or those of an arm.
    """
    told, end = "", 0
    while end < len(names):
        found = _NAMED.match(names, end)
        label = None if found is None else _label(found[1])
        if found is None or label is None:
            return names
        told += label
        if found[2]:
            told = _("{a} ({b})").format(a=told, b=_values(found[1], found[2][1:-1]))
        between = {"+": "{a} + {b}", "/": "{a} · {b}", ",": _("{a}, {b}")}
        told = between[found[3].strip()].format(a=told, b="") if found[3] else told
        end = found.end()
    return told


def setting(name: str, label: str | None) -> str:
    """Return what is set, by its field's label; in English by its name where that is short."""
    bare = name.replace("_", " ")
    if label is None or language() != "en":
        return bare if label is None else _(label)
    own = label[:1].lower() + label[1:]
    return own if len(own) < len(bare) + SHORTER else bare


def _values(name: str, inside: str) -> str:
    known = _parameters(name)
    return _SET.sub(lambda of: f"{setting(of[1], known.get(of[1]))} ", inside)


def _parameters(name: str) -> dict[str, str]:
    """Return the labels of what can be set of a strategy or classifier, by name."""
    from rebal_core.classifiers import CLASSIFIERS
    from rebal_core.strategies import STRATEGIES

    if name in STRATEGIES:
        return {own: one.label for own, one in STRATEGIES[name].parameters.items()}
    known = CLASSIFIERS[name].parameters if name in CLASSIFIERS else ()
    return {one.name: one.label for one in known}


def _label(name: str) -> str | None:
    """Return the label of a registered thing."""
    # Where nothing is named, as at the door, none of them is loaded.
    from rebal_core.classifiers import CLASSIFIERS
    from rebal_core.metrics import METRICS
    from rebal_core.ranking.models import RECOMMENDERS
    from rebal_core.ranking.remedies import REMEDIES
    from rebal_core.strategies import STRATEGIES

    for registry in (STRATEGIES, CLASSIFIERS, METRICS, RECOMMENDERS, REMEDIES):
        if name in registry:
            return _(registry[name].label)
    return None


def _called(gap: str, value: Any) -> Any:
    """Return what fills a gap as the reader's language writes it: labels, and lists of names."""
    if not isinstance(value, str):
        return value
    if is_named(gap):
        return labels_in(value)
    found = _LIST.fullmatch(value)
    if found is None:
        return value
    told = found[1].replace("”, “", f"”{_('{a}, {b}').format(a='', b='')}“")
    if found[2]:
        return _("{names} and {n} more").format(names=told, n=found[2])
    return told + (found[3] or "")


@dataclass(frozen=True)
class _Pattern:
    """A template of the core as a pattern, and its translation."""

    pattern: re.Pattern[str]
    gaps: tuple[str, ...]
    translation: Spaced

    @property
    def words(self) -> int:
        """Letters that are its own."""
        return len(self.pattern.pattern) - len("(?P<g0>.*?)") * len(self.gaps)

    def translated(self, found: re.Match[str], tongue: str) -> str:
        """Return the translation, filled in with what was found."""
        clauses = _clauses(tongue)
        pairs = zip(self.gaps, found.groups(), strict=True)
        filled = {name: _called(name, clauses.get(value, value)) for name, value in pairs}
        return self.translation.format(**filled)


def _pattern_match(text: str, tongue: str) -> str | None:
    if text in catalogue(tongue):
        return catalogue(tongue)[text]
    for one in _patterns(tongue):
        if found := one.pattern.fullmatch(text):
            return one.translated(found, tongue)
    return None


def _of_core(tongue: str) -> dict[str, str]:
    """Return the sentences of the core and what they are in a language; English is its own."""
    known = tongue in CATALOGUES
    return {
        str(m.id): str(m.string if known else m.id)
        for m in _entries(tongue if known else next(iter(CATALOGUES)))
        if m.string and any(place.startswith("rebal_core/") for place, _line in m.locations)
    }


@lru_cache
def _clauses(tongue: str) -> dict[str, str]:
    """Return what a gap may be filled with that is a Text itself: clauses of several words."""
    return {
        text: told for text, told in _of_core(tongue).items() if " " in text and "{" not in text
    }


@lru_cache
def _patterns(tongue: str) -> list[_Pattern]:
    """Return the templates that are to be changed; the most wordy first, for they are surest."""
    made = [
        _pattern(template, translated)
        for template, translated in _of_core(tongue).items()
        if (gaps := _GAP.findall(template)) and (tongue in CATALOGUES or any(map(is_named, gaps)))
    ]
    return sorted(made, key=lambda one: -one.words)


def _pattern(template: str, translated: str) -> _Pattern:
    pattern, known = "", list[str]()
    for literal, name, _form, _turned in Formatter().parse(template):
        pattern += re.escape(literal)
        if name in known:
            pattern += f"(?P=g{known.index(name)})"
        elif name:
            pattern += f"(?P<g{len(known)}>.*?)"
            known.append(name)
    bare = Spaced(_GAP.sub(r"{\1}", translated))  # what was written is filled in as it stands
    return _Pattern(re.compile(pattern, re.DOTALL), tuple(known), bare)
