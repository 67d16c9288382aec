"""How networks stand an attack: told beside the verdicts, over the folds, paired."""

from dataclasses import replace

import numpy as np
import pytest
from fake_runs import binary_run
from scipy import stats

from rebal_core.arm import Attacked
from rebal_core.evaluation import build_report, evaluate
from rebal_core.evaluation.robustness import robustness

ROWS = np.array([12, 12, 12, 12, 12])
#: Of the class in focus, fold by fold: without attack, and under it.
FOUND = {
    "none/logistic": ([9, 10, 8, 9, 10], [4, 6, 3, 5, 4]),
    "threshold/logistic": ([9, 10, 8, 9, 10], [4, 6, 3, 5, 4]),
    "remedy0/logistic": ([9, 9, 9, 8, 9], [8, 8, 6, 7, 9]),
}
#: Of 50 rows of the other class, under attack: the remedy calls too many rows rare.
COMMON = {
    "none/logistic": [40, 40, 41, 39, 40],
    "threshold/logistic": [40, 40, 41, 39, 40],
    "remedy0/logistic": [20, 22, 19, 20, 21],
}


def attacked(arms, found=FOUND, rows=ROWS):
    """The arms, of which some were attacked."""

    def cells(arm):
        clean, under = found[arm.name]
        told = (
            Attacked(0.1, (50 if n else 0, int(n)), (40, c), (right, f))
            for n, c, f, right in zip(rows, clean, under, COMMON[arm.name], strict=True)
        )
        return tuple(replace(c, attacked=t) for c, t in zip(arm.cells, told, strict=True))

    return [replace(a, cells=cells(a)) if a.name in found else a for a in arms]


@pytest.fixture(scope="module")
def told():
    arms, *rest = binary_run()
    return evaluate(attacked(arms), *rest)


def test_the_gain_is_paired_with_the_untreated_model_under_the_same_attack(told):
    one = robustness(told, "remedy0/logistic")
    names = ("remedy0/logistic", "threshold/logistic")
    own, other = (np.array(FOUND[a][1]) / 12 for a in names)
    even, reference = (np.array(FOUND[a][1]) / 24 + np.array(COMMON[a]) / 100 for a in names)
    assert one.clean == pytest.approx(np.mean([9, 9, 9, 8, 9]) / 12)
    assert (one.reach, one.rows) == (0.1, ROWS.sum())
    for mean, got, values in (
        (own.mean(), one.found, own),
        (even.mean(), one.even, even),
        ((even - reference).mean(), one.gain, even - reference),
    ):
        # Five folds of four fifths: each trains on rows of the others (Nadeau and Bengio).
        half = stats.t.ppf(0.975, 4) * np.sqrt((1 / 5 + 1 / 4) * values.var(ddof=1))
        assert got.gain == pytest.approx(mean)
        assert got.interval(0.05) == pytest.approx((mean - half, mean + half))
    # It finds more rare rows, for it calls more rows rare: of both classes alike that is little.
    assert one.gain.gain < 0.3 * (own - other).mean()


def test_what_was_not_attacked_and_what_is_not_judged_is_not_compared(told):
    assert robustness(told, "remedy1/logistic") is None
    assert robustness(told, "threshold/logistic").gain is None
    arms, *rest = binary_run()
    alone = {"remedy0/logistic": FOUND["remedy0/logistic"]}
    one = robustness(evaluate(attacked(arms, alone), *rest), "remedy0/logistic")
    assert one.gain is None
    some = attacked(arms)
    some[2] = replace(some[2], cells=(replace(some[2].cells[0], attacked=None), *some[2].cells[1:]))
    assert robustness(evaluate(some, *rest), "remedy0/logistic") is None


def test_folds_that_agree_tell_no_interval_and_empty_ones_nothing(told):
    arms, *rest = binary_run()
    same = {name: ([12] * 5, [12] * 5) for name in FOUND}
    one = robustness(evaluate(attacked(arms, same), *rest), "remedy0/logistic")
    assert one.found.gain == 1
    assert np.isnan(one.interval).all()
    empty = {name: ([0] * 5, [0] * 5) for name in FOUND}
    none = evaluate(attacked(arms, empty, ROWS * 0), *rest)
    report = build_report(none)["arms"][2]["robustness"]
    assert (report["rows"], report["recall"]["mean"], report["clean"]) == (0, None, None)
    assert report["balanced_accuracy"]["mean"] is None


def test_the_report_has_it_and_no_verdict_goes_by_it(told):
    arms, *rest = binary_run()
    without = build_report(evaluate(arms, *rest))
    report = build_report(told)
    one = report["arms"][2].pop("robustness")
    assert one["class"] == "yes"
    assert one["recall"]["low"] < one["recall"]["mean"] < one["recall"]["high"]
    assert one["vs_reference"]["low"] < one["vs_reference"]["delta"] < one["vs_reference"]["high"]
    for arm in (*report["arms"], *without["arms"]):
        arm.pop("robustness", None)
    assert report == without
