"""Files made to grow, or to have no end, are refused in one sentence within seconds."""

from __future__ import annotations

import csv
import gzip
import itertools
import os
import subprocess
import sys
import time

import pytest

from rebal_core.cli import main
from rebal_core.data.reading.encoding import CHUNK, scan
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.wording import UserError

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
            read_table(path, tmp_path / "out", ReadOptions(encoding=encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "cp037", "gb18030"])
def test_a_long_file_in_any_encoding_has_line_breaks(encoding, tmp_path):
    row = "1," + "x" * 1000 + "\n"
    (tmp_path / "t.csv").write_bytes(("a,b\n" + row * 18_000).encode(encoding))
    dataset = read_table(tmp_path / "t.csv", tmp_path / "out", ReadOptions(encoding=encoding))
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


#: The peak of ``getrusage`` may be that of the process that started this one.
READ = r"""
import re, sys
from pathlib import Path
from rebal_core.data.reading.load import read_table
from rebal_core.wording import UserError
for path in map(Path, sys.argv[1:]):
    try:
        print(read_table(path, path.with_suffix("")).rows)
    except UserError as error:
        print(error)
print(int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) >> 10)
"""
BAD = 1_000_000


def short(out):
    out.write("a,b\n1,x\n" + "x\n" * BAD)


def late(out):
    out.write("a,b\n" + "1,x\n" * 200_000 + "1,x,2\n" * BAD)


def turns(out):
    out.write("a,b\n1,x\n" + "x\n1,2,3\n" * (BAD // 2))


def blank_lines_in_cells(out):
    """Lines that are no rows hide none."""
    cell = "\n" * 10_000
    out.write("a,b\n" + f'1,"{cell}"\n' * (BAD // 10_000) + "x\n" * BAD)


def stray_quotes(out):
    out.write("a,b\n1,x\n" + '1,"x"y\n' * BAD)


def old_ends(out):
    out.write("a,b\r1,x\r" + "x\r" * BAD)


LOST = {
    "short": (short, "1,000,000 of 1,000,001 rows cannot be read, the first in line 3 (too few"),
    "late": (late, "1,000,000 of 1,200,000 rows cannot be read, the first in line 200,002 (too m"),
    "turns": (turns, "1,000,000 of 1,000,001 rows cannot be read, the first in line 3 (too few"),
    "cells": (blank_lines_in_cells, "1,000,000 of 1,000,100 rows cannot be read, the first in li"),
    "quotes": (
        stray_quotes,
        "1,000,000 of 1,000,001 rows cannot be read, the first in line 3 (st",
    ),
    "ends": (old_ends, "1,000,000 of 1,000,001 rows cannot be read, the first in line 3 (too few"),
}


def test_rows_without_end_that_cannot_be_read_are_not_kept(tmp_path):
    """DuckDB keeps 0.9 kB of each: 0.9 GB of each file."""
    for name, (write, _) in LOST.items():
        with (tmp_path / f"{name}.csv").open("w", newline="") as out:
            write(out)
    paths = [str(tmp_path / f"{name}.csv") for name in LOST]
    child = subprocess.run(
        [sys.executable, "-c", READ, *paths], capture_output=True, text=True, check=True
    )
    *told, peak = child.stdout.splitlines()
    for line, (name, (_, words)) in zip(told, LOST.items(), strict=True):
        assert line.startswith(f"{name}.csv: {words}")
    assert int(peak) < 600


def test_few_rows_of_a_long_file_that_cannot_be_read_are_listed(tmp_path):
    """Blank lines, and lines inside cells, are no rows that were lost."""
    path = tmp_path / "t.csv"
    lines = "a,b\n" + '1,x\n\n2,"one\r\n\ntwo"\n\n\n' * 60_000
    path.write_bytes(lines.encode())
    assert read_table(path, tmp_path / "whole").source["rejected_rows"] == 0
    path.write_bytes(lines.encode() + b"3\n4,5,6\n")
    opened = read_table(path, tmp_path / "less")
    assert opened.rows == 120_000
    assert opened.source["rejected_rows"] == 2
    with (tmp_path / "less" / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = list(csv.DictReader(file))
    assert [row["error"] for row in listed] == ["too few fields", "too many fields"]
