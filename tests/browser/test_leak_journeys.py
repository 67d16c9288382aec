"""A conditional verdict is answered by one click; orders are split by customer unasked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
MINUTES = 60_000
expect.set_options(timeout=MINUTES)


def upload(page: Page, url: str, path: Path, target: str) -> None:
    page.goto(url)
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_role("heading", name="Check what we read")).to_be_visible(
        timeout=2 * MINUTES
    )
    expect(page.get_by_role("button", name="Looks right: show the skew")).to_be_visible()
    chosen = page.get_by_role("combobox", name="What shall be predicted?")
    expect(chosen).to_have_value(target)  # a guess by its place and its number of values
    page.get_by_role("button", name="Looks right: show the skew").click()
    expect(page.get_by_role("button", name="Compare strategies")).to_be_visible(timeout=2 * MINUTES)


def cover(path: Path) -> Path:
    """A forest table: one class stands nearly alone in the heights."""
    rng = np.random.default_rng(0)
    y = rng.choice(["spruce", "krummholz"], 600, p=[0.9, 0.1])
    high = rng.normal(2_900, 60, 600) + 400 * (y == "krummholz")
    frame = {"Elevation": high.round(1), "Slope": rng.normal(14, 5, 600).round(1), "Cover": y}
    pd.DataFrame(frame).to_csv(path, index=False)
    return path


def orders(path: Path) -> Path:
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(40), 15)
    back = rng.choice(40, 14, replace=False)
    frame = {
        "customer_id": [f"C{k:03d}" for k in who],
        "amount": rng.gamma(2, 20, who.size).round(2),
        "returned": np.where(np.isin(who, back) & (rng.random(who.size) < 0.5), "yes", "no"),
    }
    pd.DataFrame(frame).to_csv(path, index=False)
    return path


def test_a_column_that_nearly_tells_the_class_is_answered_with_one_click(
    page: Page, dashboard, tmp_path: Path
) -> None:
    upload(page, dashboard.url, cover(tmp_path / "cover.csv"), "Cover")
    page.get_by_role("button", name="Compare strategies").click()
    card = page.locator(".v .s")
    clause = "provided that “Elevation” is known before the event"
    # The watched run leads to its comparison by itself.
    expect(card).to_contain_text(clause, timeout=5 * MINUTES)
    assert "/compare" in page.url
    page.get_by_role("button", name="It is known before").click()
    expect(card).not_to_contain_text("provided")
    expect(page.locator(".v")).to_contain_text("Taken as known before the event: “Elevation”.")
    page.reload()
    expect(card).not_to_contain_text("provided")
    (row,) = dashboard.store().datasets()
    assert dashboard.store().dataset(row.id).trusted == ("Elevation",)


def test_orders_are_split_by_customer_unasked(page: Page, dashboard, visit, tmp_path: Path) -> None:
    upload(page, dashboard.url, orders(tmp_path / "orders.csv"), "returned")
    page.get_by_role("button", name="Compare strategies, split by “customer_id”").click()
    expect(page.get_by_role("button", name="Cancel run")).to_be_visible()
    (run,) = dashboard.store().runs()
    assert run.plan["protocol"]["group"] == "customer_id"
    visit("2 Skew", "skew")
    page.get_by_role("button", name="Same mix").click()
    expect(page.get_by_role("button", name="Cancel run")).to_be_visible()
    newest = dashboard.store().runs()[0]
    assert newest.run != run.run
    assert newest.plan["protocol"]["split"] == "stratified"
