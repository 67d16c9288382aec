"""Lists: what is set of models and remedies, and how a network is seen to learn."""

from unittest.mock import patch

import logged_home
import numpy as np
import pytest
from logged_home import log, ranked, started
from page_reading import shown, widget
from streamlit.testing.v1 import AppTest

from app.components import lists_asked, lists_settings
from rebal_core.data.log_columns import guess_log
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.tasks.ranking import Epochs
from rebal_core.experiment.worker import Context
from rebal_core.ranking.remedies import REMEDIES
from rebal_core.store.ledger import Ledger

finished = pytest.fixture(scope="module")(logged_home.logged)
lists = pytest.fixture(logged_home.opened)


def test_what_is_set_of_models_and_remedies_is_asked_for_and_found_again(lists, finished):
    app = lists()
    widget(app.selectbox, "lists_settings").set_value("rerank").run()
    widget(app.number_input, "plan_rerank_cost").set_value(0.5).run()
    quality = widget(app.selectbox, "plan_rerank_cap")
    assert "kind" in quality.options
    assert quality.options[0] == "None"
    quality.set_value("kind").run()
    widget(app.number_input, "lists_windows_").set_value(2).run()
    text = shown(started(app, finished))
    plan = finished.store.runs("rank")[0].plan
    assert plan["params"] == {"rerank": {"cost": 0.5, "cap": "kind"}}
    assert plan["windows"] == 2
    assert "later windows of time" in text
    assert "Lists over the cap" in text
    again = lists()
    assert not [b for b in again.button if b.key == "lists_start"]
    # Another model goes out of the settings with its tick.
    widget(again.multiselect, "lists_remedies_").set_value(["tail_upweight"]).run()
    assert not again.exception
    assert "rerank" not in widget(again.selectbox, "lists_settings").options


def test_a_remedy_that_lacks_its_column_says_so_before_the_run(lists, finished):
    app = lists()
    widget(app.multiselect, "lists_remedies_").set_value(["rerank", "segment_target"]).run()
    column, value = (p.label for p in REMEDIES["segment_target"].parameters[:2])
    needs = "One segment needs “{}”: choose it in the settings"
    assert needs.format(column) in shown(app)
    widget(app.selectbox, "lists_settings").set_value("segment_target").run()
    widget(app.selectbox, "plan_segment_target_segment").set_value("kind").run()
    assert needs.format(column) not in shown(app)
    assert needs.format(value) in shown(app)


def test_a_segment_is_picked_from_the_values_of_its_column_or_written(lists, finished):
    app = lists()
    widget(app.multiselect, "lists_remedies_").set_value(["segment_target"]).run()
    widget(app.selectbox, "lists_settings").set_value("segment_target").run()
    assert widget(app.text_input, "plan_segment_target_value").value == ""
    widget(app.selectbox, "plan_segment_target_segment").set_value("item_id").run()
    values = log()["item_id"].value_counts()
    offered = widget(app.selectbox, "plan_segment_target_value")
    assert sorted(offered.options) == sorted(values.index)
    assert values[offered.options].is_monotonic_decreasing
    assert offered.value is None
    assert offered.proto.accept_new_options
    widget(app.selectbox, "plan_segment_target_segment").set_value("kind").run()
    picked = widget(app.selectbox, "plan_segment_target_value")
    picked.set_value("odd").run()
    started(app, finished)
    plan = finished.store.runs("rank")[0].plan
    assert plan["params"]["segment_target"] == {"segment": "kind", "value": "odd"}
    again = lists()
    widget(again.selectbox, "lists_settings").set_value("segment_target").run()
    assert widget(again.selectbox, "plan_segment_target_value").value == "odd"
    assert not again.exception


def test_columns_that_remedies_need_are_guessed_by_their_names(finished, tmp_path):
    table = log().assign(position=np.arange(240) % 9, dwell_seconds=np.arange(240.0))
    dataset = from_frame(table, tmp_path / "log")
    with patch("app.cache.log_columns", lambda _: guess_log(dataset.schema)):
        told = {r.name: lists_settings._guesses(r, "", dataset) for r in REMEDIES}
    assert told["ipw"] == {"position": "position"}
    assert told["dwell_weight"] == {"dwell": "dwell_seconds"}
    assert not told["rerank"]


def test_the_epochs_of_a_network_are_drawn_while_it_learns_and_afterwards(
    lists, finished, monkeypatch
):
    lists()
    monkeypatch.setattr(lists_asked, "MODELS", ("popularity", "two_tower"))
    other, folder = finished.store.new_dataset_folder()  # of which nobody has wished anything yet
    finished.store.add_dataset(from_frame(log(), folder, name="learned", target="label"))
    app = started(lists(ds=other), finished)
    assert "How networks learn" in shown(app)
    told = ranked(finished).arm("none/two_tower")["epochs"]
    assert [one["epoch"] for one in told] == list(range(1, len(told) + 1))
    assert ranked(finished).arm("none/popularity")["epochs"] == []
    run = finished.store.runs("rank")[0].run
    # An engine would have heard of two fits: on inner events, then on all that may be learned from.
    heard = []
    context = Context(finished.home, finished.home, finished.home / "no flag", heard.append)
    tell = Epochs(context)
    for one in (*told[:1], *told):
        tell(0.5, arm="none/two_tower", **one)
    tell(1.0)
    assert [one["epoch"] for one in heard if one["epoch"]] == list(range(1, len(told) + 2))
    key = finished.store.tasks(run)["key"].iloc[0]
    Ledger(finished.store).write_events([{"key": key, "at": 0.0, **one} for one in heard])

    def page(number):
        from app.components.lists_training import live_training
        from app.state import store

        live_training(store().run(number))

    live = AppTest.from_function(page, args=(run,)).run()
    assert not live.exception
    assert f"epoch {len(told)}" in live.caption[0].value
    assert len(live.get("plotly_chart")) == 2
