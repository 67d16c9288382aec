"""Names in a row have the comma of the reader's language between them."""

from __future__ import annotations

import pickle

import pytest

from app import i18n
from rebal_core.checks.base import listed as quoted
from rebal_core.wording import Names, Text, listed

KNOWN = "It has {known}."
LISTS = {
    "one": (listed(["a"], 3), "a"),
    "none": (listed([], 3), ""),
    "few": (listed(["a", "b, c"], 3), "a、b, c"),
    "more": (listed(["a", "b", "c"], 2), "a、b 等，另有 1 个"),
    "quoted": (listed(["“a”", "“b”"], 2), "“a”、“b”"),
    "tuple": (("a", "b"), "a、b"),
    "checks": (quoted(["a", "b", "c"], 2), "“a”、“b” … (+1)"),
}


@pytest.mark.parametrize(("names", "shown"), LISTS.values(), ids=LISTS)
def test_a_list_has_the_comma_of_the_language(names, shown, monkeypatch):
    told = Text("{inner}", {"inner": Text(KNOWN, {"known": names})})
    monkeypatch.setattr(i18n, "language", lambda: "zh")
    for text in (told, pickle.loads(pickle.dumps(told))):
        assert i18n.sentence(text) == KNOWN.format(known=shown)
    monkeypatch.setattr(i18n, "language", lambda: "en")
    assert i18n.sentence(told) == str(told)
    assert "、" not in str(told)


def test_names_are_a_text_like_any_other():
    names = Names(["a", "b"])
    assert f"{names}" == names == "a, b"
    assert listed(["a", "b"], 2) == "a, b"
