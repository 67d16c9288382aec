"""A table becomes a log: order, codes, what is left out, and what an event is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rebal_core.data.dataset import Dataset
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.ranking.events import kinds_of
from rebal_core.ranking.reading import LogColumns, read_log
from rebal_core.wording import UserError

COLUMNS = LogColumns("user", "item", ("time",))


def shop(users: int = 12) -> pd.DataFrame:
    """Return a log in which every user does the same three things, in a wild order of rows."""
    table = pd.DataFrame(
        {
            "user": np.repeat([f"u{u:02d}" for u in range(users)], 3),
            "item": ["shoe", "sock", "hat"] * users,
            "time": pd.to_datetime("2026-01-01") + pd.to_timedelta(np.arange(3 * users), "h"),
            "price": [80, 5, 20] * users,
            "colour": ["红", "blau", None] * users,
            "device": (["phone"] * 5 + ["desk"] * 4) * (users // 3),
        }
    )
    return table.sample(frac=1, random_state=0)


def kept(table: pd.DataFrame, folder: Path) -> Dataset:
    table.to_parquet(folder / "log.parquet")
    return read_table(folder / "log.parquet", folder / "read", ReadOptions())


def test_events_stand_in_the_order_of_time(tmp_path) -> None:
    read = read_log(kept(shop(), tmp_path), COLUMNS)
    log = read.log
    assert log.items.tolist() == ["hat", "shoe", "sock"]
    assert (np.diff(log.moment) > 0).all()
    visit = log.visits().take(np.array([3]))
    assert log.items[visit.item].tolist() == ["shoe", "sock", "hat"]
    assert not any(read.dropped.values())
    assert not read.notes


def test_several_columns_of_time_are_read_from_the_coarsest_on(tmp_path) -> None:
    table = shop()
    table["day"], table["hour"] = table["time"].dt.day, table["time"].dt.hour
    one = read_log(kept(table, tmp_path), COLUMNS).log
    two = read_log(kept(table, tmp_path), LogColumns("user", "item", ("day", "hour"))).log
    assert two.row.tolist() == one.row.tolist()


def test_equal_moments_keep_the_order_of_the_table(tmp_path) -> None:
    table = shop().sort_values("time")
    table["time"] = table["time"].dt.floor("D")
    log = read_log(kept(table, tmp_path), COLUMNS).log
    assert log.row.tolist() == list(range(len(table)))
    assert log.moment.max() == 1


def test_what_is_the_same_in_all_rows_of_an_item_is_known_of_it(tmp_path) -> None:
    about = read_log(kept(shop(), tmp_path), COLUMNS).log.about_items
    assert about is not None
    assert list(about) == ["price", "colour"]
    assert about["price"].tolist() == [20.0, 80.0, 5.0]
    assert about["colour"].tolist()[1:] == ["红", "blau"]
    assert about["colour"].isna().tolist() == [True, False, False]


def test_a_column_of_items_that_is_named_is_read_whatever_its_role(tmp_path) -> None:
    table = shop()
    born = {"shoe": "2020-01-02", "sock": "2020-01-01", "hat": None}
    table["born"] = pd.to_datetime(table["item"].map(born))
    dataset = kept(table, tmp_path)
    assert dataset.schema["born"].role == "ignore"
    log = read_log(dataset, COLUMNS, of_items=("born", "colour")).log
    assert log.about_items is not None
    assert log.beside_items is not None
    assert list(log.about_items) == ["price", "colour"]
    days = (pd.Timestamp("2020-01-01") - pd.Timestamp("1970-01-01")).days
    assert log.beside_items["born"].tolist()[1:] == [days + 1, days]
    assert log.beside_items["born"].isna().tolist() == [True, False, False]
    with pytest.raises(UserError, match="“device” differs within the rows of an item"):
        read_log(dataset, COLUMNS, of_items=("device",))
    with pytest.raises(UserError, match="no column “nothing”"):
        read_log(dataset, COLUMNS, of_items=("nothing",))


def test_rows_without_a_user_an_item_or_a_time_are_left_out_and_counted(tmp_path) -> None:
    table = shop().reset_index(drop=True)
    table.loc[:3, "user"] = None
    table.loc[3:4, "item"] = None
    table.loc[30, "time"] = pd.NaT
    read = read_log(kept(table, tmp_path), COLUMNS)
    assert read.dropped == {"user": 4, "item": 1, "time": 1, "event": 0}
    assert len(read.log) == len(table) - 6
    assert [str(note) for note in read.notes] == [
        "Rows without a user are left out: 4.",
        "Rows without an item are left out: 1.",
        "Rows without a time are left out: 1.",
    ]


def test_an_item_that_nobody_wanted_is_in_the_catalogue(tmp_path) -> None:
    table = shop()
    table["did"] = np.where(table["item"] == "hat", "impression", "click")
    read = read_log(kept(table, tmp_path), LogColumns("user", "item", ("time",), "did"))
    assert read.log.items.tolist() == ["hat", "shoe", "sock"]
    assert read.log.popularity.tolist() == [0, 12, 12]
    assert read.dropped["event"] == 12
    assert str(read.notes[0]) == "Events are “click”; not counted: “impression”."


def test_what_was_shown_and_left_alone_is_kept_beside_the_events(tmp_path) -> None:
    table = shop().sort_values("time")
    table.loc[table["user"] == "u03", "item"] = "hat"
    table["did"] = np.where(table["item"] == "hat", "impression", "click")
    of = LogColumns("user", "item", ("time",), "did")
    log = read_log(kept(table, tmp_path), of, ("device", "price")).log
    shown = log.shown
    assert shown is not None
    assert log.beside is not None
    assert shown.beside is not None
    assert len(log) == 22
    assert set(shown.item) == {0}
    assert "u03" not in log.users
    assert (shown.user == shown.user.min()).sum() == 3
    assert shown.user.min() < -1
    named = [log.users[u] for u in shown.user if u >= 0]
    assert named == [u for u in table["user"].unique() if u != "u03"]
    # One scale of time: each hat was shown after the sock of its user.
    for user in range(len(log.users)):
        assert (shown.moment[shown.user == user] > log.moment[log.user == user].max()).all()
    assert log.beside["price"].tolist() == [80, 5] * 11
    assert log.take(log.item == 1).beside["price"].tolist() == [80] * 11


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (LogColumns("who", "item", ("time",)), "The table has no column “who”"),
        (LogColumns("user", "user", ("time",)), "“user” is named twice"),
        (LogColumns("user", "item", ("device",)), "holds neither times nor numbers"),
        (LogColumns("time", "item", ("price",)), "of those of “time” 0 have two events or more"),
        (LogColumns("user", "device", ("time",)), "and “device” has 2"),
    ],
)
def test_what_makes_no_log_is_refused_in_a_sentence(tmp_path, columns, sentence) -> None:
    with pytest.raises(UserError) as refused:
        read_log(kept(shop(), tmp_path), columns)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("values", "events"),
    [
        ([0, 1, 1, None], [False, True, True, False]),
        ([True, False], [True, False]),
        ([1, 2, 3, 4, 5], [False, False, False, True, True]),
        ([0.0, 3.5, -1.0, 120.0], [False, True, False, True]),
        (["click", "no click"], [True, False]),
        (["addToCart", "removeFromCart", "view", "Impression"], [True, False, True, False]),
        (["NOT_CLICKED", "CLICKED"], [False, True]),
        (["点击", "未点击", "曝光", "购买", None], [True, False, False, True, False]),
        (["1", "0", "1"], [True, False, True]),
        (["notebook viewed", "normal"], [True, True]),
    ],
)
def test_events_that_speak_for_an_item(values, events) -> None:
    assert kinds_of(pd.Series(values), "event").wanted.tolist() == events


@pytest.mark.parametrize(
    ("values", "bought"),
    [
        (["view", "cart", "buy", "view"], [False, False, True, False]),
        (["点击", "加购", "下单", "取消支付", None], [False, False, True, False, False]),
        (["productView", "Purchase", "beginCheckout"], [False, True, False]),
        (["PAGE_VIEW", "ORDER_PAID", "ORDER_CANCELLED"], [False, True, False]),
        (["点击购买", "待付款", "成交"], [False, False, True]),
        (["view", "cart"], None),
        (["buy", "impression", "buy"], None),
        ([0, 1, 1], None),
        ([True, False], None),
        (["1", "0"], None),
    ],
)
def test_events_that_are_purchases(values, bought) -> None:
    found = kinds_of(pd.Series(values), "event")
    assert (None if found.bought is None else found.bought.tolist()) == bought
    told = [str(note) for note in found.notes if str(note).startswith("Purchases are")]
    assert len(told) == (bought is not None)


def test_purchases_stand_beside_their_events(tmp_path) -> None:
    table = shop()
    table["did"] = table["item"].map({"shoe": "click", "sock": "impression", "hat": "buy"})
    read = read_log(kept(table, tmp_path), LogColumns("user", "item", ("time",), "did"))
    log = read.log
    assert log.bought is not None
    assert (log.bought == (log.item == list(log.items).index("hat"))).all()
    some = log.take(log.user < 3)
    assert some.bought is not None
    assert some.bought.tolist() == [False, True] * 3
    assert [str(note) for note in read.notes][1] == "Purchases are “buy”."


@pytest.mark.parametrize("values", [["impression"], [0.0, -1.0, -3.0], [None, None]])
def test_a_column_without_an_event_that_speaks_for_an_item_is_refused(values) -> None:
    with pytest.raises(UserError, match="names no event that speaks for an item"):
        kinds_of(pd.Series(values), "event")


def test_words_without_end_are_no_kinds_of_events() -> None:
    with pytest.raises(UserError, match="has 60 values"):
        kinds_of(pd.Series([f"word{n}" for n in range(60)]), "event")


@pytest.mark.parametrize(("unit", "told"), [("h", False), ("D", True)])
def test_it_is_told_where_the_order_of_rows_says_what_was_last(tmp_path, unit, told) -> None:
    table = shop()
    table["time"] = table["time"].dt.floor(unit)
    notes = [str(note) for note in read_log(kept(table, tmp_path), COLUMNS).notes]
    sentence = "12 of 12 users did several things at their last time"
    assert [note.startswith(sentence) for note in notes] == [True] * told


def test_the_same_item_twice_at_the_last_time_decides_nothing(tmp_path) -> None:
    twice = pd.concat([shop(), shop().query("item == 'hat'")])
    assert not read_log(kept(twice, tmp_path), COLUMNS).notes
