"""What moving the cut-off does is a sentence where it does something."""

from __future__ import annotations

from dataclasses import replace

from fake_runs import arm_cells, binary_run

from rebal_core.evaluation import evaluate, sentences


def test_cut_off_clause_tells_what_tuning_does():
    run, *rest = binary_run(n=4_000, positives=400, arms=0, repeats=2)
    twin = arm_cells("twin/logistic", run[1].cells)
    e = evaluate([*run, twin], *rest)
    found = e.sentence.split("finds ")[1]
    r1, r0 = int(found.split(" of 100")[0]), int(found.split("instead of ")[1].split(";")[0])
    assert r1 > r0
    assert r1 == round(100 * e.scores["threshold/logistic"].series("recall").mean)
    right = e.per_class("threshold/logistic")["precision"][1]
    assert found.endswith(f"; {100 * right:.0f} of 100 of its alarms are right.")
    plain = evaluate([*run, twin], replace(rest[0], rule="none"), *rest[1:])
    assert plain.sentence == "No remedy beats the untreated model on your data."


def test_a_cut_off_that_finds_hardly_more_is_not_told(monkeypatch):
    run, *rest = binary_run(n=4_000, positives=400, arms=0, repeats=2)
    arms = [*run, arm_cells("twin/logistic", run[1].cells)]
    told = evaluate(arms, *rest)
    found = [
        told.scores["threshold/logistic"].series("recall", r).mean for r in ("default", "tuned")
    ]
    more = round(100 * found[1]) - round(100 * found[0])
    for least, said in ((more, True), (more + 1, False)):
        monkeypatch.setattr(sentences, "FOUND_MORE", least)
        assert ("finds" in evaluate(arms, *rest).sentence) == said
