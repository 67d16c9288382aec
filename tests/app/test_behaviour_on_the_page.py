"""The view Behaviour of the Skew page: filled, searched, switched, and with columns missing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from rebal_core.data.reading.load import from_frame
from rebal_core.data.samples import open_sample
from rebal_core.store.store import Store

Page = Callable[..., AppTest]


@pytest.fixture
def clicks(store: Store) -> str:
    identifier, folder = store.new_dataset_folder()
    store.add_dataset(open_sample("click_log", folder))
    return identifier


def log(rows: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "用户": [f"u{k}" for k in rng.integers(0, 30, rows)],
            "商品": [f"**商品** {k}" for k in rng.integers(0, 40, rows)],
            "坑位": [f"{k}" for k in rng.integers(1, 9, rows)],
            "price": rng.normal(size=rows),
            "said": np.where(np.arange(rows) % 7 == 0, "<b>yes", "no"),
        }
    )


def added(store: Store, frame: pd.DataFrame, target: str | None = None, **roles: str) -> str:
    identifier, folder = store.new_dataset_folder()
    dataset = from_frame(frame, folder, target=target)
    schema = dataset.schema
    for role, column in roles.items():
        schema = schema.with_role(role, column)
    store.add_dataset(dataset.with_schema(schema))
    return identifier


def views(app: AppTest) -> AppTest:
    return next(g for g in app.get("button_group") if g.key == "skew_view")


def behaviour(page: Page, dataset: str, language: str = "en") -> AppTest:
    app = page("skew", language, ds=dataset)
    views(app).set_value("behaviour").run()
    assert not app.exception
    return app


def told(app: AppTest) -> str:
    kinds = (app.subheader, app.markdown, app.caption)
    return "\n".join(str(e.value) for kind in kinds for e in kind)


def by_key(app: AppTest, kind: str, key: str):
    return next(e for e in app.get(kind) if str(e.key).startswith(key))


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "en",
            (
                "The first of 1,403, ",
                "18,291 of 5,097,099",
                "Gini 0.76",
                "newest fifth",
                "new (+): 45",
            ),
        ),
        (
            "zh",
            (
                "共 1,403 个取值",
                "5,097,099 对中的 18,291 对",
                "基尼系数 0.76",
                "最近五分之一",
                "新出现（+）45 个",
            ),
        ),
    ],
)
def test_the_click_log_shows_all_of_it(page: Page, clicks: str, language, sentences) -> None:
    app = behaviour(page, clicks, language)
    words = told(app)
    assert all(sentence in words for sentence in sentences)
    assert len(app.get("plotly_chart")) == 9


def test_one_item_is_searched_and_clicks_are_counted(page: Page, clicks: str) -> None:
    app = behaviour(page, clicks)
    by_key(app, "text_input", "behaviour_mark").set_value("P0010").run()
    assert "“p0010” is number" in told(app)
    by_key(app, "button_group", "behaviour_by").set_value("hits").run()
    assert "rows of “click”" in told(app)
    assert "hold this text" not in told(app)
    by_key(app, "text_input", "behaviour_mark").set_value("no such item").run()
    assert "No value holds “no such item”" in told(app)
    by_key(app, "text_input", "behaviour_mark").set_value("").run()
    assert "values have none." in told(app)
    by_key(app, "selectbox", "behaviour_column").set_value("query").run()
    assert "The first of 20, " in told(app)
    before = told(app)
    by_key(app, "button_group", "behaviour_cut").set_value("values").run()
    assert "The tail is 50.0% of the values" in told(app) != before
    assert not app.exception


def test_drift_is_that_of_the_class_and_of_another_column(page: Page, clicks: str) -> None:
    app = behaviour(page, clicks)
    assert "Values in the newest: 830, of which new (+): 45; of the part" in told(app)
    by_key(app, "selectbox", "behaviour_drift").set_value("device").run()
    assert "Values in the newest: 3, of which new (+): 0; of the part" in told(app)
    by_key(app, "toggle", "behaviour_drift_rate").set_value(True).run()
    assert len(app.get("plotly_chart")) == 9
    assert not app.exception


def test_two_columns_are_chosen(page: Page, clicks: str) -> None:
    app = behaviour(page, clicks)
    down, across = (by_key(app, "selectbox", f"behaviour_{side}") for side in ("down", "across"))
    assert (down.value, across.value) == ("category", "device")
    down.set_value("device").run()
    across = by_key(app, "selectbox", "behaviour_across")
    assert "device" not in across.options
    assert not app.exception


def test_only_a_table_with_users_or_items_has_it(page: Page, dataset: str, clicks: str) -> None:
    assert "Behaviour" not in views(page("skew", ds=dataset)).options
    assert "Behaviour" in views(page("skew", ds=clicks)).options


def test_items_without_users_or_times_say_so(page: Page, store: Store) -> None:
    frame = log().drop(columns="用户")
    app = behaviour(page, added(store, frame, "said", item="商品"))
    assert "No column says who a row is of" in told(app)
    assert "No column tells the time" in told(app)
    assert r"\*\*商品\*\*" in told(app)
    assert "**商品**" not in told(app).replace(r"\*\*商品\*\*", "")
    assert "at 1 and" in told(app)  # a place that is text
    assert "It takes two columns" in told(app)


@pytest.mark.parametrize("view", ["overview", "behaviour"])
def test_a_strangers_column_is_no_markup_on_an_axis(page: Page, store: Store, view: str) -> None:
    frame = log().rename(columns={"商品": "<i>goods</i>"})
    app = page("skew", ds=added(store, frame, "said", item="<i>goods</i>"))
    views(app).set_value(view).run()
    drawn = "".join(chart.proto.spec for chart in app.get("plotly_chart"))
    assert "&lt;i&gt;goods" in drawn.replace("\\u0026", "&")
    assert "<i>goods" not in drawn.replace("\\u003c", "<").replace("\\u003e", ">")


def test_users_without_items_say_so(page: Page, store: Store) -> None:
    frame = log().drop(columns=["商品", "坑位"])
    app = behaviour(page, added(store, frame, "said", group="用户"))
    assert "No column says what a row is about" in told(app)
    assert "No column is called a place" in told(app)


def test_another_place_is_chosen(page: Page, store: Store) -> None:
    frame = log().rename(columns={"坑位": "spot"})
    app = behaviour(page, added(store, frame, "said", item="商品"))
    assert "No column is called a place" in told(app)
    by_key(app, "selectbox", "behaviour_place").set_value("spot").run()
    assert "at 1 and" in told(app)
    assert not app.exception


def test_one_user_items_that_come_once_and_places_in_words(page: Page, store: Store) -> None:
    frame = log().assign(用户="only", 坑位=np.where(np.arange(200) % 2, "top", "side"))
    frame["商品"] = [f"i{k}" for k in range(len(frame))]
    app = behaviour(page, added(store, frame, "said", item="商品", group="用户"))
    assert "100.0% of all pairs" in told(app)
    assert "Gini 0.00" in told(app)
    assert "at top" in told(app)


@pytest.mark.parametrize("target", [None, "said"])
def test_events_alone_are_counted_without_two_classes(page: Page, store: Store, target) -> None:
    frame = log().assign(said="yes")
    app = page("skew", ds=added(store, frame, target, item="商品", group="用户"))
    assert not app.exception
    assert "The tail is" in told(app)
    assert "Choose a target with two classes" in told(app)
    assert len(app.get("plotly_chart")) == 4


def test_two_columns_name_the_surest_cell_and_say_so(page: Page, store: Store) -> None:
    shares = {("red", "big"): (400, 120), ("red", "small"): (20, 8), ("blue", "big"): (400, 40)}
    frame = pd.DataFrame(
        [
            {"colour": colour, "size": size, "said": "yes" if k < hits else "no"}
            for (colour, size), (rows, hits) in shares.items()
            for k in range(rows)
        ]
    )
    frame["商品"] = [f"i{k % 30}" for k in range(len(frame))]
    frame["用户"] = [f"u{k % 40}" for k in range(len(frame))]
    app = behaviour(page, added(store, frame, "said", item="商品", group="用户"))
    sentence = next(text for text in told(app).splitlines() if "surely frequent" in text)
    assert "30.0%" in sentence.partition("surely rare")[0]
    assert "may be chance" in sentence
