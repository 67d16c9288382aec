"""How long the dashboard's server waits for a client that has begun a request, or a fetch.

uvicorn ends connections that wait between two requests; one that sends half a header or half an
upload, or nothing at all, or does not take its answer, would keep its place for ever.
"""

# mypy: disable-error-code="misc, attr-defined, valid-type"
# (Which class speaks HTTP is uvicorn's choice, made when it is imported.)

from __future__ import annotations

import asyncio

from uvicorn import config
from uvicorn.protocols.http.auto import AutoHTTPProtocol

#: A request may take this long, and a second more for every so many bytes of it.
GRACE_SECONDS = 20.0
BYTES_PER_SECOND = 1_000
#: A client that takes nothing of its answer for this long has gone.
STALLED_SECONDS = 120.0
LOOK_SECONDS = 2.0


class Patient(AutoHTTPProtocol):
    """HTTP as uvicorn speaks it, with an end to every wait for the client."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to watch."""
        super().connection_made(transport)
        self._begun: float | None = self.loop.time()
        self._stalled: float | None = None
        self._arrived = 0
        self._looks = self.loop.call_later(LOOK_SECONDS, self._look)

    def connection_lost(self, error: Exception | None) -> None:
        """Watch no longer."""
        self._looks.cancel()
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Count what arrives."""
        if self._begun is None:
            self._begun, self._arrived = self.loop.time(), 0
        self._arrived += len(data)
        super().data_received(data)

    def shutdown(self) -> None:
        """End now, whatever the client is at; the server is asked to end only once."""
        super().shutdown()
        if not self.transport.is_closing():
            self.transport.abort()

    def _look(self) -> None:
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return  # it has become a websocket, which has its own pings
        if self._is_late(self.loop.time()):
            self.transport.abort()
            return
        self._looks = self.loop.call_later(LOOK_SECONDS, self._look)

    def _is_late(self, now: float) -> bool:
        self._stalled = (self._stalled or now) if self.flow.write_paused else None
        if self._stalled is not None and now - self._stalled > STALLED_SECONDS:
            return True
        cycle = self.cycle
        answering = cycle is not None and not cycle.response_complete
        if self.timeout_keep_alive_task is not None or (answering and not cycle.more_body):
            self._begun = None  # the whole request is there, or none has begun
        elif self._begun is not None and self.flow.read_paused:
            self._begun += LOOK_SECONDS  # the wait is ours
        return self._begun is not None and (
            now - self._begun > GRACE_SECONDS + self._arrived / BYTES_PER_SECOND
        )


def end_every_wait() -> None:
    """Let uvicorn speak HTTP by :class:`Patient`."""
    config.HTTP_PROTOCOLS["auto"] = f"{__name__}:{Patient.__name__}"
