"""Hold the numbers of a comparison against those of the version before steps told all themselves.

Runs the strategies of a report that an older version wrote on its table, in this process, and holds
each arm against it (``rebal compare DATA --target COL --strategies all --folds 3 --json REPORT``).

``--seeds before`` hands in the seeds of the rule before commit "Let a step say everything about
itself": every number must then be equal to the last digit, those of ``smote_enn`` (now two steps,
each with random numbers of its own) and of the network (whose held-out rows no step sees any more)
excepted. ``--seeds 5`` draws five times by today's rule, the splits as they are, and tells how far
the main metric moves, and where the older number lies.

Usage: python benchmarks/same_numbers.py REPORT DATA=TARGET [--seeds before|N] [--classifiers a,b]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.data.schema import set_target
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import report
from rebal_core.scratch import scratch
from rebal_core.seeding import child_seed, content_key
from rebal_core.step import Step
from rebal_core.store import Store
from rebal_core.strategies import fit, strategy_of

#: What an arm's numbers are, seconds aside.
NUMBERS = ("metrics", "at", "per_class", "threshold", "repair", "status", "reason")


def named_before(step: Step) -> list[Any]:
    """Return a step as the older keys told it."""
    values = step.get_params()
    return [type(step).__name__, {n: v for n, v in values.items() if n not in step.later}]


def fit_seed_before(seed: int, arm: Arm) -> int:
    """Return the seed of a model by the older rule."""
    strategy = strategy_of(arm)
    sampler = strategy.samplers[0] if strategy.samplers else None
    slots = (sampler, strategy.weights, strategy.ensemble)
    told = [slot and named_before(slot) for slot in slots]
    spec = CLASSIFIERS[arm.classifier]
    params = {n: v for n, v in spec.params.items() if n not in spec.later}
    return child_seed(seed, "fit", content_key(told, arm.classifier, params))


def step_seed_before(seed: int, steps: Any) -> int:
    """Return the seed of a sampler by the older rule."""
    return child_seed(seed, "resample", *named_before(steps[-1]))


def salted(rule: Callable[..., int], salt: int) -> Callable[..., int]:
    """Return a rule of seeds that draws otherwise."""
    return lambda seed, what: rule(child_seed(seed, "salt", salt) if salt else seed, what)


def compared(
    table: Path, target: str, strategies: list[str], classifiers: list[str]
) -> dict[str, Any]:
    """Return the report of a comparison."""
    with scratch() as home, closing(Store(home)) as store:
        _identifier, place = store.new_dataset_folder()
        dataset = read_table(table, place, ReadOptions(target=target))
        dataset = dataset.with_schema(set_target(dataset.schema, target))
        store.add_dataset(dataset)
        plan = make_plan(dataset, strategies=strategies, classifiers=classifiers, folds=3)
        return report(store, run_here(store, plan).run)


def differences(a: Any, b: Any, path: str = "") -> Iterator[str]:
    """Yield what is not equal in two values of JSON."""
    if isinstance(a, dict) and isinstance(b, dict):
        for name in a.keys() & b.keys():
            yield from differences(a[name], b[name], f"{path}/{name}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for k, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from differences(x, y, f"{path}[{k}]")
    elif a != b:
        yield f"{path}: {a} {b}"


def main() -> None:
    """Print a line an arm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("data")
    parser.add_argument("--seeds", default="before")
    parser.add_argument(
        "--classifiers", default="logistic,random_forest,hist_gradient_boosting,mlp"
    )
    asked = parser.parse_args()
    table, target = asked.data.rsplit("=", 1)
    before = json.loads(asked.report.read_text(encoding="utf-8"))
    known = {arm["arm"]: arm for arm in before["arms"]}
    classifiers = asked.classifiers.split(",")
    strategies = list(dict.fromkeys(name.split("/")[0] for name in known))
    if asked.seeds == "before":
        with (
            patch.object(fit, "fit_seed", fit_seed_before),
            patch.object(fit, "step_seed", step_seed_before),
        ):
            now = compared(Path(table), target, strategies, classifiers)
        for arm in now["arms"]:
            old, new = ({n: a[n] for n in NUMBERS} for a in (known[arm["arm"]], arm))
            unequal = list(differences(old, new))
            print(arm["arm"], "equal" if not unequal else f"{len(unequal)} differ: {unequal[0]}")
        return
    metric = before["protocol"]["metric"]
    group = "metrics" if metric in before["arms"][0]["metrics"] else "tuned"
    found: dict[str, list[float]] = {}
    for salt in range(int(asked.seeds)):
        with (
            patch.object(fit, "fit_seed", salted(fit.fit_seed, salt)),
            patch.object(fit, "step_seed", salted(fit.step_seed, salt)),
        ):
            for arm in compared(Path(table), target, strategies, classifiers)["arms"]:
                scores = arm["metrics"] if group == "metrics" else arm["at"]["tuned"]
                found.setdefault(arm["arm"], []).append(scores[metric]["mean"])
    for name, values in found.items():
        scores = known[name]["metrics"] if group == "metrics" else known[name]["at"]["tuned"]
        old, low, high = scores[metric]["mean"], min(values), max(values)
        off = max(low - old, old - high, 0.0)
        print(f"{name:45s} before {old:.4f}  now {low:.4f} to {high:.4f}  outside by {off:.4f}")


if __name__ == "__main__":
    main()
