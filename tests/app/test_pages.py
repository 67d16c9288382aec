"""Each page in both languages, empty and filled, and what its buttons do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.components.intake import WORDS as ROLE_WORDS
from app.components.intake import _changed
from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.data.samples import SAMPLES
from rebal_core.experiment.client import KINDS, submit
from rebal_core.experiment.planning import make_plan
from rebal_core.schema import Column
from rebal_core.store.store import Store

Page = Callable[..., AppTest]
LANGUAGES = ("en", "zh")


def words(app: AppTest) -> str:
    """Everything a reader sees as text."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption, app.button)
    return "\n".join(
        str(getattr(e, "value", "") or getattr(e, "label", "")) for kind in kinds for e in kind
    ) + ("\n".join(b.label for b in app.button))


def button(app: AppTest, key: str):
    return next(b for b in app.button if b.key == key)


@pytest.mark.parametrize(("language", "title"), [("en", "Does rebalancing"), ("zh", "再平衡")])
def test_the_first_screen(page: Page, language: str, title: str) -> None:
    app = page("data", language)
    assert app.title[0].value.startswith(title)
    opens = [b for b in app.button if str(b.key).startswith("data_open_")]
    assert len(opens) == len(list(SAMPLES))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", ["skew", "run", "plan", "compare", "explain", "export"])
def test_a_page_without_data_offers_one_way_out(page: Page, view: str, language: str) -> None:
    app = page(view, language)
    assert [b.key for b in app.button] == ["empty_data"]


def test_runs_without_runs(page: Page) -> None:
    app = page("runs")
    assert app.header[0].value == "No runs yet."


def test_a_sample_is_one_click_from_its_skew(page: Page, store: Store) -> None:
    app = page("data")
    button(app, "data_open_card_fraud").click().run()
    assert not app.exception
    assert [row.name for row in store.datasets()] == ["Card fraud"]
    again = page("data")
    button(again, "data_open_card_fraud").click().run()
    assert len(store.datasets()) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_skew_says_how_rare(page: Page, dataset: str, language: str) -> None:
    app = page("skew", language, ds=dataset)
    assert "rare" in app.header[0].value
    assert "10" in app.header[0].value
    assert "Infinity" not in words(app)
    assert any(word in words(app) for word in ("at worst", "最坏情况"))
    assert button(app, "skew_compare").label in ("Compare strategies", "比较处理方法")


@pytest.mark.parametrize("view", ["overview", "classes", "segment", "time", "tail"])
def test_each_view_of_the_skew(page: Page, dataset: str, view: str) -> None:
    app = page("skew", ds=dataset)
    picker = next(g for g in app.get("button_group") if g.key == "skew_view")
    picker.set_value(view).run()
    assert not app.exception


def test_a_strangers_name_is_text(page: Page, dataset: str) -> None:
    app = page("data", check=dataset)
    assert r"\*\*tiny\*\*" in words(app)
    assert "**tiny**" not in words(app).replace(r"\*\*tiny\*\*", "")


def test_compare_strategies_submits_the_quick_plan(page: Page, dataset: str, store: Store) -> None:
    app = page("skew", ds=dataset)
    button(app, "skew_compare").click().run()
    runs = store.runs()
    assert [(r.dataset, r.state) for r in runs] == [(dataset, "queued")]
    assert {a["strategy"] for a in runs[0].plan["arms"]} >= {"none", "threshold", "smote"}


def test_a_quick_plan_above_its_promise_says_so(page: Page, dataset: str, monkeypatch) -> None:
    assert "two minutes" not in words(page("skew", ds=dataset))
    monkeypatch.setattr("app.components.states.PROMISE_SECONDS", 0.0)
    assert "two minutes" in words(page("skew", ds=dataset))
    assert "two minutes" in words(page("plan", ds=dataset))


@pytest.fixture
def run(store: Store, dataset: str) -> int:
    plan = make_plan(store.dataset(dataset), strategies=["smote"], classifiers=["logistic"])
    return submit(store, plan)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_waiting_run(page: Page, run: int, language: str) -> None:
    app = page("run", language, run=str(run))
    assert app.header[0].value in ("Starting the engine", "正在启动引擎")
    assert button(app, "run_compare").disabled


def test_cancel_is_shown_at_once(page: Page, run: int, store: Store) -> None:
    app = page("run", run=str(run))
    button(app, "run_stop").click().run()
    assert store.run(run).state == "cancelled"
    assert "cancelled" in app.header[0].value


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_of_runs(page: Page, run: int, language: str) -> None:
    app = page("runs", language)
    table = app.dataframe[0].value
    assert table["#"].tolist() == [run]
    app.text_input[0].set_value("no such dataset").run()
    assert app.dataframe[0].value.empty


def test_a_wrong_id_in_the_address_is_no_crash(page: Page, dataset: str) -> None:
    for query in ({"ds": "nonsense"}, {"run": "77"}, {"run": "x"}, {"check": "../../etc"}):
        app = page("skew" if "check" not in query else "data", **query)
        assert not app.exception


def test_the_target_is_asked_for_when_there_is_none(page: Page, store: Store, tiny_binary) -> None:
    from rebal_core.data.reading.load import from_frame

    identifier, folder = store.new_dataset_folder()
    store.add_dataset(from_frame(tiny_binary, folder, name="bare"))
    app = page("skew", ds=identifier)
    assert app.header[0].value == "Which column shall be predicted?"


@pytest.mark.parametrize("language", LANGUAGES)
def test_check_what_we_read(page: Page, dataset: str, store: Store, language: str) -> None:
    app = page("data", language, check=dataset)
    assert app.header[0].value in ("Check what we read", "确认读取结果")
    next(s for s in app.selectbox if str(s.key).startswith("check_target")).set_value(
        "device"
    ).run()
    assert not app.exception
    button(app, "check_go").click().run()
    assert store.dataset(dataset).schema.target == "device"


def test_rejected_rows_are_handed_out_from_disk(page: Page, store: Store, tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    good = "".join(f"{i % 7},{i % 2}\n" for i in range(200))
    source.write_text(f"a,b\n{good}1,2,3\n{good}")
    _, folder = store.new_dataset_folder()
    identifier = store.add_dataset(read_table(source, folder))
    app = page("data", check=identifier)
    assert "1 row could not be read; it is left out." in words(app)
    link = app.get("link_button")[0].proto
    assert link.url.startswith(f"/api/download/{folder.relative_to(store.home.path)}/rejects.csv?")


def test_what_can_be_read_in_two_ways_is_asked_before_going_on(
    page: Page, store: Store, tmp_path: Path
) -> None:
    rows = "".join(f"{('2K', '750', '3K')[i % 3]},{i % 2}\n" for i in range(60))
    (tmp_path / "t.csv").write_text(f"size,y\n{rows}")
    _, folder = store.new_dataset_folder()
    app = page(
        "data",
        check=store.add_dataset(read_table(tmp_path / "t.csv", folder, ReadOptions(target="y"))),
    )
    assert "may be a code or" in words(app)
    assert "Nothing needs a decision" not in words(app)


def test_deleting_a_dataset_takes_its_runs(
    page: Page, dataset: str, run: int, store: Store
) -> None:
    app = page("data", ds=dataset)
    app.session_state["data_table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run()
    button(app, "data_delete").click().run()
    assert store.datasets() == []
    assert store.runs(None) == []


def test_whole_numbers_with_gaps_are_shown_whole(page: Page, store: Store, tiny_binary) -> None:
    from rebal_core.data.reading.load import from_frame

    identifier, folder = store.new_dataset_folder()
    ages = [None, *range(41, 40 + len(tiny_binary))]
    store.add_dataset(from_frame(tiny_binary.assign(age=ages), folder, name="gaps"))
    lines = page("data", check=identifier).dataframe[0].value.set_index("name")
    assert lines.loc["age", "examples"].startswith("41 · 42 · ")


def test_what_is_missing_late_in_a_table_is_seen(page: Page, store: Store) -> None:
    from rebal_core.data.reading.load import from_frame

    late = pd.Series(np.arange(3_000.0)).where(np.arange(3_000) < 2_400)
    table = pd.DataFrame({"late": late, "y": np.where(np.arange(3_000) % 9, "a", "b")})
    identifier, folder = store.new_dataset_folder()
    store.add_dataset(from_frame(table, folder, name="late"))
    lines = page("data", check=identifier).dataframe[0].value.set_index("name")
    assert lines.loc["late", "missing"] == pytest.approx(0.2)


def test_a_leak_is_left_out_with_one_click_and_taken_back(page: Page, store: Store) -> None:
    yes = np.arange(400) % 10 == 0
    closed = pd.Series(pd.date_range("2024-01-01", periods=400)).where(yes)
    x = np.random.default_rng(0).normal(size=400)
    frame = pd.DataFrame({"x": x, "z": x**2, "closed": closed, "y": np.where(yes, "a", "b")})
    identifier, folder = store.new_dataset_folder()
    made = from_frame(frame, folder, name="leak", target="y")
    store.add_dataset(made.with_schema(made.schema.with_role("feature", "closed")))
    app = page("skew", ds=identifier)
    assert "“closed” is filled only where the class is “a”" in words(app)
    next(b for b in app.button if str(b.key).startswith("skew_drop_")).click().run()
    assert not app.exception
    assert store.dataset(identifier).schema["closed"].role == "ignore"
    assert "is filled only" not in words(app)
    button(app, "skew_undo_0").click().run()
    assert store.dataset(identifier).schema["closed"].role == "feature"
    assert "is filled only" in words(app)


def test_what_was_noticed_stands_in_lines_and_only_features_are_filled(
    page: Page, store: Store, tiny_binary
) -> None:
    identifier, folder = store.new_dataset_folder()
    table = tiny_binary.assign(number=range(len(tiny_binary)), always="x")
    store.add_dataset(from_frame(table, folder, name="noted", target="label"))
    for language, told in (
        ("en", "number**: Looks like a row number"),
        ("zh", "number**：像是行号"),
    ):
        app = page("data", language, check=identifier)
        lines = app.dataframe[0].value.set_index("name")
        assert "note" not in lines
        assert told in words(app)
        assert lines.loc["amount", "fill"] == "median"
        assert lines.loc[["label", "number", "always"], "fill"].isna().all()
        button(app, "check_go").click().run()
        assert store.dataset(identifier).schema["amount"].fill == "median"


def test_a_run_that_is_not_laid_out_counts_no_cells(page: Page, run: int) -> None:
    assert "0 of 0" not in "".join(m.value for m in page("run", run=str(run)).markdown)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_work_has_a_name(page: Page, store: Store, kind: str) -> None:
    store.add_run(kind, {}, dataset=None, version="1")
    found = page("runs", "zh").dataframe[0].value["work"]
    assert all(not name.isascii() for name in found)


@pytest.mark.parametrize("empty", [None, np.nan])
def test_a_column_without_a_filling_keeps_its_own(empty) -> None:
    """The editor of the browser answers NaN where a cell is empty, which no JSON holds."""
    column = Column("id", "number", "id", fill="constant", constant="0")
    line = {"role": "id", "kind": "number", "fill": empty, "constant": "0"}
    assert _changed(column, line, None) == column


def test_the_amount_at_risk_is_a_role(page: Page, store: Store, tiny_binary) -> None:
    identifier, folder = store.new_dataset_folder()
    made = from_frame(tiny_binary, folder, name="priced", target="label")
    store.add_dataset(made.with_schema(made.schema.with_role("value", "age")))
    for language, told in (
        ("en", ("age**: what it costs to miss the row", "says what is at risk in a row")),
        ("zh", ("age**：漏掉该行所造成的损失", "它表示该行的风险金额")),
    ):
        app = page("data", language, check=identifier)
        assert app.dataframe[0].value.set_index("name").loc["age", "role"] == "value"
        assert all(text in words(app) for text in told)
        button(app, "check_go").click().run()
        assert not app.exception
        assert store.dataset(identifier).schema["age"].role == "value"
    line = {"role": "value", "kind": "number", "fill": None, "constant": ""}
    assert _changed(Column("amount", "number"), line, None).role == "value"
    assert ROLE_WORDS["value"] == "amount at risk"


def test_what_is_no_amount_at_risk_is_told_before_going_on(
    page: Page, store: Store, tiny_binary
) -> None:
    identifier, folder = store.new_dataset_folder()
    made = from_frame(tiny_binary, folder, name="priced", target="label")
    store.add_dataset(made.with_schema(made.schema.with_role("value", "device")))
    app = page("data", check=identifier)
    button(app, "check_go").click().run()
    assert "“device” holds no numbers" in words(app)
