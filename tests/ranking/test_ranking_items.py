"""A second table that tells of items: what is joined, what is not, and what is said of it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rebal_core.cli.frame import main
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.ranking.item_table import ItemTable
from rebal_core.ranking.reading import LogColumns, read_log
from rebal_core.wording import UserError

COLUMNS = LogColumns("user", "item", ("time",))


def log_table(items=4, users=30):
    """Everybody takes each item once, in an order of his own; items are whole numbers."""
    n = np.arange(items * users)
    item = (n * 7 + n // items) % items + 1
    return pd.DataFrame({"user": n // items, "item": item, "time": n, "stars": item % 3})


def item_table():
    return pd.DataFrame(
        {
            "sku": ["1", "2", "2", "9", None, "3"],
            "brand": ["north", "south", "east", "west", "west", None],
            "rating": [4.5, 3.0, 1.0, 5.0, 2.0, np.nan],
            "born": pd.to_datetime(["2020-01-02", "2020-01-01", None, None, None, "2020-01-04"]),
            "same": ["x"] * 6,
        }
    )


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("items")
    for name, table in (("log", log_table()), ("items", item_table())):
        table.to_parquet(folder / f"{name}.parquet")
    return [
        read_table(folder / f"{name}.parquet", folder / name, ReadOptions())
        for name in ("log", "items")
    ]


def test_items_are_joined_by_name_and_what_is_not_is_counted(opened):
    log, items = opened
    read = read_log(log, COLUMNS, table=ItemTable(items, "sku"))
    about = read.log.about_items
    assert about is not None
    assert read.log.items.tolist() == ["1", "2", "3", "4"]
    # A table of items says more than one value, the first of a repeated key, and nothing it lacks.
    assert list(about) == ["stars", "brand", "rating"]
    assert about["brand"].fillna("–").tolist() == ["north", "south", "–", "–"]
    assert about["rating"].tolist()[:2] == [4.5, 3.0]
    assert about["rating"].isna().tolist() == [False, False, True, True]
    assert read.joined is not None
    assert read.joined.counts == {
        "lines": 6,
        "matched": 3,
        "items_without_line": 1,
        "lines_without_item": 1,
        "repeated": 1,
        "without_key": 1,
    }
    assert [str(note) for note in read.notes] == [
        "The table of items tells of 3 of the 4 items.",
        "Its lines of items that the log has not: 1.",
        "Its lines that repeat an item: 1; the first of each counts.",
        "Its lines that name no item: 1.",
    ]


def test_a_named_column_is_that_of_the_table_of_items_first(opened):
    log, items = opened
    table = ItemTable(items, "sku")
    named = read_log(log, COLUMNS, of_items=("born", "stars"), table=table).log.beside_items
    assert named is not None
    assert named["stars"].tolist() == [1, 2, 0, 1]
    assert (named["born"] - named["born"].min()).tolist()[:3] == [1, 0, 3]
    with pytest.raises(UserError, match="no column “born”"):
        read_log(log, COLUMNS, of_items=("born",))


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("nothing", "The table of items has no column “nothing”"),
        ("brand", "names none of the 4 items of the log"),
    ],
)
def test_what_cannot_be_joined_is_refused_in_a_sentence(opened, key, sentence):
    log, items = opened
    with pytest.raises(UserError, match=sentence):
        read_log(log, COLUMNS, table=ItemTable(items, key))


def test_a_table_that_tells_nothing_beside_its_key_is_refused(opened):
    log, items = opened
    alone = tuple(
        column if column.name == "sku" else replace(column, kind="embedding")
        for column in items.schema.columns
    )
    bare = ItemTable(items.with_schema(replace(items.schema, columns=alone)), "sku")
    with pytest.raises(UserError, match="has nothing beside its column “sku”"):
        read_log(log, COLUMNS, table=bare)


def test_the_command_joins_a_table_of_items(tmp_path, capsys):
    log_table(users=40).to_csv(tmp_path / "log.csv", index=False)
    item_table().to_csv(tmp_path / "items.csv", index=False)
    command = ["recommend", str(tmp_path / "log.csv"), "--user", "user", "--item", "item"]
    command += ["--time", "time", "--models", "content", "--strategies", "rerank", "--json", "-"]
    asked = ["--set", "rerank.quality=rating", "--items", str(tmp_path / "items.csv")]
    assert main([*command, *asked, "--item-key", "sku"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["log"]["item_table"]["matched"] == 3
    assert told["log"]["item_table"]["key"] == "sku"
    assert "brand" in told["log"]["about_items"]
    assert told["arms"][1]["ruled"]["quality"]["after"] is not None
    assert "The table of items tells of 3 of the 4 items." in err
    assert main([*command, *asked]) == 2
    assert "has no column “item”" in capsys.readouterr().err
    item_table()[["sku"]].to_csv(tmp_path / "items.csv", index=False)
    assert main([*command, *asked, "--item-key", "sku"]) == 2
    assert "items.csv has only one column; a table needs two at least" in capsys.readouterr().err
    assert main([*command, "--item-key", "sku"]) == 2
    assert "give --items FILE with it" in capsys.readouterr().err
