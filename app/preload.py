"""The scripts of tables, fetched while the reader is still on the page before the first table.

Streamlit asks for them when it has a table to draw: thirty files, for which the page then waits.
Charts need no such help: the page of the run, from which Compare is opened, draws one.
"""

from __future__ import annotations

import re
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.file_util import get_static_dir

#: Parts of Streamlit as its files are called, each with a hash of the release behind it.
PARTS = ("DataFrame", "Pagination")
_IMPORTED = re.compile(r"""(?:from|import)["']\./([^"']+\.js)["']""")


def scripts(static: Path) -> list[str]:
    """Return the files that the parts import beyond what every page does, as paths in the folder.

    Parameters
    ----------
    static : Path
        Streamlit's folder; where it looks unlike today's, nothing is found.
    """
    folder = static / "static" / "js"
    waiting = [file for part in PARTS for file in folder.glob(f"{part}.*.js")]
    found: dict[str, None] = {}
    while waiting:
        file = waiting.pop()
        if file.name not in found and file.is_file():
            found[file.name] = None
            waiting += [folder / name for name in _IMPORTED.findall(file.read_text("utf-8"))]
    index = static / "index.html"
    known = index.read_text("utf-8") if index.is_file() else ""
    return [f"static/js/{name}" for name in found if name not in known]


class Preload:
    """Middleware: the answer that begins a page names these scripts in its ``Link`` header.

    Parameters
    ----------
    app : ASGI application
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        # Low, so that what the first page itself needs comes before.
        about = "rel=modulepreload; fetchpriority=low"
        self._link = ", ".join(f"<./{name}>; {about}" for name in scripts(Path(get_static_dir())))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def linked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("link", self._link)
            await send(message)

        answered = scope["type"] == "http" and self._link
        await self.app(scope, receive, linked if answered else send)
