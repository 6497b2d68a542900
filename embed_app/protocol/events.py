"""What the frame tells its parent: the 12 events, what we add, and their objects (contract section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequest:
    """[beyond] The other side wants us to talk to `number` in its place."""

    number: str = field(repr=False)
    attended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallObject:
    """Times are ISO 8601 with offset. `uuid` is stable for the life of the call."""

    uuid: str
    direction: Literal["inbound", "outbound"]
    number: str = field(repr=False)
    display_name: str = field(repr=False)
    state: Literal["inviting", "ringing", "answered", "held", "ended"]
    muted: bool
    held: bool
    started_at: str
    answered_at: str | None
    ended_at: str | None
    campaignId: str | None
    leadId: str | None
    sip_call_id: str
    quality: Literal["good", "poor"] = "good"
    """[beyond] Poor as well while there is no sound at all."""
    transfer_request: TransferRequest | None = None
    """[beyond] Left out where none waits for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    number: str = field(repr=False)
    display_name: str | None = field(repr=False)
    external_id: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorObject:
    """`message` is in the frame's locale; `code` never changes."""

    code: str
    message: str
    fatal: bool
    detail: Mapping[str, Any] | None = None
    call_uuid: str | None = None


HangupReason = Literal[
    "local_hangup",
    "remote_hangup",
    "rejected",
    "busy",
    "no_answer",
    "cancelled",
    "answered_elsewhere",
    "not_found",
    "unavailable",
    "forbidden",
    "transferred",
    "media_lost",
    "time_limit",
    "signaling_lost",
    "mic_denied",
    "error",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    type: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered(Event):
    """REGISTER accepted: the first time, and after every reconnect."""

    type: ClassVar[str] = "registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unregistered(Event):
    type: ClassVar[str] = "unregistered"
    reason: Literal["manual", "remote", "transport_disconnect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected(Event):
    """The WebSocket is up, not yet registered."""

    type: ClassVar[str] = "connected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected(Event):
    """The WebSocket dropped, before the reconnect starts."""

    type: ClassVar[str] = "disconnected"
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingCall(Event):
    type: ClassVar[str] = "incoming_call"
    call: CallObject
    contact: Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRinging(Event):
    type: ClassVar[str] = "call_ringing"
    call: CallObject


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(Event):
    type: ClassVar[str] = "call_answered"
    call: CallObject


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHangup(Event):
    """Exactly one for each call. billsec: whole seconds from answered to ended."""

    type: ClassVar[str] = "call_hangup"
    call: CallObject
    reason: HangupReason
    billsec: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dtmf(Event):
    """A digit from the remote party."""

    type: ClassVar[str] = "dtmf"
    call: CallObject
    digit: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Error(Event):
    """The payload is the error object itself."""

    type: ClassVar[str] = "error"
    error: ErrorObject


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoReconnect(Event):
    type: ClassVar[str] = "auto_reconnect"
    attempt: int
    delay_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioAutoplayBlocked(Event):
    type: ClassVar[str] = "audio_autoplay_blocked"
    call: CallObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready(Event):
    """[beyond] The phone can take commands."""

    type: ClassVar[str] = "ready"
    version: str
    state: str
    extension: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUpdated(Event):
    """[beyond] Hold, mute, transfer or quality changed."""

    type: ClassVar[str] = "call_updated"
    call: CallObject
    resumed: Literal[True] | None = None
    """After a reload of the page: the call goes on under its uuid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequested(Event):
    """[beyond] The other side asks to be left for `number`. Answer with `accept_transfer` or
    `decline_transfer`, or let the agent do it; after `expires_in` seconds it is declined. When that has been
    decided, `call_updated` comes."""

    type: ClassVar[str] = "transfer_requested"
    call: CallObject
    number: str = field(repr=False)
    attended: bool
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenExpiring(Event):
    """[beyond] At least 60 s before the embed token runs out; answer with `refresh_token`."""

    type: ClassVar[str] = "token_expiring"
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DoNotDisturb(Event):
    """[beyond] The agent has switched it on or off. While it is on, callers hear busy: there is no
    `incoming_call` and no other event of them."""

    type: ClassVar[str] = "do_not_disturb"
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize(Event):
    """[beyond] `layout=overlay`: how large the frame would like to be, in CSS pixels."""

    type: ClassVar[str] = "resize"
    width: int
    height: int


EVENTS: tuple[type[Event], ...] = (
    Registered,
    Unregistered,
    Connected,
    Disconnected,
    IncomingCall,
    CallRinging,
    CallAnswered,
    CallHangup,
    Dtmf,
    Error,
    AutoReconnect,
    AudioAutoplayBlocked,
    Ready,
    CallUpdated,
    TransferRequested,
    TokenExpiring,
    DoNotDisturb,
    Resize,
)


def payload_of(event: Event) -> dict[str, Any]:
    """The `payload` of an event's message, without the optional fields that have nothing to say."""
    if isinstance(event, Error):
        return error_payload(event.error)
    data = asdict(event)
    for name in ("extension", "reason", "resumed"):
        if data.get(name, ...) is None:
            del data[name]
    call = data.get("call")
    if call is not None and call["transfer_request"] is None:
        del call["transfer_request"]
    return data


def error_payload(error: ErrorObject) -> dict[str, Any]:
    data: dict[str, Any] = {"code": error.code, "message": error.message, "fatal": error.fatal}
    if error.detail is not None:
        data["detail"] = dict(error.detail)
    if error.call_uuid is not None:
        data["call_uuid"] = error.call_uuid
    return data
