"""No verdict against a straw man, and large gains told with what explains them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from fake_runs import arm_cells, binary_run, binary_scores, cells_of, many_run

from rebal_core.arm import Protocol
from rebal_core.data.split import make_splits
from rebal_core.evaluation import build_report, evaluate
from rebal_core.evaluation.intervals import holm

CLASSES = ("no", "yes")
Y = (np.arange(3_000) < 300).astype(np.int64)
PROTOCOL = Protocol("average_precision", "f1")
SPLITS = make_splits(Y, PROTOCOL)


def honest(strength, seed=1):
    """Probabilities that rank as well as they are told to, and are right on average."""
    rng = np.random.default_rng(seed)
    p = binary_scores(rng, Y, strength, 0.5, np.random.default_rng(0).normal(size=Y.size))
    return p


def overdone(proba, factor=8.0):
    """The same order of rows, far too sure."""
    odds = factor * (np.log(proba[:, 1]) - np.log(proba[:, 0]))
    p = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    return np.column_stack([1 - p, p])


def arm(name, proba, *, untreated=False):
    return arm_cells(name, cells_of(Y, proba, SPLITS), untreated=untreated, repair="none")


def shares():
    return arm_cells(
        "dummy/prior", cells_of(Y, np.tile([0.9, 0.1], (Y.size, 1)), SPLITS), repair="none"
    )


def run_of(*arms):
    return evaluate([shares(), *arms], PROTOCOL, CLASSES, 1)


def codes(evaluation):
    return [a["code"] for a in build_report(evaluation)["alarms"]]


SOUND = (
    arm("threshold/logistic", honest(1.6), untreated=True),
    arm("smote/logistic", honest(1.6, seed=2)),
)


def test_worse_than_the_class_shares_is_no_reference():
    broken = arm("threshold/boosting", overdone(honest(1.8)), untreated=True)
    e = run_of(*SOUND, broken, arm("smote/boosting", overdone(honest(3.0), 2.0)))
    assert e.scores["threshold/boosting"].series("roc_auc").mean > 0.7
    assert codes(e) == ["unsound_reference"]
    message = build_report(e)["alarms"][0]["message"]
    assert "Untreated threshold/boosting is no sound reference: it ranks better" in message
    assert e.verdicts["smote/boosting"].code == "NO_VERDICT"
    assert e.verdicts["smote/boosting"].difference.gain > 0.1  # the number stays
    assert e.verdicts["smote/logistic"].code != "NO_VERDICT"
    # Neither the best untreated arm, nor the run, nor the family of tests rests on it.
    assert e.run.best_untreated == "threshold/logistic"
    assert e.run.code in ("NO_REMEDY_NEEDED", "NOT_SHOWN")
    v = e.verdicts["smote/logistic"]
    assert v.p == holm([v.difference.p])[0]
    assert v.vs_best == v.difference
    assert "boosting" not in e.sentence
    json.dumps(build_report(e), allow_nan=False)


def test_a_remedy_that_halves_the_loss_betrays_its_reference():
    dull = arm("threshold/boosting", honest(1.2), untreated=True)
    sharp = arm("smote/boosting", honest(9.0))
    e = run_of(*SOUND, dull, sharp)
    assert codes(e) == ["unsound_reference"]
    assert (
        "smote/boosting has less than half its log loss" in build_report(e)["alarms"][0]["message"]
    )
    assert e.verdicts["smote/boosting"].code == "NO_VERDICT"
    assert e.run.best_arm == "threshold/logistic"
    # A good remedy does not.
    better = run_of(*SOUND, dull, arm("smote/boosting", honest(2.2)))
    assert codes(better) == []
    assert better.verdicts["smote/boosting"].code == "HELPS"


def test_less_than_half_within_noise_is_no_sign():
    """Few positives: the best of many equal remedies may halve the loss by luck alone."""
    y = (np.arange(200) < 12).astype(np.int64)
    splits = make_splits(y, PROTOCOL)
    rng = np.random.default_rng(0)

    def cells(sure, missed):
        """Nearly right, but a few rows of the class are missed."""
        p = np.where(y == 1, 1 - sure, sure) + rng.uniform(0, 0.2 * sure, y.size)
        p[rng.choice(12, missed, replace=False)] = 0.002
        return cells_of(y, np.column_stack([1 - p, p]), splits)

    run = [
        arm_cells("threshold/boosting", cells(0.01, 4), untreated=True, repair="none"),
        *(arm_cells(f"smote{k}/boosting", cells(0.01, 4), repair="none") for k in range(3)),
        arm_cells("lucky/boosting", cells(0.01, 1), repair="none"),
    ]
    e = evaluate(run, PROTOCOL, CLASSES, 1)
    own, lucky = (
        e.scores[name].series("log_loss").mean for name in ("threshold/boosting", "lucky/boosting")
    )
    assert lucky < min(own / 2, own - 0.05)
    assert codes(e) == []


def test_half_of_next_to_nothing_is_no_sign():
    near = np.column_stack([1 - Y, Y]) * 0.94 + 0.03
    twice = np.column_stack([1 - Y, Y]) * 0.98 + 0.01
    e = run_of(arm("threshold/boosting", near, untreated=True), arm("smote/boosting", twice))
    assert codes(e) == []


def test_without_any_sound_reference_there_is_no_verdict():
    broken = arm("threshold/boosting", overdone(honest(1.8)), untreated=True)
    e = run_of(broken, arm("smote/boosting", honest(1.8)))
    assert (e.run.code, e.run.reason) == ("NO_VERDICT", "unsound_reference")
    assert e.run.best_arm is None
    assert "no untreated model is sound enough to compare with" in e.sentence


def test_noise_gets_its_verdict_and_is_called_so():
    """Overdone probabilities of nothing are a poor model, not a straw man."""
    noise = arm("threshold/boosting", overdone(honest(0.0), 3.0), untreated=True)
    e = run_of(noise, arm("smote/boosting", honest(0.0, seed=3)))
    reference, dummy = (
        e.scores[name].series("log_loss").mean for name in ("threshold/boosting", "dummy/prior")
    )
    assert reference > 2 * dummy
    assert codes(e) == []
    assert e.run.code in ("NO_REMEDY_NEEDED", "NOT_SHOWN")
    assert e.verdicts["smote/boosting"].code != "NO_VERDICT"
    assert "Nothing can be learnt from these columns" in e.sentence
    assert "Nothing can be learnt" not in run_of(*SOUND).sentence


def test_a_large_gain_is_told_with_what_explains_it():
    """Weak logistic regression with a remedy, beside a strong untreated model."""
    e = run_of(
        arm("threshold/logistic", honest(1.0), untreated=True),
        arm("threshold/boosting", honest(3.0), untreated=True),
        arm("smote/logistic", honest(2.4)),
    )
    v = e.verdicts["smote/logistic"]
    assert v.difference.gain > 0.15
    assert "Most of so large a gain comes from “yes” (F1 0." in e.sentence
    assert "Untreated threshold/boosting has 0." in e.sentence
    assert v.beside == "threshold/boosting"
    # It is seen beside that one, and need not beat it to help its own kind.
    assert next(a for a in build_report(e)["arms"] if a["arm"] == "smote/logistic")["rival"] is None
    ahead = run_of(
        arm("threshold/logistic", honest(1.6), untreated=True),
        arm("threshold/boosting", honest(1.0), untreated=True),
        arm("smote/logistic", honest(2.8)),
    )
    assert ahead.run.code == "HELPS"
    assert "No untreated model of another kind is better" in ahead.sentence
    alone = run_of(SOUND[0], arm("smote/logistic", honest(2.8)))
    assert "Compare a second classifier before you trust so large a gain." in alone.sentence
    assert alone.verdicts["smote/logistic"].beside is None
    small = run_of(SOUND[0], arm("smote/logistic", honest(1.9)))
    assert small.verdicts["smote/logistic"].code == "HELPS"
    assert "so large a gain" not in small.sentence


@pytest.mark.parametrize("metric", ["macro_f1", "log_loss"])
def test_of_many_classes_only_the_table_is_spoken_of(metric):
    run, *rest = many_run(
        sizes=(300, 60, 12, 11), metric=metric, rule="macro_f1" if metric == "macro_f1" else "none"
    )
    e = evaluate(run, *rest)
    assert e.run.code == "NOT_SHOWN"
    assert "rows of “" not in e.sentence
    assert "cannot be excluded with these 383 rows." in e.sentence
    needs = [v.rows_needed for v in e.verdicts.values() if v.rows_needed is not None]
    assert all(need > 383 for need in needs)
    one, *rest = binary_run(n=300, positives=20, arms=2)
    assert "rows of “yes” would settle it, " in evaluate(one, *rest).sentence


@pytest.mark.parametrize(
    ("split", "told"),
    [
        (
            {"split": "group", "group": "customer"},
            "have to be of new values of “customer”;",
        ),
        ({"split": "time", "time": "when"}, "The further ones have to be of later times."),
        ({}, "would settle it, "),
    ],
)
def test_what_would_settle_it_has_to_be_new(split, told):
    run, protocol, *rest = binary_run(n=300, positives=20, arms=2, margin=0.05)
    sentence = evaluate(run, replace(protocol, **split), *rest).sentence
    assert "rows of “yes” would settle it, " in sentence
    assert told in sentence
    assert ("The further ones" in sentence) is bool(split)


@pytest.mark.parametrize(
    ("margin", "told"),
    [
        (0.06, ". About 250 rows of “yes” would settle it, 12 times what was looked at."),
        (0.01, " would settle it, 450 times what was looked at: more rows alone are not the way"),
    ],
)
def test_how_many_rows_would_settle_it_is_said_against_how_many_there_are(margin, told):
    run, *rest = binary_run(n=300, positives=20, arms=2, margin=margin)
    e = evaluate(run, *rest)
    assert told in e.sentence
    assert ("not the way" in e.sentence) == (margin == 0.01)
    near, *rest = binary_run(0, n=300, positives=40, arms=1, margin=0.11, better=0.2)
    assert ". About 77 rows of “yes” would settle it." in evaluate(near, *rest).sentence


def test_where_nothing_can_be_learnt_no_rows_would_settle_it():
    noise = arm("threshold/boosting", overdone(honest(0.0), 3.0), untreated=True)
    e = run_of(noise, arm("smote/boosting", honest(0.0, seed=3)))
    learnt = run_of(SOUND[0], arm("smote/logistic", honest(1.6, seed=2)))
    for each, nothing in ((e, True), (learnt, False)):
        assert ("Nothing can be learnt" in each.sentence) is nothing
    assert "settle" not in e.sentence


def test_what_has_not_converged_is_told_and_not_ranked():
    better = replace(arm("rose/logistic", honest(3.0, seed=3)), unfinished=True)
    e = run_of(*SOUND, better)
    assert e.verdicts["rose/logistic"].code == "NO_VERDICT"
    assert e.verdicts["rose/logistic"].difference.gain > 0.1  # the number stays
    assert e.run.best_arm != "rose/logistic"
    assert e.run.code != "HELPS"
    assert "Not ranked: rose/logistic (most fits did not converge" in e.sentence
    assert run_of(*SOUND, replace(better, unfinished=False)).run.code == "HELPS"


def test_a_reference_that_has_not_converged_is_none():
    broken = replace(arm("threshold/mlp", honest(1.0), untreated=True), unfinished=True)
    e = run_of(*SOUND, broken, arm("smote/mlp", honest(3.0, seed=4)))
    assert e.verdicts["smote/mlp"].code == "NO_VERDICT"
    assert "did not converge" in build_report(e)["alarms"][0]["message"]
