"""Readers who come, look and leave: what they cost ends, however many they are."""

import psutil
import pytest
from served import dashboard, draw

VIEWS = ("", "skew", "plan", "runs", "compare", "explain", "export", "help")
#: Streamlit keeps so many sessions of readers who may come back, each with three open files.
KEPT, FILES = 128, 3


@pytest.mark.slow
def test_open_files_and_memory_of_the_dashboard_have_an_end(tmp_path):
    with dashboard({"REBAL_HOME": str(tmp_path / "home")}, tmp_path / "printed") as (reader, own):
        app = psutil.Process(own.pid)

        def after(loads):
            for number in range(loads):
                draw(reader, view=VIEWS[number % len(VIEWS)])
            return app.num_fds(), app.memory_info().rss / 1e6

        first, _ = after(len(VIEWS))
        full, before = after(KEPT)
        assert full <= first + KEPT * FILES
        files, memory = after(40)
        assert abs(files - full) <= 5 * FILES
        assert memory < before + 20
