"""Starts the dashboard: ``rebal app``, or ``python -m app.server``."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import logging
import os
import secrets
import signal
import sys
import threading
import time
import urllib.request
import webbrowser
from pathlib import Path
from types import FrameType

import streamlit as st
from starlette.middleware import Middleware
from streamlit import net_util

from app import drafts
from app.listening import Listening, settle
from app.login import LogIn, digest_of
from app.patience import end_every_wait
from app.preload import Preload
from app.routes import ROUTES, discard_all
from app.security import Guard
from rebal_core.cli.output import note
from rebal_core.cli.parser import build_parser
from rebal_core.place import exposed, private, unusable
from rebal_core.scratch import sweep
from rebal_core.store.home import Home
from rebal_core.trouble import sentence_of_fault
from rebal_core.wording import UserError

HERE = Path(__file__).resolve().parent
log = logging.getLogger("rebal.app")


def main(argv: list[str] | None = None) -> None:
    """Read the options of ``rebal app`` and serve until Ctrl-C."""
    try:
        options = build_parser().parse_args(["app", *(sys.argv[1:] if argv is None else argv)])
        listening = settle(options, os.environ)
        home = Home()
        log_file = _log_file(home)
    except UserError as error:
        note(str(error))
        sys.exit(2)
    logging.basicConfig(filename=log_file, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    told = exposed(home.path)
    if told:
        note(told.render())
    _look_nothing_up()
    end_every_wait()
    app = st.App(
        HERE / "main.py",
        routes=ROUTES,
        middleware=middleware(listening),
        on_script_error=report_fault,
    )
    threading.Thread(target=_warm_up, daemon=True).start()
    _greet(listening)
    if not options.no_browser:
        address = listening.address
        threading.Thread(target=_open_browser, args=(address,), daemon=True).start()
    sys.argv = [str(HERE / "main.py")]  # Streamlit looks for .streamlit/ beside what was launched
    signal.signal(signal.SIGTERM, _leave)
    sweep()
    try:
        app.run(config=config(listening.host, listening.port, listening.hosts))
    finally:
        drafts.discard_all()
        discard_all(home)


def _log_file(home: Home) -> Path:
    try:
        return private(home.path / "app.log")
    except OSError as error:  # a disk that can only be read
        raise unusable(home.path, error) from error


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)  # uploads are removed on the way


def middleware(listening: Listening) -> list[Middleware]:
    """Return what every request and every websocket passes before Streamlit sees it."""
    chain = [Middleware(Guard, hosts=listening.hosts)]
    if listening.token is not None:
        digest = digest_of(listening.token)
        chain.append(Middleware(LogIn, digest=digest, port=listening.port))
    chain.append(Middleware(Preload))
    return chain


def config(host: str, port: int, hosts: tuple[str, ...]) -> dict[str, object]:
    """Return Streamlit's settings; the theme lies beside in ``theme.toml``."""
    return {
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.allowedHosts": list(dict.fromkeys(hosts)),
        "server.maxUploadSize": 1,  # tables come through our own route
        "server.maxMessageSize": 50,
        "server.showEmailPrompt": False,
        # Another language sends every choice to the browser anew, also those with a default.
        "global.disableWidgetStateDuplicationWarning": True,
        "browser.gatherUsageStats": False,
        "logger.hideWelcomeMessage": True,  # to show it, the public address would be looked up
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "runner.magicEnabled": False,
        "theme.base": str(HERE / "theme.toml"),
    }


def report_fault(error: Exception) -> bool:
    """Write a fault of ours into the log and show its number instead of a traceback."""
    known = sentence_of_fault(error)
    if known is not None:
        from app.components.states import show_problem

        show_problem(known)
        return True
    incident = secrets.token_hex(4)
    log.error("incident %s", incident, exc_info=error)
    from app.components.states import show_fault

    show_fault(incident)
    return True


def _look_nothing_up() -> None:
    """Cut off Streamlit's questions to outside services for the addresses of this computer."""
    net_util.get_external_ip = lambda: None
    net_util.get_internal_ip = lambda: None


def _greet(listening: Listening) -> None:
    """Say where the dashboard is; the token goes to the terminal, once, and into no log."""
    sys.stdout.write(f"Rebal: {listening.address}\n")
    sys.stdout.flush()
    if listening.fresh:
        sys.stderr.write(f"Token to log in with: {listening.token}\n")
    elif listening.token is None and listening.exposed:
        sys.stderr.write(
            f"Rebal has no log-in: everybody who reaches {listening.host}:{listening.port} "
            "can read and delete all data of this home.\n"
        )
    sys.stderr.flush()


def _warm_up() -> None:
    """Import what the pages need, so that the first click does not wait for it."""
    for name in (
        "rebal_core.checks.report",
        "rebal_core.evaluation",
        "rebal_core.experiment.client",
        "rebal_core.figures.curves",
        "rebal_core.figures.run",
        "rebal_core.figures.skew",
        "plotly.graph_objects",
    ):
        importlib.import_module(name)
    # What is frozen when Python ends is never taken apart, which DuckDB's bindings call a leak.
    atexit.register(gc.unfreeze)
    gc.freeze()  # Streamlit collects after every rerun; what was imported need not be walked again


def _open_browser(address: str) -> None:
    """Open the page as soon as the server answers."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(100):
        with contextlib.suppress(OSError):
            direct.open(f"{address}/_stcore/health", timeout=1).close()
            webbrowser.open(address)
            return
        time.sleep(0.2)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
