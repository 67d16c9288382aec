"""Parquet files of a few kilobytes that stand for terabytes are refused while they are small."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rebal_core.data.reading import unpacked
from rebal_core.data.reading.columnar import open_parquet
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.pages import pages_of
from rebal_core.wording import UserError

#: Bytes that a child may take: no bomb needs them, and all of them would take far more.
MOST = 1_000 << 20
#: The peak of ``getrusage`` may be that of the process that started this one.
CHILD = r"""
import re, sys
from pathlib import Path
from rebal_core.cli import main
for path in sys.argv[1:]:
    assert main(["profile", path, "--target", "y"]) == 2
print(int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) << 10)
"""


def coded(texts, places, **others):
    """A table whose text column is written as these texts and places among them."""
    places = pa.array(np.asarray(places, np.int32))
    return pa.table({"x": pa.DictionaryArray.from_arrays(places, pa.array(texts)), **others})


def write(table, path, **options):
    """Write a dictionary of any size, unlike what Arrow does by itself."""
    known = {
        "compression": "zstd",
        "store_schema": False,
        "write_statistics": False,
        "dictionary_pagesize_limit": 1 << 30,
    }
    pq.write_table(table, path, **{**known, **options})


def one_long_text(path):
    rows = 1_000_000
    write(coded(["a" * 10_000_000], np.zeros(rows), y=np.arange(rows) % 2), path)


def many_long_texts(path):
    texts = [chr(97 + k) * 1_000_000 for k in range(20)]
    rows = 200_000
    write(coded(texts, np.arange(rows) % 20, y=np.arange(rows) % 2), path)


def a_long_text_at_the_end(path):
    """Only the places tell: most rows point to a short text, the last ones to the long one."""
    rows = 300_000
    places = np.zeros(rows)
    places[-20_000:] = 1
    write(coded(["short", "a" * 5_000_000], places, y=np.arange(rows) % 2), path)


def many_columns(path):
    rows, long = 5_000, ["a" * 100_000]
    columns = {f"x{k}": coded(long, np.zeros(rows))["x"] for k in range(60)}
    write(pa.table({**columns, "y": np.arange(rows) % 2}), path)


def names_twice(path):
    one = coded(["a" * 10_000_000], np.zeros(100_000))["x"]
    few = pa.array(["a", "b"] * 50_000)
    write(pa.Table.from_arrays([few, one, few], names=["x", "x", "y"]), path)


def many_row_groups(path):
    rows = 400_000
    table = coded(["a" * 1_000_000], np.zeros(rows), y=np.arange(rows) % 2)
    write(table, path, row_group_size=20_000)


def shared_beginnings(path):
    """Each text is told as the one before, and nothing more."""
    rows = 10_000
    noise = np.random.default_rng(0).integers(97, 123, (rows, 200), np.uint8)
    texts = [line.tobytes().decode() for line in noise]
    options = {
        "use_dictionary": False,
        "column_encoding": {"x": "DELTA_BYTE_ARRAY", "y": "PLAIN"},
        **dict.fromkeys(("data_page_size", "write_batch_size", "max_rows_per_page"), 1 << 30),
    }
    write(pa.table({"x": texts, "y": np.arange(rows) % 2}), path, compression="none", **options)
    chunk = pq.read_metadata(path).row_group(0).column(0)
    with path.open("r+b") as file:
        (page,) = pages_of(file.fileno(), chunk)
        start = chunk.data_page_offset + chunk.total_compressed_size - page.size
        file.seek(start)
        levels = 4 + int.from_bytes(file.read(4), "little")
        size = page.size - levels
        long = size - 5_000
        body = _lengths(0, long, rows) + _lengths(long, 0, rows) + b"a" * long
        file.seek(start + levels)
        file.write(body + bytes(size - len(body)))


def _lengths(first, other, count):
    """A DELTA_BINARY_PACKED page: one number, then another as often as it takes."""
    step, low = other - first, min(other - first, 0)
    packed = np.full(32, -low, "<u4")
    packed[0] = step - low
    out = _varint(128) + _varint(4) + _varint(count) + _varint(2 * first)
    out += _varint(-2 * low - 1 if low < 0 else 0) + bytes([32, 0, 0, 0]) + packed.tobytes()
    if low < 0:  # the first block has steps of its own
        out = out[: -4 * 32 - 4] + bytes([32, 32, 32, 32]) + packed.tobytes()
        out += np.full(96, -low, "<u4").tobytes()
    blocks = -(-(count - 1) // 128) - 1
    return out + (_varint(0) + bytes(4)) * blocks


def _varint(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


BOMBS = {
    "one long text": (one_long_text, r"would grow to 9,536,\d+ MiB"),
    "many long texts": (many_long_texts, "would grow to"),
    "a long text at the end": (a_long_text_at_the_end, "would grow to"),
    "many columns": (many_columns, r"would take more than 1,024 MiB .* “x0”"),
    "names twice": (names_twice, "would grow to"),
    "many row groups": (many_row_groups, "would grow to"),
    "shared beginnings": (shared_beginnings, "would take more than 1,024 MiB"),
}


def test_bombs_are_refused_in_a_sentence_and_little_memory(tmp_path):
    """One after the other in one process: the peak is that of the worst of them."""
    paths = [tmp_path / f"{name}.parquet" for name in BOMBS]
    for path in paths:
        BOMBS[path.stem][0](path)
        assert path.stat().st_size < 3_000_000
    environment = {**os.environ, "REBAL_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", CHILD, *map(str, paths)]
    child = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert child.returncode == 0, child.stderr
    for line, (name, (_, words)) in zip(child.stderr.splitlines(), BOMBS.items(), strict=True):
        assert re.match(f"{name}.parquet {words}", line)
    assert int(child.stdout) < MOST


def test_lists_are_counted_too(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacked, "MAX_HELD", 1 << 20)
    rows, each = 100, 3_000
    lists = pa.array([np.zeros(each)] * rows)
    write(pa.table({"x": lists, "y": np.arange(rows) % 2}), tmp_path / "t.parquet")
    with pytest.raises(UserError, match=r"would take more than 1 MiB .* for 100 rows.* “x”"):
        open_parquet(tmp_path / "t.parquet")


@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY", None])
def test_texts_are_counted_as_they_are(encoding, tmp_path, monkeypatch):
    """The bounds are above it, and the last look is exact: so a limit falls between two numbers."""
    rng = np.random.default_rng(0)
    texts = [
        None if k % 7 == 0 else "é" * int(n) for k, n in enumerate(rng.integers(0, 60, 30_000))
    ]
    table = pa.table({"x": texts, "n": np.arange(30_000), "y": np.arange(30_000) % 2})
    coded = {"x": encoding, "n": "PLAIN", "y": "PLAIN"} if encoding else None
    path = tmp_path / "t.parquet"
    pq.write_table(
        table, path, use_dictionary=not encoding, column_encoding=coded, row_group_size=7_000
    )
    size = sum(len((text or "").encode()) for text in texts)
    file = unpacked._File(path, pq.read_metadata(path), pq.read_schema(path))
    for group in range(5):
        counted = sum(s for s, _ in unpacked._texts(file, group, 0))
        assert counted <= unpacked._most(file, group, 0)[0]
        size -= counted
    assert size == 0


def test_honest_files_of_all_kinds_are_read(tmp_path):
    rows = 5_000
    texts = pa.array([f"text {k}" * 5 for k in range(rows)])
    table = pa.table({"x": texts, "k": texts.dictionary_encode(), "y": np.arange(rows) % 2})
    for number, options in enumerate(
        [
            {"use_dictionary": False},
            {"dictionary_pagesize_limit": 1_000},  # goes on without a dictionary
            {"data_page_version": "2.0", "compression": "gzip"},
            {"use_dictionary": False, "column_encoding": {"x": "DELTA_BYTE_ARRAY"}},
            {"row_group_size": 1_000, "data_page_size": 64, "write_statistics": False},
        ]
    ):
        pq.write_table(table, tmp_path / "t.parquet", **options)
        opened = read_table(tmp_path / "t.parquet", tmp_path / f"d{number}")
        assert opened.frame()["x"].tolist() == texts.to_pylist()


def test_a_row_group_without_rows_is_no_damage(tmp_path):
    table = pa.table({"x": ["a", "b"] * 50, "e": [[1.0, 2.0]] * 100, "y": np.arange(100) % 2})
    with pq.ParquetWriter(tmp_path / "t.parquet", table.schema) as writer:
        for part in (table.slice(0, 0), table, table.slice(0, 0), table, table.slice(0, 0)):
            writer.write_table(part)
    opened = read_table(tmp_path / "t.parquet", tmp_path / "d")
    assert opened.frame()["x"].tolist() == ["a", "b"] * 100


@pytest.mark.parametrize("footer", [True, False])
def test_what_is_encrypted_is_told_as_such(footer, tmp_path):
    """Where only columns are, Arrow would end the process without a word."""
    encryption = pytest.importorskip("pyarrow.parquet.encryption")

    class Keys(encryption.KmsClient):
        def __init__(self, _config):
            encryption.KmsClient.__init__(self)

        def wrap_key(self, key, _name):
            return base64.b64encode(key)

    how = encryption.EncryptionConfiguration(
        footer_key="f", column_keys={"k": ["x"]}, plaintext_footer=not footer
    )
    properties = encryption.CryptoFactory(Keys).file_encryption_properties(
        encryption.KmsConnectionConfig(), how
    )
    table = pa.table({"x": ["a", "b"] * 50, "y": np.arange(100) % 2})
    pq.write_table(table, tmp_path / "t.parquet", encryption_properties=properties)
    with pytest.raises(UserError, match=r"^t\.parquet is encrypted, at least in part; write"):
        read_table(tmp_path / "t.parquet", tmp_path / "d")


def test_a_few_texts_of_megabytes_get_the_memory_they_need(tmp_path, monkeypatch):
    monkeypatch.setattr("rebal_core.data.duck.MEMORY_LIMIT", "20MB")
    texts = [f"{k}" * 3_000_000 if k < 6 else f"short {k}" for k in range(500)]
    pq.write_table(pa.table({"x": texts, "y": np.arange(500) % 2}), tmp_path / "t.parquet")
    opened = read_table(tmp_path / "t.parquet", tmp_path / "d")
    assert opened.frame()["x"].str.len().tolist() == [len(text) for text in texts]


def test_what_is_damaged_anywhere_is_a_sentence(tmp_path):
    """Where bytes change but can be read, the table is read; never anything but a sentence."""
    rows = 20_000
    rng = np.random.default_rng(0)
    texts = [f"text {k}" * 3 for k in rng.integers(0, 5_000, rows)]
    write(pa.table({"x": texts, "n": rng.random(rows), "y": np.arange(rows) % 2}), tmp_path / "t")
    whole, refused = (tmp_path / "t").read_bytes(), []
    for number, share in enumerate((0.0001, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)):
        path, place = tmp_path / "g.parquet", int(len(whole) * share)
        path.write_bytes(whole[:place] + rng.bytes(200) + whole[place + 200 :])
        try:
            read_table(path, tmp_path / f"d{number}")
        except UserError as error:
            refused.append(str(error))
    assert len(refused) >= 4
    assert all("g.parquet cannot be read as Parquet: it is damaged" in told for told in refused)
