"""The dashboard asks nobody for anything: each look-up and connection is recorded."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from recorder.sitecustomize import names_asked, processes_heard, recording
from served import Client, dashboard, draw

OURS = {"127.0.0.1", "::1", "localhost"}


@contextmanager
def recorded(home: Path, *words: str, address: str = "127.0.0.1") -> Iterator[tuple[Client, Path]]:
    """Start the dashboard as a user does, every process of it recorded; it is gone afterwards."""
    home.mkdir(parents=True)
    log = home / "asked.txt"
    environment = recording(log) | {"REBAL_HOME": str(home / "rebal"), "no_proxy": "*"}
    with dashboard(environment, home / "printed.txt", *words, address=address) as (client, _):
        yield client, log


def test_pages_and_strangers_make_it_ask_for_no_name(tmp_path: Path) -> None:
    with recorded(tmp_path / "a") as (client, log):
        own = f"127.0.0.1:{client.port}"
        assert "sample" in draw(client)
        assert client.socket(origin=f"http://{own}") == 101
        assert client.socket() == 101  # a program, not a page
        for origin in (
            "http://evil.example",
            f"http://evil.example:{client.port}",
            "http://127.0.0.1:9",
            "http://localhost:9",
            f"http://localhost:{client.port}",
            f"http://0.0.0.0:{client.port}",
            "http://127.0.0.1",
            f"http://evil.example@{own}",
            f"file://{own}",
            "null",
            "",
            "http://[::1",
        ):
            assert client.socket(origin=origin) == 403, origin
        for host in (
            "evil.example",
            f"evil.example:{client.port}",
            "",
            "127.0.0.1:1:2",
            "a@" + own,
        ):
            assert client.socket(host=host) == 403, host
            assert client.get("/", host=host).status_code == 400, host
        for path in ("/", "/_stcore/host-config", "/_stcore/health"):
            assert client.get(path, origin="http://127.0.0.1:9").status_code == 400
    asked = log.read_text()
    assert names_asked(log) <= OURS, asked
    # A dashboard that ends has moved the database's log in.
    left = {file.name for file in (tmp_path / "a" / "rebal").glob("rebal.db*")}
    assert left == {"rebal.db", "rebal.db-seal"}


def test_a_log_in_beyond_this_computer(tmp_path: Path) -> None:
    words = ["--host=", "--allow-host=Rebal.Example", "--auth=token"]
    with recorded(tmp_path / "a", *words) as (client, log):
        host = f"rebal.example:{client.port}"
        own = {"host": host, "origin": f"http://{host}"}
        asked = client.get("/?run=3", host=host, accept="text/html")
        assert asked.status_code == 401
        assert 'name="to" value="/?run=3"' in asked.text
        assert client.get("/", host="evil.example").status_code == 400
        assert client.socket(**own) == 403
        printed = tmp_path / "a" / "printed.txt"
        token = printed.read_text().split("Token to log in with: ")[1].split()[0]
        let_in = client.send("POST", "/login", f"token={token}&to=/%3Frun%3D3".encode(), **own)
        assert (let_in.status_code, let_in.headers["location"]) == (303, "/?run=3")
        cookie = let_in.headers["set-cookie"].split(";")[0]
        assert client.get("/", host=host, cookie=cookie).status_code == 200
        assert client.socket(cookie=cookie, **own) == 101
        assert client.socket(cookie=cookie, host=host, origin="http://evil.example") == 403
        # A token must not get into a log because somebody put it into an address.
        client.get(f"/?token={token}", host=host, cookie=cookie)
    assert names_asked(log) <= {*OURS, "0.0.0.0"}, log.read_text()
    written = {p: p.read_bytes() for p in (tmp_path / "a").rglob("*") if p.is_file()}
    holding = {p.name: text.count(token.encode()) for p, text in written.items()}
    assert {name: n for name, n in holding.items() if n} == {"printed.txt": 1}


@pytest.mark.slow
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "::1"])
def test_other_addresses_ask_for_no_name(tmp_path: Path, host: str) -> None:
    words = [f"--host={host}", "--allow-host=rebal.example", "--no-auth"]
    address = "127.0.0.1" if host == "0.0.0.0" else "::1"
    with recorded(tmp_path / "a", *words, address=address) as (client, log):
        for name in ("rebal.example", "localhost", "[::1]"):
            own = f"{name}:{client.port}"
            assert client.get("/", host=own).status_code == 200
            assert client.socket(host=own, origin=f"http://{own}") == 101
            assert client.socket(host=own, origin="http://evil.example") == 403
    assert names_asked(log) <= {*OURS, host}, log.read_text()


def test_the_recorder_hears_a_look_up(tmp_path: Path) -> None:
    code = (
        "import socket, contextlib\n"
        "with contextlib.suppress(OSError): socket.getaddrinfo('name.invalid', 80)\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "with contextlib.suppress(OSError): s.connect(('192.0.2.1', 1))\n"
    )
    environment = {**os.environ, **recording(tmp_path / "log")}
    subprocess.run([sys.executable, "-P", "-c", code], check=True, env=environment)
    assert names_asked(tmp_path / "log") == {"name.invalid", "192.0.2.1"}
    assert processes_heard(tmp_path / "log") == 1
