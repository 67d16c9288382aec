"""A server of ours in a thread, and a client that speaks HTTP by hand."""

from __future__ import annotations

import base64
import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect


@dataclass
class Answer:
    status_code: int
    headers: dict[str, str]
    text: str


@dataclass
class Client:
    """Speaks HTTP by hand, so that any host, origin and path can be sent."""

    port: int
    address: str = "127.0.0.1"

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.address, self.port, timeout=10)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            # An opened websocket has no end to read to.
            text = "" if answer.status == 101 else answer.read().decode()
        finally:
            connection.close()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, text)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def socket(self, path: str = "/_stcore/stream", **headers: str) -> int:
        """Return the status of a websocket's opening; 101 is open."""
        key = base64.b64encode(os.urandom(16)).decode()
        asked = {"connection": "Upgrade", "upgrade": "websocket", "sec-websocket-key": key}
        return self.get(path, **asked, **{"sec-websocket-version": "13", **headers}).status_code


def free_port(address: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as free:
        free.bind((address, 0))
        return free.getsockname()[1]


@contextmanager
def serving(app: ASGIApp, ws: str = "none") -> Iterator[Client]:
    port = free_port()
    running = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="error", ws=ws))
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        while not running.started:
            time.sleep(0.01)
        yield Client(port)
    finally:
        running.should_exit = True
        thread.join()


@contextmanager
def dashboard(
    environment: Mapping[str, str], printed: Path, *words: str, address: str = "127.0.0.1"
) -> Iterator[tuple[Client, subprocess.Popen[bytes]]]:
    """Start the dashboard as a user does; it is gone afterwards."""
    client = Client(free_port(address), address)
    command = [sys.executable, "-m", "app.server", "--no-browser", f"--port={client.port}", *words]
    with printed.open("ab") as out:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=out, stderr=out
        )
    try:
        for _ in range(600):
            try:
                assert client.get("/_stcore/health").text == "ok"
                break
            except OSError:
                assert process.poll() is None, printed.read_text()
                time.sleep(0.1)
        yield client, process
    finally:
        process.terminate()
        process.wait(20)


def opened(client: Client) -> ClientConnection:
    """Open a session as the page does."""
    address = f"127.0.0.1:{client.port}"
    return connect(
        f"ws://{address}/_stcore/stream",
        origin=f"http://{address}",
        subprotocols=["streamlit"],
        proxy=None,
        max_size=None,
    )


def drawn(page: ClientConnection, query: str = "", view: str = "") -> str:
    """Let a session draw a page; return the words of it, once it is finished."""
    words = []
    asked = BackMsg(rerun_script={"query_string": query, "page_name": view})
    page.send(asked.SerializeToString())
    while True:
        message = ForwardMsg.FromString(page.recv(120))
        words.append(str(message))
        if message.WhichOneof("type") == "script_finished":
            return "".join(words)


def draw(client: Client, query: str = "", view: str = "") -> str:
    """Open a session, draw one page, and leave."""
    with opened(client) as page:
        return drawn(page, query, view)


def token_in(words: str) -> str:
    """Return the token by which a drawn page lets its reader upload a table."""
    found = re.search(r"\d{10}\.[\w-]{16}\.[0-9a-f]{64}", words)
    assert found is not None, "the page lets nobody upload"
    return found[0]


def upload(client: Client, words: str, name: str, body: bytes) -> Answer:
    """Send a table with the token that a drawn page holds."""
    own = {"origin": f"http://127.0.0.1:{client.port}", "x-rebal-token": token_in(words)}
    return client.send("PUT", f"/api/upload?name={name}", body, **own)
