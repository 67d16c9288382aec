"""The columns of a log are found by role and by name, in both languages."""

import pytest

from rebal_core.ranking.guess import Guess, guess_columns
from rebal_core.schema import Column, Schema


def schema(**columns):
    """Return a schema of columns by name, each ``kind`` or ``kind role``."""
    told = {name: (*words.split(), "feature")[:2] for name, words in columns.items()}
    return Schema(tuple(Column(name, kind, role) for name, (kind, role) in told.items()))


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (
            {
                "who": "category group",
                "what": "category item",
                "at": "time",
                "clicked": "category target",
            },
            Guess("who", "what", ("at",), "clicked"),
        ),
        (
            {"userId": "number", "movieId": "number", "rating": "number", "timestamp": "number"},
            Guess("userId", "movieId", ("timestamp",), "rating"),
        ),
        (
            {
                "用户编号": "category",
                "商品编号": "category",
                "行为类型": "category",
                "时间": "time",
            },
            Guess("用户编号", "商品编号", ("时间",), "行为类型"),
        ),
        (
            {
                "year": "number",
                "month": "number",
                "day": "number",
                "session_id": "number",
                "sku": "category",
            },
            Guess("session_id", "sku", ("year", "month", "day"), None),
        ),
        (
            {"age": "number", "income": "number", "label": "category target"},
            Guess(None, None, (), None),
        ),
        (
            {"item_price": "number", "items_sold": "number", "user_age": "number"},
            Guess(None, None, (), None),
        ),
    ],
)
def test_columns_are_guessed_by_role_then_by_name(columns, found):
    assert guess_columns(schema(**columns)) == found
