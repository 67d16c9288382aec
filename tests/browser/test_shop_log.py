"""A real clickstream in a real browser: from the upload over its skew to lists and their file."""

from __future__ import annotations

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from rebal_core.experiment.ranked import stored
from tests.browser.test_journeys import MINUTES

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1500)]
FILE = "eshop_clickstream_2008.parquet"
USER, ITEM, TIME = "session ID", "page 2 (clothing model)", ("year", "month", "day", "order")


def test_a_clickstream_is_ranked_without_a_word_about_its_columns(
    page: Page, dashboard, real_data
) -> None:
    page.goto(dashboard.url)
    page.locator("input[type=file]").set_input_files(real_data / FILE)
    expect(page.get_by_text("A log needs no target")).to_be_visible(timeout=2 * MINUTES)
    page.get_by_role("button", name="Looks right: show the skew").click()

    # How skewed behaviour is, by columns that nobody named.
    expect(page.get_by_role("heading", name="Who has met what")).to_be_visible(timeout=2 * MINUTES)
    expect(page.get_by_role("combobox", name="Events by")).to_have_value(ITEM)
    told = page.get_by_text("of the newest fifth of the events are of items not seen before")
    expect(told).to_be_visible(timeout=2 * MINUTES)
    for chart in ("ranks", "lorenz", "bands", "density", "cold"):
        expect(page.locator(f"[class*=st-key-behaviour_{chart}] .main-svg").first).to_be_visible()

    page.get_by_role("button", name="Rank the items for each user").click()
    page.wait_for_url("**/lists?**")
    expect(page.get_by_role("combobox", name="User")).to_have_value(USER)
    expect(page.get_by_role("combobox", name="Item")).to_have_value(ITEM)
    when = page.locator("[class*=st-key-lists_time]")
    for name in TIME:
        expect(when.get_by_text(name, exact=True)).to_be_visible()
    page.locator("[class*=st-key-lists_models] input").first.click()
    page.get_by_role("option", name="Two towers").click()
    page.keyboard.press("Escape")
    page.locator(".st-key-lists_start button").click()
    # The network is looked at while it learns.
    expect(page.locator(".st-key-lists_losses .main-svg").first).to_be_visible(timeout=6 * MINUTES)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    verdict = page.locator(".v .s")
    expect(verdict).to_contain_text("Two towers orders best", timeout=12 * MINUTES)
    (run,) = dashboard.store().runs("rank")
    assert (run.plan["columns"]["user"], run.plan["columns"]["item"]) == (USER, ITEM)
    expect(page.get_by_text("165,474 events of 24,026 users on 217 items")).to_be_visible()
    ranked = stored(dashboard.store(), run.plan)
    assert ranked is not None
    remedies, models = ("none", "rerank", "tail_upweight"), ("popularity", "item_knn", "two_tower")
    assert set(ranked.arms) == {f"{remedy}/{model}" for remedy in remedies for model in models}

    # The arm is fitted on all events, and the file has ten places of every user.
    page.locator(".st-key-lists_write button").click()
    link = page.get_by_role("link", name="Download Parquet")
    expect(link).to_be_visible(timeout=2 * MINUTES)
    with page.expect_download() as waiting:
        link.click()
    lists = pd.read_parquet(waiting.value.path())
    assert (lists.groupby("user").size() == 10).all()
    log = pd.read_parquet(real_data / FILE)
    assert set(lists["user"]) == set(log[USER].astype(str))
    assert set(lists["item"]) <= set(log[ITEM])
