"""Signs that the test rows know more than new rows would: what is found, not yet what is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from rebal_core.arm import Split
from rebal_core.data.telling import rare_of, telling_ranges
from rebal_core.metrics.probabilities import mean_defined
from rebal_core.rows import Floats, Ints
from rebal_core.schema import Column, Schema

COPIES = "copies_across_folds"
SINGLE_FEATURE = "single_feature"
MIXED_GROUPS = "mixed_groups"
#: Share of test rows with an exact copy in training that raises the alarm.
MOST_COPIES = 0.01
#: Share of test rows whose group also stands in training that raises the alarm.
MOST_MIXED = 0.01
#: AUC of one column alone that raises the alarm.
MOST_AUC = 0.99
#: A column of at most this many different values is read as a category.
FEW_VALUES = 50
#: Of many classes so many are looked at, of so many rows or more.
MOST_CLASSES, FEWEST_ROWS = 20, 10
#: A verdict over many classes depends on a column that gives away this share of them.
SHARE_OF_CLASSES = 0.1


def find_alarms(
    frame: pd.DataFrame,
    schema: Schema,
    splits: Sequence[Split],
    y: Ints,
    classes: Sequence[str],
    positive: int,
    groups: Mapping[str, Ints] | None = None,
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
    groups : mapping of column to ndarray of shape (n,), optional
        Codes of the columns that hold rows together.

    Returns
    -------
    list of dict
        JSON-able: ``code`` and the facts behind it, which
        :func:`rebal_core.evaluation.conditions.tell_alarms` puts into words.
    """
    first = [s for s in splits if s.repeat == 0]
    features = [c for c in schema.features if c.name in frame.columns]
    if not first or not features:
        return []
    found = _copies(copied_rows(copy_codes(frame, features), first), first, y, classes, positive)
    for column in features:
        if column.kind in ("number", "category", "time"):
            found += _single_feature(frame[column.name], first, y, classes, positive)
    for name, code in (groups or {}).items():
        share = _share_in_training(code, first)
        if share > MOST_MIXED:
            found.append({"code": MIXED_GROUPS, "column": name, "share": share})
    return found


def copy_codes(frame: pd.DataFrame, features: Sequence[Column]) -> Ints:
    """Return a code per row; rows that are equal in every feature, value by value, share theirs."""
    values = {}
    for column in features:
        series = frame[column.name]
        if column.kind == "embedding":
            series = series.map(lambda v: None if v is None else np.asarray(v).tobytes())
        values[column.name] = series
    keys = pd.util.hash_pandas_object(pd.DataFrame(values), index=False)
    return np.asarray(pd.factorize(keys)[0], dtype=np.int64)


def copied_rows(code: Ints, splits: Sequence[Split]) -> np.ndarray:
    """Return, by repeat and row, whether it is tested by a model that was taught its copy.

    Returns
    -------
    ndarray of shape (R, n), bool
    """
    found = np.zeros((1 + max(s.repeat for s in splits), code.size), dtype=bool)
    for split in splits:
        found[split.repeat, split.test] = np.isin(code[split.test], code[split.train])
    return found


def _copies(
    copied: np.ndarray, splits: Sequence[Split], y: Ints, classes: Sequence[str], positive: int
) -> list[dict[str, Any]]:
    """Test rows whose features stand in training; those of the judged class flatter most."""
    tested = np.concatenate([s.test for s in splits])
    share = float(copied[0, tested].mean()) if tested.size else 0.0
    judged = tested[y[tested] == positive]
    rare = float(copied[0, judged].mean()) if judged.size else 0.0
    if max(share, rare) <= MOST_COPIES:
        return []
    return [{"code": COPIES, "share": share, "rare": rare, "label": classes[positive]}]


def _share_in_training(code: Ints, splits: Sequence[Split]) -> float:
    """Share of the test rows whose group also teaches; a row without a group is its own."""
    mixed = [np.isin(code[s.test], code[s.train]) for s in splits]
    return float(np.concatenate(mixed).mean())


def _single_feature(
    series: pd.Series,
    splits: Sequence[Split],
    y: Ints,
    classes: Sequence[str],
    positive: int,
) -> list[dict[str, Any]]:
    """One column that ranks the held-out rows almost without error may hold the answer itself.

    So may one of which a range holds most of a rare class alone, though it ranks the rest badly.

    Of two classes it puts the verdict under a condition. Of many, that one is easily told is
    common and moves an average over them little: it is told, and is a condition only where it is
    the class under claim, or a tenth of the classes.
    """
    two = len(classes) == 2
    labels = np.array([positive]) if two else _some_classes(y)
    aucs = aucs_alone(series, splits, y, labels)
    told = labels[aucs > MOST_AUC]
    how: dict[str, Any] = {"auc": float(aucs.max())}
    if not told.size:
        counts = np.bincount(y[y >= 0], minlength=len(classes))
        rare = rare_of(np.arange(2) if two else labels, counts)
        ranges = telling_ranges(series, y, rare)
        if not ranges:
            return []
        told = np.array([one.code for one in ranges])
        widest = max(ranges, key=lambda one: one.own / one.size)
        how["range"] = {"label": classes[widest.code], "kind": widest.kind, **widest.numbers}
    weighs = two or told.size >= SHARE_OF_CLASSES * labels.size or labels[-1] in told
    return [
        {
            "code": SINGLE_FEATURE,
            "column": str(series.name),
            "labels": [classes[k] for k in told],
            **how,
            "weighs": bool(weighs),
        }
    ]


def _some_classes(y: Ints) -> Ints:
    """Return at most 20 classes of ten rows or more, from the largest to the smallest."""
    codes, counts = np.unique(y[y >= 0], return_counts=True)
    large = codes[counts >= FEWEST_ROWS]
    order = large[np.argsort(-counts[counts >= FEWEST_ROWS], kind="stable")]
    some = np.linspace(0, large.size - 1, min(MOST_CLASSES, large.size)).astype(int)
    found: Ints = order[some]
    return found


def aucs_alone(series: pd.Series, splits: Sequence[Split], y: Ints, labels: Ints) -> Floats:
    """Return the out-of-fold AUC of one column for each class, the larger of its readings.

    A number is ranked as it is, upwards or downwards; a category, a number of few values and the
    fact that a value is missing are ranked by the class's rate in the training part.

    Parameters
    ----------
    labels : ndarray of shape (L,)
        Codes of classes, each against all others.

    Returns
    -------
    ndarray of shape (L,)
        0 where it is undefined.
    """
    if pd.api.types.is_datetime64_any_dtype(series):
        series = (series - pd.Timestamp(0, tz=series.dt.tz)) / pd.Timedelta(days=1)
    missing = series.isna().to_numpy()
    code = pd.factorize(series)[0].astype(np.int64)
    readings = [np.zeros(labels.size)]
    if _is_ordered(series) and code.max(initial=-1) >= FEW_VALUES:
        values = rankdata(series.to_numpy(dtype=float, na_value=-np.inf))
        up = mean_defined(np.array([_aucs(values[s.test], y[s.test], labels) for s in splits]))
        readings.append(np.maximum(up, 1.0 - up))
        code = missing.astype(np.int64)
    if np.unique(code).size > 1:
        by_fold = [[_auc_of_rates(code, s, y == k) for k in labels] for s in splits]
        readings.append(mean_defined(np.array(by_fold)))
    best: Floats = np.nan_to_num(np.array(readings)).max(0)
    return best


def _is_ordered(series: pd.Series) -> bool:
    kind = pd.api.types
    return kind.is_numeric_dtype(series) and not kind.is_bool_dtype(series)


def _aucs(score: Floats, y: Ints, labels: Ints) -> Floats:
    """AUC of each class from one ranking; nan where one side is empty."""
    ranks = rankdata(score)
    n1 = np.array([(y == k).sum() for k in labels], dtype=float)
    sums = np.array([ranks[y == k].sum() for k in labels])
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = (sums - n1 * (n1 + 1) / 2.0) / (n1 * (y.size - n1))
    return found


def _auc_of_rates(code: Ints, split: Split, truth: np.ndarray) -> float:
    """AUC of the class's rate by category, which the training part tells.

    Rates are shrunk by one row at the overall rate. Rows of one rate are counted together, so the
    cost is that of the categories, not of the rows.
    """
    train, test = code[split.train] + 1, code[split.test] + 1
    size = int(code.max()) + 2
    rows = np.bincount(train, minlength=size)
    hits = np.bincount(train, weights=truth[split.train], minlength=size)
    place = np.unique((hits + truth[split.train].mean()) / (rows + 1.0), return_inverse=True)[1]
    yes = np.bincount(place[test], weights=truth[split.test])
    no = np.bincount(place[test], weights=~truth[split.test])
    pairs = yes.sum() * no.sum()
    return float((yes * (np.cumsum(no) - no / 2)).sum() / pairs) if pairs else float("nan")
