"""Telephone-events on RTP (RFC 4733), which aiortc does not know. No aiortc in here: only bytes.

A digit goes out *in place of* the audio packets of its 100 ms: the packet keeps its sequence number
and gets another payload type, timestamp and payload. So nothing has to be renumbered, and browsers
do the same.
"""

import struct
from collections import deque

EVENTS = "0123456789*#ABCD"
"""Event codes 0 to 15 (RFC 4733 section 3.2)."""

_PACKETS = 5
_END_PACKETS = 3
_PAUSE_PACKETS = 4
"""In packets of 20 ms: the tone, its end said three times (section 2.5.1.4), the gap before the next."""
_VOLUME = 10
_END = 0x80


class EventReceiver:
    """Turns received event packets into digits, one each however often its packets come."""

    def __init__(self) -> None:
        self._last: tuple[int, int] | None = None

    def feed(self, timestamp: int, payload: bytes) -> str:
        """The digit this packet begins, "" when it only goes on or is no DTMF."""
        if len(payload) < 4 or payload[0] >= len(EVENTS) or (payload[0], timestamp) == self._last:
            return ""
        self._last = (payload[0], timestamp)
        return EVENTS[payload[0]]


class EventSender:
    """Replaces outgoing audio packets by event packets while there are digits to send."""

    def __init__(self) -> None:
        self._payload_type: int | None = None
        self._step = 960
        self._digits: deque[str] = deque()
        self._sent = 0
        self._timestamp = 0

    def negotiated(self, payload_type: int | None, clock_rate: int) -> None:
        """What the remote party takes; None when it takes no telephone-event. `clock_rate` in Hz."""
        self._payload_type = payload_type
        self._step = clock_rate // 50

    def send(self, digit: str) -> bool:
        """Queue a digit. False when the remote party takes no telephone-event, or it is no digit."""
        if self._payload_type is None or len(digit) != 1 or digit not in EVENTS:
            return False
        self._digits.append(digit)
        return True

    def rewrite(self, packet: bytes) -> bytes:
        """One outgoing RTP or RTCP packet, as it is or turned into an event packet."""
        if not self._digits or self._payload_type is None or _is_rtcp(packet):
            return packet
        number, self._sent = self._sent, self._sent + 1
        if number >= _PACKETS + _END_PACKETS - 1:
            if self._sent >= _PACKETS + _END_PACKETS - 1 + _PAUSE_PACKETS:
                self._digits.popleft()
                self._sent = 0
            return packet
        if number == 0:
            (self._timestamp,) = struct.unpack_from("!L", packet, 4)
        end = number >= _PACKETS - 1
        payload = struct.pack(
            "!BBH",
            EVENTS.index(self._digits[0]),
            _VOLUME | (_END if end else 0),
            min(number + 1, _PACKETS) * self._step,
        )
        marker = 0x80 if number == 0 else 0
        header = bytearray(packet[: _header_length(packet)])
        header[0] &= 0xDF  # no padding any more
        header[1] = marker | self._payload_type
        struct.pack_into("!L", header, 4, self._timestamp)
        return bytes(header) + payload


def _is_rtcp(packet: bytes) -> bool:
    return len(packet) < 12 or 192 <= packet[1] <= 223  # RFC 5761 section 4


def _header_length(packet: bytes) -> int:
    """Octets before the payload: fixed part, CSRCs, header extension (RFC 3550 section 5.1)."""
    length = 12 + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        length += 4 + 4 * int(struct.unpack_from("!H", packet, length + 2)[0])
    return length
