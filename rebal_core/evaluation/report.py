"""The JSON of ``rebal compare``, with exactly the keys of design.md 7."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rebal_core.arm import Protocol
from rebal_core.evaluation.arms import ArmCells
from rebal_core.evaluation.bootstrap import Score
from rebal_core.evaluation.evaluate import Evaluation
from rebal_core.evaluation.intervals import Difference, score_interval
from rebal_core.evaluation.robustness import robustness
from rebal_core.evaluation.verdict import Verdict
from rebal_core.metrics import METRICS


def build_report(
    evaluation: Evaluation, *, run: int | None = None, seconds: float | None = None
) -> dict[str, Any]:
    """Return everything that is known about a run as plain values.

    Undefined numbers are None, so the result is strict JSON. Differences are written in the
    metric's own direction (a falling loss is negative; for ``calibration_ratio`` they are of the
    distance from 1); the codes know which way is better. Arms have the names that people read. An
    arm that is not done has empty ``metrics``, ``at`` and ``per_class``.
    """
    e = evaluation
    protocol, facts = e.protocol, e.facts
    return {
        "run": run,
        "unused": facts.get("unused", []),
        "dataset": {
            "rows": facts.get("rows"),
            "target": facts.get("target"),
            "classes": list(e.classes),
            "positive": e.classes[e.positive] if e.binary else None,
            "fingerprint": facts.get("fingerprint"),
        },
        "protocol": {
            "folds": protocol.folds,
            "repeats": protocol.repeats,
            "split": protocol.split,
            "group": protocol.group,
            "time": protocol.time,
            "seed": protocol.seed,
            "metric": protocol.metric,
            "value": protocol.value,
            "false_alarm": None if protocol.value is None else protocol.false_alarm,
            "tuning": protocol.tuning,
            "reference": {
                "rule": protocol.rule,
                "arms": [e.called[name] for name in e.references.values()],
            },
        },
        "arms": [_arm(e, arm) for arm in e.arms],
        "controls": [],
        "verdict": {
            "code": e.run.code,
            "sentence": e.sentence,
            "best_arm": None if e.run.best_arm is None else e.called[e.run.best_arm],
        },
        "alarms": [{"code": a.code, "message": e.written(a.texts)} for a in e.alarms],
        "seconds": plain(seconds),
    }


def plain(value: float | None) -> float | None:
    """Return a float that JSON can hold, None for what is undefined or infinite."""
    return None if value is None or not np.isfinite(value) else float(value)


def _arm(e: Evaluation, arm: ArmCells) -> dict[str, Any]:
    done, metric = e.scores.get(arm.name), e.protocol.metric
    report: dict[str, Any] = {
        "arm": e.called[arm.name],
        "strategy": arm.arm.strategy,
        "classifier": arm.arm.classifier,
        "params": arm.arm.labelled(e.classes),
        "remedy": arm.remedy,
        "repair": None,
        "status": arm.status,
        "reason": arm.reason,
        "metrics": {},
        "score": None,
        "at": {"default": {}, "tuned": {}},
        "per_class": [],
        "threshold": None,
        "seconds": {part: _seconds(e, arm, part) for part in ("resample", "fit", "predict")},
        "rival": None,
        "spent": None,
        "robustness": None,
        "notes": [],
        "verdict": None,
    }
    if done is None:
        return report
    verdict, repair = e.verdicts.get(arm.name), e.repair(arm.name)
    report |= {
        "repair": {"name": repair.name, "trusted": repair.trusted},
        "metrics": _intervals(done.scores, e.protocol),
        "score": _intervals({metric: e.score(arm.name, metric)}, e.protocol)[metric],
        "at": {
            "default": _intervals(done.default, e.protocol),
            "tuned": _intervals(done.tuned, e.protocol),
        },
        "per_class": [
            {k: v if isinstance(v, str) else plain(v) for k, v in row.items()}
            | {"support": int(row["support"])}
            for row in e.per_class(arm.name).to_dict("records")
        ],
        "threshold": plain(e.decisions[arm.name].cutoff.value) if e.binary else None,
        "rival": None if verdict is None else _rival(e, verdict),
        "spent": _spent(e, arm.name),
        "robustness": _robustness(e, arm.name),
        "notes": [
            {"note": note, "cells": cells} for note, cells in e.decisions[arm.name].notes.items()
        ],
        "verdict": None if verdict is None else _verdict(e, verdict),
    }
    return report


def _spent(e: Evaluation, arm: str) -> dict[str, float | None] | None:
    """Return what decisions by known costs cost in 1,000 rows, beside those of the reference."""
    spent = e.spent(arm)
    return (
        None if spent is None else dict(zip(("own", "reference"), map(plain, spent), strict=True))
    )


def _robustness(e: Evaluation, arm: str) -> dict[str, Any] | None:
    """Return how an arm stands an attack; no verdict knows of it."""
    told = robustness(e, arm)
    if told is None:
        return None
    low, high = map(plain, told.interval)
    least, most = map(plain, told.even_interval)
    below, above = map(plain, told.gain_interval)
    gain = {"delta": plain(told.gain.gain), "low": below, "high": above} if told.gain else None
    return {
        "reach": told.reach,
        "class": e.classes[e.focus],
        "rows": told.rows,
        "clean": plain(told.clean),
        "recall": {"mean": plain(told.found.gain), "low": low, "high": high},
        "balanced_accuracy": {"mean": plain(told.even.gain), "low": least, "high": most},
        "vs_reference": gain,
    }


def _seconds(e: Evaluation, arm: ArmCells, part: str) -> float | None:
    done = e.decisions.get(arm.name)
    return None if done is None else done.seconds.get(part, 0.0)


def _intervals(
    scores: Mapping[str, Score], protocol: Protocol
) -> dict[str, dict[str, float | None]]:
    report: dict[str, dict[str, float | None]] = {}
    for name, values in scores.items():
        low, high = score_interval(values, METRICS[name], protocol)
        report[name] = {"mean": plain(values.mean), "low": plain(low), "high": plain(high)}
    return report


def _verdict(e: Evaluation, v: Verdict) -> dict[str, Any]:
    return {
        "code": v.code,
        **_difference(e, v.reference, v.difference, v.level),
        "p": plain(v.p),
        "vs_best": _difference(e, e.run.best_untreated, v.vs_best, v.level),
    }


def _rival(e: Evaluation, v: Verdict) -> dict[str, Any] | None:
    """Return the distance to the arm that it has to beat beside its reference, if to any."""
    if v.rival is None or v.vs_rival is None:
        return None
    return {"arm": e.called.get(v.rival, v.rival), **_difference(e, v.rival, v.vs_rival, v.level)}


def _difference(
    e: Evaluation, reference: str | None, d: Difference, level: float
) -> dict[str, float | None]:
    """Return a difference to an arm in the metric's own direction, with what it can be."""
    sign = 1.0 if METRICS[e.protocol.metric].better == "higher" else -1.0
    low, high = sorted(sign * x for x in e.possible(reference, d, level))
    return {"delta": plain(sign * d.gain), "low": plain(low), "high": plain(high)}
