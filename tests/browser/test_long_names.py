"""Names of 300 letters, at 800 px: no word of any page lies where nobody can read it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.planning import make_plan

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
MINUTE = 60_000
#: Words beyond the window, or beyond the chart that they belong to. What scrolls sideways by
#: itself, ends in dots or is read aloud only (a table's own words) is left out.
CUT = """() => {
    const cut = [], main = document.querySelector('[data-testid=stMain]');
    const hidden = node => {
        for (let e = node.parentElement; e && e !== main; e = e.parentElement) {
            const style = getComputedStyle(e);
            if (/auto|scroll/.test(style.overflowX) || style.textOverflow === 'ellipsis'
                || e.matches('[data-testid=stDataFrame], input, .hoverlayer')) return true;
        }
        return false;
    };
    const words = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    while (words.nextNode()) {
        const node = words.currentNode, range = document.createRange();
        if (!node.data.trim() || hidden(node)) continue;
        range.selectNodeContents(node);
        const chart = node.parentElement.closest('.main-svg')?.getBoundingClientRect();
        const [left, right] = chart ? [chart.left, chart.right] : [0, innerWidth];
        for (const box of range.getClientRects())
            if (box.width && (box.right > right + 2 || box.left < left - 2))
                { cut.push(node.data.slice(0, 80)); break; }
    }
    return cut;
}"""


@pytest.fixture
def places(dashboard) -> list[str]:
    rng = np.random.default_rng(0)
    y = np.arange(400) % 8 == 0
    names = ("W" * 300, "列名" * 150, "a name of words " * 19, "结果" * 150)
    columns = (
        rng.normal(size=400) + 2 * y,
        rng.choice(["值" * 300, "v" * 300, "c"], 400),
        rng.integers(0, 9, 400),
        np.where(y, "稀" * 300, "M" * 300),
    )
    store = dashboard.store()
    identifier, folder = store.new_dataset_folder()
    table = pd.DataFrame(dict(zip(names, columns, strict=True)))
    store.add_dataset(from_frame(table, folder, name="n" * 300, target=names[-1]))
    opened = store.dataset(identifier)
    plan = make_plan(opened, strategies=["random_under"], classifiers=["logistic"], folds=3)
    run = dashboard.compared(plan)
    store.close()
    pages = [f"?check={identifier}", f"skew?ds={identifier}", f"plan?ds={identifier}", "runs", ""]
    return [*pages, *(f"{view}?run={run}" for view in ("run", "compare", "explain", "export"))]


@pytest.mark.parametrize("page", ["en", "zh"], indirect=True)
def test_long_names_leave_every_page_readable(page: Page, dashboard, places: list[str]) -> None:
    page.set_viewport_size({"width": 800, "height": 4_000})
    cut = {}
    for place in places:
        page.goto(f"{dashboard.url}/{place}")
        expect(page.locator("[data-testid=stApp]")).to_have_attribute(
            "data-test-script-state", "notRunning", timeout=MINUTE
        )
        for waited in ("stSkeleton", "stSpinner", "stProgress"):
            if waited != "stProgress" or not place.startswith("run?"):
                expect(page.get_by_test_id(waited)).to_have_count(0, timeout=2 * MINUTE)
        page.wait_for_timeout(1_500)  # charts take the width of their columns
        if found := page.evaluate(CUT):
            cut[place] = found
    assert cut == {}
