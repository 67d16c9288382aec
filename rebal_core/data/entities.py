"""Which columns say who comes back: customers, patients, devices, orders; never items or places.

Rows of one customer are alike, so folds that mix them test a model on what it was taught. One idea
of such a column serves the roles that are guessed, the check, the split and the alarm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from rebal_core.data.duck import open_duck, parquet, quoted
from rebal_core.data.names import words_of
from rebal_core.schema import Schema

#: More values than these, and more rows a value, make groups of rows.
FEWEST_VALUES, FEWEST_ROWS_EACH = 20, 1.05
#: An estimate of the number of values is off by 3 % on average; this is five times as much.
_SURE = 1.16
#: Share of the values that must look like codes.
_MOST = 0.9


def _set(*words: str) -> frozenset[str]:
    return frozenset(word for line in words for word in line.split())


#: Who: their name alone is enough.
_WHO = _set(
    "user usr customer cust client member patient card account acct visitor household cookie",
    "subscriber shopper buyer consumer guest passenger borrower applicant policyholder cardholder",
    "student employee person participant respondent donor viewer msisdn imei imsi email",
    "ip_address mac_address credit_card hid hhid",
)
#: What somebody does or has: with a word for a code beside it, or with values that are codes.
_WHAT = _set(
    "order invoice session visit device terminal transaction booking reservation basket cart",
    "ticket claim policy contract loan subscription trip machine vehicle engine meter encounter",
    "admission stay conversation dialogue dialog thread chat query subject contact family phone",
    "document",
)
_CODE = _set("id uid uuid guid key hash no nr nbr num number code token ref reference identifier")
#: Of what somebody does, these may be its place in a sequence: visit number 3.
_NUMBER = _set("no nr nbr num number")
#: With one of these before it, and no code behind it, a name counts or measures.
_MEASURES = _set(
    "of per n no nr nbr num number count total sum avg average mean max min is has since last",
    "first days age prev previous past next",
)
#: Names that say no more than that somebody or something has a number.
_BARE = _set("id ids uuid guid nr nbr 编号 编码 id号")
_CHINESE_WHO = (
    "用户|客户|顾客|会员|患者|病人|账号|账户|帐号|帐户|银行卡|持卡人|学生|员工|访客|买家|手机号|卡"
)
_CHINESE_WHAT = "订单|会话|发票|设备|终端|交易|保单|合同|就诊|住院|工单|购物车|车辆|机器"
_CHINESE_CODE = "编号|编码|号码|号|代码|标识|名|id"
_CHINESE = re.compile(
    rf"(?:(?P<who>{_CHINESE_WHO})|(?P<what>{_CHINESE_WHAT}))(?P<code>{_CHINESE_CODE})?$"
)
_NUMERIC = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|FLOAT|DOUBLE")


def entity_name(name: str) -> str | None:
    """Tell whether a column is called like somebody or something that comes back.

    Returns
    -------
    {"sure", "maybe", "bare"} or None
        ``maybe``: only values that are plainly codes make it one (an ``order`` may be a place in a
        sequence, an ``order_id`` may not). ``bare``: besides, there must be more of them than rows
        of each (an ``id`` may also number thirty questions put to everybody).

    Examples
    --------
    >>> [entity_name(n) for n in ("customerID", "user_id", "order", "客户编号", "device_id")]
    ['sure', 'sure', 'maybe', 'sure', 'sure']
    >>> [entity_name(n) for n in ("product_id", "user_age", "n_orders", "card_type", "订单金额")]
    [None, None, None, None, None]
    """
    return _told(name)[0]


def is_somebody(name: str) -> bool:
    """Tell whether a column is called like somebody, and not like what somebody does or has.

    Examples
    --------
    >>> [is_somebody(n) for n in ("customerID", "用户编号", "session_id", "order", "age")]
    [True, True, False, False, False]
    """
    return _told(name)[1]


def _told(name: str) -> tuple[str | None, bool]:
    """Return what :func:`entity_name` tells of a name, and :func:`is_somebody`."""
    chinese = _CHINESE.search(re.sub(r"[\s_\-.]", "", name).casefold())
    if chinese:
        who = chinese["who"] is not None
        return "sure" if who or chinese["code"] else "maybe", who
    numbered = False
    words = words_of(name, _WHO | _WHAT, _CODE)
    coded = False
    while words and words[-1] in _CODE:
        numbered = words.pop() in _NUMBER
        coded = True
    if words and words[0] == "id":
        words.pop(0)
        coded = True
    if not words:
        bare = name.strip().casefold()
        how = "sure" if bare in ("uid", "ip") else "bare" if bare in _BARE else None
        return how, how == "sure"
    if words[-1] == "ip":
        return "sure", True
    if not coded and _MEASURES.intersection(words[:-1]):
        return None, False
    heads = {words[-1], "_".join(words[-2:])}
    if coded:
        heads |= {words[-1].removesuffix("s")} | ({"card"} if words[-1] == "cc" else set())
    if heads & _WHO:
        return "sure", True
    if not heads & _WHAT:
        return None, False
    return "sure" if coded and not numbered else "maybe", False


def find_entities(table: Path, schema: Schema) -> tuple[str, ...]:
    """Return the columns that hold rows together: that of role group, then those that look so.

    Columns of other roles than target, time, weight and value are looked at, whether a model sees
    them or not.

    Parameters
    ----------
    table : Path
        An accepted table.
    """
    apart = {c.name for c in schema.columns if c.role in ("target", "time", "weight", "value")}
    names = [
        c.name for c in schema.columns if c.kind in ("number", "category") and c.name not in apart
    ]
    with open_duck(table) as connection:
        looks = entities(connection, parquet(table), names)
    return tuple(dict.fromkeys((*schema.named("group"), *looks)))


def entities(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    names: Iterable[str],
    estimates: Mapping[str, tuple[int, int]] | None = None,
) -> tuple[str, ...]:
    """Return the columns that look like entities by name and by value, somebody first.

    Sessions and orders are of somebody, whose rows are alike as well. Of columns of one sort the
    one of most values comes first.

    By value: categories or whole numbers, more than 20 of them, over 1.05 rows each; where the
    name is not sure, they must plainly be codes, and more than rows of each where it is bare.

    Parameters
    ----------
    relation : str
        SQL of a table.
    names : iterable of str
        Columns of numbers and of categories.
    estimates : mapping of str to (int, int), optional
        About how many values some columns have, in how many rows: where that is clear of all
        bounds, no value need be counted.
    """
    told = {name: how for name in names if (how := entity_name(name)) is not None}
    about_few = {n for n, (values, _) in (estimates or {}).items() if _clearly_few(values)}
    kinds = _kinds(connection, relation, [name for name in told if name not in about_few])
    found = {}
    for name, kind in kinds.items():
        about = (estimates or {}).get(name)
        # Of several columns of a sort the one of most values comes first: they are counted.
        alone = about is not None and len(kinds) == 1 and _clearly_repeats(*about)
        values, rows = about if about and alone else _counted(connection, relation, name)
        many = values > FEWEST_VALUES and (told[name] != "bare" or values**2 > rows)
        if many and rows > FEWEST_ROWS_EACH * values:
            looks = _codes_of_numbers if kind != "VARCHAR" else _codes_of_text
            if looks(connection, relation, name, told[name] == "sure"):
                found[name] = values
    return tuple(sorted(found, key=lambda name: (not is_somebody(name), -found[name])))


def _kinds(
    connection: duckdb.DuckDBPyConnection, relation: str, names: Iterable[str]
) -> dict[str, str]:
    picks = ", ".join(quoted(name) for name in names)
    if not picks:
        return {}
    told = connection.execute(f"DESCRIBE SELECT {picks} FROM {relation}").fetchall()
    return {name: kind for name, kind, *_ in told if kind == "VARCHAR" or _NUMERIC.match(kind)}


def _counted(connection: duckdb.DuckDBPyConnection, relation: str, name: str) -> tuple[int, int]:
    c = quoted(name)
    row = connection.execute(f"SELECT count(DISTINCT {c}), count({c}) FROM {relation}").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _clearly_few(values: int) -> bool:
    return _SURE * values < FEWEST_VALUES


def _clearly_repeats(values: int, rows: int) -> bool:
    return values > _SURE * FEWEST_VALUES and rows > _SURE * FEWEST_ROWS_EACH * values


def _codes_of_numbers(
    connection: duckdb.DuckDBPyConnection, relation: str, name: str, sure: bool
) -> bool:
    """Whole numbers; where only values can tell, no places in a sequence.

    In a sequence 1, 2, 3 ... the first place is the most frequent one, far above the mean.
    """
    c = quoted(name)
    whole = connection.execute(f"SELECT bool_and({c} = trunc({c})) FROM {relation}").fetchone()
    if not whole or not whole[0]:
        return False
    if sure:
        return True
    query = (
        f"SELECT arg_min(n, v), avg(n), min(v) FROM (SELECT {c} AS v, count(*) AS n "
        f"FROM {relation} WHERE {c} IS NOT NULL GROUP BY v)"
    )
    row = connection.execute(query).fetchone()
    return row is not None and not (row[2] in (0, 1) and row[0] >= 2 * row[1])


def _codes_of_text(
    connection: duckdb.DuckDBPyConnection, relation: str, name: str, sure: bool
) -> bool:
    """Any category where the name is sure; where only values can tell, digits and no blanks."""
    if sure:
        return True
    c = quoted(name)
    query = (
        "SELECT avg((regexp_matches(v, '[0-9]') AND NOT regexp_matches(v, '\\s'))::INT) "
        f"FROM (SELECT DISTINCT {c} AS v FROM {relation} WHERE {c} IS NOT NULL LIMIT 10000)"
    )
    row = connection.execute(query).fetchone()
    return row is not None and row[0] is not None and float(row[0]) >= _MOST
