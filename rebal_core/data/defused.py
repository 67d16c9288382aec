"""Text that no spreadsheet takes for a formula, and the way back to the plain text."""

from __future__ import annotations

#: First characters that make a spreadsheet run or reinterpret a text cell (OWASP ASVS 1.2.10, and
#: the full-width forms that Chinese and Japanese versions accept as well).
DANGEROUS = tuple("=+-@\t\r\n\0＝＋－＠")


def safe_text(text: str) -> str:
    """Return the text with a single quote in front where a spreadsheet might execute it."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def bared(text: str) -> str:
    """Return the text without the quote that :func:`safe_text` has set before it."""
    return text[1:] if text.startswith("'") and text[1:].startswith(DANGEROUS) else text
