"""Strangers' words in our sentences: escaped, so that a column name can never be markup."""

from __future__ import annotations

import re

from rebal_core.data.formats import change, count, cutoff, interval, number, ratio, seconds, share

__all__ = [
    "change",
    "count",
    "cutoff",
    "interval",
    "number",
    "plain",
    "ratio",
    "seconds",
    "share",
]

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$:])")


def plain(text: object, most: int = 60) -> str:
    """Return a stranger's text for Markdown: nothing in it is markup, and it stays on one line."""
    line = " ".join(str(text).split())
    line = line if len(line) <= most else line[: most - 1] + "…"
    return _MARKUP.sub(r"\\\1", line)
