"""Our own routes: a table streams to disk, a made file streams out; never through memory."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from pathlib import Path
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.security import mint, spend
from rebal_core.place import home_path
from rebal_core.scratch import hold, uploads_place
from rebal_core.store.home import Home
from rebal_core.wording import UserError

SUFFIXES = (".csv.gz", ".tsv.gz", ".csv", ".tsv", ".parquet")
MOST_BYTES = 20 * 1024**3
SPARE_BYTES = 512 * 1024**2
DAY = 86_400.0
#: Locks of the uploads that this server keeps: the files go when it ends, however it ends.
_kept: dict[str, int] = {}


def uploads(home: Home) -> Path:
    """Return the folder in which uploads wait to be read; it is served by no route.

    What nobody read for a day is swept.
    """
    folder = home.path / uploads_place().name
    folder.mkdir(mode=0o700, exist_ok=True)
    for file in folder.iterdir():
        with contextlib.suppress(OSError):  # it has gone, or is no file
            if time.time() - file.lstat().st_mtime > DAY:
                discard(file)
    return folder


def discard(upload: str | Path | None) -> None:
    """Remove an upload that nobody will read any more."""
    if upload is not None:
        Path(upload).unlink(missing_ok=True)
        handle = _kept.pop(Path(upload).name, -1)
        if handle >= 0:
            os.close(handle)


def discard_all(home: Home) -> None:
    """Remove the uploads of this server."""
    for name in list(_kept):
        discard(home.path / uploads_place().name / name)


def suffix_of(name: str) -> str | None:
    """Return the ending of a file name when we read such files."""
    return next((s for s in SUFFIXES if name.lower().endswith(s)), None)


async def upload(request: Request) -> Response:
    """Take one table: ``PUT /api/upload?name=...`` with the token in ``X-Rebal-Token``.

    The body goes to a file of a random name, which gets its ending only when as many bytes have
    arrived as were announced.
    """
    if not spend(request.headers.get("x-rebal-token", ""), "upload"):
        return _refuse("The page is out of date; reload it and choose the file again.", 403)
    name = re.sub(r"[\x00-\x1f/\\]", "_", request.query_params.get("name", ""))[-200:]
    suffix = suffix_of(name)
    if suffix is None:
        kinds = ", ".join(sorted(SUFFIXES))
        return _refuse(f"“{name}” is none of the kinds Rebal reads: {kinds}.", 415)
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        return _refuse("The browser did not say how large the file is; choose it again.", 411)
    try:
        folder = uploads(Home())
    except UserError as error:  # it was deleted meanwhile
        return _refuse(str(error), 503)
    room = shutil.disk_usage(folder).free - SPARE_BYTES
    if int(length) > min(MOST_BYTES, room):
        return _refuse(f"“{name}” is larger than the space left for it on this computer.", 413)
    key = secrets.token_hex(12)
    part = folder / f"{key}.part"
    part.touch()
    _kept[part.name] = hold(part)
    try:
        if await _receive(request, part) != int(length):
            return _refuse("The upload broke off; choose the file again.", 400)
        os.replace(part, folder / f"{key}{suffix}")
        _kept[f"{key}{suffix}"] = _kept.pop(part.name)
    except ClientDisconnect:
        return _refuse("The upload was stopped.", 400)
    finally:
        discard(part)
    return JSONResponse({"upload": f"{key}{suffix}", "name": name, "bytes": int(length)})


async def _receive(request: Request, part: Path) -> int:
    announced, arrived = int(request.headers["content-length"]), 0
    with part.open("wb") as file:
        async for chunk in request.stream():
            arrived += len(chunk)
            if arrived > announced:
                break
            file.write(chunk)
    return arrived


async def download(request: Request) -> Response:
    """Hand out one made file: ``GET /api/download/<path in the home>?token=...&name=...``."""
    path = request.path_params["path"]
    name = request.query_params.get("name", "rebal")
    if not spend(request.query_params.get("token", ""), "download", f"{path}|{name}", once=False):
        return _refuse("This link has expired; go back to the page and press Download again.", 403)
    home = home_path().resolve()
    file = (home / path).resolve()
    if home not in file.parents or not file.is_file():
        return _refuse("This file is gone; make it again.", 404)
    return FileResponse(file, filename=name, media_type="application/octet-stream")


def download_link(file: Path, name: str) -> str:
    """Return a signed address for a file inside the home, valid for an hour.

    Parameters
    ----------
    file : Path
        Inside the home folder.
    name : str
        The name under which the browser saves it.
    """
    path = file.resolve().relative_to(home_path().resolve()).as_posix()
    token = mint("download", f"{path}|{name}")
    return f"/api/download/{quote(path)}?name={quote(name)}&token={token}"


def _refuse(sentence: str, status: int) -> Response:
    return PlainTextResponse(sentence, status_code=status)


ROUTES = [
    Route("/api/upload", upload, methods=["PUT"]),
    Route("/api/download/{path:path}", download, methods=["GET"]),
]
