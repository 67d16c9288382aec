"""What a change of rows costs is said before it starts."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace

import numpy as np
import pytest

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.classifiers.net import NETWORKS
from rebal_core.experiment.estimate import changed, fit_seconds
from rebal_core.facts import TableFacts
from rebal_core.rows import Layout, TypedRows
from rebal_core.strategies import STRATEGIES, fit_arm

TAUGHT = sorted(s.name for s in STRATEGIES if s.training is not None)
LONGER = ("adversarial_training", "class_attention", "consistency", "noisy_student")
SHORTER = ("decoupled", "from_scratch", "transfer")
TABLE = TableFacts(10_000, (9_000, 1_000), 8, 5, 0, 0, unlabelled=5_000)


def test_a_sampler_says_its_time_and_memory_before_it_starts() -> None:
    """What is compared in cells takes less than what is compared with all, and is told."""
    part = TableFacts(150_000, (140_000, 10_000), 20, 0, 0, 0)
    more = part.of_counts((900_000, 100_000))
    for name in ("enn", "tomek", "adasyn", "smote_enn"):
        few, many = changed(STRATEGIES[name], part), changed(STRATEGIES[name], more)
        assert many.approximate
        assert few.approximate == (name == "smote_enn"), "280,000 rows after SMOTE"
        assert few.seconds < many.seconds < 10 * few.seconds
        assert many.memory_bytes > 6 * few.memory_bytes > 6 * part.rows * part.width * 4
    assert not changed(STRATEGIES["smote"], more).approximate, "only the rare class is searched"
    assert not changed(STRATEGIES["enn"], replace(more, numbers=5)).approximate, "by a tree"
    assert changed(STRATEGIES["random_over"], more).memory_bytes > more.rows * more.width * 4


@pytest.mark.parametrize("strategy", TAUGHT)
def test_a_fit_takes_as_many_times_the_usual_one_as_its_training_says(
    strategy, monkeypatch
) -> None:
    """Whatever changes how a network learns says what that costs in one place."""
    plain = fit_seconds(Arm("none", "mlp"), TABLE, 0.8)
    arm, step = Arm(strategy, "mlp"), type(STRATEGIES[strategy].training)
    taken = fit_seconds(arm, TABLE, 0.8) / plain
    if strategy in LONGER:
        assert 1.3 < taken < 5
    elif strategy in SHORTER:
        assert 0.3 < taken < 0.9
    else:
        assert taken == 1
    monkeypatch.setattr(step, "passes", lambda _self, _facts: 2.0)
    assert fit_seconds(arm, TABLE, 0.8) == pytest.approx(2 * plain, rel=0.01)


@pytest.mark.parametrize(
    ("strategy", "idle"),
    [
        ("adversarial_training", {"epsilon": 0.0}),
        ("adversarial_training", {"clean": 1.0}),
        ("consistency", {"weight": 0.0}),
        ("noisy_student", {"part": 0.0}),
    ],
)
def test_what_does_nothing_costs_nothing(strategy, idle) -> None:
    params = tuple(idle.items())
    plain = fit_seconds(Arm("none", "mlp"), TABLE, 0.8)
    assert fit_seconds(Arm(strategy, "mlp", params=params), TABLE, 0.8) == plain


@pytest.mark.parametrize("network", sorted(set(NETWORKS) - {"torch_logistic"}))
def test_a_larger_network_is_told_to_take_longer(network) -> None:
    """The usual shape takes what was measured of it, and twice the members nearly twice that."""
    spec = CLASSIFIERS[network]
    assert NETWORKS[network].size(spec.params) == pytest.approx(1)
    usual = spec.seconds(TABLE, spec.params)
    for name in {"members", "hidden", "depth", "size"} & set(spec.params):
        twice = spec.seconds(TABLE, {**spec.params, name: 2 * spec.params[name]})
        assert 1.2 * usual < twice < 2.1 * usual, name


def drawn(n: int, seed: int) -> TypedRows:
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(n, 8)).astype(np.float32)
    codes = rng.integers(0, 8, size=(n, 5)).astype(np.int32)
    y = (numbers[:, 0] + 0.5 * rng.normal(size=n) > 1.4).astype(np.int64)
    names = tuple("abcdefgh")
    return TypedRows(numbers, codes, y, Layout(names, tuple("klmno"), (8,) * 5, players=names))


def taken(strategy: str) -> float:
    """Return the processor seconds of a fit, all epochs taken."""
    arm = Arm(strategy, "mlp", settings=(("epochs", 5), ("patience", 1_000)))
    free = replace(drawn(4_000, 1), y=np.full(4_000, -1))
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged
        fit_arm(
            arm, drawn(8_000, 0), None, seed=0, n_classes=2, recipe=None,
            unlabelled=free if strategy in ("consistency", "noisy_student") else None,
        )  # fmt: skip
    return time.process_time() - began


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_what_each_training_says_is_about_what_it_takes() -> None:
    facts = TableFacts(8_000, (7_000, 1_000), 8, 5, 0, 0, unlabelled=4_000)
    taken("none")
    plain = taken("none")
    told = {s: (taken(s) / plain, STRATEGIES[s].training.passes(facts)) for s in TAUGHT}
    assert not {s: (did, said) for s, (did, said) in told.items() if not 0.5 < did / said < 2}
