"""What was read is offered for confirmation, and only then stands among the datasets."""

from typing import Any

import pandas as pd
import pytest
from test_pages import button, words

from app import drafts
from app.components import intake
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.schema import Schema


@pytest.fixture
def draft(store, tmp_path, tiny_binary):
    file = tmp_path / "people.csv"
    tiny_binary.to_csv(file, index=False)
    identifier, into = drafts.begin(str(file), "people")
    read_table(file, store.home.path / into, ReadOptions(name="people"))
    yield identifier
    drafts.discard_all()
    assert not list((store.home.path / "scratch").iterdir())


def test_a_draft_is_confirmed(page, store, draft, tmp_path):
    app = page("data")
    assert "people" in words(app)
    assert not [d for d in app.dataframe if d.key == "data_table"]
    assert "ctx_ds" not in [s.key for s in app.selectbox]
    app = page("data", check=draft)
    next(s for s in app.selectbox if str(s.key).startswith("check_target")).set_value(
        "device"
    ).run()
    button(app, "check_go").click().run()
    assert not app.exception
    (row,) = store.datasets()
    assert store.dataset(row.id).schema.target == "device"
    assert drafts.waiting() == {}
    assert not (tmp_path / "people.csv").exists()


@pytest.mark.parametrize("key", ["check_discard", "draft_discard"])
def test_a_draft_is_discarded(page, store, draft, tmp_path, key):
    app = page("data", check=draft) if key == "check_discard" else page("data")
    next(b for b in app.button if str(b.key).startswith(key)).click().run()
    assert not app.exception
    assert drafts.waiting() == {}
    assert store.datasets() == []
    assert not (tmp_path / "people.csv").exists()


def test_a_dataset_that_is_checked_again_is_not_discarded(page, store, dataset):
    app = page("data", check=dataset)
    button(app, "check_discard").click().run()
    assert not app.exception
    assert [row.id for row in store.datasets()] == [dataset]


def test_a_column_without_its_words_for_missing_is_found_anew(page, store, tmp_path, monkeypatch):
    ages = [20 + i % 50 if i % 5 else "unknown" for i in range(200)]
    scores = [i * 37 % 101 / 7 for i in range(200)]
    table = pd.DataFrame({"age": ages, "score": scores, "bought": ["no", "no", "no", "yes"] * 50})
    file = tmp_path / "visits.csv"
    table.to_csv(file, index=False)
    identifier, into = drafts.begin(str(file), "visits")
    read = read_table(file, store.home.path / into, ReadOptions(name="visits"))
    assert read.schema["age"].kind == "category"
    asked: dict[str, Any] = {}
    monkeypatch.setattr(intake, "read_again", lambda _, **options: asked.update(options))
    app = page("data", check=identifier)
    next(s for s in app.selectbox if str(s.key).startswith("check_target")).set_value(
        "bought"
    ).run()
    next(p for p in app.button_group if str(p.key).startswith("check_na")).set_value(
        ["unknown"]
    ).run()
    button(app, "check_go").click().run()
    options = ReadOptions(schema=Schema.from_dict(asked["schema"]), na=asked["na"])
    again = read_table(file, tmp_path / "again", options).schema
    assert (again["age"].kind, again["score"].kind, again.target) == ("number", "number", "bought")
    drafts.discard_all()


def test_a_file_read_again_at_once_keeps_no_choice_of_the_reading_before(
    page, store, tmp_path, monkeypatch
):
    """A reading so quick that no page without the choices was drawn between the two."""
    file = tmp_path / "basket.csv"
    lines = ["a,b,y", *(f"{i % 7}чай,{i % 5},{i % 9}" for i in range(90))]
    file.write_bytes("\n".join(lines).encode("cp1251"))

    def read(encoding: str) -> str:
        identifier, into = drafts.begin(str(file), "basket")
        options = ReadOptions(name="basket", encoding=encoding)
        read_table(file, store.home.path / into, options)
        return identifier

    app = page("data", check=read("cp1255"))
    assert not [b for b in app.button if "again" in str(b.key)]
    app.query_params["check"] = read("cp1251")
    app.run()
    asked: list[Any] = []
    monkeypatch.setattr(intake, "read_again", lambda _, **options: asked.append(options))
    next(s for s in app.selectbox if str(s.key).startswith("check_target")).set_value("y").run()
    assert not [b for b in app.button if "again" in str(b.key)]
    button(app, "check_go").click().run()
    assert not app.exception
    assert asked == []
    (row,) = store.datasets()
    assert store.dataset(row.id).source["encoding"] == "cp1251"
    drafts.discard_all()
