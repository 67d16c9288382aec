"""Compare in a real browser: something stands there at once, and a copied link is the screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from rebal_core.data.samples import open_sample
from rebal_core.experiment.planning import make_plan

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
MINUTE = 60_000
#: Notes when each of some things first stood in the page, in milliseconds.
WATCH = """
window.seen = {};
const wanted = {bar: '.st-key-ctx', skeleton: '[data-testid=stSkeleton]', verdict: '.v'};
new MutationObserver(() => {
  for (const [name, sign] of Object.entries(wanted))
    if (!(name in window.seen) && document.querySelector(sign))
      window.seen[name] = performance.now();
}).observe(document, {childList: true, subtree: true});
"""


@pytest.fixture
def address(dashboard) -> str:
    """Where a finished comparison of several classes stands."""
    store = dashboard.store()
    identifier, folder = store.new_dataset_folder()
    store.add_dataset(open_sample("diagnosis", folder))
    opened = store.dataset(identifier)
    plan = make_plan(opened, strategies=["random_under"], classifiers=["logistic"], folds=3)
    store.close()
    return f"{dashboard.url}/compare?run={dashboard.compared(plan)}"


def test_the_first_opening_is_never_blank(page: Page, dashboard, address: str) -> None:
    dashboard.restart()  # nothing is imported or remembered yet
    page.add_init_script(WATCH)
    page.goto(address)
    expect(page.locator(".v")).to_be_visible(timeout=MINUTE)
    seen = page.evaluate("window.seen")
    assert seen["skeleton"] < seen["verdict"]
    assert seen["skeleton"] - seen["bar"] < 1_000
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0, timeout=MINUTE)


def test_a_copied_link_shows_the_same_screen(page: Page, browser: Browser, address: str) -> None:
    page.goto(address)
    expect(page.get_by_text("moves every panel")).to_be_visible(timeout=MINUTE)
    group = page.locator(".st-key-compare_class")
    group.locator("button").nth(1).click()
    name = group.locator("button").nth(1).inner_text()
    expect(page.get_by_text(f"“{name}”: one cut-off moves every panel")).to_be_visible()
    page.get_by_text("By hand", exact=True).click()
    handle = page.locator(".st-key-compare_t").get_by_role("slider")
    handle.press("ArrowLeft")
    handle.press("ArrowLeft")
    page.wait_for_url("**cutoff=0.49", timeout=MINUTE)
    told = page.get_by_text("of 1,000 →").inner_text()
    link = page.url
    assert "class=" in link
    assert "arm=" in link
    fresh = browser.new_context(locale="en-US", viewport={"width": 1440, "height": 1000})
    copy = fresh.new_page()
    copy.goto(link)
    expect(copy.get_by_text(f"“{name}”: one cut-off moves every panel")).to_be_visible(
        timeout=MINUTE
    )
    expect(copy.get_by_text("of 1,000 →")).to_have_text(told)
    copy.wait_for_timeout(1_000)
    assert copy.url == link
    fresh.close()
