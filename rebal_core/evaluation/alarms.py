"""Alarms: signs that the test rows know more than new rows would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from rebal_core.evaluation.words import Text
from rebal_core.metrics.probabilities import mean_defined
from rebal_core.types import Column, Floats, Ints, Schema, Split

COPIES = "copies_across_folds"
SINGLE_FEATURE = "single_feature"
#: Share of test rows with an exact copy in training that raises the alarm.
MOST_COPIES = 0.01
#: AUC of one column alone that raises the alarm.
MOST_AUC = 0.99
#: A column of at most this many different values is read as a category.
FEW_VALUES = 50


def find_alarms(
    frame: pd.DataFrame,
    schema: Schema,
    splits: Sequence[Split],
    y: Ints,
    classes: Sequence[str],
    positive: int,
) -> list[dict[str, Any]]:
    """Return what is wrong with the splits of a run; the first repeat is looked at.

    Parameters
    ----------
    frame : DataFrame of shape (n, ...)
        The accepted table, at least its feature columns.
    schema : Schema
        Kinds and roles.
    splits : sequence of Split
        From :func:`rebal_core.data.split.make_splits`.
    y : ndarray of shape (n,)
        Label codes, -1 where missing.
    classes, positive
        Labels by code; code of the class in focus, or of the rarest of many.

    Returns
    -------
    list of dict
        ``code, message, blocks`` (whether no verdict may be given), and for the translation
        ``template`` and ``values``. JSON-able.
    """
    first = [s for s in splits if s.repeat == 0]
    features = [c for c in schema.features if c.name in frame.columns]
    if not first or not features:
        return []
    found = _copies(frame, features, first, y, classes, positive)
    for column in features:
        if column.kind in ("number", "category", "time"):
            series = frame[column.name]
            if pd.api.types.is_datetime64_any_dtype(series):
                days = (series - pd.Timestamp(0, tz=series.dt.tz)) / pd.Timedelta(days=1)
                series = days.rename(column.name)
            found += _single_feature(series, first, y, classes, positive)
    return found


def alarm(code: str, text: Text, blocks: bool) -> dict[str, Any]:
    """Return an alarm as it is stored, told and translated."""
    return {
        "code": code,
        "message": text.render(),
        "blocks": blocks,
        "template": text.template,
        "values": dict(text.values),
    }


def _copies(
    frame: pd.DataFrame,
    features: Sequence[Column],
    splits: Sequence[Split],
    y: Ints,
    classes: Sequence[str],
    positive: int,
) -> list[dict[str, Any]]:
    """Rows whose features stand in training, value by value; it blocks if the rare class has them.

    Rows of the judged class that have copies flatter every number of it; copies among the others
    alone hardly do.
    """
    key = _row_keys(frame, features)
    copied = np.zeros(y.size, dtype=bool)
    tested = np.zeros(y.size, dtype=bool)
    for split in splits:
        tested[split.test] = True
        copied[split.test] = np.isin(key[split.test], key[split.train])
    share = copied[tested].mean() if tested.any() else 0.0
    judged = tested & (y == positive)
    rare = copied[judged].mean() if judged.any() else 0.0
    if max(share, rare) <= MOST_COPIES:
        return []
    text = Text(
        "{share}% of the test rows, and {rare}% of those of “{cls}”, are exact copies of training "
        "rows, which flatters every score; remove the copies or split by a group column.",
        {
            "share": f"{100 * share:.1f}",
            "rare": f"{100 * rare:.1f}",
            "cls": classes[positive],
        },
    )
    return [alarm(COPIES, text, bool(rare > MOST_COPIES))]


def _row_keys(frame: pd.DataFrame, features: Sequence[Column]) -> np.ndarray:
    """Hash each row's features; equal rows have equal keys."""
    values = {}
    for column in features:
        series = frame[column.name]
        if column.kind == "embedding":
            series = series.map(lambda v: None if v is None else np.asarray(v).tobytes())
        values[column.name] = series
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(values), index=False))


def _single_feature(
    series: pd.Series,
    splits: Sequence[Split],
    y: Ints,
    classes: Sequence[str],
    positive: int,
) -> list[dict[str, Any]]:
    """One column that ranks the held-out rows almost without error may hold the answer itself."""
    auc = auc_alone(series, splits, y, positive if len(classes) == 2 else None)
    if not auc > MOST_AUC:
        return []
    every = "Column “{column}” alone tells every class with AUC {auc}"
    one = "Column “{column}” alone tells “{cls}” with AUC {auc}"
    text = Text(
        (one if len(classes) == 2 else every)
        + ": it may hold the answer itself; drop it if it is not known before the event.",
        {"column": str(series.name), "cls": classes[positive], "auc": f"{auc:.3f}"},
    )
    return [alarm(SINGLE_FEATURE, text, True)]


def auc_alone(series: pd.Series, splits: Sequence[Split], y: Ints, positive: int | None) -> float:
    """Return the out-of-fold AUC of one column, the larger of its readings.

    A number is ranked as it is, upwards or downwards; a category, a number of few values and the
    fact that a value is missing are ranked by the class's rate in the training part.

    Parameters
    ----------
    positive : int or None
        Code of the class in focus. None, many classes: the mean over classes of ten rows or more
        (20 of them at most), for that one of many is easily told is common and no alarm.

    Returns
    -------
    float
        0 where it is undefined.
    """
    labels = [positive] if positive is not None else _some_classes(y)
    missing = series.isna().to_numpy()
    code = pd.factorize(series)[0]
    means = []
    if _is_ordered(series) and code.max(initial=-1) >= FEW_VALUES:
        values = rankdata(series.to_numpy(dtype=float, na_value=-np.inf))
        aucs = [[_auc(values[s.test], y[s.test] == k) for k in labels] for s in splits]
        up = mean_defined(np.array(aucs))
        means.append(mean_defined(np.maximum(up, 1.0 - up)))
        code = missing.astype(np.int64)
    if np.unique(code).size > 1:
        aucs = [[_auc(_rates(code, s, y == k), y[s.test] == k) for k in labels] for s in splits]
        means.append(mean_defined(mean_defined(np.array(aucs))))
    return float(np.nan_to_num(np.array([0.0, *means])).max())


def _some_classes(y: Ints) -> Ints:
    codes, counts = np.unique(y[y >= 0], return_counts=True)
    large = codes[counts >= 10]
    some: Ints = large[np.linspace(0, large.size - 1, min(20, large.size)).astype(int)]
    return some


def _is_ordered(series: pd.Series) -> bool:
    kind = pd.api.types
    return kind.is_numeric_dtype(series) and not kind.is_bool_dtype(series)


def _rates(code: Ints, split: Split, truth: np.ndarray) -> Floats:
    """Rate of the class by category in the training part, shrunk by one row at the overall rate."""
    train = code[split.train] + 1
    size = int(code.max()) + 2
    rows = np.bincount(train, minlength=size)
    hits = np.bincount(train, weights=truth[split.train], minlength=size)
    rates = (hits + truth[split.train].mean()) / (rows + 1.0)
    return np.asarray(rates[code[split.test] + 1], dtype=float)


def _auc(score: Floats, truth: np.ndarray) -> float:
    """AUC from rank sums; nan where one side is empty."""
    n1 = int(truth.sum())
    n0 = truth.size - n1
    if min(n0, n1) == 0:
        return float("nan")
    ranks = rankdata(score)
    return float((ranks[truth].sum() - n1 * (n1 + 1) / 2.0) / (n0 * n1))
