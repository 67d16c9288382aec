"""Where the dashboard listens: beyond this computer only by decision, errors in one sentence."""

from __future__ import annotations

import socket

import pytest

from app import server
from app.listening import Listening, is_loopback, settle
from app.security import host_of, same_site
from app.server import middleware
from rebal_core.cli import main
from rebal_core.cli.parser import build_parser
from rebal_core.wording import UserError


def ask(*words: str, token: str | None = None, port: int = 0) -> Listening:
    options = build_parser().parse_args(["app", *words])
    options.port = port  # any free one
    return settle(options, {} if token is None else {"REBAL_TOKEN": token})


BEYOND = ("0.0.0.0", "", " ", "::", "[::]", "0", "0x7f000001", "a.host.example", "::ffff:0:0")


@pytest.mark.parametrize("host", BEYOND)
def test_beyond_this_computer_takes_a_name_and_a_word_on_who(host: str) -> None:
    with pytest.raises(UserError, match=r"--allow-host|no address"):
        ask(f"--host={host}")
    with pytest.raises(UserError, match=r"--allow-host|no address"):
        ask(f"--host={host}", "--no-auth")
    with pytest.raises(UserError, match=r"--auth token|no address"):
        ask(f"--host={host}", "--allow-host=rebal.example")


def test_with_all_decisions_made_it_listens() -> None:
    made = ask(
        "--host=", "--allow-host=Rebal.Example.", "--allow-host=[2001:DB8::0:1]", "--no-auth"
    )
    assert made.host == "0.0.0.0"
    assert {"rebal.example", "2001:db8::1", "localhost"} <= set(made.hosts)
    assert "0.0.0.0" not in made.hosts
    assert made.token is None
    assert made.exposed
    assert not ask().exposed
    assert ask("--allow-host=rebal.example").exposed  # behind a proxy of this computer


def test_each_start_has_its_own_token_or_the_one_given() -> None:
    first, second = ask("--auth=token"), ask("--auth=token")
    assert first.fresh
    assert first.token != second.token
    assert len(str(first.token)) >= 32
    given = ask("--auth=token", token=" from a file\n")
    assert given.token == "from a file"
    assert not given.fresh
    for made in (first, given):
        assert str(made.token) not in repr(made)
        assert str(made.token) not in repr(middleware(made))
    with pytest.raises(UserError, match="REBAL_TOKEN"):
        ask("--auth=token", token="short")


def test_the_token_leaves_the_environment() -> None:
    environment = {"REBAL_TOKEN": "long enough", "PATH": "/bin"}
    options = build_parser().parse_args(["app"])
    options.port = 0
    settle(options, environment)
    assert environment == {"PATH": "/bin"}


@pytest.mark.parametrize(
    "host", ["999.1.1.1", "1.2.3", "1.2.3.4.5", "192.0.2.1", "a b", "a\0b", "::g", "name.invalid"]
)
def test_an_address_of_no_computer_is_one_sentence(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = socket.getaddrinfo

    def counted(name: str, *rest: object, **more: object) -> object:
        assert not name.replace(".", "").isdigit() or name == "192.0.2.1", "no name to look up"
        if name == "name.invalid":
            raise socket.gaierror
        return look_up(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    with pytest.raises(UserError, match="no address of this computer") as told:
        ask(f"--host={host}", "--allow-host=a", "--no-auth")
    assert str(told.value).count(". ") == 0


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"Port {port} is in use; choose another with --port"):
            ask(port=port)


@pytest.mark.parametrize(
    "name", ["", "*", "a b", "http://a", "a:80", "a/b", "a\r\nb", "[::g]", "é" * 80]
)
def test_what_is_no_host_name_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="--allow-host"):
        ask(f"--allow-host={name}")


def test_a_name_of_other_letters_is_that_of_the_header() -> None:
    assert "xn--fsqu00a.xn--0zwm56d" in ask("--allow-host=例子.测试").hosts


def test_loopback_is_told_from_the_world() -> None:
    for host in ("127.0.0.1", "127.8.0.1", "::1", "localhost", "LOCALHOST"):
        assert is_loopback(host), host
    for host in ("0.0.0.0", "192.168.1.4", "::", "localhost.example", "127.0.0.1.example", ""):
        assert not is_loopback(host), host


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("0.0.0.0", "http://localhost:80"),
        ("::", "http://localhost:80"),
    ],
)
def test_the_address_that_is_shown(host: str, address: str) -> None:
    assert Listening(host, 80, (), None, fresh=False, exposed=False).address == address


def test_hosts_and_origins() -> None:
    assert host_of("LocalHost.:8501") == ("localhost", "8501")
    assert host_of("[0:0:0:0:0:0:0:1]:80") == ("::1", "80")
    for none in (
        "",
        ":80",
        "[::1",
        "a b",
        "a:b",
        "a:1:2",
        "user@a",
        "a/b",
        "a\n",
        ".",
        "[::g]",
        "::1",
    ):
        assert host_of(none) is None, none
    assert same_site("http://a:80", ("a", ""))
    assert same_site("https://A", ("a", "443"))
    for origin in (
        "http://a:81",
        "https://a:443",
        "ftp://a",
        "a",
        "//a",
        "http://",
        "http://a/",
        "null",
    ):
        assert not same_site(origin, ("a", "80")), origin


@pytest.mark.parametrize(
    "words",
    [
        ["--host=999.1.1.1"],
        ["--host="],
        ["--auth=token", "--no-auth"],
        ["--auth=password"],
        ["--port=0"],
        ["--host=0.0.0.0", "--allow-host=\x1b[31ma", "--no-auth"],
    ],
)
def test_the_command_answers_with_one_sentence_and_code_2(words, monkeypatch, capfd) -> None:
    """In this process; test_sentences.py has the same of the process that the command becomes."""

    def become(_program: str, words: list[str], _environment: dict[str, str]) -> None:
        server.main(words[words.index("app.server") + 1 :])

    def code() -> object:
        try:
            return main(["app", "--no-browser", *words])
        except SystemExit as end:
            return end.code

    monkeypatch.setattr("os.execve", become)
    monkeypatch.setattr("os.chdir", lambda _home: None)
    assert code() == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert "\x1b" not in err
