"""A command that is ended says so, whatever a library makes of the end."""

import os
import signal

import pytest

from rebal_core.cli import frame, main


@pytest.mark.parametrize(
    ("name", "code"), [("SIGTERM", 128 + signal.SIGTERM), ("SIGINT", frame.INTERRUPTED)]
)
def test_an_end_that_a_library_turns_into_an_error(tmp_path, capfd, monkeypatch, name, code):
    number = getattr(signal, name)
    default = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}[number]

    def read(_arguments):
        try:
            os.kill(os.getpid(), number)
        except BaseException as end:  # as DuckDB does
            raise RuntimeError("Query interrupted") from end

    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(frame, "_command", lambda _address: read)
    before = signal.signal(number, default)
    try:
        assert main(["runs"]) == code
    finally:
        signal.signal(number, before)
    assert capfd.readouterr().err == "Interrupted.\n"
