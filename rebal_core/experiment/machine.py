"""What this machine has to offer, unless the environment says otherwise."""

from __future__ import annotations

import os
import re
import socket

from rebal_core.devices import visible_gpus
from rebal_core.wording import UserError

_MOST_PROCESSES = 1024
_MOST_SECONDS = 31_536_000
_ADDRESS = re.compile(r"tls://\[?([\w.:-]+)\]?:(\d{1,5})")
#: How long another's scheduler may take to answer before it counts as absent.
_ANSWER_SECONDS = 5.0


def worker_count() -> int:
    """Return how many worker processes there shall be: ``REBAL_WORKERS``, else one a core."""
    return _from_environment("REBAL_WORKERS", _cores(), least=1)


def gpu_count() -> int:
    """Return how many GPUs there are: ``REBAL_GPUS`` (they may be pretended), else those seen."""
    return _from_environment("REBAL_GPUS", visible_gpus(), least=0)


def idle_seconds() -> float:
    """Return after how long without work an engine ends: ``REBAL_IDLE_SECONDS``, else 600."""
    return _seconds("REBAL_IDLE_SECONDS", 600.0)


def pause_seconds() -> float:
    """Return how long a full disk is waited for: ``REBAL_PAUSE_SECONDS``, else 10."""
    return _seconds("REBAL_PAUSE_SECONDS", 10.0)


def imports_ahead() -> bool:
    """Tell whether workers import what they may need before a task does: ``REBAL_IMPORT_AHEAD``.

    0 is for engines that live for a task or two, such as those of tests.
    """
    return _from_environment("REBAL_IMPORT_AHEAD", 1, least=0) > 0


def require_settings() -> None:
    """Refuse settings of the environment with which no engine would come up.

    Raises
    ------
    UserError
    """
    worker_count()
    gpu_count()
    idle_seconds()
    pause_seconds()
    imports_ahead()
    _require_scheduler(os.environ.get("REBAL_SCHEDULER", ""))


def _require_scheduler(address: str) -> None:
    if not address:
        return
    found = _ADDRESS.fullmatch(address)
    if found is None or int(found[2]) > 65535:
        # Whoever reaches a scheduler without TLS runs code on all its computers.
        raise UserError(
            "REBAL_SCHEDULER is “{address}”; set it to an address such as tls://host:8786.",
            address=address,
        )
    try:
        socket.create_connection((found[1], int(found[2])), _ANSWER_SECONDS).close()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(
            "The scheduler {address} of REBAL_SCHEDULER does not answer ({reason}); "
            "start it, or leave the setting out to work on this computer only.",
            address=address,
            reason=reason,
        ) from error


def _seconds(name: str, default: float) -> float:
    text = os.environ.get(name, "").strip()
    try:
        value = float(text or default)
    except ValueError:
        value = -1.0
    if not 0 <= value <= _MOST_SECONDS:
        raise UserError(
            "{name} is “{text}”; set it to seconds, from 0 to {most}.",
            name=name,
            text=text,
            most=_MOST_SECONDS,
        )
    return value


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _from_environment(name: str, default: int, least: int) -> int:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or len(text) > 9 or not least <= int(text) <= _MOST_PROCESSES:
        raise UserError(
            "{name} is “{text}”; set it to a whole number from {least} to {most}.",
            name=name,
            text=text[:40],
            least=least,
            most=_MOST_PROCESSES,
        )
    return int(text)
