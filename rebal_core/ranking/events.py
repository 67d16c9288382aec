"""Which values of an event column say that somebody wanted an item, and which that he bought it."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from rebal_core.data.dataset import label_text
from rebal_core.ranking.log import Bools
from rebal_core.wording import Text, UserError, listed

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
#: Shown and left alone, or taken back; the rest of a value's words does not matter then.
_NOT = frozenset(
    (
        *("no", "not", "non", "none", "never", "un", "without", "remove", "removed", "cancel"),
        *("cancelled", "canceled", "return", "returned", "refund", "refunded", "dislike", "skip"),
        *("impression", "impressions", "exposure", "exposed", "shown", "show", "display"),
        *("displayed", "ignored", "false", "0"),
    )
)
_NOT_CHINESE = re.compile(r"未|无|不|曝光|展示|展现|取消|退货|退款|移除|删除|否")
_BOUGHT = frozenset(
    (
        *("buy", "buys", "bought", "order", "orders", "ordered", "purchase", "purchases"),
        *("purchased", "pay", "paid", "transaction", "transactions", "checkout", "conversion"),
    )
)
_BOUGHT_CHINESE = re.compile(r"购买|下单|成交|支付|付款")
#: On the way to it: “begin_checkout”, “view order”, “待付款”.
_NOT_YET = frozenset(
    (
        *("begin", "began", "start", "started", "initiate", "initiated", "pending", "view"),
        *("viewed", "click", "clicked"),
    )
)
_NOT_YET_CHINESE = re.compile(r"待|点击|浏览|意向")
#: So many values at most are kinds of events; more are amounts, where they are numbers.
MOST_KINDS = 50
#: Ratings: whole numbers from 0 or 1 to at most this.
_MOST_STARS = 10


class Kinds(NamedTuple):
    """What the rows of an event column are.

    Parameters
    ----------
    wanted : ndarray of shape (n,)
        Which are events that speak for an item.
    bought : ndarray of shape (n,) or None
        Which of them are purchases; None where the column tells of none, or of nothing else.
    notes : list of Text
        How the column was understood.
    """

    wanted: Bools
    bought: Bools | None
    notes: list[Text]


def kinds_of(values: pd.Series, column: str) -> Kinds:
    """Return which rows are events that speak for an item, and which of them are purchases.

    Numbers of two values count where they are the larger one, ratings where they are above the
    middle of their scale, other numbers (seconds, amounts) above 0. Words count unless they say
    that something was shown and left alone, or taken back. Words alone tell of purchases.

    Parameters
    ----------
    values : Series of shape (n,)
        A missing value is no event.
    column : str
        Its name, for the sentence.

    Raises
    ------
    UserError
        When no value speaks for an item, or there are too many kinds.
    """
    there = values.notna().to_numpy()
    truths = values.dropna().map(lambda value: isinstance(value, bool))
    if pd.api.types.is_bool_dtype(values.dtype) or bool(truths.all()):
        values = values.map(label_text, na_action="ignore")
    bought: Bools | None = None
    if pd.api.types.is_numeric_dtype(values.dtype):
        found, note = _of_numbers(values.to_numpy(dtype=float, na_value=np.nan), column)
        notes = [note]
    else:
        words = values.map(str, na_action="ignore")
        found, note = _of_words(words, column)
        bought, told = _of_purchases(words, found & there)
        notes = [note, *told]
    found &= there
    if not found.any():
        raise UserError(
            "“{column}” names no event that speaks for an item; choose another column for "
            "the event, or none.",
            column=column,
        )
    return Kinds(found, bought, notes)


def _of_numbers(values: np.ndarray, column: str) -> tuple[Bools, Text]:
    kinds = np.unique(values[~np.isnan(values)])
    whole = kinds.size > 0 and bool((kinds == kinds.round()).all())
    if kinds.size == 2:
        template = "Events are the rows in which “{column}” is {least}."
        return values == kinds[1], Text(
            template, {"column": column, "least": label_text(float(kinds[1]))}
        )
    if whole and 2 < kinds.size <= _MOST_STARS + 1 and 0 <= kinds[0] <= kinds[-1] <= _MOST_STARS:
        middle = (kinds[0] + kinds[-1]) / 2
        template = "“{column}” looks like a rating: events are the rows above {least}."
        with np.errstate(invalid="ignore"):
            return values > middle, Text(
                template, {"column": column, "least": label_text(float(middle))}
            )
    with np.errstate(invalid="ignore"):
        return values > 0, Text(
            "Events are the rows in which “{column}” is above 0.", {"column": column}
        )


def _of_words(values: pd.Series, column: str) -> tuple[Bools, Text]:
    kinds = [str(kind) for kind in values.dropna().unique()]
    if len(kinds) > MOST_KINDS:
        raise UserError(
            "“{column}” has {kinds} values, which are too many for kinds of events; choose "
            "another column for the event, or none.",
            column=column,
            kinds=f"{len(kinds):,}",
        )
    speak = {kind: not _says_no(kind) for kind in kinds}
    yes = listed([f"“{k}”" for k in kinds if speak[k]], 5)
    no = listed([f"“{k}”" for k in kinds if not speak[k]], 5)
    found = np.array([speak.get(kind, False) for kind in values], dtype=bool)
    if not no:
        return found, Text("Every row is an event: {yes}.", {"yes": yes})
    template = "Events are {yes}; not counted: {no}."
    return found, Text(template, {"yes": yes, "no": no})


def _of_purchases(values: pd.Series, wanted: Bools) -> tuple[Bools | None, list[Text]]:
    """Return which of the events are purchases, where there are others too."""
    kinds = [str(kind) for kind in values[wanted].unique()]
    yes = [kind for kind in kinds if _says_bought(kind)]
    if not yes or len(yes) == len(kinds):
        return None, []
    note = Text("Purchases are {kinds}.", {"kinds": listed([f"“{kind}”" for kind in yes], 5)})
    return wanted & values.isin(yes).to_numpy(), [note]


def _says_no(kind: str) -> bool:
    return bool(_words(kind) & _NOT) or bool(_NOT_CHINESE.search(kind))


def _says_bought(kind: str) -> bool:
    """Tell whether a value that is not negated speaks of a purchase that was made."""
    words = _words(kind)
    if words & _NOT_YET or _NOT_YET_CHINESE.search(kind):
        return False
    return bool(words & _BOUGHT) or bool(_BOUGHT_CHINESE.search(kind))


def _words(kind: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(kind)}
