"""Everything that can happen to the phone. `update` is the only reader.

Each message is stamped by the runtime with `at`, the time it came (seconds since the epoch), and with
`chance`: the core has no clock and no randomness of its own. Where a message makes a new call it
brings the call's uuid with it for the same reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.dialog import Dialog
from embed_app.core.media_watch import Sample
from embed_app.core.model import Panel, SipConfig
from embed_app.core.resume_record import ResumeRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    at: float = 0.0
    chance: float = 0.5
    """0 to 1, drawn by the runtime for each message: what jitter is made of."""


# ---- wishes: the agent on the screen, or the parent by a command -------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Message):
    """Python is up. `token` is None when the address had none.

    `record`: what a former page left behind (`resume.py`); `owner_gone`: whether that page is gone for
    certain, None where the browser cannot tell.
    """

    token: str | None = field(repr=False)
    record: ResumeRecord | None = field(default=None, repr=False)
    owner_gone: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRequested(Message):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectRequested(Message):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenOffered(Message):
    """`refresh_token`: a new embed token for the same extension."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialRequested(Message):
    """The number as it was typed or sent; `dial_string` decides what may reach SIP."""

    call_uuid: str
    number: str = field(repr=False)
    campaign_id: str | None = None
    lead_id: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWish(Message):
    """A wish about one call; `call_uuid` None means the active one (for answer: the ringing one)."""

    call_uuid: str | None = None


class AnswerRequested(CallWish):
    __slots__ = ()


class HangupRequested(CallWish):
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
    target: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelChosen(Message):
    panel: Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioUnlockRequested(Message):
    """The agent tapped "hear the call" after the browser had blocked playback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentMistake(Message):
    """The parent sent something that is no command, or the address had a wrong parameter."""

    code: str
    fields: tuple[str, ...] = ()


# ---- the server --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigAnswer(Message):
    """`token` is the one it was asked with (stamped by the runtime): another may have come meanwhile."""

    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigReceived(ConfigAnswer):
    config: SipConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFailed(ConfigAnswer):
    """status: the HTTP status; 0 when no answer came or the answer made no sense."""

    status: int


# ---- the network and the PBX -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportUp(Message):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportDown(Message):
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAccepted(Message):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterFailed(Message):
    """status 0: no answer."""

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unregistered(Message):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong(Message):
    """Something came over the WebSocket after a Ping; `crlf`: it was the answer to a CRLF, nothing else."""

    crlf: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WentOnline(Message):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class WentOffline(Message):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class WokeUp(Message):
    """The page is seen again, came back from the browser's cache, or the network is another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesChanged(Message):
    """A microphone or loudspeaker was plugged in or out."""


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
    """The dialog of an answered call; another one when the far end's page has taken its call back."""

    dialog: Dialog


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
    """The peer asks us to call somebody else in its place (RFC 3515)."""

    new_call_uuid: str
    number: str = field(repr=False)


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


# ---- time --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired(Message):
    name: str
    generation: int
