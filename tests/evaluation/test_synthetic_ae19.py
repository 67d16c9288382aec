"""Five generators of the rarer class, and what each is found out by (AE-19)."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_worlds import ae19

from rebal_core.evaluation.synthetic.told import sentence
from rebal_core.evaluation.synthetic.verdict import judge

PRIVACY = {"copies", "nearness", "membership"}


@pytest.fixture(scope="module")
def verdicts():
    train, held, made = ae19()
    judged = {name: judge(train, rows, held, ("多", "少")) for name, rows in made.items()}
    return {name: judgement.classes[0] for name, judgement in judged.items()}


def test_only_the_copier_copies(verdicts):
    copies = {name: v.nearness.copies.made.value for name, v in verdicts.items()}
    assert copies == {"copier": 1, "smote": 0, "marginals": 0, "wrong": 0, "oracle": 0}


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("copier", 0, 0),
        ("smote", 0.02, 0.1),
        ("marginals", 0.9, 1.3),
        ("wrong", 1.5, 2.5),
        ("oracle", 0.9, 1.15),
    ],
)
def test_distances_against_those_of_real_rows(verdicts, name, low, high):
    near = verdicts[name].nearness
    assert low <= near.made / near.held <= high


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("copier", 1, 1),
        ("smote", 0.98, 1),
        ("marginals", 0.45, 0.58),
        ("wrong", 0.42, 0.58),
        ("oracle", 0.45, 0.58),
    ],
)
def test_membership(verdicts, name, low, high):
    assert low <= verdicts[name].nearness.membership.value <= high


@pytest.mark.parametrize(
    ("name", "failed"),
    [
        ("copier", ("copies", "nearness", "membership")),
        ("smote", ("nearness", "membership")),
        ("marginals", ("pairs",)),
        ("oracle", ()),
    ],
)
def test_each_generator_fails_what_it_should(verdicts, name, failed):
    assert verdicts[name].failed == failed


def test_the_wrong_class_teaches_nothing(verdicts):
    verdict = verdicts["wrong"]
    assert {"utility", "majority"} <= set(verdict.failed)
    assert not PRIVACY & set(verdict.failed)
    assert verdict.quality.utility.ratio < 0.25
    assert verdict.quality.utility.code == "HURTS"
    assert verdict.majority.fitted_on == "held"
    assert verdict.majority.shares.made.value > 0.8


def test_the_pair_that_the_marginals_lost_is_named(verdicts):
    worst = verdicts["marginals"].quality.pairs[0]
    assert worst.columns == ("x4", "x5")
    assert worst.score == pytest.approx(0.6, abs=0.05)
    assert "“x4” and “x5” do not go together" in str(sentence(verdicts["marginals"]))


def test_no_failure_is_no_praise(verdicts):
    told = str(sentence(verdicts["oracle"]))
    assert told == (
        "No failure was found in the 1,800 rows made for “少”; that is no proof that they give "
        "nothing away."
    )


def test_fresh_rows_seldom_fail():
    """Gates that compare with real rows let those pass, whichever these are."""
    from rebal_core.evaluation.synthetic.columns import columns_of
    from rebal_core.evaluation.synthetic.nearness import nearness
    from rebal_core.evaluation.synthetic.ranges import TOLERATED, ranges
    from rebal_core.evaluation.synthetic.shapes import column_shapes, pair_trends

    alarms = 0
    for seed in range(20):
        train, held, made = ae19(seed, real=100, others=100, size=300)
        own, kept = (part.take(np.flatnonzero(part.y == 1)) for part in (train, held))
        found = nearness(own, made["oracle"], kept, seed)
        real, new = columns_of(own), columns_of(made["oracle"])
        shapes = (*column_shapes(real, new), *pair_trends(real, new))
        alarms += (
            found.copied
            or found.too_near
            or found.recognised
            or any(shape.failed for shape in shapes)
            or ranges(columns_of(train), new, columns_of(kept)).outside.beyond(TOLERATED)
        )
    assert alarms <= 2
