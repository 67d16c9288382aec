"""Personal data: finding it, and replacing it by tokens that still tell people apart."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rebal_core.data.dataset import label_text

Personal = Literal["e-mail", "phone", "id number", "card number", "ip address"]

_BLOCK = 64
_DIGITS = 24
_SAMPLE = 2_000
#: Share of a column's values that must look personal before it is flagged.
_SHARE = 0.5

_EMAIL = re.compile(r"[\w.+\-]+@[\w\-]+(\.[\w\-]+)+")
_PHONE = re.compile(
    r"(\+?86[ \-]?)?1[3-9]\d[ \-]?\d{4}[ \-]?\d{4}|\+\d{1,3}[ \-.(]?\d[\d \-.()]{6,14}\d"
)
_LOCAL_PHONE = re.compile(r"\(?0\d{2,4}\)?[ \-]\d{6,8}|\(?\d{3}\)?[ \-.]\d{3}[ \-.]\d{4}")
_NATIONAL = re.compile(r"[1-9]\d{16}[\dXx]")
_CARD = re.compile(r"\d{4}[ \-]?\d{4}[ \-]?\d{4}[ \-]?\d{1,7}")
_ADDRESS = re.compile(r"((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)")


def salt(path: Path) -> bytes:
    """Return the secret that tokens are keyed with; made at the first call.

    Parameters
    ----------
    path : Path
        File of 32 bytes, readable by its owner alone. Tables that share it share their tokens.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as out:
        value = secrets.token_bytes(32)
        out.write(value)
    return value


def token(value: str, key: bytes) -> str:
    """Return the token of one value: the first 96 bits of HMAC-SHA256, in hex."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:_DIGITS]


def token_sql(text: str, key: bytes) -> str:
    """Return the SQL of :func:`token` over a text expression; missing stays missing.

    DuckDB has SHA-256 but no HMAC, so its two rounds (RFC 2104) are written out.
    """
    padded = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner = f"{_blob(bytes(b ^ 0x36 for b in padded))} || encode({text})"
    outer = f"{_blob(bytes(b ^ 0x5C for b in padded))} || unhex(sha256({inner}))"
    return f"left(sha256({outer}), {_DIGITS})"


def find_personal(source: pd.DataFrame | Path) -> dict[str, Personal]:
    """Find columns that likely hold personal data.

    Parameters
    ----------
    source : DataFrame or Path
        A frame, or a Parquet file of which the first rows are read.

    Returns
    -------
    dict of str to str
        Column to the kind that at least half of its first 2,000 values look like. Id numbers
        (China, 18 digits) and card numbers must have a right check digit.
    """
    table = _first_rows(source) if isinstance(source, Path) else None
    names = table.column_names if table is not None else [str(c) for c in source.columns]  # type: ignore[union-attr]
    found: dict[str, Personal] = {}
    for position, name in enumerate(names):
        if table is not None:
            values = table.column(position).drop_null().unique().to_pylist()
        else:
            values = source.iloc[:_SAMPLE, position].dropna().tolist()  # type: ignore[union-attr]
        texts = {label_text(v).strip() for v in values if isinstance(v, str | int)} - {""}
        for kind, test in _TESTS.items():
            if texts and sum(map(test, texts)) >= _SHARE * len(texts):
                found[name] = kind
                break
    return found


def _first_rows(path: Path) -> pa.Table:
    file = pq.ParquetFile(path)
    plain = [
        f.name
        for f in file.schema_arrow
        if pa.types.is_integer(f.type)
        or pa.types.is_string(f.type)
        or pa.types.is_large_string(f.type)
    ]
    batch = next(file.iter_batches(batch_size=_SAMPLE, columns=plain), None)
    return pa.table({}) if batch is None else pa.Table.from_batches([batch])


def _blob(data: bytes) -> str:
    return "'" + "".join(f"\\x{b:02X}" for b in data) + "'::BLOB"


def _national(text: str) -> bool:
    """Check an id number of mainland China (GB 11643, ISO 7064 MOD 11-2)."""
    if not _NATIONAL.fullmatch(text):
        return False
    total = sum(int(d) * pow(2, 17 - i, 11) for i, d in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


def _card(text: str) -> bool:
    """Check a card number by Luhn's rule."""
    if not _CARD.fullmatch(text):
        return False
    digits = [int(c) for c in text if c.isdigit()][::-1]
    doubled = sum(sum(divmod(2 * d, 10)) for d in digits[1::2])
    return (sum(digits[0::2]) + doubled) % 10 == 0 and len(set(digits)) > 1


def _phone(text: str) -> bool:
    return bool(_PHONE.fullmatch(text) or _LOCAL_PHONE.fullmatch(text))


_TESTS: dict[Personal, Callable[[str], bool]] = {
    "e-mail": lambda text: bool(_EMAIL.fullmatch(text)),
    "id number": _national,
    "phone": _phone,
    "card number": _card,
    "ip address": lambda text: bool(_ADDRESS.fullmatch(text)),
}
