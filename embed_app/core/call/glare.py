"""Two offers that cross (RFC 3261 section 14.1)."""

from __future__ import annotations

from embed_app.core.call.values import Call, Direction

RETRY_LATER = 491
"""SIP status: an offer of ours crossed one of the peer."""


def glare_wait(call: Call, chance: float) -> float:
    """Seconds to wait after a 491, by who made the Call-ID. `chance`: 0 to 1."""
    ours = call.direction is Direction.OUTBOUND
    return 2.1 + 1.9 * chance if ours else 2.0 * chance
