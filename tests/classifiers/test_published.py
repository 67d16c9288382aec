"""Our scores beside published ones; the benchmark of the same name prints them all."""

from __future__ import annotations

import importlib.util
import runpy
from pathlib import Path

import pandas as pd
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "published.py"


def test_without_the_tables_the_benchmark_says_so(monkeypatch, capsys) -> None:
    monkeypatch.delenv("REBAL_DATA", raising=False)
    runpy.run_path(str(SCRIPT), run_name="__main__")
    assert "set REBAL_DATA" in capsys.readouterr().out


def compared(folder: Path, *classifiers: str, repeats: int = 1) -> pd.DataFrame:
    spec = importlib.util.spec_from_file_location("published_results", SCRIPT)
    published = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(published)
    table = published.compare(folder, classifiers=classifiers, repeats=repeats)
    assert len(table) == 11 * 10 * len(classifiers)
    return table


def test_logistic_regression_is_near_the_published_scores(real_data) -> None:
    assert compared(real_data, "logistic")["gap"].abs().mean() <= 0.03


@pytest.mark.slow
def test_all_scores_are_near_the_published_ones(real_data) -> None:
    table = compared(real_data, "logistic", "random_forest", repeats=5)
    assert table["gap"].abs().mean() <= 0.03
    assert table.groupby("dataset")["gap"].mean().abs().max() <= 0.06
