"""Which column is likely meant to be predicted: a guess by name, place and number of values."""

from __future__ import annotations

import re

from rebal_core.data.dataset import Dataset
from rebal_core.data.duck import quoted
from rebal_core.data.profile import query_table
from rebal_core.schema import Column

_WORDS = (
    "y|target|label|class|outcome|response|churn(ed)?|exited|attrition|fraud|default(ed)?"
    "|delinquent|convert(ed)?|conversion|click(ed)?|bought|buy|purchased?|revenue|survived|approved"
    "|diagnosis|disease|readmitted|fail(ed|ure)?|defect(ive)?|spam|anomaly|attack|intent|sentiment"
    "|income"
)
_CHINESE = (
    "标签|目标|类别|分类|因变量|结果|流失|欺诈|违约|逾期|点击|转化|购买|成交|复购|患病|诊断|故障"
    "|异常"
)
_NAMED = re.compile(f"({_WORDS})|({_CHINESE})", re.IGNORECASE)
_ENDS = re.compile(
    rf".*[\W_]({_WORDS})|({_WORDS})[\W_].*|.+({_CHINESE})|是否.*({_CHINESE}).*", re.IGNORECASE
)
_FLAG = re.compile(r"(is|has|was|did|will)[_ ].+|(is|has|was)[A-Z].+|.+[_ ]flag|是否.+")
#: What has few values and is seldom predicted.
_OTHER = re.compile(
    r".*(sex|gender|country|region|city|state|month|weekday|day|year|quarter|hour|split|fold"
    r"|subset|性别|地区|城市|省|月|星期|年|季).*",
    re.IGNORECASE,
)
#: More values than this make no target that could be guessed; fewer points make no guess.
_MOST, _LEAST = 30, 5
#: So many columns are counted: those with a name that says something, and both ends.
_COUNTED = 40


def propose_target(dataset: Dataset) -> str | None:
    """Return the column that is likely meant to be predicted; None where nothing says so.

    Identifiers, times, decimals and columns of one value are never proposed. A name that says
    "target" in English or Chinese counts most, then two values, then the last place.
    """
    features = [c for c in dataset.schema.features if c.kind in ("number", "category")]
    if len(features) < 2:
        return None
    ends = {features[-1].name: 3, features[0].name: 1}
    named = [c for c in features if _by_name(c.name) > 0 or c.name in ends][-_COUNTED:]
    points = {}
    with query_table(dataset) as connection:
        for column in named:
            c = quoted(column.name)
            query = f"SELECT count(DISTINCT {c}), any_value(typeof({c})) FROM rows"
            values, kind = connection.execute(query).fetchone() or (0, "")
            if 2 <= values <= _MOST and kind not in ("DOUBLE", "FLOAT"):
                points[column.name] = (
                    _by_name(column.name) + ends.get(column.name, 0) + _by_values(column, values)
                )
    best = max(points, key=lambda name: points[name], default=None)
    return best if best is not None and points[best] >= _LEAST else None


def _by_name(name: str) -> int:
    name = name.strip()
    if _NAMED.fullmatch(name):
        return 10
    if _ENDS.fullmatch(name):
        return 6
    if _FLAG.fullmatch(name):
        return 3
    return -4 if _OTHER.fullmatch(name) else 0


def _by_values(column: Column, values: int) -> int:
    return (3 if values == 2 else 1) + (column.kind == "category")
