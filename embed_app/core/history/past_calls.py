"""Calls that are over, as the history keeps them, and what else a page leaves to the next one.

Times are whole seconds since the epoch. What the server answers is read here and what it gets is written
here (`GET` and `POST /api/webphone/memory`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embed_app.core.call.values import Reason
from embed_app.core.history.values import PastCall, newest

_LONGEST_NAME = 200
_LONGEST_NUMBER = 64


class PastCallsError(ValueError):
    """The server's answer makes no sense. The text names the place, never a value."""


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
