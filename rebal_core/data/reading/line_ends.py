"""One kind of line end for a text table, without touching those within quoted fields."""

from __future__ import annotations

from rebal_core.data.reading.dialect import DELIMITERS

#: What stands before a quote that opens a field; elsewhere a quote is a character like others.
_BEFORE = frozenset("\n\r" + "".join(mark[-1] for mark in DELIMITERS))


class LineEnds:
    """Makes every line end outside quotes a line feed, in a text that comes in pieces."""

    def __init__(self) -> None:
        self._quoted = False
        self._last = "\n"
        self._held = ""

    def made_one(self, text: str) -> str:
        """Return the next piece; a carriage return at its very end is held back."""
        text, self._held = self._held + text, ""
        if text.endswith("\r"):
            text, self._held = text[:-1], "\r"
        made = []
        for number, part in enumerate(text.split('"')):
            if number:
                self._quote()
                made.append('"')
            if part:
                made.append(part if self._quoted else _fed(part))
                self._last = part.rstrip(" ")[-1:] or self._last
        return "".join(made)

    def rest(self) -> str:
        """Return what was held back, now that the text is at its end."""
        return _fed(self._held) if not self._quoted else self._held

    def _quote(self) -> None:
        """Meet a quote: it closes a field, opens one, or doubles the one just before it."""
        if self._quoted:
            self._quoted, self._last = False, '"'
        elif self._last in _BEFORE or self._last == '"':
            self._quoted = True


def _fed(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
