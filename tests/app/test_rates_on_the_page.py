"""Rates so far on the Plan page: offered where a column tells what came before."""

import numpy as np
import pandas as pd
import pytest
from page_reading import shown, widget

from rebal_core.data.reading.load import from_frame


@pytest.fixture(scope="module")
def log(finished):
    """A dataset of shops with a time; nothing has been compared on it."""
    rng = np.random.default_rng(0)
    hours = pd.to_timedelta(np.sort(rng.integers(0, 900, 300)), unit="h")
    table = pd.DataFrame(
        {
            "shop": [f"s{k}" for k in rng.integers(0, 30, 300)],
            "device": rng.choice(["phone", "desk"], 300),
            "amount": rng.normal(size=300).round(3),
            "when": (pd.Timestamp("2026-03-01") + hours).astype("datetime64[us]"),
            "label": np.where(rng.random(300) < 0.2, "rare", "common"),
        }
    )
    identifier, folder = finished.store.new_dataset_folder()
    opened = from_frame(table, folder, name="shops", target="label")
    finished.store.add_dataset(opened.with_schema(opened.schema.with_role("group", "shop")))
    return identifier


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Added in each fold: “shop: rate before”"), ("zh", "每折添加 “shop: rate before”")],
)
def test_a_rate_is_chosen_and_planned(run_page, finished, log, language, words):
    app = run_page("plan", language, ds=log)
    rates = widget(app.multiselect, "plan_rates")
    assert list(rates.options)[-1] == "shop x device: rate before"
    rates.set_value(["shop", "shop+device"]).run()
    assert widget(app.button, "plan_start").disabled, "split by shop, a shop has no past"
    widget(app.button_group, "plan_split").set_value("time").run()
    assert words in shown(app).replace("\\", "")
    widget(app.button, "plan_start").click().run()
    newest = finished.store.runs()[0]
    finished.store.cancel_run(newest.run)
    keys = [["shop"], ["shop", "device"]]
    assert newest.plan["schema"]["rates"] == {"time": "when", "keys": keys}
    again = run_page("plan", language, run=str(newest.run))
    assert widget(again.multiselect, "plan_rates").value == ["shop", "shop+device"]


def test_without_times_nothing_is_offered(run_page):
    assert not [m for m in run_page("plan").multiselect if m.key.startswith("plan_rates")]
