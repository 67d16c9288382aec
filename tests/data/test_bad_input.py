"""Every bad input gets one sentence that names what, where and what to do; nothing is left."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rebal_core.data.reading import unpacked
from rebal_core.data.reading.load import from_frame, read_table, require_target
from rebal_core.data.reading.options import ReadOptions
from rebal_core.wording import UserError

_ROWS = "".join(f"{i},n{i},{i % 2}\n" for i in range(300))
_NUMBERS = _ROWS.replace("n", "")

BYTES = {
    "empty.csv": (b"", "is empty"),
    "blank.csv": (b"\n\n", "is empty"),
    "header_only.csv": (b"a,b,c\n", "no rows"),
    "no_header.csv": (_NUMBERS.encode(), "no header"),
    "no_header_text.csv": (b"5.1,3.5,setosa\n4.9,3.0,setosa\n", "no header"),
    "one_column.csv": (b"a\n1\n2\n", "only one column"),
    "wide.csv": ((",".join(f"c{i}" for i in range(10_000)) + "\n").encode(), "10,000 columns"),
    "broken.csv.gz": (gzip.compress(("a,b,c\n" + _ROWS * 50).encode())[:-500], "damaged gzip"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a PNG picture"),
    "book.csv": (b"PK\x03\x04 rest", "Excel workbook"),
    "not.parquet": (b"hello, I am no Parquet", "cannot be read as Parquet"),
    "cut.parquet": (b"PAR1" + bytes(200), "cannot be read as Parquet"),
    "unclosed.csv": (f'a,b,c\n{_ROWS[:500]}5,"x,1\n{_ROWS}'.encode(), "never closed"),
    "nul.csv": (f"a,b,c\n{_ROWS}1,\0,0\n".encode(), "NUL byte"),
    "book.xlsx": (b"PK\x03\x04", "type .xlsx"),
    "strange.csv": (b"a,b,c\n1,\xff\xfe\x81\x20,3\n", "encoding of strange.csv"),
    "trailing.csv": (b"a,b,c,\n" + b"1,2,3\n" * 50, "header of trailing.csv ends with a delimiter"),
    "ragged.csv": (b"a,b,c\n" + b"1,2,3,4\n" * 50, "50 of 50 rows cannot be read"),
}


@pytest.mark.parametrize("name", BYTES)
def test_bad_bytes(tmp_path, name):
    content, words = BYTES[name]
    source = tmp_path / name
    source.write_bytes(content)
    with pytest.raises(UserError, match=words) as caught:
        read_table(source, tmp_path / "out")
    sentence = str(caught.value)
    assert name in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert sorted(p.name for p in tmp_path.iterdir()) == [name]


def test_wrong_encoding_names_the_byte(tmp_path):
    source = tmp_path / "t.csv"
    source.write_bytes("a,b\n1,é\n".encode("cp1252"))
    with pytest.raises(UserError, match="byte 6 does not belong"):
        read_table(source, tmp_path / "out", ReadOptions(encoding="utf-8"))
    with pytest.raises(UserError, match="no encoding called “klingon”"):
        read_table(source, tmp_path / "out", ReadOptions(encoding="klingon"))


def test_paths(tmp_path):
    with pytest.raises(UserError, match="There is no file"):
        read_table(tmp_path / "absent.csv", tmp_path / "out")
    with pytest.raises(UserError, match="is a folder"):
        read_table(tmp_path, tmp_path / "out")


TABLES = {
    "nested": (pa.table({"a": [1], "b": [{"x": 1}]}), "no plain value"),
    "lengths": (pa.table({"a": [1, 2], "b": [[1.0, 2.0], [1.0]]}), "same length"),
    "holes": (pa.table({"a": [1, 2], "b": [[1.0, None], [1.0, 2.0]]}), "missing numbers in 1 rows"),
    "no_rows": (
        pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.int64())}),
        "no rows",
    ),
    "one": (pa.table({"a": [1, 2]}), "only one column"),
    "wide": (pa.table({f"c{i}": [1] for i in range(5_001)}), "5,001 columns"),
}


@pytest.mark.parametrize("name", TABLES)
def test_bad_parquet(tmp_path, name):
    table, words = TABLES[name]
    pq.write_table(table, tmp_path / f"{name}.parquet")
    with pytest.raises(UserError, match=words):
        read_table(tmp_path / f"{name}.parquet", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_parquet_bomb_is_refused_by_its_footer(tmp_path, monkeypatch):
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({c: np.zeros(100_000) for c in "ab"}), path, compression="zstd")
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(unpacked, "MAX_BYTES", 1 << 20)
    with pytest.raises(UserError, match="1 MiB or more when it is unpacked"):
        read_table(path, tmp_path / "out")


def test_an_older_folder_survives_a_failure(tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("a,b\n" + "1,2\n" * 5)
    bad.write_text("a,b\n")
    read_table(good, tmp_path / "out")
    before = sorted(p.name for p in (tmp_path / "out").iterdir())
    with pytest.raises(UserError):
        read_table(bad, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == before


def test_an_empty_folder_made_for_the_table_goes_with_it(tmp_path):
    for source in (tmp_path / "absent.csv", tmp_path / "bad.csv"):
        (tmp_path / "bad.csv").write_text("a,b\n")
        (tmp_path / "id").mkdir()
        with pytest.raises(UserError):
            read_table(source, tmp_path / "id")
        assert not (tmp_path / "id").exists()


def test_targets(tmp_path, tiny_binary):
    with pytest.raises(UserError, match="no column “Label”; did you mean “label”"):
        from_frame(tiny_binary, tmp_path / "a", target="Label")
    assert not Path(tmp_path / "a").exists()
    frame = pd.DataFrame({"x": range(30), "y": "same", "z": None})
    with pytest.raises(UserError, match="only one class"):
        require_target(from_frame(frame, tmp_path / "b", target="y"))
    with pytest.raises(UserError, match="no values at all"):
        require_target(from_frame(frame, tmp_path / "c", target="z"))
    with pytest.raises(UserError, match="no target"):
        require_target(from_frame(frame, tmp_path / "d"))


def test_a_measured_target_is_refused(tmp_path):
    n = np.arange(400)
    marks = {"kappa": n % 50 / 8, "mark": 1 + n % 11 / 2, "code": n % 60, "whole": n % 50 * 1.0}
    frame = pd.DataFrame({"x": n, **marks})
    with pytest.raises(UserError, match="50 different numbers with decimals"):
        require_target(from_frame(frame, tmp_path / "kappa", target="kappa"))
    for name in ("mark", "code", "whole"):
        require_target(from_frame(frame, tmp_path / name, target=name))
    named = frame.assign(kappa=[f"class {v}" for v in frame["kappa"]])
    require_target(from_frame(named, tmp_path / "named", target="kappa"))


def test_two_encodings_in_one_file_are_told_with_the_byte(tmp_path):
    good = "名字,年龄,城市\n" + "张伟,31,北京\n" * 200
    path = tmp_path / "mixed.csv"
    path.write_bytes(good.encode() + ("李娜,28,上海\n" * 60).encode("gbk"))
    with pytest.raises(UserError, match=rf"byte {len(good.encode()):,} is not"):
        read_table(path, tmp_path / "d")
    path.write_bytes(("name,sex,n\n" + "a,女,1\nb,男,2\n" * 30 + "c,女,3\n" * 99).encode("gbk"))
    frame = read_table(path, tmp_path / "d").frame()  # 女 in GBK is UTF-8 by chance
    assert set(frame["sex"]) == {"女", "男"}


@pytest.mark.parametrize(
    ("name", "text", "called"),
    [
        ("clicks", "a,b\n", "clicks.csv has a header"),
        ("clicks.csv", "a,b\n", "clicks.csv has a header"),
        (None, "a,b\n", "3f9c.csv has a header"),
        ("clicks", "a\n1\n", "clicks.csv has only one column"),
        ("clicks", "", "clicks.csv is empty"),
    ],
)
def test_an_upload_is_called_as_its_user_calls_it(tmp_path, name, text, called):
    (tmp_path / "3f9c.csv").write_text(text)
    with pytest.raises(UserError, match=called) as told:
        read_table(tmp_path / "3f9c.csv", tmp_path / "d", ReadOptions(name=name))
    assert name is None or "3f9c" not in str(told.value)
