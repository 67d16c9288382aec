"""``rebal past``: the table comes back with what was before each row."""

import numpy as np
import pandas as pd

from rebal_core.cli import main


def test_the_table_comes_back_with_its_past(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    frame = pd.DataFrame(
        {
            "when": pd.to_datetime(["2026-01-02", "2026-01-01", "2026-01-01", None]),
            "who": ["a", "a", "b", "a"],
            "what": ["x", "x", "y", "x"],
            "who+what": [1, 2, 3, 4],
            "who: events before": [7, 7, 7, 7],
        }
    )
    source, out = tmp_path / "log.parquet", tmp_path / "past.parquet"
    frame.to_parquet(source)
    words = ["--time", "when", "--by", "who,who+what,what+who", "--out", str(out)]
    assert main(["past", str(source), *words]) == 0
    told, notes = capfd.readouterr()
    assert "Rows of the same who before this one." in told
    assert "empty in these columns: 1." in notes
    found = pd.read_parquet(out)
    pd.testing.assert_frame_equal(found[list(frame)], frame, check_dtype=False)
    np.testing.assert_array_equal(found["who: events before_2"], [1, 0, 0, np.nan])
    np.testing.assert_array_equal(
        found["who: seconds since last"], [86_400, np.nan, np.nan, np.nan]
    )
    np.testing.assert_array_equal(found["who+what: events before"], [0, 0, 0, np.nan])
    np.testing.assert_array_equal(found["what x who: events before"], [1, 0, 0, np.nan])
    only = ["--time", "when", "--by", "who", "--user", "who", "--only", "who: place in visit"]
    assert main(["past", str(source), *only, "--out", str(out)]) == 0
    assert list(pd.read_parquet(out)) == [*frame, "who: place in visit"]
