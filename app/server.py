"""Starts the dashboard: ``rebal app``, or ``python -m app.server``."""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import ipaddress
import logging
import secrets
import sys
import threading
import time
import urllib.request
import webbrowser
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from app.routes import ROUTES
from app.security import Guard
from rebal_core.store.home import Home

HERE = Path(__file__).resolve().parent
log = logging.getLogger("rebal.app")


def main(argv: list[str] | None = None) -> None:
    """Read the options and serve until Ctrl-C."""
    options = _options(argv)
    local = _is_loopback(options.host)
    if not local:
        sys.stderr.write(
            f"Rebal has no log-in: everybody who reaches {options.host}:{options.port} "
            "can read and delete all data of this home.\n"
        )
    logging.basicConfig(
        filename=Home().path / "app.log",
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
    )
    hosts = ("localhost", "127.0.0.1", "::1", options.host) if local else ("*",)
    app = st.App(
        HERE / "main.py",
        routes=ROUTES,
        middleware=[Middleware(Guard, hosts=hosts)],
        on_script_error=report_fault,
    )
    threading.Thread(target=_warm_up, daemon=True).start()
    if not options.no_browser:
        threading.Thread(target=_open_browser, args=(options,), daemon=True).start()
    sys.argv = [str(HERE / "main.py")]  # Streamlit looks for .streamlit/ beside what was launched
    app.run(config=config(options.host, options.port, hosts))


def config(host: str, port: int, hosts: tuple[str, ...]) -> dict[str, object]:
    """Return Streamlit's settings; the theme lies beside in ``theme.toml``."""
    allowed = [] if "*" in hosts else list(dict.fromkeys(hosts))
    return {
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.allowedHosts": allowed,
        "server.maxUploadSize": 1,  # tables come through our own route
        "server.maxMessageSize": 50,
        "server.showEmailPrompt": False,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "runner.magicEnabled": False,
        "theme.base": str(HERE / "theme.toml"),
    }


def report_fault(error: Exception) -> bool:
    """Write a fault of ours into the log and show its number instead of a traceback."""
    incident = secrets.token_hex(4)
    log.error("incident %s", incident, exc_info=error)
    from app.components.states import show_fault

    show_fault(incident)
    return True


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="rebal app", description="Open the dashboard.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--no-browser", action="store_true")
    return parser.parse_args(argv)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
    gc.freeze()  # Streamlit collects after every rerun; what was imported need not be walked again


def _open_browser(options: argparse.Namespace) -> None:
    """Open the page as soon as the server answers."""
    address = f"http://{options.host}:{options.port}"
    sys.stdout.write(f"Rebal: {address}\n")
    sys.stdout.flush()
    for _ in range(100):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
            webbrowser.open(address)
            return
        time.sleep(0.2)


if __name__ == "__main__":
    main()
