"""A comparison of rankings as plain values, for JSON and for pages."""

from __future__ import annotations

from typing import Any

import numpy as np

from rebal_core.evaluation.intervals import LEVEL, Difference
from rebal_core.ranking.bands import BANDS
from rebal_core.ranking.compare import RankingComparison
from rebal_core.ranking.foretold import Foretelling
from rebal_core.ranking.metrics import mean_of_known
from rebal_core.ranking.outcomes import ArmOutcome, Reference
from rebal_core.ranking.reading import LogColumns, LogRead
from rebal_core.ranking.scored import OVER, SHOWN, Means
from rebal_core.ranking.segments import Guard
from rebal_core.ranking.sentences import (
    sentence_of_arm,
    sentence_of_chances,
    sentence_of_repeats,
    sentence_of_run,
    sentence_of_windows,
    sentences_of_rules,
    sentences_of_values,
)


def report(found: RankingComparison, read: LogRead, columns: LogColumns) -> dict[str, Any]:
    """Return all that a comparison found.

    Returns
    -------
    dict
        ``log`` (events, users, items, dropped), ``protocol`` (what is asked, of how many visits,
        how many end in each band, and how much of it was there before), ``arms`` (each with
        ``metrics`` {metric: {all, head, mid, tail}}, ``intervals`` of the same shape,
        ``catalogue``, ``verdict``, ``negatives``: what an item stood against while it was learned,
        ``segments`` where it is aimed at one, and ``heads``, how well its chances are what happens,
        where it tells some), ``models`` (the best beside the others),
        ``windows`` (each later window of time, and the mean over them) and ``verdict``. What is
        not defined is nan, which JSON has as null.
    """
    trial, plan = found.trial, found.plan
    cold = trial.log.popularity == 0
    in_band = np.bincount(found.bands, minlength=len(BANDS))
    asked = np.bincount(found.bands[trial.truth.item], minlength=len(BANDS))
    return {
        "log": {
            "events": len(read.log),
            "users": len(read.log.users),
            "items": len(read.log.items),
            "dropped": read.dropped,
            "columns": {
                "user": columns.user,
                "item": columns.item,
                "time": list(columns.time),
                "event": columns.event,
            },
            "about_items": list(read.log.about_items) if read.log.about_items is not None else [],
            "item_table": None
            if read.joined is None
            else {"key": read.joined.table.key, **read.joined.counts},
        },
        "protocol": {
            "split": "last event of each user"
            + (f"; {plan.windows} later windows of time" if plan.windows else ""),
            "k": plan.k,
            "unseen": plan.unseen,
            "seed": plan.seed,
            "visits": len(trial.visits),
            "learned": len(trial.log),
            "bands": {
                name: {"items": int(in_band[b]), "visits": int(asked[b])}
                for b, name in enumerate(BANDS)
            },
            "cold": {"items": int(cold.sum()), "visits": int(cold[trial.truth.item].sum())},
            "repeats": _repeats(found),
        },
        "arms": [_arm(outcome, found) for outcome in found.outcomes],
        "models": _models(found),
        "windows": _windows(found) if plan.windows else None,
        "verdict": sentence_of_run(found).render(),
    }


def _repeats(found: RankingComparison) -> dict[str, Any] | None:
    if (repeats := found.repeats) is None:
        return None
    said = sentence_of_repeats(found)
    return {
        "right_before": repeats.right_before,
        "had": repeats.had,
        "metrics": _metrics(repeats.means),
        "ahead": None if repeats.ahead is None else _difference(repeats.ahead, LEVEL),
        "sentence": None if said is None else said.render(),
    }


def _arm(outcome: ArmOutcome, found: RankingComparison) -> dict[str, Any]:
    told: dict[str, Any] = {
        "arm": outcome.arm.name,
        "model": outcome.arm.model.name,
        "strategy": outcome.arm.remedy.name,
        "params": {
            outcome.arm.model.name: dict(outcome.arm.model_params),
            outcome.arm.remedy.name: dict(outcome.arm.remedy_params),
        },
        "negatives": None,
        "tau": outcome.tau,
        "ruled": {n: {"before": old, "after": new} for n, (old, new) in outcome.ruled.items()},
        "status": outcome.status,
        "reason": None if outcome.reason is None else outcome.reason.render(),
        "note": None if outcome.note is None else outcome.note.render(),
        "metrics": None,
        "intervals": None,
        "catalogue": None,
        "cold": None,
        "epochs": outcome.story,
        "seconds": {name: round(s, 3) for name, s in outcome.seconds.items()},
        "verdict": None,
        "segments": None if outcome.segments is None else _segments(outcome.segments),
        "heads": None if outcome.heads is None else _heads(outcome.heads),
        "rules": [
            t.render() for t in (*sentences_of_rules(outcome), *sentences_of_values(outcome))
        ],
    }
    if outcome.scored is not None:
        met = int(np.count_nonzero(found.trial.log.popularity))
        against = outcome.arm.model.against(outcome.arm.settings, met)
        told["negatives"] = against.render()
        told["metrics"] = _metrics(outcome.scored.means)
        told["intervals"] = {
            metric: {band: _pair(found.draws.interval(means[band])) for band in OVER}
            for metric, means in outcome.scored.means.items()
        }
        told["catalogue"] = dict(outcome.scored.catalogue)
        if (cold := outcome.scored.cold) is not None:
            told["cold"] = {
                "recall": float(cold[0]),
                "interval": _pair(found.draws.interval(cold)),
            }
    if outcome.reference is not None:
        told["verdict"] = _verdict(outcome, outcome.reference, found.in_tail)
    return told


def _windows(found: RankingComparison) -> dict[str, Any]:
    """Return what every arm is worth in each later window of time, and on average."""
    each: list[dict[str, Any]] = [
        {
            "learned": len(window.trial.log),
            "visits": len(window.trial.visits),
            "arms": None if window.found is None else _by_arm(window.found),
        }
        for window in found.windows
    ]
    told = [window["arms"] for window in each if window["arms"] is not None]
    names = [o.arm.name for o in found.outcomes if all(o.arm.name in arms for arms in told)]
    mean = {
        name: {
            metric: {
                band: mean_of_known(np.array([a[name]["metrics"][metric][band] for a in told]))
                for band in OVER
            }
            for metric in SHOWN
        }
        for name in (names if told else [])
    }
    return {"sentence": sentence_of_windows(found).render(), "mean": mean, "each": each}


def _by_arm(found: RankingComparison) -> dict[str, Any]:
    return {
        outcome.arm.name: {
            "metrics": _metrics(outcome.scored.means),
            "code": None if outcome.verdict is None else outcome.verdict.code,
        }
        for outcome in found.outcomes
        if outcome.scored is not None
    }


def _heads(found: Foretelling) -> dict[str, Any]:
    return {
        "learned": found.learned,
        "reason": None if found.reason is None else found.reason.render(),
        "tasks": {
            name: {
                "shown": one.shown,
                "happened": one.happened,
                "rate": one.rate,
                "code": one.code,
                "sentence": sentence_of_chances(one).render(),
                "scores": {m: told[0] for m, told in one.scores.items()},
                "intervals": {m: list(told[1:]) for m, told in one.scores.items()},
            }
            for name, one in found.tasks.items()
        },
    }


def _segments(guard: Guard) -> dict[str, Any]:
    return {
        "column": guard.aim.column,
        "target": guard.aim.value,
        "code": guard.code,
        "worse": list(guard.worse),
        "left_out": guard.left_out,
        "values": [
            {
                "value": name,
                "visits": guard.visits[name],
                **{
                    metric: {
                        "arm": change.arm,
                        "untreated": change.untreated,
                        **_difference(change.difference, change.level),
                        "p": change.p,
                    }
                    for metric, change in found.items()
                },
            }
            for name, found in guard.changes.items()
        ],
    }


def _metrics(means: Means) -> dict[str, dict[str, float]]:
    return {metric: {band: float(means[metric][band][0]) for band in OVER} for metric in SHOWN}


def _verdict(outcome: ArmOutcome, reference: Reference, in_tail: int) -> dict[str, Any]:
    verdict = outcome.verdict
    told: dict[str, Any] = {
        "code": None if verdict is None else verdict.code,
        "sentence": sentence_of_arm(outcome, reference, in_tail).render(),
        "reference": {
            "model": outcome.arm.model.name,
            "strategy": "rerank" if reference.tau else "none",
            "tau": reference.tau,
            "by": reference.shape,
            "metrics": _metrics(reference.scored.means),
            "catalogue": dict(reference.scored.catalogue),
        },
        "p": None if verdict is None else verdict.p,
        "price": None if verdict is None else verdict.price,
    }
    if verdict is not None:
        told["tail_recall"] = _difference(verdict.tail, verdict.level)
        told["ndcg"] = _difference(verdict.ndcg, LEVEL)
    return told


def _models(found: RankingComparison) -> dict[str, Any] | None:
    if found.best is None:
        return None
    ahead = {
        name: {**_difference(difference, level), "p": p}
        for name, (difference, level, p) in found.best.ahead.items()
    }
    return {"metric": "ndcg", "best": found.best.model, "ahead_of": ahead}


def _difference(difference: Difference, level: float) -> dict[str, float]:
    low, high = difference.interval(level)
    return {"delta": difference.gain, "low": low, "high": high}


def _pair(interval: tuple[float, float]) -> list[float]:
    return [float(interval[0]), float(interval[1])]
