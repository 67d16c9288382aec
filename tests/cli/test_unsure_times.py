"""Whatever puts rows in order by time says why a column of times is none to it."""

from __future__ import annotations

import re
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from rebal_core.cli import main
from rebal_core.data.reading.dates.seek import Why
from rebal_core.data.unsure_times import _WHY

ASKED = {
    "recommend": "recommend t.csv --user user --item item --time when --models popularity",
    "past": "past t.csv --time when --by user --out p.csv",
    "balance": "balance t.csv --target label --time when --holdout 0.2 --strategy none --out b.csv",
    "compare": "compare t.csv --target label --time when --strategies none --classifiers logistic",
}


@pytest.fixture
def log(tmp_path, monkeypatch):
    """A log whose days are all the twelfth or before."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    n = np.arange(120)
    table = pd.DataFrame({"user": n // 4, "item": n % 7, "age": n * 7 % 50})
    table["when"] = [f"{k % 12 + 1:02d}/{k * 5 % 12 + 1:02d}/2024" for k in n]
    return table.assign(label=np.where(n % 5, "a", "b"))


@pytest.mark.parametrize("words", ASKED.values(), ids=ASKED)
def test_days_and_months_that_look_alike_are_told(log, words, capsys):
    log.to_csv("t.csv", index=False)
    assert main(words.split()) == 2
    told = capsys.readouterr().err
    assert "“when” looks like times and is kept as text, because day and month cannot" in told
    assert re.search(r"told apart \(“\d\d/\d\d/2024”\), .* write its times as 2024-09-27", told)


def test_another_text_is_not_said_to_look_like_times(log, capsys):
    log.assign(when=np.where(log["age"] % 2, "old", "new")).to_csv("t.csv", index=False)
    for words in ASKED.values():
        assert main(words.split()) == 2
        assert "neither" in capsys.readouterr().err


def test_every_doubt_has_its_words():
    assert set(_WHY) == set(get_args(Why))
