"""What the phone asks for calls that outlive their page."""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.call.effects import CallEffect
from embed_app.core.call.values import Call, Dialog
from embed_app.core.effect import Effect


@dataclass(frozen=True, slots=True)
class KeepEvents(Effect):
    """Tell the parent nothing more unless this page is shown again."""


@dataclass(frozen=True, slots=True)
class FindRecord(Effect):
    """Of a former page. Answered by `RecordFound` if there is one."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendFarewell(Effect):
    """End a dialog of a former page, which no call of the user agent belongs to. Without a WebSocket the user
    agent owes it, like every BYE, and sends it over the next one."""

    dialog: Dialog


@dataclass(frozen=True, slots=True)
class PassOn(CallEffect):
    """The tab that owns the phone shall make this call. `CallNotTaken` comes when it does not."""

    call: Call


@dataclass(frozen=True, slots=True)
class SendReplacement(CallEffect):
    """Take the call back from a former page (RFC 3891); an attempt under way is given up for it.

    `in_dialog`: by a re-INVITE in the dialog of the former page, for a far end that knows no Replaces.
    """

    target: str = field(repr=False)
    dialog: Dialog
    muted: bool
    held: bool
    in_dialog: bool = False


@dataclass(frozen=True, slots=True)
class CancelReplacement(CallEffect):
    pass


@dataclass(frozen=True, slots=True)
class ExpectInvite(CallEffect):
    """The next INVITE with this Call-ID is this call; with "" for the call: is any call again."""

    sip_call_id: str


@dataclass(frozen=True, slots=True)
class AcceptTakeover(CallEffect):
    """The session that asked takes the place of the one there is."""


@dataclass(frozen=True, slots=True)
class RefuseTakeover(CallEffect):
    """status: what its INVITE is answered with."""

    status: int
