"""Rows of another mix: probabilities move to it, and so does a cut-off that depends on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_engine import run_inline
from scipy.special import expit

from rebal_core.decisions import (
    Policy,
    Repair,
    Tallies,
    correct_prior,
    moved,
    parse_rule,
    tune_binary,
)
from rebal_core.decisions.rules import tune_tallies
from rebal_core.export.bundle import load_bundle
from rebal_core.export.predict import _moved_decisions, predict_table
from rebal_core.export.run import export_run
from rebal_core.metrics import count, decision_scores

RULES = ("f1", "macro_f1", "balanced_accuracy", "g_mean", "mcc", "recall>=0.7", "top_k:20")


def drawn(seed, share, rows=60_000, distance=1.5):
    """Truth, and the exact probability of it, in a mix with so many of the class."""
    rng = np.random.default_rng(seed)
    truth = rng.random(rows) < share
    x = rng.normal(size=rows) + distance * truth
    return truth, expit(distance * x - distance**2 / 2 + np.log(share / (1 - share)))


def rules_of(truth, p, rule):
    cutoff = tune_binary(truth, p, parse_rule(rule), truth.mean()).value
    return Policy(1, Repair(), cutoff, rule, Tallies.of(truth, p).thinned())


def shares(share):
    return np.array([1 - share, share])


@pytest.mark.parametrize("rule", ["f1", "balanced_accuracy", "mcc"])
@pytest.mark.parametrize(("before", "after"), [(0.02, 0.2), (0.05, 0.5), (0.2, 0.01)])
def test_in_another_mix_the_cut_off_is_as_good_as_one_tuned_there(rule, before, after):
    rules = rules_of(*drawn(0, before), rule)
    truth, p = drawn(1, after)

    def score(cutoff):
        counts = count(truth.astype(int), (p >= cutoff).astype(int), 2)
        return float(decision_scores(counts, 1)[rule])

    there = tune_binary(truth, p, parse_rule(rule), after).value
    chosen = rules.cutoff_at(shares(before), shares(after))
    assert score(chosen) > score(there) - 0.015
    # Kept as it was, or picking the rows that it picked, it can be far worse.
    assert score(rules.cutoff) < score(chosen) + 0.005


def test_a_kept_cut_off_would_pick_most_rows():
    truth, p = drawn(0, 0.02, distance=1.0)
    rules = rules_of(truth, p, "f1")
    _, there = drawn(1, 0.2, distance=1.0)
    assert (there >= rules.cutoff).mean() > 0.7
    assert (there >= rules.cutoff_at(shares(0.02), shares(0.2))).mean() < 0.5


@pytest.mark.parametrize("rule", ["recall>=0.7", "balanced_accuracy", "g_mean"])
def test_what_does_not_depend_on_the_mix_picks_the_same_rows(rule):
    truth, p = drawn(0, 0.1, rows=5_000)
    cutoff = tune_binary(truth, p, parse_rule(rule), 0.1).value
    rules = Policy(1, Repair(), cutoff, rule, Tallies.of(truth, p))
    here, there = shares(truth.mean()), shares(0.4)
    proba = correct_prior(np.column_stack([1 - p, p]), here, there)[:, 1]
    assert ((proba >= rules.cutoff_at(here, there)) == (p >= cutoff)).all()


@given(st.sampled_from(RULES), st.integers(0, 1_000), st.floats(0.01, 0.99), st.integers(20, 400))
def test_at_the_share_of_its_own_rows_a_rule_chooses_as_it_did(rule, seed, share, rows):
    truth, p = drawn(seed, share, rows)
    if 0 < truth.sum() < rows:
        again = tune_tallies(Tallies.of(truth, p), parse_rule(rule))
        direct = tune_binary(truth, p, parse_rule(rule), share)
        assert (again is not None) == direct.sure
        if again is not None:
            assert again == direct
            weighed = tune_tallies(Tallies.of(truth, p), parse_rule(rule), truth.mean())
            assert weighed.low <= direct.value <= weighed.high


@given(st.integers(0, 1_000), st.floats(0.001, 0.999), st.floats(0.001, 0.999), st.integers(0, 1))
def test_a_moved_cut_off_picks_the_rows_that_it_picked(seed, before, after, positive):
    p = np.random.default_rng(seed).random(200)
    pair, here, there = np.empty((200, 2)), shares(before), shares(after)
    pair[:, positive], pair[:, 1 - positive] = p, 1 - p
    later = correct_prior(pair, here, there)[:, positive]
    cutoff = float((np.sort(p)[80] + np.sort(p)[81]) / 2)
    at = moved(cutoff, here, there, positive)
    assert ((later >= at) == (p >= cutoff)).all()


def test_one_half_and_many_classes_and_no_mix_at_all_stay():
    truth, p = drawn(0, 0.1, rows=2_000)
    rules = rules_of(truth, p, "f1")
    assert replace(rules, rule="none", cutoff=0.5).cutoff_at(shares(0.1), shares(0.4)) == 0.5
    assert rules.cutoff_at(shares(0.1), shares(0.1)) == rules.cutoff
    for nobody in (0.0, 1.0):
        assert rules.cutoff_at(shares(0.1), shares(nobody)) == rules.cutoff
    many = Policy(1, Repair(), 0.7, "macro_f1")
    assert many.cutoff_at(np.array([0.8, 0.1, 0.1]), np.array([0.4, 0.3, 0.3])) == 0.7


def test_few_cut_offs_leave_the_house_dense_where_rare_rows_are_decided():
    tallies = Tallies.of(*drawn(0, 0.02))
    few = tallies.thinned()
    assert few.cutoffs.size <= 300 < tallies.cutoffs.size
    assert (few.picked < 0.05 * few.rows).sum() > 50
    assert {*few.cutoffs} <= {*tallies.cutoffs}
    assert Tallies.from_dict(few.to_dict()).to_dict() == few.to_dict()


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A table with few of the class, a model of it, and rows to score."""
    folder = tmp_path_factory.mktemp("mix")
    rng = np.random.default_rng(4)
    rare = rng.random(1_500) < 0.04
    frame = pd.DataFrame({"x": rng.normal(size=1_500) + rare, "y": np.where(rare, "yes", "no")})
    store, run = run_inline(
        folder / "home", frame, target="y", strategies="smote", classifiers="logistic", folds=3
    )
    export_run(store, run, folder / "out", arm="threshold/logistic", refit=True)
    frame.drop(columns="y").to_csv(folder / "new.csv", index=False)
    return folder


@pytest.mark.parametrize("name", ["model.rebal", "model_refit.rebal"])
def test_scoring_says_where_the_cut_off_is_and_how_many_rows_it_picks(exported, name):
    bundle = load_bundle(exported / "out" / name)
    assert not predict_table(bundle, exported / "new.csv").notes
    scored = predict_table(bundle, exported / "new.csv", {"yes": 0.2})
    (told,) = scored.notes
    table = scored.table.to_pandas()
    picked = (table["prediction"] == "yes").sum()
    assert 0 < picked < 750
    assert f"picks {picked:,} of 1,500 rows;" in told
    at = bundle.policy.cutoff_at(bundle.fitted.prior_train, shares(0.2))
    assert at > 1.5 * bundle.policy.cutoff
    assert ((table["p_yes"] >= at) == (table["prediction"] == "yes")).all()
    assert "“yes” at 20.0% (in training 4." in told
    assert "the cut-off for “f1” is 0." in told


def test_so_does_scoring_with_a_file_of_before_rules_were_kept(exported):
    bundle = load_bundle(exported / "out" / "model.rebal")
    old = replace(bundle, policy=replace(bundle.policy, rule=None, tallies=None))
    as_trained = predict_table(old, exported / "new.csv").table["prediction"]
    scored = predict_table(old, exported / "new.csv", {"yes": 0.2})
    assert scored.table["prediction"] == as_trained
    assert "picks the same rows as before" in scored.notes[0]
    half = replace(bundle, policy=replace(bundle.policy, rule="none", cutoff=0.5, tallies=None))
    assert (
        "the cut-off stays 0.50" in predict_table(half, exported / "new.csv", {"yes": 0.2}).notes[0]
    )


@pytest.mark.parametrize(("share", "only"), [(0.0, "no"), (1.0, "yes")])
@pytest.mark.parametrize("rule", ["f1", "none", None])
def test_shares_that_leave_one_class_are_told_as_such(exported, share, only, rule):
    bundle = load_bundle(exported / "out" / "model.rebal")
    bundle = replace(bundle, policy=replace(bundle.policy, rule=rule))
    scored = predict_table(bundle, exported / "new.csv", {"yes": share})
    assert set(scored.table["prediction"].to_pylist()) == {only}
    assert scored.notes == (
        f"These shares leave one class only: every row is “{only}”, whatever it holds.",
    )


@pytest.mark.parametrize(
    ("changed", "told"),
    [(0, "every row gets the same answer"), (1, "one of 9 rows gets"), (2, "2 of 9 rows get ")],
)
def test_moved_decisions_are_counted_in_words_that_fit(changed, told):
    assert told in _moved_decisions(changed, 9).render()
