"""The scripts of tables that a page names ahead: they are there, they are all, and no more."""

from __future__ import annotations

import re
from pathlib import Path

from served import serving
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from streamlit.file_util import get_static_dir

from app import preload, server
from app.listening import Listening
from app.preload import PARTS, Preload, scripts

STATIC = Path(get_static_dir())
ROUTES = [
    Route("/compare", lambda _request: HTMLResponse("<p>page</p>")),
    Route("/other", lambda _request: PlainTextResponse("no page")),
]


def linked(text: str) -> list[str]:
    return re.findall(r"<\./([^>]+)>; rel=modulepreload", text)


def test_a_page_names_scripts_that_are_there_and_nothing_else_does():
    with serving(Starlette(routes=ROUTES, middleware=[Middleware(Preload)])) as client:
        named = linked(client.get("/compare").headers["link"])
        assert "link" not in client.get("/other").headers
    assert named == scripts(STATIC)
    assert all((STATIC / name).is_file() for name in named)
    for part in PARTS:
        assert any(name.startswith(f"static/js/{part}.") for name in named)


def test_all_that_a_table_imports_is_named_or_begun_by_every_page():
    named, index = scripts(STATIC), (STATIC / "index.html").read_text()
    for name in named:
        assert name not in index
        for other in re.findall(r'(?:from|import)"\./([^"]+)"', (STATIC / name).read_text()):
            assert f"static/js/{other}" in named or other in index


def test_where_streamlit_keeps_no_such_scripts_nothing_is_named(tmp_path, monkeypatch):
    assert scripts(tmp_path) == []
    monkeypatch.setattr(preload, "get_static_dir", lambda: str(tmp_path))
    with serving(Starlette(routes=ROUTES, middleware=[Middleware(Preload)])) as client:
        answer = client.get("/compare")
    assert answer.text == "<p>page</p>"
    assert "link" not in answer.headers


def test_the_page_that_asks_for_the_token_names_none():
    for token in (None, "a token of some length"):
        listening = Listening("::", 80, ("127.0.0.1",), token, fresh=False, exposed=True)
        app = Starlette(routes=ROUTES, middleware=server.middleware(listening))
        with serving(app) as client:
            answer = client.get("/compare", accept="text/html")
        assert answer.headers["content-type"].startswith("text/html")
        assert ("link" in answer.headers) == (token is None)
