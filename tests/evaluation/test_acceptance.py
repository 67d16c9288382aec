"""Acceptance experiments on corrections: simulated tables whose true probabilities are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fake_runs import arm_cells, cells_of
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.metrics import average_precision_score, roc_auc_score

from rebal_core import compare
from rebal_core.arm import Arm, CellResult, Protocol
from rebal_core.data.split import make_splits
from rebal_core.decisions import correct_prior, decide, parse_rule
from rebal_core.evaluation import evaluate
from rebal_core.evaluation.intervals import clopper_pearson
from rebal_core.rows import DUPLICATE, INTERPOLATED, Layout, TypedRows
from rebal_core.samplers import Graphs
from rebal_core.samplers.chain import fold_of
from rebal_core.samplers.poisson import NegativeSampling
from rebal_core.strategies import fit_arm, resample

W = np.array([1, -1, 0.8, 0.5, 0])


def typed(x, y) -> TypedRows:
    names = tuple(f"x{j}" for j in range(x.shape[1]))
    codes = np.zeros((len(y), 0), dtype=np.int32)
    return TypedRows(
        x.astype(np.float32), codes, np.asarray(y, dtype=np.int64), Layout(names, players=names)
    )


def drawn(rng, n, weights, base):
    """Rows of S0: normal columns, log-odds linear in them."""
    x = rng.normal(size=(n, len(weights)))
    return x, (rng.random(n) < expit(x @ weights + base)).astype(np.int64)


def told_of(y, p) -> dict[str, float]:
    """E/O, the offset and the slope that a recalibration would find, and the Brier score."""
    z = logit(np.clip(p, 1e-12, 1 - 1e-12))
    offset = brentq(lambda b: expit(z + b).mean() - y.mean(), -15, 15)
    design, beta = np.column_stack([np.ones_like(z), z]), np.array([0.0, 1.0])
    for _ in range(25):
        q = expit(design @ beta)
        step = np.linalg.solve(design.T @ (design * (q * (1 - q))[:, None]), design.T @ (y - q))
        beta = beta + step
        if np.abs(step).max() < 1e-8:
            break
    return {
        "ratio": p.mean() / y.mean(), "offset": offset, "slope": beta[1],
        "brier": float(np.mean((p - y) ** 2)),
    }  # fmt: skip


def undersampled(classifier: str, seeds: int, tested: int) -> pd.DataFrame:
    """AE-1: train 50,000 rows of 2 %, cut to 1:1; means over the seeds, by what is done."""
    found = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        rows, (x, y) = typed(*drawn(rng, 50_000, W, -5.2)), drawn(rng, tested, W, -5.2)
        new = typed(x, y)
        for strategy in ("none", "random_under"):
            fitted = fit_arm(Arm(strategy, classifier), rows, seed=seed)
            raw = fitted.predict_proba(new)
            repaired = correct_prior(raw, fitted.prior_fit, fitted.prior_train)[:, 1]
            for kind, p in (("raw", raw[:, 1]), ("repaired", repaired)):
                ap = average_precision_score(y, p)
                found.append({"arm": f"{strategy} {kind}", **told_of(y, p), "ap": ap})
    return pd.DataFrame(found).groupby("arm").mean()


def assert_repaired(means: pd.DataFrame) -> None:
    ours, none = means.loc["random_under repaired"], means.loc["none repaired"]
    assert abs(ours.offset) <= 0.25
    assert 0.8 <= ours.ratio <= 1.2
    assert abs(ours.brier - none.brier) <= 0.0006
    raw = means.loc["random_under raw"]
    assert raw.ratio > 10, "the wrong form: as they come out they speak of the balanced table"
    assert raw.brier > 5 * none.brier
    assert ours.ap < none.ap, "what is repaired are the probabilities, not the ranking"


def test_undersampling_is_undone_ae_1() -> None:
    means = undersampled("logistic", 20, 30_000)
    assert_repaired(means)
    assert 0.9 <= means.loc["random_under repaired"].slope <= 1.1


@pytest.mark.slow
def test_undersampling_is_undone_ae_1_in_full(record_property) -> None:
    means = undersampled("logistic", 20, 200_000)
    record_property("means", means.round(4).to_dict("index"))
    assert_repaired(means)
    assert 0.9 <= means.loc["random_under repaired"].slope <= 1.1


def out_of_fold(strategy: str, rows: TypedRows, seed: int) -> dict[str, np.ndarray]:
    """Return out-of-fold probabilities: as they come, by closed form, and as a run repairs them."""
    splits, cells = make_splits(rows.y, Protocol("log_loss", "none", seed=seed)), []
    for s in splits:
        taught = rows.take(s.train)
        fitted = fit_arm(Arm(strategy, "hist_gradient_boosting"), taught, seed=seed)
        proba = fitted.predict_proba(rows.take(s.test))
        shares = fitted.prior_train, fitted.prior_fit
        cells.append(CellResult(0, s.fold, s.test, rows.y[s.test], proba, *shares))
    decided = decide(cells, "chosen", parse_rule("none"), "stratified", 1).cells
    order = np.argsort(np.concatenate([c.rows for c in cells]))
    closed = [correct_prior(c.proba, c.prior_fit, c.prior_train) for c in cells]
    found = {
        "raw": [c.proba for c in cells],
        "closed": closed,
        "repaired": [d.proba for d in decided],
    }
    return {kind: np.concatenate([p[:, 1] for p in parts])[order] for kind, parts in found.items()}


@pytest.mark.slow
def test_undersampled_boosting_is_repaired_ae_1(record_property) -> None:
    """Boosting on 2,000 rows is too sure of itself: the closed form, then what the folds choose."""
    found = []
    for seed in range(5):
        rows = typed(*drawn(np.random.default_rng(seed), 50_000, W, -5.2))
        for strategy in ("none", "random_under"):
            for kind, p in out_of_fold(strategy, rows, seed).items():
                ap = average_precision_score(rows.y, p)
                found.append({"arm": f"{strategy} {kind}", **told_of(rows.y, p), "ap": ap})
    means = pd.DataFrame(found).groupby("arm").mean()
    record_property("means", means.round(4).to_dict("index"))
    assert_repaired(means)
    assert 0.9 <= means.loc["random_under repaired"].slope <= 1.1


CORRECTIONS = ("none", "random_under", "random_over", "smote", "class_weight")


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.01, 0.1, 0.3])
def test_corrections_do_harm_as_theory_says_ae_2(share, record_property) -> None:
    """Van den Goorbergh: the intercept moves by the log-odds of the share, the AUC nowhere."""
    weights = np.full(6, 0.39)
    far = np.random.default_rng(99).normal(size=(200_000, 6)) @ weights
    base = brentq(lambda b: expit(far + b).mean() - share, -12, 5)
    x, y = drawn(np.random.default_rng(100), 50_000, weights, base)
    new, found = typed(x, y), []
    for seed in range(20):
        rows = typed(*drawn(np.random.default_rng(seed), 5_000, weights, base))
        for name in CORRECTIONS:
            p = fit_arm(Arm(name, "logistic"), rows, seed=seed).predict_proba(new)[:, 1]
            cut = rows.y.mean() if name == "none" else 0.5
            rates = {"sens": (p[y == 1] >= cut).mean(), "spec": (p[y == 0] < cut).mean()}
            found.append({"arm": name, **told_of(y, p), "auc": roc_auc_score(y, p), **rates})
    means = pd.DataFrame(found).groupby("arm").mean()
    record_property("means", means.round(4).to_dict("index"))
    assert abs(means.offset["none"]) < 0.25
    for name in CORRECTIONS[1:]:
        most = 0.5 if name == "random_under" and share == 0.01 else 0.25
        assert means.offset[name] == pytest.approx(logit(share), abs=most)
        assert means.auc[name] - means.auc["none"] <= 0.005
    for rate in ("sens", "spec"):
        assert means[rate]["none"] == pytest.approx(means[rate]["random_over"], abs=0.05)


@pytest.mark.parametrize("base", [-5.2, -3.1])
def test_weights_are_a_cut_off_ae_9(base) -> None:
    rng = np.random.default_rng(0)
    rows, new = (typed(*drawn(rng, 20_000, W, base)) for _ in range(2))
    weighed, none = (fit_arm(Arm(n, "logistic"), rows, seed=0) for n in ("class_weight", "none"))
    said = weighed.predict_proba(new)[:, 1] >= 0.5
    p = none.predict_proba(new)[:, 1]
    assert (said == (p >= rows.y.mean())).mean() >= 0.98
    assert (said == (p >= 0.5)).mean() < 0.95, "the naive comparison sees two other models"


def test_a_comparison_finds_that_weights_move_the_cut_off_only_ae_9() -> None:
    rng = np.random.default_rng(1)
    x, y = drawn(rng, 20_000, W, -3.1)
    table = pd.DataFrame(x, columns=list("abcde")).assign(y=np.where(y == 1, "rare", "common"))
    usual = {"strategies": ["class_weight"], "classifiers": ["logistic"], "folds": 3}
    found = compare(table, "y", **usual, metric="balanced_accuracy", rule="balanced_accuracy")
    none, weighed = (
        next(arm for arm in found.report["arms"] if arm["arm"] == f"{name}/logistic")
        for name in ("none", "class_weight")
    )

    def gap(where):
        own, other = (where(arm)["balanced_accuracy"]["mean"] for arm in (weighed, none))
        return own - other

    assert gap(lambda arm: arm["at"]["default"]) > 0.1, "the naive comparison"
    assert abs(gap(lambda arm: arm["at"]["tuned"])) < 0.01
    assert abs(weighed["metrics"]["roc_auc"]["mean"] - none["metrics"]["roc_auc"]["mean"]) < 0.01
    assert weighed["verdict"]["code"] in ("NO_DIFFERENCE", "NEGLIGIBLE")
    assert "No remedy beats threshold tuning on your data." in found.sentence


def thinned():
    """Scores of S1 at 1 %, and the part of the rows that a keep rate of a tenth leaves."""
    rng = np.random.default_rng(0)
    y = (rng.random(400_000) < 0.01).astype(np.int64)
    x = rng.normal(size=y.size) + 1.5 * y
    kept = NegativeSampling(0.1).recipe(fold_of(typed(x[:, None], y), 5)).base
    return y, expit(logit(0.01) + 1.5 * x - 1.125), kept


def test_average_precision_follows_the_share_and_the_area_does_not_ae_12() -> None:
    y, p, kept = thinned()
    areas = [roc_auc_score(y[part], p[part]) for part in (slice(None), kept)]
    means = [average_precision_score(y[part], p[part]) for part in (slice(None), kept)]
    assert areas[0] == pytest.approx(0.856, abs=0.006)
    assert areas[1] == pytest.approx(areas[0], abs=0.004)
    assert means == pytest.approx([0.116, 0.460], abs=0.02)


def test_arms_of_other_rows_are_not_compared_ae_12() -> None:
    y, p, kept = thinned()
    some = np.arange(4_000)
    less = np.intersect1d(some, kept)
    run = []
    for name, rows in (("none/logistic", some), ("remedy/logistic", less)):
        pairs = np.column_stack([1 - p[rows], p[rows]])
        splits = make_splits(y[rows], Protocol("average_precision", "f1"))
        run.append(arm_cells(name, cells_of(y[rows], pairs, splits), untreated=name[0] == "n"))
    with pytest.raises(ValueError, match="average precision follows the class shares"):
        evaluate(run, Protocol("average_precision", "f1"), ("no", "yes"), 1)


SIZES = (500, 60, 8, 3, 1)


def rare_table() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(np.arange(5), SIZES))
    return rng.normal(size=(len(y), 4)) + y[:, None], y


def test_partners_are_cut_to_what_a_rare_class_has_ae_16() -> None:
    x, y = rare_table()
    rows = typed(x, y)
    recipe, near = resample(Arm("smote", "logistic"), rows, None, seed=0), Graphs.of(rows)
    assert np.bincount(recipe.label).tolist() == [500] * 5
    for label, size in enumerate(SIZES[:4]):
        k = min(5, size - 1)
        assert near.within(label, 5)[1].shape == (size, k)
        made = (recipe.label == label) & (recipe.origin == INTERPOLATED)
        pairs = np.unique(np.column_stack([recipe.base[made], recipe.mate[made]]), axis=0)
        assert made.sum() == 500 - size
        assert np.bincount(pairs[:, 0]).max(initial=0) <= k
        assert (y[pairs] == label).all()
    alone = recipe.label == 4
    assert np.bincount(recipe.origin[alone]).tolist() == [1, 499]
    assert (recipe.origin[alone] == DUPLICATE).sum() == 499
    assert "has one training row, which was copied" in recipe.notes[0]


def test_rare_classes_are_shown_and_not_judged_ae_16() -> None:
    x, y = rare_table()
    table = pd.DataFrame(x, columns=list("abcd")).assign(y=[f"c{k}" for k in y])
    found = compare(table, "y", strategies=["smote"], classifiers=["logistic"], folds=5)
    assert set(found.arms["status"]) == {"done"}
    assert "Could not be judged: c2, c3, c4 (fewer than 10 rows)." in found.sentence
    for arm in found.report["arms"]:
        rows = {row["label"]: row for row in arm["per_class"]}
        assert [rows[f"c{k}"]["support"] for k in range(5)] == [500, 60, 8, 3, 0]
        for row in list(rows.values())[:4]:
            hits = round(row["recall"] * row["support"])
            exact = clopper_pearson(hits, row["support"])
            assert (row["recall_low"], row["recall_high"]) == pytest.approx(exact)
        assert (rows["c4"]["recall_low"], rows["c4"]["recall_high"]) == (0, 1)
    assert clopper_pearson(3, 3) == pytest.approx((0.292, 1), abs=5e-4)
