"""What the phone asks of SIP for one call."""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.call.values import Dialog
from embed_app.core.effect import Effect


@dataclass(frozen=True, slots=True)
class CallEffect(Effect):
    call_uuid: str


@dataclass(frozen=True, slots=True)
class SendInvite(CallEffect):
    number: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class AcceptInvite(CallEffect):
    pass


@dataclass(frozen=True, slots=True)
class RejectInvite(CallEffect):
    status: int


@dataclass(frozen=True, slots=True)
class CancelInvite(CallEffect):
    pass


@dataclass(frozen=True, slots=True)
class SendBye(CallEffect):
    pass


@dataclass(frozen=True, slots=True)
class SetHold(CallEffect):
    held: bool


@dataclass(frozen=True, slots=True)
class SetMute(CallEffect):
    muted: bool


@dataclass(frozen=True, slots=True)
class HoldMicrophone(CallEffect):
    """Silent because the call is on hold or shall be. No SIP is sent. `SetHold` with True says it too."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetAside(CallEffect):
    """The agent is with another call, or with this one again. Aside it neither sends nor plays sound."""

    aside: bool


@dataclass(frozen=True, slots=True)
class SendDtmf(CallEffect):
    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendRefer(CallEffect):
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendAttendedRefer(CallEffect):
    """The peer shall take our place in `dialog` (RFC 3891) by calling `target`, a URI. `name`: what the peer
    may show of whom it talks to then."""

    target: str = field(repr=False)
    dialog: Dialog
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AcceptRefer(CallEffect):
    """Follow the peer's REFER: 202, and an INVITE to `number` at our own SIP domain with these headers and
    nothing else of what the peer sent. The new call runs under `new_call_uuid`; the peer is told how it goes
    (RFC 3515 section 2.4.4)."""

    new_call_uuid: str
    number: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class RejectRefer(CallEffect):
    """The final response to the peer's REFER, which is named by `new_call_uuid`."""

    new_call_uuid: str
    status: int = 603
