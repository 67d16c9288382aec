"""Our scores beside published ones; the benchmark of the same name prints them all."""

from __future__ import annotations

import importlib.util
import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "published.py"


def test_without_the_tables_the_benchmark_says_so(monkeypatch, capsys) -> None:
    monkeypatch.delenv("REBAL_DATA", raising=False)
    runpy.run_path(str(SCRIPT), run_name="__main__")
    assert "set REBAL_DATA" in capsys.readouterr().out


def gap(folder: Path, *classifiers: str) -> float:
    spec = importlib.util.spec_from_file_location("published_results", SCRIPT)
    published = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(published)
    table = published.compare(folder, classifiers=classifiers)
    assert len(table) == 11 * 4 * len(classifiers)
    return table["gap"].abs().mean()


def test_logistic_regression_is_near_the_published_scores(real_data) -> None:
    assert gap(real_data, "logistic") <= 0.03


@pytest.mark.slow
def test_all_scores_are_near_the_published_ones(real_data) -> None:
    assert gap(real_data, "logistic", "random_forest") <= 0.03
