"""Line ends within quotes stay; a header that was made safe comes back; names in capitals only."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebal_core.cli import main
from rebal_core.data.reading.line_ends import LineEnds
from rebal_core.data.reading.load import read_table
from rebal_core.export.csv_safe import write_csv

ENDS = ("\n", "\r\n", "\r")


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
@pytest.mark.parametrize("row", ENDS)
@pytest.mark.parametrize("inner", ENDS)
def test_line_ends_within_quotes_stay(tmp_path: Path, inner: str, row: str, codec: str) -> None:
    values = [f'{inner}a{i}{inner}{inner}b "q", {i % 5}{inner}' for i in range(40)]
    lines = ['"' + v.replace('"', '""') + f'",{i},{"ab"[i % 2]}' for i, v in enumerate(values)]
    path = tmp_path / "t.csv"
    path.write_bytes(row.join(["note,k,y", *lines, ""]).encode(codec))
    dataset = read_table(path, tmp_path / "d")
    assert dataset.frame()["note"].tolist() == values
    assert dataset.source["rejected_rows"] == 0


@given(st.lists(st.text('ab,"\r\n', max_size=6), min_size=1, max_size=4), st.data())
def test_pieces_are_as_the_whole(cells: list[str], data: st.DataObject) -> None:
    quoted = ['"' + c.replace('"', '""') + '"' for c in cells]
    text = "x\r\n" + "\r\n".join(quoted) + "\r"
    cut = data.draw(st.integers(0, len(text)))
    ends = LineEnds()
    made = ends.made_one(text[:cut]) + ends.made_one(text[cut:]) + ends.rest()
    assert made == "x\n" + "\n".join(quoted) + "\n"


def test_a_quote_within_a_field_opens_nothing() -> None:
    ends = LineEnds()
    assert ends.made_one('5" pipe,1\r\n6" pipe,2\r') + ends.rest() == '5" pipe,1\n6" pipe,2\n'


def test_our_own_safe_csv_comes_back(tmp_path: Path) -> None:
    names = ["@x", "-logp", "=a", "plain", "'quoted", "y"]
    frame = pd.DataFrame({n: [i + 0.5, i + 1.5, 2.5] for i, n in enumerate(names)})
    write_csv(pa.Table.from_pandas(frame, preserve_index=False), tmp_path / "t.csv")
    dataset = read_table(tmp_path / "t.csv", tmp_path / "d")
    pd.testing.assert_frame_equal(dataset.frame(), frame)
    assert dataset.source["defused"] == ["@x", "-logp", "=a"]
    assert dataset.source["renamed"] == {}


def test_a_target_beside_its_capital_says_what_is_true(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y,Y,z,z\n" + "1.5,a,c,3,4\n2.5,b,d,3,5\n" * 20)
    assert main(["profile", str(path), "--target", "Y"]) == 2
    assert capfd.readouterr()[1] == (
        "“t.csv” has the columns “y” and “Y”, which differ in capitals only, so “Y” is called "
        "“Y_2” here; give --target Y_2, or rename one of them.\n"
    )
    assert main(["profile", str(path), "--target", "z"]) == 2
    assert "more than one column called “z”" in capfd.readouterr()[1]
    assert main(["profile", str(path), "--target", "Y_2"]) == 0
    said = "“Y” differs from another column in capitals only; it is “Y_2”."
    assert said in capfd.readouterr()[1]
