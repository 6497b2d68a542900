"""Calls that are over, as the history keeps them, and what else a page leaves to the next one.

Times are whole seconds since the epoch. What the server answers is read here and what it gets is written
here (`GET` and `POST /api/webphone/memory`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from embed_app.core.release_cause import Reason

MOST_CALLS = 100
_LONGEST_NAME = 200
_LONGEST_NUMBER = 64


class PastCallsError(ValueError):
    """The server's answer makes no sense. The text names the place, never a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """One call that has ended. `uuid` is the one it had while it lived."""

    uuid: str
    inbound: bool
    number: str = field(repr=False)
    name: str = field(default="", repr=False)
    started_at: int
    answered_at: int | None
    ended_at: int
    reason: Reason

    @property
    def missed(self) -> bool:
        """Somebody called and nobody took it: neither answered, here or elsewhere, nor declined by hand."""
        taken = self.answered_at is not None or self.reason in (Reason.REJECTED, Reason.ANSWERED_ELSEWHERE)
        return self.inbound and not taken


class Loaded(StrEnum):
    """What we know of the calls before this page."""

    NOT_YET = "not_yet"
    ASKED = "asked"
    YES = "yes"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Memory:
    """See `memory.py`. Of this frame alone: each tab asks the server itself. Compared by identity, so that
    nobody compares a hundred calls at every step to see whether there is something new to show."""

    calls: tuple[PastCall, ...] = field(default=(), repr=False)
    """The newest first, at most MOST_CALLS."""
    loaded: Loaded = Loaded.NOT_YET
    unsaved: tuple[PastCall, ...] = field(default=(), repr=False)
    """Calls the server has not got yet, the oldest first."""
    seen_at: int = 0
    """Missed calls that ended until then were looked at."""
    saved_seen_at: int = 0
    saved_do_not_disturb: bool = False
    sending: bool = False
    failures: int = 0
    """In a row, of saving."""
    useless_ticket: str = field(default="", repr=False)
    """The server takes it no more; the next configuration brings another."""
    saves_elsewhere: int = 0
    """How often the frame that has the line had saved something, when it was last heard of."""


NOTHING_YET = Memory()


def with_call(calls: tuple[PastCall, ...], new: PastCall) -> tuple[PastCall, ...]:
    return newest((new, *(call for call in calls if call.uuid != new.uuid)))


def newest(calls: Iterable[PastCall]) -> tuple[PastCall, ...]:
    ordered = sorted(calls, key=lambda call: call.started_at, reverse=True)
    return tuple(ordered[:MOST_CALLS])


def missed_since(calls: tuple[PastCall, ...], seen_at: int) -> int:
    return sum(call.missed and call.ended_at >= seen_at for call in calls)


def write_past_call(call: PastCall) -> dict[str, Any]:
    """Plain data for `json.dumps`, as long as the server takes it."""
    return {
        "uuid": call.uuid,
        "direction": "inbound" if call.inbound else "outbound",
        "number": call.number[:_LONGEST_NUMBER],
        "name": call.name[:_LONGEST_NAME],
        "started_at": call.started_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "reason": call.reason.value,
    }


def read_past_calls(body: object) -> tuple[tuple[PastCall, ...], int]:
    """(the calls, the newest first; `seen_at`). Raises PastCallsError. A reason we do not know, of a newer
    build, reads as `error`."""
    data = body.get("data") if isinstance(body, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(data.get("calls"), list):
        raise PastCallsError("data")
    seen_at = data.get("seen_at")
    return newest(map(_read, data["calls"])), _time(seen_at, "seen_at")


def _read(data: object) -> PastCall:
    if not isinstance(data, Mapping):
        raise PastCallsError("calls")
    for name in ("uuid", "direction", "number", "name", "reason"):
        if not isinstance(data.get(name), str):
            raise PastCallsError(name)
    reason, answered_at = data["reason"], data.get("answered_at")
    return PastCall(
        uuid=data["uuid"],
        inbound=data["direction"] == "inbound",
        number=data["number"],
        name=data["name"],
        started_at=_time(data.get("started_at"), "started_at"),
        answered_at=None if answered_at is None else _time(answered_at, "answered_at"),
        ended_at=_time(data.get("ended_at"), "ended_at"),
        reason=Reason(reason) if reason in frozenset(Reason) else Reason.ERROR,
    )


def _time(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**11:
        raise PastCallsError(name)
    return value
