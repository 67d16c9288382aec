"""The Export page: files are made by a job and handed out under signed addresses."""

import json
from pathlib import Path
from typing import get_args

import pyarrow.parquet as pq
import pytest
from page_reading import shown, widget

from app.components import export_more
from app.components.export_cards import UNTREATED
from app.components.export_files import export_folder, size_of
from app.components.texts import cutoff
from rebal_core.evaluation.verdict import RunCode
from rebal_core.experiment.client import result, submit_task
from rebal_core.experiment.results import evaluation
from rebal_core.export.bundle import load_bundle
from rebal_core.export.predict import predict_table


def links(app):
    return [e.proto.url for e in app.get("link_button")]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_files_are_made_then_offered(run_page, finished, language):
    app = run_page("export", language)
    shown(app)
    finished.work()
    app.run()
    text = shown(app)
    assert ("Take it with you" if language == "en" else "带走结果") in text
    names = [u.split("?")[0].rsplit("/", 1)[1] for u in links(app)]
    assert names[:2] == ["train_balanced.parquet", "test_untouched.parquet"]
    assert {"model.rebal", "arms.csv", "manifest.json"} <= set(names)
    assert all("token=" in url for url in links(app))


def test_csv_and_another_arm_are_made_on_demand(run_page, finished):
    app = run_page("export")
    widget(app.selectbox, "export_arm").set_value("smote/logistic").run()
    finished.work()
    app.run()
    widget(app.button_group, "export_format").set_value("csv").run()
    finished.work()
    app.run()
    text = shown(app)
    folder = export_folder(finished.run, "smote/logistic")
    assert (folder / "train_balanced.csv").exists()
    assert links(app)[0].split("?")[0].endswith("train_balanced.csv")
    manifest = json.loads((folder / "manifest.json").read_text())
    rows = pq.read_table(folder / "train_balanced.parquet")
    assert rows.num_rows > manifest["split"]["train_rows"]
    told = evaluation(finished.store, finished.run).decisions["smote/logistic"]
    of_fold, of_all = manifest["decision"]["threshold"], told.cutoff.value
    assert of_fold != of_all
    assert f"fold 1</td><td>{cutoff(of_fold)}</td>" in text
    assert f"all held-out rows</td><td>{cutoff(of_all)}</td>" in text
    assert "_origin" in rows.column_names


def test_rows_are_looked_at_by_their_origin_and_removed_ones_handed_out(run_page, finished):
    app = run_page("export")
    widget(app.selectbox, "export_arm").set_value("random_under/logistic").run()
    finished.work()
    app.run()
    shown(app)
    names = [u.split("?")[0].rsplit("/", 1)[1] for u in links(app)]
    assert names[:3] == ["train_balanced.parquet", "test_untouched.parquet", "removed.parquet"]
    origin = widget(app.button_group, "export_origin")
    assert [option.split(" ")[0] for option in origin.options] == ["your", "removed"]
    origin.set_value("removed").run()
    rows = app.dataframe[-1].value
    assert set(rows["_removed_by"]) == {"random_under"}
    assert list(rows)[:2] == ["_parents", "_removed_by"]


def test_a_failed_export_says_why_and_waits_for_a_click(run_page, finished):
    app = run_page("export")
    widget(app.selectbox, "export_arm").set_value("class_weight/logistic").run()
    newest = finished.store.runs("export")[0]
    finished.store.cancel_run(newest.run)
    app.run()
    assert "Stopped" in shown(app)
    count = len(finished.store.runs("export"))
    app.run()
    assert len(finished.store.runs("export")) == count
    again = [b for b in app.button if b.label == "Try again"]
    assert len(again) == 1
    again[0].click().run()
    assert len(finished.store.runs("export")) == count + 1
    finished.work()


def test_scoring_gives_the_bundles_numbers_with_another_mix(run_page, finished, tmp_path):
    run_page("export")  # makes sure of the home
    submit = {"run": finished.run, "arm": "smote/logistic"}
    folder = export_folder(finished.run, "smote/logistic")
    if not (folder / "model.rebal").exists():
        submit_task(finished.store, "export", {**submit, "to": str(folder)}, finished.dataset)
        finished.work()
    data = tmp_path / "new.csv"
    frame = finished.store.dataset(finished.dataset).frame().drop(columns="label").head(40)
    frame.to_csv(data, index=False)
    prior = {"rare": 0.3}
    params = {"model": str(folder / "model.rebal"), "data": str(data), "prior": prior,
              "to": str(tmp_path / "out")}  # fmt: skip
    task = submit_task(finished.store, "predict", params, finished.dataset)
    finished.work()
    answer = result(finished.store, task)
    assert answer["rows"] == 40
    files = {Path(f).suffix: Path(f) for f in answer["files"]}
    scored = pq.read_table(files[".parquet"]).to_pandas()
    direct = predict_table(load_bundle(folder / "model.rebal"), data, prior).table.to_pandas()
    assert scored["p_rare"].to_list() == direct["p_rare"].to_list()
    assert files[".csv"].stat().st_size > 0


def test_sizes_are_written_for_people(tmp_path):
    for size, text in ((12, "1 KB"), (56_000, "56 KB"), (400_000, "0.4 MB"), (2_100_000, "2.1 MB")):
        path = tmp_path / "f"
        path.write_bytes(b"x" * size)
        assert size_of(path) == text


def test_what_is_said_of_untreated_rows_follows_the_verdict():
    assert set(UNTREATED) == set(get_args(RunCode))
    assert "Nothing to balance" in UNTREATED["NO_REMEDY_NEEDED"]
    assert all("Nothing" not in UNTREATED[code] for code in set(UNTREATED) - {"NO_REMEDY_NEEDED"})


def test_an_arm_with_a_generator_offers_more_rows(run_page, finished, monkeypatch) -> None:
    asked: list[dict] = []
    known = {"generator": ["rare"]}
    monkeypatch.setattr(export_more, "manifest_of", lambda run, arm: known)
    monkeypatch.setattr(export_more, "is_whole", lambda path: True)
    monkeypatch.setattr(export_more, "download_button", lambda *words, **more: None)
    monkeypatch.setattr(
        export_more, "start_job", lambda key, kind, params, of: asked.append(params)
    )
    app = run_page("export")
    next(n for n in app.number_input if n.key == "more_rows").set_value(250)
    widget(app.text_input, "more_rules").set_value("x0 <=").run()
    assert widget(app.button, "more_go").disabled
    assert any("Rule 1" in m.value for m in app.markdown)
    widget(app.text_input, "more_rules").set_value("x0≤x1").run()
    assert [c.value for c in app.code if c.value.startswith("rebal generate")] == [
        "rebal generate generator.rebal --count rare=250 --rule 'x0 <= x1' --out more.csv"
    ]
    widget(app.button, "more_go").click().run()
    assert not app.exception
    assert asked[0]["counts"] == {"rare": 250}
    assert asked[0]["rules"] == "x0 <= x1"
    assert "marginal" not in asked[0]
    known.clear()
    assert not [b for b in run_page("export").button if b.key == "more_go"]
