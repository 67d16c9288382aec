"""Few customers, or days, are few however many rows they have."""

from __future__ import annotations

import numpy as np
import pytest
from fake_runs import arm_cells, binary_run, binary_scores, cells_of, many_run
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rebal_core.arm import Protocol
from rebal_core.data.split import make_splits, resampling_units
from rebal_core.data.units import FEWEST_UNITS
from rebal_core.evaluation import evaluate
from rebal_core.evaluation.basis import Basis, basis_of

CLASSES = ("no", "yes")


def customers_run(seed, sizes, *, shared=2.0, others=10, better=0.0, split="group"):
    """One remedy that errs alike on all rows of a customer; ``sizes``: their rows of the class."""
    rng = np.random.default_rng(seed)
    owner = np.concatenate(
        [
            *(np.full(4 * n, c) for c, n in enumerate(sizes)),
            len(sizes) + np.arange(20 * others) % others,
        ]
    )
    y = np.concatenate([*(np.arange(4 * n) < n for n in sizes), np.zeros(20 * others)]).astype(int)
    told = {"groups": owner} if split == "group" else {"times": owner.astype(float)}
    protocol = Protocol("average_precision", "f1", split=split, group="customer", seed=seed)
    splits = make_splits(y, protocol, **told)
    signal, run = rng.normal(size=y.size), []
    for name in ("threshold/x", "smote/x"):
        own = shared * rng.normal(size=len(sizes) + others)[owner] * np.where(y == 1, 1.0, 0.3)
        strength = 1.5 + (better if name == "smote/x" else 0.0)
        cells = cells_of(y, binary_scores(rng, y, strength, 0.3, signal + own), splits)
        run.append(arm_cells(name, cells, untreated=name == "threshold/x", repair="none"))
    return run, protocol, CLASSES, 1, {"units": resampling_units(protocol, **told)}


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12))
def test_units_of_one_size_count_as_they_are_and_others_as_fewer(sizes):
    units = np.repeat(np.arange(len(sizes)), sizes)
    y = np.ones(units.size, dtype=np.int64)
    splits = [type("S", (), {"repeat": 0, "fold": 0, "test": np.arange(y.size), "train": y[:0]})]
    p = np.full((y.size, 2), 0.5)
    run = [arm_cells("none/x", cells_of(y, p, splits, prior=np.array([0.5, 0.5])))]
    counted = basis_of(run, 1, 2, units).units[1]
    assert 1 <= counted <= len(sizes) * (1 + 1e-12)
    assert (counted > len(sizes) * (1 - 1e-12)) == (len(set(sizes)) == 1)
    assert basis_of(run, 1, 2, None).units[1] == np.inf


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ([100, 100], "count as only 2 “customer”, at least 5 are needed"),
        ([60] * 4, "count as only 4 “customer”, at least 5 are needed"),
        (
            [400] + [10] * 10,
            "are of 11 “customer”, but one of them holds 80.0% of the rows, and at least 5 of like",
        ),
        (
            [200] * 2 + [10] * 10,
            "are of 12 “customer”, but 2 of them hold 80.0% of the rows, and at least 5 of like",
        ),
    ],
)
def test_of_few_customers_nothing_is_claimed(sizes, told):
    run, protocol, *rest = customers_run(0, sizes, shared=1.0, better=1.5)
    e = evaluate(run, protocol, *rest)
    assert e.verdicts["smote/x"].difference.gain > 0.1
    assert (e.run.code, e.run.reason) == ("NO_VERDICT", "few_units")
    assert e.verdicts["smote/x"].code == "NO_VERDICT"
    assert f"the rows of “yes” {told}" in e.sentence
    # Drawn row by row the same predictions would have a verdict.
    assert evaluate(run, protocol, *rest[:2]).run.code == "HELPS"


def test_nor_of_few_spans_of_time():
    """A class that comes in bursts: two days of fraud are two observations."""
    run, protocol, classes, positive, facts = customers_run(0, [30] * 9, split="time", better=4.0)
    day = np.arange(facts["units"].size)
    fraud = np.concatenate([c.rows[c.y == 1] for c in run[0].cells])
    day[fraud] = -1 - np.arange(fraud.size) % 2
    days = np.unique(day, return_inverse=True)[1]
    e = evaluate(run, protocol, classes, positive, {"units": days})
    assert e.run.reason == "few_units"
    assert "the rows of “yes” count as only 2 spans of time, at least 5" in e.sentence


def test_the_common_class_may_be_of_few_customers_too():
    run, protocol, classes, positive, facts = customers_run(0, [12] * 8, others=1)
    e = evaluate(run, protocol, classes, positive, facts)
    assert e.basis.judged.all()
    units = np.where(np.isin(facts["units"], facts["units"][:12]), 0, facts["units"])
    y = np.concatenate([c.y for c in run[0].cells])
    rows = np.concatenate([c.rows for c in run[0].cells])
    units[rows[y == 0]] %= 2
    few = evaluate(run, protocol, classes, positive, {"units": units})
    assert few.run.reason == "few_units"
    assert "the rows of “no” count as only" in few.sentence


def test_the_error_has_the_degrees_of_freedom_of_its_units():
    run, protocol, *rest = customers_run(0, [30] * 8, others=30)
    v = evaluate(run, protocol, *rest).verdicts["smote/x"]
    assert v.difference.df == v.vs_best.df == pytest.approx(7.0)
    low, high = v.difference.interval(0.05)
    assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.975, 7) * v.difference.se)
    run, protocol, *rest = binary_run()
    assert evaluate(run, protocol, *rest).verdicts["remedy0/logistic"].difference.df == np.inf


def test_of_many_classes_those_of_few_customers_are_named():
    run, protocol, classes, positive = many_run(sizes=(300, 90, 60), split="stratified")
    protocol = Protocol("macro_f1", "macro_f1", split="group", group="customer")
    y = np.zeros(450, dtype=np.int64)
    for cell in run[0].cells:
        y[cell.rows] = cell.y
    units = np.arange(450) % 40
    units[y == 2] = 40 + np.arange(60) % 3
    e = evaluate(run, protocol, classes, positive, {"units": units})
    assert (e.focus, e.run.code == "NO_VERDICT") == (1, False)
    told = "Could not be judged: c2 (in effect fewer than 5 “customer”)."
    assert told in e.sentence
    only = np.where(y == 0, units, 50 + y)
    none = evaluate(run, protocol, classes, positive, {"units": only})
    assert none.run.reason == "few_units"


def test_focus_and_reason():
    inf = np.full(4, np.inf)
    assert Basis(np.array([500.0, 60.0, 12.0, 3.0]), inf, 3).focus == 2
    assert Basis(np.array([500.0, 6.0, 2.0, 3.0]), inf, 3).reason == "few_rows"
    assert Basis(np.array([500.0, 60.0]), inf[:2], 0).focus == 0
    assert Basis(np.array([500.0, 60.0]), np.array([FEWEST_UNITS, 90.0]), 0).reason is None
    assert Basis(np.zeros(2), np.zeros(2), 1).df == 1.0


@pytest.mark.slow
@pytest.mark.parametrize(
    "sizes", [[30] * 5, [30] * 6, [30] * 8, [60] * 3 + [20] * 6, [10] * 12], ids=str
)
def test_equal_arms_on_few_customers_raise_no_alarm(sizes):
    """The truth is 0, so this is the coverage of the interval too."""
    found = []
    for seed in range(120):
        v = evaluate(*customers_run(seed, sizes, shared=3.0)).verdicts["smote/x"]
        low, high = v.difference.interval(0.05)
        found.append(not low <= 0 <= high)
    assert np.mean(found) <= 0.05
