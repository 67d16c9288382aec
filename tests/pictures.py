"""``make pictures``: one contact sheet a page, at two widths, in both languages and both themes.

It works on a home of its own: two samples are opened, one comparison runs to its end, a second one
is caught on its way; then every page is photographed and the sheets are put together.
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
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from rebal_core.data.samples import open_sample
from rebal_core.experiment.client import cancel, stop_engine, submit, wait
from rebal_core.experiment.plan import make_plan
from rebal_core.store.store import Store

WIDTHS = (1440, 800)
LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
THEMES = ("light", "dark")
#: Name of the sheet, address (its fields are those of a :class:`Stage`), height in pixels by width.
SHEETS = {
    "home": ("/", {1440: 900, 800: 1500}),
    "data": ("/?check={ds}", {1440: 1000, 800: 1700}),
    "skew": ("/skew?ds={ds}", {1440: 1000, 800: 1800}),
    "plan": ("/plan?ds={ds}", {1440: 1100, 800: 1900}),
    "run": ("/run?run={live}", {1440: 900, 800: 1500}),
    "compare": ("/compare?run={run}", {1440: 1700, 800: 2900}),
    "explain": ("/explain?run={run}", {1440: 1300, 800: 2300}),
    "export": ("/export?run={run}", {1440: 1300, 800: 2200}),
    "runs": ("/runs", {1440: 800, 800: 1000}),
    "help": ("/help", {1440: 1300, 800: 2000}),
}
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")


@dataclass(frozen=True)
class Stage:
    """A server over a home in which there is something to see."""

    url: str
    store: Store
    ds: str
    run: int
    live: int


@contextmanager
def stage(home: Path) -> Iterator[Stage]:
    """Fill a home, serve it, and take everything down again."""
    os.environ["REBAL_HOME"] = str(home)
    store = Store(home)
    opened = {}
    for sample in ("card_fraud", "click_log"):
        identifier, folder = store.new_dataset_folder()
        dataset = opened[sample] = open_sample(sample, folder)
        store.add_dataset(dataset)
    done = submit(store, make_plan(opened["click_log"], classifiers=["logistic", "random_forest"]))
    wait(store, done, timeout=900)
    live = submit(store, make_plan(opened["card_fraud"], repeats=2))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "app.server", "--no-browser", "--port", str(port)]
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _until_healthy(url)
        yield Stage(url, store, identifier, done, live)
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


def photograph(browser: Browser, place: Stage, name: str) -> Image.Image:
    """Return the contact sheet of one page: widths by language and theme."""
    address, heights = SHEETS[name]
    target = place.url + address.format(ds=place.ds, run=place.run, live=place.live)
    rows = []
    for width in WIDTHS:
        shots = []
        for locale in LANGUAGES.values():
            for theme in THEMES:
                context = browser.new_context(
                    locale=locale,
                    color_scheme=theme,
                    viewport={"width": width, "height": heights[width]},
                )
                page = context.new_page()
                page.goto(target)
                settle(page)
                shots.append(Image.open(BytesIO(page.screenshot())))
                context.close()
        rows.append(_beside(shots))
    return _below(rows)


def settle(page: Page, patience: float = 20.0) -> None:
    """Wait until the page has been still for a second and a half."""
    page.wait_for_selector("[data-testid=stMainBlockContainer]")
    end, still, before = time.monotonic() + patience, 0, ""
    while still < 3 and time.monotonic() < end:
        time.sleep(0.5)
        busy = page.locator("[data-testid=stStatusWidget], [data-testid=stSkeleton]").count()
        text = page.inner_text("[data-testid=stMain]")
        still = still + 1 if text == before and text and not busy else 0
        before = text
    time.sleep(0.7)  # charts fade in


def _beside(images: list[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (sum(i.width for i in images), max(i.height for i in images)))
    left = 0
    for image in images:
        sheet.paste(image, (left, 0))
        left += image.width
    return sheet


def _below(images: list[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (max(i.width for i in images), sum(i.height for i in images)))
    top = 0
    for image in images:
        sheet.paste(image, (0, top))
        top += image.height
    return sheet


def main() -> None:
    """Draw the sheets that are asked for, all by default, into ``pictures/``."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures")
    parser.add_argument("sheets", nargs="*", default=list(SHEETS), metavar="SHEET")
    parser.add_argument("--to", type=Path, default=Path("pictures"))
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    system = shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        tempfile.TemporaryDirectory() as scratch,
        stage(Path(scratch) / "home") as place,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=system, args=list(FLAGS))
        going = [name for name in ("run", "runs") if name in options.sheets]
        for name in [*going, *(n for n in options.sheets if n not in going)]:
            if name not in going:
                cancel(place.store, place.live)  # the other pages want the machine for themselves
            photograph(browser, place, name).save(options.to / f"{name}.png")
            sys.stdout.write(f"{options.to / name}.png\n")
        browser.close()


if __name__ == "__main__":
    main()
