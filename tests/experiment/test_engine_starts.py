"""Engines that do not start, or end on a fault: told, and not started for ever."""

import shutil
import subprocess
import sys
import threading
import time

import pytest

from rebal_core.experiment import client
from rebal_core.experiment.client import ensure_engine
from rebal_core.experiment.daemon import FAULT, REFUSED
from rebal_core.experiment.starts import MOST_FAILURES, PAUSE_SECONDS, STEADY_SECONDS
from rebal_core.wording import UserError


def test_full_disk_is_told_before_an_engine_starts(store, monkeypatch):
    full = shutil.disk_usage("/")._replace(free=0)
    monkeypatch.setattr("shutil.disk_usage", lambda _: full)
    monkeypatch.setattr("subprocess.Popen", None)
    with pytest.raises(UserError, match="free some space"):
        ensure_engine(store)


@pytest.fixture
def engines(monkeypatch):
    """Engines that end at once with the code named; how many were started, and the clock."""

    class Engines:
        code, begun, now = 1, 0, 0.0

    class Dead:
        pid = 1
        returncode = property(lambda _: Engines.code)
        poll = wait = staticmethod(lambda: Engines.code)

    def start(*_, **__):
        Engines.begun += 1
        return Dead()

    monkeypatch.setattr("subprocess.Popen", start)
    monkeypatch.setattr("time.monotonic", lambda: Engines.now)
    return Engines


WORDS = {1: "does not start", FAULT: "ends again and again on a fault of ours"}


@pytest.mark.parametrize("code", WORDS)
def test_engines_that_fail_are_told_and_seldom_started(code, store, engines):
    engines.code = code
    for _ in range(MOST_FAILURES):
        ensure_engine(store)
    for _ in range(50):
        with pytest.raises(UserError, match=WORDS[code] + r"; the end of .*engine\.log says why"):
            ensure_engine(store)
    assert engines.begun == MOST_FAILURES
    for more in range(1, 4):  # one each time that the pause is over
        engines.now += PAUSE_SECONDS + 1
        ensure_engine(store)
        with pytest.raises(UserError, match="says why"):
            ensure_engine(store)
        assert engines.begun == MOST_FAILURES + more
    engines.now += PAUSE_SECONDS + 1
    engines.code = -9  # one that somebody killed is no sign of that
    for _ in range(9):
        ensure_engine(store)
    assert engines.begun == MOST_FAILURES + 3 + 9


@pytest.mark.parametrize("code", [0, -9, REFUSED])
def test_engines_that_did_not_fail_are_followed_by_the_next(code, store, engines):
    engines.code = code
    for _ in range(9):
        ensure_engine(store)
    assert engines.begun == 9


def test_engines_that_served_for_long_do_not_fail_in_a_row(store, engines):
    engines.code = FAULT
    for _ in range(9):
        ensure_engine(store)
        engines.now += STEADY_SECONDS + 1
    assert engines.begun == 9


def test_sessions_that_find_a_dead_engine_start_the_next_once(store, monkeypatch):
    class Engine:
        def __init__(self, *_, **__):
            begun.append(self)
            self.pid, self.returncode = 1, None

        def poll(self):
            return self.returncode

        wait = poll

    begun, faults, gate = [], [], threading.Barrier(8)
    monkeypatch.setattr("subprocess.Popen", Engine)
    ensure_engine(store)
    begun[0].returncode = -9
    # Whoever has seen that it is dead gives the others time to see it, too.
    monkeypatch.setattr(client, "note_end", lambda *_: time.sleep(0.05))

    def come():
        gate.wait()
        try:
            ensure_engine(store)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(begun) == 2


ENDS = """
from pathlib import Path
from rebal_core.experiment.daemon import _until_the_end
from rebal_core.store.database import HomeGone
def fail(): raise ZeroDivisionError
def stop(): raise SystemExit
def gone(): raise HomeGone(Path('x'))
_until_the_end({serve}, [{close}, lambda: print('closed', flush=True)])
"""


@pytest.mark.parametrize(
    ("serve", "close", "code"),
    [("int", "gone", 0), ("stop", "fail", 0), ("fail", "fail", FAULT)],
)
def test_an_engine_closes_all_and_tells_how_it_ended(serve, close, code):
    text = ENDS.format(serve=serve, close=close)
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (code, "closed\n"), done.stderr
    assert ("Traceback" in done.stderr) == ("fail" in (serve, close))
