"""What WebSockets carry, in clear text: frames without compression (RFC 6455 section 5.2)."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.e2e.world import until

_TEXT, _BINARY = 1, 2


@dataclass(frozen=True)
class Said:
    """One SIP message: when (time.monotonic), over which connection (0, 1, …), and which way (up, down)."""

    at: float
    connection: int
    way: str
    text: str


class Tap:
    """All SIP messages of all connections, in the order in which they passed."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self._connections = 0

    def listener(self) -> Listener:
        """For a connection that begins now."""
        self._connections += 1
        return Listener(self.said, self._connections - 1)

    def requests(self, method: str, way: str, since: int = 0) -> list[Said]:
        """Those with this method since that many messages."""
        return [each for each in self.said[since:] if each.way == way and each.text.startswith(f"{method} ")]

    def wait_request(self, method: str, way: str, since: int = 0, seconds: float = 10) -> Said:
        found: list[Said] = until(
            lambda: self.requests(method, way, since), f"{method} on the way {way}", seconds
        )
        return found[0]


class Listener:
    """Both directions of one connection."""

    def __init__(self, said: list[Said], connection: int) -> None:
        self._said = said
        self._connection = connection
        self._bytes = {"up": b"", "down": b""}
        self._upgraded = {"up": False, "down": False}

    def hear(self, way: str, data: bytes) -> None:
        """Bytes as they come; messages are told when they are whole."""
        self._bytes[way] += data
        if not self._upgraded[way]:
            _, end, rest = self._bytes[way].partition(b"\r\n\r\n")
            if not end:
                return
            self._upgraded[way], self._bytes[way] = True, rest
        while frame := _frame(self._bytes[way]):
            kind, payload, self._bytes[way] = frame
            if kind in (_TEXT, _BINARY) and payload.strip():  # the rest are pings, and keep-alives
                self._said.append(Said(time.monotonic(), self._connection, way, payload.decode()))


def _frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Kind and payload of the first frame, and what follows it; None while it is not whole."""
    if len(data) < 2:
        return None
    assert data[0] & 0xF0 == 0x80, "no fragments and no extensions: neither browsers nor servers make any"
    length, start = data[1] & 0x7F, 2
    if length > 125:
        start = 4 if length == 126 else 10
        if len(data) < start:
            return None
        length = int.from_bytes(data[2:start])
    mask = b""
    if data[1] & 0x80:
        mask, start = data[start : start + 4], start + 4
    if len(data) < start + length:
        return None
    payload = data[start : start + length]
    if mask:
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return data[0] & 0x0F, payload, data[start + length :]
