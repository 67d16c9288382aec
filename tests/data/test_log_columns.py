"""The columns of a log are found by role and by name, in both languages, for all who ask."""

import numpy as np
import pandas as pd
import pytest

from rebal_core.data.drift import newcomers
from rebal_core.data.log_columns import LogGuess, guess_log, item_name
from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.data.samples import SAMPLES
from rebal_core.schema import Column, Schema

SURE = (
    "item, item_id, itemid, ItemID, product, product_id, productCode, product_name, sku, SKU, "
    "asin, StockCode, stock_id, movieId, song_id, track_name, book_key, "
    "商品编号, 商品ID, 商品, 产品编码, 电影ID, 课程编号"
)
MAYBE = (
    "movie, app, hotel, item_no, product number, Clothing ID, page 2 (clothing model), "
    "电影, 歌曲名称"
)
NOT = (
    "item_price, items, items_sold, order_item_id, product_category, product_count, device_model, "
    "stock, stock_no, model, page, page 1 (main category), model photography, title, colour, "
    "style, furniture, merchant_id, user_id, category_id, name, code, id, item_age_days, "
    "商品价格, 商品类别"
)


@pytest.mark.parametrize(("names", "told"), [(SURE, "sure"), (MAYBE, "maybe"), (NOT, None)])
def test_names_of_items(names, told):
    assert {n: item_name(n) for n in names.split(", ")} == dict.fromkeys(names.split(", "), told)


def schema(**columns):
    """Return a schema of columns by name, each ``kind`` or ``kind role``."""
    told = {name: (*words.split(), "feature")[:2] for name, words in columns.items()}
    return Schema(tuple(Column(name, kind, role) for name, (kind, role) in told.items()))


def parts(*names):
    return dict.fromkeys(names, "number")


@pytest.mark.parametrize(
    ("columns", "user", "item", "time", "event"),
    [
        (
            {
                "who": "category group",
                "what": "category item",
                "at": "time",
                "clicked": "category target",
            },
            "who",
            "what",
            ("at",),
            "clicked",
        ),
        (
            {"userId": "number group", **parts("movieId", "rating", "timestamp")},
            "userId",
            "movieId",
            ("timestamp",),
            "rating",
        ),
        (
            {
                "用户编号": "category group",
                "商品编号": "category",
                "行为类型": "category",
                "时间": "time",
            },
            "用户编号",
            "商品编号",
            ("时间",),
            "行为类型",
        ),
        (
            {**parts("day", "Month", "YEAR"), "session_id": "number group", "sku": "category"},
            "session_id",
            "sku",
            ("YEAR", "Month", "day"),
            None,
        ),
        (
            {**parts("年", "月", "日", "顺序"), "用户": "category group", "商品": "category"},
            "用户",
            "商品",
            ("年", "月", "日", "顺序"),
            None,
        ),
        # without the year, or with a gap, nothing says when; an order of rows of everybody neither
        (
            {**parts("month", "day", "hour", "order"), "user": "category group"},
            "user",
            None,
            (),
            None,
        ),
        ({**parts("year", "day", "order"), "user": "category group"}, "user", None, (), None),
        # an order that is an identifier is none of a sequence
        (
            {**parts("year", "month"), "order": "number id", "user": "category group"},
            "user",
            None,
            ("year", "month"),
            None,
        ),
        # a rating is the target and no item, whatever it is called
        ({"user": "category group", "item": "category target"}, "user", None, (), None),
        # the surest name counts, wherever it stands
        ({"user": "category group", "movie": "category", "item_id": "number"}, "user", "item_id",
         (), None),
    ],
)  # fmt: skip
def test_columns_are_guessed_by_role_then_by_name(columns, user, item, time, event):
    found = guess_log(schema(**columns))
    assert (found.user, found.item, found.time, found.event) == (user, item, time, event)
    assert found


@pytest.mark.parametrize(
    "columns",
    [
        {"age": "number", "income": "number", "label": "category target"},
        {"item_price": "number", "items_sold": "number", "user_age": "number"},
        # nobody comes back: a customer or a product a row, reviews of nobody
        {"customer_id": "category id", "loan": "category", "clicked": "category target"},
        {"product_id": "category id", "time": "time", "label": "category target"},
        {"Clothing ID": "category", "Rating": "number", "Title": "text"},
        {"item_id": "category", "timestamp": "time", "policy": "category"},
        {"hall": "category group", "time": "time"},
    ],
)
def test_other_tables_are_no_logs(columns):
    assert guess_log(schema(**columns)) == LogGuess()
    assert not guess_log(schema(**columns))


def test_what_else_a_log_has():
    found = guess_log(SAMPLES["click_log"].schema)
    assert (found.user, found.item, found.time) == ("user_id", "item_id", ("timestamp",))
    assert (found.place, found.event) == ("position", "clicked")
    assert found.others == ("query", "category", "device")
    assert {"position", "price"} <= set(found.numbers)
    assert guess_log(SAMPLES["card_fraud"].schema).user == "card_id"
    assert not guess_log(SAMPLES["product_categories"].schema)
    found = guess_log(schema(thing="category item", query="category id", row="number id"))
    assert (found.user, found.place, found.others) == (None, None, ("query",))
    assert guess_log(schema(hall="category group", thing="category item")).user == "hall"


def test_the_time_of_all_is_without_a_place_in_the_visit_of_one():
    named = LogGuess(time=("year", "month", "day", "order"))
    assert named.moment == ("year", "month", "day")
    assert LogGuess(time=("at",)).moment == "at"
    assert LogGuess().moment is None


RNG = np.random.default_rng(0)
N = 2_000


def uploaded(folder, **columns):
    return from_frame(pd.DataFrame(columns), folder / "table").schema


def test_an_upload_proposes_items_only_where_name_values_and_users_say_so(tmp_path):
    who, what = RNG.integers(0, 200, N) + 7_000, RNG.integers(0, 90, N) + 500
    y = RNG.random(N) < 0.1
    for k, (item, columns) in enumerate(
        {
            "itemid": {"visitorid": who, "itemid": what, "y": y},
            "商品编号": {"用户编号": who, "商品编号": what, "y": y},
            "sku": {"movie": what, "sku": what, "user": who},
        }.items()
    ):
        found = uploaded(tmp_path / str(k), **columns)
        assert found.named("item") == (item,), item
        assert "feature" in found[item].note
        assert guess_log(found).item == item
    for k, columns in enumerate(
        (
            {"itemid": what, "y": y},  # of nobody
            {"merchant": who, "itemid": what, "y": y},
            {"order": who, "itemid": what, "y": y},  # an order may be a place in a sequence
            {"visitorid": who, "itemid": RNG.permutation(N) + 10, "y": y},  # each once: a row
            {"visitorid": who, "product": RNG.integers(0, 9, N), "y": y},  # a few kinds
            {"visitorid": who, "movie": what, "y": y},  # a film or its kind
            {"visitorid": who, "item_price": what, "y": y},
        )
    ):
        assert uploaded(tmp_path / f"n{k}", **columns).named("item") == (), columns.keys()


def test_open_tables(real_data, tmp_path):
    shop = read_table(real_data / "eshop_clickstream_2008.parquet", tmp_path / "shop")
    found = guess_log(shop.schema)
    assert (found.user, found.item) == ("session ID", "page 2 (clothing model)")
    assert (found.time, found.event) == (("year", "month", "day", "order"), None)
    assert shop.schema.named("item") == ()
    for file in ("bank_marketing", "open_bandit_all", "womens_clothing_reviews"):
        table = read_table(real_data / f"{file}.parquet", tmp_path / file)
        assert not guess_log(table.schema), file
    assert not guess_log(read_table(real_data / "telco_churn.csv", tmp_path / "telco").schema)


def test_newcomers_by_a_time_in_several_columns(tmp_path):
    at = pd.date_range("2025-11-01", periods=100, freq="12h")
    frame = pd.DataFrame({"user": np.arange(100) // 2, "at": at, "year": at.year})
    frame = frame.assign(month=at.month, day=at.day, order=1)
    dataset = from_frame(frame, tmp_path / "d")
    whole = newcomers(dataset, "user", "at")
    found = newcomers(dataset, "user", ["year", "month", "day"])
    assert found["start"].tolist() == [d.normalize() for d in whole["start"]]
    assert found["rate"].tolist() == [1.0] * 4
    # a day that no month has is no time
    frame.loc[5:8, "day"] = 31
    frame.loc[5:8, "month"] = 2
    lost = newcomers(from_frame(frame, tmp_path / "e"), "user", ["year", "month", "day"])
    assert lost["rows"].sum() < found["rows"].sum()
    months = newcomers(from_frame(frame, tmp_path / "f"), "user", ["year", "month"])
    assert months["start"].tolist() == [pd.Timestamp("2025-12-01")]
