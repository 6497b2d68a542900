"""Reconnect attempt -> delay. Pure, after livekit's ReconnectPolicy: no clock, no randomness inside."""

from __future__ import annotations

FIRST_DELAY = 0.5
MAX_DELAY = 30.0


def delay(attempt: int, chance: float) -> float:
    """Seconds before attempt 1, 2, …: 0.5 s doubling to 30 s.

    `chance` (0 to 1) spreads the upper half, so that a thousand phones do not return to a restarted
    PBX in the same instant.
    """
    if attempt < 1:
        raise ValueError("attempts count from 1")
    base = min(MAX_DELAY, FIRST_DELAY * 2.0 ** min(attempt - 1, 16))
    return base / 2 + base / 2 * min(1.0, max(0.0, chance))
