"""A server of ours in a thread, and a client that speaks HTTP by hand."""

from __future__ import annotations

import base64
import http.client
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp


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
