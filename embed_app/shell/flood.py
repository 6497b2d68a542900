"""How much a parent may say at once. Pure: the caller brings the time."""

from __future__ import annotations

from enum import Enum

RATE = 200.0
BURST = 400.0
"""Messages a second, and how many may come at once."""


class Verdict(Enum):
    TAKE = "take"
    DROP_AND_TELL = "drop_and_tell"
    """The first one of a flood."""
    DROP = "drop"


class Flood:
    """A token bucket. While it is empty every message, dropped or not, empties it further: what is left
    of a flood is not let through bit by bit, and a flood is over when half the bucket is full again."""

    def __init__(self, now: float) -> None:
        self._left = BURST
        self._at = now
        self._flooded = False

    def judge(self, now: float) -> Verdict:
        """One message came. `now`: seconds of any clock; one that is set back costs nothing."""
        self._left = min(BURST, self._left + max(0.0, now - self._at) * RATE)
        self._at = now
        if self._flooded and self._left >= BURST / 2:
            self._flooded = False
        if self._left >= 1 and not self._flooded:
            self._left -= 1
            return Verdict.TAKE
        first, self._flooded = not self._flooded, True
        self._left = max(0.0, self._left - 1)
        return Verdict.DROP_AND_TELL if first else Verdict.DROP
