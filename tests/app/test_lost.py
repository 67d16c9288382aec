"""What a lost database leaves is told on the pages, and the trash is emptied there."""

import pytest
from test_pages import LANGUAGES, button, words

from app.components import lost
from rebal_core.store.trash import look_into, put_away
from rebal_core.wording import UserError


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", ["data", "runs"])
def test_lost_runs_are_told_and_a_person_empties_the_trash(page, store, dataset, view, language):
    home = store.home
    for number in (3, 4):
        home.run_folder(number).mkdir()
        (home.run_folder(number) / "report.json").write_text("{}")
    put_away(home, home.run_folder(3))
    app = page(view, language)
    assert "3, 4" in words(app)
    assert ("only you empty" if language == "en" else "回收站") in words(app)
    button(app, "trash_empty").click().run()
    assert not app.exception
    assert look_into(home).things == 0
    assert home.run_folder(4).exists()
    assert [row.id for row in store.datasets()] == [dataset]


def test_a_trash_that_cannot_be_emptied_is_one_sentence(page, store, monkeypatch):
    home = store.home
    home.run_folder(3).mkdir()
    put_away(home, home.run_folder(3))

    def refuse(_):
        raise UserError("The trash cannot be emptied; look who owns it.")

    monkeypatch.setattr(lost, "empty", refuse)
    app = page("runs")
    button(app, "trash_empty").click().run()
    assert not app.exception
    assert "The trash cannot be emptied" in words(app)
    assert look_into(home).things == 1
