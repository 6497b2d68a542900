"""Timers as data: what starts and stops them, and what is told when one fires."""

from __future__ import annotations

from dataclasses import dataclass

from embed_app.core.effect import Effect
from embed_app.core.message import Message

# ---- time --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired(Message):
    name: str
    generation: int


@dataclass(frozen=True, slots=True)
class StartTimer(Effect):
    """Fires `TimerFired(name, generation)` after `delay` seconds, unless started again or stopped."""

    name: str
    delay: float
    generation: int


@dataclass(frozen=True, slots=True)
class StopTimer(Effect):
    name: str
