"""What must be true of everything a parent hears, whatever the test was about (contract section 3).

`Judge.hear` takes the messages in the order they came to one CRM page and to those that the same tab loads
after it. It knows the contract and nothing of the phone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

import msgspec

from embed_app.protocol.events import EVENTS, CallObject, Error, ErrorObject, HangupReason

SOURCE = "zorio-webphone"
EVENT_TYPES = {event.type: event for event in EVENTS}
RESPONSE = "response"
_OF_CALLS = {
    "incoming_call",
    "call_ringing",
    "call_answered",
    "call_updated",
    "call_hangup",
    "dtmf",
    "audio_autoplay_blocked",
    "transfer_requested",
}
_FIXED = ("direction", "number", "started_at", "campaignId", "leadId")
"""Of a call: the same in every message about it."""
_SET_ONCE = ("answered_at", "ended_at", "sip_call_id")
_RINGS = {"incoming_call", "call_ringing"}
_ONCE = ("incoming_call", "call_ringing", "call_answered", "call_hangup")


@dataclass
class Heard:
    """Of one call, by its uuid."""

    first: Mapping[str, Any]
    last: Mapping[str, Any]
    types: list[str] = field(default_factory=list)
    page: object = None
    """The page that was told of it last."""
    frame: int = 0
    """The frame that told it last, and `here` what that one told."""
    here: list[str] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return "call_hangup" in self.types

    @property
    def answered(self) -> bool:
        return self.last["answered_at"] is not None


class Judge:
    """`problems`: a sentence for each message that should not have come, or not now, or not like this."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.calls: dict[str, Heard] = {}
        self._page: object = None
        self._frame = 0
        self._ready_at: float | None = None
        self._up = False
        self._registered = False
        self._attempt = 0
        self._count = 0
        self._told: dict[str, Mapping[str, Any]] = {}
        """What the frame said last of a state that it tells when it changes."""

    def hear(self, message: Mapping[str, Any], page: object = None, at: float | None = None) -> None:
        """`page`: whatever tells one page from the one loaded after it. `at`: epoch seconds, if known."""
        self._count += 1
        if page != self._page:
            self._page = page
            self._new_frame(at)
        if message.get("type") == "ready":
            self._new_frame(at)
        type, payload = str(message.get("type")), message.get("payload") or {}
        if message.get("source") != SOURCE:
            return self._wrong(message, "has another source")
        if type == RESPONSE:
            return self._response(message)
        if type not in EVENT_TYPES:
            return self._wrong(message, "is no event of the contract")
        try:
            kind = ErrorObject if EVENT_TYPES[type] is Error else EVENT_TYPES[type]
            msgspec.convert(payload, kind)
        except msgspec.ValidationError as error:
            return self._wrong(message, f"has a payload that breaks the schema: {error}")
        if type in _OF_CALLS:
            self._of_call(message, type, payload["call"])
        else:
            self._of_line(message, type, payload)
        return None

    def open_calls(self) -> dict[str, Heard]:
        """Announced and not ended."""
        return {uuid: heard for uuid, heard in self.calls.items() if not heard.ended}

    def close(self, alive: set[str], *, keeps_calls: bool = True) -> None:
        """At the end of a test the phone that is still there has the calls `alive`.

        A call that was not answered may die with the page of its parent, which hears nothing any more; an
        answered one does only where the frame was told not to keep any (`resume=0`). That the frame alone has
        gone is no reason: its parent is still there.
        """
        for uuid, heard in self.open_calls().items():
            page_went = heard.page != self._page and not (heard.answered and keeps_calls)
            if uuid not in alive and not page_went:
                self.problems.append(f"call {uuid[:8]} {heard.types} is over without a call_hangup")
                heard.types.append("call_hangup")  # said once

    # ---- the line

    def _new_frame(self, at: float | None) -> None:
        self._frame += 1
        self._ready_at = at
        self._up = self._registered = False
        self._attempt = 0
        self._told = {}

    def _of_line(self, message: Mapping[str, Any], type: str, payload: Mapping[str, Any]) -> None:
        match type:
            case "connected":
                self._expect(message, not self._up, "while it was connected")
                self._expect(message, not self._registered, "while it was registered: no unregistered")
                self._up = True
            case "disconnected":
                self._expect(message, self._up, "while it was not connected")
                self._up = False
            case "registered":
                self._expect(message, self._up, "without a connection")
                self._expect(message, not self._registered, "while it was registered")
                self._registered = True
                self._attempt = 0
            case "unregistered":
                if payload["reason"] == "transport_disconnect":
                    self._expect(message, self._registered, "while it was not registered")
                self._registered = False
            case "auto_reconnect":
                follows = payload["attempt"] in (1, self._attempt + 1)
                self._expect(message, follows, f"after attempt {self._attempt}")
                self._expect(message, 0 <= payload["delay_ms"] <= 31_000, "with such a delay")
                self._attempt = payload["attempt"]
            case "do_not_disturb" | "resize":
                self._expect(message, self._told.get(type) != payload, "for the second time")
                self._told[type] = payload
            case "error" if "call_uuid" in payload and payload["code"] != "no_call":
                self._expect(message, bool(payload["call_uuid"]), "with an empty call_uuid")

    # ---- calls

    def _of_call(self, message: Mapping[str, Any], type: str, call: Mapping[str, Any]) -> None:
        uuid = call["uuid"]
        if type == "incoming_call":
            disturbs = self._told.get("do_not_disturb") != {"on": True}
            self._expect(message, disturbs, "while the agent was not to be disturbed")
        heard = self.calls.setdefault(uuid, Heard(first=call, last=call))
        told, before = heard.types, heard.last
        self._expect(message, not heard.ended, "after its call_hangup")
        if heard.frame != self._frame:
            heard.frame, heard.here = self._frame, []
        if type in _ONCE:
            # What rang at a frame that went rings again at the next one, whose parent may know nothing of it.
            once = heard.here if type in _RINGS and not heard.answered else told
            self._expect(message, type not in once, "for the second time")
        if type == "call_updated" and call["state"] in ("answered", "held"):
            # The other side was transferred: somebody else talks to us now.
            heard.first = {**heard.first, "number": call["number"]}
        for name in _FIXED:
            self._expect(message, call[name] == heard.first[name], f"with another {name} than before")
        for name in _SET_ONCE:
            self._expect(message, before[name] in (None, "", call[name]), f"with another {name} than before")
        self._order_of(message, type, call, told)
        self._sense_of(message, call)
        told.append(type)
        heard.here.append(type)
        heard.last, heard.page = call, self._page

    def _order_of(
        self, message: Mapping[str, Any], type: str, call: Mapping[str, Any], told: list[str]
    ) -> None:
        inbound, up = call["direction"] == "inbound", call["state"] in ("answered", "held")
        answered = "call_answered" in told or "resumed" in told
        match type:
            case "incoming_call":
                self._expect(message, inbound, "for an outbound call")
                self._expect(message, set(told) <= _RINGS, f"after {told}")
                self._expect(message, call["state"] == "ringing", f"in state {call['state']}")
            case "call_ringing":
                self._expect(message, "call_answered" not in told, "after its call_answered")
                self._expect(message, not inbound or "incoming_call" in told, "before its incoming_call")
                self._expect(message, call["state"] == "ringing", f"in state {call['state']}")
            case "call_answered":
                self._expect(message, up, f"in state {call['state']}")
                known = not inbound or "incoming_call" in told or self._came_late(call["answered_at"])
                self._expect(message, known, "without its incoming_call")
                self._expect(message, "resumed" not in told, "after it was taken back")
            case "call_updated" if message["payload"].get("resumed"):
                self._expect(message, up, f"in state {call['state']}")
                told.append("resumed")
            case "call_updated":
                # An agent may mute a call that still rings out; nothing else changes before the answer.
                self._expect(message, answered or not up, "before its call_answered")
                self._expect(message, call["state"] != "ended", "of a call that is over")
            case "dtmf" | "audio_autoplay_blocked":
                self._expect(message, answered or (type != "dtmf" and bool(told)), "before its call_answered")
            case "transfer_requested":
                self._expect(message, up and answered, "of a call that is not up")
            case "call_hangup":
                known = not inbound or bool(told) or self._came_late(call["started_at"])
                self._expect(message, known, "without its incoming_call")
                self._hangup(message, call, answered)

    def _came_late(self, happened: str | None) -> bool:
        """Whether that was before the frame was there: its parent hears only what is so now."""
        return self._ready_at is None or happened is None or _seconds(happened) < self._ready_at

    def _hangup(self, message: Mapping[str, Any], call: Mapping[str, Any], answered: bool) -> None:
        payload = message["payload"]
        was_up = call["answered_at"] is not None
        self._expect(message, call["state"] == "ended", f"in state {call['state']}")
        self._expect(message, call["ended_at"] is not None, "without ended_at")
        self._expect(message, payload["reason"] in get_args(HangupReason), "with an unknown reason")
        # One that goes on from an earlier page may end before it was taken back.
        self._expect(message, was_up or not answered, "never answered, after its call_answered")
        untold = was_up and not answered and not self._came_late(call["answered_at"])
        self._expect(message, not untold, "without its call_answered")
        lasted = _seconds(call["ended_at"]) - _seconds(call["answered_at"]) if was_up else 0.0
        # Both times are rounded to milliseconds, and so is their difference to whole seconds before that.
        right = payload["billsec"] in {int(max(0.0, lasted + slack)) for slack in (-0.002, 0, 0.002)}
        self._expect(message, right, f"with a billsec of {payload['billsec']} after {lasted:.3f} s")

    def _sense_of(self, message: Mapping[str, Any], call: Mapping[str, Any]) -> None:
        """What is true of each call object by itself."""
        up = call["state"] in ("answered", "held")
        self._expect(message, call["held"] is (call["state"] == "held") or not up, "held, or not")
        if up:
            self._expect(message, call["answered_at"] is not None, "without answered_at")
        if call["state"] in ("inviting", "ringing"):
            self._expect(message, call["answered_at"] is None, "with answered_at")
        self._expect(
            message, (call["ended_at"] is not None) is (call["state"] == "ended"), "with ended_at, or not"
        )
        times = [_seconds(call[name]) for name in ("started_at", "answered_at", "ended_at") if call[name]]
        self._expect(message, times == sorted(times), "with times out of order")

    # ---- the rest

    def _response(self, message: Mapping[str, Any]) -> None:
        named = isinstance(message.get("id"), str) and isinstance(message.get("ok"), bool)
        self._expect(message, named, "without id or ok")
        self._expect(
            message, ("error" in message) is not message.get("ok"), "with an error that does not fit ok"
        )

    def _expect(self, message: Mapping[str, Any], right: bool, otherwise: str) -> None:
        if not right:
            self._wrong(message, f"came {otherwise}")

    def _wrong(self, message: Mapping[str, Any], what: str) -> None:
        payload = message.get("payload")
        uuid = ""
        if isinstance(payload, Mapping) and isinstance(payload.get("call"), Mapping):
            uuid = f" of {str(payload['call'].get('uuid'))[:8]}"
        self.problems.append(f"message {self._count}: {message.get('type')}{uuid} {what}")


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


assert {"uuid", *_FIXED, *_SET_ONCE} <= set(CallObject.__dataclass_fields__)
