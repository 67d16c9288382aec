"""An arm with a rival helps only if it beats its untreated model and its rival."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_runs import arm_cells, binary_scores, cells_of

from app.i18n import catalogue
from rebal_core.arm import Protocol
from rebal_core.data.split import make_splits
from rebal_core.evaluation import build_report, evaluate, render
from rebal_core.evaluation.intervals import Difference
from rebal_core.evaluation.verdict import claim

ARM, RIVAL = "balanced/logistic", "bagging/logistic"


def made(arm=2.5, rival=1.5, *, ran=True, others=0, metric="average_precision", seed=0):
    """An untreated model of strength 1.5, an arm with its rival, and equal remedies beside."""
    rng = np.random.default_rng(seed)
    y = np.zeros(2_000, dtype=np.int64)
    y[rng.choice(y.size, 200, replace=False)] = 1
    protocol = Protocol(metric, "f1")
    splits, shared = make_splits(y, protocol), rng.normal(size=y.size)

    def cells(strength):
        return cells_of(y, binary_scores(rng, y, strength, 0.5, shared), splits)

    arms = [
        arm_cells("threshold/logistic", cells(1.5), untreated=True),
        replace(arm_cells(ARM, cells(arm)), rival=RIVAL),
        arm_cells(RIVAL, cells(rival)) if ran else arm_cells(RIVAL, (), status="failed"),
        *(arm_cells(f"remedy{k}/logistic", cells(1.5)) for k in range(others)),
    ]
    return arms, protocol, ("no", "yes"), 1


def run_of(*args, **more):
    return evaluate(*made(*args, **more))


def told(e, name=ARM):
    return next(a for a in build_report(e)["arms"] if a["arm"] == name)


@pytest.mark.parametrize("metric", ["average_precision", "log_loss"])
def test_an_arm_that_beats_both_helps(metric):
    e = run_of(metric=metric)
    assert (e.run.code, e.run.best_arm) == ("HELPS", ARM)
    arm, sign = told(e), 1 if metric == "average_precision" else -1
    assert arm["verdict"]["code"] == "HELPS"
    assert arm["rival"]["arm"] == RIVAL
    assert sign * arm["rival"]["delta"] > 0
    assert min(sign * arm["rival"]["low"], sign * arm["rival"]["high"]) > 0
    scores = [told(e, name)["metrics"][metric]["mean"] for name in (ARM, RIVAL)]
    assert arm["rival"]["delta"] == pytest.approx(scores[0] - scores[1])
    assert told(e, RIVAL)["rival"] is None
    assert "rival" not in e.sentence


def test_an_arm_that_beats_its_reference_only_does_not_help():
    e = run_of(arm=2.5, rival=2.5)
    v = e.verdicts[ARM]
    assert v.difference.interval(v.level)[0] > v.margin
    assert v.code in ("NO_DIFFERENCE", "CANT_TELL")
    assert v.denied
    assert e.verdicts[RIVAL].code == "HELPS"
    assert (e.run.code, e.run.best_arm) == ("HELPS", RIVAL)
    sentence = f"{ARM} beats its own untreated model (+0."
    assert sentence in e.sentence
    assert f"but was not shown to beat its rival {RIVAL} (" in e.sentence
    chinese = render(e.sentences, lambda text: catalogue("zh").get(text, text))
    assert f"但未能证明优于其对照 {RIVAL}（" in chinese
    arm = told(e)
    assert arm["rival"]["low"] < 0 < arm["rival"]["high"]
    assert arm["verdict"]["low"] > 0


def test_worse_than_its_rival_is_told_as_that():
    e = run_of(arm=2.2, rival=2.8)
    v = e.verdicts[ARM]
    assert (v.code, v.denied) == ("HURTS", True)
    assert v.spoken_of is v.vs_rival
    assert told(e)["rival"]["high"] < 0


def test_an_arm_that_beats_its_rival_only_keeps_its_own_verdict():
    e = run_of(arm=1.5, rival=0.5)
    v = e.verdicts[ARM]
    assert v.vs_rival.interval(v.level)[0] > 0
    assert v.code not in ("HELPS", "HURTS")
    assert not v.denied
    assert v.spoken_of is v.difference
    hurt = run_of(arm=0.3, rival=0.1).verdicts[ARM]
    assert (hurt.code, hurt.denied) == ("HURTS", False)


def test_without_its_rival_nothing_is_claimed():
    e = run_of(ran=False)
    assert e.verdicts[ARM].code == "NO_VERDICT"
    assert e.run.code != "HELPS"
    assert told(e)["rival"] == {"arm": RIVAL, "delta": None, "low": None, "high": None}
    assert f"but its rival {RIVAL} did not run to the end, so nothing is claimed." in e.sentence
    arms, *rest = made()
    absent = evaluate([a for a in arms if a.name != RIVAL], *rest)
    assert absent.verdicts[ARM].code == "NO_VERDICT"
    # What is worse than the untreated model is so without any rival.
    assert run_of(arm=0.3, ran=False).verdicts[ARM].code == "HURTS"


def test_the_claim_is_as_sure_as_the_less_sure_of_both():
    sure, unsure, worse = Difference(0.2, 0.02), Difference(0.02, 0.02), Difference(-0.2, 0.02)
    nothing = Difference(np.nan, np.nan)
    assert claim(sure, None) == sure.p
    assert claim(sure, unsure) == claim(unsure, sure) == unsure.p
    assert claim(worse, unsure) == worse.p
    assert claim(sure, nothing) == sure.p


def test_holm_counts_the_claim_once():
    """An arm that its rival denies costs the others nothing, and gains no level for itself."""
    e = run_of(arm=2.5, rival=2.5, others=3)
    v = e.verdicts[ARM]
    assert v.p >= v.vs_rival.p
    e = run_of(others=3)
    v = e.verdicts[ARM]
    assert v.code == "HELPS"
    assert v.p <= 0.05
    lows = [d.interval(v.level)[0] for d in (v.difference, v.vs_rival)]
    assert min(lows) > 0


@pytest.mark.slow
def test_arms_that_only_equal_their_rivals_are_not_said_to_help():
    helps = sum(run_of(arm=2.5, rival=2.5, seed=s).verdicts[ARM].code == "HELPS" for s in range(60))
    assert helps <= 3


def test_what_is_no_remedy_gets_no_verdict_and_has_to_be_beaten():
    """An average over models is better than one: it is neither judged, nor may others win by it."""
    arms, protocol, classes, positive = made(arm=2.2, rival=2.5)
    arms = [replace(a, remedy=a.name != RIVAL, rival=None) for a in arms]
    e = evaluate(arms, protocol, classes, positive)
    assert set(e.verdicts) == {ARM}
    assert e.run.best_untreated == RIVAL
    assert e.references == {"logistic": "threshold/logistic"}
    assert e.verdicts[ARM].code == "HELPS"
    assert e.verdicts[ARM].vs_best.gain < 0
    assert e.run.code != "HELPS"
    assert [told(e, a.name)["remedy"] for a in arms] == [True, True, False]
    # As a remedy it would have been the winner.
    assert evaluate([replace(a, remedy=True) for a in arms], *made()[1:]).run.best_arm == RIVAL
