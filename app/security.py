"""Tokens for our own routes, and the headers that every answer carries.

Streamlit's cross-site checks and sessions do not cover routes of our own (they are plain ASGI), so
each upload and each download needs a token that the page minted for exactly this purpose.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS_VALID = 3_600
_KEY = secrets.token_bytes(32)
_lock = threading.Lock()
_spent: dict[str, float] = {}

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'none'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; "
        "font-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
        "script-src 'self' blob:"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


def mint(purpose: str, subject: str = "") -> str:
    """Return a token that allows one use of one thing within the hour.

    Parameters
    ----------
    purpose : str
        ``upload`` or ``download``.
    subject : str
        What exactly, e.g. the path of a file inside the home.
    """
    nonce = secrets.token_urlsafe(12)
    expires = str(int(time.time()) + SECONDS_VALID)
    return f"{expires}.{nonce}.{_sign(purpose, subject, expires, nonce)}"


def spend(token: str, purpose: str, subject: str = "", *, once: bool = True) -> bool:
    """Tell whether the token allows this, and use it up.

    A download may be fetched again within the hour (browsers resume and preview), so it is checked
    with ``once=False``.
    """
    expires, _, rest = token.partition(".")
    nonce, _, signature = rest.partition(".")
    expected = _sign(purpose, subject, expires, nonce)
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return False
    now = time.time()
    if float(expires) < now:
        return False
    if not once:
        return True
    with _lock:
        for old in [n for n, end in _spent.items() if end < now]:
            del _spent[old]
        if nonce in _spent:
            return False
        _spent[nonce] = float(expires)
    return True


def _sign(*parts: str) -> str:
    # JSON-free framing: a NUL cannot occur in any of the parts.
    return hmac.new(_KEY, "\0".join(parts).encode(), "sha256").hexdigest()


class Guard:
    """Middleware: refuse foreign hosts and origins on our routes, add the headers to every answer.

    Parameters
    ----------
    app : ASGI application
    hosts : tuple of str
        Host names (without port) under which the dashboard may be reached; ``"*"`` for any.
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        refusal = self._refusal(scope)
        answer = self.app if refusal is None else PlainTextResponse(refusal, status_code=400)
        await answer(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> str | None:
        try:
            return self._reason(scope)
        except ValueError:  # a host or origin that is none, such as "[::1"
            return "The host or origin of this request cannot be read."

    def _reason(self, scope: Scope) -> str | None:
        headers = {k.decode().lower(): v.decode("latin-1") for k, v in scope["headers"]}
        host = headers.get("host", "")
        if "*" not in self.hosts and urlsplit(f"//{host}").hostname not in self.hosts:
            return "This host name is not served here."
        origin = headers.get("origin")
        if origin and scope["path"].startswith("/api/") and urlsplit(origin).netloc != host:
            return "Requests from another site are not answered."
        return None
