"""Every sentence of the core is a template that is seen, has its Chinese, and can be filled in."""

from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some

from app import i18n
from app.locales.__main__ import read
from app.locales.messages import messages, sources
from app.locales.source import Errors, Message, errors, gaps, read_source
from rebal_core.experiment.files import Damaged
from rebal_core.store.database import Busy, HomeGone
from rebal_core.wording import Text, Unsuitable, UserError, listed

ROOT = Path(__file__).resolve().parents[2] / "rebal_core"
CORE = sorted(ROOT.rglob("*.py"))
CHINESE = {str(m.id): str(m.string) for m in read() if m.id}


# Not while tests are collected: each worker of xdist would read all the code.
@cache
def kinds() -> Errors:
    return errors(CORE)


@cache
def core_messages() -> list[Message]:
    found = [m for source in sources() for m in source.messages]
    return [m for m in found if m.place.startswith("rebal_core/")]


@cache
def templates() -> list[str]:
    """Return the messages with a word of their own."""
    texts = {m.text for m in core_messages()}
    return sorted(t for t in texts if re.search(r"\w", re.sub(r"\{[^}]*\}", "", t)))


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(st.session_state, "language", "zh")


def test_every_refusal_of_the_core_has_its_chinese() -> None:
    assert {"UserError", "Unsuitable", "DiskFull", "Busy"} <= kinds().take
    refusals = [m for m in core_messages() if m.by in kinds().take or m.by == "super().__init__"]
    assert len(refusals) > 150
    # Those without a word of their own pass a sentence on.
    texts = [m.text for m in refusals if m.text in set(templates())]
    assert [t for t in texts if not re.search("[\u3400-\u9fff]", CHINESE.get(t, ""))] == []


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ('raise UserError(f"No {name}.")', "takes no literal"),
        ('raise UserError("No " + name)', "takes no literal"),
        ("raise Unsuitable(name)", "takes no literal"),
        ('raise UserError("No {name}.")', "lacks a value for name"),
        ('raise UserError("No {name}.", nam=name)', "has no gap for nam"),
        ('told = Text("No {name:,}.", {"other": name})', "lacks a value for name"),
        ('words = "No {name}."\ntold = Text(words)', "lacks a value for name"),
        ("words = other()\ntold = Text(words)", "takes no literal"),
        ('_(f"No {name}.")', "takes no literal"),
        ('_("No {}.".format(name))', "takes no literal"),
        (
            "class Lost(UserError):\n    def __init__(self, x):\n"
            "        super().__init__(f'No {x}.')",
            "takes no literal",
        ),
    ],
)
def test_what_cannot_be_translated_is_seen(tmp_path: Path, code: str, fault: str) -> None:
    file = tmp_path / "some.py"
    file.write_text(code)
    found = read_source(file, "some.py", errors([file]) if "class" in code else kinds())
    assert any(fault in line for line in found.faults), found


def test_choices_and_names_are_looked_through(tmp_path: Path) -> None:
    file = tmp_path / "some.py"
    file.write_text(
        'WORDS = {"a": "One {n}.", "b": "Two."}\n'
        "def told(many, n, text: Text):\n"
        '    words = "Three {n}." if many else "Four."\n'
        '    Text(words, {"n": n}); UserError(WORDS["a"], n=n); UserError(text)\n'
    )
    found = read_source(file, "some.py", Errors())
    assert (found.faults, sorted(m.text for m in found.messages)) == (
        (), ["Four.", "One {n}.", "Three {n}.", "Two."],
    )  # fmt: skip


def filled(template: str, word: str, number: int) -> dict[str, object]:
    """Return a value for each gap: a number where it is formatted."""
    wanted = gaps(template) if "{" in template else set()
    return {name: number if form else word for name, _turned, form in wanted}


def both(text: Text) -> list[str]:
    return [text.render(), text.render(lambda english: CHINESE.get(english, english))]


@given(
    template=some.deferred(lambda: some.sampled_from(templates())),
    word=some.text() | some.sampled_from(["{", "}}", "{0}", "{x!r:>9}", "%s %", "甲\n乙"]),
    number=some.integers(0, 10**9),
)
def test_any_text_fills_a_sentence_in_both_languages(template, word, number) -> None:
    values = filled(template, word, number)
    told = both(Text(template, values))
    assert all(word in one for one in told) or word not in values.values()


@pytest.mark.parametrize("word", ["{", "}}", "{0}", "{x!r:>9}", "%s %", "甲\n乙", ""])
def test_every_sentence_can_be_filled_with_what_looks_like_a_gap(word: str) -> None:
    for template in templates():
        assert all(both(Text(template, filled(template, word, 7))))


def test_what_is_stored_is_found_back_by_its_template(chinese: None) -> None:
    strays = []
    for template in templates():
        wanted = gaps(template) if "{" in template else set()
        values = {
            name: 7 + k if form else f"甲{k}" for k, (name, _t, form) in enumerate(sorted(wanted))
        }
        text = Text(template, values)
        if i18n.sentence(text.render()) != text.render(i18n._):
            strays.append((text.render(), i18n.sentence(text.render())))
    assert strays == []


def test_a_clause_is_translated_within_its_sentence(chinese: None) -> None:
    template = "{name} is {what}, not a text table; save the table as CSV or Parquet."
    error = UserError(template, name="甲", what=Text("a PDF document"))
    told = i18n.sentence(error.text)
    assert (
        told == i18n.sentence(str(error)) == "甲 是 PDF 文档，不是文本表；请另存为 CSV 或 Parquet。"
    )


def test_errors_survive_the_way_from_another_process(tmp_path: Path) -> None:
    rows = UserError("{rows:,} rows of {what}.", rows=1234, what=Text("a program"))
    gone, damaged = HomeGone(tmp_path / "none" / "rebal.db"), Damaged(tmp_path / "x.npz")
    for error in (rows, Unsuitable("No."), Busy("{path} is.", path=tmp_path), gone, damaged):
        came = pickle.loads(pickle.dumps(error))
        assert (type(came), str(came), came.text) == (type(error), str(error), error.text)
        assert came.args == error.args
    assert pickle.loads(pickle.dumps(damaged)).path == damaged.path
    assert str(rows) == "1,234 rows of a program."


def test_a_list_tells_how_many_it_leaves_out() -> None:
    assert listed(["a", "b"], 2) == "a, b"
    more = listed(["a", "b", "c"], 2)
    assert isinstance(more, Text)
    assert more.render() == "a, b and 1 more"


#: Rooms whose sentences are English only: the command line and the advice of the library.
ENGLISH = ("cli", "library.py")


def plain(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the literals that read like sentences, but for docstrings and errors of ours."""
    if isinstance(node, ast.Raise) and getattr(getattr(node.exc, "func", None), "id", "") not in (
        kinds().take
    ):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)
        yield node.lineno, text
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    for part in ast.iter_child_nodes(node):
        yield from plain(part)


def test_no_sentence_of_the_core_is_a_plain_string() -> None:
    known, strays = set(messages()), []
    for path in CORE:
        place = path.relative_to(ROOT)
        if place.parts[0] not in ENGLISH:
            strays += [
                f"{place}:{line}: {text}"
                for line, text in plain(ast.parse(path.read_text(encoding="utf-8")))
                if re.fullmatch(r"[A-Z“{].* .*\.", text, re.DOTALL) and text not in known
            ]
    assert strays == []
