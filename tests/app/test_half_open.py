"""Half a request takes a place for a while, not for ever."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest
import uvicorn
import uvicorn.config
from served import serving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from app import patience

HEAD = b"GET /%s HTTP/1.1\r\nHost: x\r\n"
PUT = b"PUT /taken HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"


async def taken(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def refused(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("no", status_code=403)


async def flood(_request: Request) -> StreamingResponse:
    return StreamingResponse(b"x" * 65_536 for _ in range(3_000))


@pytest.fixture
def port(monkeypatch):
    """A server as the dashboard's, whose patience is counted in tenths of a second."""
    for name, seconds in (("GRACE", 0.6), ("STALLED", 0.6), ("LOOK", 0.05)):
        monkeypatch.setattr(patience, f"{name}_SECONDS", seconds)
    monkeypatch.setitem(uvicorn.config.HTTP_PROTOCOLS, "auto", "app.patience:Patient")
    routes = [
        Route("/taken", taken, methods=["GET", "PUT"]),
        Route("/refused", refused, methods=["PUT"]),
        Route("/flood", flood),
    ]
    with serving(Starlette(routes=routes)) as client:
        yield client.port


def lives(line: socket.socket, seconds: float) -> float:
    """Return how long the server keeps a connection; -1 where it still does after that."""
    line.settimeout(seconds)
    began = time.monotonic()
    try:
        while line.recv(65_536):
            line.settimeout(max(0.01, seconds - time.monotonic() + began))
    except TimeoutError:
        return -1
    except OSError:
        pass
    return time.monotonic() - began


def answer(line: socket.socket) -> bytes:
    got = line.recv(1_000)
    while got.endswith(b"\r\n\r\n"):  # the body comes by itself
        got += line.recv(1_000)
    return got


def drop(line: socket.socket, seconds: float) -> None:
    """Send a byte now and then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        line.sendall(b"a")
        time.sleep(0.05)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"G",
        HEAD % b"taken",
        PUT,
        PUT + b"x" * 200,
        PUT.replace(b"taken", b"refused") + b"x",
        HEAD % b"taken" + b"\r\n" + HEAD % b"taken",
    ],
)
def test_half_a_request_ends(sent, port):
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(sent)
        assert 0.0 <= lives(line, 20) < 15


def test_drops_of_a_request_end(port):
    for sent in (HEAD % b"taken", PUT):
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(sent)
            with pytest.raises((ConnectionResetError, BrokenPipeError)):
                drop(line, 20)


def test_an_answer_that_nobody_takes_ends(port):
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(HEAD % b"flood" + b"\r\n")
        time.sleep(2.5)
        got = [0]
        with contextlib.suppress(ConnectionResetError):
            while got[-1:] != [0] or len(got) == 1:
                got.append(len(line.recv(1_000_000)))
        assert sum(got) < 65_536 * 3_000


def test_who_sends_on_is_waited_for(port):
    body = b"x" * 60_000
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(PUT)
        for start in range(0, 60_000, 2_500):  # 1.2 s, twice the patience
            line.sendall(body[start : start + 2_500])
            time.sleep(0.05)
        line.settimeout(10)
        assert answer(line).endswith(b"60000")
        # The next request on the same connection has a patience of its own.
        time.sleep(1)
        line.sendall(HEAD % b"taken" + b"\r\n")
        assert answer(line).endswith(b"0")


def test_the_dashboard_serves_so(monkeypatch):
    monkeypatch.setitem(uvicorn.config.HTTP_PROTOCOLS, "auto", "x")
    patience.end_every_wait()
    settings = uvicorn.Config(Starlette())
    settings.load()
    assert settings.http_protocol_class is patience.Patient
