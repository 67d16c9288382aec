"""What a user does, in a real browser: each journey from no data to its end."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Locator, Page, expect

from app.locales.__main__ import read
from rebal_core.experiment import client

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
MINUTES = 60_000
expect.set_options(timeout=MINUTES)
LANGUAGES = [
    pytest.param("en", id="en"),
    pytest.param("zh", id="zh", marks=pytest.mark.slow),
]


class Speaker:
    """Says what stands on the screen in the language of the browser."""

    def __init__(self, page: Page) -> None:
        self.chinese = page.evaluate("navigator.language").startswith("zh")
        self.catalogue = read()

    def __call__(self, text: str) -> str:
        return str(self.catalogue.get(text).string) if self.chinese else text

    def pattern(self, text: str) -> re.Pattern[str]:
        """The sentence with anything in its gaps."""
        return re.compile(".+".join(re.escape(p) for p in re.split(r"\{\w+\}", self(text))))


def table(path: Path) -> Path:
    """A customer file as a Chinese spreadsheet writes it: GB18030, commas, a mail column."""
    lines = ["客户,邮箱,金额,城市,等级,流失"]
    for i in range(600):
        leaves = i % 11 == 0
        amount = f"{20 + (i * 37 % 100) - (15 if leaves else 0):.1f}"
        city = ("北京", "上海", "成都")[i % 3]
        lines.append(f"{i:05d},k{i}@例子.cn,{amount},{city},{i % 5},{'是' if leaves else '否'}")
    path.write_bytes("\n".join(lines).encode("gb18030"))
    return path


def open_sample(page: Page, url: str, label: str, say: Speaker) -> None:
    page.goto(url)
    card = page.locator("[data-testid=stVerticalBlock]").filter(has_text=say(label)).last
    card.get_by_role("button", name=say("Open"), exact=True).click()
    expect(page.get_by_role("button", name=say("Compare strategies"))).to_be_visible()


def look_for(where: Page | Locator, words: str, say: Speaker) -> None:
    """Search in a list of remedies, and wait until only what was found is left of it."""
    search = where.get_by_placeholder(say("Search: SMOTE, undersampling, 随机过采样"))
    search.fill(words)
    search.press("Enter")
    # The families fold no more; what was drawn of them before would be found a second time.
    expect(where.locator("[class*=st-key-][class*=_family]")).to_have_count(0)


def picture(page: Page, before: str = "") -> str:
    """Return where the rows of the preview stand, once it is drawn and another one than before."""
    places = """plot => JSON.stringify(
        (plot._fullData ?? []).map(trace => [trace.name, [...trace.x], [...trace.y]]))"""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        plot = page.locator("[class*=st-key-plan_plane] .js-plotly-plot").last
        expect(plot).to_be_visible()
        found = str(plot.evaluate(places))
        if found not in (before, "[]"):
            return found
        page.wait_for_timeout(300)
    raise AssertionError("the picture has not moved")


def tick(where: Page | Locator, label: str) -> None:
    """Click on a remedy of a list, once the search has left few."""
    box = where.locator("[data-testid=stCheckbox] label").filter(has_text=re.compile(f"^{label}$"))
    before = box.locator("input").is_checked()
    box.click()
    expect(box.locator("input")).to_be_checked(checked=not before)


@pytest.mark.parametrize("page", LANGUAGES, indirect=True)
def test_from_a_sample_to_the_files_though_the_app_ends_meanwhile(
    page: Page, dashboard, visit
) -> None:
    say = Speaker(page)
    open_sample(page, dashboard.url, "Card fraud", say)
    page.get_by_role("button", name=say("Compare strategies")).click()
    expect(page.get_by_role("heading", name=say("What happened"))).to_be_visible()
    share = page.get_by_role("heading", name=say.pattern("{share} done"))
    expect(share).to_be_visible(timeout=2 * MINUTES)
    address = page.url
    page.reload()
    expect(page.get_by_role("button", name=say("Open Compare when done"))).to_be_visible()
    (before,) = dashboard.store().runs()
    dashboard.restart()
    page.goto(address)
    happened = page.get_by_role("heading", name=say("What happened"))
    expect(happened.or_(page.locator(".v")).first).to_be_visible()
    after = client.wait(dashboard.store(), before.run, timeout=300)
    assert (after.state, after.started) == ("done", before.started)
    cells = dashboard.store().cells(before.run)
    assert set(cells["state"]) == {"done"}
    assert cells["attempts"].max() <= 1
    page.goto(f"{dashboard.url}/compare?run={before.run}")
    expect(page.locator(".v")).to_be_visible()
    assert page.locator(".v").inner_text().strip()
    visit(say("7 Export"), "export")
    train = page.get_by_role("link", name=say.pattern("Download {n} rows to train on"))
    # The files are made by a job that starts by itself.
    expect(train).to_be_visible(timeout=2 * MINUTES)
    with page.expect_download() as waiting:
        train.click()
    rows = pq.read_table(waiting.value.path())
    assert "_origin" in rows.column_names
    assert rows.num_rows > 0


@pytest.mark.slow
@pytest.mark.parametrize("page", LANGUAGES, indirect=True)
def test_two_remedies_become_one_and_reach_the_files(page: Page, dashboard, visit) -> None:
    say = Speaker(page)
    open_sample(page, dashboard.url, "Card fraud", say)
    visit(say("3 Plan"), "plan")
    look_for(page, "随机", say)
    for name in ("Random oversampling", "Random undersampling"):
        tick(page, say(name))
    look_for(page, "合成少数类过采样", say)
    # It is ticked already: its name shows its settings.
    page.get_by_role("button", name="SMOTE", exact=True).click()
    expect(page.get_by_role("combobox", name=say("Settings of"))).to_have_value(
        re.compile("SMOTE$")
    )
    before = picture(page)
    k = page.get_by_role("spinbutton", name=say("Neighbours k"))
    k.fill("7")
    k.press("Enter")
    expect(page.get_by_role("button", name=say("Back to the defaults"))).to_be_visible()
    assert picture(page, before)
    page.get_by_role("button", name=say("Combine your own")).click()
    dialog = page.get_by_role("dialog")
    for word, name in (("tomek", say("Tomek links")), ("合成少数类过采样", "SMOTE")):
        look_for(dialog, word, say)
        tick(dialog, name)
    expect(dialog.get_by_text(f"{say('Tomek links')} → SMOTE")).to_be_visible()
    dialog.get_by_role("textbox", name=say("Name")).fill("clean_then_make")
    dialog.get_by_role("textbox", name=say("Name")).press("Enter")
    dialog.get_by_role("button", name=say.pattern("Save as “{name}”")).click()
    expect(dialog).not_to_be_visible()
    models = page.locator("[class*=st-key-plan_models]")
    models.get_by_role("button", name=say("Gradient boosting")).click()
    start = "Start {n} arms · {cells} cells · about {time}"
    page.get_by_role("button", name=say.pattern(start)).click()
    expect(page.locator(".v")).to_be_visible(timeout=8 * MINUTES)
    visit(say("7 Export"), "export")
    arms = page.locator("[class*=st-key-export_arm] input")
    arms.click()
    page.get_by_role("option", name=re.compile("^. clean_then_make")).first.click()
    train = page.get_by_role("link", name=say.pattern("Download {n} rows to train on"))
    expect(arms).to_have_value(re.compile("clean_then_make"))
    expect(train).to_be_visible(timeout=2 * MINUTES)
    with page.expect_download() as waiting:
        train.click()
    rows = pq.read_table(waiting.value.path()).to_pandas()
    made = rows[rows["_origin"] == "interpolated"]
    assert len(made) > 1_000
    assert set(made["fraud"]) == {"fraud"}
    assert set(made["_parents"].map(len)) == {2}
    newest = dashboard.store().runs()[0]
    asked = {a["strategy"]: dict(a["params"]) for a in newest.plan["arms"]}
    assert asked["tomek+smote"] == asked["smote"] == {"k_neighbors": 7}


@pytest.mark.parametrize("page", LANGUAGES, indirect=True)
def test_an_upload_in_gb18030(page: Page, dashboard, tmp_path: Path) -> None:
    page.goto(dashboard.url)
    say = Speaker(page)
    page.locator("input[type=file]").set_input_files(table(tmp_path / "客户.csv"))
    expect(page.get_by_role("heading", name=say("Check what we read"))).to_be_visible(
        timeout=2 * MINUTES
    )
    expect(page.get_by_text("· GB18030")).to_be_visible()
    expect(page.get_by_text("邮箱").first).to_be_visible()
    target = page.get_by_role("combobox", name=say("What shall be predicted?"))
    expect(target).to_have_value("流失")  # a guess by its name
    page.get_by_role("button", name=say("Looks right: show the skew")).click()
    headline = say.pattern("1 “{label}” in every {n} rows")
    expect(page.get_by_role("heading", name=headline)).to_be_visible(timeout=2 * MINUTES)
    (row,) = dashboard.store().datasets()
    dataset = dashboard.store().dataset(row.id)
    assert dataset.rows == 600
    assert dataset.source["encoding"] == "gb18030"
    mails = dataset.frame(columns=["邮箱"])["邮箱"]
    assert not mails.str.contains("@").any()
    assert mails.nunique() == 600
    # The file as it came is gone.
    assert list((dashboard.home / "uploads").iterdir()) == []


def test_the_encoding_is_chosen_on_the_page(page: Page, dashboard, tmp_path: Path) -> None:
    """Two short words in cp1251 read as well in Hebrew; the target is proposed unasked."""
    path = tmp_path / "basket.csv"
    lines = ["amount,basket,y", *(f"{i * 7 % 90}.5,{'чай' if i % 3 else 'дом'},{int(i % 9 == 0)}"
                                  for i in range(600))]  # fmt: skip
    path.write_bytes("\n".join(lines).encode("cp1251"))
    page.goto(dashboard.url)
    say = Speaker(page)
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text("· CP1255")).to_be_visible(timeout=5 * MINUTES)
    asked = "The encoding is a guess. In which of these does the text read right?"
    expect(page.get_by_text(say(asked))).to_be_visible()
    page.locator("label").filter(has_text="cp1251").click()
    page.get_by_role("button", name=say("Read again")).click()
    expect(page.get_by_text("· CP1251")).to_be_visible(timeout=5 * MINUTES)
    guessed = "The target is a guess; choose another column if it is not this one."
    expect(page.get_by_text(say(guessed))).to_be_visible()
    page.get_by_role("button", name=say("Looks right: show the skew")).click()
    headline = say.pattern("1 “{label}” in every {n} rows")
    expect(page.get_by_role("heading", name=headline)).to_be_visible(timeout=5 * MINUTES)
    (row,) = dashboard.store().datasets()
    dataset = dashboard.store().dataset(row.id)
    assert (dataset.source["encoding"], dataset.schema.target) == ("cp1251", "y")
    assert set(dataset.frame(columns=["basket"])["basket"]) == {"чай", "дом"}


@pytest.mark.parametrize("page", LANGUAGES, indirect=True)
def test_cancel_is_told_at_once(page: Page, dashboard, visit) -> None:
    say = Speaker(page)
    open_sample(page, dashboard.url, "Click log", say)
    page.get_by_role("button", name=say("Compare strategies")).click()
    share = page.get_by_role("heading", name=say.pattern("{share} done"))
    expect(share).to_be_visible(timeout=2 * MINUTES)
    page.get_by_role("button", name=say("Cancel run")).click()
    page.locator(".st-key-run_stop button").click()
    cancelled = page.get_by_role("heading", name=say.pattern("Run {run} was cancelled"))
    expect(cancelled).to_be_visible(timeout=5_000)
    store = dashboard.store()
    (run,) = store.runs()
    assert run.state == "cancelled"
    time.sleep(5)
    assert "running" not in set(store.cells(run.run)["state"])
    visit(say("Runs"), "runs")
    expect(page.get_by_role("heading", name=say("Runs"))).to_be_visible()


def test_another_language_in_the_middle_keeps_every_choice(page: Page, dashboard, visit) -> None:
    open_sample(page, dashboard.url, "Diagnosis", Speaker(page))
    goal = page.locator("[class*=st-key-skew_goal]")
    expect(goal.get_by_role("combobox")).to_have_value("Goal: Miss no class (diagnosis)")
    page.get_by_text("中文").click()
    expect(goal.get_by_role("combobox")).to_have_value("目标：不漏掉任何类别（诊断）")
    visit("3 方案", "plan")
    page.get_by_text("普通", exact=True).click()
    page.get_by_text("EN", exact=True).click()
    expect(page.get_by_text("5 × 2")).to_be_visible()
    expect(page.get_by_role("combobox", name="Goal")).to_have_value("Miss no class (diagnosis)")
    visit("2 Skew", "skew")
    page.get_by_role("button", name="Compare strategies").click()
    expect(page.get_by_role("button", name="Cancel run")).to_be_visible()
    (row,) = dashboard.store().datasets()
    assert dashboard.store().dataset(row.id).goal == "diagnosis"


def test_the_items_of_a_log_are_ranked_for_each_user(page: Page, dashboard) -> None:
    open_sample(page, dashboard.url, "Shop visits", Speaker(page))
    page.get_by_role("button", name="Rank the items for each user").click()
    page.locator(".st-key-lists_start button").click()
    expect(page.locator(".v .s")).to_contain_text("orders best", timeout=3 * MINUTES)
    expect(page.locator(".st-key-lists_trade .js-plotly-plot")).to_be_visible()
    effect = page.get_by_text("had before, the latest last")
    expect(effect).to_be_visible()
    search = page.locator(".st-key-lists_user input")
    search.fill("v00012")
    search.press("Enter")
    expect(page.get_by_text("What v00012 had before, the latest last")).to_be_visible()
