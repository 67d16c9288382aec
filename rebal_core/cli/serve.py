"""Commands that start or steer another process."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from typing import NoReturn

from rebal_core.cli.output import tell
from rebal_core.wording import UserError


def app(arguments: argparse.Namespace) -> NoReturn:
    """Become the server of the dashboard."""
    from rebal_core.experiment.child import command, environment
    from rebal_core.store.home import Home

    if importlib.util.find_spec("app") is None or importlib.util.find_spec("app.server") is None:
        raise UserError("The dashboard is not installed here; install the whole package of rebal.")
    words = [f"--host={arguments.host}", f"--port={arguments.port}"]
    words += [f"--allow-host={name}" for name in arguments.allow_host]
    words += [f"--auth={arguments.auth}"] if arguments.auth else []
    words += ["--no-auth"] if arguments.no_auth else []
    words += ["--no-browser"] if arguments.no_browser else []
    home = Home().path
    sys.stdout.flush()
    os.chdir(home)
    os.execve(sys.executable, command("app.server", *words), environment(home))


def engine(arguments: argparse.Namespace) -> int:
    """Tell about the engine of this home, or stop it."""
    from rebal_core.experiment.client import engine_status, stop_engine
    from rebal_core.store import Store

    store = Store()
    if arguments.action == "stop":
        stopped = stop_engine(store)
        tell("The engine has stopped; its runs go on with the next one." if stopped
             else "No engine is running.")  # fmt: skip
        return 0
    status = engine_status(store)
    if not status.up:
        tell(f"No engine is running for {store.home.path}.")
    elif status.version is None:
        tell(f"The engine of {store.home.path} is starting (process {status.pid}).")
    else:
        workers = f"{status.workers} CPU workers, {status.gpus} GPU workers"
        if status.scheduler is not None:
            workers = f"workers of {status.scheduler}"
        tell(
            f"The engine of {store.home.path} is running (process {status.pid}, version "
            f"{status.version}, {workers})."
        )
    return 0
