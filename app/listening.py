"""Where the dashboard listens, under which names it answers, and whether it asks for a token."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import os
import re
import secrets
import socket
from collections.abc import MutableMapping
from dataclasses import dataclass, field

from app.security import host_of
from rebal_core.wording import UserError

LOCAL = ("localhost", "127.0.0.1", "::1")
#: Addresses that stand for all of this computer's.
_ALL = ("0.0.0.0", "::")
_LEAST_TOKEN = 8
_TRIES = {
    errno.EADDRINUSE: "Port {port} is in use; choose another with --port.",
    errno.EACCES: "Port {port} needs rights that you do not have; choose one above 1023.",
    errno.EADDRNOTAVAIL: "--host: “{host}” is no address of this computer; leave it out to listen "
    "on this computer only.",
}


@dataclass(frozen=True)
class Listening:
    """What was asked for, found sound.

    Parameters
    ----------
    host : str
        Address or name to listen on, without brackets.
    port : int
    hosts : tuple of str
        Names under which the dashboard answers, as :func:`app.security.host_of` gives them.
    token : str or None
        What has to be known to log in; None where nobody is asked.
    fresh : bool
        Whether the token was made now, so that it has to be told.
    exposed : bool
        Whether others may reach it: it listens beyond this computer, or has names of its own.
    """

    host: str
    port: int
    hosts: tuple[str, ...]
    token: str | None = field(repr=False)
    fresh: bool
    exposed: bool

    @property
    def address(self) -> str:
        """Where a browser on this computer finds the dashboard."""
        host = "localhost" if self.host in _ALL else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def settle(options: argparse.Namespace, environment: MutableMapping[str, str]) -> Listening:
    """Return how to listen; ``REBAL_TOKEN`` leaves the environment, which children inherit.

    Raises
    ------
    UserError
        When the address is none or taken, or lies beyond this computer without names to answer
        under and a word on who may come in.
    """
    given = environment.pop("REBAL_TOKEN", "").strip()
    host = options.host.strip().removeprefix("[").removesuffix("]") or "0.0.0.0"
    if not re.search(r"[^0-9.]", host) and _numeric(host) is None:
        # Nobody is asked for a name that is none.
        raise UserError(_TRIES[errno.EADDRNOTAVAIL], host=host, port=options.port)
    beyond = not is_loopback(host)
    if beyond and not options.allow_host:
        raise UserError(
            "--host “{host}” is reached from other computers: name with --allow-host "
            "the host that they write into their browsers.",
            host=options.host,
        )
    if beyond and options.auth is None and not options.no_auth:
        raise UserError(
            "--host “{host}” is reached from other computers: choose --auth token, or "
            "--no-auth where everybody who reaches it may read and delete all data.",
            host=options.host,
        )
    token, fresh = _token(options, given)
    own = () if host in _ALL else (_canonical(host),)
    names = (*LOCAL, *own, *(_allowed(name) for name in options.allow_host))
    _try(host, options.port)
    return Listening(
        host=host,
        port=options.port,
        hosts=tuple(dict.fromkeys(names)),
        token=token,
        fresh=fresh,
        exposed=beyond or not {*LOCAL, *own}.issuperset(names),
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this computer can reach the address."""
    address = _numeric(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _numeric(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _token(options: argparse.Namespace, given: str) -> tuple[str | None, bool]:
    if options.auth is None:
        return None, False
    if given and len(given) < _LEAST_TOKEN:
        raise UserError(
            "REBAL_TOKEN has fewer than {least} characters; make it longer, or leave it "
            "out and get a fresh one at each start.",
            least=_LEAST_TOKEN,
        )
    return given or secrets.token_urlsafe(24), not given


def _canonical(host: str) -> str:
    found = host_of(f"[{host}]" if ":" in host else host)
    return host.lower() if found is None else found[0]


def _allowed(name: str) -> str:
    """Return an allowed name as the ``Host`` header of a browser says it."""
    bare = name.strip().removeprefix("[").removesuffix("]")
    try:
        bare = bare if bare.isascii() else bare.encode("idna").decode()
        found = host_of(f"[{bare}]" if ":" in bare else bare)
    except UnicodeError:
        found = None
    if found is None or found[1]:
        raise UserError(
            "--allow-host “{name}” is no host name; write it as in the browser's "
            "address, without http:// and port.",
            name=name[:80],
        )
    return found[0]


def _try(host: str, port: int) -> None:
    """Listen for a moment, so that what forbids it is one sentence."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        # Streamlit takes IPv6 only where the address is written out.
        wanted = socket.AF_INET6 if ":" in host else socket.AF_INET
        place = next((place for family, *_, place in found if family == wanted), None)
        if place is None:
            raise OSError(errno.EADDRNOTAVAIL, "")
        with socket.socket(wanted, socket.SOCK_STREAM) as trial:
            if os.name != "nt":
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
            trial.listen(1)
    except (OSError, UnicodeError) as error:
        code = getattr(error, "errno", None)
        none = isinstance(error, (socket.gaierror, UnicodeError)) or code not in _TRIES
        known = errno.EADDRNOTAVAIL if none or code is None else code
        raise UserError(_TRIES[known], host=host, port=port) from error
