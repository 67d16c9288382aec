"""Every classifier's defaults are a sound reference: no remedy can win by mending them.

Untreated, a classifier must know more than the class shares (a lower log loss), and no other
regularisation may find much more (macro F1 of classes of ten rows or more, at the cross-fitted
cut-off that a comparison decides by).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rebal_core.arm import Arm, CellResult, Protocol
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.classifiers.encode import encode
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.data.split import make_splits
from rebal_core.decisions import decide, parse_rule
from rebal_core.evaluation import ArmCells, Evaluation, evaluate
from rebal_core.metrics import count, per_class
from rebal_core.metrics.probabilities import probability_scores
from rebal_core.rows import Floats, Ints
from rebal_core.schema import Column, Schema
from rebal_core.strategies import STRATEGIES, fit_arm

#: The grid that the defaults are held against; a classifier that is added wants its own.
GRIDS: dict[str, list[dict[str, Any]]] = {
    "logistic": [{"C": 0.1}, {"C": 10.0}],
    "random_forest": [{"min_samples_leaf": 2}, {"min_samples_leaf": 5}],
    "hist_gradient_boosting": [{"l2_regularization": 0.1}, {"l2_regularization": 10.0}],
    "lightgbm": [{"reg_lambda": 0.1}, {"reg_lambda": 10.0}],
    "linear_svm": [{"C": 0.01}, {"C": 1.0}],
    "extra_trees": [{"min_samples_leaf": 2}, {"min_samples_leaf": 5}],
    "decision_tree": [{"min_samples_leaf": 10}, {"shrinkage": 10.0}, {"shrinkage": 200.0}],
    "rbf_svm": [{"C": 1.0}, {"C": 10.0}],
    "knn": [{"n_neighbors": 5}, {"n_neighbors": 20}],
    "naive_bayes": [{"smoothing": 0.3}, {"smoothing": 30.0}],
    "torch_logistic": [{"C": 0.1}, {"C": 10.0}],
    "mlp": [{"dropout": 0.0}, {"dropout": 0.3}],
    "tabm": [{"dropout": 0.0}, {"members": 8}],
    "ft_transformer": [{"dropout": 0.0}, {"dropout": 0.3}],
    "tabicl": [{"n_estimators": 8}],
}
#: Those that work here: a checkpoint that nobody named is held against nothing.
LEARNERS = [c.name for c in CLASSIFIERS if c.family != "reference" and c.absent() is None]
FOLDS = 3
MOST_F1 = 0.03


@dataclass(frozen=True)
class Table:
    """Features and labels 0..K-1."""

    frame: pd.DataFrame
    y: Ints

    @property
    def classes(self) -> int:
        return int(self.y.max()) + 1


@cache
def simulated(classes: int, largest: int, seed: int, spread: float = 1.0) -> Table:
    """Gaussians among noise and categories; sizes fall geometrically to ten rows."""
    rng = np.random.default_rng(seed)
    numbers = 6 if classes <= 8 else 8
    sizes = np.geomspace(largest, 30 if classes == 2 else 10, classes).round().astype(int)
    y = np.repeat(np.arange(classes), sizes)
    x = rng.normal(0, spread, (classes, numbers))[y] + rng.normal(size=(y.size, numbers))
    frame = pd.DataFrame(np.hstack([x, rng.normal(size=(y.size, 3))])).add_prefix("x")
    shares = rng.dirichlet(np.ones(6), size=classes).cumsum(axis=1)
    frame["code"] = pd.Series((shares[y] < rng.random((y.size, 1))).sum(axis=1)).map(str)
    return Table(frame, y)


def real(folder: Path, name: str, rows: int = 6_000) -> Table:
    """A table of many classes; texts are left out, and classes of one row."""
    if name == "womens_clothing_reviews":
        table, target = pd.read_parquet(folder / f"{name}.parquet"), "Class Name"
        table = table.drop(columns=["Unnamed: 0", "Title", "Review Text"])
    elif name == "eshop_clickstream_2008":
        table, target = pd.read_parquet(folder / f"{name}.parquet"), "page"
        table = table.drop(columns=["year", "session ID", "page 2 (clothing model)"])
    else:
        table = pd.read_parquet(folder / "small" / f"{name}.parquet")
        target = table.columns[-1]
    table = table.sample(min(rows, len(table)), random_state=0)
    table = table[table.groupby(target)[target].transform("size") >= 2].reset_index(drop=True)
    return Table(table.drop(columns=target), pd.factorize(table[target], sort=True)[0])


def prepared(table: Table, seed: int) -> list[tuple[Any, ...]]:
    """Return ``split, training rows, test rows`` of each fold."""
    kinds = {c: pd.api.types.is_numeric_dtype(table.frame[c]) for c in table.frame}
    columns = [Column(c, "number" if kind else "category") for c, kind in kinds.items()]
    schema = Schema((*columns, Column("target", "category", "target")))
    folds = []
    for split in make_splits(table.y, Protocol("macro_f1", "macro_f1", folds=FOLDS, seed=seed)):
        preparation, rows = Preparation.fit(
            table.frame.iloc[split.train], table.y[split.train], schema, seed=seed
        )
        folds.append((split, rows, preparation.transform(table.frame.iloc[split.test])))
    return folds


def cells(table: Table, folds: list[tuple[Any, ...]], arm: Arm, seed: int) -> list[CellResult]:
    found = []
    for split, rows, test in folds:
        fitted = fit_arm(arm, rows, seed=seed, n_classes=table.classes)
        found.append(
            CellResult(
                repeat=0,
                fold=split.fold,
                rows=split.test,
                y=table.y[split.test],
                proba=fitted.predict_proba(test),
                prior_train=fitted.prior_train,
                prior_fit=fitted.prior_fit,
            )
        )
    return found


def log_loss(found: list[CellResult]) -> float:
    y, proba = np.concatenate([c.y for c in found]), np.concatenate([c.proba for c in found])
    return float(probability_scores(y, proba, None)["log_loss"][0])


def macro_f1(table: Table, found: list[CellResult]) -> float:
    decisions = decide(found, "none", parse_rule("macro_f1"), "stratified", 1)
    pred = np.concatenate([d.tuned for d in decisions.cells])
    y = np.concatenate([c.y for c in found])
    f1: Floats = np.nan_to_num(per_class(count(y, pred, table.classes))["f1"])
    return float(f1[np.bincount(table.y, minlength=table.classes) >= 10].mean())


def set_defaults(patch: pytest.MonkeyPatch, classifier: str, params: dict[str, Any]) -> None:
    spec = CLASSIFIERS[classifier]
    changed = replace(
        spec,
        parameters=tuple(
            replace(p, default=params.get(p.name, p.default)) for p in spec.parameters
        ),
    )
    patch.setitem(CLASSIFIERS._specs, classifier, changed)


def assert_below_the_shares(tables: list[Table], classifier: str, most: int = FOLDS) -> None:
    """Compare with always answering the shares, by the mean over the tables (one seed each)."""
    losses = []
    for seed, table in enumerate(tables):
        folds = prepared(table, seed)[:most]
        arms = Arm("none", classifier), Arm("dummy", "prior")
        losses.append([log_loss(cells(table, folds, arm, seed)) for arm in arms])
    own, shares = np.mean(losses, axis=0)
    assert own < shares, f"log loss {own:.3f}, always answering the class shares {shares:.3f}"


def assert_near_the_best(tables: list[Table], classifier: str, monkeypatch) -> None:
    """Compare the defaults with the grid, by the mean over the tables (one seed each)."""
    scores = np.zeros((len(GRIDS[classifier]) + 1, len(tables)))
    for j, table in enumerate(tables):
        folds = prepared(table, j)
        for i, params in enumerate([{}, *GRIDS[classifier]]):
            with monkeypatch.context() as patch:
                set_defaults(patch, classifier, params)
                scores[i, j] = macro_f1(table, cells(table, folds, Arm("none", classifier), j))
    own, best = scores.mean(axis=1)[0], scores.mean(axis=1).max()
    assert own >= best - MOST_F1, f"macro F1 {own:.3f}, the best of the grid {best:.3f}"


def test_every_classifier_has_a_grid() -> None:
    assert set(GRIDS) == {c.name for c in CLASSIFIERS if c.family != "reference"}
    for name, grid in GRIDS.items():
        assert all(set(params) <= set(CLASSIFIERS[name].params) for params in grid)


#: ``classes, largest, seed, spread``
QUICK = [(2, 900, 0, 0.8), (8, 400, 0, 1.0)]
#: They take longest.
LONG = ("tabm", "ft_transformer")


EACH = [pytest.param(c, marks=[pytest.mark.slow] * (c in LONG)) for c in LEARNERS]


def asked(classifier: str) -> int:
    """Return the folds that are asked: of networks one, the long suite asks all."""
    return 1 if CLASSIFIERS[classifier].family == "net" else FOLDS


@pytest.mark.parametrize("shape", QUICK, ids=["two", "eight"])
@pytest.mark.parametrize("classifier", EACH)
def test_untreated_it_knows_more_than_the_class_shares(classifier, shape) -> None:
    assert_below_the_shares([simulated(*shape)], classifier, asked(classifier))


@pytest.mark.parametrize("name", ["automobile", "balance"])
@pytest.mark.parametrize("classifier", EACH)
def test_on_small_real_tables_too(classifier, name, real_data) -> None:
    assert_below_the_shares([real(real_data, name)], classifier, asked(classifier))


def test_boosting_without_a_penalty_would_fail(monkeypatch) -> None:
    set_defaults(monkeypatch, "hist_gradient_boosting", {"l2_regularization": 0.0})
    with pytest.raises(AssertionError, match="log loss"):
        assert_below_the_shares([simulated(*QUICK[0])], "hist_gradient_boosting")


def test_a_forest_says_no_zero_and_keeps_the_order_of_its_trees() -> None:
    table = simulated(2, 900, 0, 0.8)
    _, rows, test = prepared(table, 0)[0]
    for strategy in ("none", "class_weight", "random_under", "balanced_random_forest"):
        fitted = fit_arm(Arm(strategy, "random_forest"), rows, seed=0)
        proba = fitted.predict_proba(test)
        assert proba.min() > 0
        estimator = fitted.model.estimator
        trees = [tree.predict_proba(encode(test, "ordinal")) for tree in estimator.estimators_]
        without = np.mean(trees[:-1], axis=0)
        np.testing.assert_allclose(proba, (100 * without + fitted.prior_fit) / 101, atol=1e-12)


def test_a_forest_of_many_classes_warns_of_nothing() -> None:
    table = simulated(30, 12, 0)
    fitted = fit_arm(Arm("none", "random_forest"), prepared(table, 0)[0][1], seed=0)
    assert fitted.notes == ()
    assert len(fitted.model.estimator.estimators_) == 101


#: Every number below is the mean of so many seeds.
SEEDS = 5
SHAPES = {2: (900, 0.8), 8: (400, 1.0), 12: (400, 1.0), 60: (100, 1.5)}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("classes", SHAPES)
@pytest.mark.parametrize("classifier", LEARNERS)
def test_no_other_regularisation_finds_much_more(classifier, classes, monkeypatch) -> None:
    largest, spread = SHAPES[classes]
    tables = [simulated(classes, largest, seed, spread) for seed in range(SEEDS)]
    assert_below_the_shares(tables, classifier)
    assert_near_the_best(tables, classifier, monkeypatch)


#: Tables of 3 to 20 classes.
REAL = (
    "automobile", "balance", "dermatology", "page_blocks",
    "womens_clothing_reviews", "eshop_clickstream_2008",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("classifier", LEARNERS)
def test_nor_on_real_tables(classifier, name, real_data, monkeypatch) -> None:
    tables = [real(real_data, name)] * SEEDS
    assert_below_the_shares(tables, classifier)
    assert_near_the_best(tables, classifier, monkeypatch)


def judged(table: Table) -> Evaluation:
    """Boosting untreated and with class weights, judged as in a run."""
    folds, protocol = prepared(table, 0), Protocol("macro_f1", "macro_f1", folds=FOLDS)
    arms = [
        ArmCells(
            arm,
            STRATEGIES[arm.strategy].repair,
            "tuned",
            STRATEGIES[arm.strategy].family,
            arm.strategy == "threshold",
            "done",
            None,
            tuple(cells(table, folds, arm, 0)),
        )
        for arm in (
            Arm("dummy", "prior"),
            Arm("threshold", "hist_gradient_boosting"),
            Arm("class_weight", "hist_gradient_boosting"),
        )
    ]
    return evaluate(arms, protocol, [f"c{k}" for k in range(table.classes)], 1)


@pytest.mark.slow
def test_no_remedy_wins_by_mending_boosting(monkeypatch) -> None:
    """Twelve classes of 4,000 to 10 rows: with a penalty nothing is gained, without it all is."""
    table = simulated(12, 4_000, 0, 2.0)
    sound = judged(table)
    assert sound.facts["alarms"] == []
    assert max(v.difference.gain for v in sound.verdicts.values()) <= 0.05
    set_defaults(monkeypatch, "hist_gradient_boosting", {"l2_regularization": 0.0})
    broken = judged(table)
    assert [a["code"] for a in broken.facts["alarms"]] == ["unsound_reference"]
    assert {v.code for v in broken.verdicts.values()} == {"NO_VERDICT"}
    assert broken.run.code == "NO_VERDICT"
