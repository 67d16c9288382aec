"""A generator in a real browser: seen while it learns, judged, compared, and asked for more."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from rebal_core.experiment import client
from tests.browser.test_journeys import MINUTES, Speaker, look_for, open_sample, tick

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize("page", ["en", "zh"], indirect=True)
def test_a_generator_beside_smote_from_a_sample_to_more_rows(page: Page, dashboard, visit) -> None:
    say = Speaker(page)
    open_sample(page, dashboard.url, "Click log", say)
    visit(say("3 Plan"), "plan")
    # One model keeps it short; the quick plan has SMOTE already.
    models = page.locator("[class*=st-key-plan_models]")
    models.get_by_role("button", name=say("Gradient boosting")).click()
    look_for(page, "cgan", say)
    tick(page, say("Conditional GAN"))
    page.get_by_role("button", name=say("Conditional GAN"), exact=True).click()
    steps = page.get_by_role("spinbutton", name=say("Steps of learning"))
    steps.fill("200")
    steps.press("Enter")
    expect(page.get_by_role("button", name=say("Back to the defaults"))).to_be_visible()
    start = "Start {n} arms · {cells} cells · about {time}"
    page.get_by_role("button", name=say.pattern(start)).click()
    expect(page.get_by_role("heading", name=say("What happened"))).to_be_visible(timeout=MINUTES)

    # Live: what its rows are worth is drawn while it learns.
    (run,) = dashboard.store().runs()
    page.goto(f"{dashboard.url}/run?run={run.run}")
    worth = page.locator("[class*=st-key-run_worth] .main-svg").first
    expect(worth).to_be_visible(timeout=5 * MINUTES)
    assert dashboard.store().run(run.run).live
    assert client.wait(dashboard.store(), run.run, timeout=500).state == "done"

    # Compared, and judged by what a model learns from its rows.
    page.goto(f"{dashboard.url}/compare?run={run.run}")
    expect(page.locator(".v")).to_be_visible()
    table = page.locator("[class*=st-key-compare_arms]").first
    # A long name is cut short, and what is set of it is not.
    cut = re.compile(f"{say('Conditional GAN')[:2]}[^·]*200[^·]* · LR")
    expect(table).to_contain_text(cut)
    expect(table).to_contain_text("SMOTE")
    page.get_by_role("radio", name=say("Made rows")).or_(
        page.get_by_role("button", name=say("Made rows"))
    ).click()
    arm = page.locator("[class*=st-key-compare_made_arm] input")
    expect(arm).to_have_value(re.compile(re.escape(say("Conditional GAN"))))
    page.get_by_role("button", name=say("Judge the made rows")).click()
    use = page.get_by_role("heading", name=say("What they are good for"))
    expect(use).to_be_visible(timeout=5 * MINUTES)

    # The generator goes along, and makes as many more as are asked for.
    visit(say("7 Export"), "export")
    picked = page.locator("[class*=st-key-export_arm] input")
    picked.click()
    page.get_by_role("option", name=re.compile(say("Conditional GAN"))).first.click()
    expect(page.get_by_role("heading", name=say("More rows"))).to_be_visible(timeout=5 * MINUTES)
    page.get_by_role("button", name=say("Draw rows")).click()
    link = page.get_by_role("link", name=say("Download {kind}").format(kind="CSV"))
    expect(link).to_be_visible(timeout=2 * MINUTES)
    with page.expect_download() as waiting:
        link.click()
    more = pd.read_csv(waiting.value.path())
    assert len(more) == 1_000
    assert set(more["clicked"]) == {"click"}
