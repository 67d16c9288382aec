"""Alarms condition a verdict; copies are judged twice; only a contradiction silences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_runs import arm_cells, binary_run, binary_scores, cells_of, many_run

from rebal_core.arm import Protocol
from rebal_core.data.split import make_splits
from rebal_core.evaluation import build_report, evaluate, render

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
    (shown,) = build_report(told)["alarms"]
    assert shown["message"].startswith("Column “Elevation” alone tells “yes” from the rest (AUC 0.")
    assert told.alarms[0].open


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        (0, "> 0 for 432 of 463 “yes” and 0 of 5,537 others"),
        (1, "missing for 432 of 463 “yes” and 0 of 5,537 others"),
        (2, "filled for 432 of 463 “yes” and 0 of 5,537 others"),
    ],
)
def test_a_leak_of_one_range_is_told_by_its_rows(kind, how):
    numbers = {"sign": ">", "value": "0", "own": 432, "size": 463, "others": 0, "rest": 5_537}
    run, *rest = binary_run()
    found = alarm(range={"label": "yes", "kind": kind, **numbers})
    e = evaluate(run, *rest, {"alarms": [found]})
    assert ", provided that “Elevation” is known before the event." in e.sentence
    assert e.alarms[0].message.startswith(
        f"Column “Elevation” alone tells “yes” from the rest ({how}): the numbers hold only if"
    )


def test_what_is_trusted_conditions_nothing_and_is_told():
    run, *rest = binary_run()
    e = evaluate(run, *rest, {"alarms": [alarm()], "trusted": ("Elevation", "other")})
    assert "provided" not in e.sentence
    assert "Taken as known before the event: “Elevation”." in e.sentence
    assert "you said that it is known before the event" in build_report(e)["alarms"][0]["message"]
    assert not e.alarms[0].open


def test_several_conditions_are_one_clause():
    run, *rest = binary_run()
    both = [alarm(), alarm(column="b"), alarm(column="c", weighs=False), MIXED]
    e = evaluate(run, *rest, {"alarms": both})
    assert (
        ", provided that “Elevation”, “b” are known before the event and that new rows come from "
        "the same “customer”. "
    ) in e.sentence + " "
    assert len(build_report(e)["alarms"]) == 4
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
    assert build_report(e)["arms"][1]["verdict"]["delta"] > 0
    last = e.alarms[0].texts[-1].changed(lambda _gap, value: f"<{value}>")
    assert last.render() == (
        "One set of rows says that these help, the other not: <smote/logistic>."
    )


def test_a_smaller_set_that_cannot_tell_is_told_beside_the_verdict():
    e = evaluate(*copied_run(0.4, 0.4, share=0.97))
    assert (e.run.code, e.second.outcome) == ("HELPS", "open")
    assert "without a copy in training smote/logistic cannot be told" in e.sentence


def test_too_few_rows_without_a_copy_are_told():
    e = evaluate(*copied_run(0.8, 0.8, share=0.995))
    assert (e.run.code, e.second.outcome) == ("HELPS", "few")
    assert (
        "Only 4 of the 450 test rows of “yes” have no copy in training, too few to judge a second "
        "time: the copies decide this verdict."
    ) in e.sentence
    assert "Without them 4 rows of “yes” are left, too few to judge" in e.alarms[0].message


@pytest.mark.parametrize("common_too", [True, False])
def test_a_remedy_that_helps_on_taught_rows_alone_has_no_verdict(common_too):
    run, protocol, classes, positive, facts = copied_run(0.8, 0.8, share=1.0)
    if not common_too:  # only the rows of the class under claim have copies
        y = np.zeros(3_000, dtype=bool)
        for cell in run[0].cells:
            y[cell.rows[cell.y == 1]] = True
        facts["copied"] = facts["copied"] & y
    e = evaluate(run, protocol, classes, positive, facts)
    assert (e.second.rare, e.second.outcome) == (0, "few")
    assert (e.second.kept == 0) == common_too
    assert (e.run.code, e.run.reason) == ("NO_VERDICT", "copies")
    assert e.run.best_arm == "threshold/logistic"
    assert e.verdicts["smote/logistic"].code == "NO_VERDICT"
    assert e.sentence.startswith(
        "No verdict: all 450 test rows of “yes” have a copy in training, so that smote/logistic "
        "helps (+0."
    )
    assert build_report(e)["arms"][1]["verdict"]["delta"] > 0


def _of_three(cell):
    """A cell as of one class more, which no row has."""
    empty = {"proba": ((0, 0), (0, 1)), "prior_train": (0, 1), "prior_fit": (0, 1)}
    return replace(cell, **{name: np.pad(getattr(cell, name), by) for name, by in empty.items()})


@pytest.mark.parametrize(("left", "told"), [(0, "All 20 test"), (9, "Only 9 of the 20 test")])
@pytest.mark.parametrize("make", [binary_run, many_run])
def test_from_taught_rows_nobody_knows_how_many_would_settle_it(make, left, told):
    sizes = {"n": 300, "positives": 20} if make is binary_run else {"sizes": (280, 20)}
    run, protocol, classes, positive = make(arms=2, **sizes)
    if make is many_run:
        classes = (*classes, "none")
        run = [replace(arm, cells=tuple(map(_of_three, arm.cells))) for arm in run]
    plain = evaluate(run, protocol, classes, positive)
    copied = np.ones((1, 300), dtype=bool)
    for label, kept in ((0, 30), (1, left)):
        rows = np.concatenate([c.rows[c.y == label] for c in run[0].cells])
        copied[0, rows[:kept]] = False
    e = evaluate(run, protocol, classes, positive, {"alarms": [COPIES], "copied": copied})
    assert (e.run.code, e.second.outcome) == ("NOT_SHOWN", "few")
    assert any(v.rows_needed for v in plain.verdicts.values())
    assert "would settle it" in plain.sentence
    assert not any(v.rows_needed for v in e.verdicts.values())
    assert "would settle it" not in e.sentence
    assert told in e.sentence
    assert "the copies decide this verdict" in e.sentence


def test_of_many_classes_those_that_are_left_are_judged_again():
    """That the rarest class has copies only says nothing about the others."""
    run, protocol, classes, positive = many_run(sizes=(300, 60, 12))
    copied = np.zeros((1, 372), dtype=bool)
    for cell in run[0].cells:
        copied[0, cell.rows[cell.y == 2]] = True
    e = evaluate(run, protocol, classes, positive, {"alarms": [COPIES], "copied": copied})
    assert (e.second.label, e.second.rare, e.second.kept) == ("c1", 60, 360)
    assert e.second.again is not None


def test_what_sways_no_verdict_is_no_condition_of_it():
    run, *rest = many_run()
    e = evaluate(run, *rest, {"alarms": [alarm(weighs=False)]})
    assert "provided" not in e.sentence
    message = e.alarms[0].message
    assert "the numbers hold only if" not in message
    assert "too few of the classes to sway the verdict, but the numbers of “yes” mean" in message
    weighs = evaluate(run, *rest, {"alarms": [alarm()]})
    assert "the numbers hold only if it is known before the event" in weighs.alarms[0].message


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
