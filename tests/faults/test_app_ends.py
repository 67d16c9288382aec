"""The dashboard is asked to end while everything is under way."""

import os
import signal
import socket

import pytest
from served import dashboard, drawn, opened, upload

from rebal_core.experiment import client
from rebal_core.experiment.lock import is_held

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]
MAIL = b"planted.person@example.org"
PUT = b"PUT /_stcore/upload_file/a/b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 99\r\n\r\nab"


def test_asked_to_end_it_does_so_and_the_run_goes_on(lab, plan, tmp_path):
    lab.behave(**{"*": ["sleep 3"]})
    home = {"REBAL_HOME": str(lab.home)}
    with dashboard(home, tmp_path / "printed.txt") as (reader, process):
        with opened(reader) as page:
            table = b"mail,label\n" + MAIL + b",a\n"
            assert upload(reader, drawn(page), "t.csv", table).status_code == 200
            assert [f for f in (lab.home / "uploads").iterdir() if MAIL in f.read_bytes()]
            with (
                socket.create_connection(("127.0.0.1", reader.port)) as half,
                socket.create_connection(("127.0.0.1", reader.port)) as part,
            ):
                half.sendall(b"GET / HTTP/1.1\r\nHost:")
                part.sendall(PUT % reader.port)
                run = client.submit(lab.store, plan())
                lab.began("none/logistic:0:0")
                process.send_signal(signal.SIGTERM)
                assert process.wait(15) == 128 + signal.SIGTERM
                assert lab.store.run(run).live
        for name in ("uploads", "scratch"):
            assert not (lab.home / name).exists() or not os.listdir(lab.home / name)
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", reader.port))
    lab.behave()
    assert "Traceback" not in (tmp_path / "printed.txt").read_text()
    assert is_held(lab.store.home.lock)
    assert client.wait(lab.store, run, timeout=240).state == "done"
    assert {times for name, times in lab.executions().items() if ":" in name} == {1}
