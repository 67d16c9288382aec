"""Scores of columns and pairs are those of sdmetrics, which ran in an environment of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_the_numbers_are_those_of_sdmetrics(monkeypatch):
    """Of drawn tables, as ``benchmarks/peers/made_rows.py`` asked it."""
    folder = Path(__file__).parents[2] / "benchmarks" / "peers"
    monkeypatch.syspath_prepend(str(folder))
    import made_rows
    from beside import hash_of

    kept, given = json.loads((folder / "made_rows.json").read_text()), made_rows.arrays()
    assert hash_of(given) == kept["data"]
    ours = made_rows.scores(given)
    assert ours.keys() == kept["scores"].keys()
    assert len(ours) == 44
    assert ours == pytest.approx(kept["scores"], abs=1e-6)
    assert kept["holds"]
