"""Files made to grow, or to have no end, are refused in one sentence within seconds."""

from __future__ import annotations

import gzip
import itertools
import os
import time

import pytest

from rebal_core.cli import main
from rebal_core.data.encoding import CHUNK, scan
from rebal_core.data.load import read_table
from rebal_core.types import UserError

NOISE = os.urandom(CHUNK // 64).translate(bytes(97 + k % 26 for k in range(256)))


def written(path, pieces):
    with gzip.open(path, "wb", compresslevel=1) as out:
        for piece in pieces:
            out.write(piece)
    return path


ENDLESS = {
    "zeros": bytes(CHUNK),
    "letters": b"a" * CHUNK,
    "noise": NOISE * 64,
    "header": b"a," * (CHUNK // 2),
    "quoted": b'"' + b"a" * (CHUNK - 1),
    "foreign": b"a" * (CHUNK - 1) + b"\xe9",
}


@pytest.mark.parametrize("name", ENDLESS)
def test_no_line_break_is_a_sentence_at_once(name, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    path = written(tmp_path / "t.csv.gz", itertools.repeat(ENDLESS[name], 64))
    begun = time.process_time()
    assert main(["profile", str(path), "--target", "b"]) == 2
    assert time.process_time() - begun < 5
    told = capfd.readouterr().err
    assert told.count("\n") == 1
    assert "no line break in its first 16 MB" in told
    for encoding in ("utf-8", "utf-16", "cp037"):
        with pytest.raises(UserError, match="no line break"):
            read_table(path, tmp_path / "out", encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "cp037", "gb18030"])
def test_a_long_file_in_any_encoding_has_line_breaks(encoding, tmp_path):
    row = "1," + "x" * 1000 + "\n"
    (tmp_path / "t.csv").write_bytes(("a,b\n" + row * 18_000).encode(encoding))
    dataset = read_table(tmp_path / "t.csv", tmp_path / "out", encoding=encoding)
    assert dataset.rows == 18_000


def test_a_long_word_before_a_foreign_letter_is_looked_at_once(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b\n" + b"x" * (CHUNK - 100) + b",caf\xe9\n")
    begun = time.process_time()
    assert scan(tmp_path / "t.csv").evidence == (b"caf\xe9",)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("row", ["x", "7,some text"])
def test_a_quote_that_swallows_more_than_can_be_read_is_told(row, tmp_path):
    """The reader gives up after 16 MB and goes on: what lay there is no row and no reject."""
    lines = 2 * CHUNK // (len(row) + 1)
    (tmp_path / "t.csv").write_text('a,b\n1,x\n2,"x\n' + f"{row}\n" * lines)
    with pytest.raises(UserError, match="quote in line 3 that is never closed"):
        read_table(tmp_path / "t.csv", tmp_path / "out")


def test_rows_without_end_that_cannot_be_read_are_not_kept(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,x\n" + "x\n" * 1_000_000)
    with pytest.raises(UserError, match="100,000 rows or more cannot be read, the first in line 3"):
        read_table(tmp_path / "t.csv", tmp_path / "out")
