"""Labels and column names of strangers: no markup, no link, no sign that a terminal obeys."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.components.texts import plain
from rebal_core.cli import main
from rebal_core.data.defused import visible

#: The two patterns by which Streamlit's Markdown (mdast-util-gfm-autolink-literal) finds addresses
#: in what is left after the escapes are taken away.
LINKS = (
    re.compile(r"(https?://|www(?=\.))([-.a-z0-9_]+)", re.IGNORECASE),
    re.compile(r"[-.a-z0-9_+]+@[-a-z0-9_]+(?:\.[-a-z0-9_]+)+", re.IGNORECASE),
)
ADDRESSES = (
    "http://evil.example/a?b=c",
    "HTTPS://evil.example",
    "https://http://www.evil.example",
    "www.evil.example",
    "WwW.evil.example",
    "wwww.evil.example",
    "a@evil.example",
    "mailto:a.b+c@evil.example",
    "see <http://evil.example>, [x](http://evil.example)",
    "http://www.a@www.evil.example",
)
#: Colours, the title of the window, a link, 8-bit forms, the clipboard, text turned round.
ESCAPES = (
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "\x9b31mred",
    "\x9d52;c;ZXZpbA==\x9c",
    "a\x08\x08b\x7f\x00\r",
    "\u202egnp.exe\u2066",
)


def seen(markdown: str) -> str:
    """Return what a reader sees, as Markdown takes the escapes away."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown)


@pytest.mark.parametrize("text", ADDRESSES)
def test_an_address_is_no_link(text: str) -> None:
    assert any(p.search(text) for p in LINKS)
    shown = seen(plain(text, 200))
    assert not any(p.search(shown) for p in LINKS)
    assert shown.replace("\N{WORD JOINER}", "") == text


@given(st.lists(st.sampled_from([*"wW.@:/hHtTpPsS -a1", "www.", "http://", "a@b.c"]), max_size=12))
def test_no_text_becomes_a_link(parts: list[str]) -> None:
    assert not any(p.search(seen(plain("".join(parts), 200))) for p in LINKS)


def obeyed(text: str) -> list[str]:
    return [
        sign
        for sign in text
        if (unicodedata.category(sign) == "Cc" and sign not in "\t\n")
        or unicodedata.bidirectional(sign)
        in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI"}
    ]


@given(st.text())
def test_what_is_visible_obeys_nothing_and_stays_readable(text: str) -> None:
    shown = visible(text)
    assert obeyed(shown) == []
    assert obeyed(plain(text, 10_000)) == []
    if obeyed(text) == []:
        assert shown == text


def test_the_command_line_writes_no_escape(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    escape = " ".join(ESCAPES)
    sign = escape.replace("\x00", "").replace("\r", "")
    rows = "".join(f"{i % 7},{sign if i % 5 == 0 else 'usual'},{sign}{i}\n" for i in range(60))
    table = tmp_path / "t.csv"
    table.write_text(f"a,label,n{sign}\n{rows}", encoding="utf-8")
    assert main(["profile", str(table), "--target", "label"]) == 0
    assert main(["profile", str(table), "--target", f"no{escape}"]) == 2
    assert main(["profile", str(tmp_path / f"no{escape}.csv"), "--target", "label"]) == 2
    assert main(["profile", f"--{escape}"]) == 2
    told = capsys.readouterr()
    assert obeyed(told.out) == []
    assert obeyed(told.err) == []
    assert main(["profile", str(table), "--target", "label", "--json", "-"]) == 0
    told = capsys.readouterr()
    assert obeyed(told.out + told.err) == []
    assert any(sign in str(value) for value in _strings(json.loads(told.out)))


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [*map(str, value), *(s for v in value.values() for s in _strings(v))]
    if isinstance(value, list):
        return [s for v in value for s in _strings(v)]
    return [value] if isinstance(value, str) else []
