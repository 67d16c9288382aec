"""A strategy that is set so that it changes nothing says so: the untreated model is no remedy."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.model import FitJob, FitNote, Held, TrainingPlan
from rebal_core.params import Choice, Number, Param, Switch
from rebal_core.rows import Floats, Layout, TypedRows
from rebal_core.step import AS_USUAL, Training
from rebal_core.strategies import STRATEGIES, TableFacts

#: Their rival is training as usual for as long; what they are beside it is told in tests of theirs.
REFERENCES = ("from_scratch", "transfer")
TRAINED = [s for s in STRATEGIES if s.training is not None]
FACTS = TableFacts(
    rows=400, counts=(300, 100), numbers=3, categories=1, texts=0, embeddings=0, unlabelled=50
)


def rows_of(n: int, seed: int) -> TypedRows:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)).astype(np.float32)
    codes = rng.integers(-1, 3, size=(n, 1)).astype(np.int32)
    y = (x[:, 0] + rng.normal(size=n) > 1).astype(np.int64)
    return TypedRows(x, codes, y, Layout(("a", "b", "c"), ("d",), (3,), players=("a", "b", "c")))


ROWS, HELD, FREE = rows_of(100, 0), rows_of(40, 1), rows_of(40, 2)


def taught(plan: TrainingPlan) -> Floats:
    model = CLASSIFIERS["mlp"].build({"epochs": 4, "hidden": 16, "depth": 1}, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", FitNote)
        held = Held(HELD, np.ones(len(HELD)))
        model.fit(FitJob(ROWS, None, 2, held, plan, unlabelled=FREE))
    return np.asarray(model.predict_proba(ROWS))


@cache
def as_usual() -> Floats:
    return taught(TrainingPlan())


def ends(param: Param) -> list[Any]:
    if isinstance(param, Number):
        return [param.low, param.high]
    if isinstance(param, Choice):
        return [option for option, _words in param.options]
    return [False, True] if isinstance(param, Switch) else []


def settings(step: Training) -> Iterator[Mapping[str, Any]]:
    """Each parameter at each of its ends, the others as usual; then all numbers at one end."""
    yield {}
    for param in step.parameters:
        yield from ({param.name: end} for end in ends(param) if end != param.default)
    numbers = [p for p in step.parameters if isinstance(p, Number)]
    yield {p.name: p.low for p in numbers}


@pytest.mark.parametrize(
    "strategy", [s for s in TRAINED if s.name not in REFERENCES], ids=lambda s: s.name
)
def test_it_is_idle_where_it_teaches_as_usual_and_nowhere_else(strategy) -> None:
    shares = np.bincount(ROWS.y) / len(ROWS)
    for values in settings(strategy.training):
        changed = strategy.with_params(values)
        found = taught(changed.training.plan(shares))
        idle = changed.training.idle() is not None
        assert idle == np.allclose(found, as_usual(), atol=1e-5), values


def test_what_is_idle_is_left_out_with_that_reason() -> None:
    strategy = STRATEGIES["focal"]
    assert strategy.with_params({"gamma": 0}).unsuitable(FACTS, "mlp") is AS_USUAL
    assert strategy.with_params({"gamma": 0}).unsuitable(FACTS, "lightgbm") is AS_USUAL
    assert strategy.unsuitable(FACTS, "mlp") is None
