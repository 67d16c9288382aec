"""A reading that nobody confirmed is in no list, and is gone once its server is dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rebal_core.cli import main
from rebal_core.store import Store

MAIL = b"planted.person@example.org"
ROOT = str(Path(__file__).parents[2])
APP = """
import sys, time
from pathlib import Path
from app import drafts
from app.routes import _kept, uploads
from app.state import store
from rebal_core.experiment.tasks.ingest import ingest
from rebal_core.experiment.worker import Context
from rebal_core.scratch import hold
upload = uploads(store().home) / "0123456789abcdef01234567.csv"
upload.write_bytes(Path(sys.argv[1]).read_bytes())
_kept[upload.name] = hold(upload)
draft, into = drafts.begin(str(upload), "people")
home = store().home.path
context = Context(home, home / "runs" / "1" / "result.json", home / "flag", lambda _: None)
ingest({"source": str(upload), "into": into, "name": "people"}, context)
assert drafts.waiting() == {draft: "people"}
assert drafts.opened(draft).rows == 400
how = sys.argv[2]
if how == "accept":
    kept = drafts.accept(draft)
    assert [row.id for row in store().datasets()] == [kept]
    assert drafts.waiting() == {}
elif how == "discard":
    drafts.discard(draft)
    assert drafts.waiting() == {}
print("here", flush=True)
time.sleep(60)
"""


def found(home):
    files = [path for path in home.rglob("*") if path.is_file()]
    return {path.relative_to(home).parts[0] for path in files if MAIL in path.read_bytes()}


@pytest.mark.parametrize("how", ["kill", "discard", "accept"])
def test_an_unmasked_reading_is_no_dataset_before_it_is_confirmed(how, tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("REBAL_HOME", str(home))
    monkeypatch.setenv("PYTHONPATH", ROOT)
    lines = (f"{i},{MAIL.decode()},{'ab'[i % 5 == 0]}\n" for i in range(400))
    (tmp_path / "t.csv").write_text("id,mail,label\n" + "".join(lines))
    words = [sys.executable, "-P", "-c", APP, str(tmp_path / "t.csv"), how]
    app = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert app.stdout.readline() == "here\n", app.communicate()[1]
        assert main(["runs"]) == 0  # sweeps, and lists again what lies in `datasets`
        store = Store()
        if how == "kill":
            assert found(home) == {"scratch", "uploads"}
            assert store.datasets() == []
    finally:
        os.kill(app.pid, signal.SIGKILL)
        app.communicate()
    assert main(["runs"]) == 0
    assert found(home) == ({"datasets"} if how == "accept" else set())
    assert len(store.datasets()) == (how == "accept")
    store.close()
