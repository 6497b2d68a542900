"""What the browser reports about the sound of one call."""

from __future__ import annotations

from dataclasses import dataclass

from embed_app.core.call.messages import CallReport
from embed_app.core.media.values import Sample
from embed_app.core.message import Message


class MicrophoneEnded(CallReport):
    """The microphone stopped by itself: unplugged, or its permission taken back."""

    __slots__ = ()


class MicrophoneReady(CallReport):
    """The call has a microphone again."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayReported(Message):
    """A relay (RFC 8656) gave no address while an offer or answer waited for it; or it answers again."""

    answers: bool
