"""An address of a run or dataset that is not here says so, on every page, in both languages."""

import pytest
from page_reading import shown

from rebal_core.cli import main
from rebal_core.data.formats import short

PAGES = ("skew", "plan", "run", "compare", "explain", "export")
OF_RUNS = PAGES[2:]


ASKED = [
    *((view, "77", "en") for view in PAGES),
    *((view, "77", "zh") for view in ("plan", "compare")),
    *(("skew", number, "en") for number in ("x", "0", "9" * 30)),
]


@pytest.mark.parametrize(("view", "number", "language"), ASKED)
def test_a_run_that_is_not_here(run_page, view, number, language):
    app = run_page(view, language, run=number)
    assert not app.exception
    assert [h.value for h in app.header] == [
        f"Run {short(number, 20)} is not here" if language == "en" else f"没有运行 {number}"
    ]
    assert [b.key for b in app.button] == ["empty_runs"]
    asked = app.query_params["run"]
    assert (asked[0] if isinstance(asked, list) else asked) == number


@pytest.mark.parametrize("view", PAGES)
def test_a_run_that_is_not_here_of_a_dataset_that_is(run_page, finished, view):
    app = run_page(view, run="77", ds=finished.dataset)
    assert not app.exception
    assert "Run 77 is not here" in shown(app)
    picked = [s.value for s in app.selectbox if s.key == "ctx_run"]
    assert picked in ([], [None])
    if view not in OF_RUNS:
        assert "Run 77 is not here" not in [h.value for h in app.header]
        assert len(app.header) == 1


@pytest.mark.parametrize("view", PAGES)
def test_a_dataset_that_is_not_here(run_page, view):
    app = run_page(view, run="", ds="../nonsense")
    assert not app.exception
    assert "is not here" in app.header[0].value
    assert len(app.header) == 1
    assert [b.key for b in app.button] == ["empty_data"]


@pytest.mark.parametrize("view", ["data", "runs", "help"])
def test_pages_that_show_all_are_shown(run_page, view):
    app = run_page(view, run="77", ds="nonsense")
    assert not app.exception
    assert "is not here" not in shown(app)


def test_a_deleted_run_is_told_where_it_was_open(run_page, finished):
    run = finished.store.add_run("compare", {}, dataset=finished.dataset, version="")
    finished.store.cancel_run(run)
    app = run_page("run", run=str(run))
    finished.store.hide_run(run)
    app.run()
    assert app.header[0].value == f"Run {run} is not here"


def test_the_command_line_says_so_too(finished, monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("REBAL_HOME", str(finished.home))
    assert main(["export", "77", "--to", str(tmp_path / "out")]) == 2
    assert capfd.readouterr().err == "There is no run 77; it may have been deleted.\n"
    assert not (tmp_path / "out").exists()
