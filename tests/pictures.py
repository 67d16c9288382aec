"""``make pictures``: one contact sheet a page, at two widths, in both languages and both themes.

It works on a home of its own: three samples are opened, two comparisons run to their end, a third
one is caught on its way; then every page is photographed and the sheets are put together. The
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
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from rebal_core.data.samples import open_sample
from rebal_core.experiment.client import cancel, stop_engine, submit, wait
from rebal_core.experiment.planning import make_plan
from rebal_core.store.store import Store

WIDTHS = (1440, 800)
LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
THEMES = ("light", "dark")
#: Name of the sheet and address; its fields are those of a :class:`Stage`.
SHEETS = {
    "home": "/",
    "data": "/?check={ds}",
    "skew": "/skew?ds={ds}",
    "skew_classes": "/skew?ds={many}",
    "plan": "/plan?ds={ds}",
    "run": "/run?run={live}",
    "run_ended": "/run?run={taught}",
    "compare": "/compare?run={run}",
    "compare_classes": "/compare?run={wide}",
    "explain": "/explain?run={run}",
    "export": "/export?run={run}",
    "runs": "/runs",
    "help": "/help",
}
#: These show the run in progress, or the full bar of one that has ended; the other pages want the
#: machine for themselves.
GOING = ("run", "run_ended", "runs")
#: Higher than any page, so that nothing scrolls; a shot ends where its page ends.
TALL = 4_000
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
    """A server over a home in which there is something to see."""

    url: str
    store: Store
    ds: str
    run: int
    many: str
    wide: int
    taught: int
    live: int


@contextmanager
def stage(home: Path) -> Iterator[Stage]:
    """Fill a home, serve it, and take everything down again."""
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
        names = {sample: dataset.path.name for sample, dataset in opened.items()}
        clicks = make_plan(opened["click_log"], metric="average_precision", rule="f1")
        few = make_plan(
            opened["product_categories"],
            strategies=["random_under"],
            classifiers=["logistic"],
            folds=3,
        )
        networks = make_plan(
            opened["product_categories"],
            strategies=["adversarial_training"],
            classifiers=["mlp"],
            folds=2,
        )
        done, wide, taught = submit(store, clicks), submit(store, few), submit(store, networks)
        wait(store, taught, timeout=900)
        kinds = ["mlp", "logistic", "random_forest", "hist_gradient_boosting"]
        live = submit(store, make_plan(opened["card_fraud"], classifiers=kinds, repeats=3))
        url = f"http://127.0.0.1:{port}"
        _until_healthy(url)
        many = names["product_categories"]
        yield Stage(url, store, names["click_log"], done, many, wide, taught, live)
    finally:
        server.terminate()
        server.wait(20)
        stop_engine(store)
        store.close()


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
    pages: dict[str, Page], target: str, *, going: bool = False
) -> list[list[Image.Image]]:
    """Return the shots of one page, a row a width: languages, and in each of them the themes.

    The languages are two tabs that load side by side; the width changes in the loaded page. Where
    nothing is meant to be going, a job of the page is waited for.
    """
    shots = {}
    for theme in THEMES:
        for page in pages.values():
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": WIDTHS[0], "height": TALL})
            page.goto(target, wait_until="commit")
        for width in WIDTHS:
            for page in pages.values():
                page.set_viewport_size({"width": width, "height": TALL})
            for language, page in pages.items():
                shots[width, language, theme] = shoot(page, going)
    return [[shots[w, n, t] for n in pages for t in THEMES] for w in WIDTHS]


def shoot(page: Page, going: bool, patience: float = 90.0) -> Image.Image:
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
        place = stack.enter_context(stage(scratch / "home"))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=system, args=list(FLAGS))
        stack.callback(browser.close)
        pages = {
            name: browser.new_context(locale=locale).new_page()
            for name, locale in LANGUAGES.items()
        }
        for name in sorted(options.sheets, key=lambda name: name not in GOING):
            if name not in GOING and place.store.run(place.live).live:
                cancel(place.store, place.live)
            began = time.monotonic()
            target = place.url + SHEETS[name].format(**vars(place))
            rows = photograph(pages, target, going=name in GOING)
            sheet(rows).save(options.to / f"{name}.png")
            sys.stdout.write(f"{options.to / name}.png  {time.monotonic() - began:.0f} s\n")
            if name == "compare":
                rows[0][0].save("docs/compare.png")
                rows[0][len(THEMES)].save("docs/compare_zh.png")


if __name__ == "__main__":
    main()
