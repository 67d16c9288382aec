"""Metrics of lists are those of RecTools, which ran in an environment of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rebal_core.ranking.trial import last_events


def test_the_numbers_are_those_of_rectools(monkeypatch, real_data):
    """Of real clicks, as ``benchmarks/peers/list_metrics.py`` asked it."""
    folder = Path(__file__).parents[2] / "benchmarks" / "peers"
    monkeypatch.syspath_prepend(str(folder))
    import list_metrics
    from beside import hash_of

    kept = json.loads((folder / "list_metrics.json").read_text())
    log = list_metrics.log_of(real_data)
    trials = {"last": last_events(log), "half": list_metrics.halves(log)}
    assert hash_of(list_metrics.handed(trials)) == kept["data"]
    ours = {name: values.mean() for name, values in list_metrics.scores(trials).items()}
    assert len(ours) == 36
    assert ours == pytest.approx(kept["means"], abs=1e-6)
    assert kept["holds"]
