"""A range of values that holds most of a rare class is a leak, counted in all rows."""

import numpy as np
import pandas as pd
import pytest

from rebal_core.checks import look, run_checks
from rebal_core.data.reading.load import from_frame


def leaks_of(dataset):
    return [f for f in run_checks(dataset) if f.code == "RBL007"]


@pytest.mark.parametrize("most", [50_000, 400])
def test_a_range_of_values_can_leak_most_of_a_rare_class(tmp_path, monkeypatch, most):
    monkeypatch.setattr(look, "SAMPLE_ROWS", most)  # what is told was counted in all rows
    monkeypatch.setattr(look, "SAMPLE_VALUES", 10**9)
    rng = np.random.default_rng(0)
    rare = rng.random(3_000) < 0.15
    paid = rare & (rng.random(3_000) < 0.8)
    refund = np.where(paid, 1.0 + np.arange(3_000) % 90, 0.0)
    frame = pd.DataFrame({"amount": rng.normal(size=3_000) + rare, "refund": refund})
    frame["label"] = np.where(rare, "rare", "common")
    dataset = from_frame(frame, tmp_path / "d", target="label")
    (finding,) = leaks_of(dataset)
    assert finding.message == (
        f"“refund” > 0 holds for {paid.sum()} of {rare.sum()} “rare” and for 0 of "
        f"{3_000 - rare.sum():,} others: is it known when you predict?"
    )
    assert finding.columns == ("refund",)
    assert [f.severity for f in leaks_of(dataset.trusting(["refund"]))] == ["passed"]
