"""New rows whose columns are of another kind than the model knows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rebal_core.data.load import read_table
from rebal_core.export.arrived import suited
from rebal_core.types import Column, UserError

KINDS = (Column("n", "number"), Column("t", "time"), Column("c", "category"))
GOOD = pd.DataFrame(
    {"n": [1.5, 2.0, 3.0], "t": pd.to_datetime(["2026-01-01"] * 3), "c": ["a", "b", "b"]}
)


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("n", ["x", "y", "3"], "“n” of new.csv holds text, .* on numbers"),
        ("n", GOOD["t"], "holds times, .* on numbers"),
        ("n", [np.ones(2)] * 3, "holds lists of numbers, .* on numbers"),
        ("t", [1, 2, 3], "“t” of new.csv holds numbers, .* on times"),
        ("t", ["a", "b", "2026-01-01"], "holds text, .* on times"),
        ("c", [np.ones(2)] * 3, "holds lists of numbers, .* on categories"),
    ],
)
def test_another_kind_is_refused(name, values, words):
    with pytest.raises(UserError, match=words):
        suited(GOOD.assign(**{name: values}), KINDS, "new.csv")


def test_single_bad_values_of_a_file_count_as_missing(tmp_path):
    (tmp_path / "new.csv").write_text("n,t,c\n1.5,2026-01-01,7\noops,2026-01-02,8\n,soon,\n4,,9\n")
    dataset = read_table(tmp_path / "new.csv", tmp_path / "d")
    frame, notes = suited(dataset.frame(), KINDS, "new.csv")
    assert frame["n"].tolist()[0::3] == [1.5, 4.0]
    assert frame["n"].isna().tolist() == [False, True, True, False]
    assert frame["t"].isna().tolist() == [False, False, True, True]
    assert ["“n”" in notes[0], "1 values" in notes[0], "“t”" in notes[1]] == [True] * 3


def test_what_suits_stays_as_it_is():
    frame, notes = suited(GOOD.assign(n=None, c=[1, 2, 3]), KINDS, "new.csv")
    assert notes == []
    assert frame["c"].tolist() == [1, 2, 3]
