"""Rows that repeat are counted as a reader counts them, with pandas."""

import numpy as np
import pandas as pd

from rebal_core.checks import run_checks
from rebal_core.data.reading.load import from_frame


def test_rows_that_repeat_are_those_that_pandas_calls_duplicated(tmp_path):
    rng = np.random.default_rng(0)
    features = pd.DataFrame(
        {
            "size": rng.integers(0, 9, 400),
            "price": rng.choice([1.5, 2.5, np.nan], 400),
            "city": rng.choice(["Lima", "Rome", None], 400),
        }
    )
    label = rng.choice(["yes", "no"], 400)  # twins of either label are among them
    dataset = from_frame(features.assign(label=label), tmp_path / "d", target="label")
    schema = dataset.schema
    for name in features:
        schema = schema.with_role("feature", name)
    found = {f.code: f for f in run_checks(dataset.with_schema(schema))}
    assert found["RBL004"].values["rows"] == features.duplicated().sum()
    conflicting = (
        pd.Series(label).groupby([*features.to_numpy().T.astype(str)]).transform("nunique")
    )
    assert found["RBL003"].values["rows"] == (conflicting > 1).sum()
