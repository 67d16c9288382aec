"""A table that we balanced is read back for what it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rebal_core.arm import Arm
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.data.reading.load import from_frame
from rebal_core.export.balance import restore
from rebal_core.export.tables import resampled_rows, write_table
from rebal_core.rows import Recipe
from rebal_core.strategies import fit_arm


def frame_of(n: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 4 == 0
    return pd.DataFrame({"x": rng.normal(size=n) + y, "label": np.where(y, "rare", "common")})


@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_weights_go_to_a_file_and_back_to_the_fit(weighed, suffix, tmp_path) -> None:
    frame = frame_of()
    if weighed:
        frame["mine"] = np.linspace(1, 2, len(frame))
    dataset = from_frame(frame, tmp_path / "a", target="label")
    if weighed:
        dataset = dataset.with_schema(dataset.schema.with_role("weight", "mine"))
    labels = dataset.labels()
    rows = np.arange(len(frame))
    preparation, typed = Preparation.fit(dataset.frame(rows=rows), labels.y, dataset.schema)
    factor = np.where(labels.y == 1, 3.0, 0.5)
    recipe = replace(Recipe.kept(rows, labels.y), weight=factor)
    fitted = fit_arm(Arm("none", "logistic"), typed, seed=0, recipe=recipe)

    table = resampled_rows(dataset, restore(preparation, dataset.frame(rows=rows), recipe, rows))
    path = tmp_path / f"balanced.{suffix}"
    write_table(table, path)
    read = pd.read_csv(path) if suffix == "csv" else pd.read_parquet(path)
    expected = factor * (frame["mine"] if weighed else 1)
    np.testing.assert_allclose(read["_weight"], expected)

    again = from_frame(read, tmp_path / "b", target="label")
    assert again.schema.named("weight") == ("_weight",)
    assert {c.name for c in again.schema.features} <= {"x", "mine"}
    assert again.schema["_origin"].role == again.schema["_parents"].role == "ignore"
    schema = again.schema.with_role("ignore", "mine") if weighed else again.schema
    _, back = Preparation.fit(again.with_schema(schema).frame(), again.labels().y, schema)
    same = fit_arm(Arm("none", "logistic"), back, seed=0)
    np.testing.assert_allclose(same.prior_fit, fitted.prior_fit)
    np.testing.assert_allclose(same.model.estimator.coef_, fitted.model.estimator.coef_, atol=1e-4)
