"""Scores by an amount that was set in several ways, such as made rows per missing row."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from rebal_core.evaluation.evaluate import Evaluation
from rebal_core.params import Amounts
from rebal_core.strategies import STRATEGIES


def by_amount(evaluation: Evaluation) -> pd.DataFrame:
    """Return a line an arm of those that differ in one amount alone, two of them at least.

    Returns
    -------
    DataFrame
        ``kind`` (the strategy, with what is set of it beside the amount), ``parameter``,
        ``classifier`` (with what is set of it), ``amount``, ``arm``, and of the main metric
        ``mean``, ``low`` and ``high`` of its 95 % interval. The reference of a classifier stands
        at 0.
    """
    metric, lines = evaluation.protocol.metric, []
    for told in evaluation.arms:
        if told.status != "done" or told.arm.strategy not in STRATEGIES:
            continue
        arm, params = told.arm, dict(told.arm.params)
        for name, parameter in STRATEGIES[arm.strategy].parameters.items():
            if isinstance(parameter, Amounts):
                rest = tuple(pair for pair in arm.params if pair[0] != name)
                kind = replace(arm, params=rest, classifier="", settings=()).name[:-1]
                classifier = replace(arm, strategy="", params=()).name[1:]
                amount = params.get(name, parameter.default)
                lines.append((kind, name, classifier, amount, told.name))
    columns = ["kind", "parameter", "classifier", "amount", "arm"]
    frame = pd.DataFrame(lines, columns=columns)
    curve = ["kind", "parameter", "classifier"]
    frame = frame[frame.groupby(curve)["amount"].transform("nunique") > 1]
    verdicts = frame["arm"].map(
        lambda arm: getattr(evaluation.verdicts.get(arm), "reference", None)
    )
    starts = frame.assign(arm=verdicts, amount=0.0).dropna().drop_duplicates(curve)
    frame = pd.concat([starts, frame]).sort_values([*curve, "amount"], ignore_index=True)
    scores = [
        (evaluation.score(arm, metric).mean, *evaluation.interval(arm, metric))
        for arm in frame["arm"]
    ]
    return frame.join(pd.DataFrame(scores, columns=["mean", "low", "high"], dtype=float))
