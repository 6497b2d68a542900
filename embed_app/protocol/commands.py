"""The 12 commands a parent may send, and what we add (contract section 3). Field names are the wire's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal

from embed_app.protocol.envelope import ProtocolError


@dataclass(frozen=True, slots=True)
class Connect:
    """Fetch sip-config, open the socket, register."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Unregister, close, cancel every timer."""


@dataclass(frozen=True, slots=True)
class CallOptions:
    campaignId: str | int | None = None
    leadId: str | int | None = None
    headers: dict[str, str | int] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class PlaceCall:
    """Click-to-call; the options ride the INVITE as X- headers."""

    number: str = field(repr=False)
    options: CallOptions = CallOptions()


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A new embed token, no interruption."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    call_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class Hangup:
    call_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    call_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class Unhold:
    call_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class Mute:
    call_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class Unmute:
    call_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class SendDtmf:
    """`0-9 * # A-D` and `,` for a pause of two seconds."""

    digits: str = field(repr=False)
    call_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Blind transfer (RFC 3515), or [beyond] attended (RFC 5589): the first `transfer` holds the call and
    calls the target; once that has answered, the same command again joins the two. `target` may then be the
    uuid of the other call as well. An unknown mode is refused: another one would misdirect the caller."""

    target: str = field(repr=False)
    call_uuid: str | None = None
    mode: Literal["blind", "attended"] | None = None


@dataclass(frozen=True, slots=True)
class AcceptTransfer:
    """[beyond] Follow the other side to `number`, as `transfer_requested` told it: another number was never
    agreed to, and is refused with `invalid_state`."""

    number: str = field(repr=False)
    call_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class DeclineTransfer:
    """[beyond] Stay in the call; the other side is told."""

    call_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class GetState:
    """[beyond] Answered with the whole state; needs an `id` to be of use."""


_TRANSFER_MODES = ("blind", "attended")

Command = (
    Connect
    | Disconnect
    | PlaceCall
    | RefreshToken
    | Answer
    | Hangup
    | Hold
    | Unhold
    | Mute
    | Unmute
    | SendDtmf
    | Transfer
    | AcceptTransfer
    | DeclineTransfer
    | GetState
)

COMMANDS: Mapping[str, type[Command]] = {
    "connect": Connect,
    "disconnect": Disconnect,
    "call": PlaceCall,
    "refresh_token": RefreshToken,
    "answer": Answer,
    "hangup": Hangup,
    "hold": Hold,
    "unhold": Unhold,
    "mute": Mute,
    "unmute": Unmute,
    "send_dtmf": SendDtmf,
    "transfer": Transfer,
    "accept_transfer": AcceptTransfer,
    "decline_transfer": DeclineTransfer,
    "get_state": GetState,
}


def decode_command(type: str, payload: Mapping[str, Any], id: str | None = None) -> Command:
    """Raises ProtocolError with the fields that were wrong. Unknown fields are ignored, as JSON wants."""
    shape = COMMANDS.get(type)
    if shape is None:
        raise ProtocolError("unknown_command", "type", id=id)
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for slot in fields(shape):
        value = payload.get(slot.name)
        required = slot.default is MISSING and slot.default_factory is MISSING
        if slot.name == "options" and value is not None:
            value = _options(value, wrong)
        elif value is not None and (
            not isinstance(value, str) or (slot.name == "mode" and value not in _TRANSFER_MODES)
        ):
            wrong.append(slot.name)
        if value is None and required:
            wrong.append(slot.name)
        elif value is not None:
            values[slot.name] = value
    if wrong:
        raise ProtocolError("invalid_payload", *wrong, id=id)
    return shape(**values)


def _options(value: Any, wrong: list[str]) -> CallOptions | None:
    if not isinstance(value, dict):
        wrong.append("options")
        return None
    found: dict[str, Any] = {}
    for name in ("campaignId", "leadId"):
        item = value.get(name)
        if item is not None and not _plain(item):
            wrong.append(f"options.{name}")
        found[name] = item
    headers = value.get("headers")
    headers = {} if headers is None else headers
    if not isinstance(headers, dict) or not all(_plain(item) for item in headers.values()):
        wrong.append("options.headers")
        headers = {}
    return CallOptions(**found, headers=headers)


def _plain(item: Any) -> bool:
    """CRMs send their ids as numbers as often as text."""
    return isinstance(item, str | int) and not isinstance(item, bool)
