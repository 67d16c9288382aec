"""Our own routes and the headers: what a stranger's page or a crafted name can do (nothing)."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from served import Answer, Client, serving
from starlette.applications import Starlette
from starlette.middleware import Middleware

from app import security, server
from app.routes import ROUTES, download_link, suffix_of, uploads
from app.security import HEADERS, Guard, headers_for, mint, spend
from rebal_core.store.home import Home


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    middleware = [Middleware(Guard, hosts=("localhost", "127.0.0.1"))]
    with serving(Starlette(routes=ROUTES, middleware=middleware)) as speaks:
        yield speaks


def put(client: Client, name: str, body: bytes = b"a,b\n1,2\n", **headers: str) -> Answer:
    headers = {"x-rebal-token": mint("upload"), **headers}
    return client.send("PUT", f"/api/upload?name={quote(name, safe='')}", body, **headers)


def waiting() -> list[str]:
    return sorted(os.listdir(uploads(Home())))


def test_an_upload_lands_under_a_name_of_ours(client: Client) -> None:
    answer = put(client, "数据 2026.CSV")
    assert answer.status_code == 200
    told = json.loads(answer.text)
    assert told["name"] == "数据 2026.CSV"
    assert waiting() == [told["upload"]]
    assert (uploads(Home()) / told["upload"]).read_bytes() == b"a,b\n1,2\n"


def test_an_upload_into_a_home_that_was_deleted_makes_none(client: Client) -> None:
    put(client, "a.csv")
    home = Home().path
    shutil.rmtree(home)
    answer = put(client, "b.csv")
    assert answer.status_code == 503
    assert "was deleted while it was in use" in answer.text
    token = mint("download", "x|x")
    assert client.get(f"/api/download/x?name=x&token={token}").status_code == 404
    assert not home.exists()


def test_an_upload_that_nobody_read_is_swept_after_a_day(client: Client) -> None:
    told = [json.loads(put(client, name).text)["upload"] for name in ("old.csv", "new.csv")]
    yesterday = time.time() - 90_000
    os.utime(uploads(Home()) / told[0], (yesterday, yesterday))
    assert waiting() == told[1:]


@pytest.mark.parametrize(
    "name", ["../../evil.csv", "..\\evil.csv", "/etc/cron.d/x.csv", "a\0b.csv"]
)
def test_a_path_in_the_name_leads_nowhere(client: Client, name: str, tmp_path: Path) -> None:
    assert put(client, name).status_code == 200
    assert len(waiting()) == 1
    assert [p for p in tmp_path.rglob("*") if "evil" in p.name or "cron" in p.name] == []


@pytest.mark.parametrize("name", ["model.pkl", "a.csv.exe", "page.html", "noending", ""])
def test_other_kinds_of_file_are_refused(client: Client, name: str) -> None:
    answer = put(client, name)
    assert answer.status_code == 415
    assert ".csv" in answer.text
    assert waiting() == []


def test_the_token_is_needed_and_works_once(client: Client) -> None:
    assert put(client, "a.csv", **{"x-rebal-token": ""}).status_code == 403
    assert put(client, "a.csv", **{"x-rebal-token": mint("download")}).status_code == 403
    assert put(client, "a.csv", **{"x-rebal-token": "1.x.\u00e9"}).status_code == 403
    token = mint("upload")
    assert put(client, "a.csv", **{"x-rebal-token": token}).status_code == 200
    assert put(client, "b.csv", **{"x-rebal-token": token}).status_code == 403
    assert len(waiting()) == 1


def test_a_token_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    token = mint("upload")
    now = security.time.time()
    monkeypatch.setattr(security.time, "time", lambda: now + security.SECONDS_VALID + 2)
    assert not spend(token, "upload")


def test_too_large_for_the_disk_is_refused_before_a_byte_is_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.routes.SPARE_BYTES", 10**18)
    answer = put(client, "a.csv")
    assert answer.status_code == 413
    assert waiting() == []


def test_a_foreign_site_and_a_foreign_host_get_no_answer(client: Client) -> None:
    assert put(client, "a.csv", origin="http://evil.example").status_code == 400
    assert put(client, "a.csv", origin="null").status_code == 400
    assert put(client, "a.csv", host="evil.example").status_code == 400
    assert put(client, "a.csv", origin=f"http://127.0.0.1:{client.port}").status_code == 200
    assert len(waiting()) == 1


def test_every_answer_carries_the_headers(client: Client) -> None:
    host = f"localhost:{client.port}"
    for answer, told in (
        (put(client, "a.csv", host=host), headers_for(host)),
        (put(client, "a.csv", host="evil.example"), HEADERS),
    ):
        assert told.keys() == HEADERS.keys()
        for name, value in told.items():
            assert answer.headers[name] == value
    # A page may open websockets to the server that it came from, and to no other.
    own = headers_for(host)["content-security-policy"]
    assert f"connect-src 'self' ws://{host} wss://{host};" in own
    assert " ws:" not in HEADERS["content-security-policy"]
    policy = HEADERS["content-security-policy"]
    assert "unsafe-eval" not in policy
    assert "script-src 'self' blob:" in policy


@pytest.mark.parametrize("broken", [{"host": "[::1"}, {"origin": "http://[::1"}])
def test_a_host_or_origin_that_cannot_be_read_is_refused(client: Client, broken: dict) -> None:
    answer = put(client, "a.csv", **broken)
    assert answer.status_code == 400
    for name, value in HEADERS.items():
        assert answer.headers[name] == value


def test_a_download_needs_its_own_link(client: Client) -> None:
    home = Home()
    file = home.path / "runs" / "report.csv"
    file.write_text("arm\n")
    (home.path / "secret.csv").write_text("key")
    link = download_link(file, "报告.csv")
    answer = client.get(link)
    assert answer.status_code == 200
    assert answer.text == "arm\n"
    assert "attachment" in answer.headers["content-disposition"]
    assert client.get(link.replace("runs/report.csv", "secret.csv")).status_code == 403
    assert client.get("/api/download/secret.csv").status_code == 403
    file.unlink()
    assert client.get(link).status_code == 404


def test_a_link_out_of_the_home_is_no_file(client: Client, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("x")
    Home()
    token = mint("download", "../outside.csv|o.csv")
    answer = client.get(f"/api/download/..%2Foutside.csv?name=o.csv&token={token}")
    assert answer.status_code == 404


def test_the_settings_of_the_server() -> None:
    settings = server.config("127.0.0.1", 8501, ("localhost", "127.0.0.1"))
    assert settings["server.allowedHosts"] == ["localhost", "127.0.0.1"]
    assert settings["browser.gatherUsageStats"] is False
    assert settings["client.showErrorDetails"] == "none"
    assert Path(str(settings["theme.base"])).is_file()


def test_endings() -> None:
    assert suffix_of("A.CSV.GZ") == ".csv.gz"
    assert suffix_of("a.gz") is None
