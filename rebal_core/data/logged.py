"""Columns that a system wrote beside the rows: its scores, weights, folds and places on a page.

What a model, a sampler or a page wrote of a row is not there for new rows, or not from the same
system. Names only propose; ``weight``, ``score``, ``rank`` and ``position`` alone mean other things
as well and are left in peace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from rebal_core.data.names import words_of

Origin = Literal["model", "weight", "parts", "shown"]

#: Alone, whatever stands beside them.
_MODEL = frozenset(("propensity", "pscore", "proba", "logit", "logits", "ypred", "yhat", "softmax"))
_FIRST = frozenset(("predicted", "pred", "prediction", "predictions"))
_SCORES = frozenset(("score", "scores", "output", "prob", "probability", "prediction", "pred"))
_MODELS = frozenset(("model", "classifier", "ml", "y"))
_WEIGHTS = frozenset(("weight", "weights", "wt", "wgt"))
_OF_ROWS = frozenset(
    ("sample", "sampling", "row", "instance", "survey", "class", "observation", "ips", "ipw")
)
_FOLD = frozenset(("fold", "kfold", "cv", "id", "no", "number", "index", "idx"))
_PLACES = frozenset(("rank", "position", "slot", "place"))
_SHOWN = frozenset(
    ("shown", "display", "displayed", "impression", "exposure", "served", "recommended")
)
_CHINESE: dict[Origin, re.Pattern[str]] = {
    "model": re.compile(
        r"^预测|预测(值|概率|结果|得分|分数|标签|类别)$|模型(评分|得分|打分|分数|输出|预测)"
        r"|倾向(性)?(得分|评分|分数)"
    ),
    "weight": re.compile(r"^(样本|抽样|采样|行|实例|类别|调查)权重$"),
    "parts": re.compile(
        r"^(折号|第几折|(交叉验证)?折(编号|序号)|交叉验证折|是否(为)?训练(集)?|(数据集?|训练测试)划分)$"
    ),
    "shown": re.compile(r"^(展示|曝光|推荐)(位置|排名|位次|名次)$|^推荐(得分|分数)$"),
}
_TRAIN = frozenset(("train", "training", "训练", "训练集"))
_OTHERS = frozenset(
    (
        *("test", "testing", "valid", "validation", "val", "dev", "holdout", "eval", "calibration"),
        *("测试", "测试集", "验证", "验证集"),
    )
)


def origin_of_name(name: str) -> Origin | None:
    """Return what a column is named like, of what systems write; None for all else.

    Examples
    --------
    >>> [origin_of_name(n) for n in ("propensity_score", "sampleWeight", "cv_fold", "rank_shown")]
    ['model', 'weight', 'parts', 'shown']
    >>> [origin_of_name(n) for n in ("credit_score", "weight", "weight_class", "折扣", "position")]
    [None, None, None, None, None]
    """
    bare = re.sub(r"[\s_\-.]", "", name).casefold()
    for origin, pattern in _CHINESE.items():
        if pattern.search(bare):
            return origin
    words = words_of(name)
    known = set(words)
    if not words:
        return None
    scored = len(words) > 1 and words[0] in _MODELS and words[-1] in {*_SCORES, "hat"}
    if known & _MODEL or words[0] in _FIRST or scored:
        return "model"
    weighs = len(words) == 2 and words[0] in _OF_ROWS and words[1] in _WEIGHTS
    if weighs or bare in ("fnlwgt", "ipw", "sampleweight", "sampleweights"):
        return "weight"
    folds = bool(known & {"fold", "kfold"}) and known <= _FOLD
    trains = words[0] in ("is", "in") and words[1:] in (["train"], ["training"], ["holdout"])
    if folds or trains or bare in ("traintest", "testtrain", "traintestsplit", "istrain"):
        return "parts"
    return "shown" if known & _PLACES and known & _SHOWN else None


def place_name(name: str) -> bool:
    """Return whether a column of a log of events is named like the place where something stood.

    In other tables a position may be a job, and a rank that of an officer.

    Examples
    --------
    >>> [place_name(n) for n in ("position", "adSlot", "rank_shown", "展示位置", "坑位")]
    [True, True, True, True, True]
    >>> [place_name(n) for n in ("birth_place", "rank_of_seller", "disposition", "composition")]
    [False, False, False, False]
    """
    words = words_of(name)
    named = bool(words) and words[-1] in (_PLACES - {"place"}) | {"pos"}
    bare = re.sub(r"[\s_\-.]", "", name)
    chinese = re.search(r"(位置|排名|名次|位次|坑位|广告位|展位)$", bare) is not None
    return origin_of_name(name) == "shown" or named or chinese


def dwell_name(name: str) -> bool:
    """Return whether a column of a log is named like the time that somebody stayed.

    Examples
    --------
    >>> [dwell_name(n) for n in ("dwellSeconds", "watch_duration", "停留时长", "overstay", "price")]
    [True, True, True, False, False]
    """
    dwells = {"dwell", "dwelled", "duration", "stay", "stayed"}
    return bool(dwells.intersection(words_of(name))) or re.search(r"停留|时长", name) is not None


def names_part(value: object) -> bool:
    """Return whether a value is train, test or the like."""
    word = value.strip().casefold() if isinstance(value, str) else ""
    return word in _TRAIN or word in _OTHERS


def parts_rows(values: Iterable[object]) -> bool:
    """Return whether values say which rows train and which test.

    Examples
    --------
    >>> parts_rows(["train", "test"]), parts_rows(["train", "bus"]), parts_rows(["test"])
    (True, False, False)
    """
    seen = {str(value).strip().casefold() for value in values if value is not None}
    return bool(seen & _TRAIN) and bool(seen & _OTHERS) and seen <= _TRAIN | _OTHERS
