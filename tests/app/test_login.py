"""Nobody gets in without the token: pages, files, routes of ours, websockets."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from served import Answer, Client, serving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from app import login, security
from app.listening import Listening
from app.security import HEADERS, mint
from app.server import middleware

TOKEN = "a token: ünïcode & 100%"


async def _page(request: Request) -> PlainTextResponse:
    return PlainTextResponse("inside")


async def _stream(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


@pytest.fixture
def client() -> Iterator[Client]:
    listening = Listening("0.0.0.0", 8501, ("127.0.0.1",), TOKEN, fresh=False, exposed=True)
    routes = [
        WebSocketRoute("/_stcore/stream", _stream),
        Route("/{path:path}", _page, methods=["GET", "PUT", "POST", "HEAD"]),
    ]
    app = Starlette(routes=routes, middleware=middleware(listening))
    with serving(app, ws="websockets-sansio") as speaks:
        yield speaks


def log_in(client: Client, token: str = TOKEN, to: str = "/", **headers: str) -> Answer:
    body = f"token={quote(token)}&to={quote(to, safe='')}"
    return client.send("POST", "/login", body.encode(), **headers)


def cookie_of(client: Client) -> str:
    return log_in(client).headers["set-cookie"].split(";")[0]


@pytest.mark.parametrize(
    "path",
    ["/", "/export?run=1", "/api/upload", "/api/download/x", "/_stcore/metrics", "/static/a.js"],
)
def test_nothing_is_answered_before_the_log_in(client: Client, path: str) -> None:
    for method in ("GET", "PUT", "POST"):
        answer = client.send(method, path)
        assert (answer.status_code, answer.text) == (401, "Log in first.")
    page = client.get(path, accept="text/html")
    assert page.status_code == 401
    assert "inside" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert HEADERS.keys() <= page.headers.keys()
    assert client.socket() == 403
    assert client.get("/_stcore/health").text == "inside"


def test_the_token_opens_everything(client: Client) -> None:
    answer = log_in(client, to="/compare?run=3&a=%C3%A9")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/compare?run=3&a=%C3%A9"
    told = answer.headers["set-cookie"]
    assert "HttpOnly" in told
    assert "SameSite=lax" in told
    assert TOKEN not in told
    cookie = f"other=1; {told.split(';')[0]}"
    assert client.get("/", cookie=cookie).text == "inside"
    assert client.socket(cookie=cookie) == 101


@pytest.mark.parametrize(
    "cookie",
    [
        "rebal_8501=",
        "rebal_8501=1.x.y",
        "rebal_8501=\xe9",
        f"rebal_8501={quote(TOKEN)}",
        "rebal_8501",
    ],
)
def test_a_made_up_cookie_opens_nothing(client: Client, cookie: str) -> None:
    assert client.get("/", cookie=cookie).status_code == 401
    assert client.socket(cookie=cookie) == 403


def test_other_tokens_of_ours_are_no_log_in(client: Client) -> None:
    for token in (mint("upload"), mint("download", "login"), mint("login", "x")):
        assert client.get("/", cookie=f"rebal_8501={token}").status_code == 401
    value = cookie_of(client).split("=", 1)[1]
    assert client.get("/", cookie=f"rebal_8502={value}").status_code == 401


def test_a_log_in_ends(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = cookie_of(client)
    assert client.get("/", cookie=cookie).status_code == 200
    now = security.time.time()
    monkeypatch.setattr(security.time, "time", lambda: now + 12 * 3_600 + 2)
    assert client.get("/", cookie=cookie).status_code == 401


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "http://evil.example", "", "/\t/e"]
)
def test_a_log_in_leads_to_no_other_site(client: Client, to: str) -> None:
    assert log_in(client, to=to).headers["location"] == "/"


def test_the_place_to_go_on_to_is_no_markup(client: Client) -> None:
    for answer in (
        client.get("/?a=%22%3E%3Cscript%3E", accept="text/html"),
        log_in(client, "wrong", to='"><script>alert(1)</script>'),
    ):
        assert "<script" not in answer.text


def test_wrong_tokens_are_slowed_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for token in ("", "x", TOKEN[:-1], TOKEN.upper(), TOKEN * 2, "\0", *"abcd"):
        assert log_in(client, token).status_code == 403
    assert log_in(client).status_code == 429
    now = login.monotonic()
    monkeypatch.setattr(login, "monotonic", lambda: now + 61)
    assert log_in(client).status_code == 303


def test_a_log_in_from_another_site_or_of_any_size_is_refused(client: Client) -> None:
    assert log_in(client, origin="http://evil.example").status_code == 400
    assert log_in(client, host="evil.example").status_code == 400
    assert log_in(client, "x" * 5_000).status_code == 413


def test_the_page_speaks_chinese(client: Client) -> None:
    page = client.get("/", accept="text/html", **{"accept-language": "zh-CN,zh;q=0.9"})
    assert 'lang="zh"' in page.text
    assert "令牌" in page.text
    assert "Log in" not in page.text
