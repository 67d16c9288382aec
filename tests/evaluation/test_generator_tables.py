"""What generators are asked in the benchmark: the same of ours and of peers, and no more."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "peers" / "generators_tables.py"


@pytest.fixture(scope="module")
def tables():
    spec = importlib.util.spec_from_file_location("generators_tables", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks for its own module by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


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
