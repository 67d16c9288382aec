"""Texts in the languages of an encoding are read right, or told as unsure with it named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rebal_core.data.reading.detect import candidates
from rebal_core.data.reading.encoding import codec_name
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.wording import UserError

#: Places, labels and everyday words, not taken from what the detector learns from.
WORDS = {
    "cp1250 iso8859-2 pl": "Łódź Gdańsk Świdnica Kraków Wrocław zły źle śledź gęś "
    "Częstochowa żółty",
    "cp1250 iso8859-2 cs": "Plzeň České Budějovice Ústí Děčín Olomouc žena muž zamítnuto schváleno "
    "příjem výdaj účet říjen",
    "cp1250 iso8859-2 hu": "Győr Pécs Székesfehérvár Szombathely férfi nő elutasítva jóváhagyva "
    "fizetés hűtő",
    "cp1251 koi8-r iso8859-5 cp866 mac-cyrillic ru": "Москва Казань отказ одобрено мужской женский "
    "доход возраст хорошо плохо Екатеринбург",
    "cp1251 koi8-u uk": "Київ Львів Харків Чернігів схвалено відмовлено жінка чоловік дохід вік",
    "cp1251 bg": "София Пловдив Варна Бургас одобрен отхвърлен мъж жена доход възраст",
    "cp1253 iso8859-7 el": "Αθήνα Θεσσαλονίκη Πάτρα Ηράκλειο άνδρας γυναίκα εισόδημα ηλικία "
    "εγκρίθηκε απορρίφθηκε",
    "cp1254 tr": "Şanlıurfa Muğla Iğdır Kırşehir erkek kadın gelir yaş onaylandı reddedildi düşük "
    "yüksek",
    "cp1255 he": "חיפה ירושלים אילת באר שבע גבר אישה הכנסה גיל אושר נדחה",
    "cp1256 iso8859-6 ar": "القاهرة الرياض جدة الدار البيضاء ذكر أنثى الدخل العمر مقبول مرفوض",
    "cp1257 lt": "Šiauliai Panevėžys Klaipėda Alytus vyras moteris pajamos amžius patvirtinta "
    "atmesta žemė ąžuolas",
    "cp874 th": "เชียงใหม่ ภูเก็ต ขอนแก่น ชาย หญิง รายได้ อายุ อนุมัติ ปฏิเสธ",
    "cp949 ko": "서울 부산 대구 인천 남성 여성 소득 나이 승인 거절 정상 불량",
    "cp932 euc_jp ja": "東京 大阪 名古屋 札幌 男性 女性 はい いいえ 承認 カード",
    "gb18030 zh": "北京 上海 广州 深圳 男性 女性 收入 年龄 通过 拒绝 质量很好 尺码偏小",
    "cp950 zh": "台北 高雄 台中 男性 女性 收入 年齡 通過 拒絕 品質很好",
    "cp1252 iso8859-15 mac-roman cp850 de": "München Köln Düsseldorf Zürich männlich weiblich "
    "Straße größer für geprüft",
    "cp1252 mac-roman fr": "Orléans Besançon Nîmes Béziers refusé accepté âge prénom élevé naïf",
    "cp1252 es": "Málaga Cádiz Córdoba León año sí niño rechazado corazón España",
}
CASES = [
    (codec, words) for key, words in WORDS.items() for codec in key.split()[:-1]
]  # fmt: skip


def _readings(codec: str, words: list[str]) -> tuple[str, list[str]]:
    """Return what was written, and how it reads in each candidate."""
    fields = [w.encode(codec) for w in words if not w.isascii()]
    shown = b"\n".join(dict.fromkeys(fields))
    return shown.decode(codec), [shown.decode(c.encoding) for c in candidates(fields)]


@pytest.mark.parametrize(("codec", "words"), CASES)
def test_a_text_of_ten_words_is_read_right(codec: str, words: str) -> None:
    text, readings = _readings(codec, words.split())
    assert readings[0] == text


@pytest.mark.parametrize(("words_drawn", "least"), [(2, 0.985), (4, 0.99), (8, 0.99)])
def test_a_text_of_few_words_is_read_right_or_told_as_unsure(words_drawn: int, least: float):
    """Two words cannot always tell: what is held is how seldom the right reading goes unsaid."""
    rng = np.random.default_rng(0)
    said = []
    for codec, words in CASES:
        known = [w for w in words.split() if not w.isascii()]
        for _draw in range(12):
            few = rng.permutation(known)[:words_drawn].tolist()
            text, readings = _readings(codec, few)
            said.append(text in readings)
    assert np.mean(said) >= least


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_needs_no_guess(tmp_path: Path, codec: str) -> None:
    words = [w for words in WORDS.values() for w in words.split()]
    path = tmp_path / "t.csv"
    path.write_bytes(("a,y\n" + "".join(f"{w},1\n" for w in words)).encode(codec))
    dataset = read_table(path, tmp_path / "d", ReadOptions(written=["a"]))
    assert dataset.frame()["a"].tolist() == words
    assert dataset.source["encodings"] == {}


def test_the_user_decides(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("ответ;y\nда;1\nнет;0\n".encode("koi8-r"))
    guessed = read_table(path, tmp_path / "a").source
    assert "koi8-r" in guessed["encodings"] or guessed["encoding"] == "koi8-r"
    said = read_table(path, tmp_path / "b", ReadOptions(encoding="KOI8_R", delimiter=";"))
    assert said.frame()["ответ"].tolist() == ["да", "нет"]
    assert said.source["encodings"] == {}
    with pytest.raises(UserError, match="is not utf-8 throughout: byte 0 does not belong"):
        read_table(path, tmp_path / "c", ReadOptions(encoding="utf-8"))


@pytest.mark.parametrize("name", ["klingon", "rot13", "base64", "idna", "undefined", "", "a\0b"])
def test_what_is_no_encoding_of_text_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="There is no encoding called"):
        codec_name(name)


def test_utf_16_without_its_mark_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,y\n1,x\n2,z\n")
    with pytest.raises(UserError, match="does not begin as a file in utf-16 does"):
        read_table(path, tmp_path / "d", ReadOptions(encoding="utf-16"))
