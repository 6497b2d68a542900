"""How long the other side of an ICE session has sent nothing at all.

aioice notices a peer that is gone when its consent expires (RFC 7675), which takes it 27 to 39 s. A peer
that lives sends sound, or at least its own consent checks, every 2.5 s (Chromium) to 6 s (aioice).
"""

import asyncio
from collections.abc import Callable
from typing import Any

_LOST_AFTER = 8
"""Seconds: longer than the distance of two consent checks, so that a call on hold is not lost."""


class Silence:
    """`on_lost()` once nothing has come for 8 s, `on_back()` when something comes after that.

    Seconds are counted and not read from a clock: a process that was stopped for a minute has not listened.
    """

    def __init__(self, on_lost: Callable[[], None], on_back: Callable[[], None]) -> None:
        self.seconds = 0
        self._on_lost = on_lost
        self._on_back = on_back
        self._timer: asyncio.TimerHandle | None = None

    def listen_to(self, connection: Any) -> None:
        """Begin, with an aioice Connection: see what its sockets hand to it."""
        if self._timer is not None:
            return
        for name in ("data_received", "request_received"):
            setattr(connection, name, self._noting(getattr(connection, name)))
        self._arm()

    def stop(self) -> None:
        """Count no longer."""
        if self._timer is not None:
            self._timer.cancel()

    def _noting(self, receive: Callable[..., None]) -> Callable[..., None]:
        def receive_and_note(*args: Any, **kwargs: Any) -> None:
            lost, self.seconds = self.seconds >= _LOST_AFTER, 0
            if lost:
                self._on_back()
            receive(*args, **kwargs)

        return receive_and_note

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(1, self._tick)

    def _tick(self) -> None:
        self.seconds += 1
        if self.seconds == _LOST_AFTER:
            self._on_lost()
        self._arm()
