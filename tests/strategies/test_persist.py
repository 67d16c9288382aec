"""Fitted arms on disk: the same numbers after, and nothing of a stranger's choosing is run."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import skops.io
from moments import briefly
from sklearn.naive_bayes import GaussianNB

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.schema import Column, Schema
from rebal_core.strategies import STRATEGIES, fit_arm, load_arm, save_arm
from rebal_core.wording import UserError

SCHEMA = Schema(
    (
        Column("amount", "number"),
        Column("city", "category"),
        Column("title", "text"),
        Column("label", "category", "target"),
    )
)


@pytest.fixture
def table(tiny_binary) -> pd.DataFrame:
    words = np.random.default_rng(0).choice(["红色 裙子", "blue shoes", "green hat"], 300)
    return tiny_binary.assign(title=words)


@pytest.fixture
def fold(table):
    return Preparation.fit(table, (table["label"] == "rare").to_numpy().astype(int), SCHEMA, seed=0)


ARMS = [Arm("smote", c) for c in STRATEGIES["smote"].serves if CLASSIFIERS[c].absent() is None]
ARMS += [Arm("balanced_random_forest", "random_forest"), Arm("dummy", "prior")]
ARMS += [Arm("random_over", "logistic", (("counts", ((1, 90),)), ("ratio", 0.5)))]


@pytest.mark.parametrize("arm", ARMS, ids=lambda a: a.name)
def test_the_same_numbers_after(arm, table, fold, tmp_path) -> None:
    preparation, rows = fold
    fitted = fit_arm(briefly(arm, 1), rows, seed=0, n_classes=3)
    save_arm(tmp_path / "a", fitted, preparation)
    back, again = load_arm(tmp_path / "a")
    np.testing.assert_allclose(
        back.predict_proba(again.transform(table)), fitted.predict_proba(rows), rtol=0, atol=1e-12
    )
    assert back.arm == fitted.arm == briefly(arm, 1)
    assert back.notes == fitted.notes
    np.testing.assert_array_equal(back.prior_fit, fitted.prior_fit)
    np.testing.assert_array_equal(back.prior_train, fitted.prior_train)
    assert again.schema == preparation.schema
    if fitted.recipe is None:
        assert back.recipe is None
    else:
        for name in ("base", "mate", "step", "pick", "origin"):
            np.testing.assert_array_equal(getattr(back.recipe, name), getattr(fitted.recipe, name))


def test_another_process_reads_it(table, fold, tmp_path) -> None:
    preparation, rows = fold
    fitted = fit_arm(briefly(Arm("smote", "mlp"), 1), rows, seed=0)
    save_arm(tmp_path / "a", fitted, preparation)
    table.to_parquet(tmp_path / "t.parquet")
    code = (
        "import sys, pathlib, numpy as np, pandas as pd\n"
        "from rebal_core.strategies import load_arm\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "fitted, preparation = load_arm(folder / 'a')\n"
        "rows = preparation.transform(pd.read_parquet(folder / 't.parquet'))\n"
        "np.save(folder / 'p.npy', fitted.predict_proba(rows))\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    np.testing.assert_allclose(
        np.load(tmp_path / "p.npy"), fitted.predict_proba(rows), rtol=0, atol=1e-12
    )


def test_no_pickle_in_any_file(fold, tmp_path) -> None:
    preparation, rows = fold
    save_arm(tmp_path, fit_arm(Arm("smote", "logistic"), rows, seed=0), preparation)
    for path in tmp_path.glob("*.npz"):
        with np.load(path, allow_pickle=False) as stored:
            assert all(stored[name].dtype != object for name in stored.files)
    assert {p.name for p in tmp_path.iterdir()} == {
        "arm.json",
        "model.skops",
        "preparation.npz",
        "recipe.npz",
    }


class Stranger(GaussianNB):
    """A type that is on no list."""


def test_a_strange_type_is_refused(fold, tmp_path) -> None:
    preparation, rows = fold
    save_arm(tmp_path, fit_arm(Arm("none", "logistic"), rows, seed=0), preparation)
    skops.io.dump(Stranger().fit(rows.numbers, rows.y), tmp_path / "model.skops")
    with pytest.raises(UserError, match="no model that Rebal can read"):
        load_arm(tmp_path)


def test_a_broken_or_newer_file_is_told(fold, tmp_path) -> None:
    with pytest.raises(UserError, match="no model"):
        load_arm(tmp_path / "absent")
    preparation, rows = fold
    save_arm(tmp_path, fit_arm(Arm("none", "logistic"), rows, seed=0), preparation)
    about = json.loads((tmp_path / "arm.json").read_text(encoding="utf-8"))
    (tmp_path / "arm.json").write_text(json.dumps({**about, "format": 99}), encoding="utf-8")
    with pytest.raises(UserError, match="format 99"):
        load_arm(tmp_path)
    (tmp_path / "arm.json").write_text(json.dumps(about)[:50], encoding="utf-8")
    with pytest.raises(UserError, match="no model"):
        load_arm(tmp_path)
    (tmp_path / "arm.json").write_text(json.dumps(about), encoding="utf-8")
    (tmp_path / "model.skops").write_bytes(b"nothing")
    with pytest.raises(UserError, match="no model"):
        load_arm(tmp_path)
