"""What SIP, the media and the browser report about one call. Part of `messages`; read by `call_reports`."""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.dialog import Dialog
from embed_app.core.media_watch import Sample
from embed_app.core.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport(Message):
    """The user agent reports about one call."""

    call_uuid: str


class CallNotTaken(CallReport):
    """The frame that has the line refused to make this call."""

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
class ReplacementFailed(CallReport):
    """A try to take the call back. status: the final one; 0: no answer."""

    status: int


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
    """The peer asks us to call somebody else in its place (RFC 3515). `attended`: it talks to that one
    already, at an address that need not be a number; then `number` is what the peer calls it."""

    new_call_uuid: str
    number: str = field(repr=False)
    attended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrophoneFailed(CallReport):
    """name: the DOMException's, e.g. NotAllowedError (Media Capture and Streams section 10.2), or
    PolicyBlocked where the page may not even ask."""

    name: str


class MicrophoneEnded(CallReport):
    """The microphone stopped by itself: unplugged, or its permission taken back."""

    __slots__ = ()


class MicrophoneReady(CallReport):
    """The call has a microphone again."""

    __slots__ = ()


class PlaybackBlocked(CallReport):
    __slots__ = ()


class PlaybackStarted(CallReport):
    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaChanged(CallReport):
    """state: RTCPeerConnection.connectionState."""

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSampled(CallReport):
    sample: Sample


class IceRestarted(CallReport):
    """The far end took the offer; whether anything is heard again is another matter."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IceRestartFailed(CallReport):
    """status: the final one; 491: two offers crossed (RFC 3261 section 14.1); 0: no answer."""

    status: int
