"""How likely a text is in a language, by the letters of the names that babel knows in it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from math import log

from babel import Locale

#: Log-probability of a letter that the language does not have, of a rare one of its script, of a
#: control character or one of private use.
_FOREIGN, _RARE, _CONTROL = -14.0, -11.0, -30.0
#: What a capital within a word costs, as in "zŁy"; a usual sign beside a word; one of its own.
_CAPITAL, _SIGN, _ALONE = -4.0, -6.0, -3.0
_SIGNS = (
    "“”„«»–—‘’‚…€£°§©®·№µºª±−×²³½\u00a0\u200c\u200e"
    "，。、；：？！（）《》「」『』￥【】～\u3000・ー％"
)
#: Characters that any Chinese table is likely to hold, simplified and traditional.
FREQUENT = frozenset(
    "的一是不了在人有我他这個个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家"
    "种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民"
    "第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话"
    "合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神"
    "总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则"
    "听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边张该交规万取拉格望觉术领共确传师观清今切院让识候带"
    "男否良差低级质料店款码号姓性龄岁京沪穗深广州上海杭江苏浙川湘鄂鲁豫津渝省县街型价钱元额费户客购买卖退货订单流失欺诈"
    "點選類別標籤這們來為國說時會對過發後裡種經麼學現當沒動還進樣開從實軍無與長機關業將兩間問並應戰頭體見產話內給門兒東聲"
    "員論處義幾認條係氣題爾變總電數報結務場計資統區隊決馬書則聽達強難權設記據邊規萬覺術領確傳師觀讓識帶級質碼號龄歲廣價錢"
    "額費戶購買賣貨訂單欺詐臺灣縣買貴賤舊"
)
_SIGN_SET = re.compile(f"[{_SIGNS}]")
_RUN = re.compile(r"(?:[^\W\d_]|[^\x00-\x7f])+")
_EDGE = "^"


class Language:
    """A model of letter pairs.

    Parameters
    ----------
    name : str
        A locale of babel, ``zh_Hant``.
    common : sequence of (float, frozenset of str)
        Characters that may well occur although no name holds them, those of a script of thousands,
        and the share of all characters that is theirs.

    Notes
    -----
    ``p(b | a)`` is interpolated (Witten and Bell 1991) from the pair, the letter alone, and equal
    shares of the common characters.
    """

    def __init__(self, name: str, common: Sequence[tuple[float, frozenset[str]]] = ()) -> None:
        words = {w for text in _names(name) for w in words_of(text)}
        padded = [f"{_EDGE}{word.lower()}{_EDGE}" for word in words]
        self._single = Counter(c for word in padded for c in word[1:])
        self._pairs = Counter(word[i : i + 2] for word in padded for i in range(len(word) - 1))
        self._first = Counter(c for word in padded for c in word[:-1])
        self._followers = Counter(pair[0] for pair in self._pairs)
        self._total = sum(self._single.values())
        self._common, self._known = common, 1 - sum(share for share, _ in common)

    def score(self, word: str) -> float:
        """Return the log-probability of a run of letters and signs."""
        parts = [part for part in _SIGN_SET.split(word) if part]
        signs = len(word) - sum(map(len, parts))
        if not parts:
            return _ALONE + _SIGN * (signs - 1)
        found = _SIGN * signs
        for part in parts:
            low = f"{_EDGE}{part.lower()}{_EDGE}"
            found += sum(self._pair(a, b) for a, b in pairwise(low))
            found += _CAPITAL * sum(a.islower() and b.isupper() for a, b in pairwise(part))
        return found

    def _pair(self, a: str, b: str) -> float:
        if "\x80" <= b < "\xa0" or "\ue000" <= b < "\uf900":
            return _CONTROL
        share = self._known * self._single[b] / self._total
        share += sum(part / len(group) for part, group in self._common if b in group)
        if not share:
            return _RARE if self._common and b >= "\u3000" else _FOREIGN
        seen, kinds = self._first[a], self._followers[a]
        if seen:
            share = (self._pairs[a + b] + kinds * share) / (seen + kinds)
        return max(log(share), _RARE)


def words_of(text: str) -> list[str]:
    """Return the runs of letters and of signs outside ASCII, without digits and spaces."""
    return _RUN.findall(unicodedata.normalize("NFC", text))


@cache
def _names(locale: str) -> frozenset[str]:
    """Return the names of languages, countries, scripts, currencies, months and days."""
    known = Locale.parse(locale)
    times = (known.months["format"]["wide"], known.days["format"]["wide"])
    parts = (known.languages, known.territories, known.scripts, known.currencies, *times)
    return frozenset(str(name) for part in parts for name in part.values())
