"""Both languages are whole: nothing lacks its translation, no Chinese hides in the source."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
import streamlit as st

from app import i18n
from app.components.texts import counted, in_a_row, minutes, seconds
from app.locales.__main__ import problems, read
from app.locales.source import read_source

ROOT = Path(__file__).resolve().parents[2]
CJK = re.compile(r"[\u3400-\u9fff\uff00-\uffef]")
#: The glossary holds each term in both languages; elsewhere only what users type (aliases), and
#: the name of the language itself.
MAY = ("aliases", "families", "中文", "FAMILIES", "Search: SMOTE")


def test_every_message_is_seen_and_translated() -> None:
    assert problems(read()) == []


def test_a_translation_that_is_left_over_is_seen() -> None:
    catalogue = read()
    catalogue.add("Nobody says this.", "没有人这么说。")
    assert any("Nobody says this." in line for line in problems(catalogue))


def test_translations_fill_the_same_gaps() -> None:
    def gaps(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    for message in read():
        if message.id and message.string:
            assert gaps(str(message.string)) <= gaps(str(message.id)), message.id


def test_chinese_stands_in_the_catalogue_only() -> None:
    strays = []
    sources = set((ROOT / "app").rglob("*.py")) - {ROOT / "app" / "components" / "glossary.py"}
    for path in sorted(sources):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if CJK.search(line) and not any(word in line for word in MAY):
                strays.append(f"{path.name}:{number}: {line.strip()}")
    assert [s for s in strays if "＝" not in s] == []


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(st.session_state, "language", "zh")


@pytest.mark.usefixtures("chinese")
def test_a_filled_sentence_of_the_core_is_found_back() -> None:
    told = i18n.sentence("“票据.csv” has no column “a”; check the spelling.")
    assert told == "“票据.csv”没有“a”列；请检查拼写。"
    two = i18n.sentence("All values are missing. In UTC.")
    assert two == "所有值都缺失。UTC 时间。"
    assert i18n.sentence("Nobody wrote this.") == "Nobody wrote this."
    assert i18n.sentence("") == ""


def test_english_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(st.session_state, "language", "en")
    assert i18n._("Compare strategies") == "Compare strategies"
    assert i18n.sentence("All values are missing.") == "All values are missing."


@pytest.mark.usefixtures("chinese")
def test_durations_are_told_in_the_reader_s_language(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [seconds(0.01), minutes(0.01), seconds(252), minutes(7_500)]
    assert told == ["不到 0.1 秒", "0.1 秒", "4 分 12 秒", "2 小时 05 分"]
    monkeypatch.setitem(st.session_state, "language", "en")
    told = [seconds(0.01), minutes(0.01), seconds(252), minutes(7_500)]
    assert told == ["under 0.1 s", "0.1 s", "4 min 12 s", "2 h 05 min"]


HAN = "[\u3400-\u9fff]"
GAP = re.compile(r"\{[^{}]*\}")
#: Gaps filled with Chinese phrases or quoted names stand without spaces; those before the bar may
#: hold either, and those of the library's own refusals have numbers for names.
PHRASE = r"\{(?:columns|condition|noun|target|first|again|said)\}"
OTHER_GAP = (
    r"\{(?!\d|(?:classes|other|metric|repair|split|what|verdict|remedy|models?2?|arm"
    r"|columns|condition|noun|target|first|again|said)\})[^{}]+\}"
)
#: Between Chinese and a Latin letter, a digit or a gap for one stands a space; beside full-width
#: marks none does; and marks in Chinese are full-width.
STRAYS = {
    "a space is missing": rf"{HAN}(?:[A-Za-z0-9]|{OTHER_GAP})|(?:[A-Za-z0-9%]|{OTHER_GAP}){HAN}",
    "a space too many": rf"{HAN} {HAN}|[，。；：！？、（）“”《》] | [，。；：！？、（）“”《》]"
    rf"|[，。；：！？][*_]* [^ ]|{HAN} {PHRASE}|{PHRASE} {HAN}",
}
#: Such bold letters are none: their marks are shown.
BROKEN = re.compile(r"[，。；：！？、”）]\*\*[^\s，。；：！？、]|[^\s，。；：！？、]\*\*[“（]")
HALF_WIDTH = re.compile(r"[()]|[,;:?!](?![A-Za-z0-9/])|(?<=[\u3400-\u9fff”）])[.\"'](?=\s|$)")


def strays(chinese: str) -> list[str]:
    """Return the rules of Chinese writing that a text breaks."""
    found = [rule for rule, pattern in STRAYS.items() if re.search(pattern, chinese)]
    plain = re.sub(r"`[^`]*`|\[[^]]*\]\([^)]*\)", "", GAP.sub("x", chinese))
    found += ["bold letters that are not"] if BROKEN.search(chinese) else []
    return found + (["a half-width mark"] if HALF_WIDTH.search(plain) else [])


def test_chinese_is_written_by_one_rule() -> None:
    texts = [str(m.string) for m in read() if m.id and re.search(HAN, str(m.string))]
    assert len(texts) > 500
    assert [(text, found) for text in texts if (found := strays(text))] == []


@pytest.mark.parametrize(
    "wrong",
    ["共{n} 行", "共 {n}行", "共5 行", "该列, 该行", "该列(旧)", "该列:旧", "该列 ，旧", "该 列",
     "已知 {columns}", "**好。** 再来", "**好。**再来", "用CSV 保存", "好吗?", "该列;旧",
     "占 5%的行"],
)  # fmt: skip
def test_what_breaks_the_rule_is_seen(wrong: str) -> None:
    assert strays(wrong)
    assert not strays(
        "“甲”列有 {n} 行（{share}），占 5% 的行，已知{columns}：用 CSV 保存，见 `a(b)`。"
    )


class Gap(str):
    """What fills a gap of any form."""

    def __format__(self, _form: str) -> str:
        return str(self)


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("name", ["F1", "Brier", "3", "40%"])
def test_no_name_in_a_gap_touches_the_chinese_beside_it(name: str) -> None:
    """Which gaps hold Latin names only their values tell: those of metrics are of both kinds."""
    known = [m for m in read() if m.id and m.string and GAP.search(str(m.string))]
    assert len(known) > 300
    wrong = []
    for one in known:
        gaps = {gap for _, gap, _, _ in string.Formatter().parse(str(one.id)) if gap}
        told = i18n._(str(one.id)).format(**dict.fromkeys(gaps, Gap(name)))
        if re.search(rf"{HAN}[A-Za-z0-9]|[A-Za-z0-9%]{HAN}", told):
            wrong.append(told)
    assert wrong == []


@pytest.mark.usefixtures("chinese")
def test_the_name_of_a_metric_stands_right_in_a_filled_sentence() -> None:
    words = i18n._("Gain in {metric}, 95% interval")
    assert words.format(metric="F1") == "F1 的改善，95% 区间"
    assert words.format(metric="平均精度") == "平均精度的改善，95% 区间"
    told = i18n.sentence("g_mean needs two classes and the target has 3; choose another metric.")
    assert told == "G-mean 只适用于两个类别，而目标列有 3 个；请选择其他指标。"


def test_sentences_in_a_row_are_joined_as_the_language_parts_them() -> None:
    joins = re.compile(r"""(["'])\s+\1\.join\((?!\w+\.(?:split|words)|str\()""")
    sources = sorted((ROOT / "app").rglob("*.py"))
    found = [p.name for p in sources if joins.search(p.read_text(encoding="utf-8"))]
    assert found == []


#: What is counted on screen.
THINGS = (
    "rows", "columns", "cells", "arms", "folds", "runs", "workers", "cores", "values", "lines",
    "classes", "remedies", "groups",
)  # fmt: skip
#: How many of them there are can never be one: all of several, or a number that is ours.
NEVER_ONE = (
    "{done} of {total} cells",
    "{n} of {all} arms {repair}",
    "same {b} background rows",
    "Each arm is compared",
    "Only {n} rows of “{label}”: at worst",
    "Rare, but {n} rows of",
    "{n} of {all} classes",
    "{tail} of {all} classes",
    "{n} other columns",
    "Even on {rows} rows",
    "Trying it on {rows} training rows",
    "{some} of {whole} marks are drawn",
    # These have one for a single class beside them.
    "{classes} classes between",
    "{band}: {classes} classes",
    # So many rows a cell of a map needs.
    "“{label}” is most surely frequent",
    "Every pair of values has fewer than {n} rows",
)


def test_one_is_not_told_as_many() -> None:
    """Where the app counts things it has a form for one, so it calls ``counted``."""
    plural = re.compile(rf"\{{\w+\}} (?:[a-z-]+ )?(?:{'|'.join(THINGS)})\b")
    wrong = [
        f"{path.name}:{one.line}: {one.text}"
        for path in sorted((ROOT / "app").rglob("*.py"))
        for one in read_source(path, path.name).messages
        if one.by == "_" and plural.search(one.text) and not one.text.startswith(NEVER_ONE)
    ]
    assert wrong == []


@pytest.mark.usefixtures("chinese")
def test_chinese_has_one_form() -> None:
    assert [counted("1 row", "{n} rows", n) for n in (0, 1, 2_000)] == ["0 行", "1 行", "2,000 行"]
    assert in_a_row(["好。", "", "再来。"]) == "好。再来。"


def test_english_has_two_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(st.session_state, "language", "en")
    told = [counted("1 row", "{n} rows", n) for n in (0, 1, 2_000)]
    assert told == ["0 rows", "1 row", "2,000 rows"]
    assert in_a_row(["Good.", "", "More."]) == "Good. More."


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("Events are “view”, “buy”; not counted: “seen”.", "“view”、“buy”"),
        ("Every row is an event: “a”, “b”, “c”, “d”, “e” and 2 more.", "“d”、“e” 等，另有 2 个"),
    ],
)
def test_names_in_a_stored_sentence_are_listed_as_the_language_lists_them(told, shown, monkeypatch):
    monkeypatch.setattr(i18n, "language", lambda: "zh")
    assert shown in i18n.sentence(told)
    monkeypatch.setattr(i18n, "language", lambda: "en")
    assert i18n.sentence(told) == told
