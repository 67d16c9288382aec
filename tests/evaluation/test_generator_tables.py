"""What generators are asked in the benchmark, and how they are scored: ours and peers alike."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def scores():
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module("generators")
    sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def tables(scores):
    return sys.modules["peers.generators_tables"]


@pytest.fixture(scope="module")
def given(tables):
    return tables.task(tables.SPEED, Path())


def test_the_hold_out_has_its_share_of_every_class(tables, given) -> None:
    every = pd.concat([given.train, given.held], ignore_index=True)
    pd.testing.assert_frame_equal(
        every.sort_values(list(every), ignore_index=True),
        tables.simulated().sort_values(list(every), ignore_index=True),
    )
    for label, rows in every["label"].value_counts().items():
        assert (given.held["label"] == label).sum() == round(tables.HOLD_OUT * rows)


def test_a_whole_table_is_as_the_training_part_and_extra_rows_balance_it(tables, given) -> None:
    assert given.whole == given.train["label"].value_counts().to_dict()
    missing = given.whole["common"] - given.whole["rare"]
    assert missing > tables.MOST
    assert given.extra == {"rare": tables.MOST}


def test_the_simulated_table_is_the_one_that_is_told(given) -> None:
    numbers = [name for name in given.train if name not in given.categories]
    assert len(given.train) == pytest.approx(20_000, abs=1)
    assert (len(numbers), len(given.categories)) == (6, 8 + 1)
    assert (given.train["label"] == "rare").mean() == pytest.approx(0.05, abs=1e-3)


@pytest.mark.parametrize("conditional", [True, False])
def test_rows_are_asked_for_until_there_are_exactly_enough(tables, conditional) -> None:
    rng, calls = np.random.default_rng(0), []

    def draw(label: str | None, rows: int) -> pd.DataFrame:
        calls.append(label)
        share = {"rare": 0.7, "common": 0.1, None: 0.2}[label]
        return pd.DataFrame({"y": np.where(rng.random(rows) < share, "rare", "common")})

    wanted = {"common": 3_000, "rare": 1_200}
    rows, asked = tables.filled(draw, wanted, "y", conditional)
    assert rows["y"].value_counts().to_dict() == wanted
    assert asked > len(rows)
    assert set(calls) == (set(wanted) if conditional else {None})


def test_a_class_that_never_comes_is_given_up(tables, monkeypatch) -> None:
    monkeypatch.setattr(tables, "PATIENCE", 0.0)

    def draw(label: str | None, rows: int) -> pd.DataFrame:
        return pd.DataFrame({"y": ["common"] * rows})

    rows, asked = tables.filled(draw, {"common": 50, "rare": 5}, "y", False)
    assert rows["y"].value_counts().to_dict() == {"common": 50}
    assert asked == 55


def test_drawn_rows_are_kept_scored_and_compared(tables, scores, monkeypatch, tmp_path) -> None:
    held, train = tables._part(tables.simulated(700), "label", 0.3)
    small = tables.Task(tables.SPEED, "label", "rare", train, held)
    on = scores.Judged(small)
    monkeypatch.setattr(scores, "DRAWN", tmp_path)
    monkeypatch.setattr(scores, "judged", lambda _name: on)
    scores.draw("random_over", 0, tables.SPEED)
    folder = tmp_path / "random_over-0" / tables.SPEED
    whole, extra = (pd.read_parquet(folder / f"{part}.parquet") for part in ("whole", "extra"))
    assert list(whole) == list(train)
    assert whole["label"].value_counts().to_dict() == small.whole
    assert extra["label"].value_counts().to_dict() == small.extra
    told = scores.line("random_over-0", tables.SPEED, *scores.scored("random_over-0", tables.SPEED))
    assert told["copies"][0] == 1.0 > told["copies"][1]
    assert min(told["shapes"], told["pairs"]) > 0.9
    assert 0.05 < told["instead"] < 1.0


def test_a_gap_is_that_of_the_same_draws_and_pooled_over_tables(tables, scores) -> None:
    first, second = list(tables.TABLES)[:2]
    noise = np.random.default_rng(0).normal(0, 0.1, 1_001)
    found = {("a", first): noise + 0.5, ("b", first): noise + 0.4}
    found |= {("a", second): noise + 0.3, ("b", second): noise + 0.34}
    told = scores.gaps(found, "a", "b")
    assert told[first] == [0.1, 0.1, 0.1]
    assert told["pooled"] == [0.03, 0.03, 0.03]
    assert told["at least as good"] == "1 of 2"


def test_without_the_tables_the_benchmark_says_so(scores, monkeypatch, capsys) -> None:
    monkeypatch.delenv("REBAL_DATA", raising=False)
    scores.main([])
    assert "set REBAL_DATA" in capsys.readouterr().out
