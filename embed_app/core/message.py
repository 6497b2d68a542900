"""What every message has. Stamped by the runtime, because the core has no clock and no randomness."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    at: float = 0.0
    chance: float = 0.5
    """0 to 1, drawn by the runtime for each message: what jitter is made of."""
