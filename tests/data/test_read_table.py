"""Reading tables back as they were written, in every encoding and delimiter."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rebal_core.data.dataset import Dataset, label_text
from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.wording import UserError

_LETTERS = {
    "utf-8": "aZ09 ,;\t\"'\n数据类别éß|~.😀",
    "utf-8-sig": 'aZ ,;"数据é',
    "utf-16-le": 'aZ ,;"\n数据é',
    "gb18030": 'aZ ,;"\n数据类别的是',
    "cp950": 'aZ ,;"\n資料類別的是',
    "cp1252": 'aZ ,;"\néüßñ',
}


def _written(rows: list[list[str]], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("encoding", list(_LETTERS))
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), delimiter=st.sampled_from([",", "\t", ";", "|"]))
def test_text_comes_back_as_it_was_written(encoding, data, delimiter):
    letters = _LETTERS[encoding]
    cell = st.text(alphabet=letters, min_size=1, max_size=8).map(lambda t: f"w{t}x")
    cells = data.draw(st.lists(st.tuples(cell, cell), min_size=3, max_size=12))
    rows = [["first col", 'se"c.ond'], *([a, b] for a, b in cells)]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "t.csv"
        text = _written(rows, delimiter)
        source.write_bytes(text.encode(encoding))
        dataset = read_table(
            source, Path(folder) / "out", ReadOptions(encoding=encoding, delimiter=delimiter)
        )
        frame = dataset.frame()
    assert list(frame.columns) == rows[0]
    assert frame.to_numpy().tolist() == rows[1:]
    assert dataset.source["rejected_rows"] == 0


@pytest.mark.parametrize(
    ("encoding", "line"),
    [
        ("utf-8", "张三,女装的是\n"),
        ("utf-8-sig", "张三,女装\n"),
        ("utf-16-le", "abc,女装\n"),
        ("gb18030", "质量很好的衣服,女装\n"),
        ("cp950", "品質很好的衣服,女裝\n"),
        ("cp1252", "Müller,Garçon\n"),
    ],
)
def test_encodings_are_recognised(tmp_path, encoding, line):
    source = tmp_path / "t.csv"
    source.write_bytes(("name,y\n" + line * 40).encode(encoding))
    dataset = read_table(source, tmp_path / "out")
    assert dataset.source["encoding"] == encoding
    assert dataset.frame().iloc[0].tolist() == line.strip().split(",")


def test_a_rare_foreign_byte_far_behind_is_found(tmp_path):
    source = tmp_path / "t.csv"
    body = "plain,1\n" * 100_000 + "质量很好的,0\n" * 3
    source.write_bytes(("name,y\n" + body).encode("gb18030"))
    dataset = read_table(source, tmp_path / "out")
    assert dataset.source["encoding"] == "gb18030"
    assert dataset.frame(["name"], np.array([100_001]))["name"].tolist() == ["质量很好的"]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "~", "::", "^"])
def test_delimiters_are_found(tmp_path, delimiter):
    source = tmp_path / "t.csv"
    lines = [["a", "b", "y"], *([str(i), f"n{i}", str(i % 2)] for i in range(30))]
    source.write_text("\n".join(delimiter.join(r) for r in lines))
    dataset = read_table(source, tmp_path / "out")
    assert dataset.source["delimiter"] == delimiter
    assert dataset.frame()["b"].tolist() == [f"n{i}" for i in range(30)]


def test_types_of_text_columns(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text(
        "zip,huge,when,number,whole,mixed,blank,snake\n"
        "01234,99999999999999999999,2024-01-02T00:00Z,?,1,?,x,1_0\n"
        "04567,12345678901234567890,2024-01-03 10:00+00:00,1.5,2,a,  ,2_0\n"
        "11111,1,2024-01-03T10:00:00+08:00,NaN,3,b,y,3_0\n"
    )
    frame = read_table(source, tmp_path / "out").frame()
    assert frame["zip"].tolist() == ["01234", "04567", "11111"]
    assert frame["huge"].tolist()[0] == "99999999999999999999"
    assert frame["when"].tolist()[2] == pd.Timestamp("2024-01-03 02:00:00")
    assert frame["number"].isna().tolist() == [True, False, True]
    assert frame["whole"].dtype == np.int64
    assert frame["mixed"].tolist() == ["?", "a", "b"]
    assert frame["blank"].isna().tolist() == [False, True, False]
    assert frame["snake"].tolist() == ["1_0", "2_0", "3_0"]


def test_chosen_tokens_are_missing_and_others_are_proposed(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text("n,c,y\n1,unknown,0\n-,red,1\n3,未知,0\n4,red,1\n")
    dataset = read_table(source, tmp_path / "one")
    assert dataset.source["na_proposed"] == {"-": ["n"], "unknown": ["c"], "未知": ["c"]}
    frame = read_table(source, tmp_path / "two", ReadOptions(na=["-", "未知"])).frame()
    assert frame["n"].tolist()[0] == 1.0
    assert frame["n"].isna().tolist() == [False, True, False, False]
    assert frame["c"].isna().tolist() == [False, False, True, False]


def test_a_number_may_be_a_token(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text("n,c,y\n1,00,0\n-1,999,1\n3,01,0\n")
    frame = read_table(source, tmp_path / "out", ReadOptions(na=["-1", "999"])).frame()
    assert frame["n"].isna().tolist() == [False, True, False]
    assert frame["c"].isna().tolist() == [False, True, False]


def test_doubled_and_empty_headers_are_renamed_and_told(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text("a,y,y,,Y\n" + "1,2,3,4,5\n2,3,4,5,6\n")
    dataset = read_table(source, tmp_path / "out")
    assert list(dataset.frame().columns) == ["a", "y", "y_2", "column_4", "Y_3"]
    assert dataset.source["renamed"] == {"y_2": "y", "column_4": "", "Y_3": "Y"}


def test_rejected_rows_are_listed_and_defused(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text("a,b\n" + "1,2\n" * 10 + "=cmd(),2,3\n" + "7\n")
    dataset = read_table(source, tmp_path / "out")
    rejects = pd.read_csv(dataset.path / "rejects.csv")
    assert dataset.rows == 10
    assert dataset.source["rejected_rows"] == 2
    assert rejects["line"].tolist() == [12, 13]
    assert rejects["error"].tolist() == ["too many fields", "too few fields"]
    assert rejects["text"].tolist() == ["'=cmd(),2,3", "7"]


def test_gzip_and_mixed_line_ends(tmp_path):
    source = tmp_path / "t.tsv.gz"
    source.write_bytes(gzip.compress(b"a\tb\r\n1\tx\n2\ty\r\n"))
    frame = read_table(source, tmp_path / "out").frame()
    assert frame.to_numpy().tolist() == [[1, "x"], [2, "y"]]


def test_same_content_same_fingerprint(tmp_path, tiny_binary):
    tiny_binary.to_csv(tmp_path / "t.csv", index=False)
    tiny_binary.to_parquet(tmp_path / "t.parquet")
    ways = [
        read_table(tmp_path / "t.csv", tmp_path / "a").fingerprint,
        read_table(tmp_path / "t.parquet", tmp_path / "b").fingerprint,
        from_frame(tiny_binary, tmp_path / "c").fingerprint,
    ]
    other = from_frame(tiny_binary.assign(age=0), tmp_path / "d").fingerprint
    assert len(set(ways)) == 1
    assert other not in ways


def test_dataset_opens_as_it_was_saved_and_codes_its_labels(tmp_path, tiny_multiclass):
    dataset = from_frame(tiny_multiclass, tmp_path / "d", target="label")
    again = Dataset.open(tmp_path / "d")
    labels = again.labels()
    assert again == dataset
    assert labels.classes == ("a", "b", "c", "d")
    assert labels.counts == (280, 90, 24, 6)
    assert labels.positive == 3
    assert [labels.classes[k] for k in labels.y] == tiny_multiclass["label"].tolist()
    picked = again.frame(["label", "age"], np.array([5, 2, 5]))
    assert picked["age"].tolist() == tiny_multiclass["age"].iloc[[5, 2, 5]].tolist()


def test_labels_of_numbers_and_missing_targets(tmp_path):
    frame = pd.DataFrame({"x": range(6), "y": [1.0, 0.0, None, 0.0, 0.0, 1.0]})
    labels = from_frame(frame, tmp_path / "d", target="y").labels()
    assert labels.classes == ("0", "1")
    assert labels.y.tolist() == [1, 0, -1, 0, 0, 1]
    assert labels.missing == 1
    assert label_text(True) == "True"
    assert label_text(2.0) == "2"


def test_positive_is_found_whatever_its_case(tmp_path, tiny_binary):
    dataset = from_frame(tiny_binary, tmp_path / "d", target="label")
    schema = dataset.schema
    assert dataset.with_schema(replace(schema, positive="COMMON")).labels().positive == 0
    with pytest.raises(UserError, match="no class “none”"):
        dataset.with_schema(replace(schema, positive="none")).labels()


def test_parquet_embedding_and_index(tmp_path):
    frame = pd.DataFrame({"y": [0, 1, 0]}, index=["p", "q", "r"])
    frame["vec"] = [np.array([1.0, 2.0])] * 3
    frame.to_parquet(tmp_path / "t.parquet")
    dataset = read_table(tmp_path / "t.parquet", tmp_path / "out")
    assert [(c.name, c.kind) for c in dataset.schema.columns] == [
        ("y", "number"),
        ("vec", "embedding"),
    ]
    assert np.stack(dataset.frame()["vec"]).tolist() == [[1.0, 2.0]] * 3


def test_parquet_text_stays_text_unless_a_token_made_it_text(tmp_path):
    table = pa.table({"code": ["1", "2", "3"], "num": ["1", " ", "3"], "y": [0, 1, 0]})
    pq.write_table(table, tmp_path / "t.parquet")
    frame = read_table(tmp_path / "t.parquet", tmp_path / "out").frame()
    assert frame["code"].tolist() == ["1", "2", "3"]
    assert frame["num"].isna().tolist() == [False, True, False]
    assert frame["num"].iloc[2] == 3


def test_progress_may_cancel_and_nothing_is_left(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text("a,b\n" + "1,2\n" * 100)

    def stop(done: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        read_table(source, tmp_path / "out", progress=stop)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("before", "mark"), [(["", " "], ","), (["sep=;"], ";"), (["sep=\t", ""], "\t")]
)
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_lines_before_the_header_are_skipped(tmp_path, before, mark, end, bom):
    lines = [*before, "x,y,z", *(f"{i},{'ab'[i % 2]},{i * 3}" for i in range(30)), "9,a"]
    text = bom + end.join(
        [*lines[: len(before)], *(r.replace(",", mark) for r in lines[len(before) :])]
    )
    path = tmp_path / "t.csv"
    path.write_bytes((text + end).encode())
    dataset = read_table(path, tmp_path / "d")
    assert [c.name for c in dataset.schema.columns] == ["x", "y", "z"]
    assert dataset.frame()["x"].tolist() == list(range(30))
    assert dataset.source["delimiter"] == mark
    with (tmp_path / "d" / "rejects.csv").open(encoding="utf-8-sig") as file:
        assert next(csv.DictReader(file))["line"] == str(len(before) + 32)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_durations_are_seconds(tmp_path, unit):
    table = pa.table({"span": pa.array([3, None, 7], pa.duration(unit)), "y": ["a", "b", "a"]})
    pq.write_table(table, tmp_path / "t.parquet")
    dataset = read_table(tmp_path / "t.parquet", tmp_path / "d")
    seconds = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[unit]
    np.testing.assert_array_equal(dataset.frame()["span"], [3 / seconds, np.nan, 7 / seconds])
    assert dataset.schema["span"].kind == "number"


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-be"])
def test_utf_32_with_a_mark_is_read(tmp_path, encoding):
    text = "a,b\n" + "1,北\n2,y\n" * 9
    mark = "\ufeff" if encoding == "utf-32-be" else ""
    (tmp_path / "t.csv").write_bytes((mark + text).encode(encoding))
    assert read_table(tmp_path / "t.csv", tmp_path / "d").frame()["b"][0] == "北"


def _stray(path, cells, name="x"):
    lines = [f"{name},y", *(f'"{cell}",{"ab"[i % 2]}' for i, cell in enumerate(cells))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_stray_word_makes_no_identifier_of_numbers(tmp_path):
    cells = [str(1000 + 37 * i * i) for i in range(119)]
    path = _stray(tmp_path / "t.csv", [*cells, "oops"])
    dataset = read_table(path, tmp_path / "d")
    assert (dataset.schema["x"].kind, dataset.schema["x"].role) == ("category", "feature")
    assert dataset.source["strays"] == {"x": {"count": 1, "examples": ["oops"]}}
    assert dataset.source["na_proposed"] == {"oops": ["x"]}
    mended = read_table(path, tmp_path / "e", ReadOptions(na=["oops"]))
    assert mended.schema["x"].kind == "number"
    assert mended.source["strays"] == {}
    # Values with a digit, codes, and a name that says id are not taken for numbers gone wrong.
    for folder, strays, name, role, proposed in (
        ("c", [*"123" * 60, "K"], "x", "feature", {}),
        ("f", ["1,234"], "x", "feature", {}),
        ("g", [f"A{i}" for i in range(30)], "x", "id", {}),
        ("h", ["oops"], "order_id", "id", {"oops": ["order_id"]}),
    ):
        dataset = read_table(
            _stray(path, (cells if len(strays) < 40 else []) + strays, name), tmp_path / folder
        )
        assert dataset.schema[name].role == role
        assert dataset.source["na_proposed"] == proposed


def test_a_byte_order_mark_within_the_table_is_taken_off(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,c\n1,a\n\ufeff2,b\n3,\ufeffa\n", encoding="utf-8")
    frame = read_table(path, tmp_path / "d").frame()
    assert frame["x"].tolist() == [1, 2, 3]
    assert frame["c"].tolist() == ["a", "b", "a"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_infinite_is_missing_and_told(tmp_path, kind):
    values = [1.5, np.inf, -np.inf, 4.25]
    path = tmp_path / f"t.{kind}"
    if kind == "csv":
        path.write_text("x,y\n1.5,a\ninf,b\n-Infinity,a\n4.25,b\n")
    else:
        pq.write_table(pa.table({"x": values, "y": list("abab")}), path)
    dataset = read_table(path, tmp_path / "d")
    np.testing.assert_array_equal(dataset.frame()["x"], [1.5, np.nan, np.nan, 4.25])
    assert dataset.source["infinite"] == {"x": 2}
    assert dataset.schema["x"].note == "Infinite values are read as missing."


@pytest.mark.parametrize(
    "rows", [[], [0, 1, 2], [299_999, 5, 5, 122_880, 122_879], range(299_999, -1, -7)]
)
def test_rows_are_read_from_their_row_groups_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[int] | range
) -> None:
    table = pd.DataFrame({"a": np.arange(300_000), "b": np.arange(300_000) % 3})
    dataset = from_frame(table, tmp_path, target="b")
    read: list[list[int]] = []
    whole = pq.ParquetFile.read_row_groups

    def told(file: pq.ParquetFile, groups: list[int], columns: list[str]) -> pa.Table:
        read.append(groups)
        return whole(file, groups, columns=columns)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", told)
    wanted = np.array(list(rows), dtype=np.int64)
    found = dataset.frame(["b", "a"], rows=wanted)
    pd.testing.assert_frame_equal(found, table.loc[wanted, ["b", "a"]].reset_index(drop=True))
    assert read == [sorted({r // 122_880 for r in wanted})]
