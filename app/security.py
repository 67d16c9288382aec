"""Who is answered: the host and origin of every request, tokens for our own routes, headers.

Streamlit's cross-site checks and sessions do not cover routes of our own (they are plain ASGI), so
each upload and each download needs a token that the page minted for exactly this purpose.
Websockets are judged here as well, before Streamlit does it: it takes every local port for its own
origin, and asks an outside service for the public address of this computer when it does not know
an origin.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
import threading
import time

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS_VALID = 3_600
_KEY = secrets.token_bytes(32)
_lock = threading.Lock()
_spent: dict[str, float] = {}
_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::([0-9]{1,5}))?", re.IGNORECASE)
_USUAL_PORT = {"http": "80", "https": "443"}

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'none'; connect-src 'self'; img-src 'self' data: blob:; "
        "font-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
        "script-src 'self' blob:"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


def mint(purpose: str, subject: str = "", seconds: int = SECONDS_VALID) -> str:
    """Return a token that allows one thing for a while.

    Parameters
    ----------
    purpose : str
        ``upload``, ``download`` or ``login``.
    subject : str
        What exactly, e.g. the path of a file inside the home.
    seconds : int
        How long it is valid.
    """
    nonce = secrets.token_urlsafe(12)
    expires = str(int(time.time()) + seconds)
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


def host_of(header: str) -> tuple[str, str] | None:
    """Return the name and the port (``""`` where none is given) of a ``Host`` header.

    Names are compared as they come out of here: in small letters, an address of IPv6 in its
    shortest form and without brackets. None for what is no host.
    """
    found = _HOST.fullmatch(header)
    if found is None:
        return None
    name = found[1].lower().rstrip(".")
    if name.startswith("["):
        try:
            name = str(ipaddress.IPv6Address(name[1:-1]))
        except ValueError:
            return None
    return (name, found[2] or "") if name else None


def same_site(origin: str, host: tuple[str, str]) -> bool:
    """Tell whether a page of this origin was served under this host, its port included."""
    scheme, sign, rest = origin.partition("://")
    usual, page = _USUAL_PORT.get(scheme.lower()), host_of(rest)
    if not sign or usual is None or page is None:
        return False
    return (page[0], page[1] or usual) == (host[0], host[1] or usual)


class Guard:
    """Middleware: refuse foreign hosts and origins, add the headers to every answer.

    Parameters
    ----------
    app : ASGI application
    hosts : tuple of str
        Host names (without port, as :func:`host_of` gives them) under which the dashboard may be
        reached.
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or open one websocket."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            answer = self.app if refusal is None else refuse_socket
            await answer(scope, receive, send)
            return
        told = headers_for("" if refusal else _values(scope, b"host")[0])

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(k.encode(), v.encode()) for k, v in told.items()]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        answer = self.app if refusal is None else PlainTextResponse(refusal, status_code=400)
        await answer(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> str | None:
        named = _values(scope, b"host")
        host = host_of(named[0]) if len(named) == 1 else None
        if host is None:
            return "The host of this request cannot be read."
        if host[0] not in self.hosts:
            return "This host name is not served here."
        if not all(same_site(origin, host) for origin in _values(scope, b"origin")):
            return "Requests from another site are not answered."
        return None


def headers_for(host: str) -> dict[str, str]:
    """Return the headers of an answer; its page may open websockets to this host alone."""
    if not host:
        return HEADERS
    # That 'self' means the websocket too is not yet so in every browser.
    own = f"connect-src 'self' ws://{host} wss://{host};"
    policy = HEADERS["content-security-policy"].replace("connect-src 'self';", own)
    return {**HEADERS, "content-security-policy": policy}


async def refuse_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the opening of a websocket with 403."""
    await send({"type": "websocket.close", "code": 1008, "reason": ""})


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]
