"""The log-in of a dashboard that others can reach: one token, then a cookie."""

from __future__ import annotations

import hashlib
import hmac
import html
import re
from collections import defaultdict
from time import monotonic
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.i18n import catalogue, message
from app.security import mint, refuse_socket, spend

PATH = "/login"
#: A probe may ask whether the server lives; it learns nothing else.
_OPEN = "/_stcore/health"
_SECONDS_LOGGED_IN = 12 * 3_600
_MOST_BYTES = 4_096
_MOST_WRONG, _WRONG_SECONDS = 10, 60.0
#: A place on this site: a second slash, or a back slash for one, would lead to another.
_PLACE = re.compile(r"/(?![/\\])[\x21-\x7e]*")

_ASK = message("Log in with the token that Rebal showed when it was started.")
_WRONG = message("This is not the token; look where Rebal was started.")
_WAIT = message("Too many wrong tokens; wait a minute and try again.")

_PAGE = """<!doctype html><html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Rebal</title><style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ display: grid; place-content: center; min-height: 90vh; margin: 0 1rem; }}
main {{ max-width: 24rem; }} h1 {{ font-size: 1.6rem; margin: 0; }}
input, button {{ font: inherit; box-sizing: border-box; width: 100%; padding: .5rem .7rem; }}
label {{ display: block; margin: 1rem 0; }}
</style></head><body><main><h1>Rebal</h1><p role="status">{sentence}</p>
<form method="post" action="{path}"><input type="hidden" name="to" value="{to}">
<label>{label}<input type="password" name="token" required autofocus
 autocomplete="current-password"></label><button>{button}</button></form></main></body></html>"""


class LogIn:
    """Middleware: nobody gets further without the token, or the cookie that it was changed for.

    Parameters
    ----------
    app : ASGI application
    digest : bytes
        SHA-256 of the token; the token itself is kept nowhere.
    port : int
        Cookies know no port, so their name does: two dashboards share one computer.
    """

    def __init__(self, app: ASGIApp, digest: bytes, port: int) -> None:
        self.app = app
        self._digest = digest
        self._cookie = f"rebal_{port}"
        self._wrong: dict[str, list[float]] = defaultdict(list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or open one websocket."""
        answer = self.app
        if scope["type"] == "websocket":
            answer = self.app if self._known(scope) else refuse_socket
        elif scope["type"] == "http" and scope["path"] == PATH:
            answer = await self._log_in(Request(scope, receive))
        elif scope["type"] == "http" and scope["path"] != _OPEN and not self._known(scope):
            answer = _ask(Request(scope, receive))
        await answer(scope, receive, send)

    def _known(self, scope: Scope) -> bool:
        cookie = HTTPConnection(scope).cookies.get(self._cookie, "")
        return spend(cookie, "login", once=False)

    async def _log_in(self, request: Request) -> Response:
        if request.method != "POST":
            return _page(request, _ASK, "/", 200)
        client = request.client.host if request.client else ""
        if self._tries_too_often(client):
            return _page(request, _WAIT, "/", 429)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                return _page(request, _WRONG, "/", 413)
        form = parse_qs(body.decode("utf-8", "replace"))
        to, offered = form.get("to", ["/"])[0], form.get("token", [""])[0].strip()
        if not hmac.compare_digest(digest_of(offered), self._digest):
            self._wrong[client].append(monotonic())
            return _page(request, _WRONG, to, 403)
        answer = RedirectResponse(to if _PLACE.fullmatch(to) else "/", status_code=303)
        answer.set_cookie(
            self._cookie,
            mint("login", seconds=_SECONDS_LOGGED_IN),
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer

    def _tries_too_often(self, client: str) -> bool:
        begin = monotonic() - _WRONG_SECONDS
        for one in [c for c, times in self._wrong.items() if times[-1] < begin]:
            del self._wrong[one]
        return sum(moment > begin for moment in self._wrong.get(client, ())) >= _MOST_WRONG


def digest_of(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _ask(request: Request) -> Response:
    """Ask a reader for the token; tell a program that it lacks one."""
    if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse("Log in first.", status_code=401)
    query = f"?{request.url.query}" if request.url.query else ""
    return _page(request, _ASK, f"{request.url.path}{query}", 401)


def _page(request: Request, sentence: str, to: str, status: int) -> Response:
    language = "zh" if request.headers.get("accept-language", "").startswith("zh") else "en"
    words = catalogue(language)
    texts = {"sentence": sentence, "label": message("Token"), "button": message("Log in")}
    shown = {name: html.escape(words.get(text, text)) for name, text in texts.items()}
    text = _PAGE.format(language=language, path=PATH, to=html.escape(to), **shown)
    return HTMLResponse(text, status_code=status, headers={"cache-control": "no-store"})
