"""What the agent and the parent may wish of a call, and what SIP and the browser report about one."""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.call.values import Dialog
from embed_app.core.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class DialRequested(Message):
    """The number as it was typed or sent; `dial_string` decides what may reach SIP."""

    call_uuid: str
    number: str = field(repr=False)
    campaign_id: str | None = None
    lead_id: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    second: bool = False
    """The agent adds a call: the one there is goes on hold. Without it, it has to be on hold already."""
    by_hand: bool = False
    """The agent has dialled it on our screen: only then it may be any feature code (`dial_plan.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioUnlockRequested(Message):
    """The agent tapped "hear the call" after the browser had blocked playback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteReceived(Message):
    call_uuid: str
    sip_call_id: str
    number: str = field(repr=False)
    display_name: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport(Message):
    """The user agent reports about one call."""

    call_uuid: str


class CallNotTaken(CallReport):
    """The tab that owns the phone refused to make this call."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteSent(CallReport):
    sip_call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallProgress(CallReport):
    status: int


class CallAccepted(CallReport):
    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogKnown(CallReport):
    """The dialog of an answered call; another one when the far end's page has taken its call back, or when
    somebody else has taken the far end's place, who is `number` and `display_name` then (RFC 3891)."""

    dialog: Dialog
    number: str = field(default="", repr=False)
    display_name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(CallReport):
    """kind: "bye", "cancel", "reject" or "failed"; reason: the raw Reason header (RFC 3326)."""

    by_remote: bool
    kind: str
    status: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldChanged(CallReport):
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFailed(CallReport):
    held: bool
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitReceived(CallReport):
    digit: str = field(repr=False)
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DtmfFailed(CallReport):
    """Digits of ours did not arrive. status: the final one of the INFO; 0: no answer, or RTP took none."""

    status: int


class ReferAccepted(CallReport):
    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferProgress(CallReport):
    """status: the one in the sipfrag of a NOTIFY (RFC 3515 section 2.4.4)."""

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferFailed(CallReport):
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Referred(CallReport):
    """The peer asks us to call somebody else in its place (RFC 3515). Everything is the peer's word, as it
    came. Refer-To is one URI: an empty `scheme` says that there is none, or none that can be read."""

    new_call_uuid: str
    scheme: str
    number: str = field(repr=False)
    """The user part of the URI, without its escapes."""
    host: str
    method: str = ""
    """The URI parameter `method`; "" where there is none, which means INVITE (RFC 3515 section 2.1)."""
    replaces: str | None = field(default=None, repr=False)
    """The header Replaces in the URI, without its escapes; None where there is none (RFC 3891)."""
    referred_by: str = field(default="", repr=False)
    """The header Referred-By (RFC 3892)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrophoneFailed(CallReport):
    """name: the DOMException's, e.g. NotAllowedError (Media Capture and Streams section 10.2), or
    PolicyBlocked where the page may not even ask."""

    name: str


class PlaybackBlocked(CallReport):
    __slots__ = ()


class PlaybackStarted(CallReport):
    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWish(Message):
    """A wish about one call; `call_uuid` None means the active one (for answer: the ringing one)."""

    call_uuid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRequested(CallWish):
    instead: bool = False
    """End the call there is. Else it goes on hold."""


class HangupRequested(CallWish):
    __slots__ = ()


class SilenceRequested(CallWish):
    """The agent does not want to hear it ring; the caller notices nothing. None: the one that rings."""

    __slots__ = ()


class HoldRequested(CallWish):
    __slots__ = ()


class UnholdRequested(CallWish):
    __slots__ = ()


class MuteRequested(CallWish):
    __slots__ = ()


class UnmuteRequested(CallWish):
    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DtmfRequested(CallWish):
    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequested(CallWish):
    """`attended`: ask the target first, in the call `new_call_uuid`; where there is a call with the target
    already (its number, or its uuid), the two are joined."""

    target: str = field(repr=False)
    attended: bool = False
    new_call_uuid: str = ""
    by_hand: bool = False
    """The agent has chosen the target on our screen."""


class JoinRequested(CallWish):
    """The attended transfer is complete: the peers of both calls shall talk to each other. `call_uuid`: the
    call that is transferred; None: the one that waits."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAccepted(CallWish):
    """Follow the peer that asks for a transfer. `call_uuid`: the call with that peer; None: the one there is
    a question about."""

    number: str = field(repr=False)
    """The one that was shown: another question may have come in the place of that one."""
    by_hand: bool = False
    """The agent has pressed a button on our screen."""


class TransferDeclined(CallWish):
    """Do not follow the peer that asks for a transfer. `call_uuid` as for TransferAccepted."""

    __slots__ = ()


class ReturnRequested(CallWish):
    """Back to this call: the other one ends."""

    __slots__ = ()
