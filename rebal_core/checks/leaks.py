"""Check for columns that give the answer away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy.stats import rankdata

from rebal_core.checks.base import CHECKS, Check, Hit
from rebal_core.checks.look import Look
from rebal_core.data.profile import JUDGED
from rebal_core.data.telling import rare_of, telling_ranges
from rebal_core.rows import Floats, Ints

#: A single column above this area under the curve is taken for a leak (science.md 3.2).
LEAK = 0.99
#: Classes looked at one against the rest: the class in focus, the rarest and the largest.
_CLASSES = 20
_FOLDS = 5
#: A column is filled (or missing) only where a class is, if so few of such rows are of others,
MOST_OTHERS = 0.001
#: so many of them are of the class, and of the class so large a part,
FEWEST_TOLD, LEAST_PART = 10, 0.1
#: and chance would do so this rarely.
CHANCE = 1e-6


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
        # With a time zone the array would hold objects.
        scores = values.astype("int64").to_numpy().astype(float)
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


def told_by_gaps(look: Look) -> list[Hit]:
    """Features, of any kind, that are filled or missing only where the class is one and the same.

    All rows are looked at, and of each only whether there is a value: the date of a chargeback
    gives the answer away by being there.
    """
    labels = look.labels
    assert labels is not None
    kinds = {c.name: c.kind for c in look.dataset.schema.features}
    hits = []
    for name, kind in kinds.items():
        facts = look.facts.get(name)
        gaps = kind == "embedding" or (facts and 0 < facts.filled < len(labels.y))
        if not gaps or name in look.dataset.trusted:
            continue
        filled = _filled(look, name)
        found = []
        for sentence, rows in ((1, filled), (2, ~filled)):
            code = _only_class(labels.y[rows & (labels.y >= 0)], np.asarray(labels.counts))
            if code is not None:
                found.append((code, sentence, int((labels.y[rows] == code).sum())))
        if found:  # where both hold, the rarer class is what matters
            code, sentence, n = max(found)
            values = {"column": name, "label": labels.classes[code], "n": n}
            hits.append(Hit(values, (name,), sentence))
    return hits[:_CLASSES]


def _filled(look: Look, name: str) -> np.ndarray:
    """Return for each row whether a column has a value; one row group is read at a time."""
    file = pq.ParquetFile(look.dataset.table)
    parts = [file.read_row_group(k, columns=[name]) for k in range(file.num_row_groups)]
    return np.concatenate([part[name].is_valid().to_numpy() for part in parts])


def _only_class(y: Ints, counts: Ints) -> int | None:
    """Return the class that all of some rows are of, more than chance would have it; else None."""
    if y.size == 0:
        return None
    found = np.bincount(y, minlength=counts.size)
    code = int(found.argmax())
    own, share = int(found[code]), counts[code] / counts.sum()
    enough = own >= max(FEWEST_TOLD, LEAST_PART * counts[code])
    pure = y.size - own <= MOST_OTHERS * y.size
    return code if enough and pure and y.size * np.log(share) < np.log(CHANCE) else None


def told_by_range(look: Look, name: str, sample: pd.Series, y: Ints, rare: Ints) -> list[Hit]:
    """Whom one range of a column holds alone; what the sample shows is counted in all rows."""
    labels = look.labels
    assert labels is not None
    if not telling_ranges(sample, y, rare):
        return []
    whole = look.dataset.frame([name])[name]
    found = telling_ranges(whole, labels.y, rare)
    if not found:
        return []
    widest = max(found, key=lambda one: one.own / one.size)
    values = {"column": name, "label": labels.classes[widest.code], **widest.numbers}
    return [Hit(values, (name,), 3 + widest.kind)]


def find_leaks(look: Look) -> Sequence[Hit] | None:
    """Features that alone separate a class from the rest, or most of a rare one."""
    labels = look.labels
    if labels is None or len(labels.classes) < 2:
        return None
    judged = [k for k, count in enumerate(labels.counts) if count >= JUDGED]
    if not judged or not look.features:
        return None
    first = [labels.positive] if labels.positive in judged else []
    some = [*first, *reversed(judged[-_CLASSES // 2 :]), *judged[: _CLASSES // 2]]
    classes = np.array(list(dict.fromkeys(some)), dtype=np.int64)
    rare = rare_of(classes, np.asarray(labels.counts))
    if len(labels.classes) == 2:
        classes = classes[:1]
    frame, y = look.sample
    gaps = told_by_gaps(look)
    named = {hit.columns[0] for hit in gaps}
    hits, ranges = [], []
    for name in frame.columns:
        if name in look.dataset.trusted or name in named:
            continue
        auc = column_auc(frame[name], y, classes)
        best = int(np.argmax(auc))
        if auc[best] > LEAK:
            label = labels.classes[classes[best]]
            hits.append(Hit({"column": name, "label": label, "auc": float(auc[best])}, (name,)))
        else:
            ranges += told_by_range(look, name, frame[name], y, rare)
    hits.sort(key=lambda hit: -hit.values["auc"])
    return [*gaps, *hits, *ranges][:_CLASSES]


CHECKS.add(
    Check(
        code="RBL007",
        name="leak",
        family="columns",
        title="A column gives the answer away",
        severity="issue",
        why="A single column that separates a class, or most of a rare one, almost perfectly is "
        "nearly always known only after the answer (the date of a chargeback, a refund). Every "
        "model looks brilliant on it, and fails where the column is not there yet.",
        fix="Ask when this value becomes known. If after the answer, leave the column out. If "
        "before, keep it and say so beside the verdict, which depends on it until then.",
        sentences=(
            "“{column}” alone separates “{label}” from the rest (AUC {auc:.3f}).",
            "“{column}” is filled only where the class is “{label}” ({n:,} rows).",
            "“{column}” is missing only where the class is “{label}” ({n:,} rows).",
            "“{column}” {sign} {value} holds for {own:,} of {size:,} “{label}” and for {others:,} "
            "of {rest:,} others: is it known when you predict?",
            "“{column}” is missing for {own:,} of {size:,} “{label}” and for {others:,} of "
            "{rest:,} others: is it known when you predict?",
            "“{column}” is filled for {own:,} of {size:,} “{label}” and for {others:,} of "
            "{rest:,} others: is it known when you predict?",
        ),
        passed="No single column gives the answer away.",
        find=find_leaks,
        answerable=True,
    )
)
