"""Where the phone may register, of all the frames and places in which it is open."""

from __future__ import annotations

from enum import StrEnum


class Line(StrEnum):
    """Whether this frame is the one that registers. See the diagram in `line.py`."""

    ALONE = "alone"
    NONE = "none"
    ASKED = "asked"
    OURS = "ours"


class Lease(StrEnum):
    """Whether this place may register, of all where the phone is open. See the diagram in `lease.py`."""

    NONE = "none"
    HELD = "held"
    WAITING = "waiting"
    LOST = "lost"


IN_USE = "in_use_elsewhere"
"""Error code of a phone that may not register here, because it is open at another place."""
