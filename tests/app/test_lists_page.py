"""Lists: columns guessed, ranked once by the engine, told first in one sentence, and taken away."""

from dataclasses import replace
from unittest.mock import patch

import logged_home
import numpy as np
import pyarrow.parquet as pq
import pytest
from logged_home import BRANDS, NASTY, ranked, started
from page_reading import shown, widget

from app import drafts, run_cache
from app.components import lists_trade
from app.components.lists_effect import changed, preset
from app.components.texts import plain
from app.components.upload import Upload
from app.components.words import verdict_told
from rebal_core.export.recommender import load_recommender
from rebal_core.ranking.foretold import Foretold
from rebal_core.ranking.sentences import sentence_of_chances

finished = pytest.fixture(scope="module")(logged_home.logged)
lists = pytest.fixture(logged_home.opened)


def test_three_clicks_lead_from_the_samples_to_a_first_ranking(lists, finished):
    app = lists(view="skew")
    assert widget(app.button, "skew_rank").label == "Rank the items for each user"
    app = lists()
    keys = {"user": "user_id", "item": "item_id", "event": None}
    for part, column in keys.items():
        assert widget(app.selectbox, f"lists_{part}_").value == column
    assert widget(app.multiselect, "lists_time_").value == ["timestamp"]
    widget(app.button, "lists_start").click().run()
    assert "Ranking the items" in "".join(p.proto.text for p in app.get("progress"))
    # Opened anew, the page finds what it started.
    assert "Ranking the items" in "".join(p.proto.text for p in lists().get("progress"))
    finished.work()
    app.run()
    text = shown(app)
    assert "NDCG" in text
    assert "240 events of 30 users on 20 items" in text
    again = lists()
    assert shown(again) == text
    assert not [b for b in again.button if b.key == "lists_start"]
    assert len(finished.store.runs("rank")) == 1


def test_what_is_ticked_in_another_order_is_the_same_wish(lists, finished):
    app = started(lists(), finished)
    models = widget(app.multiselect, "lists_models_")
    models.set_value(models.value[::-1]).run()
    assert not [b for b in app.button if b.key == "lists_start"]
    models.set_value(models.value[:1]).run()
    assert [b for b in app.button if b.key == "lists_start"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_arm_has_its_numbers_and_its_verdict(lists, finished, language):
    app = started(lists(language), finished)
    found = ranked(finished)
    table = next(
        f.value for f in app.dataframe if "NDCG@10" in f.value.columns or "ndcg" in f.value
    )
    assert len(table) == len(found.arms)
    told = table["ndcg"] if "ndcg" in table else table["NDCG@10"]
    assert told.tolist() == [found.arm(arm)["metrics"]["ndcg"]["all"] for arm in found.arms]
    # What a verdict is about stands beside it; an untreated arm has none.
    beside = table["beside"]
    for arm, against in zip(map(found.arm, found.arms), beside, strict=True):
        if arm["verdict"]["code"] is None:
            assert np.isnan(against)
        else:
            assert against == arm["verdict"]["reference"]["metrics"]["recall"]["tail"]
    if language == "zh":
        assert "re-ranking" not in shown(app).casefold()


def test_a_user_that_is_looked_for_is_shown_with_what_came_next(lists, finished):
    app = started(lists(), finished)
    found = ranked(finished)
    before, after = preset(found)
    assert after in ("rerank/item_knn", "tail_upweight/item_knn")
    assert before == "none/item_knn"
    most = changed(found.lists(before), found.lists(after)).argmax()
    assert f"What {found.users[most]} had before" in shown(app)
    widget(app.text_input, "lists_user").set_value("U07").run()
    text = shown(app)
    assert "What u07 had before" in text
    place = list(found.users).index("u07")
    assert f"What came next: {plain(found.items[found.true(place)[0]])} (" in text
    widget(app.text_input, "lists_user").set_value("nobody").run()
    assert "Nobody is called that" in shown(app)
    assert NASTY not in "".join(str(h.proto.body) for h in app.get("html"))


def test_the_slider_tells_the_numbers_of_the_stored_front(lists, finished):
    app = started(lists(), finished)
    assert widget(app.selectbox, "lists_model").value == "item_knn"
    front = ranked(finished).fronts["item_knn"]
    widget(app.select_slider, "lists_tau").set_value(0.5).run()
    line = front[front["tau"] == 0.5].iloc[0]
    numbers = next(f.value for f in app.dataframe if "Here" in f.value.columns)
    assert numbers["Here"].iloc[0].startswith(f"{line['ndcg']:.3f}")
    for value in ("aplt", "coverage", "tail_recall"):
        widget(app.segmented_control, "lists_value").set_value(value).run()
        assert not app.exception
    widget(app.toggle, "lists_all").set_value(True).run()
    assert not app.exception


def test_a_picture_of_the_tail_by_few_visits_is_told(lists, finished, monkeypatch):
    said = "Too few visits end in the tail for a verdict on it."
    app = started(lists(), finished)
    visits = ranked(finished).report["protocol"]["bands"]["tail"]["visits"]
    for fewest, few in ((visits, False), (visits + 1, True)):
        monkeypatch.setattr(lists_trade, "FEWEST_TAIL", fewest)
        for value in ("tail_recall", "aplt"):
            widget(app.segmented_control, "lists_value").set_value(value).run()
            told = said in [caption.value for caption in app.caption]
            assert told is (few and value == "tail_recall")


def test_the_lists_of_an_arm_are_written_and_handed_out(lists, finished):
    app = started(lists(), finished)
    found = ranked(finished)
    best = found.report["models"]["best"]
    assert widget(app.selectbox, "lists_arm").value == f"none/{best}", "the command's, too"
    widget(app.selectbox, "lists_arm").set_value(found.arms[-1]).run()
    widget(app.button, "lists_write").click().run()
    finished.work()
    app.run()
    links = [e.proto.url for e in app.get("link_button")]
    assert len(links) == 3
    assert all("/api/download/" in link for link in links)
    row = finished.store.runs("lists")[0]
    folder = finished.store.home.run_folder(row.run)
    name = found.arms[-1].replace("/", "_")
    ends = (f"name=lists_{name}.csv", f"name=lists_{name}.parquet", f"name={name}.rebal")
    assert [end in link for end, link in zip(ends, links, strict=True)] == [True] * 3
    table = pq.read_table(folder / f"lists_{name}.parquet").to_pandas()
    assert list(table.columns) == ["user", "rank", "item", "band"]
    assert set(found.users) <= set(table["user"])
    own = table[table["user"] == found.users[3]]
    assert own["rank"].tolist() == list(range(1, 11))
    model = load_recommender(folder / f"{name}.rebal")
    assert model.arm == found.arms[-1]
    assert model.manifest["events"] > len(found.arrays["held"]), "it learned of the last ones too"
    assert set(own["item"]) <= set(model.items)
    text = (folder / f"lists_{name}.csv").read_text(encoding="utf-8-sig")
    assert not any(cell.startswith("=") for line in text.splitlines() for cell in line.split(","))


def test_a_table_that_is_no_log_says_what_is_missing(lists, finished):
    app = lists(ds=finished.other)
    assert "Choose the column of the user, the item, the time" in shown(app)
    assert not [b for b in app.button if b.key == "lists_start"]
    assert not [b for b in lists(view="skew", ds=finished.other).button if b.key == "skew_rank"]


def test_what_cannot_be_read_as_a_log_is_told_in_a_sentence(lists, finished):
    app = lists()
    widget(app.selectbox, "lists_item_").set_value("kind").run()
    app = started(app, finished)
    assert "and “kind” has 2" in shown(app).replace("\\", "")
    assert [b for b in app.button if b.key == "lists_start"]


def test_where_no_model_serves_the_reason_is_told(lists, finished):
    app = lists(ds=finished.bare)  # it has no target either
    widget(app.multiselect, "lists_models_").set_value(["content"]).run()
    text = shown(started(app, finished)).replace("\\", "")
    assert "No model could be fitted." in text
    assert "is left out: There are no attributes of the items" in text


def test_a_table_of_items_is_chosen_joined_and_told(lists, finished):
    app = lists()
    widget(app.multiselect, "lists_models_").set_value(["content"]).run()
    widget(app.selectbox, f"lists_items_{finished.dataset}").set_value(finished.brands).run()
    widget(app.selectbox, "lists_items_key_").set_value("name").run()
    text = shown(started(app, finished)).replace("\\", "")
    assert "The table of items tells of 20 of the 20 items." in text
    assert finished.store.runs("rank")[0].plan["items"]["key"] == "name"
    # Opened anew, the page asks for the same.
    again = lists()
    assert widget(again.selectbox, "lists_items_key_").value == "name"
    assert not [b for b in again.button if b.key == "lists_start"]


@pytest.mark.parametrize("personal", [False, True])
def test_a_file_of_items_is_read_here_and_kept_unless_it_needs_an_answer(
    run_page, finished, tmp_path, personal
):
    name = "people" if personal else "goods"
    file = tmp_path / f"{name}.csv"
    BRANDS.assign(made=[f"maker{k}@shop.com" if personal else "x" for k in range(20)]).to_csv(
        file, index=False
    )

    app = run_page("lists", "en", ds=finished.dataset, run="")
    once = iter([Upload(file, file.name)])
    with patch("app.components.lists_items.drop_zone", lambda *_a, **_k: next(once, None)):
        app.run()
        finished.work()
        app.run()
    names = [row.name for row in finished.store.datasets()]
    assert (name in names) is not personal
    if personal:
        assert "people may hold personal data" in shown(app)
    else:
        assert widget(app.selectbox, f"lists_items_{finished.dataset}").value is not None
    drafts.discard_all()


def aimed(found):
    """Return the same, as if the last arm had been aimed at a segment that others pay for."""

    def changed(low, high):
        told = {"arm": 0.4, "untreated": 0.3, "delta": (low + high) / 2, "low": low, "high": high}
        return {"ndcg": {**told, "p": 0.01}, "recall": {**told, "p": 0.01}}

    values = [
        {"value": "tablet", "visits": 129, **changed(0.01, 0.19)},
        {"value": "phone", "visits": 1228, **changed(-0.19, -0.01)},
        {"value": NASTY, "visits": 40, **changed(-0.1, 0.1)},
    ]
    told = {"column": "device", "target": "tablet", "code": "CANT_TELL", "worse": ["phone"]}
    *others, last = found.report["arms"]
    last = {**last, "segments": {**told, "left_out": 2, "values": values}}
    return replace(found, report={**found.report, "arms": [*others, last]})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_segments_stand_in_a_table_and_those_that_pay_in_red(
    lists, finished, monkeypatch, language
):
    started(lists(language), finished)
    found = ranked(finished)
    monkeypatch.setattr(run_cache, "ranked", lambda asked: aimed(found))
    app = lists(language)
    text = shown(app)
    assert ("2 segments are not judged" in text) == (language == "en")
    assert f"device = tablet · {verdict_told('CANT_TELL')}" in text
    table = next(f for f in app.dataframe if "tablet" in str(f.value.iloc[0, 0])).value
    assert table.iloc[:, 1].tolist() == ["129", "1,228", "40"]
    assert table.iloc[:, 4].tolist() == ["+0.100", "−0.100", "0.000"]
    assert table.iloc[0, 0] == {"en": "tablet (the aim)", "zh": "tablet（目标）"}[language]
    assert table.iloc[2, 0] == NASTY


def chancy(found):
    """Return what was ranked, with chances of the last arm, and a reason why the first has none."""
    names = ("calibration_ratio", "normalised_entropy", "average_precision", "roc_auc")
    said = sentence_of_chances(
        Foretold(4100, 120, dict.fromkeys(names, (0.9, 0.85, 0.95)))
    ).render()
    buy = {
        "shown": 4100,
        "happened": 120,
        "rate": 120 / 4100,
        "code": "more",
        "sentence": said,
        "scores": dict.fromkeys(names, 0.9),
        "intervals": {name: [0.85, 0.95] for name in names},
    }
    first, *others, last = found.report["arms"]
    first = {**first, "heads": {"learned": 0, "reason": "No model could be fitted.", "tasks": {}}}
    last = {**last, "heads": {"learned": 9000, "reason": None, "tasks": {"buy": buy}}}
    return replace(found, report={**found.report, "arms": [first, *others, last]})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_chances_stand_in_a_table_with_what_is_said_of_them(lists, finished, monkeypatch, language):
    started(lists(language), finished)
    found = ranked(finished)
    monkeypatch.setattr(run_cache, "ranked", lambda asked: chancy(found))
    app = lists(language)
    text = shown(app)
    words = {
        "en": ("No model could be fitted", "Purchase · The chances tell more than the mean rate"),
        "zh": ("没有模型能够训练。", "购买 · 概率比平均比率说明更多"),
    }[language]
    for word in words:
        assert word in text
    purchase = {"en": "Purchase", "zh": "购买"}[language]
    table = next(f for f in app.dataframe if f.value.iloc[0, 0] == purchase).value
    assert table.iloc[0, 1:5].tolist() == ["4,100", "120", "0.90", "0.900"]
    assert table.iloc[0, -1] == "2.9%"
