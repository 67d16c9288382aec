"""From a plan back to the wishes that it was made of, so that another can begin where it did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rebal_core.arm import Arm
from rebal_core.experiment.plan import Plan
from rebal_core.params import Amounts
from rebal_core.strategies import ALWAYS, DUMMY, STRATEGIES


def wishes_of(plan: Plan, classes: Sequence[str]) -> dict[str, Any]:
    """Return what :func:`rebal_core.experiment.planning.make_plan` makes such a plan of.

    What the quick plan left out is not asked for; nor is that ensembles were compared on their
    usual classifier alone, as where all strategies were asked for.

    Parameters
    ----------
    plan : Plan
    classes : sequence of str
        Labels by code.

    Returns
    -------
    dict
        ``strategies``, ``classifiers``, ``params``, and the settings of the protocol.
    """
    arms = [arm for arm in plan.arms if arm != DUMMY]
    left = [Arm.bare(name) for name, _reason in plan.left_out]
    strategies = [a.strategy for a in (*arms, *left) if a.strategy not in (*ALWAYS, DUMMY.strategy)]
    # Class weights stand on each classifier that was asked for, and on no other.
    asked = [a.classifier for a in arms if a.strategy == "class_weight"]
    params: dict[str, dict[str, Any]] = {}
    for arm in arms:
        bare = Arm(arm.strategy, arm.classifier, (), arm.settings)
        if arm.params:
            params.setdefault(arm.strategy, {}).update(arm.params_by_label(classes))
        if arm.settings and STRATEGIES[arm.strategy].learner is None:
            params.setdefault(arm.classifier, {}).update(bare.labelled(classes))
    for strategy in dict.fromkeys(arm.strategy for arm in arms):
        several = _amounts([arm for arm in arms if arm.strategy == strategy])
        if several:
            params.setdefault(strategy, {}).update(several)
    return {
        "strategies": list(dict.fromkeys(strategies)) or ["none"],
        "classifiers": list(dict.fromkeys(asked or [a.classifier for a in arms])),
        "params": params,
        **_judged(plan),
    }


def _amounts(arms: Sequence[Arm]) -> dict[str, list[float]]:
    """Return the parameters of which arms of a strategy have several amounts, and these."""
    found: dict[str, list[float]] = {}
    for name, parameter in STRATEGIES[arms[0].strategy].parameters.items():
        if isinstance(parameter, Amounts):
            values = {dict(arm.params).get(name, parameter.default) for arm in arms}
            found |= {name: sorted(values)} if len(values) > 1 else {}
    return found


def _judged(plan: Plan) -> dict[str, Any]:
    """Return how arms are judged, as ``make_plan`` takes it."""
    p = plan.protocol
    same = ("metric", "rule", "margin", "folds", "repeats", "split", "seed", "false_alarm")
    found = {name: getattr(p, name) for name in same}
    column = {"group": p.group, "time": p.time}.get(p.split)
    rates = [] if plan.schema.rates is None else ["+".join(key) for key in plan.schema.rates.keys]
    found |= {"rates": rates} if rates else {}
    return found | ({} if column is None else {p.split: column})
