"""How many connections a process keeps, and for how long one may say nothing.

uvicorn by itself waits for ever for a request that does not come, and so runs out of file descriptors: nobody
gets in any more, and each try is a traceback in the log. Here a connection has REQUEST_SECONDS for the head
of each request, and STALLED_SECONDS to read on. When all places are taken, the one that has waited longest
for its request makes room.
"""

import asyncio
import logging
import resource
import time
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

log = logging.getLogger("zorio.server")

REQUEST_SECONDS = 10.0
"""From the connection, or from the first byte of a further request, to the end of the head (RFC 9112 section
2.1). An honest one is there within a round trip."""
MOST_CONNECTIONS = 10_000
"""Even where the system allows more."""
STALLED_SECONDS = 60.0
"""How long an answer may wait for a client that takes no byte of it."""
KEPT_FREE = 64
"""File descriptors for the database, the files that are served, and the log."""
_LONGEST_BACKLOG = 512
LOG_EVERY = 60.0
"""Seconds between two lines about connections that were closed: a flood must not fill the disk."""


def raise_descriptor_limit() -> int:
    """Takes as many file descriptors as this process may have, and returns their number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + KEPT_FREE
    target = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if soft != resource.RLIM_INFINITY and soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        return target
    return wanted if soft == resource.RLIM_INFINITY else soft


def backlog_of(descriptors: int) -> int:
    """How many connections may wait to be accepted. asyncio accepts them all before it tells of the first."""
    return max(1, min(_LONGEST_BACKLOG, descriptors // 8))


def places_of(descriptors: int) -> int:
    """How many connections there may be with so many file descriptors: at least one.

    What is closed is free two turns of the event loop later, and each turn accepts a backlog of others.
    """
    return max(1, min(MOST_CONNECTIONS, descriptors - KEPT_FREE - 3 * backlog_of(descriptors)))


class Waiting:
    """The connections of a process that owe a request, the oldest first."""

    def __init__(self, places: int) -> None:
        """`places`: of all connections, busy ones included."""
        self.places = places
        self._waiting: dict[BoundedProtocol, None] = {}
        self._closed = 0
        self._logged_at = -LOG_EVERY

    def add(self, connection: "BoundedProtocol") -> None:
        """It owes a request from now on."""
        self._waiting[connection] = None

    def remove(self, connection: "BoundedProtocol") -> None:
        """Its request is here, or it is closed."""
        self._waiting.pop(connection, None)

    def make_room(self, taken: int) -> bool:
        """Whether there is a place for one that is counted in `taken` already."""
        if taken <= self.places:
            return True
        oldest = next(iter(self._waiting), None)
        if oldest is not None:
            oldest.give_up()
        self.closed_one(taken)
        return oldest is not None

    def closed_one(self, taken: int) -> None:
        """One more that was closed without an answer. Logged at most every LOG_EVERY seconds."""
        self._closed += 1
        now = time.monotonic()
        if now - self._logged_at >= LOG_EVERY:
            log.warning(
                "closed %d connections: no request in time, answer not read, or too many; %d of %d are open",
                self._closed,
                min(taken, self.places),
                self.places,
            )
            self._logged_at, self._closed = now, 0


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP connection with a time limit for each request's head. Made by `bounded`."""

    waiting: Waiting
    request_seconds: float
    _deadline: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuses at once where all places are taken by connections that are busy."""
        super().connection_made(transport)
        if not self.waiting.make_room(len(self.connections)):
            transport.abort()
            return
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """It owes nothing any more."""
        self._request_is_here()
        self._goes_on()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """The time runs on while a head comes byte by byte."""
        if self._deadline is None and not self._is_busy():
            self._expect_request()
        super().data_received(data)
        if self._is_busy():
            self._request_is_here()

    def handle_websocket_upgrade(self, event: Any) -> None:
        """From here on it is the WebSocket's."""
        self._request_is_here()
        super().handle_websocket_upgrade(event)

    def pause_writing(self) -> None:
        """The client does not read: its place is not its own for ever."""
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self._too_late)

    def resume_writing(self) -> None:
        """It reads again."""
        self._goes_on()
        super().resume_writing()

    def give_up(self) -> None:
        """Close it without an answer."""
        self._request_is_here()
        self.connections.discard(self)  # the place is free now, not when the event loop comes to it
        self.transport.abort()

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _expect_request(self) -> None:
        self.waiting.add(self)
        self._deadline = self.loop.call_later(self.request_seconds, self._too_late)

    def _request_is_here(self) -> None:
        self.waiting.remove(self)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _goes_on(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _too_late(self) -> None:
        self.waiting.closed_one(len(self.connections))
        self.give_up()


def bounded(places: int, request_seconds: float = REQUEST_SECONDS) -> type[BoundedProtocol]:
    """The class of the connections of one process, which share `places`."""

    class OfThisProcess(BoundedProtocol):
        pass

    OfThisProcess.waiting = Waiting(places)
    OfThisProcess.request_seconds = request_seconds
    return OfThisProcess
