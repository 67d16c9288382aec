"""Alarms condition a verdict; copies are judged twice; only a contradiction silences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_runs import arm_cells, binary_run, binary_scores, cells_of, many_run

from rebal_core.data.split import make_splits
from rebal_core.evaluation import evaluate, render
from rebal_core.types import Protocol

LEAK = {"code": "single_feature", "column": "Elevation", "labels": ["yes"], "auc": 0.995}
MIXED = {"code": "mixed_groups", "column": "customer", "share": 0.97}
COPIES = {"code": "copies_across_folds", "share": 0.3, "rare": 0.4, "label": "yes"}


def alarm(**changes):
    return {**LEAK, "weighs": True, **changes}


@pytest.mark.parametrize("make", [binary_run, many_run])
def test_a_leak_conditions_the_verdict_and_changes_no_number(make):
    run, *rest = make()
    plain = evaluate(run, *rest)
    told = evaluate(run, *rest, {"alarms": [alarm()]})
    assert (told.run, told.verdicts) == (plain.run, plain.verdicts)
    first, *others = plain.sentences
    clause = f"{first.render()[:-1]}, provided that “Elevation” is known before the event."
    assert told.sentence == " ".join([clause, *(t.render() for t in others)])
    (shown,) = told.report()["alarms"]
    assert shown["message"].startswith("Column “Elevation” alone tells “yes” from the rest (AUC 0.")
    assert told.alarms[0].open


def test_what_is_trusted_conditions_nothing_and_is_told():
    run, *rest = binary_run()
    e = evaluate(run, *rest, {"alarms": [alarm()], "trusted": ("Elevation", "other")})
    assert "provided" not in e.sentence
    assert "Taken as known before the event: “Elevation”." in e.sentence
    assert "you said that it is known before the event" in e.report()["alarms"][0]["message"]
    assert not e.alarms[0].open


def test_several_conditions_are_one_clause():
    run, *rest = binary_run()
    both = [alarm(), alarm(column="b"), alarm(column="c", weighs=False), MIXED]
    e = evaluate(run, *rest, {"alarms": both})
    assert (
        ", provided that “Elevation”, “b” are known before the event and that new rows come from "
        "the same “customer”. "
    ) in e.sentence + " "
    assert len(e.report()["alarms"]) == 4
    half = evaluate(run, *rest, {"alarms": both, "trusted": ("b",)})
    assert "provided that “Elevation” is known" in half.sentence


def test_a_clause_stands_before_the_chinese_full_stop():
    run, *rest = binary_run()
    e = evaluate(run, *rest, {"alarms": [MIXED]})
    words = {
        e.sentences[0].template: "没有。",
        ", provided that {condition}.": "，前提是{condition}。",
        "new rows come from the same {columns}": "仍来自{columns}",
    }
    assert render(e.sentences[:1], lambda t: words.get(t, t)) == "没有，前提是仍来自“customer”。"


def copied_run(better_on_copies, better_elsewhere, share=0.4, n=3_000, positives=450):
    """A remedy as much better on test rows with a copy, and on the others, as is said."""
    rng = np.random.default_rng(0)
    y = np.zeros(n, dtype=np.int64)
    y[rng.choice(n, positives, replace=False)] = 1
    protocol = Protocol("average_precision", "f1", repeats=2)
    splits = make_splits(y, protocol)
    copied = rng.random((2, n)) < share
    shared = rng.normal(size=n)
    strength = 1.5 + np.where(copied[0], better_on_copies, better_elsewhere)
    copied[1] = copied[0]
    proba = binary_scores(rng, y, 1.5, 0.5, shared)
    helped = binary_scores(rng, y, strength, 0.5, shared)
    if better_elsewhere == 0:  # then not at all: a twin
        helped = np.where(copied[0][:, None] & (better_on_copies > 0), helped, proba)
    run = [
        arm_cells("threshold/logistic", cells_of(y, proba, splits), untreated=True),
        arm_cells("smote/logistic", cells_of(y, helped, splits)),
    ]
    return run, protocol, ("no", "yes"), 1, {"alarms": [COPIES], "copied": copied}


def test_copies_that_change_nothing_stand_beside_the_verdict():
    e = evaluate(*copied_run(0.8, 0.8))
    assert (e.run.code, e.second.outcome) == ("HELPS", "same")
    assert "copy" not in e.sentence
    assert "without a copy say the same: smote/logistic helps (+0." in e.alarms[0].message
    # The second judgement is that of a run on these rows alone.
    run, protocol, classes, positive, facts = copied_run(0.8, 0.8)
    kept = ~facts["copied"][0]
    alone = [
        replace(arm, cells=tuple(replace(c, rows=c.rows[kept[c.rows]], y=c.y[kept[c.rows]],
                                         proba=c.proba[kept[c.rows]]) for c in arm.cells))
        for arm in run
    ]  # fmt: skip
    again = evaluate(alone, protocol, classes, positive)
    assert e.second.again.verdict == again.verdicts["smote/logistic"]
    assert e.second.kept == int(kept.sum()) == int(again.support.sum())


@pytest.mark.parametrize("elsewhere", [0.0, -1.2])
def test_a_remedy_that_helps_on_copies_only_has_no_verdict(elsewhere):
    e = evaluate(*copied_run(4.0, elsewhere))
    assert (e.run.code, e.run.reason, e.second.outcome) == ("NO_VERDICT", "copies", "contrary")
    assert e.verdicts["smote/logistic"].code == "NO_VERDICT"
    assert e.sentence.startswith("No verdict: on all 3,000 test rows smote/logistic helps (+0.")
    assert "without a copy in training smote/logistic" in e.sentence
    assert "provided" not in e.sentence
    assert e.report()["arms"][1]["verdict"]["delta"] > 0


def test_a_smaller_set_that_cannot_tell_is_told_beside_the_verdict():
    e = evaluate(*copied_run(0.4, 0.4, share=0.97))
    assert (e.run.code, e.second.outcome) == ("HELPS", "open")
    assert "without a copy in training smote/logistic cannot be told" in e.sentence


def test_too_few_rows_without_a_copy_are_told():
    e = evaluate(*copied_run(0.8, 0.8, share=0.995))
    assert (e.run.code, e.second.outcome) == ("HELPS", "few")
    assert "have no copy in training, too few to judge a second time." in e.sentence
    assert "too few to judge a second time" in e.alarms[0].message
    none = evaluate(*copied_run(0.8, 0.8, share=1.0))
    assert (none.second.kept, none.second.outcome) == (0, "few")


def test_findings_of_an_earlier_version_are_still_told():
    run, *rest = binary_run()
    old = {"code": "single_feature", "message": "Column “z” leaks.", "blocks": True,
           "template": "Column “{column}” leaks.", "values": {"column": "z"}}  # fmt: skip
    e = evaluate(run, *rest, {"alarms": [old, {"code": "x", "message": "Odd."}]})
    assert [a.message for a in e.alarms] == ["Column “z” leaks.", "Odd."]
    assert e.run.code != "NO_VERDICT"


def test_arms_that_do_not_help_are_named_with_their_numbers():
    run, protocol, classes, positive, facts = copied_run(0.0, 0.0)
    e = evaluate(run, protocol, classes, positive, facts)
    assert (e.run.code, e.second.outcome) == ("NO_REMEDY_NEEDED", "same")
    told = "say the same: no remedy is needed, not even smote/logistic ("
    assert told in e.alarms[0].message
