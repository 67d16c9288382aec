"""What a run keeps of its evaluation is all that is shown of it."""

import json
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
import pytest
from fake_runs import arm_cells, binary_run, many_run

from rebal_core.evaluation import build_report, evaluate
from rebal_core.evaluation.stored import evaluation_from, evaluation_state, from_state, state_of
from rebal_core.rows import Floats

COPIES = {"code": "copies_across_folds", "share": 0.4, "rare": 0.4, "label": "yes"}
LEAK = {"code": "single_feature", "column": "x", "labels": ["yes"], "auc": 0.99, "weighs": True}


def run_of(make):
    arms, *rest = make(repeats=2, better=0.8) if make is binary_run else make(repeats=2)
    arms += [arm_cells("smote/mlp", (), status="failed")]
    rng = np.random.default_rng(0)
    facts = {"rows": 600, "target": "y", "fingerprint": "ab", "alarms": [COPIES, LEAK],
             "copied": rng.random((2, 700)) < 0.3}  # fmt: skip
    return arms, rest, facts


def again(told, arms, trusted=()):
    state, numbers = evaluation_state(told)
    state = json.loads(json.dumps(state, allow_nan=False))
    bare = {a.name: replace(a, cells=(), status="skipped", reason=None) for a in arms}
    return evaluation_from(state, numbers, told.protocol, bare, trusted)


@pytest.mark.parametrize("make", [binary_run, many_run])
def test_everything_that_is_shown_comes_back_as_it_was(make):
    arms, rest, facts = run_of(make)
    told = evaluate(arms, *rest, facts)
    assert told.second is not None
    back = again(told, arms)
    assert build_report(back) == build_report(told)
    assert (back.sentences, back.alarms, back.second) == (
        told.sentences, told.alarms, told.second)  # fmt: skip
    assert [(a.name, a.status, a.reason) for a in back.arms] == [
        (a.name, a.status, a.reason) for a in told.arms
    ]
    for frame in ("folds", "differences"):
        pd.testing.assert_frame_equal(getattr(back, frame)(), getattr(told, frame)())
    for arm in told.scores:
        for rule in ("default", "tuned"):
            pd.testing.assert_frame_equal(back.per_class(arm, rule), told.per_class(arm, rule))
            pd.testing.assert_frame_equal(back.confusion(arm, rule), told.confusion(arm, rule))
        assert back.decisions[arm].cutoff == told.decisions[arm].cutoff
        assert back.decisions[arm].repairs == told.decisions[arm].repairs


def test_what_is_trusted_is_asked_when_it_is_read():
    arms, rest, facts = run_of(binary_run)
    told = evaluate(arms, *rest, facts)
    assert "provided that “x” is known before the event" in told.sentence
    trusting = again(told, arms, ("x",))
    assert "provided" not in trusting.sentence
    assert trusting.sentence == evaluate(arms, *rest, {**facts, "trusted": ("x",)}).sentence


def test_no_rows_and_no_draws_are_kept():
    arms, rest, facts = run_of(binary_run)
    state, numbers = evaluation_state(evaluate(arms, *rest, facts))
    assert numbers.size < 4_000
    assert len(json.dumps(state)) < 60_000
    assert not {"copied", "units", "trusted"} & set(state["facts"])


@dataclass(frozen=True)
class Inner:
    x: float
    name: str | None = None


@dataclass(frozen=True)
class Outer:
    parts: tuple[Inner, ...]
    pair: tuple[int, str]
    table: Floats
    by_name: dict[str, Inner]
    maybe: Floats | None = None


def test_frozen_values_come_back_whatever_they_hold():
    value = Outer(
        (Inner(float("nan")), Inner(float("-inf"), "é"), Inner(1)), (3, "x"),
        np.array([[1.0, np.nan], [np.inf, -0.0]]), {"a": Inner(0.1)},
    )  # fmt: skip
    state, numbers = state_of(value)
    text = json.dumps(state, allow_nan=False)
    back = from_state(Outer, json.loads(text), numbers)
    assert np.isnan(back.parts[0].x)
    assert (back.parts[1:], back.pair, back.by_name) == (value.parts[1:], value.pair, value.by_name)
    np.testing.assert_array_equal(back.table, value.table)
    assert back.maybe is None


def test_an_older_state_takes_defaults_and_another_kind_is_refused():
    state, numbers = state_of(Inner(2.0, "n"))
    assert from_state(Inner, {"x": 2.0}, numbers) == Inner(2.0)
    for wrong in ({}, {"x": None}, {"x": 1.0, "name": 3}, [], None):
        with pytest.raises((KeyError, TypeError, ValueError)):
            from_state(Inner, wrong, numbers)
    with pytest.raises(TypeError):
        state_of(object())
    assert {f.name for f in fields(Inner)} == set(state)
