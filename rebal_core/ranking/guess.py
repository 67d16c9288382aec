"""Which columns of a table are likely the user, the item, the time and the event of a log."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rebal_core.data.entities import entity_name
from rebal_core.schema import Column, Schema

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_ITEM = frozenset(
    (
        *("item", "product", "sku", "asin", "article", "song", "track", "movie", "film", "book"),
        *("isbn", "video", "news", "listing", "goods", "course", "recipe", "game", "app", "hotel"),
        *("restaurant", "merchandise", "title"),
    )
)
_CODE = frozenset(("id", "uid", "uuid", "key", "hash", "no", "nr", "num", "number", "code", "name"))
_CHINESE_ITEM = re.compile(
    r"(商品|物品|产品|货品|歌曲|音乐|影片|电影|视频|文章|新闻|图书|课程|菜品|款|货)(编号|编码|号|id|名称?)?$"
)
_EVENT = frozenset(
    (
        *(
            "event",
            "action",
            "behavior",
            "behaviour",
            "interaction",
            "click",
            "clicked",
            "purchase",
        ),
        *("purchased", "bought", "rating", "stars", "liked", "like", "played", "feedback"),
    )
)
_CHINESE_EVENT = re.compile(
    r"(行为|事件|点击|购买|下单|评分|打分|动作|互动)(类型|种类)?$|^是否(点击|购买)"
)
_TIME = frozenset(("timestamp", "ts", "datetime", "time", "date", "unixtime"))
_CHINESE_TIME = re.compile(r"时间(戳)?$|日期$")
#: Parts of a date, the coarsest first.
_PARTS = ("year", "month", "day", "hour", "minute")


@dataclass(frozen=True)
class Guess:
    """Columns that look like a log; None, or none, where nothing looks like it.

    Parameters
    ----------
    user, item : str or None
    time : tuple of str
        The coarsest first.
    event : str or None
    """

    user: str | None
    item: str | None
    time: tuple[str, ...]
    event: str | None


def guess_columns(schema: Schema) -> Guess:
    """Return which columns make a log of a table: by their roles, else by their names.

    Examples
    --------
    >>> names = ("userId", "movieId", "rating", "timestamp")
    >>> guess_columns(Schema(tuple(Column(name, "number") for name in names)))
    Guess(user='userId', item='movieId', time=('timestamp',), event='rating')
    """
    columns = [c for c in schema.columns if c.kind != "embedding"]
    item = _first([*schema.named("item"), *_named(columns, _ITEM, _CHINESE_ITEM)], ())
    sure = [c.name for c in columns if entity_name(c.name) == "sure"]
    maybe = [c.name for c in columns if entity_name(c.name) == "maybe"]
    user = _first([*schema.named("group"), *sure, *maybe], (item,))
    time = _time(schema, columns)
    plain = [c for c in columns if c.kind in ("number", "category")]
    events = [c.name for c in plain if _about(c.name, _EVENT, _CHINESE_EVENT)]
    return Guess(user, item, time, _first(events, (user, item, *time)))


def _time(schema: Schema, columns: list[Column]) -> tuple[str, ...]:
    moments = [*schema.named("time"), *(c.name for c in columns if c.kind == "time")]
    numbers = [c for c in columns if c.kind == "number"]
    moments += _named(numbers, _TIME, _CHINESE_TIME)
    if moments:
        return (moments[0],)
    by_name = {c.name.casefold(): c.name for c in numbers}
    return tuple(by_name[part] for part in _PARTS if part in by_name)


def _named(columns: list[Column], words: frozenset[str], chinese: re.Pattern[str]) -> list[str]:
    """Return the columns whose name says no more than one of these words, and that it is a code."""
    found = []
    for column in columns:
        known = {word.casefold() for word in _WORD.findall(column.name)}
        if (known & words and known <= words | _CODE) or chinese.search(column.name):
            found.append(column.name)
    return found


def _about(name: str, words: frozenset[str], chinese: re.Pattern[str]) -> bool:
    known = {word.casefold() for word in _WORD.findall(name)}
    return bool(known & words) or chinese.search(name) is not None


def _first(names: Iterable[str], but: tuple[str | None, ...]) -> str | None:
    return next((name for name in names if name not in but), None)
