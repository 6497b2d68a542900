"""How long the user agent waits. It is given these numbers with its settings and knows none itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    register_expires: int = 300
    """Seconds that a registration is asked to last (RFC 3261 section 10.2.1.1)."""
    refresh_percent: int = 80
    """After this part of the granted time it is refreshed: a lost REGISTER leaves room for another."""
    open_ms: int = 10_000
    """A server that neither opens nor refuses the WebSocket is given up after this."""
    gather_ms: int = 400
    """An offer or answer waits this long for ICE candidates; then any address from a server will do."""
    relay_ms: int = 1600
    """Longer, where there is a relay and no server has answered: UDP may be blocked. A relay over TCP answers
    after three round trips, over TLS after four."""


TIMING = Timing()
