"""What the phone asks for the sound of its calls."""

from __future__ import annotations

from dataclasses import dataclass

from embed_app.core.call.effects import CallEffect
from embed_app.core.effect import Effect


@dataclass(frozen=True, slots=True)
class RestartIce(CallEffect):
    """Look for a new media path by re-INVITE (RFC 8445 section 9); hold and mute stay as they are."""


@dataclass(frozen=True, slots=True)
class SampleMedia(CallEffect):
    """Answered by `MediaSampled`."""


@dataclass(frozen=True, slots=True)
class ReopenMicrophone(CallEffect):
    """Go on with whatever microphone there is now."""


@dataclass(frozen=True, slots=True)
class AwaitRelay(Effect):
    """Whether offers and answers wait for a relay longer than for other servers."""

    on: bool
