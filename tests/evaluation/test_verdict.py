"""Verdicts: each code where it belongs, no false alarms, and the words for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_runs import arm_cells, binary_run, binary_scores, cells_of, many_run

from rebal_core.arm import Protocol
from rebal_core.data.split import make_splits, resampling_units
from rebal_core.decisions import correct_prior
from rebal_core.evaluation import build_report, evaluate, render
from rebal_core.evaluation.intervals import Difference, clopper_pearson
from rebal_core.evaluation.verdict import arm_code, references, rows_needed


@pytest.mark.parametrize(
    ("gain", "se", "code"),
    [
        (0.05, 0.01, "HELPS"),
        (0.01, 0.001, "HELPS"),
        (0.009, 0.001, "NEGLIGIBLE"),
        (-0.009, 0.001, "NEGLIGIBLE"),
        (-0.05, 0.01, "HURTS"),
        (0.001, 0.003, "NO_DIFFERENCE"),
        (0.0, 0.0, "NO_DIFFERENCE"),
        (0.05, 0.04, "CANT_TELL"),
        (0.0, 0.05, "CANT_TELL"),
        (np.nan, np.nan, "CANT_TELL"),
        (0.05, np.nan, "CANT_TELL"),
    ],
)
def test_first_line_that_fits(gain, se, code):
    assert arm_code(Difference(gain, se), 0.05, 0.01) == code


def test_rows_needed():
    d = Difference(0.0, 0.05 / 1.959964)
    assert rows_needed(d, 0.05, 0.01, 40) == pytest.approx(1_000, abs=1)
    assert rows_needed(Difference(0.0, 0.001), 0.05, 0.01, 40) is None
    assert rows_needed(Difference(0.0, 1e200), 0.05, 1e-5, 40) is None, "no number says how many"


def test_identical_arms_have_p_one_and_no_difference():
    run, *rest = binary_run(arms=0)
    twin = arm_cells("twin/logistic", run[1].cells)
    e = evaluate([*run, twin], *rest)
    v = e.verdicts["twin/logistic"]
    assert (v.code, v.p, v.difference.gain) == ("NO_DIFFERENCE", 1.0, 0.0)
    assert e.run.code == "NO_REMEDY_NEEDED"


def missing(y, rows):
    """Probabilities that rank every row right but these, which come last."""
    score = y + 0.3 * np.linspace(-1.0, 1.0, y.size)
    score[rows] = -0.4
    p = 0.2 + 0.4 * score
    return np.column_stack([1.0 - p, p])


def near_the_top(untreated, remedy):
    """Two models that each rank so many rows of the class last, and all others right."""
    y = np.random.default_rng(0).permutation((np.arange(600) < 60).astype(np.int64))
    own, protocol = np.flatnonzero(y == 1), Protocol("roc_auc", "f1")
    splits = make_splits(y, protocol)
    parts = {"threshold": own[:untreated], "smote": own[60 - remedy :]}
    arms = [
        arm_cells(f"{name}/logistic", cells_of(y, missing(y, rows), splits),
                  untreated=name == "threshold")
        for name, rows in parts.items()
    ]  # fmt: skip
    return evaluate(arms, protocol, ("no", "yes"), 1)


def test_nothing_is_better_than_a_perfect_score():
    """No gain beyond it is left open, and where there is no room for a margin none is needed."""
    e = near_the_top(untreated=0, remedy=2)
    v = e.verdicts["smote/logistic"]
    assert v.vs_best.interval(0.10)[1] > v.margin  # what the interval alone would leave open
    assert e.run.code == "NO_REMEDY_NEEDED"


def test_a_gain_that_cannot_be_excluded_ends_at_the_perfect_score():
    e = near_the_top(untreated=4, remedy=4)
    room = 1.0 - e.scores["threshold/logistic"].series("roc_auc").mean
    v = e.verdicts["smote/logistic"]
    assert 0.01 < room < v.vs_best.interval(v.level)[1]
    assert e.run.code == "NOT_SHOWN"
    assert f"+{room:.3f}" in e.sentence


def test_reference_is_the_tuned_untreated_arm_of_the_classifier():
    run, *_ = binary_run()
    other = [
        arm_cells("none/mlp", run[0].cells, untreated=True, threshold="default"),
        arm_cells("threshold/forest", (), untreated=True, status="failed"),
    ]
    assert references([*run, *other]) == {"logistic": "threshold/logistic", "mlp": "none/mlp"}


def test_a_true_gain_helps():
    run, *rest = binary_run(n=2_000, positives=200, better=0.8)
    e = evaluate(run, *rest)
    assert e.verdicts["remedy0/logistic"].code == "HELPS"
    assert (e.run.code, e.run.best_arm) == ("HELPS", "remedy0/logistic")
    assert e.sentence.startswith("remedy0/logistic helps: Average precision 0.")
    assert ") against its own untreated model. " in e.sentence
    assert "Against the best untreated model" not in e.sentence  # it is the same one
    assert "It moves the ranking." in e.sentence


def test_a_true_loss_hurts_and_a_falling_loss_helps():
    run, *rest = binary_run(n=2_000, positives=200, better=-1.4)
    e = evaluate(run, *rest)
    assert e.verdicts["remedy0/logistic"].code == "HURTS"
    assert e.run.best_arm == "threshold/logistic"
    run, *rest = binary_run(n=4_000, positives=600, better=-1.4, metric="calibration_ratio")
    half = np.array([0.5, 0.5])
    far = [replace(c, proba=correct_prior(c.proba, half, c.prior_train)) for c in run[1].cells]
    hurt = evaluate([*run, arm_cells("over/logistic", tuple(far), repair="none")], *rest)
    report = next(a for a in build_report(hurt)["arms"] if a["arm"] == "over/logistic")
    # Distance from 1 grows: a worse E/O has a positive delta.
    assert report["verdict"]["code"] == "HURTS"
    assert report["verdict"]["delta"] > 0.1


def test_log_loss_is_judged_by_a_relative_margin():
    run, *rest = binary_run(n=3_000, positives=300, better=0.8, metric="log_loss", rule="none")
    e = evaluate(run, *rest)
    v = e.verdicts["remedy0/logistic"]
    base = e.scores["threshold/logistic"].series("log_loss").mean
    assert v.margin == pytest.approx(0.005 * base)
    assert v.code == "HELPS"
    assert build_report(e)["arms"][2]["verdict"]["delta"] < 0
    assert "(−0.0799, 95% interval −0.10" in e.sentence


def _two_classifiers(gain, strong=3.0):
    """A remedy that helps a weak classifier, beside an untreated strong one."""
    rng = np.random.default_rng(0)
    y = (np.arange(3_000) < 300).astype(np.int64)
    protocol = Protocol("average_precision", "f1")
    splits = make_splits(y, protocol)
    shared = rng.normal(size=y.size)

    def cells(strength):
        return cells_of(y, binary_scores(rng, y, strength, 0.5, shared), splits)

    run = [
        arm_cells("threshold/logistic", cells(1.0), untreated=True),
        arm_cells("threshold/boosting", cells(strong), untreated=True),
        arm_cells("smote/logistic", cells(1.0 + gain)),
    ]
    return evaluate(run, protocol, ("no", "yes"), 1)


def test_helper_of_a_weaker_classifier_is_named():
    e = _two_classifiers(1.0)
    assert e.verdicts["smote/logistic"].code == "HELPS"
    assert (e.run.code, e.run.best_arm) == ("NO_REMEDY_NEEDED", "threshold/boosting")
    assert "smote/logistic helps its own model" in e.sentence
    assert "untreated threshold/boosting is still better." in e.sentence


def test_remedy_that_beats_the_best_untreated_arm_too():
    # A stronger remedy would halve the log loss of its reference, which were then no sound one.
    e = _two_classifiers(1.6, strong=1.5)
    assert e.run.best_arm == "smote/logistic"
    own, best = e.differences().iloc[0][["gain", "best_gain"]]
    assert own > best > 0
    # Two numbers for one arm, each with what it is a distance to.
    assert f"({own:+.3f}, 95% interval" in e.sentence
    assert (
        f"Against the best untreated model, threshold/boosting, it is {best:+.3f} (" in e.sentence
    )


def test_few_rows_cannot_tell():
    run, *rest = binary_run(n=300, positives=20, arms=2)
    e = evaluate(run, *rest)
    assert e.run.code == "NOT_SHOWN"
    assert "No remedy was shown to beat threshold tuning; gains up to +0." in e.sentence
    assert "with 20 rows of “yes”. About " in e.sentence
    assert all(v.code == "CANT_TELL" and v.rows_needed > 20 for v in e.verdicts.values())
    # The sentence and the chart speak of one interval where the reference is the best as well.
    shown = e.differences()
    assert np.allclose(shown[["low", "high"]], shown[["best_low", "best_high"]])
    assert f"gains up to {shown['high'].max():+.3f} " in e.sentence


def test_fewer_than_ten_rows_carry_no_claim():
    run, *rest = binary_run(n=300, positives=9)
    e = evaluate(run, *rest)
    assert e.run.code == "NO_VERDICT"
    assert "only 9 rows of “yes”" in e.sentence
    assert {v.code for v in e.verdicts.values()} == {"NO_VERDICT"}


def test_missing_reference_or_remedy():
    run, *rest = binary_run()
    assert "no remedy ran" in evaluate(run[:2], *rest).sentence
    alone = evaluate(run[2:], *rest)
    assert "no untreated model ran" in alone.sentence
    assert {v.code for v in alone.verdicts.values()} == {"NO_VERDICT"}


def test_sentences_can_be_translated():
    run, *rest = binary_run(n=300, positives=20)
    e = evaluate(run, *rest)
    spoken = render(e.sentences, lambda t: {"threshold tuning": "调阈值"}.get(t, t))
    assert "调阈值" in spoken


def test_rare_classes_of_ae_16_never_crash():
    run, *rest = many_run()
    e = evaluate(run, *rest)
    table = e.per_class("threshold/logistic")
    assert table.support.tolist() == [500, 60, 8, 3, 0]
    numbers = table.drop(columns=["recall_low", "recall_high"])
    assert numbers.iloc[4, 2:].isna().all()
    assert numbers.iloc[:2, 2:].notna().all(axis=None)
    found = e.confusion("threshold/logistic").to_numpy()
    for k, n in enumerate(table.support):
        exact = clopper_pearson(int(found[k, k]), int(n))
        assert tuple(table.loc[k, ["recall_low", "recall_high"]]) == pytest.approx(exact)
    assert tuple(table.loc[4, ["recall_low", "recall_high"]]) == (0, 1), "nothing is known of it"
    assert e.focus == 1
    assert e.run.code != "NO_VERDICT"
    assert "Could not be judged: c2, c3, c4 (fewer than 10 rows)." in e.sentence
    macro = e.macro_averages("threshold/logistic").set_index("over")
    assert macro.classes.to_dict() == {"all": 5, "evaluable": 2}
    two, *more = many_run(sizes=(500, 8, 3))
    assert evaluate(two, *more).run.code == "NO_VERDICT"


def test_pooled_f1_is_shown_not_the_mean_of_folds():
    """AE-20: with few positives the mean of fold F1 is biased down; pooled counts are not."""
    rng = np.random.default_rng(0)
    fold_means, pooled = [], []
    for _ in range(24):
        y = rng.permutation((np.arange(500) < 15).astype(np.int64))
        p = np.clip(0.25 * y + rng.normal(0.25, 0.13, 500), 0.001, 0.999)
        protocol = Protocol("f1", "none", folds=10)
        cells = cells_of(y, np.column_stack([1 - p, p]), make_splits(y, protocol))
        arm = arm_cells("threshold/x", cells, untreated=True, repair="none")
        series = evaluate([arm], protocol, ("n", "y"), 1).scores["threshold/x"].series("f1")
        fold_means.append(np.nanmean(series.folds))
        pooled.append(series.mean)
        said = p >= 0.5
        assert series.mean == pytest.approx(2 * (said & (y == 1)).sum() / (said.sum() + 15))
    assert np.mean(pooled) - np.mean(fold_means) > 0.01


def test_group_and_time_splits_draw_their_units():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 20)
    y = np.repeat(rng.random(60) < 0.3, 20).astype(np.int64)
    protocol = Protocol("average_precision", "f1", split="group")
    splits = make_splits(y, protocol, groups=groups)
    shared = rng.normal(size=y.size)
    own = np.repeat(rng.normal(size=60), 20)
    run = [
        arm_cells("threshold/x", cells_of(y, binary_scores(rng, y, 1.5, 0.5, shared), splits),
                  untreated=True),
        arm_cells("smote/x", cells_of(y, binary_scores(rng, y, 1.5, 0.5, shared + own), splits)),
    ]  # fmt: skip
    rows = evaluate(run, protocol, ("n", "y"), 1).verdicts["smote/x"].difference.se
    units = resampling_units(protocol, groups=groups)
    clusters = evaluate(run, protocol, ("n", "y"), 1, {"units": units})
    # Twenty rows of a user say little more than one: the honest error is far larger.
    assert clusters.verdicts["smote/x"].difference.se > 1.5 * rows


def test_sentences_of_losing_classes_and_bad_probabilities():
    """A remedy that moves decisions only, towards the rare classes, and spoils percentages."""
    rng = np.random.default_rng(0)
    sizes = (1_500, 150, 100)
    y = rng.permutation(np.repeat(np.arange(3), sizes)).astype(np.int64)
    protocol = Protocol("balanced_accuracy", "none")
    splits = make_splits(y, protocol)
    z = rng.normal(size=(y.size, 3)) + np.log(np.array(sizes) / y.size)
    z[np.arange(y.size), y] += 1.5
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    shifted = p / (np.array(sizes) / y.size)
    shifted /= shifted.sum(1, keepdims=True)
    run = [
        arm_cells("threshold/x", cells_of(y, p, splits), untreated=True, repair="none"),
        arm_cells("class_weight/x", cells_of(y, shifted, splits), repair="none"),
    ]
    e = evaluate(run, protocol, ("a", "b", "c"), 2)
    assert e.run.code == "HELPS"
    assert "Better decisions, worse probabilities" in e.sentence
    assert "Recall of “a” falls by" in e.sentence
    assert "Gains in " in e.sentence


def _false_alarms(runs, **more):
    """Share of runs of equal arms in which any arm reads HELPS or HURTS."""
    found = []
    for seed in range(runs):
        run, *rest = binary_run(seed=seed, **more)
        codes = {v.code for v in evaluate(run, *rest).verdicts.values()}
        found.append(bool(codes & {"HELPS", "HURTS"}))
    return np.mean(found)


@pytest.mark.parametrize("metric", ["average_precision", "f1"])
def test_equal_arms_raise_no_alarm(metric):
    assert _false_alarms(12, arms=6, n=400, positives=40, metric=metric) <= 1 / 12


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["average_precision", "roc_auc", "balanced_accuracy", "f1"])
@pytest.mark.parametrize("repeats", [1, 2])
def test_family_wise_false_alarms(metric, repeats):
    rule = metric if metric in ("balanced_accuracy", "f1") else "f1"
    rate = _false_alarms(150, arms=8, n=600, metric=metric, rule=rule, repeats=repeats)
    assert rate <= 0.05


def _equal_arms_in_units(seed, split, arms=6, units=120, each=10):
    """Equal arms whose errors are shared by all rows of a user, or of a day; and that unit."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(units), each)
    y = (rng.random(unit.size) < 0.15).astype(np.int64)
    protocol = Protocol("average_precision", "f1", split=split)
    told = {"groups": unit} if split == "group" else {"times": unit.astype(float)}
    splits = make_splits(y, protocol, **told)
    shared = rng.normal(size=y.size)
    run = []
    for name in ("threshold", *(f"remedy{a}" for a in range(arms))):
        own = 0.7 * np.repeat(rng.normal(size=units), each)
        cells = cells_of(y, binary_scores(rng, y, 1.5, 0.5, shared + own), splits)
        run.append(arm_cells(f"{name}/x", cells, untreated=name == "threshold"))
    return run, protocol, resampling_units(protocol, **told)


@pytest.mark.slow
@pytest.mark.parametrize("split", ["group", "time"])
def test_equal_arms_raise_no_alarm_under_other_splits(split):
    found = []
    for seed in range(60):
        run, protocol, units = _equal_arms_in_units(seed, split)
        verdicts = evaluate(run, protocol, ("n", "y"), 1, {"units": units}).verdicts
        found.append(bool({v.code for v in verdicts.values()} & {"HELPS", "HURTS"}))
    assert np.mean(found) <= 0.05


@pytest.mark.slow
def test_many_equal_classes_raise_no_alarm():
    found = []
    for seed in range(100):
        run, *rest = many_run(seed, sizes=(300, 120, 60, 30, 20), arms=5)
        codes = {v.code for v in evaluate(run, *rest).verdicts.values()}
        found.append(bool(codes & {"HELPS", "HURTS"}))
    assert np.mean(found) <= 0.05


@pytest.mark.slow
def test_intervals_cover_the_truth():
    """Models of known quality: the interval of the difference holds the true one (AE-6)."""
    covered = []
    truth = _true_difference()
    for seed in range(150):
        run, *rest = binary_run(seed=seed, n=800, positives=80, arms=1, better=0.7)
        low, high = evaluate(run, *rest).verdicts["remedy0/logistic"].difference.interval(0.05)
        covered.append(low <= truth <= high)
    assert np.mean(covered) >= 0.92


def _true_difference():
    """Mean over many runs of what the difference in average precision is an estimate of."""
    gains = []
    for seed in range(1_000, 1_200):
        run, *rest = binary_run(seed=seed, n=800, positives=80, arms=1, better=0.7)
        gains.append(evaluate(run, *rest).verdicts["remedy0/logistic"].difference.gain)
    return float(np.mean(gains))
