"""Which encoding a text is in: each is asked how well it reads in the languages it is made for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import exp, inf, log

from rebal_core.data.reading.letters import FREQUENT, Language, words_of
from rebal_core.wording import Names, Text

_WEST = ("de", "fr", "es", "pt", "it", "nl", "sv", "nb", "fi", "is", "ca")
_EAST = ("pl", "cs", "sk", "hu", "ro", "sl", "hr")
_CYRILLIC = ("ru", "uk", "bg", "be", "sr", "mk")
#: Encodings and the languages that are written in them; of two that say the same the first wins.
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "cp1252": _WEST,
    "cp1250": _EAST,
    "cp1251": _CYRILLIC,
    "cp1253": ("el",),
    "cp1254": ("tr", "az"),
    "cp1255": ("he",),
    "cp1256": ("ar", "fa", "ur"),
    "cp1257": ("lt", "lv", "et"),
    "cp1258": ("vi",),
    "cp874": ("th",),
    "gb18030": ("zh",),
    "cp950": ("zh_Hant",),
    "cp932": ("ja",),
    "euc_jp": ("ja",),
    "cp949": ("ko",),
    "koi8-r": ("ru", "bg"),
    "koi8-u": ("uk", "ru", "be"),
    "iso8859-2": _EAST,
    "iso8859-5": _CYRILLIC,
    "iso8859-6": ("ar",),
    "iso8859-7": ("el",),
    "iso8859-15": _WEST,
    "mac-roman": _WEST,
    "mac-cyrillic": _CYRILLIC,
    "cp850": _WEST,
    "cp852": _EAST,
    "cp866": ("ru", "uk", "be"),
}
#: Log-odds of what our users' programs write, and against what few write today.
_PRIOR = {
    **{"cp1252": 2.0, "gb18030": 3.0, "cp950": 2.0},
    **dict.fromkeys(("euc_jp", "koi8-r", "koi8-u", "iso8859-2", "iso8859-15"), -2.0),
    **dict.fromkeys(("iso8859-5", "iso8859-6", "iso8859-7", "cp1258"), -4.0),
    **dict.fromkeys(("mac-roman", "mac-cyrillic", "cp850", "cp852", "cp866"), -8.0),
}
#: Two readings whose log-likelihoods are nearer than this cannot be told apart.
_NEAR = 8.0
_EXAMPLES = 3
#: Log-likelihood a character below which nothing reads like a language.
_NONSENSE = -7.5


@dataclass(frozen=True)
class Candidate:
    """An encoding that a text may be in.

    Parameters
    ----------
    encoding : str
        Python's codec name.
    examples : tuple of str
        Some fields as they read in it.
    """

    encoding: str
    examples: tuple[str, ...] = ()


def candidates(fields: Sequence[bytes]) -> list[Candidate]:
    """Return the encodings that these fields are likely in, the likeliest first.

    Parameters
    ----------
    fields : sequence of bytes
        Of the table, each with a byte outside ASCII. That often a field occurs says nothing.

    Returns
    -------
    list of Candidate
        One where it is clear, none where nothing fits. Encodings in which all fields read the
        same are one.
    """
    whole = b"\n".join(dict.fromkeys(fields))
    scores: dict[str, tuple[float, str]] = {}
    for codec in LANGUAGES:
        try:
            text = whole.decode(codec)
        except UnicodeDecodeError:
            continue
        score = _score(text, LANGUAGES[codec]) + _PRIOR.get(codec, 0.0)
        before, name = scores.get(text, (-inf, codec))
        # Of two that say the same the first is meant, unless it is made for other languages.
        scores[text] = (max(score, before), codec if score > before + _NEAR else name)
    ordered = sorted(scores, key=lambda text: -scores[text][0])
    if not ordered:
        return []
    best = scores[ordered[0]][0]
    if best < _NONSENSE * sum(len(word) + 1 for word in words_of(ordered[0])):
        return []
    near = [text for text in ordered if best - scores[text][0] < _NEAR]
    return [Candidate(scores[t][1], tuple(t.split("\n")[:_EXAMPLES])) for t in near]


def unsure(known: Mapping[str, Sequence[str]]) -> list[Text]:
    """Return the sentence on an encoding that is a guess; nothing where it is clear.

    Parameters
    ----------
    known : mapping of str to sequence of str
        The candidates with their examples, as the source of a dataset holds them.
    """
    if not known:
        return []
    shown = Names(f"{name} (“{examples[0]}”)" for name, examples in known.items())
    return [
        Text(
            "The encoding is a guess, it may be {shown}; look at the values and name it "
            "(--encoding) if another is right.",
            {"shown": shown},
        )
    ]


def _score(text: str, languages: Sequence[str]) -> float:
    """Return the log-likelihood of a text that is in one of these languages, or mixes them."""
    words = Counter(w for w in words_of(text) if not w.isascii())
    # A word that returns in other fields tells more, but not so much as another word.
    told = [[(1 + log(n)) * _word(name, w) for name in languages] for w, n in words.items()]
    share = -log(len(languages))
    mixed = sum(_log_sum(scores) + share for scores in told)
    pure = max((sum(column) for column in zip(*told, strict=True)), default=0.0) + share
    return max(mixed, pure)


def _log_sum(scores: Sequence[float]) -> float:
    top = max(scores)
    return top + log(sum(exp(s - top) for s in scores))


@lru_cache(maxsize=1 << 16)
def _word(name: str, word: str) -> float:
    return _language(name).score(word)


@cache
def _language(name: str) -> Language:
    return Language(name, _common(name))


def _common(name: str) -> list[tuple[float, frozenset[str]]]:
    """Return the everyday characters of a script of thousands: level 1 of its standard."""
    if name == "ko":
        return [(0.2, _table("euc_kr", range(0xB0, 0xC9), range(0xA1, 0xFF)))]
    if name == "ja":
        kanji = _table("cp932", range(0x88, 0x98), range(0x40, 0xFD))
        return [(0.2, frozenset(map(chr, range(0x3041, 0x30FF)))), (0.4, kanji)]
    if name == "zh":
        level = _table("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF))
        return [(0.4, level & FREQUENT), (0.3, level)]
    if name == "zh_Hant":
        level = _table("cp950", range(0xA4, 0xC7), range(0x40, 0xFF))
        return [(0.4, level & FREQUENT), (0.3, level)]
    return []


def _table(codec: str, leads: range, trails: range) -> frozenset[str]:
    pairs = (bytes((lead, trail)) for lead in leads for trail in trails)
    return frozenset("".join(p.decode(codec, "ignore") for p in pairs))
