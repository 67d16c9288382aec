"""The column to predict is guessed by name, place and number of values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rebal_core.cli import main
from rebal_core.data.propose import propose_target
from rebal_core.data.reading.load import from_frame

N = 120
BASE = {"amount": np.arange(N) % 17 + 0.25, "visits": np.arange(N) % 9, "city": list("abcd") * 30}
TWO = ["no", "yes", "no"] * 40


@pytest.mark.parametrize(
    "name",
    ["y", "target", "Churn", "is_fraud", "loan_default", "clicked", "Class Name", "标签",
     "是否流失", "客户类别", "has_claim"],
)  # fmt: skip
@pytest.mark.parametrize("last", [True, False])
def test_a_telling_name_is_found_wherever_it_stands(tmp_path: Path, name: str, last: bool) -> None:
    columns = {**BASE, name: TWO} if last else {name: TWO, **BASE}
    assert propose_target(from_frame(pd.DataFrame(columns), tmp_path)) == name


@pytest.mark.parametrize(
    ("name", "values", "proposed"),
    [
        ("q7", TWO, True),
        ("q7", [0, 1, 1] * 40, True),
        ("q7", ["low", "mid", "high"] * 40, True),
        ("q7", np.linspace(0, 1, N), False),
        ("q7", list(range(N)), False),
        ("q7", pd.date_range("2024-01-01", periods=N), False),
        ("target", np.linspace(0, 1, N), False),
        ("gender", TWO, False),
        ("q7", ["x"] * N, False),
    ],
)
def test_the_last_column_is_a_guess_if_it_has_few_values(
    tmp_path: Path, name: str, values: object, proposed: bool
) -> None:
    frame = pd.DataFrame({**BASE, name: values})
    assert (propose_target(from_frame(frame, tmp_path)) == name) is proposed


def test_the_command_line_names_the_guess_and_goes_no_further(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    path = tmp_path / "t.csv"
    pd.DataFrame({**BASE, "y": TWO}).to_csv(path, index=False)
    for words in (["profile"], ["compare"], ["balance", "--strategy", "smote", "--out", "o.csv"]):
        assert main([words[0], str(path), *words[1:]]) == 2
        assert capfd.readouterr()[1] == (
            "--target is missing: name the column that holds the classes, which may be “y”.\n"
        )
