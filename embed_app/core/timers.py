"""Timers as data: which there are, what starts and stops them, and what is told when one fires.

Every kind has exactly one handler, in the table of the feature that it belongs to (`handlers.py` there).
A timer runs under a generation number, so that one which fires after it was stopped or started again is
recognised as stale and ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from embed_app.core.effect import Effect
from embed_app.core.message import Message


class TimerKind(StrEnum):
    """What a timer is for. The durations are constants of the feature that starts it."""

    # link
    RECONNECT = "reconnect"
    PING = "ping"
    PONG = "pong"
    TOKEN_EXPIRY = "token_expiry"  # noqa: S105 - a name, no secret
    CREDENTIALS_EXPIRY = "credentials_expiry"
    LEASE_RENEWAL = "lease_renewal"
    ACCESS_CHECK = "access_check"
    UNREGISTERING = "unregistering"
    LEAVE = "leave"
    # call
    QUEUED = "queued"
    INVITING = "inviting"
    RINGING = "ringing"
    TRANSFER = "transfer"
    QUESTION = "question"
    HOLD_RETRY = "hold_retry"
    LONGEST_CALL = "longest_call"
    ENDED_SHOWN = "ended_shown"
    # media
    SAMPLE = "sample"
    NO_AUDIO = "no_audio"
    ICE_RESTART = "ice_restart"
    MEDIA_LOST = "media_lost"
    # resume
    RESUME_TRY = "resume_try"
    RESUME_LIMIT = "resume_limit"
    RING_AGAIN = "ring_again"
    # history
    HISTORY_LOAD = "history_load"
    HISTORY_SAVE = "history_save"
    # sound and screen
    REPLACED_SHOWN = "replaced_shown"
    TRIAL = "trial"
    BANNER_SHOWN = "banner_shown"


class Timer(NamedTuple):
    """One timer of the phone. `call_uuid`: the call it belongs to, "" for the phone as such."""

    kind: TimerKind
    call_uuid: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.call_uuid}" if self.call_uuid else self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired(Message):
    """The delay of `StartTimer` is over. `generation`: the one it was started with."""

    timer: Timer
    generation: int


@dataclass(frozen=True, slots=True)
class StartTimer(Effect):
    """Fires `TimerFired(timer, generation)` after `delay` seconds, unless started again or stopped."""

    timer: Timer
    delay: float
    generation: int


@dataclass(frozen=True, slots=True)
class StopTimer(Effect):
    """A timer that is not running is stopped without effect."""

    timer: Timer
