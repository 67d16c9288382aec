"""What a first-time user has after two minutes: a verdict on any sample, three clicks away."""

from __future__ import annotations

import sys
import time

import pytest
from playwright.sync_api import Page, expect

from rebal_core.data.samples import SAMPLES
from rebal_core.experiment import client

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(600)]
#: Clicks and seconds from an empty home to a verdict.
CLICKS, SECONDS = 3, 120
#: Every click that a person makes is counted by the browser itself.
COUNTED = """addEventListener('click', event => {
    if (event.isTrusted) sessionStorage.clicks = 1 + Number(sessionStorage.clicks ?? 0);
}, true)"""


@pytest.mark.parametrize("sample", [sample.name for sample in SAMPLES])
def test_a_sample_has_its_verdict_in_three_clicks(
    page: Page, dashboard, sample, capsys, monkeypatch
) -> None:
    monkeypatch.setenv("REBAL_IMPORT_AHEAD", "1")  # as users have it
    client.stop_engine(dashboard.store())
    dashboard.restart()
    page.add_init_script(COUNTED)
    began = time.monotonic()
    page.goto(dashboard.url)
    page.locator(f".st-key-data_open_{sample} button").click()
    page.get_by_role("button", name="Compare strategies").click()
    # The watched run leads to its comparison by itself.
    expect(page.locator(".v")).to_be_visible(timeout=480_000)
    seconds = time.monotonic() - began
    clicks = int(page.evaluate("sessionStorage.clicks"))
    with capsys.disabled():
        sys.stdout.write(f"\n{sample}: {clicks} clicks, {seconds:.0f} s\n")
    assert "/compare" in page.url
    assert page.locator(".v .s").inner_text().strip()
    assert clicks <= CLICKS
    assert seconds <= SECONDS
