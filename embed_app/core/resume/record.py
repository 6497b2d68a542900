"""What a call leaves behind for the next page: written while it lives, read once.

The text is JSON. Whoever reads it trusts nothing in it: it comes out of a browser's storage or a server,
and parts of it go into SIP messages.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from embed_app.core.call.dial_string import clean_caller
from embed_app.core.call.values import Call, CallState, Dialog, Direction
from embed_app.core.resume.values import ResumeRecord
from embed_app.core.text import clean_name

VERSION = 1
LONGEST_RECORD = 8192
"""Characters; an honest one has about a thousand for each call."""
MOST_OTHERS = 2
_EARLY = {
    Direction.INBOUND: (CallState.RINGING, CallState.ANSWERING),
    Direction.OUTBOUND: (CallState.QUEUED, CallState.INVITING, CallState.RINGING),
}
"""Of a call that nobody has answered. There is no dialog to take back: the PBX rings us with it again, or it
has ended with its page."""
_FORMER_CALL_ID = "call_id"
"""What former builds call `sip_call_id`: a call may be left behind by one of them, or for one of them, while
a server is upgraded or set back."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TAG = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,128}")
_MARK = re.compile(r"[0-9a-f]{64}")
_CALL_ID = re.compile(r"[^\s;,\"<>\x00-\x20\x7f-\uffff]{1,256}")
_URI = re.compile(r"sips?:[^\s,\"<>\x00-\x20\x7f-\uffff]{1,512}")
_ROUTE = re.compile(r"[^\r\n\x00-\x1f\x7f-\uffff]{1,512}")


class RecordError(ValueError):
    """The text is no record. Its message names the field, never its value."""


def write_record(record: ResumeRecord) -> str:
    """The record as JSON text."""
    return json.dumps(
        {
            "version": VERSION,
            "extension": record.extension,
            "customer": record.customer,
            "alive_at": record.alive_at,
            "released": record.released,
            **_written(record.call),
            "others": [_written(call) for call in record.others],
        }
    )


def _written(call: Call) -> dict[str, Any]:
    early = call.state in _EARLY[call.direction]
    if call.dialog is None and not early:
        raise ValueError("a call without a dialog cannot be resumed")
    return {
        "call": {
            "uuid": call.uuid,
            "direction": call.direction.value,
            "number": call.number,
            "display_name": call.display_name,
            "sip_call_id": call.sip_call_id,
            "started_at": call.started_at,
            "answered_at": call.answered_at,
            "muted": call.muted,
            "held": call.held,
            "campaign_id": call.campaign_id,
            "lead_id": call.lead_id,
            "external_id": call.external_id,
            "consult_for": call.consult_for,
            "silenced": call.silenced,
            "state": call.state.value if early else None,
        },
        "dialog": None
        if call.dialog is None
        else asdict(call.dialog) | {_FORMER_CALL_ID: call.dialog.sip_call_id},
    }


def read_record(text: str) -> ResumeRecord:
    """Raises RecordError. Answered calls come back in the state RESUMING, the others as they were."""
    if len(text) > LONGEST_RECORD:
        raise RecordError("too long")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise RecordError("no JSON") from None
    parts = _Parts(body, "")
    if parts.number("version") != VERSION:
        raise RecordError("version")
    others = body.get("others", [])
    if not isinstance(others, list) or len(others) > MOST_OTHERS:
        raise RecordError("others")
    call = _read(body)
    found = tuple(_read(_Parts(other, "others").value) for other in others)
    if len({other.uuid for other in (call, *found)}) != 1 + len(found):
        raise RecordError("others.uuid")
    return ResumeRecord(
        extension=parts.text("extension"),
        customer=parts.text("customer"),
        alive_at=parts.number("alive_at"),
        released=parts.flag("released"),
        call=call,
        others=found,
    )


def _read(body: Mapping[str, Any]) -> Call:
    call = _Parts(body.get("call"), "call")
    if call.text("direction") not in tuple(Direction):
        raise RecordError("call.direction")
    direction = Direction(call.text("direction"))
    early = call.maybe_text("state")
    if early is not None and early not in _EARLY[direction]:
        raise RecordError("call.state")
    return Call(
        uuid=call.text("uuid", _UUID),
        direction=direction,
        state=CallState.RESUMING if early is None else _of_record(CallState(early)),
        number=clean_caller(call.text("number")),
        display_name=clean_name(call.text("display_name")),
        sip_call_id=call.text("sip_call_id"),
        started_at=call.number("started_at"),
        answered_at=call.number("answered_at") if early is None else None,
        muted=call.flag("muted"),
        held=call.flag("held"),
        campaign_id=call.maybe_text("campaign_id"),
        lead_id=call.maybe_text("lead_id"),
        external_id=call.maybe_text("external_id"),
        consult_for=call.maybe_text("consult_for") or "",
        silenced=call.get("silenced") is True,
        dialog=_read_dialog(body) if early is None else None,
    )


def _of_record(state: CallState) -> CallState:
    """A page never answers by itself: the agent presses again."""
    return CallState.RINGING if state is CallState.ANSWERING else state


def _read_dialog(body: Mapping[str, Any]) -> Dialog:
    dialog = _Parts(body.get("dialog"), "dialog")
    return Dialog(
        sip_call_id=dialog.text(
            "sip_call_id" if "sip_call_id" in dialog.value else _FORMER_CALL_ID, _CALL_ID
        ),
        local_tag=dialog.text("local_tag", _TAG),
        remote_tag=dialog.text("remote_tag", _TAG),
        remote_target=dialog.text("remote_target", _URI),
        remote_uri=dialog.text("remote_uri", _URI),
        sequence=int(dialog.number("sequence")),
        routes=dialog.texts("routes", _ROUTE),
        instance_id=dialog.text("instance_id", _UUID) if dialog.get("instance_id") else "",
        gruu=dialog.text("gruu", _URI) if dialog.get("gruu") else "",
        mark=dialog.text("mark", _MARK) if dialog.get("mark") else "",
    )


class _Parts:
    """One JSON object, field by field; every method raises RecordError with the field's name."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, Mapping):
            raise RecordError(where or "no object")
        self.value = value
        self._where = where

    def _wrong(self, name: str) -> RecordError:
        return RecordError(f"{self._where}.{name}".lstrip("."))

    def get(self, name: str) -> Any:
        return self.value.get(name)

    def text(self, name: str, pattern: re.Pattern[str] | None = None) -> str:
        value = self.get(name)
        if not isinstance(value, str) or len(value) > 512 or (pattern and not pattern.fullmatch(value)):
            raise self._wrong(name)
        return value

    def maybe_text(self, name: str) -> str | None:
        return None if self.get(name) is None else self.text(name)

    def number(self, name: str) -> float:
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self._wrong(name)
        return value

    def flag(self, name: str) -> bool:
        value = self.get(name)
        if not isinstance(value, bool):
            raise self._wrong(name)
        return value

    def texts(self, name: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
        value = self.get(name)
        if not isinstance(value, list) or len(value) > 10:
            raise self._wrong(name)
        if not all(isinstance(item, str) and pattern.fullmatch(item) for item in value):
            raise self._wrong(name)
        return tuple(value)
