"""Strangers' text: without a formula for files, without a control sign for terminals.

``app.components.texts.plain`` does the same for screens, where it is no markup and no link either.
"""

from __future__ import annotations

import re

#: First characters that make a spreadsheet run or reinterpret a text cell (OWASP ASVS 1.2.10, and
#: the full-width forms that Chinese and Japanese versions accept as well).
DANGEROUS = tuple("=+-@\t\r\n\0＝＋－＠")
#: What a terminal obeys instead of showing it: controls of 7 and 8 bits, and the signs that turn
#: the order of what follows round.
OBEYED = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Return the text with each control sign but tab and new line written out."""
    return OBEYED.sub(lambda sign: ascii(sign[0])[1:-1], text)


def safe_text(text: str) -> str:
    """Return the text with a single quote in front where a spreadsheet might execute it."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def bared(text: str) -> str:
    """Return the text without the quote that :func:`safe_text` has set before it."""
    return text[1:] if text.startswith("'") and text[1:].startswith(DANGEROUS) else text
