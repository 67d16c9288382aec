"""Which columns of a table make a log of events: who, what, when, which event, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rebal_core.data.entities import entity_name
from rebal_core.data.logged import place_name
from rebal_core.data.names import words_of
from rebal_core.schema import Column, Schema


def _set(*words: str) -> frozenset[str]:
    return frozenset(word for line in words for word in line.split())


#: What a user meets: with a word for a code beside it, or alone.
_ITEM = _set(
    "item product sku asin isbn article song track movie film book video news listing goods course",
    "recipe game app hotel restaurant merchandise",
)
#: Alone they are the names of an item in their own right.
_ALONE = _set("item product sku asin isbn")
#: Goods, and what is around their name in the log of a shop's pages.
_GOODS = _set("clothing clothes garment dress shoe apparel furniture")
_AROUND = _set("model page url style")
_CODE = _set("id uid uuid key hash code name")
#: These may say the place in a sequence: item number 3 of an order.
_NUMBER = _set("no nr nbr num number")
_CHINESE_ITEM = re.compile(
    r"(商品|物品|产品|货品|歌曲|音乐|影片|电影|视频|文章|新闻|图书|课程|菜品|款|货)(编号|编码|号|id|名称?)?$"
)
_CHINESE_SURE = re.compile(r"(商品|物品|产品|货品)(编号|编码|号|id)?$|.{2}(编号|编码|id)$")
_EVENT = _set(
    "event action behavior behaviour interaction click clicked purchase purchased bought rating",
    "stars liked like played feedback",
)
_CHINESE_EVENT = re.compile(
    r"(行为|事件|点击|购买|下单|评分|打分|动作|互动)(类型|种类)?$|^是否(点击|购买)"
)
_TIME = _set("timestamp ts datetime time date unixtime")
_CHINESE_TIME = re.compile(r"时间(戳)?$|日期$")
#: Parts of a date, the coarsest first, and what counts the events of one of them.
_PARTS = ("year", "month", "day", "hour", "minute")
_CHINESE_PARTS = {"年": "year", "月": "month", "日": "day", "时": "hour", "分": "minute"}
_SEQUENCE = ("order", "sequence", "seq", "step", "顺序", "步骤")


@dataclass(frozen=True)
class LogGuess:
    """Columns that look like a log; None, or none, where nothing looks like it.

    Parameters
    ----------
    user, item : str or None
    time : tuple of str
        One column, or several of which the first is the coarsest: year, month, day.
    event : str or None
        What kind of event a row is.
    place : str or None
        Where on a page or in a list the item stood.
    others : tuple of str
        Categories and texts, such as a query, that events may be counted by as well.
    numbers : tuple of str
        Features that are numbers; those of few values may be codes of categories.
    """

    user: str | None = None
    item: str | None = None
    time: tuple[str, ...] = ()
    event: str | None = None
    place: str | None = None
    others: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether the table is a log: it has users who come back, or items."""
        return self.user is not None or self.item is not None

    @property
    def complete(self) -> bool:
        """Whether it says who, what and when, so that items can be ranked for each user."""
        return bool(self.user and self.item and self.time)

    @property
    def moment(self) -> str | tuple[str, ...] | None:
        """The time that is the same for all users: without the place in a sequence of one."""
        parts = tuple(name for name in self.time if _part(name))
        return parts or next(iter(self.time), None)


def guess_log(schema: Schema) -> LogGuess:
    """Return which columns make a log of a table: by their roles, else by their names.

    A user is what holds rows together, where it is called so or stands beside an item. An item has
    its role, or is called so and stands beside a user.

    Examples
    --------
    >>> plain = [Column(name, "number") for name in ("movieId", "rating", "timestamp")]
    >>> found = guess_log(Schema((Column("userId", "number", "group"), *plain)))
    >>> found.user, found.item, found.time, found.event
    ('userId', 'movieId', ('timestamp',), 'rating')
    """
    columns = [c for c in schema.columns if c.kind != "embedding"]
    user = next(iter(schema.named("group")), None)
    item = next(iter(schema.named("item")), None)
    if item is None and user is not None:
        item = next(iter(items_by_name(c.name for c in columns if _may_be_item(c))), None)
    if item is None and not entity_name(user or ""):
        return LogGuess()
    time = _time(schema, columns)
    plain = [c for c in columns if c.kind in ("number", "category")]
    kept = [c for c in plain if c.role in ("feature", "ignore") and c.name != item]
    places = [c.name for c in kept if place_name(c.name)]
    others = [
        c.name
        for c in columns
        if c.kind in ("category", "text")
        and (c.role == "feature" or (c.role == "id" and entity_name(c.name)))
        and c.name not in (*places, item)
    ]
    return LogGuess(
        user=user,
        item=item,
        time=time,
        event=event_by_name(schema, (user, item, *time)),
        place=next(iter(places), None),
        others=tuple(others),
        numbers=tuple(c.name for c in schema.features if c.kind == "number"),
    )


def event_by_name(schema: Schema, but: Iterable[str | None] = ()) -> str | None:
    """Return the first column that is called like the kind of an event, other than some."""
    return next(
        (
            c.name
            for c in schema.columns
            if c.kind in ("number", "category")
            and c.name not in but
            and _about(c.name, _EVENT, _CHINESE_EVENT)
        ),
        None,
    )


def item_name(name: str) -> Literal["sure", "maybe"] | None:
    """Tell whether a column is called like what a user meets: a product, an article, a film.

    Returns
    -------
    {"sure", "maybe"} or None
        ``maybe``: worth a guess, but no role (an ``item_no`` may be a place in an order).

    Examples
    --------
    >>> [item_name(n) for n in ("item_id", "productCode", "sku", "商品编号", "movie", "item_no")]
    ['sure', 'sure', 'sure', 'sure', 'maybe', 'maybe']
    >>> [item_name(n) for n in ("item_price", "items", "order_item_id", "device_model", "title")]
    [None, None, None, None, None]
    """
    bare = re.sub(r"[\s_\-.]", "", name).casefold()
    if _CHINESE_ITEM.search(bare):
        return "sure" if _CHINESE_SURE.search(bare) else "maybe"
    words = words_of(name, _ITEM, _CODE)
    what = [word for word in words if word not in _CODE | _NUMBER]
    if len(what) == 1 and what[0] in _ITEM:
        alone = words == what and what[0] in _ALONE
        return "sure" if alone or _CODE.intersection(words) else "maybe"
    if what == ["stock"]:  # alone, how much of something there is
        return "sure" if _CODE.intersection(words) else None
    goods = _GOODS.intersection(what) and set(what) <= _GOODS | _AROUND and len(words) > 1
    return "maybe" if goods else None


def items_by_name(names: Iterable[str], sure: bool = False) -> list[str]:
    """Return the columns that are called like items, the surest first.

    Parameters
    ----------
    sure : bool
        Only those whose name is enough.
    """
    told = {name: item_name(name) for name in names}
    hows = ("sure",) if sure else ("sure", "maybe")
    return [name for how in hows for name in told if told[name] == how]


def _may_be_item(column: Column) -> bool:
    return column.kind in ("number", "category") and column.role in ("feature", "id", "ignore")


def _time(schema: Schema, columns: list[Column]) -> tuple[str, ...]:
    moments = [*schema.named("time"), *(c.name for c in columns if c.kind == "time")]
    numbers = [c for c in columns if c.kind == "number"]
    moments += [c.name for c in numbers if _only(c.name, _TIME, _CHINESE_TIME)]
    if moments:
        return (moments[0],)
    called = {part: c.name for c in numbers if (part := _part(c.name))}
    # Without the year, or with a gap, the parts of a date do not say when.
    there = next((k for k, part in enumerate(_PARTS) if part not in called), len(_PARTS))
    found = [called[part] for part in _PARTS[:there]]
    order = [c.name for c in numbers if c.name.casefold() in _SEQUENCE and c.role == "feature"]
    return (*found, *order[:1]) if there > 1 else ()


def _part(name: str) -> str | None:
    """Return which part of a date a column is called like."""
    part = _CHINESE_PARTS.get(name, name.strip().casefold())
    return part if part in _PARTS else None


def _only(name: str, words: frozenset[str], chinese: re.Pattern[str]) -> bool:
    """Return whether a name says no more than one of these words, and that it is a code."""
    known = set(words_of(name))
    return bool(known & words and known <= words | _CODE) or chinese.search(name) is not None


def _about(name: str, words: frozenset[str], chinese: re.Pattern[str]) -> bool:
    return bool(set(words_of(name)) & words) or chinese.search(name) is not None
