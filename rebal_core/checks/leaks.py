"""Check for columns that give the answer away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from rebal_core.checks.base import CHECKS, Check, Hit
from rebal_core.checks.look import Look
from rebal_core.data.profile import JUDGED
from rebal_core.types import Floats, Ints

#: A single column above this area under the curve is taken for a leak (science.md 3.2).
LEAK = 0.99
#: Classes looked at one against the rest: the class in focus, the rarest and the largest.
_CLASSES = 20
_FOLDS = 5


def auc_by_class(scores: Floats, y: Ints, classes: Ints) -> Floats:
    """Return the AUC of a score for each class against all others, at least one half.

    Ranks are computed once for all classes; ties get their mean rank.
    """
    ranks = rankdata(scores)
    k = int(classes.max()) + 1
    sums = np.bincount(y, weights=ranks, minlength=k)[classes]
    sizes = np.bincount(y, minlength=k)[classes].astype(float)
    auc = (sums - sizes * (sizes + 1) / 2) / (sizes * (len(y) - sizes))
    folded: Floats = np.maximum(auc, 1 - auc)
    return folded


def target_encoding_auc(codes: Ints, y: Ints, classes: Ints) -> Floats:
    """Return the AUC of each class's rate per value, measured on rows that did not set the rate.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        Values as 0..q-1.
    y, classes : ndarray of int
        Labels of the rows; labels to judge.
    """
    q = int(codes.max()) + 1
    cell = codes + q * (np.arange(len(y)) % _FOLDS)
    rows = np.bincount(cell, minlength=q * _FOLDS).reshape(_FOLDS, q)
    rest = rows.sum(axis=0) - rows
    filled = rows > 0
    found = []
    for k in classes:
        hits = np.bincount(cell[y == k], minlength=q * _FOLDS).reshape(_FOLDS, q)
        # One row of the overall rate is added, so that unseen values stand in the middle.
        rate = (hits.sum(axis=0) - hits + hits.sum() / len(y)) / (rest + 1)
        found.append(_auc_of_cells(rate[filled], hits[filled], (rows - hits)[filled]))
    return np.array(found)


def _auc_of_cells(scores: Floats, hits: Ints, misses: Ints) -> float:
    """Return the AUC where all rows of a cell have one score; as fast as there are few cells."""
    place = np.unique(scores, return_inverse=True)[1]
    positive, negative = np.bincount(place, weights=hits), np.bincount(place, weights=misses)
    below = np.cumsum(negative) - negative / 2
    auc = float((positive * below).sum() / (positive.sum() * negative.sum()))
    return max(auc, 1 - auc)


def column_auc(values: pd.Series, y: Ints, classes: Ints) -> Floats:
    """Return the best AUC that one column reaches alone, for each class against the rest.

    Numbers and times are ranked (missing lowest); categories, and numbers of at most 50 values,
    are read by their cross-fitted rates.
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        scores = values.to_numpy().astype(np.int64).astype(float)
        return auc_by_class(scores, y, classes)
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        codes = pd.factorize(values, use_na_sentinel=False)[0]
        return target_encoding_auc(codes, y, classes)
    scores = np.nan_to_num(values.to_numpy(float, na_value=np.nan), nan=-np.inf, neginf=-np.inf)
    best = auc_by_class(scores, y, classes)
    if len(classes) > 1 and len(np.unique(scores[:1_000])) <= 50:
        codes = np.unique(scores, return_inverse=True)[1]
        best = np.maximum(best, target_encoding_auc(codes, y, classes))
    return best


def find_leaks(look: Look) -> Sequence[Hit] | None:
    """Features that alone separate a class from the rest."""
    labels = look.labels
    if labels is None or len(labels.classes) < 2:
        return None
    judged = [k for k, count in enumerate(labels.counts) if count >= JUDGED]
    if not judged or not look.features:
        return None
    first = [labels.positive] if labels.positive in judged else []
    some = [*first, *reversed(judged[-_CLASSES // 2 :]), *judged[: _CLASSES // 2]]
    classes = np.array(list(dict.fromkeys(some)), dtype=np.int64)
    if len(labels.classes) == 2:
        classes = classes[:1]
    frame, y = look.sample
    hits = []
    for name in frame.columns:
        if name in look.dataset.trusted:
            continue
        auc = column_auc(frame[name], y, classes)
        best = int(np.argmax(auc))
        if auc[best] > LEAK:
            label = labels.classes[classes[best]]
            hits.append(Hit({"column": name, "label": label, "auc": float(auc[best])}, (name,)))
    return sorted(hits, key=lambda hit: -hit.values["auc"])[:_CLASSES]


CHECKS.add(
    Check(
        code="RBL007",
        name="leak",
        family="columns",
        title="A column gives the answer away",
        severity="issue",
        why="A single column that separates a class almost perfectly is nearly always known only "
        "after the answer (time on the page after a click, the date of a chargeback). Every "
        "model looks brilliant on it, and fails where the column is not there yet.",
        fix="Ask when this value becomes known. If after the answer, leave the column out. If "
        "before, keep it and say so beside the verdict, which depends on it until then.",
        sentences=("“{column}” alone separates “{label}” from the rest (AUC {auc:.3f}).",),
        passed="No single column gives the answer away.",
        find=find_leaks,
    )
)
