"""What the agent wishes of the sound, and what the browser tells of it."""

from __future__ import annotations

from dataclasses import dataclass

from embed_app.core.message import Message
from embed_app.core.sound.values import Device, DeviceKind, Permission, Preferences, Ringtone, Switch, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesChanged(Message):
    """A microphone or loudspeaker was plugged in or out."""


class SoundMessage(Message):
    """All of this module."""

    __slots__ = ()


# ---- wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChosen(SoundMessage):
    """device_id: of one that was listed; "" for the browser's own choice."""

    kind: DeviceKind
    device_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RingtoneChosen(SoundMessage):
    ringtone: Ringtone


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeChosen(SoundMessage):
    """percent: 0 to 100."""

    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchFlipped(SoundMessage):
    switch: Switch
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsAsked(SoundMessage):
    """Ask the browser whether it lets us show notifications."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRequested(SoundMessage):
    """LEVEL, RECORDING (what it recorded is played afterwards) or RING; the same again, or NONE, stops it."""

    trial: Trial


# ---- the browser


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesFound(SoundMessage):
    """What was kept, by this page's predecessor or just now by another frame of this browser."""

    preferences: Preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesListed(SoundMessage):
    """permission, can_vibrate, can_choose_speaker: what this browser lets us do in this frame."""

    microphones: tuple[Device, ...]
    speakers: tuple[Device, ...]
    can_choose_speaker: bool
    can_vibrate: bool
    permission: Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionAnswered(SoundMessage):
    permission: Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialMoved(SoundMessage):
    """The trial goes on as PLAYING, or is over: NONE. failure: the name of the DOMException that ended it."""

    trial: Trial
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceHeard(SoundMessage):
    """The microphone that is tried out brings sound."""
