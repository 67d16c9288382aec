"""``make pictures``: one contact sheet a page, at two widths, in both languages and both themes.

It works on a home of its own: three samples are opened, comparisons run to their end, and one is
caught on its way; then every page is photographed and the sheets are put together. The
README's picture is the first shot of the comparison.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Any
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from rebal_core.data.dataset import Dataset
from rebal_core.data.log_columns import guess_log
from rebal_core.data.samples import open_sample
from rebal_core.experiment.client import cancel, stop_engine, submit, submit_task, wait
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.ranked import rank_params
from rebal_core.ranking.reading import LogColumns
from rebal_core.store.store import Store

WIDTHS = (1440, 800)
LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
THEMES = ("light", "dark")
#: Name of the sheet and address; its fields stand in :class:`Stage`.
SHEETS = {
    "home": "/",
    "data": "/?check={ds}",
    "skew": "/skew?ds={ds}",
    "skew_classes": "/skew?ds={many}",
    "skew_behaviour": "/skew?ds={ds}",
    "plan": "/plan?ds={ds}",
    "plan_side": "/plan?ds={ds}",
    "run": "/run?run={live}",
    "run_ended": "/run?run={taught}",
    "run_generators": "/run?run={drawn}",
    "compare": "/compare?run={run}",
    "compare_classes": "/compare?run={wide}",
    "compare_made": "/compare?run={drawn}&more=made&made={made}",
    "compare_amounts": "/compare?run={drawn}&more=amounts",
    "explain": "/explain?run={run}",
    "export": "/export?run={run}",
    "lists": "/lists?ds={ranked}",
    "runs": "/runs",
    "help": "/help",
}
#: These show the run in progress, or the full bar of one that has ended; the other pages want the
#: machine for themselves.
GOING = ("run", "run_ended", "run_generators", "runs")
#: What is clicked once a page is there.
OPENED = {
    "plan_side": "[class*=st-key-plan_side] label",
    "skew_behaviour": "[class*=st-key-skew_view] button:last-of-type",
}
#: Higher than any page, so that nothing scrolls; a shot ends where its page ends.
TALL = 4_000
#: Seconds that a page is waited for.
PATIENCE = 90.0
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
#: What a page looks like once nothing runs and nothing is awaited; before that, nothing.
LOOKS = """going => {
    const app = document.querySelector('[data-testid=stApp]');
    const main = document.querySelector('[data-testid=stMain]');
    const busy = '[data-testid=stSkeleton], [data-testid=stSpinner], [data-stale=true]'
        + (going ? '' : ', [data-testid=stProgress]');
    const charts = [...document.querySelectorAll('.js-plotly-plot')];
    if (app?.dataset.testScriptState !== 'notRunning' || document.querySelector(busy)) return '';
    if (!charts.every(chart => chart.querySelector('.main-svg'))) return '';
    const sizes = charts.map(chart => chart.querySelector('.main-svg').getAttribute('width'));
    return [main.innerText, main.scrollHeight, sizes].join();
}"""


@dataclass(frozen=True)
class Stage:
    """A server over a home in which there is something to see.

    Parameters
    ----------
    named : dict
        What the fields of :data:`SHEETS` stand for.
    """

    url: str
    store: Store
    named: dict[str, Any]


@contextmanager
def stage(home: Path, wanted: Collection[str]) -> Iterator[Stage]:
    """Fill a home with what is wanted of :func:`plans`, serve it, and take everything down."""
    os.environ["REBAL_HOME"] = str(home)
    store = Store(home)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "app.server", "--no-browser", "--port", str(port)]
    )
    try:
        opened = {}
        for sample in ("card_fraud", "product_categories", "click_log"):
            _identifier, folder = store.new_dataset_folder()
            dataset = opened[sample] = open_sample(sample, folder)
            store.add_dataset(dataset)
        named = {"ds": opened["click_log"], "many": opened["product_categories"]}
        named = {field: dataset.path.name for field, dataset in named.items()}
        comparisons = {field: plan for field, plan in plans(opened).items() if field in wanted}
        runs = {field: submit(store, plan) for field, plan in comparisons.items()}
        for run in runs.values():
            wait(store, run, timeout=900)
        if "drawn" in runs:
            arm = next(a.name for a in comparisons["drawn"].arms if a.strategy == "vae")
            judged = {"run": runs["drawn"], "arm": arm}
            wait(store, submit_task(store, "synthetic", judged, named["ds"]), timeout=300)
            named["made"] = quote(arm)
        if "ranked" in wanted:
            named["ranked"] = ranked(store)
        kinds = ["mlp", "logistic", "random_forest", "hist_gradient_boosting"]
        live = submit(store, make_plan(opened["card_fraud"], classifiers=kinds, repeats=3))
        url = f"http://127.0.0.1:{port}"
        _until_healthy(url)
        yield Stage(url, store, {**named, **runs, "live": live})
    finally:
        server.terminate()
        server.wait(20)
        stop_engine(store)
        store.close()


def plans(opened: Mapping[str, Dataset]) -> dict[str, Plan]:
    """Return the comparisons that run to their end, by the field of :data:`SHEETS`."""
    clicks, categories = opened["click_log"], opened["product_categories"]
    few: dict[str, Any] = {"classifiers": ["logistic"], "folds": 3}
    return {
        "run": make_plan(clicks, metric="average_precision", rule="f1"),
        "wide": make_plan(categories, strategies=["random_under"], **few),
        "taught": make_plan(
            categories, strategies=["adversarial_training"], classifiers=["mlp"], folds=2
        ),
        "drawn": make_plan(
            clicks,
            strategies=["arf", "vae"],
            params={"arf": {"fill": (0.5, 1.0, 2.0)}, "vae": {"steps": 400}},
            **few,
        ),
    }


def ranked(store: Store) -> str:
    """Rank the items of a sample for each of its users; return its id."""
    identifier, folder = store.new_dataset_folder()
    dataset = open_sample("shop_visits", folder)
    store.add_dataset(dataset)
    guess = guess_log(dataset.schema)
    assert guess.user is not None
    assert guess.item is not None
    columns = LogColumns(guess.user, guess.item, guess.time, guess.event)
    remedies = ["rerank", "tail_upweight"]
    wishes = rank_params(identifier, columns, ["popularity", "item_knn"], remedies)
    wait(store, submit_task(store, "rank", wishes, identifier), timeout=300)
    return identifier


def _until_healthy(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("The server does not answer.")


def photograph(
    pages: dict[str, Page], target: str, *, going: bool = False, opened: str = ""
) -> list[list[Image.Image]]:
    """Return the shots of one page, a row a width: languages, and in each of them the themes.

    The languages are two tabs that load side by side; the width changes in the loaded page. Where
    nothing is meant to be going, a job of the page is waited for. ``opened`` is clicked first.
    """
    shots = {}
    for theme in THEMES:
        for page in pages.values():
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": WIDTHS[0], "height": TALL})
            page.goto(target, wait_until="commit")
            if opened:
                page.locator(opened).first.click(timeout=PATIENCE * 1_000)
        for width in WIDTHS:
            for page in pages.values():
                page.set_viewport_size({"width": width, "height": TALL})
            for language, page in pages.items():
                shots[width, language, theme] = shoot(page, going)
    return [[shots[w, n, t] for n in pages for t in THEMES] for w in WIDTHS]


def shoot(page: Page, going: bool, patience: float = PATIENCE) -> Image.Image:
    """Return a page from its top to its end, once it has looked the same for half a second."""
    page.wait_for_selector("[data-testid=stMainBlockContainer]")
    end, looks, same = time.monotonic() + patience, "", 0
    while same < 2 and time.monotonic() < end:
        page.wait_for_timeout(250)
        before, looks = looks, page.evaluate(LOOKS, going)
        same = same + 1 if looks and looks == before else 0
    box = page.locator("[data-testid=stMainBlockContainer]").bounding_box()
    shot = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    return shot.crop((0, 0, shot.width, min(shot.height, round(box["y"] + box["height"]))))


def sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """Put shots side by side, and their rows below each other."""
    heights = [max(shot.height for shot in row) for row in rows]
    made = Image.new("RGB", (max(sum(s.width for s in row) for row in rows), sum(heights)), "grey")
    for k, row in enumerate(rows):
        left = 0
        for shot in row:
            made.paste(shot, (left, sum(heights[:k])))
            left += shot.width
    return made


def main() -> None:
    """Draw the sheets that are asked for, all by default, and the README's pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures")
    parser.add_argument("sheets", nargs="*", default=list(SHEETS), metavar="SHEET")
    parser.add_argument("--to", type=Path, default=Path("pictures"))
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    system = shutil.which("chromium") or shutil.which("chromium-browser")
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        fields = {f for name in options.sheets for _, f, _, _ in Formatter().parse(SHEETS[name])}
        place = stack.enter_context(stage(scratch / "home", fields))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=system, args=list(FLAGS))
        stack.callback(browser.close)
        pages = {
            name: browser.new_context(locale=locale).new_page()
            for name, locale in LANGUAGES.items()
        }
        for name in sorted(options.sheets, key=lambda name: name not in GOING):
            if name not in GOING and place.store.run(place.named["live"]).live:
                cancel(place.store, place.named["live"])
            began = time.monotonic()
            target = place.url + SHEETS[name].format(**place.named)
            rows = photograph(pages, target, going=name in GOING, opened=OPENED.get(name, ""))
            sheet(rows).save(options.to / f"{name}.png")
            sys.stdout.write(f"{options.to / name}.png  {time.monotonic() - began:.0f} s\n")
            if name == "compare":
                rows[0][0].save("docs/compare.png")
                rows[0][len(THEMES)].save("docs/compare_zh.png")


if __name__ == "__main__":
    main()
